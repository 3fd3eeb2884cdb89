"""The Anthropic-compatible surface, as its bytes are."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest
from PIL import Image

from tests.sandbox.chatting import GET_WEATHER, asked, text_of

PATH = "/anthropic/v1/messages"
LONG = "The library keeps every take with its settings. " * 200


def a_picture() -> str:
    content = io.BytesIO()
    Image.new("RGB", (280, 140), (200, 30, 30)).save(content, "PNG")
    return base64.b64encode(content.getvalue()).decode()


def picture_block(**changes: Any) -> dict[str, Any]:
    source = {"type": "base64", "media_type": "image/png", "data": a_picture(), **changes}
    return {"type": "image", "source": source}


def test_the_events_of_a_stream_come_in_the_documented_order(chatter):
    events = chatter.messages("Hello", thinking={"type": "adaptive"})
    names = [event.name for event in events]
    assert names[:3] == ["message_start", "ping", "content_block_start"]
    assert names[-2:] == ["message_delta", "message_stop"]
    assert all(event.name == event.data["type"] for event in events)
    blocks = [name for name in names if name not in ("content_block_delta", "ping")]
    one_block = ["content_block_start", "content_block_stop"]
    assert blocks == ["message_start", *one_block, *one_block, "message_delta", "message_stop"]


def test_thinking_comes_first_and_is_signed_before_it_ends(chatter):
    events = chatter.messages("Hello", thinking={"type": "adaptive"})
    starts = [event.data for event in events if event.name == "content_block_start"]
    assert [(start["index"], start["content_block"]["type"]) for start in starts] == [(0, "thinking"), (1, "text")]
    first = [event.data["delta"] for event in events if event.data.get("index") == 0 and "delta" in event.data]
    assert {delta["type"] for delta in first[:-1]} == {"thinking_delta"}
    assert first[-1]["type"] == "signature_delta"
    assert len(first[-1]["signature"]) == 64
    whole = chatter.message("Hello", thinking={"type": "adaptive"})["content"]
    thought = "".join(delta["thinking"] for delta in first[:-1])
    assert whole[0] == {"type": "thinking", "thinking": thought, "signature": first[-1]["signature"]}
    assert whole[1] == {"type": "text", "text": text_of(events)}


def test_a_message_starts_empty_with_a_usage_that_is_not_final(chatter):
    start = chatter.messages("Hello")[0].data["message"]
    assert (start["content"], start["stop_reason"], start["stop_sequence"]) == ([], None, None)
    assert (start["role"], start["type"], start["model"]) == ("assistant", "message", "MiniMax-M3")
    assert (start["usage"]["input_tokens"], start["usage"]["output_tokens"]) == (0, 0)
    assert start["usage"]["service_tier"] == "standard"


def test_every_delta_is_one_token_and_the_usage_adds_up(chatter):
    events = chatter.messages("Write 300 words about the sea", thinking={"type": "adaptive"})
    deltas = [event.data["delta"] for event in events if event.name == "content_block_delta"]
    tokens = [delta for delta in deltas if delta["type"] != "signature_delta"]
    usage = events[-2].data["usage"]
    assert usage["output_tokens"] == len(tokens)
    counted = chatter.post(f"{PATH}/count_tokens", asked("Write 300 words about the sea")).json()
    kinds = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    assert sum(usage[kind] for kind in kinds) == counted["input_tokens"]


def test_pings_come_again_in_a_long_answer(chatter):
    events = chatter.messages("Write 20 KB of text")
    assert [event.name for event in events].count("ping") > 1


def test_thinking_is_off_unless_asked_for_with_m3(chatter):
    assert [block["type"] for block in chatter.message("Hello")["content"]] == ["text"]


def test_older_models_think_whatever_is_sent(chatter):
    content = chatter.message("Hello", model="MiniMax-M2.7", thinking={"type": "disabled"})["content"]
    assert [block["type"] for block in content] == ["thinking", "text"]


def test_an_answer_is_cut_at_max_tokens(chatter):
    message = chatter.message("Write 300 words about the sea", max_tokens=40)
    assert message["stop_reason"] == "max_tokens"
    assert message["usage"]["output_tokens"] == 40
    whole = chatter.message("Write 300 words about the sea")["content"][0]["text"]
    assert whole.startswith(message["content"][0]["text"])


def test_a_cut_answer_is_continued_where_it_ended(chatter):
    question = {"role": "user", "content": "Write 300 words about the sea"}
    begun = chatter.message("Write 300 words about the sea", max_tokens=40)["content"][0]["text"]
    whole = chatter.message("Write 300 words about the sea")["content"][0]["text"]
    turns = [question, {"role": "assistant", "content": begun}]
    assert begun + chatter.message("", messages=turns)["content"][0]["text"] == whole
    turns.append({"role": "user", "content": "Continue"})
    assert begun + chatter.message("", messages=turns)["content"][0]["text"] == whole


def test_the_input_of_a_tool_comes_as_pieces_of_json(chatter):
    events = chatter.messages("What's the weather in Oslo?", tools=[GET_WEATHER])
    start = next(
        e.data for e in events if e.name == "content_block_start" and e.data["content_block"]["type"] != "text"
    )
    block = start["content_block"]
    assert (block["type"], block["name"], block["input"]) == ("tool_use", "get_weather", {})
    assert block["id"].startswith("call_function_")
    pieces = [
        event.data["delta"]["partial_json"]
        for event in events
        if event.name == "content_block_delta" and event.data["delta"]["type"] == "input_json_delta"
    ]
    assert len(pieces) > 1
    assert json.loads("".join(pieces)) == {"location": "Oslo"}
    assert events[-2].data["delta"]["stop_reason"] == "tool_use"


def test_several_tools_are_called_in_one_turn(chatter):
    content = chatter.message("What's the weather in Oslo and Bergen?", tools=[GET_WEATHER])["content"]
    calls = [block for block in content if block["type"] == "tool_use"]
    assert [call["input"]["location"] for call in calls] == ["Oslo", "Bergen"]
    assert len({call["id"] for call in calls}) == 2


def test_no_tool_is_called_when_the_choice_is_none(chatter):
    content = chatter.message("What's the weather in Oslo?", tools=[GET_WEATHER], tool_choice={"type": "none"})[
        "content"
    ]
    assert [block["type"] for block in content] == ["text"]


def test_a_tool_is_called_when_it_is_forced(chatter):
    choice = {"type": "tool", "name": "get_weather"}
    content = chatter.message("Bergen", tools=[GET_WEATHER], tool_choice=choice)["content"]
    assert content[-1]["type"] == "tool_use"


def test_what_a_failing_tool_said_is_told(chatter):
    turns = [
        {"role": "user", "content": "What's the weather in Oslo?"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "get_weather", "input": {}}]},
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "a", "is_error": True, "content": "The station is closed"}
            ],
        },
    ]
    text = chatter.message("", messages=turns, tools=[GET_WEATHER])["content"][0]["text"]
    assert "did not work" in text
    assert "The station is closed" in text


def test_a_prompt_that_was_sent_before_is_read_from_the_cache(chatter):
    about = f"{LONG} A text of this test alone."
    turns = [{"role": "user", "content": about}, {"role": "assistant", "content": "Yes."}]
    question = {"role": "user", "content": "How many words?"}
    first = chatter.message("", messages=[*turns, question])["usage"]
    assert first["cache_read_input_tokens"] == 0
    second = chatter.message("", messages=[*turns, question])["usage"]
    assert second["cache_read_input_tokens"] > 512
    total = first["input_tokens"]
    assert second["input_tokens"] + second["cache_read_input_tokens"] == total
    start = chatter.messages("", messages=[*turns, question])[0].data["message"]["usage"]
    assert start["cache_read_input_tokens"] == second["cache_read_input_tokens"]


def test_a_marked_prompt_is_written_to_the_cache_and_then_read(chatter):
    system = [{"type": "text", "text": f"{LONG} Marked.", "cache_control": {"type": "ephemeral"}}]
    first = chatter.message("Hello", system=system)["usage"]
    assert first["cache_creation_input_tokens"] > 512
    second = chatter.message("Hello again", system=system)["usage"]
    assert second["cache_read_input_tokens"] == first["cache_creation_input_tokens"]
    assert second["cache_creation_input_tokens"] == 0


def test_a_short_prompt_is_not_cached(chatter):
    chatter.message("Is this cached?")
    assert chatter.message("Is this cached?")["usage"]["cache_read_input_tokens"] == 0


@pytest.mark.parametrize(
    ("changes", "status", "kind", "word"),
    [
        ({"model": "gpt-4"}, 404, "not_found_error", "gpt-4"),
        ({"model": "M2-her"}, 404, "not_found_error", "M2-her"),
        ({"model": None}, 400, "invalid_request_error", "model"),
        ({"messages": []}, 400, "invalid_request_error", "messages"),
        ({"messages": [{"role": "system", "content": "x"}]}, 400, "invalid_request_error", "role"),
        ({"messages": [{"role": "user", "content": []}]}, 400, "invalid_request_error", "content"),
        ({"messages": [{"role": "user", "content": [{"type": "sound"}]}]}, 400, "invalid_request_error", "sound"),
        ({"temperature": 2.1}, 400, "invalid_request_error", "temperature"),
        ({"top_p": -1}, 400, "invalid_request_error", "top_p"),
        ({"max_tokens": 0}, 400, "invalid_request_error", "max_tokens"),
        ({"thinking": {"type": "much"}}, 400, "invalid_request_error", "thinking"),
        ({"tools": [{"name": "x"}]}, 400, "invalid_request_error", "tools"),
        (
            {"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "lost"}]}]},
            400,
            "invalid_request_error",
            "lost",
        ),
    ],
)
def test_a_wrong_request_is_refused_in_the_form_of_this_surface(chatter, changes, status, kind, word):
    response = chatter.post(PATH, {**asked("Hello"), **changes})
    body = response.json()
    assert (response.status_code, body["type"], body["error"]["type"]) == (status, "error", kind)
    assert word in body["error"]["message"]
    assert body["request_id"] == response.headers["trace-id"]


@pytest.mark.parametrize(
    "headers", [{"Authorization": "Bearer wrong"}, {"Authorization": ""}, {"Authorization": "", "x_api_key": "wrong"}]
)
def test_a_wrong_key_gets_401(chatter, headers):
    response = chatter.post(PATH, asked("Hello"), **headers)
    assert response.status_code == 401
    assert response.json()["error"]["type"] == "authentication_error"


def test_the_key_may_come_as_x_api_key(chatter):
    response = chatter.post(PATH, asked("Hello"), Authorization="", x_api_key=chatter.sandbox.key)
    assert response.status_code == 200


def test_a_model_for_text_takes_no_picture(chatter):
    body = asked("Hello", model="MiniMax-M2.7", messages=[{"role": "user", "content": [picture_block()]}])
    response = chatter.post(PATH, body)
    assert response.status_code == 400
    assert "images" in response.json()["error"]["message"]


def test_m3_measures_a_picture_and_says_that_it_cannot_see(chatter):
    content = [picture_block(), {"type": "text", "text": "What is in this picture?"}]
    message = chatter.message("", messages=[{"role": "user", "content": content}])
    text = message["content"][0]["text"]
    assert "PNG of 280 × 140 pixels, mostly red" in text
    assert "cannot see" in text


def test_something_that_is_no_picture_is_refused(chatter):
    block = picture_block(data=base64.b64encode(b"nothing").decode())
    response = chatter.post(PATH, asked("", messages=[{"role": "user", "content": [block]}]))
    assert response.status_code == 400


def test_more_than_the_window_holds_is_refused(chatter):
    body = asked("word " * 210_000, model="MiniMax-M2.7")
    response = chatter.post(PATH, body)
    assert response.status_code == 400
    assert "context window exceeds limit" in response.json()["error"]["message"]


def test_stop_sequences_are_ignored_as_on_the_platform(chatter):
    message = chatter.message("Repeat exactly: one two three", stop_sequences=["two"])
    assert message["content"][0]["text"] == "one two three"
    assert message["stop_reason"] == "end_turn"


def test_stop_sequences_are_obeyed_when_the_knob_says_so(chatter):
    try:
        chatter.post("/sandbox/state", {"obey_stop": True})
        message = chatter.message("Repeat exactly: one two three", stop_sequences=["two"])
    finally:
        chatter.post("/sandbox/state", {"obey_stop": False})
    assert message["content"][0]["text"] == "one "
    assert (message["stop_reason"], message["stop_sequence"]) == ("stop_sequence", "two")


def test_unknown_fields_are_ignored(chatter):
    assert chatter.message("Hello", top_k=3, container="x", mcp_servers=[], metadata={"user_id": "1"})


def test_tokens_are_counted_as_they_are_billed(chatter):
    counted = chatter.post(f"{PATH}/count_tokens", asked("How many tokens are these?", tools=[GET_WEATHER])).json()
    usage = chatter.message("How many tokens are these?", tools=[GET_WEATHER])["usage"]
    assert counted == {"input_tokens": usage["input_tokens"]}


def test_models_are_listed_page_by_page(chatter):
    whole = chatter.get("/anthropic/v1/models").json()
    ids = [model["id"] for model in whole["data"]]
    assert ids[0] == "MiniMax-M3"
    assert "M2-her" not in ids
    assert (whole["first_id"], whole["last_id"], whole["has_more"]) == (ids[0], ids[-1], False)
    page = chatter.get(f"/anthropic/v1/models?limit=3&after_id={ids[1]}").json()
    assert [model["id"] for model in page["data"]] == ids[2:5]
    assert page["has_more"] is True
    back = chatter.get(f"/anthropic/v1/models?limit=2&before_id={ids[4]}").json()
    assert [model["id"] for model in back["data"]] == ids[2:4]


def test_one_model_is_described_and_an_unknown_one_is_not(chatter):
    model = chatter.get("/anthropic/v1/models/MiniMax-M2.5").json()
    assert (model["type"], model["display_name"]) == ("model", "MiniMax M2.5")
    assert model["created_at"].endswith("Z")
    missing = chatter.get("/anthropic/v1/models/none")
    assert (missing.status_code, missing.json()["error"]["type"]) == (404, "not_found_error")


def test_what_cannot_be_encoded_does_not_break_the_answer(chatter):
    body = '{"model":"MiniMax-M3","temperature":0,"messages":[{"role":"user","content":"Repeat exactly: a\\ud800b"}]}'
    response = chatter.http.post(
        chatter.sandbox.url + PATH,
        content=body,
        headers={**chatter.sandbox.headers, "Content-Type": "application/json", "X-Sandbox-Speed": "instant"},
    )
    assert response.json()["content"][0]["text"] == "a\ufffdb"


def test_a_body_that_is_no_json_is_refused(chatter):
    response = chatter.http.post(chatter.sandbox.url + PATH, content="{", headers=chatter.sandbox.headers)
    assert (response.status_code, response.json()["error"]["type"]) == (400, "invalid_request_error")
