"""The official Python SDKs, unmodified: the judges of whether the sandbox speaks both dialects."""

from __future__ import annotations

import json

import anthropic
import openai
import pytest

from tests.sandbox.chatting import GET_WEATHER, GET_WEATHER_OPENAI

HELLO = [{"role": "user", "content": "Hello"}]
SAME = {"extra_body": {"temperature": 0}}  # this SDK has no parameter for it any more
INSTANT = {"X-Sandbox-Speed": "instant"}


@pytest.fixture
def claude(sandbox):
    with anthropic.Anthropic(
        base_url=f"{sandbox.url}/anthropic", api_key=sandbox.key, max_retries=0, default_headers=INSTANT
    ) as client:
        yield client


@pytest.fixture
def gpt(sandbox):
    with openai.OpenAI(
        base_url=f"{sandbox.url}/v1", api_key=sandbox.key, max_retries=0, default_headers=INSTANT
    ) as client:
        yield client


def test_anthropic_creates_a_message(claude):
    message = claude.messages.create(model="MiniMax-M3", max_tokens=500, messages=HELLO, **SAME)
    assert (message.role, message.stop_reason) == ("assistant", "end_turn")
    assert "guide" in message.content[0].text
    assert message.usage.input_tokens > 0
    assert message.usage.output_tokens > 0


def test_anthropic_streams_what_it_creates(claude):
    asked = {"model": "MiniMax-M2.7", "max_tokens": 5000, "messages": HELLO, **SAME}
    with claude.messages.stream(**asked) as stream:
        pieces = list(stream.text_stream)
        final = stream.get_final_message()
    assert len(pieces) > 3
    assert [block.type for block in final.content] == ["thinking", "text"]
    assert final.content[0].signature
    assert "".join(pieces) == final.content[1].text
    whole = claude.messages.create(**asked)
    assert whole.content[0].signature == final.content[0].signature
    assert whole.content[1].text == final.content[1].text
    assert whole.usage.output_tokens == final.usage.output_tokens


