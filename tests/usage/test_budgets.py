import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection as database
from django.urls import reverse

from apps.images.generation import IMAGE
from apps.jobs import services
from apps.jobs.models import Job
from apps.speech.forms import SpeechForm
from apps.speech.models import Take
from apps.speech.services import RefusedError, start_take
from apps.usage import budgets, ledger
from apps.usage.models import Budget, Hold
from apps.workspaces.models import AuditEntry, Connection
from apps.workspaces.sealing import seal

PICTURE = {"model": "image-01", "prompt": "a lighthouse", "n": 1}
PRICE = IMAGE.price(PICTURE)


@pytest.fixture
def paid(owner):
    """The workspace has a key: what it asks for costs money."""
    return Connection.objects.create(workspace=owner.workspace, kind="global", status="ok")


def ask(member, click="1", **changes):
    return services.submit_job(member, IMAGE, {**PICTURE, **changes}, click=click)


def set_budget(member, limit, **changes):
    return Budget.objects.create(workspace=member.workspace, limit_usd=Decimal(limit), **changes)


def enter(member, usd, source="job:earlier", **changes):
    facts = {"kind": "image", "model": "image-01", "connection_kind": "global", "usage": {}, "charged": "yes"}
    ledger.record(
        source,
        workspace=member.workspace,
        person=member.user,
        **facts | {"estimate_usd": Decimal(usd), "actual_usd": Decimal(usd)} | changes,
    )


def add_url(member):
    return reverse("usage:add_budget", args=[member.workspace.slug])


def test_a_price_is_held_until_the_act_is_in_the_book(creator, paid):
    job = ask(creator)
    assert Hold.objects.get().amount_usd == PRICE
    enter(creator, PRICE, source=f"job:{job.pk}")
    assert not Hold.objects.exists()


def test_what_is_cancelled_before_it_is_sent_holds_nothing(creator, paid):
    services.cancel(ask(creator))
    assert not Hold.objects.exists()


def test_the_sandbox_is_free_and_holds_nothing(creator, owner):
    Connection.objects.create(workspace=owner.workspace, kind="sandbox", status="ok")
    set_budget(creator, 0)
    ask(creator)
    assert not Hold.objects.exists()


def test_what_does_not_fit_is_refused_with_a_sentence_and_leaves_nothing(client, creator, paid):
    set_budget(creator, "0.01")
    enter(creator, "0.009")
    client.force_login(creator.user)
    form = {"model": "image-01", "prompt": "a lighthouse", "n": "1", "aspect_ratio": "1:1", "click": "2"}
    url = reverse("images:create", args=[creator.workspace.slug])
    answer = client.post(url, form, headers={"HX-Request": "true"})
    assert answer["HX-Reswap"] == "none"
    assert "are left of the budget of $0.01 a month for the whole workspace" in answer["HX-Trigger"]
    assert not Job.objects.exists()
    assert not Hold.objects.exists()
    assert client.post(url, form).status_code == 422


def test_a_second_press_of_one_button_holds_once(creator, paid):
    assert ask(creator, "same").pk == ask(creator, "same").pk
    assert Hold.objects.count() == 1


@pytest.mark.parametrize(
    ("whose", "binds_creator", "binds_admin"),
    [("person", True, False), ("role", True, False), ("kind", True, True), ("other_kind", False, False)],
)
def test_a_budget_binds_those_it_is_for(creator, admin, paid, whose, binds_creator, binds_admin):
    scopes = {
        "person": {"person": creator.user},
        "role": {"role": "creator"},
        "kind": {"kind": "image"},
        "other_kind": {"kind": "music"},
    }
    set_budget(creator, 0, **scopes[whose])
    for member, is_bound in ((creator, binds_creator), (admin, binds_admin)):
        if is_bound:
            with pytest.raises(budgets.BudgetReachedError):
                ask(member, str(member.pk))
        else:
            ask(member, str(member.pk))


def test_each_person_with_a_role_has_a_share_of_their_own(creator, paid, owner):
    from tests.conftest import join

    other = join(owner.workspace, "Nils", "creator")
    set_budget(creator, "0.01", role="creator")
    enter(creator, "0.01")
    with pytest.raises(budgets.BudgetReachedError):
        ask(creator)
    ask(other, "2")


def test_what_may_have_been_charged_counts_and_what_was_not_does_not(creator, paid):
    budget = set_budget(creator, 1)
    enter(creator, "0.30", source="job:a", charged="unknown", actual_usd=None)
    enter(creator, "0.20", source="job:b", charged="no")
    assert budgets.state_of(budget).spent == Decimal("0.30")


def test_another_workspace_neither_counts_nor_is_bound(creator, stranger, paid):
    budget = set_budget(creator, "0.01")
    enter(stranger, "5")
    assert budgets.state_of(budget).used == 0
    Connection.objects.create(workspace=stranger.workspace, kind="global", status="ok")
    set_budget(creator, 0)
    ask(stranger)


