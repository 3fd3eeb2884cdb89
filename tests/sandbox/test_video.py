from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import numpy as np
import pytest
from PIL import Image

from apps.minimax import catalogue
from tests.sandbox.conftest import Caller, body_of_speech
from tests.sandbox.films import a_picture, as_data_url, download, likeness, shoot, wait, watch

SEA = {"model": "MiniMax-Hailuo-2.3", "prompt": "a red boat on a calm sea at sunset"}
PICTURE = as_data_url(a_picture())
SQUARE = {"model": "MiniMax-Hailuo-02", "resolution": "512P", "first_frame_image": PICTURE}


def create(caller: Caller, body: dict[str, Any], **headers: str) -> str:
    answer = caller.post("/v1/video_generation", body, **headers)
    assert answer.code == 0, answer.message
    assert answer.payload["task_id"].isdigit()
    return answer.payload["task_id"]


# --- the film ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_prompt_becomes_a_film_of_the_promised_kind(caller):
    film = shoot(caller, **SEA)
    assert (film.codec, film.pixels, film.width, film.height, film.fps) == ("h264", "yuv420p", 1366, 768, 25)
    assert film.seconds == 6
    assert film.frames[0].std() > 20
    assert film.moved() > 0.8


@pytest.mark.slow
def test_a_first_frame_is_kept_exactly_and_then_moves(caller):
    film = shoot(caller, **SQUARE, prompt="snow falls [Pan left]")
    assert (film.width, film.height, film.seconds) == (512, 512, 6)
    assert likeness(film.frames[0], np.asarray(a_picture())) > 32
    assert likeness(film.frames[-1], np.asarray(a_picture())) < 25


@pytest.mark.slow
def test_a_film_leads_from_the_first_frame_to_the_last(caller):
    tall = a_picture(420, 560, seed=2)
    last = a_picture(560, 560, seed=3)  # is cropped to the first one's shape
    film = shoot(
        caller,
        model="MiniMax-Hailuo-02",
        first_frame_image=as_data_url(tall, "webp"),
        last_frame_image=as_data_url(last, "jpeg"),
        prompt="[Zoom in]",
    )
    assert (film.width, film.height) == (768, 1024)
    lanczos = Image.Resampling.LANCZOS
    cropped = last.crop((70, 0, 490, 560)).resize((768, 1024), lanczos)
    assert likeness(film.frames[0], np.asarray(tall.resize((768, 1024), lanczos))) > 28
    assert likeness(film.frames[-1], np.asarray(cropped)) > 28


@pytest.mark.slow
def test_the_subject_is_seen_in_the_scene(caller):
    person = Image.new("RGB", (400, 500), (235, 30, 200))
    subject = [{"type": "character", "image": [as_data_url(person)]}]
    film = shoot(caller, model="S2V-01", prompt="on a beach at noon", subject_reference=subject)
    assert (film.width, film.height, film.seconds) == (1280, 720, 6)
    middle = film.frames[10][300:500, 540:740].reshape(-1, 3).mean(axis=0)
    assert middle[0] > 170
    assert middle[1] < 90


@pytest.mark.slow
def test_the_same_request_gives_the_same_bytes(caller):
    tasks = [create(caller, {**SQUARE, "prompt": "a still lake"}) for _ in range(2)]
    one, other = (download(caller, wait(caller, task)[0].payload["file_id"]) for task in tasks)
    assert one == other
    assert watch(one).seconds == 6


# --- what goes together -----------------------------------------------------------------------------------------------


