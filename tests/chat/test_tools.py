"""The studio's own tools: nothing is made without a word; what is made is in the conversation and told to the model."""

from __future__ import annotations

import asyncio
import json

import pytest
from django.utils import timezone

from apps.chat import calls, loop
from apps.chat.models import Call, Conversation, Message
from apps.jobs.models import Job
from apps.jobs.models import Status as JobStatus
from apps.speech.rows import in_thread
from tests.chat.conftest import SETTINGS
from tests.chat.test_live import until_said

pytestmark = pytest.mark.django_db(transaction=True)

WITH_TOOLS = SETTINGS | {"tools": ["search_library", "make_image", "make_video", "speak"]}


@pytest.fixture(autouse=True)
async def nobody_watching():
    yield
    await loop.shut_down()


@pytest.fixture(autouse=True)
def no_worker(monkeypatch):
    """Jobs stay where they are; a test ends them itself."""
    monkeypatch.setattr("apps.jobs.services.ring", lambda job: None)


def calling(upstream, *wanted: tuple[str, dict]):
    async def answer(line):
        if len(upstream.requests) == 1:
            await line.say("I will.")
            for number, (name, given) in enumerate(wanted):
                await line.call(name, given, f"c{number}")
            await line.end("tool_use")
        else:
            await line.say("There it is.")
            await line.end()

    upstream.answer = answer


async def the_calls(count: int) -> list[Call]:
    for _ in range(200):
        found = await in_thread(lambda: list(Call.objects.select_related("message", "job")))
        if len(found) == count:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(found)


async def the_job() -> Job:
    for _ in range(400):
        if job := await in_thread(Job.objects.first):
            return job
        await asyncio.sleep(0.02)
    raise AssertionError("no job was made")


async def results_sent(upstream, count: int = 2) -> list[dict]:
    for _ in range(400):
        if len(upstream.requests) == count:
            return upstream.requests[-1]["messages"][-1]["content"]
        await asyncio.sleep(0.02)
    raise AssertionError(upstream.requests)


async def test_the_library_is_searched_without_asking_and_the_turn_goes_on(upstream, creator, open_page):
    calling(upstream, ("search_library", {"query": "lighthouse"}))
    page = await open_page(creator)
    await page.say("Find it", settings=WITH_TOOLS)
    first = await page.see()
    (result,) = await results_sent(upstream)
    assert json.loads(result["content"]) == {"found": []}
    await until_said(first.started["conversation"], "There it is.")
    assert [tool["name"] for tool in upstream.requests[0]["tools"]] == WITH_TOOLS["tools"]


async def test_nothing_is_made_until_a_person_says_so(upstream, creator, open_page):
    calling(upstream, ("make_image", {"prompt": "A cat", "n": 2}))
    page = await open_page(creator)
    await page.say("Draw", settings=WITH_TOOLS)
    await page.see()
    (call,) = await the_calls(1)
    assert (call.status, call.price_usd > 0) == ("waiting", True)
    assert not await in_thread(Job.objects.exists)
    assert len(upstream.requests) == 1


async def test_an_approved_picture_is_made_once_and_told_to_the_model(upstream, creator, open_page, a_picture):
    calling(upstream, ("make_image", {"prompt": "A cat"}))
    page = await open_page(creator)
    await page.say("Draw", settings=WITH_TOOLS)
    first = await page.see()
    (call,) = await the_calls(1)
    await asyncio.gather(*(page.send("decide", call=str(call.pk), approve=True) for _ in range(2)))
    job = await the_job()
    assert await in_thread(Job.objects.count) == 1
    assert job.request["prompt"] == "A cat"
    asset = await in_thread(a_picture, creator, job)
    await in_thread(Job.objects.filter(pk=job.pk).update, status=JobStatus.SUCCEEDED)
    (result,) = await results_sent(upstream)
    assert (result["tool_use_id"], result["is_error"]) == ("c0", False)
    assert json.loads(result["content"])["made"][0]["id"] == str(asset.pk)
    await until_said(first.started["conversation"], "There it is.")
    assert (await the_calls(1))[0].assets == [str(asset.pk)]


