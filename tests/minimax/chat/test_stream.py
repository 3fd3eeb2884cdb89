"""stream_chat against servers on real sockets, well behaved and not."""

import asyncio
import json
import time

import pytest

from apps.minimax.chat import (
    ChatRequest,
    Finished,
    Started,
    TextDelta,
    ThinkingDelta,
    Tool,
    ToolCall,
    Usage,
    stream_chat,
)
from apps.minimax.connection import Endpoint
from apps.minimax.errors import (
    AuthenticationError,
    BalanceError,
    BrokenAnswerError,
    ContentRejectedError,
    InvalidRequestError,
    MiniMaxError,
    OutcomeUnknownError,
    RateLimitError,
    UnreachableError,
)
from apps.minimax.speech import new_http
from tests.conftest import free_port
from tests.minimax.chat.streams import (
    ANTHROPIC,
    ANTHROPIC_TOOLS,
    START,
    TEXT,
    THINKING,
    USAGE,
    block,
    chunk,
    ending,
    openai,
    sse,
    tool,
)
from tests.minimax.servers import KEY, refusal, serving

HELLO = ChatRequest("MiniMax-M3", [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}], max_tokens=100)


async def ask(handle, surface="anthropic", request=HELLO, **options):
    """What arrives from a server: (events, the error or None)."""
    events, error = [], None
    async with serving(handle) as endpoint, new_http() as http:
        try:
            async for event in stream_chat(http, endpoint, request, surface, **options):
                events.append(event)
        except MiniMaxError as exc:
            error = exc
    return events, error


def sends(*chunks: bytes, end: bool = True):
    async def handle(line):
        await line.start_stream()
        for piece in chunks:
            await line.chunk(piece)
        if end:
            await line.end_stream()
        else:
            line.writer.close()

    return handle


def answers(status: int, body: dict | bytes):
    async def handle(line):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        await line.whole(content, status, "text/html" if isinstance(body, bytes) else "application/json")

    return handle


def text_of(events) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def thought_of(events) -> str:
    return "".join(event.text for event in events if isinstance(event, ThinkingDelta))


# --- Anthropic-compatible ---------------------------------------------------------------------------------------------


async def test_a_turn_comes_as_thoughts_then_text_then_its_end():
    events, error = await ask(sends(ANTHROPIC))
    assert error is None
    assert events[0] == Started("MiniMax-M3", "t-1")
    assert (thought_of(events), text_of(events)) == ("Let me see. 思", "Grüß dich.")
    assert events[-1] == Finished(
        "end_turn",
        Usage(input=12, output=7, cache_read=114, cache_write=3),
        [
            {"type": "thinking", "thinking": "Let me see. 思", "signature": "9f86"},
            {"type": "text", "text": "Grüß dich."},
        ],
        "t-1",
    )


@pytest.mark.parametrize("stream", [ANTHROPIC, ANTHROPIC_TOOLS])
async def test_every_cut_of_the_bytes_gives_the_same_anthropic_turn(stream):
    whole, _error = await ask(sends(stream))
    async with new_http() as http:
        for cut in range(1, len(stream), 7):
            async with serving(sends(stream[:cut], stream[cut:])) as endpoint:
                events = [event async for event in stream_chat(http, endpoint, HELLO, "anthropic")]
                assert events == whole, cut


async def test_bytes_one_by_one_give_the_same_turn():
    whole, _error = await ask(sends(ANTHROPIC_TOOLS))
    single, error = await ask(sends(*(ANTHROPIC_TOOLS[at : at + 1] for at in range(len(ANTHROPIC_TOOLS)))))
    assert (error, single) == (None, whole)


async def test_several_tool_calls_come_complete_with_their_input():
    events, _error = await ask(sends(ANTHROPIC_TOOLS))
    calls = [event for event in events if isinstance(event, ToolCall)]
    assert [(call.id, call.name, call.input) for call in calls] == [
        ("call_get_weather_2", "get_weather", {"city": "Berlin"}),
        ("call_get_time_3", "get_time", {}),
    ]
    assert events[-1].stop_reason == "tool_use"
    assert events[-1].blocks[2:] == [
        {"type": "tool_use", "id": "call_get_weather_2", "name": "get_weather", "input": {"city": "Berlin"}},
        {"type": "tool_use", "id": "call_get_time_3", "name": "get_time", "input": {}},
    ]


