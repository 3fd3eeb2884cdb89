import threading

import pytest
from django.db import connection as database
from django.urls import reverse

from apps.workspaces.models import AuditEntry, Invitation, Membership
from apps.workspaces.services import NotPossibleError, invite, remove_member
from tests.conftest import join, make_person


def url(name, *args):
    return reverse(f"workspaces:{name}", args=["night-shift", *args])


def role_of(member):
    return Membership.objects.get(pk=member.pk).role


def test_an_admin_changes_a_role_and_it_is_written_down(client, owner, admin, viewer):
    client.force_login(admin.user)
    assert client.post(url("change_role", viewer.pk), {"role": "creator"}).status_code == 302
    assert role_of(viewer) == "creator"
    entry = AuditEntry.objects.get(action="member.role_changed")
    assert (entry.actor, entry.workspace, entry.ip) == (admin.user, admin.workspace, "127.0.0.1")
    assert "Victor: Viewer → Creator" in entry.subject
    assert "Creator" in viewer.user.notifications.get().text


@pytest.mark.parametrize("role", ["creator", "viewer"])
def test_who_does_not_manage_changes_nobody(client, owner, creator, viewer, role):
    member = {"creator": creator, "viewer": viewer}[role]
    client.force_login(member.user)
    assert client.post(url("change_role", owner.pk), {"role": "viewer"}).status_code == 403
    assert client.post(url("remove_member", owner.pk)).status_code == 403
    assert client.post(url("invite"), {"role": "viewer", "days": 7}).status_code == 403
    assert role_of(owner) == "owner"


def test_an_admin_neither_makes_nor_touches_an_owner(client, owner, admin, viewer):
    other_owner = join(owner.workspace, "Otto", "owner")
    client.force_login(admin.user)
    client.post(url("change_role", viewer.pk), {"role": "owner"})
    client.post(url("change_role", admin.pk), {"role": "owner"})
    client.post(url("change_role", other_owner.pk), {"role": "viewer"})
    client.post(url("remove_member", other_owner.pk))
    assert [role_of(member) for member in (viewer, admin, other_owner)] == ["viewer", "admin", "owner"]
    assert client.post(url("invite"), {"role": "owner", "days": 7}).status_code == 422
    assert not Invitation.objects.exists()


def test_the_last_owner_is_neither_demoted_nor_removed_and_cannot_leave(client, owner, admin):
    client.force_login(owner.user)
    page = client.post(url("change_role", owner.pk), {"role": "viewer"}, follow=True).content.decode()
    assert "at least one owner" in page
    client.post(url("remove_member", owner.pk))
    client.post(url("leave"))
    assert role_of(owner) == "owner"


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_leave_at_once_do_not_leave_nobody(owner):
    other, gate, outcomes = join(owner.workspace, "Otto", "owner"), threading.Barrier(2), []

    def go(member):
        gate.wait()
        try:
            remove_member(member, member)
            outcomes.append("left")
        except NotPossibleError:
            outcomes.append("stayed")
        finally:
            database.close()

    people = [threading.Thread(target=go, args=[member]) for member in (owner, other)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert sorted(outcomes) == ["left", "stayed"]


def test_an_owner_leaves_when_there_is_another(client, owner, admin):
    heir = join(owner.workspace, "Otto", "owner")
    client.force_login(owner.user)
    assert client.post(url("leave")).status_code == 302
    assert not Membership.objects.filter(pk=owner.pk).exists()
    assert client.get(url("members")).status_code == 404
    assert "Olga left Night Shift" in heir.user.notifications.get().text


def test_a_removed_member_is_a_stranger_at_once(client, owner, creator):
    client.force_login(creator.user)
    assert client.get(url("members")).status_code == 200
    other = type(client)()
    other.force_login(owner.user)
    assert other.post(url("remove_member", creator.pk)).status_code == 302
    assert client.get(url("members")).status_code == 404


def test_members_of_another_workspace_cannot_be_reached(client, owner, stranger):
    client.force_login(owner.user)
    assert client.post(url("change_role", stranger.pk), {"role": "viewer"}).status_code == 404
    assert client.post(url("remove_member", stranger.pk)).status_code == 404
    assert role_of(stranger) == "owner"


def test_only_who_manages_sees_addresses(client, owner, viewer):
    client.force_login(viewer.user)
    assert "olga@example.com" not in client.get(url("members")).content.decode()
    client.force_login(owner.user)
    assert "victor@example.com" in client.get(url("members")).content.decode()


def test_the_links_of_who_may_no_longer_invite_stop_working(client, owner, admin):
    _invitation, token = invite(admin, "admin", days=7)
    client.force_login(owner.user)
    client.post(url("remove_member", admin.pk))
    client.force_login(admin.user)
    assert client.post(reverse("join", args=[token])).status_code == 410
    assert not Membership.objects.filter(user=admin.user).exists()


def test_changing_a_role_wants_a_csrf_token(csrf_client, owner, viewer):
    csrf_client.force_login(owner.user)
    assert csrf_client.post(url("change_role", viewer.pk), {"role": "admin"}).status_code == 403
    assert role_of(viewer) == "viewer"


def test_a_further_workspace_belongs_to_who_made_it(client, viewer, sandbox_offered):
    client.force_login(viewer.user)
    for expected in ["side-project", "side-project-"]:
        response = client.post(reverse("new_workspace"), {"name": "Side Project"})
        assert response.status_code == 302
        assert expected in response.headers["Location"]
    mine = Membership.objects.filter(user=viewer.user, role="owner").select_related("workspace")
    assert [member.workspace.connection.kind for member in mine] == ["sandbox", "sandbox"]


def test_a_workspace_whose_name_has_no_latin_letter_still_gets_an_address(client, viewer, sandbox_offered):
    client.force_login(viewer.user)
    response = client.post(reverse("new_workspace"), {"name": "夜班"})
    assert response.headers["Location"] == "/w/workspace/"


def test_a_person_without_a_name_is_shown_without_the_address(client, owner, viewer):
    nameless = make_person("Nemo")
    nameless.name = ""
    nameless.save()
    Membership.objects.create(workspace=owner.workspace, user=nameless, role="viewer")
    client.force_login(viewer.user)
    assert "nemo@example.com" not in client.get(url("members")).content.decode()