@pytest.mark.parametrize(
    ("period", "now", "bounds"),
    [
        ("day", datetime(2026, 12, 31, 23, 59, tzinfo=UTC), ("2026-12-31", "2027-01-01")),
        ("month", datetime(2026, 12, 31, 23, 59, tzinfo=UTC), ("2026-12-01", "2027-01-01")),
        ("month", datetime(2028, 2, 29, 12, tzinfo=UTC), ("2028-02-01", "2028-03-01")),
    ],
)
def test_periods_begin_and_end_by_utc(period, now, bounds):
    assert tuple(moment.date().isoformat() for moment in budgets.bounds(period, now)) == bounds


def test_only_an_owner_lifts_a_budget_and_it_is_written_down(client, owner, admin, creator, paid):
    budget = set_budget(owner, 0)
    url = reverse("usage:lift_budget", args=[owner.workspace.slug, budget.pk])
    client.force_login(admin.user)
    assert client.post(url).status_code == 403
    client.force_login(owner.user)
    assert client.post(url).status_code == 302
    ask(creator)
    assert AuditEntry.objects.filter(action="budget.lifted", actor=owner.user).exists()
    client.post(url)
    with pytest.raises(budgets.BudgetReachedError):
        ask(creator, "2")
    Budget.objects.filter(pk=budget.pk).update(lifted_until=datetime.now(UTC) - timedelta(seconds=1))
    with pytest.raises(budgets.BudgetReachedError):
        ask(creator, "3")


def test_managers_set_budgets_and_a_stranger_finds_none(client, admin, creator, stranger):
    form = {
        "whose": f"person:{creator.user_id}",
        "kind": "image",
        "limit_usd": "12.50",
        "period": "day",
        "is_hard": "on",
    }
    for member, status in ((creator, 403), (stranger, 404), (admin, 302)):
        client.force_login(member.user)
        assert client.post(add_url(admin), form).status_code == status
    budget = Budget.objects.get()
    assert (budget.person, budget.kind, budget.limit_usd, budget.period) == (
        creator.user,
        "image",
        Decimal("12.50"),
        "day",
    )
    remove = reverse("usage:remove_budget", args=[admin.workspace.slug, budget.pk])
    theirs = reverse("usage:remove_budget", args=[stranger.workspace.slug, budget.pk])
    client.force_login(stranger.user)
    assert [client.post(url).status_code for url in (remove, theirs)] == [404, 404]
    client.force_login(admin.user)
    assert client.post(remove).status_code == 302
    assert not Budget.objects.exists()


@pytest.mark.parametrize(
    "wrong", [{"limit_usd": "-1"}, {"limit_usd": "NaN"}, {"whose": "person:999999"}, {"kind": "x"}]
)
def test_a_budget_that_makes_no_sense_is_refused(client, admin, wrong):
    client.force_login(admin.user)
    form = {"whose": "", "kind": "", "limit_usd": "1", "period": "day"} | wrong
    assert client.post(add_url(admin), form).status_code == 422
    assert not Budget.objects.exists()


def test_everyone_sees_what_binds_them(client, creator, admin):
    set_budget(creator, 5)
    set_budget(creator, 7, person=admin.user)
    page = reverse("usage:index", args=[creator.workspace.slug])
    client.force_login(creator.user)
    mine = client.get(page).content.decode()
    client.force_login(admin.user)
    all_of_them = client.get(page).content.decode()
    assert ["$5" in mine, "$7" in mine] == [True, False]
    assert ["$5" in all_of_them, "$7" in all_of_them] == [True, True]


def test_people_are_told_once_at_each_level(creator, admin, paid, django_capture_on_commit_callbacks):
    set_budget(creator, PRICE * 16)
    for number in range(3):
        with django_capture_on_commit_callbacks(execute=True):
            ask(creator, str(number), n=4)
    told = [note.text for note in admin.user.notifications.order_by("pk")]
    assert len(told) == 1
    assert told[0].startswith("70 % of the budget for the whole workspace is used")
    assert creator.user.notifications.count() == 1
    with django_capture_on_commit_callbacks(execute=True):
        ask(creator, "the last", n=4)
    assert admin.user.notifications.order_by("pk").last().text.startswith("93 %")


@pytest.mark.django_db(transaction=True)
def test_forty_presses_at_once_do_not_exceed_a_budget_for_eight(owner, creator, paid):
    set_budget(creator, PRICE * 8)
    refused, wrong = [], []

    def press(number):
        try:
            ask(creator, f"press {number}")
        except budgets.BudgetReachedError:
            refused.append(number)
        except Exception as error:
            wrong.append(error)
        finally:
            database.close()

    presses = [threading.Thread(target=press, args=(number,)) for number in range(40)]
    for each in presses:
        each.start()
    for each in presses:
        each.join()
    assert not wrong
    assert (Job.objects.count(), len(refused)) == (8, 32)


def test_speech_is_refused_before_it_is_sent(creator, paid):
    set_budget(creator, 0, kind="speech")
    Connection.objects.update(key_sealed=seal("sk-never-used"))
    for is_typed, text in ((False, "Good evening."), (True, "")):
        filled = {"text": text or "a word", "model": "speech-2.8-turbo", "voice_id": "English_Trustworthy_Man"}
        form = SpeechForm(filled)
        assert form.is_valid(), form.errors
        request = form.cleaned_data | {"text": text}
        with pytest.raises(RefusedError, match="are left of the budget"):
            start_take(creator.pk, request, click=f"typed {is_typed}", playback="mp3", is_typed=is_typed)
    assert not Take.objects.exists()