async def test_arguments_that_are_no_json_object_are_told_as_such():
    events, error = await ask(sends(sse(START, *tool(0, "draw", '{"prompt": "a ca'), *ending("tool_use"))))
    call = next(event for event in events if isinstance(event, ToolCall))
    assert (error, call.input, call.arguments) == (None, None, '{"prompt": "a ca')


async def test_what_an_unknown_block_holds_is_kept_to_be_echoed():
    unknown = {"type": "redacted_thinking", "data": "b64"}
    events, error = await ask(sends(sse(START, *block(0, unknown), *TEXT, *ending())))
    assert error is None
    assert events[-1].blocks[0] == unknown


async def test_a_turn_without_message_stop_is_whole_once_its_reason_is_known():
    events, error = await ask(sends(sse(START, *TEXT, ending()[0]), end=False))
    assert error is None
    assert events[-1].stop_reason == "end_turn"


async def test_an_error_event_in_the_middle_ends_the_turn_and_may_have_been_charged():
    overloaded = {"type": "error", "request_id": "r-7", "error": {"type": "overloaded_error", "message": "busy"}}
    events, error = await ask(sends(sse(START, *THINKING, overloaded, *TEXT, *ending(), named=True)))
    assert thought_of(events)
    assert isinstance(error, RateLimitError)
    assert (error.charged, error.retryable) == ("unknown", False)


async def test_an_error_event_before_the_first_word_is_free():
    limit = {"type": "error", "error": {"type": "rate_limit_error", "message": "rpm"}}
    events, error = await ask(sends(sse(START, limit)))
    assert events == [Started("MiniMax-M3", "t-1")]
    assert isinstance(error, RateLimitError)
    assert (error.charged, error.retryable) == ("no", True)


# --- OpenAI-compatible ------------------------------------------------------------------------------------------------

IN_CONTENT = openai(
    {"content": "<think>"},
    {"content": "\nHm, "},
    {"content": "well.\n</th"},
    {"content": "ink>\n\nGrüß"},
    {"content": " dich."},
)


async def test_thinking_inside_the_content_is_told_apart():
    events, error = await ask(sends(IN_CONTENT), "openai")
    assert error is None
    assert (thought_of(events), text_of(events)) == ("\nHm, well.\n", "\n\nGrüß dich.")
    end = events[-1]
    assert (end.stop_reason, end.usage) == ("end_turn", Usage(input=12, output=7, cache_read=114))
    assert end.blocks == [
        {"type": "thinking", "thinking": "\nHm, well.\n", "in_content": True},
        {"type": "text", "text": "\n\nGrüß dich."},
    ]


async def test_every_cut_of_the_bytes_gives_the_same_openai_turn():
    whole, _error = await ask(sends(IN_CONTENT), "openai")
    async with new_http() as http:
        for cut in range(1, len(IN_CONTENT), 11):
            async with serving(sends(IN_CONTENT[:cut], IN_CONTENT[cut:])) as endpoint:
                events = [event async for event in stream_chat(http, endpoint, HELLO, "openai")]
                assert events == whole, cut


@pytest.mark.parametrize("size", range(1, 12))
async def test_tags_are_found_however_the_content_is_cut(size):
    content = "<think>one < two</thin></think>three <think>is text"
    deltas = [{"content": content[at : at + size]} for at in range(0, len(content), size)]
    events, error = await ask(sends(openai(*deltas)), "openai", ChatRequest("m", [], 9, reasoning_split=False))
    assert error is None
    assert (thought_of(events), text_of(events)) == ("one < two</thin>", "three <think>is text")


def detail(text: str) -> dict:
    item = {"type": "reasoning.text", "id": "r-1", "format": "MiniMax-response-v1", "index": 0, "text": text}
    return {"reasoning_details": [item], "reasoning_content": text}


