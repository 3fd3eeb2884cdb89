"""Many assets at once: into one ZIP file, into the trash and out of it."""

import hashlib
import io
import json
import re
import zipfile
from contextlib import contextmanager

import pytest
from channels.db import database_sync_to_async
from django.urls import reverse

from apps.collections import services as collections
from apps.library import tagging
from apps.library.archive import BLOCK, stream_archive, write_archive
from apps.library.files import opened_download
from apps.library.models import Asset, Derivation
from apps.sharing.models import Share
from apps.voices.models import Origin, Voice


def at(name: str, workspace: str = "night-shift") -> str:
    return reverse(f"library:{name}", args=[workspace])


@pytest.fixture
def sounds(bring, rings):
    return [bring(title=title, measured=False) for title in ("Good evening", "Good evening", "What: now?")]


@pytest.fixture
def ask(client, creator, sounds):
    def post(name: str, member=creator, assets=sounds, workspace: str = "night-shift"):
        client.force_login(member.user)
        return client.post(at(name, workspace), {"asset": [str(asset.pk) for asset in assets]})

    return post


def test_each_file_is_in_the_archive_with_its_settings_beside_it(ask, sounds):
    answer = ask("download_many")
    assert answer["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert archive.testzip() is None
        assert {name for name in archive.namelist() if name.endswith(".mp3")} == {
            "Good evening.mp3",
            "Good evening (2).mp3",
            "What now.mp3",
        }
        settings = json.loads(archive.read("What now.json"))
        assert hashlib.sha256(archive.read("What now.mp3")).hexdigest() == settings["sha256"]
    assert (settings["id"], settings["settings"]["speed"]) == (str(sounds[2].pk), 1.2)
    assert settings["kept_sha256"] == sounds[2].sha256


def test_the_archive_is_never_in_memory_whole(bring, rings):
    asset = bring(seconds=16, format="wav", measured=False)
    blocks = [len(block) for block in write_archive([asset.pk])]
    assert sum(blocks) > asset.size > 3 * BLOCK
    assert max(blocks) < BLOCK + 4096


def test_many_go_into_the_trash_and_come_back(ask, sounds):
    gone = ask("trash_many", assets=sounds[:2]).content.decode()
    assert [asset.pk for asset in Asset.objects.filter(trashed_at=None)] == [sounds[2].pk]
    assert gone.count('hx-swap-oob="true"') == 2
    back = ask("restore_many", assets=sounds).content.decode()
    assert Asset.objects.filter(trashed_at=None).count() == 3
    assert str(sounds[2].pk) not in back  # it never left


def test_a_viewer_downloads_and_moves_nothing(ask, viewer):
    assert ask("download_many", viewer).status_code == 200
    assert ask("trash_many", viewer).status_code == 403
    assert ask("restore_many", viewer).status_code == 403


def test_what_belongs_to_others_is_neither_sent_nor_moved(ask, stranger):
    assert ask("download_many", stranger).status_code == 404
    assert ask("download_many", stranger, workspace="elsewhere").status_code == 404
    ask("trash_many", stranger, workspace="elsewhere")
    assert Asset.objects.filter(trashed_at=None).count() == 3


@pytest.mark.parametrize("value", ["", "x", "0" * 40])
def test_ids_that_make_no_sense_are_passed_over(client, creator, value):
    client.force_login(creator.user)
    assert client.post(at("trash_many"), {"asset": value}).status_code == 200


def undo(client, answer):
    return client.post(json.loads(answer["HX-Trigger"])["toast"]["undo"]["url"])


@pytest.fixture
def find(client, creator, sounds, bring):
    """Everything that a search finds, without naming it."""
    bring(title="Something else", text="By day", request={}, subtitles=[], measured=False)
    client.force_login(creator.user)
    return lambda view, **more: client.post(at(view), {"all": "1", "params": "q=evening", **more})


def titles(**lookups) -> list[str]:
    return sorted(Asset.objects.filter(**lookups).values_list("title", flat=True))


def test_whoever_moves_many_to_the_trash_is_told_what_needs_them(client, creator, sounds):
    Share.with_new_token(workspace=creator.workspace, asset=sounds[0], created_by=creator.user).save()
    Voice.objects.create(
        workspace=creator.workspace, created_by=creator.user, name="Nora", origin=Origin.CLONE, sample=sounds[1]
    )
    picture = collections.create(creator, "Evenings")
    collections.add(creator, picture, [sounds[0].pk, sounds[1].pk])
    Derivation.objects.create(parent=sounds[0], child=sounds[1], role="voice")  # goes with it
    client.force_login(creator.user)
    chosen = {"asset": [str(one.pk) for one in sounds]}
    asked = client.post(at("trash_many"), chosen, headers={"HX-Request": "true"})
    assert asked["HX-Retarget"] == "#drawer"
    text = " ".join(re.sub(r"<[^>]+>", " ", asked.content.decode()).split())
    for said in ("3 assets are to go", "Collections: 2 of them", "Public links: 1 of them", "Voices made from it: 1"):
        assert said in text
    assert "Made from it" not in text.replace("Voices made from it", "")
    assert not Asset.objects.exclude(trashed_at=None).exists()
    assert "3 assets are to go" in client.post(at("trash_many"), chosen).content.decode()
    client.post(at("trash_many"), chosen | {"sure": "1"}, headers={"HX-Request": "true"})
    assert Asset.objects.exclude(trashed_at=None).count() == 3


def test_all_that_a_search_finds_is_meant_without_being_named(client, find):
    assert json.loads(find("count_many")["HX-Trigger"])["many:counted"]["count"] == 3
    answer = find("trash_many")
    assert titles(trashed_at=None) == ["Something else"]
    undo(client, answer)
    assert len(titles(trashed_at=None)) == 4


def test_a_search_that_finds_too_many_is_refused_with_a_sentence(find, monkeypatch):
    monkeypatch.setattr("apps.library.many.MOST", 2)
    for view in ("trash_many", "download_many", "count_many", "tag_many"):
        answer = find(view, name="night")
        assert "finds more than 2" in (answer.headers.get("HX-Trigger") or answer.content.decode())
    assert not Asset.objects.exclude(trashed_at=None).exists()


def test_a_tag_is_put_on_all_and_taken_off_those_that_had_it_not(client, find, sounds, creator):
    tagging.tag(creator, [sounds[0]], "Night")
    answer = find("tag_many", name="night")
    assert len(titles(taggings__tag__key="night")) == 3
    undo(client, answer)
    assert list(Asset.objects.filter(taggings__tag__key="night")) == [sounds[0]]


def test_what_was_restored_goes_back_by_undo(client, ask, sounds):
    ask("trash_many")
    undo(client, ask("restore_many", assets=sounds[:1]))
    assert Asset.objects.exclude(trashed_at=None).count() == 3


def test_only_words_of_the_search_count_not_the_trash_behind_it(client, find):
    find("trash_many")
    assert (
        json.loads(find("count_many", params="q=evening&trash=1", trash="1")["HX-Trigger"])["many:counted"]["count"]
        == 3
    )
    assert find("trash_many", params="q=evening&trash=1").status_code == 200
    client.post(at("restore_many"), {"all": "1", "params": "q=evening&trash=1"})
    assert len(titles(trashed_at=None)) == 4


async def test_closing_a_download_closes_the_file_that_is_read(transactional_db, bring, rings, monkeypatch):
    asset = await database_sync_to_async(bring)(seconds=16, format="wav", measured=False)
    opened: list = []

    @contextmanager
    def watched(*args, **options):
        with opened_download(*args, **options) as file:
            opened.append(file)
            yield file

    monkeypatch.setattr("apps.library.archive.opened_download", watched)
    blocks = stream_archive([asset.pk])
    assert len(await anext(blocks)) > BLOCK / 2
    assert not opened[0].closed
    await blocks.aclose()
    assert opened[0].closed
