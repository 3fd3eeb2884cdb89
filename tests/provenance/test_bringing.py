"""Media that people drop: taken in without what they tell of a life, with the settings they carry found again."""

from __future__ import annotations

import io
import json
from pathlib import Path

import av
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.library.models import Asset, Derivation, StorageQuota
from apps.provenance import carriers
from apps.provenance.carriers import Words
from apps.provenance.models import BroughtSettings
from tests.provenance.conftest import PROMPT
from tests.provenance.media import SOUNDS, TYPES, decoded, write_media


@pytest.fixture
def bring(client, creator):
    client.force_login(creator.user)

    def send(content: bytes, name: str = "brought"):
        return client.post(reverse("library:bring", args=["night-shift"]), {"file": SimpleUploadedFile(name, content)})

    return send


def kept(asset: Asset) -> bytes:
    with asset.file.open("rb") as file:
        return file.read()


@pytest.mark.parametrize("suffix", TYPES)
def test_a_medium_is_taken_in_by_what_it_is(bring, tmp_path: Path, suffix: str):
    data = write_media(tmp_path, suffix).read_bytes()
    answer = bring(data, "Night song.bin")
    asset = Asset.objects.get()
    assert answer.status_code == 201, answer.content
    assert (asset.kind, asset.title, asset.medium) == ("upload", "Night song", TYPES[suffix].partition("/")[0])
    if suffix != "webp":  # pictures are written anew, without loss where they had none
        assert asset.content_type == TYPES[suffix]
    if suffix in SOUNDS:
        assert decoded(kept(asset), suffix) == decoded(data, suffix)


def test_the_same_file_is_found_again(bring, tmp_path: Path):
    data = write_media(tmp_path, "mp4").read_bytes()
    assert bring(data).json()["id"] == bring(data, "under another name").json()["id"]


@pytest.mark.parametrize("suffix", ["mp4", "mp3", "m4a"])
def test_what_a_file_tells_of_a_life_is_not_kept(bring, tmp_path: Path, suffix: str):
    source, told = write_media(tmp_path, suffix), tmp_path / f"told.{suffix}"
    with av.open(str(source)) as given, av.open(str(told), "w", format="mov" if suffix == "mp4" else None) as made:
        made.metadata.update(
            {"title": "12 Elm Street", "location": "+48.2100+012.3000/", "artist": "Carla's telephone"}
        )
        stream = made.add_stream_from_template(given.streams[0])
        for packet in given.demux(given.streams[0]):
            if packet.size:
                packet.stream = stream
                made.mux(packet)
    assert b"Elm Street" in told.read_bytes().replace(b"\0", b"")
    assert bring(told.read_bytes()).status_code == 201
    data = kept(Asset.objects.get()).replace(b"\0", b"")
    assert not [secret for secret in (b"Elm Street", b"48.21", b"telephone", b"Ada") if secret in data]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"MZ\x90 this is a program", "no picture"),
        (b"<script>alert(1)</script>", "no picture"),
        (b"\x89PNG\r\n\x1a\n and nothing more", "whatever"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + bytes(400), "whatever"),
        (b"#EXTM3U\n#EXTINF:1\nfile:///etc/passwd\n", "no picture"),
    ],
)
def test_what_is_no_medium_is_refused_with_a_sentence(bring, content, word):
    answer = bring(content, "holiday.png")
    assert answer.status_code in (400, 422)
    assert not Asset.objects.exists()
    assert word in answer.json()["sentence"] or "damaged" in answer.json()["sentence"]


def test_a_capsule_is_led_to_its_own_page(bring):
    told = bring(b"PK\x03\x04 and so on", "night.capsule.zip").json()
    assert told["url"].endswith("/library/capsules/")


def test_there_has_to_be_room(bring, tmp_path: Path, workspace):
    StorageQuota.objects.create(workspace=workspace, size=10)
    answer = bring(write_media(tmp_path, "mp3").read_bytes())
    assert (answer.status_code, Asset.objects.count()) == (422, 0)
    assert "full" in answer.json()["sentence"]