@pytest.mark.parametrize("thoughts", [("ha", "ha", " ha"), ("ha", "haha", "haha ha"), ("ha", "haha ha"), ("haha ha",)])
async def test_reasoning_may_grow_or_come_in_pieces(thoughts):
    """One short doubtful piece is all that could be read either way."""
    events, error = await ask(sends(openai(*map(detail, thoughts), {"content": "Yes."})), "openai")
    assert error is None
    assert (thought_of(events), text_of(events)) == ("haha ha", "Yes.")
    assert events[-1].blocks[0]["details"] == [
        {"type": "reasoning.text", "id": "r-1", "format": "MiniMax-response-v1", "index": 0, "text": "haha ha"}
    ]


async def test_content_may_grow_too_when_reasoning_is_split():
    events, _error = await ask(
        sends(openai({"content": "A"}, {"content": "A cat"}, {"content": "A cat sat"})), "openai"
    )
    assert text_of(events) == "A cat sat"


async def test_calls_are_put_together_from_their_pieces():
    first = {"index": 0, "id": "call_0", "type": "function", "function": {"name": "draw", "arguments": ""}}
    more = [{"index": 0, "function": {"arguments": part}} for part in ('{"prompt":', ' "cat"}')]
    second = {"index": 1, "id": "call_1", "type": "function", "function": {"name": "now", "arguments": "{}"}}
    deltas = [{"tool_calls": [call]} for call in (first, *more, second)]
    events, error = await ask(sends(openai(*deltas, finish="tool_calls")), "openai")
    assert error is None
    assert events[-3:-1] == [
        ToolCall("call_0", "draw", {"prompt": "cat"}, '{"prompt": "cat"}'),
        ToolCall("call_1", "now", {}, "{}"),
    ]
    assert events[-1].stop_reason == "tool_use"
    assert events[-1].blocks[0] == {"type": "tool_use", "id": "call_0", "name": "draw", "input": {"prompt": "cat"}}


@pytest.mark.parametrize(("reason", "expected"), [("length", "max_tokens"), ("content_filter", "content_filter")])
async def test_reasons_are_named_alike_on_both_surfaces(reason, expected):
    events, _error = await ask(sends(openai({"content": "A"}, finish=reason)), "openai")
    assert events[-1].stop_reason == expected


async def test_done_and_usage_may_be_missing():
    events, error = await ask(sends(openai({"content": "A"}, done=False, usage=None)), "openai")
    assert error is None
    assert (text_of(events), events[-1].usage) == ("A", None)


async def test_an_error_chunk_in_the_middle_ends_the_turn():
    told = {"type": "error", "error": {"type": "bad_request_error", "message": "flagged (1027)", "http_code": "400"}}
    events, error = await ask(sends(sse(chunk({"content": "A"}), told)), "openai")
    assert text_of(events) == "A"
    assert isinstance(error, ContentRejectedError)
    assert error.charged == "unknown"


# --- refusals and accidents -------------------------------------------------------------------------------------------


def told(kind: str, message: str = "no") -> dict:
    return {"type": "error", "request_id": "r-1", "error": {"type": kind, "message": message}}


@pytest.mark.parametrize("surface", ["anthropic", "openai"])
@pytest.mark.parametrize(
    ("status", "body", "expected", "retryable"),
    [
        (401, told("authentication_error"), AuthenticationError, False),
        (403, told("permission_error"), AuthenticationError, False),
        (404, told("not_found_error", "model: gpt"), InvalidRequestError, False),
        (400, told("invalid_request_error", "temperature"), InvalidRequestError, False),
        (400, told("bad_request_error", "invalid params, messages (2013)"), InvalidRequestError, False),
        (400, told("bad_request_error", "input new_sensitive (1026)"), ContentRejectedError, False),
        (402, told("insufficient_balance_error"), BalanceError, False),
        (413, told("request_too_large"), InvalidRequestError, False),
        (429, told("rate_limit_error"), RateLimitError, True),
        (429, b"<html>slow down</html>", RateLimitError, True),
        (529, told("overloaded_error"), RateLimitError, True),
        (200, refusal(1008), BalanceError, False),
        (200, refusal(1002), RateLimitError, True),
    ],
)
async def test_a_refusal_is_free(surface, status, body, expected, retryable):
    events, error = await ask(answers(status, body), surface)
    assert events == []
    assert isinstance(error, expected)
    assert (error.charged, error.retryable) == ("no", retryable)


