"""What every address shares: key, envelope, trace id, faults, files, account, log."""

from __future__ import annotations

import secrets
import time

import httpx
import pytest

from tests.sandbox.conftest import FOX, Caller, body_of_speech


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/t2a_v2"),
        ("POST", "/v1/get_voice"),
        ("POST", "/v1/delete_voice"),
        ("GET", "/v1/files/list"),
        ("GET", "/v1/files/retrieve"),
        ("GET", "/v1/files/retrieve_content"),
        ("GET", "/v1/token_plan/remains"),
        ("GET", "/account/query_balance"),
        ("GET", "/sandbox/faults"),
        ("GET", "/sandbox/requests"),
        ("GET", "/sandbox/state"),
        ("POST", "/sandbox/voices"),
    ],
)
@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 1004),
        ({"Authorization": "Bearer"}, 1004),
        ({"Authorization": "Basic abc"}, 1004),
        ({"Authorization": "Bearer sk-api-wrong"}, 2049),
        ({"x-api-key": "sk-api-wrong"}, 2049),
        ({"Authorization": "Bearer schlüssel".encode().decode("latin-1")}, 2049),
    ],
)
def test_no_address_answers_without_the_key(sandbox, method, path, headers, code):
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    response = httpx.request(method, sandbox.url + path, headers=raw, json={} if method == "POST" else None)
    assert (response.status_code, response.json()["base_resp"]["status_code"]) == (200, code)
    assert len(response.headers["Trace-Id"]) == 32


def test_key_is_also_taken_as_x_api_key(sandbox):
    response = httpx.get(f"{sandbox.url}/account/query_balance", headers={"x-api-key": sandbox.key})
    assert response.json()["base_resp"]["status_code"] == 0


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/v2/anything", 404), ("GET", "/v1/t2a_v2", 405)])
def test_wrong_addresses_have_the_envelope_too(sandbox, method, path, status):
    response = httpx.request(method, sandbox.url + path, headers=sandbox.headers)
    assert (response.status_code, response.json()["base_resp"]["status_code"]) == (status, 2013)
    assert response.headers["Trace-Id"]


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 5000])
def test_body_that_is_no_object_is_refused(sandbox, content):
    response = httpx.post(f"{sandbox.url}/v1/t2a_v2", content=content, headers=sandbox.headers)
    assert (response.status_code, response.json()["base_resp"]["status_code"]) == (200, 2013)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("rate_limit", 1002),
        ("balance", 1008),
        ("content", 1026),
        ("output_content", 1027),
        ("tpm", 1039),
        ("plan", 2056),
    ],
)
def test_business_faults_are_codes_inside_http_200(caller, fault, code):
    answer = caller.post("/v1/t2a_v2", body_of_speech(), X_Sandbox_Fault=fault)
    assert (answer.status, answer.code) == (200, code)


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [("http_429", 429, "json"), ("http_502_html", 502, "html"), ("http_529", 529, "json"), ("html", 200, "html")],
)
def test_gateway_faults_have_their_http_status(sandbox, fault, status, kind):
    headers = {**sandbox.headers, "X-Sandbox-Fault": fault}
    response = httpx.post(f"{sandbox.url}/v1/t2a_v2", json=body_of_speech(), headers=headers)
    assert response.status_code == status
    assert kind in response.headers["content-type"]


def test_damaged_hex(caller):
    whole = caller.speak(audio={"format": "mp3"})
    half = caller.post("/v1/t2a_v2", body_of_speech(audio={"format": "mp3"}), X_Sandbox_Fault="truncate_hex")
    odd = caller.post("/v1/t2a_v2", body_of_speech(audio={"format": "mp3"}), X_Sandbox_Fault="odd_hex")
    assert len(half.audio) < len(whole.audio) == half.info["audio_size"]
    assert len(odd.payload["data"]["audio"]) % 2 == 1


@pytest.mark.parametrize("stream", [True, False])
def test_dropped_connection_breaks_in_the_middle(sandbox, stream):
    headers = {**sandbox.headers, "X-Sandbox-Fault": "drop_stream"}
    received = bytearray()

    def read_all() -> None:
        body = body_of_speech(stream=stream)
        with httpx.stream("POST", f"{sandbox.url}/v1/t2a_v2", json=body, headers=headers) as response:
            for part in response.iter_bytes():
                received.extend(part)

    with pytest.raises(httpx.RemoteProtocolError):
        read_all()
    assert b'"audio"' in received


def test_silent_server_hangs_up_without_an_answer(sandbox):
    headers = {**sandbox.headers, "X-Sandbox-Fault": "silence=0.2"}
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(f"{sandbox.url}/v1/t2a_v2", json=body_of_speech(), headers=headers)


def test_stream_faults(sandbox):
    def stream(fault: str) -> str:
        headers = {**sandbox.headers, "X-Sandbox-Fault": fault}
        return httpx.post(f"{sandbox.url}/v1/t2a_v2", json=body_of_speech(stream=True), headers=headers).text

    assert "extra_info" not in stream("no_final")
    assert '"status_code":1033' in stream("error_midway").splitlines()[-2]
    assert stream("json_instead_of_sse").startswith("{")
    assert stream("odd_hex").startswith("data: ")


