"""Files on their way to MiniMax: looked at by their content, sent by a worker, and nothing lost on the way."""

from __future__ import annotations

import io
import os
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.files import services, tasks
from apps.files.models import KnownFile, Transfer
from apps.files.purposes import UPLOADABLE
from apps.library.models import Asset
from apps.minimax.client import MiniMaxClient
from apps.minimax.connection import Endpoint
from apps.minimax.files import list_files, retrieve_file
from tests.files.conftest import GONE
from tests.files.things import archive, program, wav

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = "The tide is out. 海が静かだ。\n".encode() * 40


def short(value: str | bytes) -> str:
    """A test's name goes into the environment, which has no room for a file."""
    return value if isinstance(value, str) else f"{len(value)} bytes"


def at_minimax(sandbox, purpose: str) -> dict[str, int]:
    with MiniMaxClient(Endpoint(sandbox.url, sandbox.key)) as client:
        return {file.filename: file.bytes for file in list_files(client, purpose)}


def refused(answer) -> str:
    assert answer.status_code == 422
    assert not Transfer.objects.exists()
    return answer.json()["sentence"]


def test_a_text_arrives_byte_for_byte_and_its_id_is_text(page, sandbox):
    sent = page.brought(TEXT, "Tide.txt")
    assert (sent.status, sent.error) == ("done", "")
    known = KnownFile.objects.get()
    assert (known.file_id, known.purpose, known.bytes) == (sent.file_id, "t2a_async_input", len(TEXT))
    assert isinstance(known.file_id, str)
    assert known.created_by == page.member.user
    assert at_minimax(sandbox, "t2a_async_input")["Tide.txt"] == len(TEXT)
    assert not sent.path.exists()
    answer = page.client.get(page.url("content", sent.file_id))
    assert b"".join(answer.streaming_content) == TEXT


@pytest.mark.parametrize(
    ("content", "name", "purpose", "sent_as"),
    [
        (wav(12), "sample.wav", "voice_clone", "sample.wav"),
        (wav(12), "no suffix", "voice_clone", "no suffix.wav"),
        (wav(3), "a.mp3", "prompt_audio", "a.wav"),
        (archive("one.txt", "two.txt"), "book.zip", "t2a_async_input", "book.zip"),
        (TEXT, "C:\\texts\\tide.docx", "t2a_async_input", "tide.txt"),
        ("Größe".encode("utf-16"), "wide.txt", "t2a_async_input", "wide.txt"),
        (b'{"a": 1}\n{"a": 2}\n', "lines.txt", "t2a_async_input", "lines.txt"),
        (b'{"a": 1}\n{"a": 2}\n', "lines", "retrieval", "lines.jsonl"),
        (b"%PDF-1.7 and so on", "report.txt", "retrieval", "report.pdf"),
        (archive("word/document.xml"), "letter.zip", "retrieval", "letter.docx"),
    ],
    ids=short,
)
def test_what_a_file_is_counts_and_not_its_name(page, content, name, purpose, sent_as):
    sent = page.brought(content, name, purpose)
    assert (sent.status, sent.filename) == ("done", sent_as)