@pytest.mark.parametrize(
    ("status", "body"), [(500, told("api_error")), (502, b"<html>bad gateway</html>"), (200, b"<p>")]
)
async def test_trouble_may_have_been_charged(status, body):
    events, error = await ask(answers(status, body))
    assert (events, error.charged, error.retryable) == ([], "unknown", False)


async def test_an_unknown_model_is_told_from_a_wrong_address():
    _events, model = await ask(answers(404, told("not_found_error")))
    _events, address = await ask(answers(404, b"<html>nothing here</html>"))
    assert str(model) == "The server does not know this model."
    assert "address" in str(address)


@pytest.mark.parametrize("surface", ["anthropic", "openai"])
@pytest.mark.parametrize("end", [True, False])
async def test_a_stream_without_its_end_is_never_whole(surface, end):
    stream = sse(START, *THINKING, *TEXT) if surface == "anthropic" else sse(chunk({"content": "A"}))
    events, error = await ask(sends(stream, end=end), surface)
    assert text_of(events)
    assert not any(isinstance(event, Finished) for event in events)
    assert isinstance(error, BrokenAnswerError)
    assert (error.charged, str(error)) == ("unknown", "The connection broke off before the reply was complete.")


async def test_done_without_a_reason_is_no_end():
    _events, error = await ask(sends(sse(chunk({"content": "A"}), "[DONE]")), "openai")
    assert isinstance(error, BrokenAnswerError)


async def test_silence_in_the_middle_is_told():
    async def handle(line):
        await line.start_stream()
        await line.chunk(sse(START, *THINKING))
        await line.wait_for_hangup()

    events, error = await ask(handle, silence_s=0.2)
    assert thought_of(events)
    assert str(error) == "MiniMax stopped sending before the reply was complete."


async def test_silence_before_anything_may_have_been_charged():
    async def handle(line):
        await line.wait_for_hangup()

    _events, error = await ask(handle, silence_s=0.2)
    assert isinstance(error, OutcomeUnknownError)


async def test_nothing_at_the_address_is_free():
    async with new_http() as http:
        with pytest.raises(UnreachableError):
            async for _event in stream_chat(http, Endpoint(f"http://127.0.0.1:{free_port()}", KEY), HELLO, "anthropic"):
                pass


async def test_an_event_that_is_no_json_is_told():
    _events, error = await ask(sends(sse(START, "{broken")))
    assert str(error) == "A part of the reply could not be read."


async def test_closing_hangs_up_at_once():
    hung_up = asyncio.Event()

    async def handle(line):
        await line.start_stream()
        await line.chunk(sse(START, *THINKING))
        await line.wait_for_hangup()
        hung_up.set()

    async with serving(handle) as endpoint, new_http() as http:
        turn = stream_chat(http, endpoint, HELLO, "anthropic")
        await anext(turn)
        began = time.perf_counter()
        await turn.aclose()
        await asyncio.wait_for(hung_up.wait(), 5)
        assert time.perf_counter() - began < 1


async def test_the_connection_serves_the_next_turn():
    connections = set()

    async def handle(line):
        connections.add(line)
        await sends(ANTHROPIC)(line)

    async with serving(handle) as endpoint, new_http() as http:
        for _turn in range(3):
            assert [event async for event in stream_chat(http, endpoint, HELLO, "anthropic")]
    assert len(connections) == 1


# --- what is sent -----------------------------------------------------------------------------------------------------

