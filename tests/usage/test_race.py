"""A hundred clicks at once: what is sent never exceeds a budget. Real threads, a real upstream, whichever database."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection as database

from apps.images.generation import IMAGE
from apps.jobs.models import Job
from apps.jobs.services import submit_job
from apps.jobs.tasks import run_job
from apps.usage.budgets import BudgetReachedError, state_of
from apps.usage.models import Budget, Hold, LedgerEntry
from tests.jobs.conftest import connected, pictures, upstream

__all__ = ["connected", "upstream"]  # fixtures

PICTURE = {"model": "image-01", "prompt": "a lighthouse", "n": 1, "aspect_ratio": "1:1", "prompt_optimizer": False}
PRESSES, ROOM, AT_ONCE = 200, 20, 25


@pytest.mark.django_db(transaction=True)
def test_of_two_hundred_presses_a_budget_for_twenty_sends_exactly_twenty(connected, upstream, monkeypatch):
    monkeypatch.setattr("apps.jobs.lifecycle.wait_for_turn", lambda *_: 0)  # as if a minute lay between the tens
    price = IMAGE.price(PICTURE)
    budget = Budget.objects.create(workspace=connected.workspace, limit_usd=price * ROOM)
    upstream.answer = lambda method, path, body: pictures(1)

    def press(number):
        try:
            submit_job(connected, IMAGE, PICTURE, click=f"press {number}")
        except BudgetReachedError:
            return "refused"
        finally:
            database.close()
        return "taken"

    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(press, range(PRESSES)))
    assert (answers.count("taken"), answers.count("refused")) == (ROOM, PRESSES - ROOM)
    assert Hold.objects.count() == ROOM
    for pk in Job.objects.values_list("pk", flat=True):
        run_job(str(pk))
    creates = [each for each in upstream.seen if each[1] == "/v1/image_generation"]
    assert len(creates) == ROOM
    assert (LedgerEntry.objects.current().count(), Hold.objects.count()) == (ROOM, 0)
    assert state_of(budget).spent == price * ROOM
