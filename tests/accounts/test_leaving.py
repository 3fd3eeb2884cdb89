"""Taking one's data along, and deleting the account: nothing tells afterwards who it was."""

import io
import json
import zipfile

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps as installed
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.chat.models import Conversation, Prompt
from apps.gateway import services as gateway
from apps.gateway.models import ApiToken
from apps.notifications.models import Notification
from apps.usage.models import LedgerEntry
from apps.workspaces import services as workspaces
from apps.workspaces.models import AuditEntry, Membership, Role

LEAVE, EXPORT = reverse("accounts:leave"), reverse("accounts:export")
PASSWORD = "correct horse battery staple"


@pytest.fixture
def carla(creator):
    """A creator with a name and an address that stand nowhere else, and something in every corner."""
    user = creator.user
    user.name, user.email = "Carlotta Unmistakable", "carlotta.unmistakable@example.com"
    user.set_password(PASSWORD)
    user.save()
    EmailAddress.objects.update_or_create(user=user, defaults={"email": user.email, "primary": True, "verified": True})
    now = timezone.now()
    for title, is_open in (("My secret plan", False), ("Ours to read", True)):
        Conversation.objects.create(
            workspace=creator.workspace, created_by=user, title=title, is_open=is_open, moved_at=now
        )
    for name, is_shared in (("Mine alone", False), ("For all", True)):
        Prompt.objects.create(workspace=creator.workspace, created_by=user, name=name, body="x", is_shared=is_shared)
    Notification.objects.create(user=user, workspace=creator.workspace, text="News for one")
    LedgerEntry.objects.create(
        workspace=creator.workspace, person=user, source="job:1", kind="image", connection_kind="global", charged="yes"
    )
    gateway.make_token(creator, creator, name="My script", scopes=["read"], days=None)
    return creator


@pytest.fixture
def signed_in(client, carla):
    return sign_in(client, carla)


def sign_in(client, member):
    """By the door, and with the password once more, as what is sensitive asks for it."""
    client.post(reverse("account_login"), {"login": member.user.email, "password": PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


def everything() -> str:
    """Every row of every table, as text."""
    found = []
    with connection.cursor() as cursor:
        for model in installed.get_models(include_auto_created=True):
            cursor.execute(f'SELECT * FROM "{model._meta.db_table}"')
            found += [(model._meta.label, str(row)) for row in cursor.fetchall()]
    return "\n".join(f"{label} {row}" for label, row in found)


def test_the_file_holds_what_is_ones_own_and_nothing_of_others(signed_in, carla, owner):
    Conversation.objects.create(
        workspace=owner.workspace, created_by=owner.user, title="The owner's", moved_at=timezone.now()
    )
    answer = signed_in.get(EXPORT)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    told = {name: archive.read(name).decode() for name in archive.namelist()}
    assert "Carlotta Unmistakable" in told["account.jsonl"]
    titles = [json.loads(line)["title"] for line in told["conversations.jsonl"].splitlines()]
    assert titles == ["My secret plan", "Ours to read"]
    assert json.loads(told["memberships.jsonl"])["workspace__slug"] == carla.workspace.slug
    assert len(told["ledger.jsonl"].splitlines()) == 1
    assert not any("The owner's" in text or owner.user.email in text for text in told.values())


def test_whoever_leaves_is_forgotten_and_the_team_keeps_its_work(signed_in, carla, owner):
    answer = signed_in.post(LEAVE, {"sure": "yes"}, follow=True)
    assert "Your account is deleted." in answer.content.decode()
    person = User.objects.get(pk=carla.user_id)
    assert (str(person), person.is_active, person.has_usable_password()) == ("A former member", False, False)
    assert list(Conversation.objects.values_list("title", flat=True)) == ["Ours to read"]
    assert list(Prompt.objects.values_list("name", flat=True)) == ["For all"]
    assert LedgerEntry.objects.filter(person=person).exists()
    assert not Membership.everyone.filter(user=person).exists()
    assert not ApiToken.objects.filter(user=person).exists()
    assert not Notification.objects.filter(user=person).exists()

    left = everything()
    assert "carlotta.unmistakable@example.com" not in left
    named = {line.split(" ")[0] for line in left.splitlines() if "Carlotta Unmistakable" in line}
    assert named <= {"workspaces.AuditEntry", "notifications.Notification", "webhooks.Delivery"}
    assert AuditEntry.objects.filter(actor_label="Carlotta Unmistakable", action="member.left").exists()

    again = signed_in.post(
        reverse("account_login"), {"login": "carlotta.unmistakable@example.com", "password": PASSWORD}
    )
    assert again.status_code == 200
    assert signed_in.get(reverse("accounts:profile")).status_code == 302


def test_it_is_asked_once_more_and_only_of_oneself(signed_in, carla, client):
    assert signed_in.post(LEAVE).status_code == 422
    assert User.objects.get(pk=carla.user_id).is_active


def test_a_workspace_is_not_left_without_an_owner(client, owner, admin):
    owner.user.set_password(PASSWORD)
    owner.user.save()
    sign_in(client, owner)
    answer = client.post(LEAVE, {"sure": "yes"})
    assert answer.status_code == 422
    assert f"You are the only owner of {owner.workspace.name}" in answer.content.decode()
    assert Membership.objects.filter(user=owner.user, role=Role.OWNER).exists()
    workspaces.hand_over(owner, admin)
    assert client.post(LEAVE, {"sure": "yes"}).status_code == 302


def test_the_password_is_asked_for_where_it_was_not_given_lately(client, carla):
    client.force_login(carla.user)
    for address in (LEAVE, EXPORT):
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
