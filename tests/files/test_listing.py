"""What lies at MiniMax: listed, looked at, given out in part or whole, deleted; honest where MiniMax is not."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.files import listing, services
from apps.files.models import KnownFile, Listing
from apps.jobs.models import Job
from apps.minimax.client import MiniMaxClient
from apps.minimax.connection import Endpoint
from apps.minimax.files import RemoteFile, delete_file, upload_file
from apps.workspaces.models import AuditEntry, Connection, ConnectionKind
from tests.conftest import join
from tests.files.conftest import GONE
from tests.files.things import wav

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = "Der Fluß ist breit. 河很宽。\n".encode() * 9_000
HTMX = {"HX-Request": "true"}


@pytest.fixture
def sent(page):
    """A text that lies at MiniMax."""
    return page.brought(TEXT, "River.txt")


def remove_elsewhere(sandbox, file_id: str) -> None:
    with MiniMaxClient(Endpoint(sandbox.url, sandbox.key)) as client:
        delete_file(client, file_id, "t2a_async_input")


def lies_there(page, file_id: str) -> bool:
    return f"file-{file_id}" in page.asked()


def test_the_list_says_when_it_was_fetched_and_how_full_it_is(page, sent):
    before = page.client.get(page.url("index")).content.decode()
    assert "MiniMax is being asked" in before
    assert page.url("refresh") in before
    shown = page.asked()
    assert "MiniMax was asked at" in shown
    assert "of 100 GB used" in shown
    assert f"file-{sent.file_id}" in shown
    assert "Carla" in shown
    assert Listing.objects.filter(purpose="t2a_async_input").exists()


def test_a_file_that_has_just_arrived_is_listed_without_asking(page, sent):
    assert f"file-{sent.file_id}" in page.client.get(page.url("list")).content.decode()


def test_the_list_is_narrowed_by_purpose_and_by_words(page, sent):
    page.brought(wav(12), "Harbour.wav", "voice_clone")
    assert "Harbour.wav" not in page.asked(purpose="t2a_async_input")
    assert "River.txt" not in page.asked(q="harb")
    assert "River.txt" in page.asked(q=sent.file_id)
    assert "Nothing found" in page.asked(q="no such name")


def test_no_address_of_minimax_stands_in_a_page(page, sent, sandbox):
    pages = [page.asked(), page.client.get(page.url("file", sent.file_id), headers=HTMX).content.decode()]
    assert not [text for text in pages if sandbox.url in text or "download_url" in text]


def test_a_file_is_given_out_whole_or_in_part(page, sent):
    url = page.url("content", sent.file_id)
    whole = page.client.get(url, {"download": "1"})
    assert b"".join(whole.streaming_content) == TEXT
    assert whole["Content-Disposition"] == 'attachment; filename="River.txt"'
    assert whole["Content-Length"] == str(len(TEXT))
    part = page.client.get(url, headers={"Range": "bytes=1000-1999"})
    assert (part.status_code, b"".join(part.streaming_content)) == (206, TEXT[1000:2000])
    assert part["Content-Range"] == f"bytes 1000-1999/{len(TEXT)}"
    end = page.client.get(url, headers={"Range": "bytes=-7"})
    assert b"".join(end.streaming_content) == TEXT[-7:]
    beyond = page.client.get(url, headers={"Range": f"bytes={len(TEXT)}-"})
    assert beyond.status_code == 416
    assert page.client.get(url, headers={"Range": f"bytes={'9' * 5000}-"}).status_code == 200


def test_what_somebody_brought_runs_in_no_browser(page, sent):
    answer = page.client.get(page.url("content", sent.file_id))
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]


def test_a_text_is_shown_at_its_beginning(page, sent):
    shown = page.client.get(page.url("text", sent.file_id)).content.decode()
    assert "Der Fluß ist breit. 河很宽。" in shown
    assert "This is the beginning" in shown


def test_markup_in_a_text_and_in_a_name_is_only_text(page):
    sent = page.brought(b"<script>alert(1)</script>", '"><img src=x>.txt')
    assert b"<script>alert" not in page.client.get(page.url("text", sent.file_id)).content
    assert "<img src=x>" not in page.asked()


def test_a_stranger_finds_nothing_and_another_workspace_sees_nothing(page, sent, stranger, open_page):
    assert open_page(stranger).client.get(page.url("content", sent.file_id)).status_code == 404
    Connection.objects.create(workspace=stranger.workspace, kind=ConnectionKind.SANDBOX)
    elsewhere = open_page(stranger)  # on the same sandbox, with the same key
    assert not lies_there(elsewhere, sent.file_id)
    for name in ("file", "content", "text"):
        assert elsewhere.client.get(elsewhere.url(name, sent.file_id)).status_code == 404
    assert elsewhere.client.post(elsewhere.url("delete"), {"file": sent.file_id}).status_code == 404
    assert elsewhere.client.post(elsewhere.url("keep"), {"file": sent.file_id}).status_code == 404
    assert lies_there(page, sent.file_id)


def test_a_file_that_came_from_elsewhere_is_listed_too(page, sandbox, tmp_path):
    (tmp_path / "a.txt").write_bytes(TEXT)
    with MiniMaxClient(Endpoint(sandbox.url, sandbox.key)) as client, (tmp_path / "a.txt").open("rb") as content:
        remote = upload_file(
            client, purpose="t2a_async_input", filename="a.txt", content=content, content_type="text/plain"
        )
    assert lies_there(page, remote.file_id)


def test_a_file_that_was_deleted_meanwhile_is_said_to_be_gone(page, sent, sandbox):
    page.asked()
    remove_elsewhere(sandbox, sent.file_id)
    answer = page.client.get(page.url("file", sent.file_id), headers=HTMX)
    assert "no longer at MiniMax" in answer.content.decode()
    assert sent.filename in answer.content.decode()
    assert "files:changed" in answer["HX-Trigger"]
    assert f"file-{sent.file_id}" not in page.client.get(page.url("list")).content.decode()


def test_a_download_of_what_is_gone_says_so(page, sent, sandbox):
    page.asked()
    remove_elsewhere(sandbox, sent.file_id)
    answer = page.client.get(page.url("content", sent.file_id))
    assert answer.status_code == 404
    assert "This file cannot be had" in answer.content.decode()


# --- deleting ---------------------------------------------------------------------------------------------------------


def test_a_file_is_deleted_after_a_question_and_that_is_written_down(page, sent):
    question = page.client.get(page.url("delete"), {"file": sent.file_id}).content.decode()
    assert "for good" in question
    assert "River.txt" in question
    assert lies_there(page, sent.file_id)
    done = page.client.post(page.url("delete"), {"file": sent.file_id}, headers=HTMX)
    assert "One file was deleted" in done.content.decode()
    assert not lies_there(page, sent.file_id)
    assert AuditEntry.objects.get(action="file.deleted").subject == "River.txt"


def test_deleting_many_says_what_became_of_each(page, sandbox):
    kept, gone = page.brought(TEXT, "One.txt"), page.brought(TEXT, "Two.txt")
    page.asked()
    remove_elsewhere(sandbox, gone.file_id)
    said = page.client.post(page.url("delete"), {"file": [kept.file_id, gone.file_id]}, headers=HTMX).content.decode()
    assert "One file was deleted" in said
    assert "One was no longer at MiniMax" in said
    assert AuditEntry.objects.filter(action="file.deleted").count() == 1


def test_the_question_names_what_uses_a_file(page, sent):
    job = Job.objects.create(
        workspace=page.member.workspace,
        created_by=page.member.user,
        kind="voice_clone",
        title="Anna",
        request={},
        click="1",
        results=[],
    )
    remote = RemoteFile(sent.file_id, "River.txt", "t2a_async_input", len(TEXT), 0, "")
    services.remember(page.member.workspace, remote, job=job)
    assert "Voice from a recording: Anna" in page.asked()
    question = page.client.get(page.url("delete"), {"file": sent.file_id}).content.decode()
    assert "One of them is used" in question
    assert "Anna" in question


def test_what_others_brought_only_managers_delete(page, sent, admin, viewer, workspace, open_page):
    other = open_page(join(workspace, "Cora", "creator"))
    assert other.client.post(other.url("delete"), {"file": sent.file_id}).status_code == 403
    assert open_page(viewer).client.get(page.url("delete"), {"file": sent.file_id}).status_code == 403
    manager = open_page(admin)
    answer = manager.client.post(manager.url("delete"), {"file": sent.file_id}, headers=HTMX)
    assert "One file was deleted" in answer.content.decode()


def test_a_viewer_looks_and_downloads(page, sent, viewer, open_page):
    watching = open_page(viewer)
    shown = watching.asked()
    assert "River.txt" in shown
    assert "Copy to the library" not in shown
    assert watching.client.get(page.url("content", sent.file_id)).status_code == 200
    assert "data-bring" not in watching.client.get(page.url("index")).content.decode()


# --- a MiniMax that misbehaves ----------------------------------------------------------------------------------------


def odd_file(odd, upstream) -> str:
    upstream.files[77] = {
        "file_id": 77,
        "bytes": 5,
        "created_at": 1,
        "filename": "Far.txt",
        "purpose": "t2a_async_input",
    }
    odd.asked()
    KnownFile.objects.create(
        workspace=odd.member.workspace,
        connection=Listing.objects.first().connection,
        file_id="77",
        purpose="t2a_async_input",
        filename="Far.txt",
        created_by=odd.member.user,
    )
    return "77"


LIMIT = {"base_resp": {"status_code": 1002, "status_msg": "rate limit"}}


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((429, b"slow down"), "limit per minute"),
        (LIMIT, "limit per minute"),
        ((200, b"<html>hello</html>"), "not one that MiniMax gives"),
        ((200, b""), "not one that MiniMax gives"),
        (None, "broke off"),
    ],
)
def test_a_list_that_cannot_be_had_is_said_and_the_old_one_stays(odd, upstream, answer, says):
    odd_file(odd, upstream)
    upstream.instead["/v1/files/list"] = [answer] * 9
    shown = odd.asked()
    assert says in shown
    assert "What is shown is what was known before" in shown
    assert "Far.txt" in shown
    assert "charged" not in shown


@pytest.mark.parametrize("answer", [(429, b"slow down"), LIMIT, (200, b"<html>"), (502, b""), None])
def test_a_file_that_could_not_be_deleted_is_still_there_and_that_is_said(odd, upstream, answer):
    file_id = odd_file(odd, upstream)
    upstream.instead["/v1/files/delete"] = [(503, b"") if answer is None else answer]
    said = odd.client.post(odd.url("delete"), {"file": file_id}, headers=HTMX).content.decode()
    assert "One is still there" in said
    assert "Far.txt" in odd.client.get(odd.url("list")).content.decode()
    assert not AuditEntry.objects.filter(action="file.deleted").exists()


def test_a_refusal_of_a_file_that_is_there_is_not_taken_for_its_absence(odd, upstream):
    file_id = odd_file(odd, upstream)
    upstream.instead["/v1/files/delete"] = [GONE]
    said = odd.client.post(odd.url("delete"), {"file": file_id}, headers=HTMX).content.decode()
    assert "One is still there" in said


@pytest.mark.parametrize("answer", [(429, b""), (200, b"<html>"), (200, b""), (502, b"<html>"), None])
def test_a_download_that_cannot_be_had_is_a_page_with_a_sentence(odd, upstream, answer):
    file_id = odd_file(odd, upstream)
    upstream.instead["/v1/files/retrieve_content"] = [answer]
    got = odd.client.get(odd.url("content", file_id))
    assert got.status_code == 502
    assert "This file cannot be had" in got.content.decode()
    assert "Far.txt" in odd.client.get(odd.url("list")).content.decode()


def test_a_purpose_without_a_list_shows_what_the_studio_remembers(odd, upstream):
    odd_file(odd, upstream)
    upstream.without_list = {"t2a_async_input", "retrieval"}
    shown = odd.asked()
    assert "Far.txt" in shown
    assert "MiniMax was asked at" in shown
    assert "note--warn" not in shown


def test_ids_keep_every_digit(odd, upstream):
    upstream.answer("/v1/files/upload", {}, b'filename="a.txt"\r\n\r\nx\r\n--')
    shown = odd.asked()
    assert 'value="9007199254740993"' in shown
    assert "9,007" not in shown


def test_another_connection_shows_other_files_and_forgets_none(odd, upstream, sandbox, settings):
    odd_file(odd, upstream)
    settings.SANDBOX_URL, settings.SANDBOX_KEY = sandbox.url, sandbox.key
    connection = odd.member.workspace.connection
    connection.kind = ConnectionKind.SANDBOX
    connection.save()
    assert "Far.txt" not in odd.asked()
    connection.kind = ConnectionKind.CUSTOM
    connection.save()
    assert "Far.txt" in odd.client.get(odd.url("list")).content.decode()


def test_what_a_key_showed_is_not_shown_under_the_next(odd, upstream):
    upstream.files[5] = {"file_id": 5, "bytes": 5, "created_at": 1, "filename": "Old.txt", "purpose": "voice_clone"}
    assert "Old.txt" in odd.asked()
    odd.member.workspace.connection.save()  # as when another key is entered
    assert "Old.txt" not in odd.client.get(odd.url("list")).content.decode()


def test_a_page_of_thousands_stays_short_and_asks_the_database_little(odd, upstream, django_assert_max_num_queries):
    for number in range(3000):
        upstream.files[number + 1] = {
            "file_id": number + 1,
            "bytes": 1 << 20,
            "created_at": 1_700_000_000 + number,
            "filename": f"{number}.wav",
            "purpose": "voice_clone",
        }
    odd.asked()
    with django_assert_max_num_queries(14):
        shown = odd.client.get(odd.url("list")).content.decode()
    assert shown.count('id="file-menu-') == 100
    assert "Show more" in shown
    assert 'id="file-3000"' in shown  # newest first


def test_a_video_is_known_though_no_list_names_it(page):
    Job.objects.create(
        workspace=page.member.workspace,
        created_by=page.member.user,
        kind="video",
        title="A kite",
        request={},
        click="2",
        connection_kind="sandbox",
        finished_at=timezone.now(),
        results=[{"media": "video", "file_id": "206843190098765"}],
    )
    shown = page.asked(purpose="video_generation")
    assert "A kite.mp4" in shown
    assert "At least" in shown or "0 bytes" in shown
    assert listing.look(page.member).find("206843190098765").uses[0].label == "Video: A kite"


def test_a_voice_that_needs_a_file_is_named_until_it_is_cleared_away(page, sent):
    job = Job.objects.create(
        workspace=page.member.workspace,
        created_by=page.member.user,
        kind="voice_clone",
        title="Anna",
        request={},
        click="3",
    )
    remote = RemoteFile(sent.file_id, "voice_clone.wav", "", 12, 0, "")
    services.remember(page.member.workspace, remote, purpose="voice_clone", job=job)
    [use] = listing.look(page.member).find(sent.file_id).uses
    assert (use.label, use.url) == ("Voice from a recording: Anna", f"/w/night-shift/voices/#job-{job.pk}")
    services.forget(page.member.workspace, sent.file_id, purpose="voice_clone")
    assert listing.look(page.member).find(sent.file_id) is None


async def test_under_asgi_a_file_is_given_out_block_by_block(page, sent, async_client):
    await async_client.aforce_login(page.member.user)
    answer = await async_client.get(page.url("content", sent.file_id))
    assert answer.is_async
    assert b"".join([block async for block in answer.streaming_content]) == TEXT
