import pytest
from channels.db import database_sync_to_async

from apps.notifications.services import notify
from tests.sockets import open_socket

pytestmark = pytest.mark.django_db(transaction=True)


async def test_the_bell_rings_on_the_persons_open_pages_and_on_nobody_elses(owner, viewer):
    mine, theirs = await open_socket(owner), await open_socket(viewer)
    await database_sync_to_async(notify)(owner.user, owner.workspace, "Nils joined.")
    fragment = await mine.read()
    assert 'id="unread-count"' in fragment
    assert ">1</span>" in fragment
    assert "Nils joined." in fragment
    assert await theirs.receive_nothing()
    await mine.close()
    await theirs.close()


async def test_news_of_another_workspace_do_not_ring_here(owner, stranger):
    def join_elsewhere():
        stranger.workspace.memberships.create(user=owner.user, role="viewer")
        notify(owner.user, stranger.workspace, "Of elsewhere.")

    mine = await open_socket(owner)
    await database_sync_to_async(join_elsewhere)()
    assert await mine.receive_nothing()
    await mine.close()
