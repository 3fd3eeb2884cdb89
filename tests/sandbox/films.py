"""Films as tests see them: their frames as arrays, and how far the picture moved between two of them."""

from __future__ import annotations

import base64
import io
import time
from dataclasses import dataclass

import av
import numpy as np
from PIL import Image, ImageDraw

from tests.sandbox.conftest import Answer, Caller

PATIENCE_S = 400  # the machine may be busy with other tests


@dataclass(frozen=True)
class Film:
    codec: str
    pixels: str
    width: int
    height: int
    fps: float
    seconds: float
    frames: np.ndarray  # number, y, x, rgb: every fifth, and the last

    def moved(self) -> float:
        """The mean difference between neighbours."""
        return float(np.abs(np.diff(self.frames.astype(np.int16), axis=0)).mean())


def watch(content: bytes) -> Film:
    with av.open(io.BytesIO(content)) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        return Film(
            stream.codec_context.name,
            stream.codec_context.pix_fmt,
            stream.width,
            stream.height,
            float(stream.average_rate),
            len(frames) / float(stream.average_rate),
            np.stack([*frames[:-1:5], frames[-1]]),
        )


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """PSNR in dB: above 30 they look the same."""
    error = ((one.astype(np.float64) - other.astype(np.float64)) ** 2).mean()
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def shift_between(before: np.ndarray, after: np.ndarray) -> tuple[float, float]:
    """By how many pixels the content went to the right and down: phase correlation."""
    window = np.outer(np.hanning(before.shape[0]), np.hanning(before.shape[1]))
    one, other = (np.fft.rfft2((image.mean(axis=2) - image.mean()) * window) for image in (before, after))
    cross = other * one.conj()
    peak = np.fft.irfft2(cross / np.maximum(np.abs(cross), 1e-6) ** 0.6, before.shape[:2])
    y, x = np.unravel_index(int(peak.argmax()), peak.shape)
    tall, wide = before.shape[:2]
    return float(x - wide if x > wide / 2 else x), float(y - tall if y > tall / 2 else y)


def a_picture(width: int = 512, height: int = 512, *, seed: int = 1) -> Image.Image:
    rng = np.random.default_rng(seed)
    ground = Image.fromarray(rng.integers(40, 216, (7, 9, 3), dtype=np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    draw = ImageDraw.Draw(ground)
    for _ in range(12):
        x, y = rng.integers(0, width), rng.integers(0, height)
        tone = tuple(int(v) for v in rng.integers(0, 255, 3))
        draw.ellipse((x - 40, y - 40, x + 40, y + 40), fill=tone)
    return ground


def as_data_url(image: Image.Image, kind: str = "png") -> str:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"


QUERIES = {"video": "/v1/query/video_generation", "template": "/v1/query/video_template_generation"}


def wait(caller: Caller, task_id: str, kind: str = "video") -> tuple[Answer, list[str]]:
    """The last answer to the query, and the statuses on the way."""
    statuses: list[str] = []
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        answer = caller.get(f"{QUERIES[kind]}?task_id={task_id}")
        if not statuses or statuses[-1] != answer.payload["status"]:
            statuses.append(answer.payload["status"])
        if statuses[-1] in ("Success", "Fail"):
            return answer, statuses
        time.sleep(0.05)
    raise AssertionError(f"not done within {PATIENCE_S} s: {statuses}")


def download(caller: Caller, file_id: str) -> bytes:
    link = caller.get(f"/v1/files/retrieve?file_id={file_id}").payload["file"]["download_url"]
    response = caller.http.get(link)
    assert response.headers["content-type"] == "video/mp4"
    return response.content


def shoot(caller: Caller, **body: object) -> Film:
    answer = caller.post("/v1/video_generation", body)
    assert answer.code == 0, answer.message
    done, _ = wait(caller, answer.payload["task_id"])
    assert done.payload["status"] == "Success", done.payload
    return watch(download(caller, done.payload["file_id"]))
