"""Pictures from the sandbox, judged by opening them."""

from __future__ import annotations

import base64
import io
import json
import struct
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image, ImageDraw

from apps.minimax import catalogue
from tests.sandbox.conftest import Answer, Caller

PATH = "/v1/image_generation"
SMALL = {"width": 512, "height": 512}


def ask(
    caller: Caller, prompt: str = "A quiet lake at dawn", headers: dict[str, str] | None = None, **body: Any
) -> Answer:
    sent = {"model": "image-01", "prompt": prompt, "response_format": "base64", **body}
    return caller.post(PATH, sent, **(headers or {}))


def pictures(answer: Answer) -> list[bytes]:
    assert answer.code == 0, answer.message
    return [base64.b64decode(text, validate=True) for text in answer.payload["data"]["image_base64"]]


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def small(content: bytes, side: int = 48) -> np.ndarray:
    return np.asarray(opened(content).convert("RGB").resize((side, side)), np.float64) / 255


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def face(kind: str = "PNG", colour: tuple[int, int, int] = (230, 30, 200)) -> bytes:
    """A person of strong colours before a plain wall."""
    image = Image.new("RGB", (400, 480), (225, 225, 220))
    pen = ImageDraw.Draw(image)
    pen.ellipse([40, 330, 360, 700], fill=colour)
    pen.ellipse([120, 70, 280, 290], fill=(240, 190, 150))
    pen.pieslice([110, 50, 290, 250], 180, 360, fill=(60, 30, 15))
    pen.ellipse([160, 165, 180, 180], fill=(20, 20, 20))
    pen.ellipse([220, 165, 240, 180], fill=(20, 20, 20))
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def data_url(content: bytes, declared: str = "image/png") -> str:
    return f"data:{declared};base64,{base64.b64encode(content).decode()}"


# --- size and form ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ratio", "size"), sorted(catalogue.image.aspect_ratios.items()))
def test_every_ratio_has_its_pixels(caller, ratio, size):
    (content,) = pictures(ask(caller, "abstract waves", aspect_ratio=ratio))
    image = opened(content)
    assert (image.format, image.size) == ("JPEG", tuple(size))


@pytest.mark.parametrize("size", [(512, 512), (2048, 512), (520, 776)])
def test_width_and_height_are_taken(caller, size):
    (content,) = pictures(ask(caller, "abstract waves", width=size[0], height=size[1]))
    assert opened(content).size == size


def test_without_a_size_the_picture_is_square(caller):
    assert opened(pictures(ask(caller, "abstract"))[0]).size == (1024, 1024)


def test_links_are_the_default_and_need_no_key(caller):
    answer = caller.post(PATH, {"model": "image-01", "prompt": "a red apple", **SMALL, "n": 2})
    urls = answer.payload["data"]["image_urls"]
    assert len(set(urls)) == 2
    assert answer.payload["metadata"] == {"success_count": "2", "failed_count": "0"}
    assert len(answer.payload["id"]) == len(answer.headers["Trace-Id"]) == 32
    response = httpx.get(urls[0])
    assert response.headers["content-type"] == "image/jpeg"
    assert opened(response.content).size == (512, 512)


def test_link_is_gone_after_a_day(caller):
    answer = caller.post(PATH, {"model": "image-01", "prompt": "a red apple", **SMALL})
    (url,) = answer.payload["data"]["image_urls"]
    try:
        caller.knob("/sandbox/state", {"clock_shift_s": 24 * 3600 - 60})
        assert httpx.get(url).status_code == 200
        caller.knob("/sandbox/state", {"clock_shift_s": 24 * 3600 + 60})
        assert httpx.get(url).status_code == 403
    finally:
        caller.knob("/sandbox/state", {"clock_shift_s": 0})


def test_links_of_a_shifted_clock_live_a_day_from_then(start_sandbox):
    own = start_sandbox("--shift-clock", "86400")
    caller = Caller(own.sandbox)
    answer = caller.post(PATH, {"model": "image-01", "prompt": "a red apple", **SMALL})
    (url,) = answer.payload["data"]["image_urls"]
    assert httpx.get(url).status_code == 200
    caller.knob("/sandbox/state", {"clock_shift_s": 3 * 86400})
    assert httpx.get(url).status_code == 403


# --- what is painted --------------------------------------------------------------------------------------------------

