"""The OpenAI-compatible surface and the older native one, as their bytes are."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from tests.sandbox.chatting import GET_WEATHER_OPENAI, asked

PATH = "/v1/chat/completions"
NATIVE = "/v1/text/chatcompletion_v2"
PICTURE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}


def choices_of(events):
    return [event.data["choices"][0] for event in events if event.data.get("choices")]


def test_a_completion_has_every_documented_field(chatter):
    answer = chatter.completion("Repeat exactly: yes", thinking={"type": "disabled"})
    assert answer["object"] == "chat.completion"
    assert answer["base_resp"] == {"status_code": 0, "status_msg": ""}
    assert (answer["input_sensitive"], answer["output_sensitive_int"]) == (False, 0)
    (choice,) = answer["choices"]
    assert choice["finish_reason"] == "stop"
    assert choice["message"] == {"role": "assistant", "name": "MiniMax AI", "audio_content": "", "content": "yes"}
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["total_characters"] == 0


def test_m3_thinks_on_this_surface_unless_told_not_to(chatter):
    content = chatter.completion("Repeat exactly: yes")["choices"][0]["message"]["content"]
    assert content.startswith("<think>\n")
    assert content.endswith("\n</think>\nyes")


def test_reasoning_is_split_off_when_asked(chatter):
    message = chatter.completion("Repeat exactly: yes", reasoning_split=True)["choices"][0]["message"]
    assert message["content"] == "yes"
    (detail,) = message["reasoning_details"]
    assert detail["text"] == message["reasoning_content"] != ""
    assert (detail["type"], detail["format"], detail["index"]) == ("reasoning.text", "MiniMax-response-v1", 0)


def test_a_stream_opens_and_closes_its_thoughts_inside_the_content(chatter):
    events = chatter.completions("Repeat exactly: yes indeed")
    deltas = [choice["delta"] for choice in choices_of(events)]
    assert deltas[0]["content"].startswith("<think>\n")
    closing = next(delta["content"] for delta in deltas if "</think>" in delta["content"])
    assert closing.endswith("yes")
    whole = chatter.completion("Repeat exactly: yes indeed")["choices"][0]["message"]["content"]
    assert "".join(delta["content"] for delta in deltas) == whole


def test_every_chunk_has_the_fields_of_a_chunk(chatter):
    events = chatter.completions("Repeat exactly: yes")
    chunks = [event.data for event in events[:-1]]
    assert all(chunk["object"] == "chat.completion.chunk" and chunk["usage"] is None for chunk in chunks)
    assert all("base_resp" not in chunk and chunk["input_sensitive"] is False for chunk in chunks)
    fixed = [
        (delta["role"], delta["name"], delta["audio_content"]) for delta in (c["delta"] for c in choices_of(events))
    ]
    assert set(fixed) == {("assistant", "MiniMax AI", "")}
    reasons = [choice["finish_reason"] for choice in choices_of(events)]
    assert set(reasons[:-1]) == {None}
    assert reasons[-1] == "stop"
    assert events[-1].data == {"done": True}


def test_usage_comes_last_when_asked(chatter):
    events = chatter.completions("Write 300 words about rain", stream_options={"include_usage": True})
    last = events[-2].data
    assert last["choices"] == []
    assert last["usage"]["completion_tokens"] == len(choices_of(events))
    assert all(event.data["usage"] is None for event in events[:-2])


def test_split_reasoning_streams_cumulative_details(chatter):
    events = chatter.completions("Repeat exactly: yes indeed", reasoning_split=True)
    deltas = [choice["delta"] for choice in choices_of(events)]
    thoughts = [delta["reasoning_details"][0]["text"] for delta in deltas if "reasoning_details" in delta]
    assert all(after.startswith(before) for before, after in pairwise(thoughts))
    assert "".join(delta.get("reasoning_content", "") for delta in deltas) == thoughts[-1]
    assert "".join(delta["content"] for delta in deltas) == "yes indeed"


def test_a_tool_is_called_with_arguments_in_pieces(chatter):
    events = chatter.completions("What's the weather in Oslo?", tools=[GET_WEATHER_OPENAI], reasoning_split=True)
    calls = [call for choice in choices_of(events) for call in choice["delta"].get("tool_calls", ())]
    assert (calls[0]["type"], calls[0]["function"]["name"], calls[0]["index"]) == ("function", "get_weather", 0)
    assert json.loads("".join(call["function"]["arguments"] for call in calls)) == {"location": "Oslo"}
    assert choices_of(events)[-1]["finish_reason"] == "tool_calls"


def test_two_results_of_tools_are_used(chatter):
    first = chatter.completion(
        "Is it warmer in Oslo or Bergen? What's the weather in Oslo and Bergen?", tools=[GET_WEATHER_OPENAI]
    )["choices"][0]["message"]
    turns = [
        {"role": "user", "content": "What's the weather in Oslo and Bergen, where is it warmer?"},
        first,
        *(
            {"role": "tool", "tool_call_id": call["id"], "content": json.dumps({"temperature": degrees})}
            for call, degrees in zip(first["tool_calls"], (7, 9), strict=True)
        ),
    ]
    answer = chatter.completion("", messages=turns, tools=[GET_WEATHER_OPENAI], thinking={"type": "disabled"})
    content = answer["choices"][0]["message"]["content"]
    assert "Bergen it is" in content


def test_an_answer_is_cut_at_the_limit(chatter):
    answer = chatter.completion("Write 300 words about rain", max_tokens=None, max_completion_tokens=30)
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 30
    assert "</think>" not in answer["choices"][0]["message"]["content"]


def test_cached_tokens_are_part_of_the_prompt_tokens(chatter):
    system = {"role": "system", "content": "The studio keeps takes on this surface. " * 150}
    turns = [system, {"role": "user", "content": "Hello"}]
    first = chatter.completion("", messages=turns)["usage"]
    second = chatter.completion("", messages=turns)["usage"]
    assert second["prompt_tokens"] == first["prompt_tokens"]
    assert second["prompt_tokens_details"]["cached_tokens"] > 512


def test_the_model_for_role_play_plays_a_role(chatter):
    turns = [
        {"role": "system", "content": "You are Captain Nemo, master of the Nautilus."},
        {"role": "user", "content": "Where are we?"},
    ]
    answer = chatter.completion("", model="M2-her", messages=turns)["choices"][0]["message"]["content"]
    assert "Captain Nemo" in answer
    assert "<think>" not in answer


@pytest.mark.parametrize(
    ("changes", "status", "kind", "word"),
    [
        ({"model": "gpt-4"}, 404, "not_found_error", "gpt-4"),
        ({"n": 2}, 400, "bad_request_error", "n:"),
        ({"temperature": 3}, 400, "bad_request_error", "temperature"),
        ({"messages": [{"role": "king", "content": "x"}]}, 400, "bad_request_error", "role"),
        ({"functions": []}, 400, "bad_request_error", "functions"),
        (
            {"messages": [{"role": "system", "content": "a"}, {"role": "system", "content": "b"}]},
            400,
            "bad_request_error",
            "invalid chat setting",
        ),
        (
            {"messages": [{"role": "tool", "tool_call_id": "lost", "content": "x"}]},
            400,
            "bad_request_error",
            "lost",
        ),
        (
            {
                "messages": [
                    {"role": "user", "content": "x"},
                    {"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{"}}]},
                ]
            },
            400,
            "bad_request_error",
            "arguments",
        ),
        (
            {"model": "MiniMax-M2", "messages": [{"role": "user", "content": [PICTURE]}]},
            400,
            "bad_request_error",
            "images",
        ),
    ],
)
def test_a_wrong_request_is_refused_in_the_form_of_this_surface(chatter, changes, status, kind, word):
    response = chatter.post(PATH, {**asked("Hello"), **changes})
    error = response.json()["error"]
    assert (response.status_code, error["type"], error["http_code"]) == (status, kind, str(status))
    assert error["message"].endswith("(2013)")
    assert word in error["message"]


def test_a_wrong_key_gets_401(chatter):
    response = chatter.post(PATH, asked("Hello"), Authorization="Bearer wrong")
    error = response.json()["error"]
    assert (response.status_code, error["type"], error["http_code"]) == (401, "authorized_error", "401")
    assert error["message"].endswith("(2049)")


def test_models_are_listed(chatter):
    answer = chatter.get("/v1/models").json()
    ids = [model["id"] for model in answer["data"]]
    assert answer["object"] == "list"
    assert {"MiniMax-M3", "MiniMax-M2.7-highspeed", "M2-her"} <= set(ids)
    assert not [name for name in ids if "speech" in name or "image" in name]
    one = chatter.get("/v1/models/MiniMax-M3").json()
    assert one == {"id": "MiniMax-M3", "object": "model", "created": 1780272000, "owned_by": "minimax"}
    assert chatter.get("/v1/models/none").status_code == 404


def test_the_native_surface_ends_with_a_whole_completion(chatter):
    events = chatter.stream(NATIVE, asked("Repeat exactly: yes indeed", temperature=1))
    last = events[-1].data
    assert last["object"] == "chat.completion"
    assert last["base_resp"]["status_code"] == 0
    streamed = "".join(choice["delta"]["content"] for choice in choices_of(events[:-1]))
    assert last["choices"][0]["message"]["content"] == streamed


@pytest.mark.parametrize(
    ("changes", "code"), [({"model": "x"}, 2013), ({"temperature": 1.5}, 2013), ({"temperature": 0}, 2013)]
)
def test_the_native_surface_refuses_inside_http_200(chatter, changes, code):
    response = chatter.post(NATIVE, {**asked("Hello", temperature=1), **changes})
    assert response.status_code == 200
    assert response.json()["base_resp"]["status_code"] == code
