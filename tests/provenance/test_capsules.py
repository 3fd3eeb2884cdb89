"""A collection leaves one workspace as a capsule and comes into another: whole, checked, and once."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.collections import services as collections
from apps.collections.models import Collection
from apps.library import tagging
from apps.library.models import Arrival, Asset, Derivation, StorageQuota, Tagging
from apps.library.services import move_to_trash
from apps.provenance import manifests, opening
from apps.provenance.models import CapsuleImport, Import
from apps.provenance.tasks import take_in
from tests.conftest import join

pytestmark = pytest.mark.django_db


@pytest.fixture
def collection(creator, keep_made) -> Collection:
    """A picture, a film made from it, and in a collection within it a sound."""
    owl = keep_made("png", note="the good one", rating=4, cost_usd="0.42", trace_id="secret-trace")
    tagging.tag(creator, [owl], "night")
    film = keep_made("mp4", request={"prompt": "it flies", "first_frame_image": str(owl.pk), "remade_from": "x"})
    Derivation.objects.create(child=film, parent=owl, role="first_frame_image")
    sound = keep_made("mp3", subtitles=[{"text": "Hoo", "start_ms": 0, "end_ms": 400, "words": []}])
    made = collections.create(creator, "Owls", note="For the night shift")
    inner = collections.create(creator, "Sounds", parent=made)
    collections.add(creator, made, [film.pk, owl.pk])
    collections.add(creator, inner, [sound.pk])
    return made


@pytest.fixture
def packed(client, creator, collection) -> bytes:
    client.force_login(creator.user)
    return b"".join(client.get(reverse("provenance:pack", args=["night-shift", collection.pk])))


@pytest.fixture
def bring(stranger, django_capture_on_commit_callbacks) -> Callable[[bytes], CapsuleImport | None]:
    """Into the other workspace, and the worker does its part."""
    client = Client()
    client.force_login(stranger.user)

    def send(data: bytes) -> CapsuleImport | None:
        with django_capture_on_commit_callbacks():
            client.post(
                reverse("provenance:bring_capsule", args=["elsewhere"]),
                {"file": SimpleUploadedFile("owls.capsule.zip", data)},
            )
        row = CapsuleImport.objects.order_by("-id").first()
        if row:
            take_in(str(row.pk))
            row.refresh_from_db()
        return row

    return send


def there(stranger):
    return Asset.objects.filter(workspace=stranger.workspace)


def changed(data: bytes, change: Callable[[dict], None] | None = None, files: dict[str, bytes] | None = None) -> bytes:
    """The capsule with another manifest or other files."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w") as new:
        told = json.loads(old.read("manifest.json"))
        if change:
            change(told)
        new.writestr("manifest.json", json.dumps(told))
        for name in old.namelist()[1:]:
            new.writestr(name, (files or {}).get(name.rpartition(".")[2], old.read(name)))
    return target.getvalue()


def test_a_collection_comes_whole_into_another_studio(packed, bring, stranger, collection):
    row = bring(packed)
    assert (row.status, row.report["new"], row.done) == ("done", 3, 3), row.sentence
    owl, film, sound = (there(stranger).get(content_type=kind) for kind in ("image/png", "video/mp4", "audio/mpeg"))
    for mine in (owl, film, sound):
        with mine.file.open("rb") as file:
            assert hashlib.sha256(file.read()).hexdigest() == mine.sha256
        assert Asset.objects.filter(workspace=collection.workspace, sha256=mine.sha256).exists()
    assert (owl.note, owl.rating, owl.request["seed"], owl.kind) == ("the good one", 4, 7, "image")
    assert Tagging.objects.get(asset=owl).tag.name == "night"
    assert sound.subtitles[0]["text"] == "Hoo"
    assert film.request == {"prompt": "it flies", "first_frame_image": str(owl.pk)}
    assert Derivation.objects.get(child=film).parent == owl
    mine = Collection.objects.get(workspace=stranger.workspace, parent=None)
    assert (mine.name, mine.note, list(mine.assets_in_order())) == ("Owls", "For the night shift", [film, owl])
    assert list(mine.children.get().assets_in_order()) == [sound]
    assert not row.file
    assert not Arrival.objects.exists()


def test_it_holds_neither_money_nor_names(packed, bring, stranger):
    assert not [word for word in (b"secret-trace", b"0.42", b"Carla") if word in packed]
    bring(packed)
    assert not there(stranger).exclude(cost_usd=None).exists()
    assert not there(stranger).exclude(trace_id="").exists()


def test_what_came_from_elsewhere_is_not_signed_as_made_here(packed, bring, stranger, tmp_path):
    bring(packed)
    client = Client()
    client.force_login(stranger.user)
    path = tmp_path / "taken.png"
    mine = there(stranger).get(content_type="image/png")
    path.write_bytes(b"".join(client.get(reverse("library:download", args=["elsewhere", mine.pk]))))
    assert manifests.check(path).state == "none"
    assert "From a capsule of" in client.get(reverse("library:asset", args=["elsewhere", mine.pk])).content.decode()


def test_brought_twice_it_is_there_once(packed, bring, stranger):
    bring(packed)
    first = set(there(stranger).values_list("pk", flat=True))
    again = bring(packed)
    assert (again.status, again.report["new"], again.report["known"]) == ("done", 0, 3)
    assert set(there(stranger).values_list("pk", flat=True)) == first
    assert Collection.objects.filter(workspace=stranger.workspace).count() == 2


def test_what_was_thrown_away_comes_back_and_a_deleted_collection_is_made_anew(packed, bring, stranger):
    row = bring(packed)
    move_to_trash(stranger, there(stranger).get(content_type="image/png"))
    collections.delete(row.collection)
    again = bring(packed)
    assert (again.report["new"], again.report["known"], again.report["restored"]) == (0, 2, 1)
    assert again.collection != row.collection
    assert there(stranger).filter(trashed_at=None).count() == 3


