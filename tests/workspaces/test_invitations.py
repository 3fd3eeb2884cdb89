import io
import logging
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.workspaces.models import AuditEntry, Invitation, Membership
from apps.workspaces.services import invite

NEW_PERSON = {"name": "Nils", "email": "nils@example.com", "password": "a long quiet evening"}


def path(token):
    return reverse("join", args=[token])


@pytest.fixture
def invitation(owner):
    return invite(owner, "creator", days=7, note="Nils")


def test_the_link_is_shown_once_and_its_token_is_not_kept(client, owner):
    client.force_login(owner.user)
    url = reverse("workspaces:invite", args=["night-shift"])
    page = client.post(url, {"role": "creator", "days": "7", "note": "Nils"}).content.decode()
    token = re.search(r"/join/([\w-]+)/", page)[1]
    assert len(token) >= 43
    assert token not in client.get(reverse("workspaces:members", args=["night-shift"])).content.decode()
    assert token not in str(Invitation.objects.values().get())
    assert token not in str(list(AuditEntry.objects.values()))
    assert client.post(path(token)).status_code == 302  # the link works


def test_a_new_person_makes_an_account_and_joins(client, owner, invitation):
    page = client.get(path(invitation[1])).content.decode()
    assert "Night Shift" in page
    assert "Olga" in page
    response = client.post(path(invitation[1]), NEW_PERSON)
    assert (response.status_code, response.headers["Location"]) == (302, "/w/night-shift/")
    member = Membership.objects.get(user__email="nils@example.com")
    assert member.role == "creator"
    assert client.get(reverse("workspaces:members", args=["night-shift"])).status_code == 200
    assert AuditEntry.objects.filter(action="member.joined", actor=member.user).exists()
    assert "Nils accepted the invitation" in owner.user.notifications.get().text


def test_a_person_of_the_studio_joins_with_one_press(client, stranger, invitation):
    client.force_login(stranger.user)
    assert "signed in as Sam" in client.get(path(invitation[1])).content.decode()
    assert client.post(path(invitation[1])).status_code == 302
    assert Membership.objects.get(user=stranger.user, workspace__slug="night-shift").role == "creator"


def test_it_works_once(client, stranger, invitation):
    client.post(path(invitation[1]), NEW_PERSON)
    client.force_login(stranger.user)
    assert client.get(path(invitation[1])).status_code == 410
    assert client.post(path(invitation[1])).status_code == 410
    assert not Membership.objects.filter(user=stranger.user, workspace__slug="night-shift").exists()


def test_two_people_who_open_it_at_once_do_not_both_get_in(client, stranger, invitation, monkeypatch):
    monkeypatch.setattr(Invitation, "is_open", lambda self, now=None: True)  # both saw it open
    client.post(path(invitation[1]), NEW_PERSON)
    late = type(client)()
    assert late.post(path(invitation[1]), NEW_PERSON | {"email": "late@example.com"}).status_code == 410
    assert not User.objects.filter(email="late@example.com").exists()


def test_it_ends_at_its_date(client, invitation):
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    response = client.post(path(invitation[1]), NEW_PERSON)
    assert response.status_code == 410
    assert "no longer valid" in response.content.decode()
    assert not User.objects.filter(email="nils@example.com").exists()


def test_it_can_be_revoked(client, admin, invitation):
    client.force_login(admin.user)
    client.post(reverse("workspaces:revoke_invitation", args=["night-shift", invitation[0].pk]))
    client.logout()
    assert client.get(path(invitation[1])).status_code == 410


def test_an_unknown_link_looks_like_one_that_is_over(client, owner):
    assert client.get(path("no-such-token")).status_code == 410


def test_a_member_who_opens_it_does_not_use_it_up(client, viewer, invitation):
    client.force_login(viewer.user)
    assert client.post(path(invitation[1])).status_code == 302
    assert Membership.objects.get(pk=viewer.pk).role == "viewer"
    client.logout()
    assert client.get(path(invitation[1])).status_code == 200


def test_an_address_that_signs_in_already_is_sent_to_the_door(client, stranger, invitation):
    response = client.post(path(invitation[1]), NEW_PERSON | {"email": "SAM@example.com"})
    assert response.status_code == 422
    assert "sign in first" in response.content.decode().lower()
    assert invitation[0].__class__.objects.open().count() == 1


def test_signing_up_without_an_invitation_is_closed(client, owner):
    page = client.get("/account/signup/").content.decode()
    assert "<form" not in page or "password1" not in page
    client.post("/account/signup/", {"email": "sneak@example.com", "password1": "a long quiet evening"})
    assert not User.objects.filter(email="sneak@example.com").exists()


def test_joining_wants_a_csrf_token(csrf_client, invitation):
    assert csrf_client.post(path(invitation[1]), NEW_PERSON).status_code == 403


def test_the_link_does_not_stand_in_the_log(csrf_client, client, invitation, monkeypatch):
    [console] = [handler for handler in logging.getLogger().handlers if handler.name == "console"]
    monkeypatch.setattr(console, "stream", io.StringIO())
    assert client.post(path(invitation[1]), {}).status_code == 422
    assert csrf_client.post(path(invitation[1]), NEW_PERSON).status_code == 403
    log = console.stream.getvalue()
    assert log.count("/join/…") == 2
    assert invitation[1] not in log


def test_many_are_invited_by_mail_at_once_each_with_a_link_of_their_own(
    client, owner, mailoutbox, settings, django_capture_on_commit_callbacks
):
    settings.CELERY_TASK_ALWAYS_EAGER = True
    client.force_login(owner.user)
    url = reverse("workspaces:invite", args=["night-shift"])
    pasted = "Ann <ann@example.com>, bob@example.com;\n\nANN@example.com"
    with django_capture_on_commit_callbacks(execute=True):
        page = client.post(url, {"role": "viewer", "days": "7", "addresses": pasted}).content.decode()
    assert sorted(mail.to[0] for mail in mailoutbox) == ["ann@example.com", "bob@example.com"]
    links = {re.search(r"http\S+/join/[\w-]+/", mail.body)[0] for mail in mailoutbox}
    assert len(links) == 2
    assert all(link in page and link in str([mail.alternatives for mail in mailoutbox]) for link in links)
    client.logout()
    assert "ann@example.com" in client.get(next(link for link in links if link in mailoutbox[0].body)).content.decode()


def test_a_word_that_is_no_address_invites_nobody(client, owner):
    client.force_login(owner.user)
    url = reverse("workspaces:invite", args=["night-shift"])
    page = client.post(url, {"role": "viewer", "days": "7", "addresses": "ann@example.com, bob"})
    assert page.status_code == 422
    assert "no e-mail address: bob" in page.content.decode()
    assert not Invitation.objects.exists()