def test_a_viewer_may_not_and_a_stranger_finds_nothing(client, viewer, stranger, tmp_path: Path):
    for member, status in ((viewer, 403), (stranger, 404)):
        client.force_login(member.user)
        file = SimpleUploadedFile("a.png", write_media(tmp_path, "png").read_bytes())
        assert client.post(reverse("library:bring", args=["night-shift"]), {"file": file}).status_code == status


# --- settings come back -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", TYPES)
def test_a_downloaded_file_brings_its_settings_back(client, creator, bring, keep_made, suffix):
    made = keep_made(suffix, cost_usd="0.42")
    data = b"".join(client.get(reverse("library:download", args=["night-shift", made.pk])))
    told = bring(data, "renamed.dat").json()
    asset = Asset.objects.get(pk=told["id"])
    said = BroughtSettings.objects.get(asset=asset)
    assert (said.kind, said.settings["seed"], said.text, asset.text) == (made.kind, 7, PROMPT, PROMPT)
    assert (asset.cost_usd, asset.model, asset.request) == (None, "", {})
    assert not Derivation.objects.exists()
    form = client.get(told["recall"])
    assert form.status_code == 200
    assert PROMPT in form.content.decode()
    details = client.get(told["url"]).content.decode()
    assert told["recall"] in details
    assert "Nobody checked it" in details


def test_an_upload_carries_its_settings_out_again_unsigned(client, bring, keep_made):
    data = b"".join(client.get(reverse("library:download", args=["night-shift", keep_made("jpg").pk])))
    again = bring(data).json()["id"]
    taken = b"".join(client.get(reverse("library:download", args=["night-shift", again])))
    assert json.loads(carriers.read(io.BytesIO(taken)))["settings"]["prompt"] == PROMPT
    assert b"c2pa" not in taken


@pytest.mark.parametrize(
    "told",
    [
        "not JSON",
        json.dumps({"format": "studio.settings", "version": 2, "settings": {"prompt": "x"}}),
        json.dumps({"format": "studio.settings", "version": 1, "settings": []}),
        json.dumps({"format": "another", "version": 1, "settings": {"prompt": "x"}}),
        "[" * 50_000,
    ],
)
def test_words_that_are_not_ours_are_no_settings(bring, tmp_path: Path, told):
    target = io.BytesIO()
    carriers.write(write_media(tmp_path, "png").open("rb"), target, Words(told, "", "", is_ai=False))
    assert bring(target.getvalue()).status_code == 201
    assert not BroughtSettings.objects.exists()


@pytest.mark.parametrize("kind", ["image", "speech", "music", "video", "agent", "nonsense"])
def test_a_forged_file_breaks_no_form(client, creator, bring, tmp_path: Path, kind):
    settings = {
        **{"prompt": "an owl", "text": "an owl", "model": ["no", {"such": 1}], "seed": "x" * 900, "n": -5},
        **{"voice_id": {"a": []}, "aspect_ratio": "<script>", "template_id": "../../x", "speed": True},
        **{
            "timbre_weights": [1, {"voice_id": 5}, "x"],
            "first_frame_image": "' OR 1=1",
            "duration": 1e200,
            "format": None,
        },
    }
    settings |= {"first_frame_image": "' OR 1=1", "\0key": {"\0": "\0\ud800"}}
    told = {"format": "studio.settings", "version": 1, "kind": kind, "settings": settings}
    target = io.BytesIO()
    carriers.write(write_media(tmp_path, "png").open("rb"), target, Words(json.dumps(told), "", "", is_ai=False))
    answer = bring(target.getvalue()).json()
    assert client.get(answer["url"]).status_code == 200
    if answer["recall"]:
        assert client.get(answer["recall"]).status_code == 200
        assert client.get(answer["recall"] + "&only=settings").status_code == 200