def test_into_its_own_workspace_nothing_is_doubled(packed, creator, client, collection):
    client.force_login(creator.user)
    client.post(
        reverse("provenance:bring_capsule", args=["night-shift"]), {"file": SimpleUploadedFile("a.zip", packed)}
    )
    row = CapsuleImport.objects.get()
    take_in(str(row.pk))
    row.refresh_from_db()
    assert (row.report["new"], row.report["known"], row.collection) == (0, 3, collection)
    assert (Asset.objects.count(), Import.objects.count()) == (3, 0)


def test_a_worker_that_died_half_way_is_no_harm(packed, bring, stranger, monkeypatch):
    from apps.provenance import taking_in

    real, kept = taking_in.keep, []

    def die(*args, **values):
        if kept:
            raise SystemExit
        kept.append(real(*args, **values))
        return kept[0]

    with monkeypatch.context() as patched:
        patched.setattr(taking_in, "keep", die)
        with pytest.raises(SystemExit):
            bring(packed)
    row = CapsuleImport.objects.get()
    CapsuleImport.objects.update(leased_until=None)
    take_in(str(row.pk))
    row.refresh_from_db()
    assert (row.status, there(stranger).count()) == ("done", 3)


def test_the_same_work_is_not_done_by_two(packed, bring):
    row = bring(packed)
    take_in(str(row.pk))
    row.refresh_from_db()
    assert (row.attempts, row.report["new"]) == (1, 3)


# --- what is not as a studio packs it ---------------------------------------------------------------------------------


def test_a_file_that_was_changed_keeps_all_of_it_out(packed, bring, stranger):
    data = changed(packed, files={"mp3": b"x" * 100})
    assert bring(data) is None  # its size is not what the manifest says: refused at the door
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        sound = archive.read(next(name for name in archive.namelist() if name.endswith("mp3")))
    row = bring(changed(packed, files={"mp3": b"\0" + sound[1:]}))
    assert row.status == "refused"
    assert "is not the file that was packed" in row.sentence
    assert not there(stranger).exists()
    assert not Collection.objects.filter(workspace=stranger.workspace).exists()
    assert not Arrival.objects.exists()


def outside(told):
    told["assets"][0]["file"] = "media/../../../etc/passwd"


def absolute(told):
    told["assets"][0]["file"] = "/etc/passwd"


def missing(told):
    del told["assets"][0]


def twice(told):
    told["assets"].append(told["assets"][0])


def newer(told):
    told["version"] = 2


def program(told):
    told["assets"][0]["content_type"] = "text/html"


def shapeless(told):
    told["assets"] = {"a": 1}


def cycle(told):
    for each in told["collections"]:
        each["parent"] = each["id"]


@pytest.mark.parametrize("change", [outside, absolute, missing, twice, newer, program, shapeless, cycle])
def test_a_forged_manifest_is_refused_at_the_door(packed, bring, stranger, change):
    assert bring(changed(packed, change)) is None
    assert not there(stranger).exists()


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no more", b"not a zip at all" * 99])
def test_what_is_no_zip_file_is_refused(bring, data):
    assert bring(data) is None


def test_a_bomb_is_not_unpacked(packed, bring, stranger):
    """A megabyte of zeros packs to a kilobyte; what the manifest says of it is true, and it is still too much."""

    def grow(told):
        told["assets"][0]["size"] = opening.MOST_BYTES + 1

    assert bring(changed(packed, grow)) is None
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b" " * (opening.MOST_MANIFEST + 1))
    assert bring(target.getvalue()) is None
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(2_100):
            archive.writestr(f"media/{number}.png", b"")
        archive.writestr("manifest.json", "{}")
    assert bring(many.getvalue()) is None


def test_lineage_that_the_capsule_invents_stays_within_it(packed, bring, stranger, collection):
    foreign = Asset.objects.filter(workspace=collection.workspace).first()

    def invent(told):
        told["lineage"] = [{"child": told["assets"][0]["id"], "parent": str(foreign.pk), "role": "nonsense"}]
        told["assets"][0]["settings"]["reference"] = "00000000-0000-7000-8000-000000000000"

    assert bring(changed(packed, invent)).status == "done"
    assert not Derivation.objects.filter(child__workspace=stranger.workspace, parent=foreign).exists()


def test_there_has_to_be_room_for_all_of_it(packed, bring, stranger):
    StorageQuota.objects.create(workspace=stranger.workspace, size=100)
    assert bring(packed) is None
    assert not there(stranger).exists()


def test_who_may_not_make_anything_takes_nothing_in(client, viewer, packed, workspace):
    client.force_login(viewer.user)
    path = reverse("provenance:bring_capsule", args=["night-shift"])
    assert client.post(path, {"file": SimpleUploadedFile("a.zip", packed)}).status_code == 403
    assert not CapsuleImport.objects.exists()


def test_another_workspaces_collection_is_not_packed_and_its_capsule_not_seen(packed, bring, collection, workspace):
    row = bring(packed)
    client = Client()
    client.force_login(join(workspace, "Nora", "owner").user)
    assert client.get(reverse("provenance:capsule", args=["night-shift", row.pk])).status_code == 404
    outsider = Client()
    outsider.force_login(row.created_by)
    assert outsider.get(reverse("provenance:pack", args=["elsewhere", collection.pk])).status_code == 404
    assert outsider.get(reverse("provenance:pack", args=["night-shift", collection.pk])).status_code == 404
    assert outsider.get(reverse("provenance:capsule", args=["elsewhere", row.pk])).status_code == 200