FULL = ChatRequest(
    "MiniMax-M3",
    [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aWk="}},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Look.", "signature": "9f"},
                {"type": "text", "text": "One moment."},
                {"type": "tool_use", "id": "c1", "name": "look", "input": {"at": "it"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": "a cat", "is_error": False},
                {"type": "text", "text": "Well?"},
            ],
        },
    ],
    max_tokens=100,
    system="Be brief.",
    temperature=0.5,
    top_p=0.9,
    thinking=False,
    tools=[Tool("look", "Looks.", {"type": "object"})],
    tool_choice="auto",
    service_tier="priority",
    user_id="u-1",
)


async def body_sent(surface, request=FULL):
    seen = {}

    async def handle(line):
        seen.update(json.loads(line.body), path=line.headers.split()[1].decode())
        await sends(ANTHROPIC if surface == "anthropic" else IN_CONTENT)(line)

    _events, error = await ask(handle, surface, request)
    assert error is None
    return seen


async def test_the_anthropic_body_echoes_every_block():
    body = await body_sent("anthropic")
    assert body["path"] == "/anthropic/v1/messages"
    assert body["messages"] == FULL.messages
    assert (body["stream"], body["max_tokens"], body["system"]) == (True, 100, "Be brief.")
    assert (body["temperature"], body["top_p"], body["service_tier"]) == (0.5, 0.9, "priority")
    assert (body["thinking"], body["tool_choice"]) == ({"type": "disabled"}, {"type": "auto"})
    assert body["tools"] == [{"name": "look", "description": "Looks.", "input_schema": {"type": "object"}}]
    assert body["metadata"] == {"user_id": "u-1"}


async def test_the_openai_body_says_the_same_in_its_own_words():
    body = await body_sent("openai")
    assert body["path"] == "/v1/chat/completions"
    system, user, assistant, result, follow_up = body["messages"]
    assert system == {"role": "system", "content": "Be brief."}
    assert user["content"][1] == {"type": "image_url", "image_url": {"url": "data:image/png;base64,aWk="}}
    assert assistant["tool_calls"][0]["function"] == {"name": "look", "arguments": '{"at": "it"}'}
    assert assistant["reasoning_details"] == [{"type": "reasoning.text", "text": "Look."}]
    assert result == {"role": "tool", "tool_call_id": "c1", "content": "a cat"}
    assert follow_up == {"role": "user", "content": "Well?"}
    assert (body["max_completion_tokens"], body["reasoning_split"]) == (100, True)
    assert body["stream_options"] == {"include_usage": True}
    assert body["thinking"] == {"type": "disabled"}
    assert body["tools"][0]["function"]["parameters"] == {"type": "object"}


@pytest.mark.parametrize("stream", [IN_CONTENT, openai(detail("Hm."), {"content": "Hello."})])
async def test_what_an_openai_turn_brought_goes_back_as_it_came(stream):
    events, _error = await ask(sends(stream), "openai")
    again = ChatRequest("m", [{"role": "assistant", "content": events[-1].blocks}], 9)
    (echo,) = (await body_sent("openai", again))["messages"]
    if stream is IN_CONTENT:
        assert echo["content"] == "<think>\nHm, well.\n</think>\n\nGrüß dich."
    else:
        assert (echo["content"], echo["reasoning_details"]) == ("Hello.", detail("Hm.")["reasoning_details"])


async def test_thinking_without_a_signature_stays_at_home_on_the_anthropic_surface():
    thought = {"type": "thinking", "thinking": "Hm.", "in_content": True}
    history = [{"role": "assistant", "content": [thought, {"type": "text", "text": "Hello."}]}]
    body = await body_sent("anthropic", ChatRequest("m", history, 9))
    assert body["messages"][0]["content"] == [{"type": "text", "text": "Hello."}]


async def test_what_is_not_set_is_not_sent():
    body = await body_sent("anthropic", HELLO)
    assert set(body) == {"model", "max_tokens", "stream", "messages", "path"}


def test_usage_of_the_openai_surface_does_not_count_the_cache_twice():
    assert USAGE["prompt_tokens"] == 12 + 114
