from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from apps.images.generation import IMAGE
from apps.usage import ledger, prices
from apps.usage.models import Hold, LedgerEntry
from apps.usage.reports import drift, month_from, project, report

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


# --- prices ---------------------------------------------------------------------------------------------------------


def test_a_price_holds_from_its_day_for_its_workspace_alone(client, owner, admin, stranger):
    today = timezone.localdate()
    url = reverse("usage:change_price", args=[owner.workspace.slug])
    form = {"item": "image/image-01", "price_usd": "0.01", "from_date": today.isoformat()}
    client.force_login(admin.user)
    assert client.post(url, form).status_code == 403
    client.force_login(owner.user)
    assert client.post(url, form).status_code == 302
    client.post(url, form | {"price_usd": "0.02", "from_date": (today + timedelta(days=3)).isoformat()})
    request = {"model": "image-01", "n": 2}
    found = []
    for workspace_id, day in (
        (owner.workspace_id, today - timedelta(days=1)),
        (owner.workspace_id, today),
        (owner.workspace_id, today + timedelta(days=3)),
        (stranger.workspace_id, today),
    ):
        with prices.in_force(workspace_id, day):
            found.append(IMAGE.price(request))
    assert found == [Decimal("0.007"), Decimal("0.02"), Decimal("0.04"), Decimal("0.007")]
    assert IMAGE.price(request) == Decimal("0.007")
    html = page(client, owner, "usage:prices").content.decode()
    assert "$0.01" in html
    assert "$0.02" in html


def test_amounts_are_shown_in_the_currency_that_an_owner_sets(client, creator, owner):
    enter(creator, actual_usd=Decimal(2))
    client.force_login(owner.user)
    url = reverse("usage:set_currency", args=[owner.workspace.slug])
    assert client.post(url, {"code": "EUR", "per_usd": ""}).status_code == 422
    client.post(url, {"code": "EUR", "per_usd": "0.5"})
    assert "€1.00" in page(client, creator).content.decode()
    assert read(page(client, creator, "usage:export"))[0]["actual_usd"] == "2.00000000"  # as it is kept


# --- drift ----------------------------------------------------------------------------------------------------------


def test_drift_sets_estimate_report_and_bill_side_by_side(client, creator, owner, admin):
    enter(creator, "job:1", estimate_usd=Decimal(1), actual_usd=Decimal("1.50"))
    enter(creator, "job:2", estimate_usd=Decimal(2), actual_usd=None, charged="unknown")
    enter(creator, "job:3", connection_kind="sandbox", actual_usd=Decimal(9))
    first = month_from("")
    client.force_login(owner.user)
    url = reverse("usage:enter_invoice", args=[owner.workspace.slug])
    form = {"month": f"{first:%Y-%m}", "modality": "image"}
    for billed, is_explained in (("1.50", True), ("3.50", True), ("1.20", False), ("3.60", False)):
        assert client.post(url, form | {"amount_usd": billed}).status_code == 302
        (row,) = drift(owner, first)
        assert (row.reported, row.by_estimate, row.unknown) == (Decimal("1.50"), Decimal("0.50"), 1)
        assert (row.by_invoice, row.is_explained) == (Decimal(billed) - Decimal("1.50"), is_explained)
    assert "not explained" in page(client, admin, "usage:drift").content.decode()
    assert page(client, creator, "usage:drift").status_code == 403
    assert client.post(url, form | {"amount_usd": "1"}).status_code == 403


def test_the_month_is_projected_with_what_is_held_and_everyone_sees_their_own(client, creator, viewer):
    enter(creator, actual_usd=Decimal(3))
    Hold.objects.create(
        workspace=creator.workspace, person=creator.user, source="job:9", kind="image", amount_usd=Decimal(1)
    )
    mine = project(creator)
    assert (mine.spent, mine.held) == (3, 1)
    assert mine.expected >= 4
    assert (project(viewer).spent, project(viewer).held) == (0, 0)
    assert "1 act holds money" in page(client, creator).content.decode()
