"""The vendor's own MCP server, unmodified, from PyPI: the judge of whether the sandbox speaks MiniMax's protocol."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from apps.sandbox.cloning.portrait import measure
from studio.config import ROOT
from tests.sandbox.films import PATIENCE_S, a_picture, as_data_url, watch
from tests.sandbox.listening import listen
from tests.sandbox.voicing import Cloner, as_wav, lasting, new_voice_id, spoken_by

VERSION = "0.0.19"
LAST_WITH_MUSIC = "0.0.18"  # 0.0.19 has no music_generation any more

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("official clients")]


def install_client(version: str, *others: str) -> Path:
    """The program, installed once, apart from the studio: it wants other versions of our dependencies."""
    folder = ROOT / ".cache" / "clients" / f"minimax-mcp-{version}"
    program = folder / "bin" / "minimax-mcp"
    if not program.exists():
        uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
        assert uv, "uv comes with the development dependencies"
        shutil.rmtree(folder, ignore_errors=True)
        for command in (
            [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
            [
                uv,
                "pip",
                "install",
                "--quiet",
                "--python",
                str(folder / "bin" / "python"),
                f"minimax-mcp=={version}",
                *others,
            ],
        ):
            made = subprocess.run(command, capture_output=True, text=True, timeout=300)
            if made.returncode and os.environ.get("CI") != "true":
                shutil.rmtree(folder, ignore_errors=True)
                pytest.skip(f"minimax-mcp {version} could not be installed: is there a network?")
            assert made.returncode == 0, made.stderr
    return program


@pytest.fixture(scope="session")
def minimax_mcp() -> Path:
    return install_client(VERSION)


@pytest.fixture(scope="session")
def minimax_mcp_with_music() -> Path:
    return install_client(LAST_WITH_MUSIC, "mcp<2")  # which it does not say it needs


class McpSession:
    """As much of an MCP client as is needed to call a tool over stdio."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._last = 0
        about = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "tests", "version": "1"}}
        self.ask("initialize", about)
        self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdout
        self._last += 1
        self._send({"jsonrpc": "2.0", "id": self._last, "method": method, "params": params})
        for line in self._process.stdout:
            answer = json.loads(line)
            if answer.get("id") == self._last:
                return answer["result"]
        raise AssertionError("minimax-mcp ended")

    def call(self, tool: str, **arguments: Any) -> str:
        result = self.ask("tools/call", {"name": tool, "arguments": arguments})
        text = result["content"][0]["text"]
        assert not result.get("isError"), text
        return text


@pytest.fixture
def open_mcp(minimax_mcp, sandbox, tmp_path) -> Iterator[Any]:
    processes: list[subprocess.Popen[str]] = []

    def open_session(mode: str, key: str = sandbox.key, program: Path = minimax_mcp) -> McpSession:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "MINIMAX_API_KEY": key,
            "MINIMAX_API_HOST": sandbox.url,
            "MINIMAX_API_RESOURCE_MODE": mode,
            "MINIMAX_MCP_BASE_PATH": str(tmp_path),
        }
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            [str(program)],
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
            cwd=tmp_path,
        )
        processes.append(process)
        return McpSession(process)

    yield open_session
    for process in processes:
        process.terminate()
        process.wait(10)


def test_minimax_mcp_speaks_to_a_url(open_mcp):
    told = open_mcp("url").call("text_to_audio", text="Hello from the official client.", voice_id="female-shaonv")
    url = told.removeprefix("Success. Audio URL: ")
    assert listen(httpx.get(url).content).seconds > 1


def test_minimax_mcp_speaks_to_a_file(open_mcp, tmp_path):
    told = open_mcp("local").call("text_to_audio", text="Hello again.", format="flac", emotion="neutral", speed=1.2)
    assert told.startswith("Success. File saved as:")
    (kept,) = tmp_path.glob("*.flac")
    assert listen(kept.read_bytes()).seconds > 0.5


def test_minimax_mcp_lists_the_voices(open_mcp):
    told = open_mcp("url").call("list_voices", voice_type="all")
    assert "English_Graceful_Lady" in told
    assert told.count("ID: ") > 300


def test_minimax_mcp_understands_a_refusal(open_mcp):
    session = open_mcp("url", key="sk-api-wrong")
    told = session.ask("tools/call", {"name": "text_to_audio", "arguments": {"text": "Hello."}})
    text = told["content"][0]["text"]
    assert "invalid api key" in text.lower() or "API Error" in text
    assert "Trace" in text


def test_minimax_mcp_generates_a_video_and_waits_for_it(open_mcp):
    told = open_mcp("url").call("generate_video", prompt="a kite over dunes [Tilt up]")
    film = watch(httpx.get(re.findall(r"https?://\S+", told)[-1]).content)
    assert (film.width, film.height, film.seconds) == (1366, 768, 6)


def test_minimax_mcp_asks_again_for_a_video_it_did_not_wait_for(open_mcp):
    session = open_mcp("url")
    picture = as_data_url(a_picture())
    told = session.call(
        "generate_video",
        model="MiniMax-Hailuo-02",
        prompt="a calm lake",
        first_frame_image=picture,
        resolution="768P",
        async_mode=True,
    )
    task = re.findall(r"\d{10,}", told)[0]
    end = time.monotonic() + PATIENCE_S
    while "http" not in (told := session.call("query_video_generation", task_id=task)):
        assert time.monotonic() < end, told
        time.sleep(1)
    assert watch(httpx.get(re.findall(r"https?://\S+", told)[-1]).content).seconds == 6