async def test_what_is_declined_or_impossible_is_told_to_the_model(upstream, creator, open_page):
    calling(
        upstream,
        ("make_image", {"prompt": "A cat"}),
        ("make_image", {"prompt": "A cat", "n": 99}),
        ("make_video", {"prompt": "x", "first_frame_image": "nonsense"}),
    )
    page = await open_page(creator)
    await page.say("Draw", settings=WITH_TOOLS)
    await page.see()
    waiting, too_many, no_frame = await the_calls(3)
    assert [too_many.status, no_frame.status] == ["failed", "failed"]
    assert len(upstream.requests) == 1
    await page.send("decide", call=str(waiting.pk), approve=False)
    declined, impossible, _no_frame = await results_sent(upstream)
    assert "declined" in declined["content"]
    assert (impossible["is_error"], "n:" in impossible["content"]) == (True, True)
    assert not await in_thread(Job.objects.exists)


async def test_a_job_that_fails_is_told_to_the_model(upstream, creator, open_page):
    calling(upstream, ("make_image", {"prompt": "A cat"}))
    page = await open_page(creator)
    await page.say("Draw", settings=WITH_TOOLS)
    await page.see()
    (call,) = await the_calls(1)
    await page.send("decide", call=str(call.pk), approve=True)
    await the_job()
    await in_thread(Job.objects.update, status=JobStatus.FAILED, error="Refused by the content check.")
    (result,) = await results_sent(upstream)
    assert (result["is_error"], "content check" in result["content"]) == (True, True)


async def test_nobody_else_approves(upstream, creator, admin, open_page):
    calling(upstream, ("make_image", {"prompt": "A cat"}))
    page = await open_page(creator)
    await page.say("Draw", settings=WITH_TOOLS)
    await page.see()
    (call,) = await the_calls(1)
    other = await open_page(admin)
    await other.send("decide", call=str(call.pk), approve=True)
    assert (await other.receive())["type"] == "refused"
    creator.role = "viewer"
    await in_thread(creator.save)
    await page.send("decide", call=str(call.pk), approve=True)
    assert "not write" in (await page.expect_refusal())
    assert not await in_thread(Job.objects.exists)


async def test_a_tool_that_was_not_offered_is_not_the_studios(upstream, creator, open_page):
    calling(upstream, ("make_music", {"prompt": "A march"}))
    page = await open_page(creator)
    await page.say("Play", settings=WITH_TOOLS)
    await page.see()
    (call,) = await the_calls(1)
    assert (call.status, call.price_usd) == ("waiting", None)
    await page.send("decide", call=str(call.pk), approve=True)
    await asyncio.sleep(0.1)
    assert not await in_thread(Job.objects.exists)


async def test_tools_in_a_row_come_to_an_end_by_themselves(upstream, creator, open_page, monkeypatch):
    monkeypatch.setattr(calls, "ROUNDS", 3)

    async def answer(line):
        await line.say("Again.")
        await line.call("search_library", {"query": "x"}, f"c{len(upstream.requests)}")
        await line.end("tool_use")

    upstream.answer = answer
    page = await open_page(creator)
    await page.say("Search for ever", settings=WITH_TOOLS)
    await page.see()
    await results_sent(upstream, 4)
    await asyncio.sleep(0.3)
    assert len(upstream.requests) == 4
    assert await in_thread(Message.objects.filter(status="running").count) == 0


async def test_a_process_that_dies_while_a_job_is_stored_leaves_a_card_that_asks_again(
    upstream, creator, open_page, monkeypatch
):
    calling(upstream, ("make_image", {"prompt": "A cat"}))
    page = await open_page(creator)
    await page.say("Draw", settings=WITH_TOOLS)
    await page.see()
    (call,) = await the_calls(1)
    stored = calls.submit_job

    def die(*args, **fields):
        stored(*args, **fields)
        raise RuntimeError

    monkeypatch.setattr(calls, "submit_job", die)
    with pytest.raises(RuntimeError):
        await in_thread(calls.approve_job, call, creator)
    assert ((await the_calls(1))[0].status, await in_thread(Job.objects.exists)) == ("waiting", False)
    monkeypatch.setattr(calls, "submit_job", stored)
    await page.send("decide", call=str(call.pk), approve=True)
    await the_job()


