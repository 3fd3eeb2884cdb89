import json
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from apps.workspaces import tray
from apps.workspaces.audit import record
from apps.workspaces.models import AuditEntry, Membership
from tests.conftest import join

URL = "/w/night-shift/team/audit/"


def test_an_entry_is_never_changed_or_deleted(owner):
    entry = record(owner, "workspace.created", subject="Night Shift")
    entry.subject = "something else"
    for attempt in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(subject=""),
        lambda: AuditEntry.objects.bulk_update([entry], ["subject"]),
    ):
        with pytest.raises(TypeError):
            attempt()
    assert AuditEntry.objects.get().subject == "Night Shift"


def test_an_entry_outlives_the_person(owner, viewer):
    record(viewer, "member.left")
    viewer.user.delete()
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.actor_label) == (None, "Victor")


def test_signing_in_and_out_and_failing_to_is_written_down(client, owner):
    client.post("/account/login/", {"login": "olga@example.com", "password": "wrong"})
    client.post("/account/login/", {"login": "secret-in-the-wrong-field@example.com", "password": "wrong"})
    client.post("/account/login/", {"login": "olga@example.com", "password": "correct horse battery"})
    client.post("/account/logout/")
    entries = AuditEntry.objects.order_by("id").values_list("action", "actor", "ip")
    assert list(entries) == [
        ("signin.failed", owner.user_id, "127.0.0.1"),
        ("signin.failed", None, "127.0.0.1"),
        ("signin.succeeded", owner.user_id, "127.0.0.1"),
        ("signin.ended", owner.user_id, "127.0.0.1"),
    ]
    assert "secret-in" not in str(list(AuditEntry.objects.values()))


def test_a_manager_reads_the_workspace_and_its_members_signing_in_since_they_joined(client, owner, viewer, stranger):
    earlier = record(viewer.user, "signin.succeeded", subject="long ago")
    Membership.objects.filter(pk=viewer.pk).update(created_at=timezone.now() + timedelta(microseconds=1))
    assert earlier
    record(viewer.user, "signin.succeeded", subject="since then")
    record(stranger, "workspace.created", subject="of the others")
    record(stranger.user, "signin.succeeded", subject="a stranger's")
    client.force_login(owner.user)
    page = client.get(URL).content.decode()
    assert "since then" in page
    assert "long ago" not in page
    assert "of the others" not in page
    assert "stranger&#x27;s" not in page


def test_it_can_be_filtered_by_person_and_by_action(client, owner, admin):
    record(owner, "member.joined", subject="apple")
    record(admin, "member.joined", subject="pear")
    record(admin, "member.left", subject="plum")
    client.force_login(owner.user)
    by_person = client.get(URL, {"person": admin.user_id}).content.decode()
    assert ["apple" in by_person, "pear" in by_person, "plum" in by_person] == [False, True, True]
    both = client.get(URL, {"person": admin.user_id, "action": "member.left"}).content.decode()
    assert ["pear" in both, "plum" in both] == [False, True]
    assert client.get(URL, {"person": "x", "action": "'", "before": "-"}).status_code == 200


def test_it_goes_on_to_older_entries_without_losing_one(client, owner):
    for number in range(120):
        record(owner, "member.joined", subject=f"number {number:03}")
    client.force_login(owner.user)
    seen, page = "", URL
    for _page in range(3):
        response = client.get(page)
        seen += response.content.decode()
        page = URL + response.context["older"]
    assert response.context["older"] == ""
    assert all(f"number {number:03}" in seen for number in range(120))


def test_reading_it_takes_a_fixed_number_of_queries(client, owner, django_assert_max_num_queries):
    for number in range(40):
        record(join(owner.workspace, f"P{number}", "viewer"), "member.joined")
    client.force_login(owner.user)
    client.get(URL)
    with django_assert_max_num_queries(9 + len(tray._providers)):
        client.get(URL)


@pytest.mark.parametrize("role", ["creator", "viewer"])
def test_it_is_for_managers_only(client, creator, viewer, role):
    client.force_login({"creator": creator, "viewer": viewer}[role].user)
    assert client.get(URL).status_code == 403


def test_it_is_searched_by_words_and_days_and_taken_away_as_it_was_filtered(client, owner, creator):
    record(owner, "invitation.created", subject="Creator · Nils")
    record(creator, "member.joined", subject="=1+1")
    client.force_login(owner.user)
    page = client.get(URL, {"q": "nils invitation"}).content.decode()
    assert "Creator · Nils" in page
    assert "=1+1" not in page
    assert "Nils" not in client.get(URL, {"until": "2001-01-01"}).content.decode()
    told = client.get(URL + "export.json", {"q": "nils"}).getvalue()
    assert [(row["person"], row["action"], row["subject"]) for row in json.loads(told)] == [
        ("Olga", "invitation.created", "Creator · Nils")
    ]
    table = client.get(URL + "export.csv", {"q": "carla"}).content.decode("utf-8-sig")
    assert "member.joined,'=1+1" in table  # a spreadsheet calculates nothing
    assert client.get(URL + "export.xml").status_code == 404


def test_an_entry_is_not_even_changed_by_sql(owner):
    record(owner, "workspace.created", subject="Night Shift")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE workspaces_auditentry SET subject = 'something else'")
    assert AuditEntry.objects.get().subject == "Night Shift"