def test_minimax_mcp_paints_to_urls(open_mcp):
    told = open_mcp("url").call("text_to_image", prompt="a lighthouse at dusk", aspect_ratio="16:9", n=2)
    urls = re.findall(r"http://[^\s'\",\]]+", told)
    assert len(urls) == 2
    for url in urls:
        with Image.open(io.BytesIO(httpx.get(url).content)) as image:
            assert (image.format, image.size) == ("JPEG", (1280, 720))


def test_minimax_mcp_paints_to_files(open_mcp, tmp_path):
    told = open_mcp("local").call("text_to_image", prompt="a lighthouse at dusk", aspect_ratio="1:1", n=1)
    (kept,) = tmp_path.rglob("*.jp*g")
    assert kept.name in told
    with Image.open(kept) as image:
        assert image.size == (1024, 1024)


SONG = (
    "[Verse]\nOver the hill and far away\nI will be home another day\n[Chorus]\nSing for the morning\nAnd for the sun"
)


def test_minimax_mcp_makes_a_song_to_a_url(open_mcp, minimax_mcp_with_music):
    session = open_mcp("url", program=minimax_mcp_with_music)
    told = session.call("music_generation", prompt="a gentle folk song, guitar", lyrics=SONG)
    song = listen(httpx.get(told.removeprefix("Success. Music url: ")).content)
    assert (song.rate, song.channels) == (32000, 2)
    assert song.seconds > 20
    assert song.rms > 0.05


def test_minimax_mcp_makes_a_song_to_a_file(open_mcp, minimax_mcp_with_music, tmp_path):
    session = open_mcp("local", program=minimax_mcp_with_music)
    song = {"prompt": "a gentle folk song, guitar", "lyrics": SONG, "format": "wav", "sample_rate": 16000}
    assert session.call("music_generation", **song).startswith("Success. Music saved as:")
    (kept,) = tmp_path.glob("*.wav")
    heard = listen(kept.read_bytes())
    assert (heard.rate, heard.channels) == (16000, 2)
    assert heard.seconds > 20


@pytest.fixture
def sample_path(tmp_path) -> Path:
    path = tmp_path / "sample.wav"
    path.write_bytes(as_wav(lasting(spoken_by("English_Graceful_Lady"), 10.5)))
    return path


def test_minimax_mcp_clones_a_voice_to_a_url_and_speaks_with_it(open_mcp, sample_path):
    session = open_mcp("url")
    voice_id = new_voice_id()
    told = session.call("voice_clone", voice_id=voice_id, file=str(sample_path), text="Hello, this is my voice.")
    demo = listen(httpx.get(told.removeprefix("Success. Demo audio URL: ")).content)
    model = measure(spoken_by("English_Graceful_Lady"))
    assert abs(demo.pitch / model.f0 - 1) < 0.05
    assert voice_id not in session.call("list_voices", voice_type="voice_cloning")
    spoken = session.call("text_to_audio", text="Hello, this is my voice.", voice_id=voice_id)
    assert spoken.startswith("Success. Audio URL: ")
    assert voice_id in session.call("list_voices", voice_type="voice_cloning")


def test_minimax_mcp_clones_a_voice_from_a_url_to_a_file(open_mcp, sample_path, caller, tmp_path):
    cloner = Cloner(caller)
    file_id = cloner.upload_id(sample_path.read_bytes())
    link = caller.get(f"/v1/files/retrieve?file_id={file_id}").payload["file"]["download_url"]
    voice_id = new_voice_id()
    told = open_mcp("local").call("voice_clone", voice_id=voice_id, file=link, is_url=True, text="Hello from a link.")
    assert told.startswith(f"Voice cloned successfully: Voice ID: {voice_id}, demo audio saved as:")
    (kept,) = tmp_path.glob("voice_clone*")
    assert listen(kept.read_bytes()).seconds > 0.5


def test_minimax_mcp_is_told_why_a_voice_is_not_cloned(open_mcp, tmp_path):
    short = tmp_path / "short.wav"
    short.write_bytes(as_wav(lasting(spoken_by("English_Graceful_Lady"), 3)))
    told = open_mcp("url").call("voice_clone", voice_id=new_voice_id(), file=str(short), text="Hello.")
    assert told.startswith("Failed to clone voice:")
    assert "duration" in told


def test_minimax_mcp_designs_a_voice_to_a_file_and_speaks_with_it(open_mcp, tmp_path):
    session = open_mcp("local")
    told = session.call("voice_design", prompt="a deep-voiced elderly man, speaks slowly", preview_text="Good evening.")
    assert told.startswith("Success. File saved as:")
    (kept,) = tmp_path.glob("*.mp3")
    assert 60 < listen(kept.read_bytes()).pitch < 110
    voice_id = told.rpartition("Voice ID generated: ")[2].strip()
    assert session.call("text_to_audio", text="Good night.", voice_id=voice_id).startswith("Success.")


def test_minimax_mcp_designs_a_voice_with_a_wished_name(open_mcp):
    voice_id = new_voice_id()
    told = open_mcp("url").call("voice_design", prompt="一位活泼的年轻女性", preview_text="你好！", voice_id=voice_id)
    assert told.startswith(f"Success. Voice ID generated: {voice_id}, Trial Audio: ")
    assert listen(bytes.fromhex(told.rpartition("Trial Audio: ")[2].strip())).seconds > 0.3