async def test_calls_that_were_never_written_down_are_found_again(upstream, creator, open_page, monkeypatch):
    calling(upstream, ("make_image", {"prompt": "A cat"}), ("search_library", {"query": "x"}))
    monkeypatch.setattr(calls, "enter_calls", lambda message: None)
    page = await open_page(creator)
    await page.say("Draw", settings=WITH_TOOLS)
    await page.see()
    await asyncio.sleep(0.1)
    monkeypatch.undo()
    assert await in_thread(calls.left_behind) == []  # a moment ago: its own process may be on it
    await in_thread(Conversation.objects.update, moved_at=timezone.now() - calls.HANDOVER * 2)
    await loop.resume_all()
    drawing, looking = await the_calls(2)
    assert (drawing.status, drawing.price_usd > 0, looking.status) == ("waiting", True, "done")
    assert len(upstream.requests) == 1


async def test_a_call_whose_job_was_deleted_comes_to_an_end(upstream, creator, open_page):
    calling(upstream, ("make_image", {"prompt": "A cat"}))
    page = await open_page(creator)
    await page.say("Draw", settings=WITH_TOOLS)
    await page.see()
    (call,) = await the_calls(1)
    await page.send("decide", call=str(call.pk), approve=True)
    await the_job()
    await in_thread(Job.objects.all().delete)
    (result,) = await results_sent(upstream)
    assert "deleted" in result["content"]


async def left_by_a_dead_process(upstream, page) -> None:
    """A picture was approved, and whoever watched its job is gone."""
    calling(upstream, ("make_image", {"prompt": "A cat"}))
    await page.say("Draw", settings=WITH_TOOLS)
    await page.see()
    (call,) = await the_calls(1)
    await page.send("decide", call=str(call.pk), approve=True)
    await the_job()
    await asyncio.sleep(0.1)
    await loop.shut_down()
    await page.close()


async def test_a_turn_goes_on_after_its_process_died_though_no_page_is_open(upstream, creator, open_page):
    await left_by_a_dead_process(upstream, await open_page(creator))
    await in_thread(Job.objects.update, status=JobStatus.FAILED, error="No.")
    await loop.resume_all()
    (result,) = await results_sent(upstream)
    assert result["is_error"]
    await loop.resume_all()
    assert len(upstream.requests) == 2


async def test_a_turn_whose_tools_had_answered_when_the_process_died_goes_on(upstream, creator, open_page):
    await left_by_a_dead_process(upstream, await open_page(creator))
    await in_thread(Job.objects.update, status=JobStatus.FAILED, error="No.")
    (call,) = await the_calls(1)
    await in_thread(calls.look_at_running, call.message_id)
    await loop.resume_all()
    assert len(upstream.requests) == 1  # a moment ago: its own process may be on it
    before = timezone.now() - calls.HANDOVER * 2
    await in_thread(Call.objects.update, settled_at=before)
    await asyncio.gather(*(loop.resume_all() for _ in range(3)))
    await results_sent(upstream)
    assert await in_thread(Message.objects.filter(role="assistant").count) == 2


async def test_a_turn_that_was_left_behind_long_ago_is_left_alone(upstream, creator, open_page):
    await left_by_a_dead_process(upstream, await open_page(creator))
    long_ago = timezone.now() - calls.FORGOTTEN * 2
    await in_thread(Call.objects.update, status="failed", settled_at=long_ago)
    assert await in_thread(calls.left_behind) == []


async def test_a_process_that_died_is_followed_by_the_next_page(upstream, creator, open_page):
    calling(upstream, ("make_image", {"prompt": "A cat"}))
    page = await open_page(creator)
    await page.say("Draw", settings=WITH_TOOLS)
    first = await page.see()
    (call,) = await the_calls(1)
    await page.send("decide", call=str(call.pk), approve=True)
    await the_job()
    await asyncio.sleep(0.1)
    await loop.shut_down()  # nobody is watching any more
    await in_thread(Job.objects.update, status=JobStatus.FAILED, error="No.")
    other = await open_page(creator)
    await other.send("show", conversation=first.started["conversation"])
    (result,) = await results_sent(upstream)
    assert result["is_error"]