def test_anthropic_uses_a_tool_in_two_turns(claude):
    asked = {"model": "MiniMax-M3", "max_tokens": 5000, "tools": [GET_WEATHER], "thinking": {"type": "adaptive"}}
    turns = [{"role": "user", "content": "What's the weather in Oslo?"}]
    with claude.messages.stream(messages=turns, **asked) as stream:
        first = stream.get_final_message()
    assert first.stop_reason == "tool_use"
    call = first.content[-1]
    assert (call.name, call.input) == ("get_weather", {"location": "Oslo"})
    result = {"type": "tool_result", "tool_use_id": call.id, "content": '{"temperature": 7, "sky": "light rain"}'}
    turns += [{"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
    second = claude.messages.create(messages=turns, **asked)
    assert second.stop_reason == "end_turn"
    assert "light rain" in second.content[-1].text


def test_anthropic_counts_tokens_and_lists_models(claude):
    counted = claude.messages.count_tokens(model="MiniMax-M3", messages=HELLO).input_tokens
    message = claude.messages.create(model="MiniMax-M3", max_tokens=500, messages=HELLO)
    assert counted == message.usage.input_tokens
    ids = [model.id for model in claude.models.list(limit=3)]
    assert len(ids) == len(set(ids)) == 8
    assert claude.models.retrieve("MiniMax-M3").display_name == "MiniMax M3"


def test_anthropic_tells_errors_apart(claude, sandbox):
    with pytest.raises(anthropic.NotFoundError):
        claude.messages.create(model="claude-3", max_tokens=5, messages=HELLO)
    with pytest.raises(anthropic.BadRequestError):
        claude.messages.create(model="MiniMax-M3", max_tokens=5, messages=HELLO, extra_body={"temperature": 9})
    with pytest.raises(anthropic.AuthenticationError):
        claude.with_options(api_key="wrong").messages.create(model="MiniMax-M3", max_tokens=5, messages=HELLO)
    limited = claude.with_options(default_headers={"X-Sandbox-Fault": "rate_limit"})
    with pytest.raises(anthropic.RateLimitError):
        limited.messages.create(model="MiniMax-M3", max_tokens=5, messages=HELLO)
    busy = claude.with_options(default_headers={"X-Sandbox-Fault": "http_529"})
    with pytest.raises(anthropic.APIStatusError) as caught:
        busy.messages.create(model="MiniMax-M3", max_tokens=5, messages=HELLO)
    assert caught.value.status_code == 529


def test_anthropic_hears_of_an_error_in_the_middle(claude):
    broken = claude.with_options(default_headers={"X-Sandbox-Fault": "error_midway", **INSTANT})
    with (
        pytest.raises(anthropic.APIStatusError, match="overloaded"),
        broken.messages.stream(
            model="MiniMax-M3", max_tokens=5000, messages=[{"role": "user", "content": "Write 200 words"}]
        ) as stream,
    ):
        stream.until_done()


def test_openai_creates_a_completion(gpt):
    answer = gpt.chat.completions.create(model="MiniMax-M3", temperature=0, messages=HELLO)
    content = answer.choices[0].message.content
    assert content.startswith("<think>")
    assert "guide" in content.split("</think>")[1]
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_openai_streams_with_split_reasoning(gpt):
    stream = gpt.chat.completions.create(
        model="MiniMax-M3",
        temperature=0,
        messages=HELLO,
        stream=True,
        stream_options={"include_usage": True},
        extra_body={"reasoning_split": True},
    )
    chunks = list(stream)
    content = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert "guide" in content
    assert "<think>" not in content
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage.completion_tokens == len(chunks) - 1
    assert chunks[0].choices[0].delta.reasoning_details[0]["text"]


def test_openai_streams_through_its_own_accumulator(gpt):
    with gpt.chat.completions.stream(model="MiniMax-M3", messages=HELLO, temperature=0) as stream:
        final = stream.get_final_completion()
    whole = gpt.chat.completions.create(model="MiniMax-M3", messages=HELLO, temperature=0)
    assert final.choices[0].message.content == whole.choices[0].message.content


def test_openai_uses_a_tool_in_two_turns(gpt):
    turns = [{"role": "user", "content": "What's the weather in Oslo?"}]
    asked = {"model": "MiniMax-M2.7", "tools": [GET_WEATHER_OPENAI]}
    first = gpt.chat.completions.create(messages=turns, **asked)
    assert first.choices[0].finish_reason == "tool_calls"
    message = first.choices[0].message
    call = message.tool_calls[0]
    assert json.loads(call.function.arguments) == {"location": "Oslo"}
    turns += [
        message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": call.id, "content": "error: the station is closed"},
    ]
    second = gpt.chat.completions.create(messages=turns, **asked)
    assert second.choices[0].finish_reason == "stop"
    assert "did not work" in second.choices[0].message.content


def test_openai_lists_models_and_tells_errors_apart(gpt):
    assert "MiniMax-M3" in [model.id for model in gpt.models.list()]
    assert gpt.models.retrieve("MiniMax-M2.5").owned_by == "minimax"
    with pytest.raises(openai.NotFoundError):
        gpt.models.retrieve("gpt-4")
    with pytest.raises(openai.NotFoundError):
        gpt.chat.completions.create(model="gpt-4", messages=HELLO)
    with pytest.raises(openai.BadRequestError):
        gpt.chat.completions.create(model="MiniMax-M3", messages=HELLO, n=3)
    with pytest.raises(openai.AuthenticationError):
        gpt.with_options(api_key="wrong").models.list()
    limited = gpt.with_options(default_headers={"X-Sandbox-Fault": "http_429"})
    with pytest.raises(openai.RateLimitError):
        limited.chat.completions.create(model="MiniMax-M3", messages=HELLO)
