"""Suspending, letting in again, handing over: who is out is out everywhere, and an owner is always there."""

import pytest
from channels.db import database_sync_to_async
from django.urls import reverse

from apps.chat import services as chat
from apps.speech import services as speech
from apps.workspaces.consumers import NOT_FOUND
from apps.workspaces.models import AuditEntry, Membership
from apps.workspaces.news import managers
from apps.workspaces.services import invite, suspend
from tests.conftest import join
from tests.sockets import open_socket


def url(name, *args):
    return reverse(f"workspaces:{name}", args=["night-shift", *args])


def test_a_suspended_person_is_a_stranger_until_let_in_again(client, owner, creator):
    client.force_login(owner.user)
    client.post(url("suspend", creator.pk))
    theirs = type(client)()
    theirs.force_login(creator.user)
    assert theirs.get("/w/night-shift/").status_code == 404
    assert "Night Shift" not in theirs.get("/", follow=True).content.decode()
    assert "suspended" in client.get(url("members")).content.decode()
    client.post(url("restore", creator.pk))
    assert theirs.get("/w/night-shift/").status_code == 200
    assert Membership.objects.get(pk=creator.pk).role == "creator"
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"member.suspended", "member.restored"} <= actions


@pytest.mark.django_db(transaction=True)
async def test_the_open_pages_of_who_is_suspended_end_at_once(owner, creator):
    page = await open_socket(creator)
    await database_sync_to_async(suspend)(owner, creator)
    assert await page.read_close() == NOT_FOUND
    assert (await open_socket(creator)).close_code == NOT_FOUND
    await page.close()


def test_an_admin_suspends_no_owner_and_nobody_suspends_themselves(client, owner, admin):
    client.force_login(admin.user)
    client.post(url("suspend", owner.pk))
    client.post(url("suspend", admin.pk))
    assert not Membership.everyone.exclude(suspended_at=None).exists()


def test_a_suspended_owner_does_not_count_as_one(client, owner):
    other = join(owner.workspace, "Otto", "owner")
    suspend(owner, other)
    client.force_login(owner.user)
    client.post(url("leave"))
    assert Membership.objects.filter(pk=owner.pk).exists()


def test_who_is_suspended_gets_no_news_and_no_way_in_by_a_link(client, owner, admin):
    _invitation, token = invite(owner, "admin", days=7)
    suspend(owner, admin)
    client.force_login(admin.user)
    assert client.post(reverse("join", args=[token])).status_code == 410
    assert admin.user not in managers(owner.workspace)


def test_an_owner_hands_over_and_becomes_an_admin(client, owner, creator):
    client.force_login(owner.user)
    client.post(url("hand_over", creator.pk))
    roles = dict(Membership.objects.values_list("user__name", "role"))
    assert roles == {"Olga": "admin", "Carla": "owner"}
    assert client.post(url("hand_over", creator.pk)).status_code == 403
    assert AuditEntry.objects.get(action="workspace.handed_over").subject == "Carla"


def test_the_page_of_a_member_is_not_found_from_another_workspace(client, owner, stranger):
    client.force_login(owner.user)
    for name in ("member", "suspend", "restore", "hand_over", "limit_person"):
        answer = client.get if name == "member" else client.post
        assert answer(url(name, stranger.pk)).status_code == 404


def test_a_socket_left_open_makes_nothing_for_who_is_suspended(owner, creator):
    suspend(owner, creator)
    with pytest.raises(speech.RefusedError, match="role of a creator"):
        speech.start_take(creator.pk, {}, click="1", playback="mp3", is_typed=False)
    with pytest.raises(chat.RefusedError, match="role of a creator"):
        chat.start_turn(creator.pk, chat.Asked("1", None, None, []))
