"""What goes wrong in a chat when it is ordered, speed, and the bill."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.sandbox.chatting import Chatter, asked, read_events, text_of, until

MESSAGES = "/anthropic/v1/messages"
COMPLETIONS = "/v1/chat/completions"
LONG = "Write 500 words about the sea"


@pytest.mark.parametrize(
    ("fault", "status", "anthropic", "openai"),
    [
        ("rate_limit", 429, "rate_limit_error", "rate_limit_error"),
        ("tpm", 429, "rate_limit_error", "rate_limit_error"),
        ("http_429", 429, "rate_limit_error", "rate_limit_error"),
        ("http_529", 529, "overloaded_error", "overloaded_error"),
        ("http_500", 500, "api_error", "api_error"),
        ("internal", 500, "api_error", "api_error"),
        ("balance", 402, "insufficient_balance_error", "insufficient_balance_error"),
        ("content", 400, "invalid_request_error", "bad_request_error"),
        ("unauthorised", 401, "authentication_error", "authorized_error"),
    ],
)
def test_an_ordered_fault_has_the_status_and_form_of_its_surface(chatter, fault, status, anthropic, openai):
    for path, kind in ((MESSAGES, anthropic), (COMPLETIONS, openai)):
        response = chatter.post(path, asked("Hello"), X_Sandbox_Fault=fault)
        assert (response.status_code, response.json()["error"]["type"]) == (status, kind)


def test_a_page_of_a_proxy_comes_instead_of_an_answer(chatter):
    response = chatter.post(MESSAGES, asked("Hello"), X_Sandbox_Fault="http_502_html")
    assert (response.status_code, response.headers["content-type"]) == (502, "text/html")


@pytest.mark.parametrize("path", [MESSAGES, COMPLETIONS])
def test_a_stream_can_break_in_the_middle(chatter, path):
    heard = []
    with (
        pytest.raises(httpx.RemoteProtocolError),
        chatter.opened(path, asked(LONG), X_Sandbox_Fault="drop_stream") as response,
    ):
        heard += list(response.iter_lines())
    assert response.status_code == 200


def test_a_stream_can_end_without_its_end(chatter):
    events = chatter.stream(MESSAGES, asked(LONG), X_Sandbox_Fault="no_final")
    assert events[-1].name == "content_block_delta"


def test_a_stream_can_fail_in_the_middle_with_an_error_event(chatter):
    last = chatter.stream(MESSAGES, asked(LONG), X_Sandbox_Fault="error_midway")[-1]
    assert (last.name, last.data["type"], last.data["error"]["type"]) == ("error", "error", "overloaded_error")
    last = chatter.stream(COMPLETIONS, asked(LONG), X_Sandbox_Fault="error_midway")[-1]
    assert last.data["error"]["type"] == "overloaded_error"


def test_a_stream_can_hold_an_event_that_is_no_json(chatter):
    with (
        pytest.raises(json.JSONDecodeError),
        chatter.opened(MESSAGES, asked(LONG), X_Sandbox_Fault="malformed") as response,
    ):
        read_events(response.iter_lines())


def test_a_stalled_stream_goes_on_when_the_faults_are_cleared(chatter):
    chatter.post("/sandbox/faults", {"fault": "stall", "path": MESSAGES, "seconds": 300})
    with chatter.opened(MESSAGES, asked(LONG)) as response:
        lines = response.iter_lines()
        heard = [next(lines) for _ in range(20)]
        assert heard[0] == "event: message_start"
        chatter.http.delete(chatter.sandbox.url + "/sandbox/faults", headers=chatter.sandbox.headers)
        rest = list(lines)
    assert "event: message_stop" in rest


def test_the_work_ends_when_the_client_leaves(chatter):
    with chatter.opened(MESSAGES, asked("Write 100 KB of text"), X_Sandbox_Speed="20") as response:
        next(response.iter_lines())
        trace_id = response.headers["trace-id"]

    def ended():
        (entry,) = [entry for entry in chatter.requests() if entry["trace_id"] == trace_id]
        return entry if entry["seconds"] else None

    entry = until(ended)
    assert entry["output_tokens"] < 10_000


def test_a_hundred_kilobytes_come_at_once_when_asked(chatter):
    events = chatter.messages("Write 100 KB of text")
    assert len(text_of(events).encode()) == 100_000


def test_the_bill_follows_the_price_list(start_sandbox):
    own = start_sandbox("--tokens-per-second", "0")
    chatter = Chatter(own.sandbox)
    usage = chatter.message(LONG)["usage"]
    expected = (usage["input_tokens"] * 0.30 + usage["output_tokens"] * 1.20) / 1_000_000
    charged = until(lambda: float(chatter.get("/sandbox/requests").json()["charged_usd"]))
    assert charged == pytest.approx(expected, abs=1e-6)
    chatter.http.close()


def test_the_speed_is_changed_while_it_runs(chatter):
    try:
        state = chatter.post("/sandbox/state", {"tokens_per_second": 0}).json()
        assert state["tokens_per_second"] == 0
        assert chatter.post("/sandbox/state", {"tokens_per_second": "fast"}).json()["base_resp"]["status_code"] == 2013
    finally:
        state = chatter.post("/sandbox/state", {"tokens_per_second": None}).json()
    assert state["tokens_per_second"] is None
