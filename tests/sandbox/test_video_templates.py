from __future__ import annotations

import itertools

import numpy as np
import pytest
from PIL import Image

from apps.minimax import catalogue
from apps.sandbox.filming import acts
from tests.sandbox.conftest import Caller
from tests.sandbox.films import a_picture, as_data_url, wait, watch

DIVING, RUN = "392747428568649728", "393769180141805569"
MEDIA = {"media_inputs": [{"value": as_data_url(a_picture())}]}
PATH = "/v1/video_template_generation"
CURRENT = [template.id for template in catalogue.templates.values() if template.current]


@pytest.mark.slow
def test_a_template_gives_a_film_behind_a_link_of_nine_hours(start_sandbox):
    caller = Caller(start_sandbox("--task-delay", "1.5", "--niceness", "0").sandbox)
    answer = caller.post(PATH, {"template_id": "393881433990066176", **MEDIA})
    done, statuses = wait(caller, answer.payload["task_id"], "template")
    assert statuses == ["Preparing", "Processing", "Success"]
    assert "file_id" not in done.payload
    link = done.payload["video_url"]
    film = watch(caller.http.get(link).content)
    assert (film.codec, film.width, film.height, film.fps, film.seconds) == ("h264", 1366, 768, 25, 6)
    assert film.moved() > 1
    caller.knob("/sandbox/state", {"clock_shift_s": 9 * 3600 - 60})
    assert caller.http.get(link).status_code == 200
    caller.knob("/sandbox/state", {"clock_shift_s": 9 * 3600 + 60})
    assert caller.http.get(link).status_code == 403
    assert float(caller.get("/sandbox/requests").payload["charged_usd"]) == 0.45


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"template_id": "1", **MEDIA}, "template_id"),
        ({"template_id": int(DIVING), **MEDIA}, "template_id"),
        ({"template_id": DIVING}, "media_inputs"),
        ({"template_id": DIVING, "media_inputs": MEDIA["media_inputs"] * 2}, "media_inputs"),
        ({"template_id": DIVING, "media_inputs": [{"value": "data:image/png;base64,AAAA"}]}, "media_inputs"),
        ({"template_id": RUN, **MEDIA}, "text_inputs"),
        ({"template_id": DIVING, **MEDIA, "text_inputs": [{"value": "Lion"}]}, "text_inputs"),
        ({"template_id": "394875727173492739"}, "text_inputs"),
    ],
)
def test_what_a_template_needs_is_asked_for_by_name(caller, body, field):
    answer = caller.post(PATH, body)
    assert answer.code == 2013
    assert f"invalid params, {field}:" in answer.message


def test_every_template_of_the_catalogue_is_accepted(caller):
    for template in catalogue.templates.values():
        body = {"template_id": template.id}
        if template.media == "yes":
            body |= MEDIA
        if template.text == "yes":
            body["text_inputs"] = [{"value": "Lion"}]
        answer = caller.post(PATH, body, X_Sandbox_Fault="late_content")
        assert answer.code == 0, template
        done, _ = wait(caller, answer.payload["task_id"], "template")
        assert (done.payload["status"], done.code, done.payload["video_url"]) == ("Fail", 1026, "")


@pytest.mark.parametrize("template_id", [*CURRENT, "397017167949312007"])
def test_the_subject_acts_in_every_template(template_id):
    def opening(colour: tuple[int, int, int]) -> list[np.ndarray]:
        actor = acts.Actor(Image.new("RGB", (400, 400), colour), "Pet pilot")
        frames = acts.ACTS.get(template_id, acts.show)(actor, "Lion")
        return [np.asarray(frame).astype(np.int16) for frame in itertools.islice(frames, 8)]

    green, pink = opening((40, 220, 60)), opening((240, 60, 200))
    differing = (np.abs(green[-1] - pink[-1]).max(axis=2) > 60).mean()
    assert 0.005 < differing < 0.5
    assert np.abs(green[-1] - green[0]).mean() > 0.5


def test_the_beast_is_named():
    actor = acts.Actor(a_picture(), "Run for Life")
    frames = [next(itertools.islice(acts.run_for_life(actor, text), 30, 31)) for text in ("", "Lion")]
    top = [np.asarray(frame)[:140].astype(np.int16) for frame in frames]
    assert np.abs(top[0] - top[1]).max() > 100
