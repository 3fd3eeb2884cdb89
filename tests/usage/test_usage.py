from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from apps.usage import ledger
from apps.usage.models import LedgerEntry
from apps.usage.reports import month_from, report

pytestmark = pytest.mark.django_db


def enter(member, source="job:1", **changes):
    facts = {
        "kind": "image",
        "model": "image-01",
        "connection_kind": "global",
        "estimate_usd": Decimal("0.0070"),
        "actual_usd": Decimal("0.0035"),
        "usage": {"images": 1},
        "charged": "yes",
    }
    ledger.record(source, workspace=member.workspace, person=member.user, **{**facts, **changes})


def page(client, member, name="usage:index", query=""):
    client.force_login(member.user)
    return client.get(reverse(name, args=[member.workspace.slug]) + query)


def read(response) -> list[dict[str, str]]:
    text = response.content.decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_an_act_is_in_the_book_once_and_the_last_word_counts(creator):
    enter(creator, charged="unknown", actual_usd=None)
    enter(creator, charged="yes", actual_usd=Decimal("0.0035"))
    enter(creator, charged="yes", actual_usd=Decimal("0.0035"))  # the same again adds nothing
    first, second = LedgerEntry.objects.order_by("pk")
    assert (first.charged, first.actual_usd, second.corrects) == ("unknown", None, first)
    assert list(LedgerEntry.objects.current()) == [second]
    assert (second.charged, second.actual_usd, second.at) == ("yes", Decimal("0.0035"), first.at)


def test_nothing_changes_a_line_of_the_book_not_even_the_database(creator):
    enter(creator)
    entry = LedgerEntry.objects.get()
    with pytest.raises(TypeError, match="append-only"):
        entry.save()
    with pytest.raises(TypeError, match="append-only"):
        entry.delete()
    with pytest.raises(TypeError, match="never changed"):
        LedgerEntry.objects.update(actual_usd=0)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE usage_ledgerentry SET actual_usd = 0")


def test_what_was_not_charged_costs_nothing(creator):
    enter(creator, charged="no", actual_usd=Decimal("0.0035"))
    assert LedgerEntry.objects.get().actual_usd == 0


def test_the_page_sets_the_estimate_beside_what_was_reported(client, creator):
    enter(creator)
    html = page(client, creator).content.decode()
    assert "$0.007" in html
    assert "$0.0035" in html
    assert "image-01" in html


def test_people_see_what_they_asked_for_and_managers_see_all(client, creator, viewer, admin):
    enter(creator)
    assert "image-01" not in page(client, viewer).content.decode()
    html = page(client, admin).content.decode()
    assert "image-01" in html
    assert creator.user.name in html
    assert read(page(client, viewer, "usage:export")) == []
    assert len(read(page(client, admin, "usage:export"))) == 1


def test_a_stranger_finds_nothing(client, workspace, stranger):
    client.force_login(stranger.user)
    for name in ("usage:index", "usage:export"):
        assert client.get(reverse(name, args=[workspace.slug])).status_code == 404


def test_other_months_are_a_page_away_and_nonsense_is_this_month(client, creator):
    enter(creator)
    assert "image-01" not in page(client, creator, query="?month=2024-02").content.decode()
    for nonsense in ("?month=13-99", "?month=9999-12", "?month=0001-01"):
        assert "image-01" in page(client, creator, query=nonsense).content.decode()


def test_the_table_to_take_away_holds_every_act_and_runs_nothing(client, creator):
    enter(creator, model="=1+1")
    (row,) = read(page(client, creator, "usage:export"))
    assert row["model"] == "'=1+1"
    assert (row["estimate_usd"], row["actual_usd"], row["charged"]) == ("0.00700000", "0.00350000", "yes")


def test_what_may_have_been_charged_is_counted_apart(client, creator):
    enter(creator, charged="unknown", actual_usd=None)
    html = page(client, creator).content.decode()
    assert "Cost not known" in html


def test_only_what_is_known_is_compared(creator):
    enter(creator, "job:1", charged="unknown", actual_usd=None)
    enter(creator, "job:2", charged="yes", actual_usd=None)  # no price of it is published
    enter(creator, "job:3", charged="yes", actual_usd=Decimal("0.0050"))
    total = report(creator, month_from("")).total
    assert (total.acts, total.unknown, total.difference) == (3, 2, Decimal("-0.0020"))
