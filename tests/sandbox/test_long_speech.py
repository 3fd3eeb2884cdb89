"""Long texts: created, asked for, fetched as a tar, through a real socket."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import httpx
import psutil
import pytest

from apps.sandbox.engine.script import cut_into_parts
from studio.config import ROOT
from tests.sandbox.conftest import FOX, VOICE, Answer, Caller

HOUR = 3600
STORY = (
    "It was a bright cold day in April, and the clocks were striking thirteen.\n"
    "“Who is there?” asked Mr. Smith. Nobody answered <#0.4#> for a while.\n"
    "一切都很好。 Все спокойно.\n"
) * 4


def body_of(text: str | None = STORY, **changes: Any) -> dict[str, Any]:
    body = {
        "model": "speech-2.8-hd",
        "voice_setting": {"voice_id": VOICE, "speed": 2, **changes.pop("voice", {})},
        "audio_setting": {"format": "flac", "audio_sample_rate": 16000, "channel": 1, **changes.pop("audio", {})},
        **changes,
    }
    return body if text is None else {"text": text, **body}


@dataclass
class LongCaller:
    caller: Caller

    def create(self, text: str | None = STORY, headers: dict[str, str] | None = None, **changes: Any) -> Answer:
        return self.caller.post("/v1/t2a_async_v2", body_of(text, **changes), **(headers or {}))

    def ask(self, task_id: Any) -> Answer:
        """Patiently: the sandbox answers ten questions a second, and other tests ask it too."""
        while (answer := self.caller.get(f"/v1/query/t2a_async_query_v2?task_id={task_id}")).code == 1002:
            time.sleep(0.2)
        return answer

    def wait(self, task_id: Any) -> Answer:
        end = time.monotonic() + 300
        while (answer := self.ask(task_id)).payload.get("status") == "Processing" and time.monotonic() < end:
            time.sleep(0.3)
        return answer

    def make(self, text: str | None = STORY, headers: dict[str, str] | None = None, **changes: Any) -> Result:
        created = self.create(text, headers, **changes)
        assert created.code == 0, created.message
        done = self.wait(created.payload["task_id"])
        assert done.payload["status"] == "Success", done.payload
        return Result(created.payload, self.content(created.payload["file_id"]))

    def content(self, file_id: int) -> bytes:
        url = f"{self.caller.sandbox.url}/v1/files/retrieve_content?file_id={file_id}"
        return self.caller.http.get(url, headers=self.caller.sandbox.headers).content

    def upload(self, content: bytes, name: str = "book.txt", purpose: str = "t2a_async_input") -> int:
        answer = self.caller.http.post(
            self.caller.sandbox.url + "/v1/files/upload",
            files={"file": (name, content)},
            data={"purpose": purpose},
            headers=self.caller.sandbox.headers,
        ).json()
        return answer["file"]["file_id"]

    def spent(self) -> int:
        return self.caller.get("/sandbox/requests").payload["charged_characters"]


@dataclass
class Result:
    created: dict[str, Any]
    content: bytes

    def members(self) -> dict[str, bytes]:
        with tarfile.open(fileobj=io.BytesIO(self.content), mode="r:") as archive:
            return {member.name: archive.extractfile(member).read() for member in archive}

    def of(self, ending: str) -> bytes:
        return next(content for name, content in self.members().items() if name.endswith(ending))

    @property
    def titles(self) -> list[dict[str, Any]]:
        return json.loads(self.of("_titles.json"))

    @property
    def extra(self) -> dict[str, Any]:
        return json.loads(self.of("_extra.json"))


def samples_in(sound: bytes) -> tuple[int, int, int]:
    """Samples, rate, channels, by decoding all of it."""
    with av.open(io.BytesIO(sound)) as container:
        stream = container.streams.audio[0]
        count = sum(frame.samples for frame in container.decode(stream))
        return count, stream.codec_context.sample_rate, stream.codec_context.channels


@pytest.fixture
def long(caller) -> LongCaller:
    return LongCaller(caller)


def test_text_becomes_a_tar_of_sound_subtitles_and_information(long):
    before = long.spent()
    created = long.create().payload
    file_id = created["file_id"]
    assert (created["usage_characters"], bool(created["task_token"])) == (len(STORY) + 4 * 5, True)
    long.wait(created["task_id"])
    done = long.wait(int(created["task_id"])).payload
    assert (done["status"], done["task_id"], done["file_id"]) == ("Success", int(created["task_id"]), file_id)
    result = Result(created, long.content(file_id))
    assert list(result.members()) == [
        f"{file_id}/content.flac",
        f"{file_id}/content_titles.json",
        f"{file_id}/content_extra.json",
    ]
    count, rate, channels = samples_in(result.of(".flac"))
    assert (rate, channels, result.extra["audio_channel"]) == (16000, 1, 1)
    assert result.extra["audio_length"] == round(count * 1000 / rate)
    assert result.extra["audio_size"] == len(result.of(".flac"))
    assert result.extra["usage_characters"] == created["usage_characters"]
    listed = long.caller.get("/v1/files/list?purpose=t2a_async").payload["files"]
    assert next(file for file in listed if file["file_id"] == file_id)["filename"] == f"{file_id}.tar"
    assert long.spent() - before == created["usage_characters"]


def test_subtitles_stand_where_the_words_do_in_text_and_sound(long):
    text = STORY * 20  # several parts
    assert len(list(cut_into_parts(text, 2500))) > 1
    result = long.make(text)
    titles, length = result.titles, result.extra["audio_length"]
    place, moment = 0, 0.0
    for title in titles:
        assert place <= title["text_begin"] < title["text_end"] <= len(text)
        assert moment <= title["time_begin"] < title["time_end"] <= length
        assert title["text"].split()[0] in text[title["text_begin"] : title["text_end"]]
        assert len(title["text"]) <= 50
        assert title["timestamped_words"] is None
        place, moment = title["text_end"], title["time_end"]
    assert sum(title["text"].startswith("It was a bright") for title in titles) == 80
    assert length - moment < 500


def test_parts_of_a_text_are_the_text():
    for text in (STORY * 50, "x" * 20_000, "word " * 5000, "一切都很好。" * 3000, "short"):
        parts = list(cut_into_parts(text, 2500))
        assert "".join(text[start:end] for start, end in parts) == text
        assert all(0 < end - start <= 5000 for start, end in parts)


@pytest.mark.parametrize("sound_format", ["mp3", "wav", "pcm", "opus", "pcmu_wav", "pcmu_raw"])
def test_every_format_holds_the_length_that_is_told(long, sound_format):
    result = long.make(FOX, audio={"format": sound_format, "channel": 2})
    sound, extra = next(iter(result.members().values())), result.extra
    assert (extra["audio_channel"], extra["audio_format"]) == (2, sound_format)
    if sound_format in ("pcm", "pcmu_raw"):
        width = 2 if sound_format == "pcm" else 1
        count, rate, channels = len(sound) // width // 2, extra["audio_sample_rate"], 2
    else:
        count, rate, channels = samples_in(sound)
    assert channels == 2
    assert abs(count / rate * 1000 - extra["audio_length"]) < 100


def test_names_and_defaults_are_those_of_this_address(long):
    body = body_of(FOX)
    body["audio_setting"] = {"sample_rate": 8000, "format": "flac"}  # the other address's name is not known here
    body["voice_setting"]["english_normalization"] = True
    created = long.caller.post("/v1/t2a_async_v2", body).payload
    long.wait(created["task_id"])
    assert samples_in(Result(created, long.content(created["file_id"])).of(".flac"))[1:] == (32000, 2)


def test_result_may_be_the_sound_alone(long):
    result = long.make(FOX, headers={"X_Sandbox_Result": "raw"})
    assert result.content.startswith(b"fLaC")
    found = long.caller.get(f"/v1/files/retrieve?file_id={result.created['file_id']}").payload["file"]
    assert found["filename"].endswith(".flac")


@pytest.mark.parametrize(
    ("code", "field", "changes"),
    [
        (2013, "text", {"text": None}),
        (2013, "text", {"text": FOX, "text_file_id": 1}),
        (2013, "text", {"text": "a" * 50_001}),
        (2013, "text", {"text": "a <#0.5#><#0.5#> b"}),
        (2013, "text_file_id", {"text": None, "text_file_id": 1}),
        (2013, "audio_setting.audio_sample_rate", {"audio": {"audio_sample_rate": 12345}}),
        (2013, "audio_setting.audio_sample_rate", {"audio": {"format": "opus", "audio_sample_rate": 32000}}),
        (2013, "voice_modify", {"audio": {"format": "pcm"}, "voice_modify": {"pitch": 5}}),
        (2013, "voice_setting", {"voice_setting": None}),
        (2013, "model", {"model": "speech-9"}),
        (20132, "voice_id", {"voice": {"voice_id": "Nobody"}}),
        (1042, "10%", {"text": "ab\x01\x02" * 10}),
    ],
    ids=lambda value: "" if isinstance(value, dict) else str(value),
)
def test_refusals_name_the_field_and_cost_nothing(long, code, field, changes):
    before = long.spent()
    answer = long.create(**{"text": STORY, **changes})
    assert (answer.status, answer.code, field in answer.message) == (200, code, True)
    assert "file_id" not in answer.payload
    assert long.spent() == before


def test_a_tenth_of_invisible_characters_is_taken_and_told(long):
    result = long.make("abcdefgh \x01" * 9)
    assert result.extra["invisible_character_ratio"] == 0.1


def test_text_comes_from_a_file_with_any_line_ends(long):
    text = "\ufeff" + "Once upon a time.\r\nThere was a tide.\r\n" * 10
    result = long.make(None, text_file_id=str(long.upload(text.encode())))
    assert result.created["usage_characters"] == len(text) - 1
    last = result.titles[-1]
    assert text[1:][last["text_begin"] : last["text_end"]].strip() == last["text"]


def zipped(**members: str | bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return packed.getvalue()


def test_zip_of_json_gives_three_files_for_each_key_that_is_not_empty(long):
    book = json.dumps({"title": "Tide", "content": FOX, "extra": "The end."})
    short = json.dumps({"title": "", "content": "Once.", "other": "is not read"})
    result = long.make(None, text_file_id=long.upload(zipped(one_json=book, two_json=short), "book.zip"))
    names = [name.split("/", 1)[1] for name in result.members()]
    sounds = ["1_one/title", "1_one/content", "1_one/extra", "2_two/content"]
    assert names == [name + ending for name in sounds for ending in (".flac", "_titles.json", "_extra.json")]
    assert result.created["usage_characters"] == len("Tide") + len(FOX) + len("The end.") + len("Once.")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("book.txt", "日本".encode("utf-16")),
        ("book.txt", b"a" * 1_000_000),
        ("book.txt", b"  \n"),
        ("book.zip", b"PK\x03\x04 and then nothing"),
        ("book.zip", zipped(a_txt="Once.", b_json="{}")),
        ("book.zip", zipped(a_json="[1]")),
        ("book.zip", zipped(a_json='{"title": 7}')),
        ("book.zip", zipped(a_txt=b"a" * 50_000_000)),
    ],
    ids=["encoding", "length", "empty", "broken", "mixed", "list", "number", "bomb"],
)
def test_files_that_cannot_be_spoken_are_refused(long, name, content):
    answer = long.create(None, text_file_id=long.upload(content, name))
    assert (answer.code, "text_file_id" in answer.message) == (2013, True)


def test_file_of_another_purpose_is_refused(long):
    file_id = long.upload(b"Once.", "book.txt", "retrieval")
    assert long.create(None, text_file_id=file_id).code == 2013


def test_no_more_than_ten_questions_a_second(start_sandbox):
    caller = Caller(start_sandbox().sandbox)
    begin = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: caller.get("/v1/query/t2a_async_query_v2?task_id=1").code, range(80)))
    assert set(answers) <= {1002, 2013}
    assert answers.count(2013) <= 10 * (int(time.monotonic() - begin) + 1)


def test_link_lives_nine_hours_and_the_result_seven_days(start_sandbox):
    long = LongCaller(Caller(start_sandbox().sandbox))
    created = long.make(FOX).created
    address = f"/v1/files/retrieve?file_id={created['file_id']}"
    link = long.caller.get(address).payload["file"]["download_url"]
    long.caller.knob("/sandbox/state", {"clock_shift_s": 9 * HOUR - 60})
    assert httpx.get(link).content[257:262] == b"ustar"
    long.caller.knob("/sandbox/state", {"clock_shift_s": 9 * HOUR + 1})
    assert httpx.get(link).status_code == 403
    assert httpx.get(long.caller.get(address).payload["file"]["download_url"]).status_code == 200
    long.caller.knob("/sandbox/state", {"clock_shift_s": 169 * HOUR})
    assert long.ask(created["task_id"]).payload["status"] == "Expired"
    assert long.caller.get(address).code == 2013
    assert long.caller.get("/v1/files/list?purpose=t2a_async").payload["files"] == []


@pytest.mark.parametrize(
    ("fault", "status", "code"), [("late_content", "Failed", 1026), ("late_expired", "Expired", 0)]
)
def test_task_may_end_badly_and_costs_nothing_then(long, fault, status, code):
    before = long.spent()
    created = long.create(FOX, {"X_Sandbox_Fault": fault}).payload
    done = long.wait(created["task_id"])
    assert (done.payload["status"], done.code) == (status, code)
    assert long.caller.get(f"/v1/files/retrieve?file_id={created['file_id']}").code == 2013
    assert long.spent() == before


def test_task_outlives_the_sandbox_and_keeps_its_file_id(start_sandbox, tmp_path):
    own = start_sandbox("--task-delay", "600", key="sk-long", data=tmp_path / "kept")
    created = LongCaller(Caller(own.sandbox)).create().payload
    own.process.kill()
    own.process.wait(10)
    long = LongCaller(Caller(start_sandbox(key="sk-long", data=tmp_path / "kept").sandbox))
    assert long.wait(created["task_id"]).payload["status"] == "Success"
    assert Result(created, long.content(created["file_id"])).extra["usage_characters"] == created["usage_characters"]
    assert not (tmp_path / "kept" / "tasks" / created["task_id"]).exists()


def test_live_speech_is_answered_while_a_long_text_is_made(start_sandbox):
    long = LongCaller(Caller(start_sandbox().sandbox))
    created = long.create((STORY * 400)[:50_000], audio={"format": "mp3"}).payload
    assert long.caller.speak().code == 0
    assert long.ask(created["task_id"]).payload["status"] == "Processing"


def most_memory(folder: Path, text: str) -> int:
    """KiB that the maker's process takes at its peak."""
    folder = folder / "tasks" / str(len(text))
    folder.mkdir(parents=True)
    (folder / "text-0").write_text(text)
    voice = {"voice_id": VOICE, "name": "", "language": "English", "gender": "female", "tags": [], "weight": 1}
    job = {"voices": [voice], "vol": 1.0, "pitch": 0, "emotion": None, "speed": 2.0, "force_cbr": False}
    job |= {"voice_modify": None, "language_boost": None, "pronunciation": [], "sound_tags": True, "channel": 2}
    job |= {"text_normalization": False, "latex_read": False, "aigc_watermark": False, "subtitle_type": "sentence"}
    job |= {"format": "wav", "sample_rate": 44100, "bitrate": 128000}
    units = [{"text": "text-0", "name": "content"}]
    order = {"job": job, "units": units, "extension": "wav", "raw": False, "created_at": 1}
    line = {"maker": "apps.sandbox.long_speech_maker:make_speech", "request": order, "folder": str(folder)}
    command = [sys.executable, "-m", "apps.sandbox.worker", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        worker.stdin.write(json.dumps(line) + "\n")
        worker.stdin.flush()
        assert "result" in json.loads(worker.stdout.readline())
        status = Path(f"/proc/{worker.pid}/status").read_text()
        worker.kill()
    return int(status.split("VmHWM:")[1].split()[0])


@pytest.mark.skipif(not psutil.LINUX, reason="the peak is read from /proc")
def test_five_times_the_text_takes_no_more_memory(tmp_path):
    """The longer sound has 70 MB."""
    assert most_memory(tmp_path, STORY * 25) - most_memory(tmp_path, STORY * 5) < 15 * 1024
