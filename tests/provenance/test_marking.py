"""What is taken away carries its settings and a signed note of its origin, as the workspace wants it."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.library import media_views, trash
from apps.library.models import Arrival
from apps.provenance import carriers, manifests, marking
from apps.provenance.models import MarkedCopy, Marking, SigningIdentity
from apps.sharing.services import share
from apps.workspaces.sealing import unseal
from tests.provenance.conftest import PROMPT
from tests.provenance.media import TYPES, decoded


def body_of(answer) -> bytes:
    assert answer.status_code in (200, 206), answer.status_code
    return b"".join(answer)


@pytest.fixture
def download(client, creator):
    client.force_login(creator.user)

    def take(asset, **headers) -> object:
        return client.get(reverse("library:download", args=["night-shift", asset.pk]), headers=headers)

    return take


def verdict_on(data: bytes, tmp_path: Path) -> manifests.Verdict:
    path = tmp_path / "taken"
    path.write_bytes(data)
    return manifests.check(path)


def settings_in(data: bytes) -> dict:
    return json.loads(carriers.read(io.BytesIO(data)) or "{}")


@pytest.mark.parametrize("suffix", TYPES)
def test_a_download_carries_settings_and_a_signature(download, keep_made, tmp_path, suffix):
    asset = keep_made(suffix)
    data = body_of(download(asset))
    told, verdict = settings_in(data), verdict_on(data, tmp_path)
    assert (told["kind"], told["settings"]["seed"], told["id"]) == (asset.kind, 7, str(asset.pk))
    expected = "none" if suffix == "opus" else "own"  # no signature is defined for Ogg
    assert (verdict.state, verdict.prompt) == (expected, "")
    with asset.file.open("rb") as file:
        assert decoded(data, suffix) == decoded(file.read(), suffix)


def test_a_part_of_a_marked_file_is_a_part_of_the_same_file(download, keep_made):
    asset = keep_made()
    whole = download(asset)
    data, etag = body_of(whole), whole.headers["ETag"]
    assert etag == f'"{hashlib.sha256(data).hexdigest()}"' != f'"{asset.sha256}"'
    part = download(asset, range="bytes=10-29", if_range=etag)
    assert (part.status_code, body_of(part)) == (206, data[10:30])
    assert part.headers["Content-Range"] == f"bytes 10-29/{len(data)}"
    assert download(asset, if_none_match=etag).status_code == 304
    assert MarkedCopy.objects.count() == 1


def test_a_player_is_given_the_file_byte_for_byte(client, creator, keep_made):
    asset = keep_made()
    client.force_login(creator.user)
    shown = body_of(client.get(reverse("library:file", args=["night-shift", asset.pk])))
    assert hashlib.sha256(shown).hexdigest() == asset.sha256
    assert not MarkedCopy.objects.exists()


def test_a_new_title_makes_a_new_copy_and_lets_go_of_the_old_one(client, creator, download, keep_made):
    asset = keep_made()
    body_of(download(asset))
    old = MarkedCopy.objects.get()
    client.post(reverse("library:rename", args=["night-shift", asset.pk]), {"title": "Morning owl"})
    assert settings_in(body_of(download(asset)))["title"] == "Morning owl"
    assert not default_storage.exists(old.file.name)
    assert MarkedCopy.objects.count() == 1
    assert not Arrival.objects.exists()


@pytest.mark.parametrize("embeds", [True, False])
@pytest.mark.parametrize("signs", [True, False])
def test_the_workspace_says_which_marks(download, keep_made, tmp_path, workspace, embeds, signs):
    Marking.objects.create(workspace=workspace, embeds_settings=embeds, signs=signs)
    asset = keep_made()
    data = body_of(download(asset))
    assert bool(settings_in(data)) == embeds
    assert verdict_on(data, tmp_path).state == ("own" if signs else "none")
    assert (hashlib.sha256(data).hexdigest() == asset.sha256) == (not embeds and not signs)


def test_the_prompt_is_signed_only_if_wished(download, keep_made, tmp_path, workspace):
    Marking.objects.create(workspace=workspace, signs_prompt=True, embeds_settings=False)
    verdict = verdict_on(body_of(download(keep_made())), tmp_path)
    assert (verdict.prompt, verdict.agent, verdict.is_ai) == (PROMPT, "image-01", True)


@pytest.mark.parametrize("suffix", ["png", "jpg", "mp3", "mp4", "flac"])
def test_what_a_link_hides_is_in_no_mark(creator, keep_made, workspace, suffix):
    Marking.objects.create(workspace=workspace, signs_prompt=True)
    link = share(creator, keep_made(suffix, title=PROMPT[:30]))
    data = body_of(Client().get(reverse("public:download", args=[link.token])))
    assert settings_in(data)["text_hidden"] is True
    assert PROMPT[:20].encode() not in data.replace(b"\0", b"")
    type(link).objects.update(show_text=True)
    assert PROMPT in str(settings_in(body_of(Client().get(reverse("public:download", args=[link.token])))))


def test_what_a_person_brought_leaves_as_it_came(download, keep_made):
    asset = keep_made(kind="upload", model="", request={}, text="")
    assert hashlib.sha256(body_of(download(asset))).hexdigest() == asset.sha256


def test_what_cannot_carry_marks_leaves_as_it_is_and_is_not_tried_again(download, keep_made, monkeypatch):
    asset = keep_made()
    with default_storage.open(asset.file_name, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n and then nothing that is a picture")
    assert b"nothing that is a picture" in body_of(download(asset))
    monkeypatch.setattr(marking, "write_marked", lambda *_: pytest.fail("tried again"))
    assert b"nothing that is a picture" in body_of(download(asset))


def test_files_of_an_archive_carry_them_too_and_no_copy_is_left(client, creator, keep_made, tmp_path):
    asset = keep_made("mp4")
    client.force_login(creator.user)
    answer = client.post(reverse("library:download_many", args=["night-shift"]), {"asset": [str(asset.pk)]})
    with zipfile.ZipFile(io.BytesIO(b"".join(answer))) as archive:
        data, told = archive.read("Evening owl.mp4"), json.loads(archive.read("Evening owl.json"))
    assert verdict_on(data, tmp_path).state == "own"
    assert (told["sha256"], told["size"]) == (hashlib.sha256(data).hexdigest(), len(data))
    assert told["kept_sha256"] == asset.sha256
    assert not MarkedCopy.objects.exists()


def test_copies_go_after_a_week_and_with_their_asset(download, keep_made):
    asset = keep_made()
    body_of(download(asset))
    name = MarkedCopy.objects.get().file.name
    assert marking.purge(timezone.now() + timedelta(days=6)) == 0
    assert marking.purge(timezone.now() + timedelta(days=8)) == 1
    assert not default_storage.exists(name)
    body_of(download(asset))
    name = MarkedCopy.objects.get().file.name
    type(asset).objects.update(trashed_at=timezone.now() - timedelta(days=31))
    assert trash.purge() == 1
    assert not default_storage.exists(name)


def test_the_key_is_made_once_and_is_readable_to_nobody_who_has_only_the_database(download, keep_made, settings):
    body_of(download(keep_made()))
    identity = SigningIdentity.objects.get()
    assert "PRIVATE KEY" not in identity.key_sealed
    assert unseal(identity.key_sealed).startswith("-----BEGIN PRIVATE KEY")
    settings.ENCRYPTION_KEYS = ["another secret, long enough to be one of them"]
    body_of(download(keep_made("jpg")))  # the seal is lost: another key is made, the old certificate stays known
    assert list(SigningIdentity.objects.order_by("pk").values_list("is_active", flat=True)) == [False, True]


@pytest.mark.parametrize("suffix", ["png", "mp3", "mp4"])
def test_what_was_changed_after_it_was_signed_is_said(download, keep_made, tmp_path, suffix):
    data = bytearray(body_of(download(keep_made(suffix))))
    place = data.find(b"mdat") + 40 if suffix == "mp4" else len(data) - 30
    data[place] ^= 0xFF
    verdict = verdict_on(bytes(data), tmp_path)
    assert verdict.state == "changed"
    assert any(code.endswith("ash.mismatch") for code in verdict.faults)


def test_another_studio_is_not_taken_for_this_one(download, keep_made, tmp_path):
    data = body_of(download(keep_made()))
    SigningIdentity.objects.all().delete()
    assert verdict_on(data, tmp_path).state == "other"


def test_a_sound_that_would_fill_the_memory_carries_its_settings_alone(download, keep_made, tmp_path, monkeypatch):
    monkeypatch.setattr(manifests, "LARGEST_WHOLE", 1_000)
    wav, film = body_of(download(keep_made("wav"))), body_of(download(keep_made("mp4")))
    assert settings_in(wav)["kind"] == "speech"
    assert (verdict_on(wav, tmp_path).state, verdict_on(film, tmp_path).state) == ("none", "own")


def test_a_large_file_is_marked_by_a_worker_while_the_page_waits(download, keep_made, monkeypatch, client):
    ordered: list[tuple] = []
    monkeypatch.setattr(marking, "LARGE", 100)
    monkeypatch.setattr(media_views, "LARGE", 100)
    monkeypatch.setattr(marking.write_copy, "apply_async", lambda args, **options: ordered.append(args))
    asset = keep_made()
    page = download(asset)
    assert (page.status_code, page["Cache-Control"]) == (202, "no-store")
    assert "its marks of origin are being written" in page.content.decode()
    assert download(asset, accept="application/json").json()["status"] == "marking"
    assert ordered == [(str(asset.pk), asset.file_name, False)]
    marking.write_copy(*ordered[0])
    assert download(asset, accept="application/json").json()["status"] == "ready"
    assert settings_in(body_of(download(asset)))["id"] == str(asset.pk)


def test_a_guest_waits_for_a_large_file_too_and_for_no_worker_that_never_comes(creator, keep_made, monkeypatch):
    monkeypatch.setattr(marking, "LARGE", 100)
    monkeypatch.setattr(marking.write_copy, "apply_async", lambda args, **options: None)
    asset = keep_made()
    link, guest = share(creator, asset), Client()
    page = guest.get(f"/s/{link.token}/download")
    assert page.status_code == 202
    assert '<meta http-equiv="refresh"' in page.content.decode()
    monkeypatch.setattr(marking, "_patience", lambda file: -1)
    with asset.file.open("rb") as file:
        assert body_of(guest.get(f"/s/{link.token}/download")) == file.read()
