"""Many assets at once: into one ZIP file, into the trash and out of it."""

import io
import json
import zipfile

import pytest
from django.urls import reverse

from apps.library.archive import BLOCK, write_archive
from apps.library.models import Asset


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
        with sounds[2].file.open("rb") as file:
            assert archive.read("What now.mp3") == file.read()
    assert (settings["id"], settings["settings"]["speed"]) == (str(sounds[2].pk), 1.2)


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
