from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import DatabaseError
from django.utils import timezone

from apps.library import services
from apps.library.models import Arrival, Asset, new_id
from apps.library.services import keep, shorten
from apps.library.storing import StorageError
from apps.library.tasks import sweep

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "take.mp3"
    path.write_bytes(b"\xff\xfb" + bytes(range(256)) * 2000)
    return path


def bring_in(member, source: Path, **values) -> Asset:
    values = {"kind": "speech", "title": "A take", "text": "A take", "request": {}} | values
    return keep(member, source=source, filename="take.mp3", content_type="audio/mpeg", **values)


def stored_files() -> list[str]:
    root = Path(default_storage.location)
    return [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]


def test_kept_file_is_the_same_byte_for_byte_and_leaves_the_spool(creator, source, rings):
    data = source.read_bytes()
    kept = bring_in(creator, source)
    assert kept.file.read() == data
    assert (kept.sha256, kept.size) == (hashlib.sha256(data).hexdigest(), len(data))
    assert not source.exists()
    assert rings == [("measure", str(kept.pk))]


def test_keeping_twice_under_one_id_keeps_one(creator, source, tmp_path, rings):
    pk = new_id()
    again = tmp_path / "again.mp3"
    again.write_bytes(b"something else")
    first = bring_in(creator, source, asset_id=pk)
    second = bring_in(creator, again, asset_id=pk)
    assert first.pk == second.pk == pk
    assert second.sha256 == first.sha256
    assert stored_files() == [first.file.name]
    assert not again.exists()


def test_second_process_that_comes_too_late_gets_the_first_ones_asset(creator, source, tmp_path, monkeypatch, rings):
    pk = new_id()
    slow = tmp_path / "slow.mp3"
    slow.write_bytes(b"the same take, found by a sweeper")
    store_file = services.store_file

    def someone_else_is_faster(*args):
        stored = store_file(*args)
        monkeypatch.setattr(services, "store_file", store_file)
        bring_in(creator, source, asset_id=pk)
        return stored

    monkeypatch.setattr(services, "store_file", someone_else_is_faster)
    kept = bring_in(creator, slow, asset_id=pk)
    assert Asset.objects.get().sha256 == kept.sha256
    assert stored_files() == [kept.file.name]


def test_file_whose_row_was_never_written_is_deleted_and_its_source_stays(creator, source, monkeypatch, rings):
    def die(*args, **kwargs):
        raise DatabaseError("the process ends here")

    with monkeypatch.context() as patched:
        patched.setattr(Asset, "save", die)
        with pytest.raises(DatabaseError):
            bring_in(creator, source)
    assert source.exists()
    assert len(stored_files()) == 1
    sweep()
    assert len(stored_files()) == 1, "it may still be on its way"
    Arrival.objects.update(created_at=timezone.now() - timedelta(hours=2))
    sweep()
    assert stored_files() == []
    kept = bring_in(creator, source)
    assert stored_files() == [kept.file.name]
    assert not Arrival.objects.exists()


def test_row_is_not_written_for_a_file_that_the_sweep_gave_up(creator, source, monkeypatch, rings):
    store_file = services.store_file

    def take_two_hours(*args):
        stored = store_file(*args)
        Arrival.objects.update(created_at=timezone.now() - timedelta(hours=2))
        sweep()
        return stored

    monkeypatch.setattr(services, "store_file", take_two_hours)
    with pytest.raises(StorageError):
        bring_in(creator, source)
    assert not Asset.objects.exists()
    assert source.exists()


def test_half_a_file_is_not_called_whole(creator, source, monkeypatch, rings):
    monkeypatch.setattr(FileSystemStorage, "size", lambda self, name: 17)
    with pytest.raises(StorageError):
        bring_in(creator, source)
    assert not Asset.objects.exists()
    assert source.exists()


def test_keeping_works_while_the_broker_is_away(creator, source, monkeypatch):
    def broker_is_away(*args, **kwargs):
        raise ConnectionError

    monkeypatch.setattr("apps.library.tasks.measure.apply_async", broker_is_away)
    assert bring_in(creator, source).status == "saved"


def test_long_titles_are_shortened(creator, source, rings):
    kept = bring_in(creator, source, title="word " * 100)
    assert len(kept.title) <= 200
    assert kept.title.endswith("…")


def test_search_finds_words_in_title_and_text_of_the_own_workspace_only(creator, stranger, tmp_path, rings):
    for number, (member, text) in enumerate([(creator, "The owl flies at night"), (stranger, "An owl elsewhere")]):
        path = tmp_path / f"{number}.mp3"
        path.write_bytes(b"x")
        bring_in(member, path, title="Bird", text=text)
    assert [asset.text for asset in services.search(creator, "bird OWL", 5)] == ["The owl flies at night"]
    assert not services.search(creator, "eagle", 5)


def test_a_long_title_is_cut_between_words():
    assert shorten("Tonight we follow a small boat", 24) == "Tonight we follow a…"
    assert shorten("今晚我们跟随一艘小船穿过港口的灯光", 10) == "今晚我们跟随一艘小…"
    assert shorten("  short \n title ") == "short title"