PROMPTS = [
    "snowy mountains under a blue sky at noon",
    "sailboat on the sea at sunset",
    "city skyline at night",
    "a misty green forest",
    "a ringed planet in space",
    "portrait of a woman with red hair",
    "still life with a bowl of fruit",
    "abstract swirls in gold and teal",
    "sahara dunes in the afternoon",
    "goldfish under water",
]  # fmt: skip
STYLES = [
    "photo",
    "watercolour",
    "oil painting",
    "ink drawing",
    "flat vector poster",
    "pixel art",
    "neon cyberpunk",
    "low-poly",
]


def colours(content: bytes) -> np.ndarray:
    counts, _ = np.histogramdd(small(content, 64).reshape(-1, 3), bins=(6, 6, 6), range=((0, 1),) * 3)
    return counts.ravel() / counts.sum()


@pytest.fixture(scope="module")
def painted(sandbox) -> dict[str, bytes]:
    caller = Caller(sandbox)
    return {prompt: pictures(ask(caller, prompt, seed=7, **SMALL))[0] for prompt in PROMPTS}


def test_no_picture_is_flat(painted):
    for prompt, content in painted.items():
        values = small(content, 64)
        assert values.std() > 0.08, prompt
        assert np.abs(np.diff(values, axis=0)).mean() > 0.004, prompt


def test_prompts_can_be_told_apart(painted):
    """The colours of every two pictures overlap by less than 80 %, or their structure is another."""
    for one in PROMPTS:
        for other in PROMPTS:
            if one < other:
                overlap = np.minimum(colours(painted[one]), colours(painted[other])).sum()
                alike = likeness(small(painted[one]).mean(-1), small(painted[other]).mean(-1))
                assert overlap < 0.8 or alike < 0.6, (one, other, overlap, alike)
    overlaps = [
        np.minimum(colours(painted[one]), colours(painted[other])).sum()
        for one in PROMPTS
        for other in PROMPTS
        if one < other
    ]
    assert np.mean(overlaps) < 0.4


def test_styles_can_be_told_apart(caller):
    made = {style: pictures(ask(caller, f"mountain lake, {style}", seed=3, **SMALL))[0] for style in STYLES}
    gray = {style: np.asarray(opened(content).convert("L"), np.float64) for style, content in made.items()}
    for one in STYLES:
        for other in STYLES:
            if one < other:
                assert np.abs(gray[one] - gray[other]).mean() > 4, (one, other)
    assert len(opened(made["pixel art"]).resize((128, 128), Image.Resampling.NEAREST).quantize(64).getcolors()) <= 64
    ink = np.asarray(opened(made["ink drawing"]).convert("HSV"))[..., 1]
    assert ink.mean() < 60


def test_colours_and_time_of_day_are_obeyed(caller):
    blue = small(pictures(ask(caller, "abstract shapes in blue", seed=5, **SMALL))[0])
    red = small(pictures(ask(caller, "abstract shapes in red", seed=5, **SMALL))[0])
    assert (blue[..., 2] - blue[..., 0]).mean() > 0.05 < (red[..., 0] - red[..., 2]).mean()
    night = small(pictures(ask(caller, "hills at night", seed=5, **SMALL))[0])
    noon = small(pictures(ask(caller, "hills at noon, clear", seed=5, **SMALL))[0])
    assert night.mean() < noon.mean() * 0.6


def test_same_seed_gives_the_same_bytes(caller):
    one = pictures(ask(caller, seed=42, n=2, **SMALL))
    assert one == pictures(ask(caller, seed=42, n=2, **SMALL))
    assert one[0] != one[1]
    assert one[0] == pictures(ask(caller, seed="42", **SMALL))[0]


@pytest.mark.parametrize(
    "changes", [{"seed": 43}, {"prompt": "A quiet lake at night"}, {"height": 520}, {"prompt_optimizer": True}]
)
def test_anything_else_gives_another_picture(caller, changes):
    base = small(pictures(ask(caller, seed=42, **SMALL))[0])
    other = small(pictures(ask(caller, **{"seed": 42, **SMALL, **changes}))[0])
    assert np.abs(base - other).mean() > 0.03


def test_without_a_seed_every_picture_is_another(caller):
    nine = pictures(ask(caller, "abstract", n=9, **SMALL))
    assert len(nine) == len(set(nine)) == 9


@pytest.mark.parametrize("seed", [-(2**63), 2**63 - 1, 0])
def test_seeds_have_64_bits(caller, seed):
    assert pictures(ask(caller, "abstract", seed=seed, **SMALL))


def test_watermark_changes_only_its_corner(caller):
    plain = np.asarray(opened(pictures(ask(caller, seed=1, **SMALL))[0]), np.int16)
    marked = np.asarray(opened(pictures(ask(caller, seed=1, aigc_watermark=True, **SMALL))[0]), np.int16)
    changed = np.abs(plain - marked).max(-1) > 30
    assert changed[400:, 256:].any()
    assert not changed[:400].any()


