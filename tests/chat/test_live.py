"""Live replies through the socket of a page: what is seen, kept and paid, whatever happens on the way."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.chat import elsewhere, finishing, live
from apps.chat.models import Call, Conversation, Message, Piece
from apps.chat.services import CONTINUE
from apps.speech.rows import in_thread
from apps.usage.models import LedgerEntry
from tests.chat.conftest import SETTINGS, Seen, answers
from tests.sockets import open_socket

pytestmark = pytest.mark.django_db(transaction=True)


async def row(pk) -> Message:
    return await in_thread(Message.objects.select_related("conversation", "parent").get, pk=pk)


async def until_over(pk) -> Message:
    for _ in range(200):
        message = await row(pk)
        if not message.is_running:
            return message
        await asyncio.sleep(0.05)
    raise AssertionError(message.status)


async def until_said(conversation, text) -> Message:
    """The reply that says this, once it is over."""
    for _ in range(400):
        found = await in_thread(Message.objects.filter(conversation=conversation, text=text, role="assistant").first)
        if found and not found.is_running:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(text)


# --- a reply ----------------------------------------------------------------------------------------------------------


async def test_a_reply_is_seen_while_it_is_written_and_kept_as_it_came(upstream, creator, open_page):
    upstream.answer = answers("Good ", "evening, **Carla**.")
    page = await open_page(creator)
    click = await page.say("Say good evening")
    seen = await page.see()

    assert (seen.started["click"], seen.status) == (click, "done")
    assert (seen.thought, seen.text) == ("Let me see.", "Good evening, Carla.")
    assert "<strong>Carla</strong>" in seen.parts[1]["done"]
    reply = await row(seen.message)
    assert reply.blocks == [
        {"type": "thinking", "thinking": "Let me see.", "signature": "9f86"},
        {"type": "text", "text": "Good evening, **Carla**."},
    ]
    assert (reply.status, reply.stop_reason, reply.trace_id, reply.charged) == ("done", "end_turn", "feed", "yes")
    assert reply.usage == {"input": 12, "output": 7, "cache_read": 114, "cache_write": 3}
    assert reply.first_ms is not None
    assert reply.thinking_ms is not None
    assert reply.parent.text == "Say good evening"
    assert reply.conversation.title == "Say good evening"
    assert reply.conversation.head_id == reply.pk
    assert not await in_thread(Piece.objects.exists)


async def test_the_price_counts_cached_tokens_and_stands_in_the_book(upstream, creator, open_page):
    upstream.answer = answers("Yes.")
    page = await open_page(creator)
    await page.say()
    seen = await page.see()
    reply = await row(seen.message)
    expected = (12 * Decimal("0.30") + 7 * Decimal("1.20") + 114 * Decimal("0.06") + 3 * Decimal("0.30")) / 1_000_000
    assert reply.cost_usd == round(expected, 8)
    entry = await in_thread(LedgerEntry.objects.get)
    assert (entry.source, entry.kind, entry.model) == (f"chat:{reply.pk}", "chat", "MiniMax-M3")
    assert entry.actual_usd == round(expected, 8)


async def test_the_next_turn_sends_what_was_said_and_thought_unchanged(upstream, creator, open_page):
    upstream.answer = answers("One.")
    page = await open_page(creator)
    await page.say("First")
    first = await page.see()
    await page.say("Second", conversation=first.started["conversation"], parent=first.message)
    await page.see()

    assert upstream.requests[1]["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "First"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Let me see.", "signature": "9f86"},
                {"type": "text", "text": "One."},
            ],
        },
        {"role": "user", "content": [{"type": "text", "text": "Second"}]},
    ]
    assert upstream.requests[1]["thinking"] == {"type": "adaptive"}


async def test_half_characters_and_nul_break_nothing(upstream, creator, open_page):
    upstream.answer = answers("Before \ud83d", " after\0.")
    page = await open_page(creator)
    await page.say()
    seen = await page.see()
    assert (seen.status, (await row(seen.message)).text) == ("done", "Before  after.")


async def test_settings_reach_the_request(upstream, creator, open_page):
    upstream.answer = answers("Brief.")
    page = await open_page(creator)
    await page.say(settings=SETTINGS | {"system": "Be brief.", "temperature": 0.3, "thinking": False})
    await page.see()
    sent = upstream.requests[0]
    assert (sent["system"], sent["temperature"], sent["thinking"]) == ("Be brief.", 0.3, {"type": "disabled"})


async def test_a_double_click_pays_once_and_both_pages_see_it(upstream, creator, open_page):
    upstream.answer = answers("Once.")
    first, second = await open_page(creator), await open_page(creator)
    click = str(uuid.uuid4())
    await asyncio.gather(first.say(click=click), second.say(click=click))
    one, other = await asyncio.gather(first.see(), second.see())

    assert one.message == other.message
    assert len(upstream.requests) == 1
    assert await in_thread(Conversation.objects.count) == 1


async def test_a_message_replayed_when_all_is_over_pays_nothing(upstream, creator, open_page):
    upstream.answer = answers("Once.")
    page = await open_page(creator)
    click = await page.say()
    first = await page.see()
    await page.say(click=click)
    again = await page.see()
    assert (again.message, again.status) == (first.message, "done")
    assert len(upstream.requests) == 1


async def test_text_files_go_along_with_their_names(upstream, creator, open_page):
    upstream.answer = answers("Read.")
    page = await open_page(creator)
    await page.say("What is in it?", attachments=[{"name": "list.csv", "text": "a,b\n1,2"}])
    seen = await page.see()
    content = upstream.requests[0]["messages"][0]["content"]
    assert content[0]["text"] == '<file name="list.csv">\na,b\n1,2\n</file>'
    said = (await row(seen.message)).parent
    assert said.blocks[0] == {"type": "file", "name": "list.csv", "text": "a,b\n1,2"}
    assert "list.csv" in seen.started["html"]


async def test_several_replies_to_one_message_are_written_side_by_side(upstream, creator, open_page):
    upstream.answer = answers("Mine.")
    page = await open_page(creator)
    await page.say(settings=[SETTINGS, SETTINGS | {"model": "MiniMax-M2.7"}])
    started = await page.expect("started")
    assert len(started["replies"]) == 2
    ended = set()
    while len(ended) < 2:
        message = await page.receive()
        if message.get("k") == "end":
            ended.add(message["m"])
    replies = [await row(pk) for pk in started["replies"]]
    assert [reply.model for reply in replies] == ["MiniMax-M3", "MiniMax-M2.7"]
    assert replies[0].parent_id == replies[1].parent_id


# --- branches ---------------------------------------------------------------------------------------------------------


async def test_asking_again_adds_a_branch_and_overwrites_nothing(upstream, creator, open_page):
    upstream.answer = answers("One.")
    page = await open_page(creator)
    await page.say("Tell me")
    first = await page.see()
    question = (await row(first.message)).parent_id
    upstream.answer = answers("Another.")
    await page.send(
        "again",
        click=str(uuid.uuid4()),
        conversation=first.started["conversation"],
        parent=str(question),
        settings=SETTINGS,
    )
    second = await page.see()
    replies = await in_thread(lambda: [message.text for message in Message.objects.filter(parent=question)])
    assert replies == ["One.", "Another."]
    assert (await row(second.message)).conversation.head_id == uuid.UUID(second.message)


async def test_an_edited_message_is_a_branch_of_its_own(upstream, creator, open_page):
    upstream.answer = answers("One.")
    page = await open_page(creator)
    await page.say("Firts")
    first = await page.see()
    await page.say("First", conversation=first.started["conversation"], parent=None)
    second = await page.see()
    roots = await in_thread(lambda: [message.text for message in Message.objects.filter(parent=None)])
    assert roots == ["Firts", "First"]
    assert [m["content"][0]["text"] for m in upstream.requests[1]["messages"]] == ["First"]
    assert "2/2" in second.started["html"]


# --- functions --------------------------------------------------------------------------------------------------------

WEATHER = {"name": "get_weather", "description": "The weather", "input_schema": {"type": "object", "properties": {}}}


async def test_calls_wait_for_what_a_person_types(upstream, creator, open_page):
    async def answer(line):
        if len(upstream.requests) == 1:
            await line.think("Ask.")
            await line.say("One moment.")
            await line.call("get_weather", {"city": "Berlin"}, "c1")
            await line.call("get_weather", {"city": "Rome"}, "c2")
            await line.end("tool_use")
        else:
            await line.say("Rain.")
            await line.end()

    upstream.answer = answer
    page = await open_page(creator)
    settings = SETTINGS | {"functions": [WEATHER]}
    await page.say("Weather?", settings=settings)
    first = await page.see()
    assert [part["name"] for part in first.parts if part["of"] == "call"] == ["get_weather", "get_weather"]
    assert upstream.requests[0]["tools"] == [WEATHER]
    rain, unknown = await in_thread(lambda: [str(call.pk) for call in Call.objects.order_by("pk")])
    await page.send("results", results=[{"call": rain, "text": "rain"}])
    await asyncio.sleep(0.1)
    assert len(upstream.requests) == 1  # the other one has no answer yet
    await page.send("results", results=[{"call": unknown, "text": "no such city", "is_error": True}])
    reply = await until_said(first.started["conversation"], "Rain.")
    assert reply.status == "done"
    _question, called, answered = upstream.requests[1]["messages"]
    assert called["content"][0]["signature"] == "9f86"
    assert [part["id"] for part in called["content"] if part["type"] == "tool_use"] == ["c1", "c2"]
    assert answered["content"] == [
        {"type": "tool_result", "tool_use_id": "c1", "content": "rain", "is_error": False},
        {"type": "tool_result", "tool_use_id": "c2", "content": "no such city", "is_error": True},
    ]


async def test_a_call_without_an_answer_is_not_sent_again(upstream, creator, open_page):
    async def answer(line):
        await line.say("One moment.")
        await line.call("get_weather", {"city": "Berlin"})
        await line.end("tool_use")

    upstream.answer = answer
    page = await open_page(creator)
    await page.say("Weather?")
    first = await page.see()
    upstream.answer = answers("Fine.")
    await page.say("Never mind", conversation=first.started["conversation"], parent=first.message)
    await page.see()
    assert [part["type"] for part in upstream.requests[1]["messages"][1]["content"]] == ["text"]


# --- accidents --------------------------------------------------------------------------------------------------------


async def test_stop_closes_the_upstream_at_once_and_keeps_what_was_written(upstream, creator, open_page):
    page = await open_page(creator)
    await page.say()
    line = await upstream.lines.get()
    await line.say("Half a sen")
    seen = await page.see(until=lambda seen: "Half" in seen.text)
    began = time.perf_counter()
    await page.send("stop", message=seen.message)
    await line.gone()
    assert time.perf_counter() - began < 0.1
    seen = await page.see(seen=seen)
    reply = await row(seen.message)
    assert (reply.status, reply.text) == ("stopped", "Half a sen")
    assert reply.charged == "unknown"


async def test_a_reply_that_was_cut_is_gone_on_with(upstream, creator, open_page):
    page = await open_page(creator)
    await page.say()
    line = await upstream.lines.get()
    await line.think("Hm.")
    await line.say("Half")
    seen = await page.see(until=lambda seen: "Half" in seen.text)
    await page.send("stop", message=seen.message)
    seen = await page.see(seen=seen)
    upstream.answer = answers(" and whole.")
    await page.send(
        "continue",
        click=str(uuid.uuid4()),
        conversation=seen.started["conversation"],
        parent=seen.message,
        settings=SETTINGS,
    )
    await page.see()
    sent = upstream.requests[1]["messages"]
    assert [message["content"] for message in sent[1:]] == [
        [{"type": "text", "text": "Half"}],  # without the thought: it has no signature
        [{"type": "text", "text": CONTINUE}],
    ]


async def test_a_stream_that_breaks_keeps_what_came_and_says_so(upstream, creator, open_page):
    page = await open_page(creator)
    await page.say()
    line = await upstream.lines.get()
    await line.say("Half")
    seen = await page.see(until=lambda seen: "Half" in seen.text)
    line.writer.close()
    seen = await page.see(seen=seen)
    reply = await row(seen.message)
    assert (reply.status, reply.text, reply.charged) == ("failed", "Half", "unknown")
    assert reply.error == "The connection broke off before the reply was complete."
    assert reply.trace_id == "feed"


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        ((404, "not_found_error"), "does not know this model"),
        ((429, "rate_limit_error"), "Too many requests"),
        ((529, "overloaded_error"), "too much to do"),
        ((401, "authentication_error"), "did not accept the key"),
    ],
)
async def test_a_refusal_costs_nothing_and_is_a_sentence(upstream, creator, open_page, refusal, sentence):
    upstream.refuses = refusal
    page = await open_page(creator)
    await page.say()
    seen = await page.see()
    reply = await row(seen.message)
    assert (reply.status, reply.charged, reply.cost_usd) == ("failed", "no", 0)
    assert sentence in reply.error
    assert not await in_thread(LedgerEntry.objects.exists)


async def test_the_socket_may_go_and_the_reply_goes_on(upstream, creator, open_page):
    page = await open_page(creator)
    await page.say()
    line = await upstream.lines.get()
    await line.say("Before, ")
    seen = await page.see(until=lambda seen: "Before" in seen.text)
    await page.close()
    await line.say("after.")
    await line.end()
    assert (await until_over(seen.message)).text == "Before, after."


async def test_a_second_page_sees_the_same_from_where_it_is(upstream, creator, open_page):
    first = await open_page(creator)
    await first.say()
    line = await upstream.lines.get()
    await line.think("Hm. ")
    await line.say("One two ")
    seen = await first.see(until=lambda seen: "two" in seen.text)

    second = await open_page(creator)
    await second.send("watch", message=seen.message)
    joined = await second.see(until=lambda seen: "two" in seen.text)
    assert joined.thought == "Hm. "
    await line.say("three.")
    await line.end()
    one, other = await first.see(seen=seen), await second.see(seen=joined)
    assert one.text == other.text == "One two three."


async def test_another_tab_hears_that_something_new_stands_there(upstream, creator, open_page):
    upstream.answer = answers("One.")
    page, other = await open_page(creator), await open_page(creator)
    await page.say("First")
    first = await page.see()
    await other.send("show", conversation=first.started["conversation"])
    await asyncio.sleep(0)
    await page.say("Second", conversation=first.started["conversation"], parent=first.message)
    second = await page.see()
    assert (await other.expect("moved"))["message"] == second.message


async def test_another_process_shows_it_within_half_a_second(upstream, creator, open_page, monkeypatch):
    page = await open_page(creator)
    await page.say()
    line = await upstream.lines.get()
    seen = await page.see(until=lambda seen: bool(seen.started))
    following = await elsewhere.follow(uuid.UUID(seen.message))
    watched = Seen()
    frames: asyncio.Queue[str] = asyncio.Queue()
    watching = asyncio.create_task(live.Watcher(following, frames.put).watch())
    await line.think("Hm.")
    await line.say("From elsewhere")
    began = time.perf_counter()

    async def read(until):
        while not until():
            for text in (await asyncio.wait_for(frames.get(), 5)).split("\n"):
                watched.take(json.loads(text))

    await read(lambda: "elsewhere" in watched.text)
    assert time.perf_counter() - began < 0.75  # half a second, and a busy machine
    await line.end()
    await read(lambda: bool(watched.status))
    assert (watched.thought, watched.status) == ("Hm.", "done")
    await watching


async def test_a_stop_from_another_process_is_heard(upstream, creator, open_page):
    page = await open_page(creator)
    await page.say()
    line = await upstream.lines.get()
    seen = await page.see(until=lambda seen: bool(seen.started))
    await in_thread(Message.objects.filter(pk=seen.message).update, stop_asked=True)
    await line.gone()
    assert (await until_over(seen.message)).status == "stopped"


async def test_a_killed_process_leaves_the_partial_reply(upstream, creator, open_page):
    page = await open_page(creator)
    await page.say()
    line = await upstream.lines.get()
    await line.say("What was ")
    await line.say("written.")
    seen = await page.see(until=lambda seen: "written" in seen.text)
    await asyncio.sleep(2 * live.HEARTBEAT_S)
    run = live.find_run(uuid.UUID(seen.message))
    run.task.cancel()  # as if the process were gone: nothing is said on the row
    run._upstream.cancel()
    live._runs.clear()
    long_ago = timezone.now() - timedelta(minutes=5)
    for _beat in range(20):  # the last heartbeat may still be on its way to the row
        await in_thread(Message.objects.filter(pk=seen.message).update, heartbeat_at=long_ago)
        if swept := await in_thread(finishing.sweep):
            break
        await asyncio.sleep(live.HEARTBEAT_S)
    assert swept == 1

    reply = await row(seen.message)
    assert (reply.status, reply.text) == ("interrupted", "What was written.")
    assert "What was written." in reply.html[0]
    assert not await in_thread(Piece.objects.exists)
    assert await in_thread(finishing.sweep) == 0


async def test_a_studio_that_is_stopped_keeps_what_had_arrived(upstream, creator, open_page):
    page = await open_page(creator)
    await page.say()
    line = await upstream.lines.get()
    await line.say("So far")
    seen = await page.see(until=lambda seen: "far" in seen.text)
    await live.shut_down()
    reply = await row(seen.message)
    assert (reply.status, reply.text) == ("interrupted", "So far")


# --- who may ----------------------------------------------------------------------------------------------------------


async def refusal_of(page, **fields):
    await page.say(**fields)
    while (message := await page.receive()).get("type") != "refused":
        assert "k" in message, message  # of replies that are being written
    return message["message"]


async def test_a_viewer_is_refused_and_nothing_is_stored(upstream, viewer, open_page):
    page = await open_page(viewer)
    assert "lets you read" in await refusal_of(page)
    assert not await in_thread(Conversation.objects.exists)
    assert upstream.requests == []


async def test_nobody_writes_into_somebody_elses_conversation(upstream, creator, admin, open_page):
    upstream.answer = answers("Mine.")
    page = await open_page(creator)
    await page.say()
    seen = await page.see()
    await in_thread(Conversation.objects.update, is_open=True)
    other = await open_page(admin)
    sentence = await refusal_of(other, conversation=seen.started["conversation"], parent=seen.message)
    assert "somebody else's" in sentence
    await other.send("stop", message=seen.message)
    assert (await other.receive())["type"] == "refused"


async def test_another_member_does_not_see_a_private_reply(upstream, creator, admin, open_page):
    page = await open_page(creator)
    await page.say()
    await upstream.lines.get()
    seen = await page.see(until=lambda seen: bool(seen.started))
    other = await open_page(admin)
    for message in ({"type": "watch", "message": seen.message},):
        await other.send(**message)
        assert (await other.receive())["type"] == "refused"
    await other.send("show", conversation=seen.started["conversation"])
    assert (await other.receive())["type"] == "refused"


async def test_a_stranger_gets_no_socket(creator, stranger):
    socket = await open_socket(stranger, "chat/", slug=creator.workspace.slug)
    assert socket.close_code == 4404


async def test_too_many_replies_at_once_are_refused(upstream, creator, open_page):
    page = await open_page(creator)
    for _ in range(2):
        await page.say(settings=[SETTINGS] * 4)
        await page.expect("started")
    assert "are being written" in await refusal_of(page)


@pytest.mark.parametrize(
    "message",
    [
        {"type": "say"},
        {"type": "say", "click": "x", "text": "a", "settings": SETTINGS},
        {"type": "say", "click": str(uuid.uuid4()), "text": "", "settings": SETTINGS},
        {"type": "say", "click": str(uuid.uuid4()), "text": "a", "settings": SETTINGS | {"model": "gpt"}},
        {"type": "say", "click": str(uuid.uuid4()), "text": "a", "settings": SETTINGS | {"temperature": 3}},
        {
            "type": "say",
            "click": str(uuid.uuid4()),
            "text": "a",
            "settings": SETTINGS | {"functions": [{"name": "a b"}]},
        },
        {"type": "say", "click": str(uuid.uuid4()), "text": "a", "settings": [SETTINGS] * 5},
        {"type": "say", "click": str(uuid.uuid4()), "text": "a", "settings": SETTINGS, "attachments": [{"asset": "x"}]},
        {"type": "say", "click": str(uuid.uuid4()), "text": "a", "settings": SETTINGS, "attachments": {"a": 1}},
        {"type": "say", "click": str(uuid.uuid4()), "text": "a", "settings": SETTINGS, "parent": str(uuid.uuid4())},
        {"type": "again", "click": str(uuid.uuid4()), "settings": SETTINGS},
        {"type": "watch", "message": str(uuid.uuid4())},
        {"type": "stop"},
        {"type": "results", "results": "no"},
        {"type": "results", "results": [{"call": str(uuid.uuid4()), "text": "a"}]},
        {"type": "decide", "call": str(uuid.uuid4()), "approve": True},
        {"type": "sing"},
        {},
    ],
)
async def test_what_cannot_be_asked_is_a_sentence(upstream, creator, open_page, message):
    page = await open_page(creator)
    await page.send(**({"type": ""} | message))
    answer = await page.receive()
    assert answer["type"] == "refused"
    assert answer["message"]
    assert not await in_thread(Message.objects.exists)
    assert upstream.requests == []


async def test_without_a_connection_the_sentence_says_where_to_get_one(creator, open_page):
    page = await open_page(creator)
    assert "connection" in await refusal_of(page)


async def test_the_role_is_read_again_for_each_message(upstream, creator, open_page):
    page = await open_page(creator)
    creator.role = "viewer"
    await in_thread(creator.save)
    assert "lets you read" in await refusal_of(page)


# --- the sandbox ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("surface", ["anthropic", "openai"])
async def test_a_conversation_with_the_sandbox_is_free(on_sandbox, creator, open_page, surface):
    page = await open_page(creator)
    await page.say("What is 6 times 7?", settings=SETTINGS | {"surface": surface})
    seen = await page.see()
    reply = await row(seen.message)
    assert (reply.status, reply.stop_reason) == ("done", "end_turn"), reply.error
    assert "42" in reply.text
    assert reply.usage["output"] > 0
    assert (reply.cost_usd, reply.charged) == (0, "no")
