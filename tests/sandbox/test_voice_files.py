"""Files that are uploaded for voices."""

from __future__ import annotations

import io
import zipfile

import httpx
import numpy as np
import pytest

from tests.sandbox.conftest import Caller
from tests.sandbox.voicing import Cloner, as_wav

SOUND = as_wav(np.zeros(22050, np.float32))
HOUR = 3600


@pytest.fixture
def cloner(caller) -> Cloner:
    return Cloner(caller)


def test_upload_is_described_found_fetched_and_deleted(cloner):
    caller = cloner.caller
    file = cloner.upload(SOUND, "my voice #1?.wav").payload["file"]
    assert (file["bytes"], file["filename"], file["purpose"]) == (len(SOUND), "my voice #1?.wav", "voice_clone")
    assert isinstance(file["file_id"], int)
    assert file["file_id"] < 2**63
    assert file in caller.get("/v1/files/list?purpose=voice_clone").payload["files"]
    assert file not in caller.get("/v1/files/list?purpose=prompt_audio").payload["files"]
    found = caller.get(f"/v1/files/retrieve?file_id={file['file_id']}").payload["file"]
    assert httpx.get(found["download_url"]).content == SOUND
    content = caller.http.get(
        f"{caller.sandbox.url}/v1/files/retrieve_content?file_id={file['file_id']}", headers=caller.sandbox.headers
    )
    assert content.content == SOUND
    assert caller.post("/v1/files/delete", {"file_id": file["file_id"], "purpose": "prompt_audio"}).code == 2013
    assert caller.post("/v1/files/delete", {"file_id": file["file_id"]}).code == 2013
    gone = caller.post("/v1/files/delete", {"file_id": str(file["file_id"]), "purpose": "voice_clone"})
    assert (gone.code, gone.payload["file_id"]) == (0, file["file_id"])
    assert caller.get(f"/v1/files/retrieve?file_id={file['file_id']}").code == 2013
    assert httpx.get(found["download_url"]).status_code == 404


def test_link_expires_and_can_be_asked_for_again(start_sandbox):
    cloner = Cloner(Caller(start_sandbox().sandbox))
    address = f"/v1/files/retrieve?file_id={cloner.upload_id(SOUND)}"
    link = cloner.caller.get(address).payload["file"]["download_url"]
    cloner.caller.knob("/sandbox/state", {"clock_shift_s": HOUR + 1})
    assert httpx.get(link).status_code == 403
    assert httpx.get(cloner.caller.get(address).payload["file"]["download_url"]).content == SOUND


@pytest.mark.parametrize("purpose", ["voice_clone", "prompt_audio"])
def test_too_large_a_sound_is_refused_and_the_largest_is_taken(cloner, purpose):
    limit = 20 * 1024 * 1024
    assert cloner.upload(b"\0" * (limit + 1), purpose=purpose).code == 2013
    assert cloner.upload(b"\0" * limit, purpose=purpose).code == 0


@pytest.mark.parametrize(
    ("field", "name", "content", "purpose"),
    [
        ("purpose", "s.wav", SOUND, ""),
        ("purpose", "s.wav", SOUND, "secrets"),
        ("purpose", "s.wav", SOUND, "video_generation"),
        ("file", "s.exe", SOUND, "voice_clone"),
        ("file", "s.ogg", SOUND, "prompt_audio"),
        ("file", "s.wav", SOUND, "t2a_async_input"),
        ("file", "s.wav", b"", "voice_clone"),
    ],
)
def test_upload_is_checked_by_name(cloner, field, name, content, purpose):
    answer = cloner.upload(content, name, purpose)
    assert (answer.status, answer.code, field in answer.message) == (200, 2013, True)


def test_upload_without_a_file_or_without_a_form_is_refused(cloner):
    url, headers = cloner.caller.sandbox.url + "/v1/files/upload", cloner.caller.sandbox.headers
    http = cloner.caller.http
    for answer in (
        http.post(url, json={"purpose": "voice_clone"}, headers=headers),
        http.post(url, content=b"", headers={**headers, "Content-Type": "multipart/form-data"}),
        http.post(url, files={"other": ("s.wav", SOUND)}, data={"purpose": "voice_clone"}, headers=headers),
    ):
        assert (answer.status_code, answer.json()["base_resp"]["status_code"]) == (200, 2013)


def test_parts_may_come_in_any_order_and_the_body_in_chunks(cloner):
    """As the command line client sends it: the file first, no length."""
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="s.wav"\r\n\r\n' + SOUND + b"\r\n"
        b'--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nvoice_clone\r\n--x--\r\n'
    )
    answer = cloner.caller.http.post(
        cloner.caller.sandbox.url + "/v1/files/upload",
        content=iter([body[:1000], body[1000:]]),
        headers={**cloner.caller.sandbox.headers, "Content-Type": "multipart/form-data; boundary=x"},
    ).json()
    assert (answer["base_resp"]["status_code"], answer["file"]["bytes"]) == (0, len(SOUND))


def test_texts_for_long_speech_are_taken(cloner):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("book.txt", "Once upon a time.")
    for name, content in (("book.txt", b"Once upon a time."), ("book.zip", packed.getvalue())):
        assert cloner.upload(content, name, "t2a_async_input").code == 0


def test_name_of_a_file_cannot_lead_elsewhere(cloner):
    file = cloner.upload(SOUND, "../../etc/passwd.wav").payload["file"]
    assert "/" not in file["filename"]
    link = cloner.caller.get(f"/v1/files/retrieve?file_id={file['file_id']}").payload["file"]["download_url"]
    assert httpx.get(link).content == SOUND