def test_live_model_paints_in_its_styles(caller):
    made = []
    for style in catalogue.image.style_types:
        answer = ask(caller, model="image-01-live", seed=1, aspect_ratio="16:9", style={"style_type": style})
        made.append(small(pictures(answer)[0]))
    for index, one in enumerate(made):
        assert all(np.abs(one - other).mean() > 0.02 for other in made[index + 1 :])
    light = ask(caller, model="image-01-live", seed=1, style={"style_type": "水彩", "style_weight": 0.1})
    full = ask(caller, model="image-01-live", seed=1, style={"style_type": "水彩", "style_weight": 1})
    assert pictures(light) != pictures(full)


# --- a reference ------------------------------------------------------------------------------------------------------


def purple(content: bytes) -> float:
    values = small(content, 96)
    return float(((values[..., 0] > values[..., 1] * 1.5) & (values[..., 2] > values[..., 1] * 1.3)).mean())


def test_reference_is_really_used_in_every_spelling(caller):
    url = data_url(face())
    spellings: list[Any] = [
        [{"type": "character", "image_file": url}],
        [{"type": "character", "image_url": url}],
        url,
    ]
    prompt = "standing in a green forest"
    plain = pictures(ask(caller, prompt, seed=9, **SMALL))[0]
    made = {pictures(ask(caller, prompt, seed=9, subject_reference=given, **SMALL))[0] for given in spellings}
    assert len(made) == 1
    (content,) = made
    assert purple(plain) < 0.02 < 0.08 < purple(content)
    # The person is found in it: somewhere, at some size, the picture looks like the reference.
    person = opened(face()).convert("L")
    wall = np.abs(np.asarray(opened(face()).convert("RGB"), np.int16) - (225, 225, 220)).max(-1) < 12
    inside = Image.fromarray(np.where(wall, 0, 255).astype(np.uint8))
    picture = np.asarray(opened(content).convert("L"), np.float64)
    blank = np.asarray(opened(plain).convert("L"), np.float64)

    def best(where: np.ndarray) -> float:
        found = -1.0
        for height in range(330, 470, 10):
            size = (round(320 * height / 430), height)
            pattern = np.asarray(person.crop((40, 50, 360, 480)).resize(size), np.float64)[::4, ::4]
            body = np.asarray(inside.crop((40, 50, 360, 480)).resize(size))[::4, ::4] > 250
            for top in range(0, 512 - height + 1, 4):
                for left in range(0, 512 - size[0] + 1, 8):
                    window = where[top : top + height : 4, left : left + size[0] : 4]
                    found = max(found, likeness(window[body], pattern[body]))
        return found

    assert best(picture) > 0.85 > 0.75 > best(blank)


def test_other_reference_is_another_picture(caller):
    one, other = (
        pictures(ask(caller, "portrait", seed=9, subject_reference=data_url(face(colour=colour)), **SMALL))[0]
        for colour in ((230, 30, 200), (20, 160, 40))
    )
    assert purple(one) > purple(other) + 0.05


def test_reference_may_declare_a_wrong_type(caller):
    answer = ask(caller, "portrait", subject_reference=data_url(face("PNG"), "image/jpeg"), **SMALL)
    assert answer.code == 0, answer.message