@pytest.mark.parametrize(
    ("content", "name", "purpose", "says"),
    [
        (program(), "song.mp3", "voice_clone", "a program, whatever its name"),
        (program(), "book.txt", "t2a_async_input", "a program, whatever its name"),
        (b"%PDF-1.7 rest", "book.txt", "t2a_async_input", "a PDF document"),
        (archive("word/document.xml"), "book.zip", "t2a_async_input", "a Word document"),
        (archive("a.txt", "b.exe"), "book.zip", "t2a_async_input", "text files only"),
        (b'{"a": 1}\n', "lines.jsonl", "t2a_async_input", "lines of JSON"),
        (wav(12), "book.txt", "t2a_async_input", "WAV sound"),
        (TEXT, "sample.mp3", "voice_clone", "plain text"),
        (wav(4), "short.wav", "voice_clone", "too short: it lasts 4 seconds, and 10 seconds are needed"),
        (wav(9), "long.wav", "prompt_audio", "too long: it lasts 9 seconds, and at most 8 seconds"),
        (b"ID3" + bytes(400), "damaged.mp3", "voice_clone", "damaged"),
        (b"RIFF\x00\x01\x00\x00WAVEnothing", "damaged.wav", "voice_clone", "damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(80), "sample.wav", "voice_clone", "a picture"),
        (bytes(range(256)) * 9, "what.txt", "t2a_async_input", "cannot be told"),
        (b"", "empty.txt", "t2a_async_input", "empty"),
    ],
    ids=short,
)
def test_what_minimax_would_not_take_is_refused_with_a_sentence_before_it_is_sent(page, content, name, purpose, says):
    assert says in refused(page.bring(content, name, purpose))


@pytest.mark.parametrize("purpose", ["", "t2a_async", "video_generation", "video_understanding", "\0"])
def test_nothing_is_brought_for_a_purpose_that_takes_nothing(page, purpose):
    assert page.bring(TEXT, "a.txt", purpose).status_code == 404


def test_one_byte_too_many_is_refused_by_its_announced_length(page):
    most = UPLOADABLE["t2a_async_input"].rules.max_bytes
    answer = page.client.generic(
        *("POST", page.url("upload"), b"x", "application/octet-stream"),
        query_params={"name": "big.txt", "purpose": "t2a_async_input"},
        CONTENT_LENGTH=str(most + 1),
    )
    assert "536870913 bytes" in refused(answer)


def test_one_byte_too_many_is_noticed_while_it_is_read_and_nothing_of_it_stays(member, tmp_path):
    big = tmp_path / "big.txt"
    with big.open("wb") as file:
        os.truncate(file.fileno(), UPLOADABLE["voice_clone"].rules.max_bytes + 1)  # sparse
    read = 0

    class Watched(io.FileIO):
        def read(self, size=-1):
            nonlocal read
            block = super().read(size)
            assert len(block) <= 1 << 20
            read += len(block)
            return block

    with Watched(big) as stream, pytest.raises(services.RefusedError, match="too large"):
        services.take_upload(member, stream, name="big.wav", purpose=UPLOADABLE["voice_clone"])
    assert read == UPLOADABLE["voice_clone"].rules.max_bytes + 1
    assert list(Transfer(pk=None).path.parent.iterdir()) == []
    assert not Transfer.objects.exists()


def test_an_upload_that_breaks_off_leaves_nothing(member):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            if self.tell():
                raise ConnectionResetError
            return super().read(10)

    with pytest.raises(ConnectionResetError):
        services.take_upload(member, Broken(TEXT), name="a.txt", purpose=UPLOADABLE["t2a_async_input"])
    assert list(Transfer(pk=None).path.parent.iterdir()) == []
    assert not Transfer.objects.exists()


def test_without_a_connection_nothing_is_taken(creator, open_page):
    assert "no connection" in refused(open_page(creator).bring(TEXT, "a.txt"))


def test_a_viewer_brings_nothing(member, viewer, open_page):
    assert open_page(viewer).bring(TEXT, "a.txt").status_code == 403


# --- under way --------------------------------------------------------------------------------------------------------


def waiting(page) -> Transfer:
    assert page.bring(TEXT, "Tide.txt").status_code == 201
    return Transfer.objects.get()


def test_a_file_that_is_cancelled_is_not_sent(odd, upstream):
    sent = waiting(odd)
    answer = odd.client.post(odd.url("cancel", sent.pk), headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert odd.carried(sent).status == "cancelled"
    assert upstream.calls("/v1/files/upload") == 0
    assert not sent.path.exists()


def test_a_file_that_is_cancelled_while_it_is_sent_stops_there(odd, upstream):
    sent = waiting(odd)
    sent.attempts = 1

    with sent.path.open("rb") as file, tasks._watched(sent) as watch:
        counted = tasks.Counted(file, watch)
        assert counted.read(10) == TEXT[:10]
        services.cancel(sent)
        watch_until(lambda: watch.is_stopped)
        with pytest.raises(tasks.StoppedError):
            counted.read(10)


def watch_until(check) -> None:
    import time

    end = time.monotonic() + 20
    while not check():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_too_many_requests_are_waited_for_and_said(odd, upstream):
    upstream.instead["/v1/files/upload"] = [{"base_resp": {"status_code": 1002, "status_msg": "limit"}}]
    sent = odd.carried(waiting(odd))
    assert sent.status == "waiting"
    assert "tried again by itself" in sent.error
    assert sent.leased_until > timezone.now()
    Transfer.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert odd.carried(sent).status == "done"


@pytest.mark.parametrize(
    "answer", [(502, b"<html>bad gateway</html>"), (200, b"<html>hello</html>"), (200, b""), {"base_resp": {}}, {}]
)
def test_an_answer_that_is_none_fails_with_a_sentence_and_can_be_tried_again(odd, upstream, answer):
    upstream.instead["/v1/files/upload"] = [answer]
    upstream.instead["/v1/files/list"] = [(502, b"<html>")]
    sent = odd.carried(waiting(odd))
    assert sent.status == "failed"
    assert "MiniMax" in sent.error
    assert "charged" not in sent.error
    assert "Traceback" not in sent.error
    odd.client.post(odd.url("again", sent.pk), headers={"HX-Request": "true"})
    assert odd.carried(sent).status == "done"


def test_a_file_that_arrived_although_the_answer_was_lost_is_not_sent_twice(odd, upstream):
    upstream.instead["/v1/files/upload"] = [None]
    sent = odd.carried(waiting(odd))
    assert (sent.status, upstream.calls("/v1/files/upload")) == ("done", 1)
    assert sent.file_id == str(next(iter(upstream.files)))


def test_what_a_killed_worker_had_sent_is_found_and_not_sent_twice(odd, upstream):
    sent = waiting(odd)
    upstream.answer("/v1/files/upload", {}, b'filename="Tide.txt"\r\n\r\n' + TEXT + b"\r\n--")
    Transfer.objects.update(attempts=1, leased_until=timezone.now() - timedelta(seconds=1))
    tasks.ring_due(5)
    assert odd.carried(sent).status == "done"
    assert upstream.calls("/v1/files/upload") == 1


def test_a_refused_file_is_told_in_minimax_own_words(odd, upstream):
    upstream.instead["/v1/files/upload"] = [GONE]
    sent = odd.carried(waiting(odd))
    assert (sent.status, upstream.calls("/v1/files/upload")) == ("failed", 1)
    assert "file_id" in sent.error


def test_a_file_does_not_go_to_another_account_than_it_was_brought_for(odd, upstream):
    sent = waiting(odd)
    connection = odd.member.workspace.connection
    connection.kind = "sandbox"
    connection.save()
    sent = odd.carried(sent)
    assert (sent.status, upstream.calls("/v1/files/upload")) == ("failed", 0)
    assert "connection was changed" in sent.error


def test_only_so_many_are_carried_at_once(odd, upstream):
    for number in range(tasks.AT_ONCE):
        busy = odd.bring(TEXT, f"{number}.txt")
        assert busy.status_code == 201
    Transfer.objects.update(leased_until=timezone.now() + timedelta(seconds=30))
    odd.bring(TEXT, "last.txt")
    last = Transfer.objects.order_by("-id")[0]
    assert odd.carried(last).status == "waiting"
    assert upstream.calls("/v1/files/upload") == 0


def test_only_whoever_brought_it_and_managers_may_stop_it(odd, admin, open_page, workspace):
    from tests.conftest import join

    sent = waiting(odd)
    other = open_page(join(workspace, "Cora", "creator"))
    assert other.client.post(other.url("cancel", sent.pk)).status_code == 403
    manager = open_page(admin)
    assert manager.client.post(manager.url("cancel", sent.pk)).status_code == 302


def test_the_spool_forgets_what_nobody_sends_any_more(odd, upstream):
    sent = waiting(odd)
    Transfer.objects.update(status="failed")
    tasks.clear_spool()
    assert sent.path.exists()
    old = (timezone.now() - tasks.KEPT_FOR - timedelta(minutes=1)).timestamp()
    os.utime(sent.path, (old, old))
    tasks.clear_spool()
    assert not sent.path.exists()


# --- the library ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("storage", ["folder", "bucket"])
def test_a_file_goes_to_the_library_and_back(page, sandbox, storage, request):
    if storage == "bucket":
        request.getfixturevalue("bucket")
    sound = wav(12)
    sent = page.brought(sound, "Harbour.wav", "voice_clone")
    page.asked()
    answer = page.client.post(page.url("keep"), {"file": sent.file_id}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    kept = page.carried(Transfer.objects.get(direction="down"))
    assert (kept.status, kept.error) == ("done", "")
    asset = Asset.objects.get()
    assert (asset.title, asset.status, asset.content_type) == ("Harbour", "ready", "audio/wav")
    assert asset.file.read() == sound
    assert KnownFile.objects.get(file_id=sent.file_id).asset == asset

    page.client.post(page.url("send"), {"asset": str(asset.pk), "purpose": "voice_clone"})
    back = page.carried(Transfer.objects.filter(direction="up").order_by("-id")[0])
    assert (back.status, back.asset) == ("done", asset)
    with MiniMaxClient(Endpoint(sandbox.url, sandbox.key)) as client:
        assert retrieve_file(client, back.file_id).bytes == len(sound)
    assert asset.file.storage.exists(asset.file.name)


def test_a_text_that_is_copied_lies_in_the_library_as_it_is(page):
    sent = page.brought(TEXT, "Tide.txt")
    page.client.post(page.url("keep"), {"file": sent.file_id})
    page.carried(Transfer.objects.get(direction="down"))
    asset = Asset.objects.get()
    assert (asset.status, asset.content_type, asset.file.read()) == ("ready", "text/plain", TEXT)
    shown = page.client.get(f"/w/night-shift/library/{asset.pk}/").content.decode()
    assert "studio-player" not in shown


def test_a_copy_that_was_asked_for_twice_is_fetched_once(page):
    sent = page.brought(TEXT, "Tide.txt")
    for _ in range(2):
        page.client.post(page.url("keep"), {"file": sent.file_id})
    assert Transfer.objects.filter(direction="down").count() == 1


def test_a_file_of_the_library_that_does_not_fit_is_refused(page, tmp_path):
    sent = page.brought(wav(12), "Harbour.wav", "voice_clone")
    page.client.post(page.url("keep"), {"file": sent.file_id})
    page.carried(Transfer.objects.get(direction="down"))
    answer = page.client.post(page.url("send"), {"asset": str(Asset.objects.get().pk), "purpose": "prompt_audio"})
    assert answer.status_code == 422
    assert "too long" in answer.content.decode()


def test_an_asset_of_another_workspace_is_not_found(page, stranger, open_page):
    sent = page.brought(wav(12), "Harbour.wav", "voice_clone")
    page.client.post(page.url("keep"), {"file": sent.file_id})
    page.carried(Transfer.objects.get(direction="down"))
    elsewhere = open_page(stranger)
    asset = {"asset": str(Asset.objects.get().pk), "purpose": "voice_clone"}
    assert elsewhere.client.post(elsewhere.url("send"), asset).status_code == 404