def test_faults_are_switched_on_for_a_path_and_a_number_of_times(start_sandbox):
    caller = Caller(start_sandbox().sandbox)
    caller.knob("/sandbox/faults", {"path": "/v1/t2a_v2", "fault": "rate_limit", "times": 2})
    codes = [caller.post("/v1/get_voice", {"voice_type": "all"}).code, *(caller.speak().code for _ in range(3))]
    assert codes == [0, 1002, 1002, 0]
    caller.knob("/sandbox/faults", {"fault": "balance", "times": -1})
    assert [caller.speak().code for _ in range(3)] == [1008] * 3
    caller.http.delete(f"{caller.sandbox.url}/sandbox/faults", headers=caller.sandbox.headers)
    assert caller.speak().code == 0
    assert caller.post("/sandbox/faults", {"fault": "earthquake"}).code == 2013


def test_delay_comes_before_every_answer(start_sandbox):
    caller = Caller(start_sandbox("--delay", "0.4").sandbox)
    start = time.perf_counter()
    assert caller.post("/v1/get_voice", {"voice_type": "voice_cloning"}).code == 0
    assert time.perf_counter() - start > 0.4


def test_requests_and_charges_can_be_counted(start_sandbox):
    caller = Caller(start_sandbox().sandbox)
    spoken = caller.speak("你好 world")
    caller.speak(voice={"voice_id": "Nobody"})
    caller.stream(FOX)
    log = caller.get("/sandbox/requests").payload
    assert [(one["path"], one["status"], one["code"], one["usage_characters"]) for one in log["requests"]] == [
        ("/v1/t2a_v2", 200, 0, 10),
        ("/v1/t2a_v2", 200, 20132, 0),
        ("/v1/t2a_v2", 200, 0, len(FOX)),
    ]
    assert log["requests"][0]["trace_id"] == spoken.payload["trace_id"]
    assert (log["charges"], log["charged_characters"]) == (2, 10 + len(FOX))
    assert float(log["charged_usd"]) == pytest.approx((10 + len(FOX)) * 100 / 1e6)
    assert float(caller.get("/account/query_balance").payload["available_amount"]) < 100
    assert caller.get("/v1/token_plan/remains").payload["model_remains"][0]["current_interval_usage_count"] == 2


def test_refused_requests_cost_nothing(start_sandbox):
    caller = Caller(start_sandbox().sandbox)
    caller.speak(voice={"speed": 9})
    caller.post("/v1/t2a_v2", body_of_speech(), X_Sandbox_Fault="content")
    assert caller.get("/sandbox/requests").payload["charges"] == 0


def test_links_expire_after_a_day(start_sandbox, tmp_path):
    caller = Caller(start_sandbox().sandbox)
    url = caller.speak(output_format="url").payload["data"]["audio"]
    assert caller.http.get(url).status_code == 200
    caller.knob("/sandbox/state", {"clock_shift_s": 23.9 * 3600})
    assert caller.http.get(url).status_code == 200
    caller.knob("/sandbox/state", {"clock_shift_s": 24.1 * 3600})
    expired = caller.http.get(url)
    assert (expired.status_code, expired.json()["base_resp"]["status_code"]) == (403, 2013)


def test_clock_can_be_ahead_from_the_start(start_sandbox):
    now = Caller(start_sandbox("--shift-clock", "86400").sandbox).get("/sandbox/state").payload["now"]
    assert now > time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() + 86000))


def test_links_cannot_be_guessed(caller):
    url = caller.speak(output_format="url").payload["data"]["audio"]
    token = url.split("/")[-2]
    assert len(token) >= 32
    assert caller.http.get(url.replace(token, secrets.token_urlsafe(24))).status_code == 404
    assert caller.http.get(url.replace(token, "..%2f..%2fsandbox.sqlite3")).status_code == 404


def test_files_are_found_by_number_or_text(caller):
    content = b"Once upon a time."
    upload = {"file": ("book.txt", content), "purpose": (None, "t2a_async_input")}
    sent = caller.http.post(caller.sandbox.url + "/v1/files/upload", files=upload, headers=caller.sandbox.headers)
    file_id = sent.json()["file"]["file_id"]
    found = caller.get(f"/v1/files/retrieve?file_id={file_id}").payload["file"]
    assert (found["file_id"], found["bytes"], found["purpose"]) == (file_id, len(content), "t2a_async_input")
    assert caller.http.get(found["download_url"]).content == content
    raw = caller.http.get(
        f"{caller.sandbox.url}/v1/files/retrieve_content?file_id={file_id}", headers=caller.sandbox.headers
    )
    assert raw.content == content


@pytest.mark.parametrize("file_id", ["", "1", "abc", "9" * 40, "-1", "²"])
def test_unknown_file_is_refused(caller, file_id):
    answer = caller.get(f"/v1/files/retrieve?file_id={file_id}")
    assert (answer.status, answer.code) == (200, 2013)


def test_log_has_a_line_for_each_request_and_never_the_key(start_sandbox):
    own = start_sandbox()
    caller = Caller(own.sandbox)
    caller.http.post(
        f"{own.sandbox.url}/v1/t2a_v2?api_key={own.sandbox.key}", json=body_of_speech(), headers=own.sandbox.headers
    )
    caller.get("/nowhere")
    own.process.terminate()
    own.process.wait(5)
    log = own.log.read_text()
    assert own.sandbox.key not in log
    assert [line.split()[1:4] for line in log.splitlines()[1:]] == [
        ["POST", "/v1/t2a_v2", "200"],
        ["GET", "/nowhere", "404"],
    ]