def _forbidden() -> Iterator[tuple[dict[str, Any], str]]:
    small = as_data_url(Image.new("RGB", (300, 300)))
    thin = as_data_url(Image.new("RGB", (310, 800)))
    fast, plain, older = "MiniMax-Hailuo-2.3-Fast", "MiniMax-Hailuo-2.3", "MiniMax-Hailuo-02"
    subject = [{"type": "character", "image": [PICTURE]}]
    yield {"model": plain}, "prompt"
    yield {"prompt": "a boat"}, "model"
    yield {"model": "no-such", "prompt": "a boat"}, "model"
    yield {"model": plain, "prompt": "x" * 2001}, "prompt"
    yield {"model": fast, "prompt": "a boat"}, "first_frame_image"
    yield {"model": "S2V-01", "prompt": "a boat"}, "subject_reference"
    yield {"model": plain, "first_frame_image": PICTURE, "last_frame_image": PICTURE}, "model"
    yield {"model": older, "prompt": "a boat", "resolution": "512P"}, "resolution"
    yield {"model": plain, "prompt": "a boat", "resolution": "720P"}, "resolution"
    yield (
        {"model": older, "last_frame_image": PICTURE, "first_frame_image": PICTURE, "resolution": "512P"},
        "resolution",
    )
    yield {"model": plain, "prompt": "a boat", "resolution": "1080P", "duration": 10}, "duration"
    yield {"model": plain, "prompt": "a boat", "duration": 7}, "duration"
    yield {"model": "T2V-01", "prompt": "a boat", "duration": 10}, "duration"
    yield {"model": "T2V-01", "prompt": "a boat", "fast_pretreatment": True}, "fast_pretreatment"
    yield {"model": "S2V-01", "subject_reference": subject, "duration": 6}, "duration"
    yield {"model": "S2V-01", "subject_reference": subject, "resolution": "720P"}, "resolution"
    yield {"model": "S2V-01", "subject_reference": subject * 2}, "subject_reference"
    yield {"model": "S2V-01", "subject_reference": [{"type": "object", "image": [PICTURE]}]}, "subject_reference"
    yield {"model": "S2V-01", "subject_reference": subject, "first_frame_image": PICTURE}, "first_frame_image"
    yield {"model": plain, "first_frame_image": small}, "first_frame_image"
    yield {"model": plain, "first_frame_image": thin}, "first_frame_image"
    yield {"model": plain, "first_frame_image": "data:image/png;base64,AAAA"}, "first_frame_image"
    yield {"model": plain, "first_frame_image": "file:///etc/passwd"}, "first_frame_image"
    yield {"model": plain, "first_frame_image": as_data_url(a_picture(), "gif")}, "first_frame_image"
    yield {"model": plain, "prompt": "a boat", "callback_url": "ftp://example.com"}, "callback_url"


@pytest.mark.parametrize(("body", "field"), [*_forbidden()])
def test_what_does_not_go_together_is_refused_by_its_field(caller, body, field):
    answer = caller.post("/v1/video_generation", body)
    assert answer.code == 2013
    assert f"invalid params, {field}:" in answer.message


def test_the_table_of_the_catalogue_decides(start_sandbox):
    caller = Caller(start_sandbox("--task-delay", "600").sandbox)
    inputs = {"t2v": {"prompt": "a boat"}, "i2v": {"first_frame_image": PICTURE}}
    inputs["fl2v"] = {"first_frame_image": PICTURE, "last_frame_image": PICTURE}
    for mode, fields in inputs.items():
        for model in catalogue.video.mixes[mode]:
            for resolution in catalogue.video.resolutions:
                for duration in catalogue.video.durations_s:
                    body = {"model": model, "resolution": resolution, "duration": duration, **fields}
                    allowed = catalogue.video.allows(mode, model, resolution, duration)
                    assert (caller.post("/v1/video_generation", body).code == 0) == allowed, body


def test_a_picture_whose_type_is_named_wrongly_is_taken(caller):
    body = {**SQUARE, "first_frame_image": PICTURE.replace("image/png", "image/jpeg")}
    create(caller, body, X_Sandbox_Fault="late_internal")


# --- tasks ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_task_walks_through_its_statuses_and_its_link_expires(start_sandbox):
    own = start_sandbox("--task-delay", "2", "--niceness", "0")
    caller = Caller(own.sandbox)
    task = create(caller, SQUARE)
    assert caller.get(f"/v1/query/video_generation?task_id={task}").payload["file_id"] == ""
    done, statuses = wait(caller, task)
    assert statuses == ["Preparing", "Queueing", "Processing", "Success"]
    assert (done.payload["video_width"], done.payload["video_height"]) == (512, 512)
    file_id = done.payload["file_id"]
    assert isinstance(file_id, str)
    file = caller.get(f"/v1/files/retrieve?file_id={file_id}").payload["file"]
    assert (str(file["file_id"]), file["purpose"]) == (file_id, "video_generation")
    caller.knob("/sandbox/state", {"clock_shift_s": 3500})
    later = caller.get(f"/v1/files/retrieve?file_id={file_id}").payload["file"]["download_url"]
    assert caller.http.get(file["download_url"]).status_code == 200
    caller.knob("/sandbox/state", {"clock_shift_s": 3700})
    assert caller.http.get(file["download_url"]).status_code == 403
    assert caller.http.get(later).content[4:8] == b"ftyp"


