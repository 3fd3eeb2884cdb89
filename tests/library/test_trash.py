"""The trash: kept for 30 days, then gone with everything, whatever dies in between."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone

from apps.jobs.models import Job
from apps.library import storing, trash
from apps.library.models import Arrival, Asset, Rendition, SearchEntry
from apps.library.services import find_or_order_rendition, move_to_trash
from apps.library.tasks import make_rendition, purge, sweep
from apps.sharing.models import Share
from apps.voices.models import Origin, Voice


def files() -> set[str]:
    root = Path(settings.MEDIA_ROOT)
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def trashed(asset, days: int = 0):
    Asset.objects.filter(pk=asset.pk).update(trashed_at=timezone.now() - timedelta(days=days))
    return asset


@pytest.fixture
def rich(bring, rings):
    """An asset with a rendition, as it lies in the library."""
    asset = bring()
    make_rendition(str(find_or_order_rendition(asset, "wav").pk))
    return asset


def test_thirty_days_by_the_clock_then_everything_is_gone(rich, creator):
    move_to_trash(creator, rich)
    assert len(files()) == 2
    assert trash.purge(timezone.now() + timedelta(days=29, hours=23)) == 0
    assert trash.purge(timezone.now() + timedelta(days=30, minutes=1)) == 1
    assert files() == set()
    assert not any(model.objects.exists() for model in (Asset, Rendition, SearchEntry, Arrival))


def test_the_picture_of_its_public_link_goes_with_it(rich, creator):
    folder = Path(settings.MEDIA_ROOT) / rich.folder
    (folder / "card.png").write_bytes(b"card")
    share = Share.with_new_token(workspace=creator.workspace, asset=rich, created_by=creator.user)
    share.card.name = f"{rich.folder}/card.png"
    share.save()
    trashed(rich, days=31)
    purge()
    assert files() == set()
    assert not folder.exists()


def test_what_is_not_in_the_trash_stays(rich, bring):
    trashed(bring(title="Old"), days=31)
    purge()
    assert [asset.title for asset in Asset.objects.all()] == ["Good evening"]
    assert len(files()) == 2


@pytest.mark.parametrize("dies_after", [0, 1])
def test_a_crash_between_row_and_files_leaves_nothing_behind(rich, monkeypatch, dies_after):
    trashed(rich, days=31)
    real, deleted = default_storage.delete, []

    def die(name: str) -> None:
        if len(deleted) >= dies_after:
            raise KeyboardInterrupt
        deleted.append(name)
        real(name)

    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "delete", die)
        with pytest.raises(KeyboardInterrupt):
            purge()
    assert not Asset.objects.exists()
    assert len(files()) == 2 - dies_after
    sweep()
    assert files() == set()
    assert not Arrival.objects.exists()


def test_a_crash_before_the_row_is_gone_changes_nothing(rich, monkeypatch):
    trashed(rich, days=31)

    def die(names):
        storing.give_up(names)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(trash, "give_up", die)
        with pytest.raises(KeyboardInterrupt):
            purge()
    sweep()
    rich.refresh_from_db()
    assert default_storage.exists(rich.file_name)
    assert len(files()) == 2
    purge()
    assert files() == set()


def test_what_a_voice_was_made_from_stays_with_a_sentence(client, rich, creator):
    Voice.objects.create(
        workspace=creator.workspace, created_by=creator.user, name="Nora", origin=Origin.CLONE, sample=rich
    )
    trashed(rich, days=31)
    assert trash.purge() == 0
    client.force_login(creator.user)
    answer = client.post(
        reverse("library:delete_for_ever", args=["night-shift", rich.pk]), headers={"HX-Request": "true"}
    )
    assert "Nora" in answer["HX-Trigger"]
    assert default_storage.exists(rich.file_name)


def test_a_job_outlives_what_it_made(rich, creator):
    job = Job.objects.create(workspace=creator.workspace, created_by=creator.user, kind="image", request={}, click="1")
    job.assets.add(rich)
    trashed(rich, days=31)
    purge()
    assert not Job.objects.get().assets.exists()


def test_one_is_deleted_for_ever_by_its_maker_or_a_manager(client, bring, rings, creator, admin, viewer, stranger):
    asset = trashed(bring(measured=False))
    address = reverse("library:delete_for_ever", args=["night-shift", asset.pk])
    for person, status in ((stranger, 404), (viewer, 403)):
        client.force_login(person.user)
        assert client.post(address).status_code == status
    other = trashed(bring(measured=False, member=admin))
    client.force_login(creator.user)
    assert client.post(reverse("library:delete_for_ever", args=["night-shift", other.pk])).status_code == 403
    assert client.post(address, headers={"HX-Request": "true"}).status_code == 200
    assert client.post(address).status_code == 404
    assert [asset.pk for asset in Asset.objects.all()] == [other.pk]


def test_what_is_not_in_the_trash_cannot_be_deleted_for_ever(client, bring, rings, owner):
    asset = bring(measured=False)
    client.force_login(owner.user)
    assert client.post(reverse("library:delete_for_ever", args=["night-shift", asset.pk])).status_code == 404


def test_the_trash_is_emptied_by_who_manages_the_workspace(client, bring, rings, admin, creator, stranger):
    trashed(bring(measured=False))
    trashed(bring(measured=False))
    kept = bring(measured=False)
    foreign = trashed(bring(measured=False, member=stranger))
    address = reverse("library:empty_trash", args=["night-shift"])
    client.force_login(creator.user)
    assert client.post(address).status_code == 403
    client.force_login(admin.user)
    assert "2 are gone for good." in client.post(address, follow=True).content.decode()
    assert {asset.pk for asset in Asset.objects.all()} == {kept.pk, foreign.pk}
    assert len(files()) == 2


def test_a_card_in_the_trash_says_how_long_it_stays(client, bring, rings, creator):
    trashed(bring(measured=False), days=28)
    client.force_login(creator.user)
    page = client.get(reverse("library:index", args=["night-shift"]), {"trash": "1"}).content.decode()
    assert "Gone for good in 2 days" in page
