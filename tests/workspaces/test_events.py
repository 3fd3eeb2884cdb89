import pytest
from allauth.usersessions.models import UserSession
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer

from apps.accounts.services import end_sessions
from apps.workspaces import services
from apps.workspaces.consumers import COME_BACK, NOT_FOUND
from apps.workspaces.events import apublish
from tests.sockets import open_socket

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_fragment_reaches_the_workspace_and_nobody_else(creator, stranger):
    inside, outside = await open_socket(creator), await open_socket(stranger)
    await apublish(creator.workspace_id, "<p>news</p>")
    assert await inside.read() == "<p>news</p>"
    assert await outside.receive_nothing()
    await inside.close()
    await outside.close()


async def test_a_stranger_gets_no_socket(creator, stranger):
    socket = await open_socket(stranger, slug="night-shift")
    assert socket.close_code == NOT_FOUND


async def test_a_removed_member_loses_the_socket_at_once(owner, creator):
    theirs, others = await open_socket(creator), await open_socket(owner)
    await database_sync_to_async(services.remove_member)(owner, creator)
    assert await theirs.read_close() == NOT_FOUND
    await apublish(owner.workspace_id, "<p>still here</p>")
    assert await others.read() == "<p>still here</p>"
    await theirs.close()
    await others.close()


async def test_a_changed_role_closes_the_socket_so_that_it_comes_back_with_the_new_one(owner, creator):
    theirs = await open_socket(creator)
    await database_sync_to_async(services.change_role)(owner, creator, "viewer")
    assert await theirs.read_close() == COME_BACK
    await theirs.close()


async def test_the_sockets_of_an_ended_session_close(creator):
    ended, kept = await open_socket(creator), await open_socket(creator)
    await database_sync_to_async(UserSession.objects.create)(user=creator.user, ip="::1", session_key=ended.session_key)
    await database_sync_to_async(end_sessions)(creator.user, but=kept.session_key)
    assert await ended.read_close() == NOT_FOUND
    assert await kept.receive_nothing()
    await ended.close()
    await kept.close()


async def test_a_closed_socket_leaves_its_groups(creator, settings):
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    socket = await open_socket(creator)
    await socket.close()
    assert not any(get_channel_layer().groups.values())