@pytest.mark.parametrize(("fault", "code"), [("rate_limit", 1002), ("balance", 1008), ("content", 1026)])
def test_a_fault_at_creation_makes_no_task(caller, fault, code):
    answer = caller.post("/v1/video_generation", SEA, X_Sandbox_Fault=fault)
    assert answer.code == code
    assert "task_id" not in answer.payload


@pytest.mark.parametrize(("fault", "code"), [("late_output_content", 1027), ("late_content", 1026)])
def test_a_task_can_fail_late_and_costs_nothing(caller, fault, code):
    before = caller.get("/sandbox/requests").payload["charged_usd"]
    done, _ = wait(caller, create(caller, SEA, X_Sandbox_Fault=fault))
    assert (done.payload["status"], done.code, done.payload["file_id"]) == ("Fail", code, "")
    assert caller.get("/sandbox/requests").payload["charged_usd"] == before


@pytest.mark.slow
def test_a_film_is_charged_once_it_is_done(start_sandbox):
    caller = Caller(start_sandbox("--niceness", "0").sandbox)
    task = create(caller, SQUARE)
    assert caller.get("/sandbox/requests").payload["charges"] == 0
    wait(caller, task)
    assert float(caller.get("/sandbox/requests").payload["charged_usd"]) == 0.10


def test_an_unknown_task_is_refused(caller):
    answer = caller.get("/v1/query/video_generation?task_id=123")
    assert answer.code == 2013
    assert "task_id" in answer.message


@pytest.mark.slow
def test_an_unfinished_task_goes_on_after_a_restart(start_sandbox, tmp_path):
    first = start_sandbox("--task-delay", "600", key="sk-one", data=tmp_path / "kept")
    task = create(Caller(first.sandbox), SQUARE)
    first.process.kill()
    first.process.wait()
    second = start_sandbox("--niceness", "0", key="sk-one", data=tmp_path / "kept")
    done, _ = wait(Caller(second.sandbox), task)
    assert done.payload["status"] == "Success"


@pytest.mark.slow
def test_speech_stays_quick_while_films_are_made(start_sandbox):
    caller = Caller(start_sandbox().sandbox)
    caller.speak("Warm up.")
    for number in range(3):
        create(caller, {**SEA, "prompt": f"a storm at sea number {number}"})
    body = {**body_of_speech("Still quick."), "stream": True}
    address = caller.sandbox.url + "/v1/t2a_v2"
    begun = time.monotonic()
    with caller.http.stream("POST", address, json=body, headers=caller.sandbox.headers) as response:
        assert next(response.iter_lines()).startswith("data: ")
    assert time.monotonic() - begun < 5


# --- callbacks --------------------------------------------------------------------------------------------------------


class Listener(HTTPServer):
    """A client's address for news."""

    def __init__(self, answers: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.news: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hooks/secret"


class _Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.news.append(body)
        told = {"challenge": body["challenge"] if self.server.answers else "?"} if "challenge" in body else {}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(told).encode())

    def log_message(self, *args: object) -> None:
        """Not on the screen."""


@pytest.fixture
def listen_for_news() -> Iterator[Any]:
    servers: list[Listener] = []

    def start(*, answers: bool = True) -> Listener:
        server = Listener(answers)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_news_of_a_task_arrive_in_lower_case_after_the_challenge(caller, listen_for_news):
    listener = listen_for_news()
    task = create(caller, {**SEA, "callback_url": listener.url}, X_Sandbox_Fault="late_output_content")
    assert set(listener.news[0]) == {"challenge"}
    wait(caller, task)
    end = time.monotonic() + 20
    while listener.news[-1].get("status") != "failed" and time.monotonic() < end:
        time.sleep(0.02)
    assert [news["status"] for news in listener.news[1:]] == ["queueing", "processing", "failed"]
    assert listener.news[-1]["task_id"] == task
    assert listener.news[-1]["base_resp"]["status_code"] == 1027


@pytest.mark.parametrize("nobody", [True, False])
def test_an_address_that_does_not_know_the_challenge_makes_no_task(caller, listen_for_news, nobody):
    listener = listen_for_news(answers=False)
    url = "http://127.0.0.1:9/hook" if nobody else listener.url
    answer = caller.post("/v1/video_generation", {**SEA, "callback_url": url})
    assert answer.code == 2013
    assert "callback_url" in answer.message