def test_reference_is_fetched_from_an_address(caller):
    class Serving(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(face())

        def log_message(self, *args: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Serving)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/a.png"
        given = [{"type": "character", "image_url": url}]
        content = pictures(ask(caller, "in a green forest", subject_reference=given, seed=9, **SMALL))[0]
    finally:
        server.shutdown()
        server.server_close()
    assert purple(content) > 0.08


def bomb() -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack("!I", len(body)) + kind + body + struct.pack("!I", zlib.crc32(kind + body))

    head = struct.pack("!IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "given",
    [
        data_url(b"this is no picture"),
        data_url(face()[:300]),
        data_url(face() + bytes(10 * 1024 * 1024)),
        data_url(bomb()),
        "data:image/png;base64,***",
        "C:\\picture.png",
        "http://127.0.0.1:9/nothing.png",
        [{"type": "object", "image_file": data_url(face())}],
        [{"type": "character"}],
        [{"type": "character", "image_file": 5}],
        [data_url(face()), data_url(face())],
        [5],
        5,
    ],
    ids=[
        "text",
        "cut",
        "too large",
        "bomb",
        "no base64",
        "path",
        "dead",
        "type",
        "empty",
        "number",
        "two",
        "item",
        "scalar",
    ],
)
def test_reference_that_cannot_be_used_is_refused(caller, given):
    answer = ask(caller, subject_reference=given, **SMALL)
    assert answer.code == 2013
    assert "subject_reference" in answer.message


# --- refusals, faults, bill -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"model": "image-99"}, "model"),
        ({"model": None}, "model"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": 5}, "prompt"),
        ({"prompt": "x" * 1501}, "prompt"),
        ({"aspect_ratio": "5:4"}, "aspect_ratio"),
        ({"aspect_ratio": "21:9", "model": "image-01-live"}, "aspect_ratio"),
        ({"width": 1024}, "height"),
        ({"height": 1024}, "width"),
        ({"width": 500, "height": 1024}, "width"),
        ({"width": 1024, "height": 2056}, "height"),
        ({"width": 1023, "height": 1024}, "width"),
        ({"width": 1024.5, "height": 1024}, "width"),
        ({"width": 1024, "height": 1024, "model": "image-01-live"}, "width"),
        ({"n": 0}, "n"),
        ({"n": 10}, "n"),
        ({"n": True}, "n"),
        ({"seed": 2**63}, "seed"),
        ({"seed": "abc"}, "seed"),
        ({"response_format": "hex"}, "response_format"),
        ({"prompt_optimizer": "yes"}, "prompt_optimizer"),
        ({"aigc_watermark": 1}, "aigc_watermark"),
        ({"style": {"style_type": "漫画"}}, "style"),
        ({"model": "image-01-live", "style": {"style_type": "cubist"}}, "style_type"),
        ({"model": "image-01-live", "style": {"style_type": "漫画", "style_weight": 0}}, "style_weight"),
    ],
)
def test_wrong_values_are_refused_by_name(caller, body, field):
    answer = caller.post(PATH, {"model": "image-01", "prompt": "a lake", **body})
    assert (answer.status, answer.code) == (200, 2013)
    assert f"invalid params, {field}:" in answer.message
    assert len(answer.headers["Trace-Id"]) == 32


@pytest.mark.parametrize(("fault", "code"), [("content", 1026), ("balance", 1008), ("rate_limit", 1002)])
def test_faults_of_the_envelope_are_obeyed(caller, fault, code):
    assert ask(caller, headers={"X_Sandbox_Fault": fault}).code == code


@pytest.mark.parametrize(("n", "kept"), [(5, 2), (2, 1), (9, 4)])
def test_some_pictures_can_be_withheld(caller, n, kept):
    answer = ask(caller, "abstract", n=n, headers={"X_Sandbox_Fault": "partial"}, **SMALL)
    assert len(pictures(answer)) == kept
    assert answer.payload["metadata"] == {"success_count": str(kept), "failed_count": str(n - kept)}


def test_answer_can_break_off_after_the_work(caller):
    before = caller.get("/sandbox/requests").payload["charges"]
    with pytest.raises((httpx.RemoteProtocolError, json.JSONDecodeError)):
        ask(caller, "abstract", headers={"X_Sandbox_Fault": "drop_stream"}, **SMALL)
    assert caller.get("/sandbox/requests").payload["charges"] == before + 1


def test_pictures_are_charged_by_the_piece(start_sandbox):
    caller = Caller(start_sandbox().sandbox)
    ask(caller, "abstract", n=3, **SMALL)
    ask(caller, "abstract", n=2, headers={"X_Sandbox_Fault": "partial"}, **SMALL)
    ask(caller, "abstract", n=0)
    payload = caller.get("/sandbox/requests").payload
    assert payload["charges"] == 2
    assert float(payload["charged_usd"]) == pytest.approx(4 * 0.0035)


def test_live_speech_goes_on_while_pictures_are_painted(caller):
    def first_byte() -> float:
        begun = time.monotonic()
        body = {"model": "speech-2.8-hd", "text": f"Hello {time.monotonic_ns()}.", "stream": True}
        body |= {"voice_setting": {"voice_id": "English_Graceful_Lady"}, "audio_setting": {"format": "pcm"}}
        with caller.http.stream(
            "POST", f"{caller.sandbox.url}/v1/t2a_v2", json=body, headers=caller.sandbox.headers
        ) as response:
            next(response.iter_bytes())
        return time.monotonic() - begun

    first_byte()
    with ThreadPoolExecutor(1) as threads:
        painting = threads.submit(ask, Caller(caller.sandbox), "mountain lake", n=4)
        waits = []
        while not painting.done() or len(waits) < 3:
            waits.append(first_byte())
        assert len(pictures(painting.result())) == 4
    assert sorted(waits)[len(waits) // 2] < 1.0
