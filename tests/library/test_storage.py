"""How much is kept, counted by the database itself, and what happens when there is no room."""

import pytest
from django.db.models import Count, Sum
from django.urls import reverse

from apps.jobs.models import Job
from apps.library import storage_use
from apps.library.models import Asset, StorageUse
from apps.library.storage_use import StorageFullError, check_room, use_of_workspace, uses_by_person


@pytest.fixture
def kept(creator):
    def keep(size: int = 1000, member=creator) -> Asset:
        return Asset.objects.create(
            workspace=member.workspace,
            created_by=member.user,
            kind="speech",
            title="A",
            file="a",
            size=size,
            content_type="audio/mpeg",
        )

    return keep


def counted() -> dict:
    return {(row.workspace_id, row.person_id): (row.size, row.files) for row in StorageUse.objects.filter(files__gt=0)}


def summed() -> dict:
    rows = Asset.objects.values_list("workspace", "created_by").annotate(Sum("size"), Count("pk"))
    return {(workspace, person): (size, files) for workspace, person, size, files in rows}


def test_the_counters_hold_what_the_rows_hold_whoever_writes_them(kept, creator, admin, stranger):
    one, two = kept(1000), kept(500)
    kept(20, admin)
    kept(3, stranger)
    assert counted() == summed()
    Asset.objects.filter(pk=one.pk).update(size=1)
    Asset.objects.filter(pk=two.pk).update(created_by=admin.user)
    assert counted() == summed()
    Asset.objects.bulk_create([Asset(**{**_values(one), "size": n}) for n in (7, 8, 9)])
    Asset.objects.filter(size=8).delete()
    assert counted() == summed()
    assert use_of_workspace(creator.workspace_id).size == 1 + 500 + 20 + 7 + 9
    stranger.workspace.delete()
    assert counted() == summed()


def _values(asset: Asset) -> dict:
    names = ("workspace", "created_by", "kind", "title", "content_type")
    return {name: getattr(asset, name) for name in names} | {"file": "b"}


def test_a_full_workspace_refuses_before_anything_is_asked_for(kept, creator, owner):
    kept(1000)
    storage_use.set_quota(owner, 1000)
    with pytest.raises(StorageFullError, match=r"1000\sbytes of 1000\sbytes"):
        check_room(creator.workspace_id, creator.user_id)
    storage_use.set_quota(owner, 1500)
    check_room(creator.workspace_id, creator.user_id, more=500)
    with pytest.raises(StorageFullError):
        check_room(creator.workspace_id, creator.user_id, more=501)
    storage_use.set_quota(owner, None)
    check_room(creator.workspace_id, creator.user_id, more=10**15)


def test_a_persons_limit_is_their_own(kept, creator, admin, owner):
    kept(1000)
    storage_use.set_quota_of(owner, creator.user, 1000)
    with pytest.raises(StorageFullError, match="Your room"):
        check_room(creator.workspace_id, creator.user_id)
    check_room(admin.workspace_id, admin.user_id)


def test_what_was_paid_for_is_kept_though_it_goes_over(bring, rings, creator, owner):
    storage_use.set_quota(owner, 1)
    asset = bring(measured=False)
    assert use_of_workspace(creator.workspace_id).size == asset.size > 1


def test_a_job_is_refused_with_a_sentence_and_not_made(client, creator, owner):
    storage_use.set_quota(owner, 0)
    client.force_login(creator.user)
    form = {"prompt": "A lighthouse", "model": "image-01", "aspect_ratio": "1:1", "n": 1, "click": "a"}
    answer = client.post(reverse("images:create", args=["night-shift"]), form, headers={"HX-Request": "true"})
    assert "This workspace is full" in answer["HX-Trigger"]
    assert answer["HX-Reswap"] == "none"
    assert not Job.objects.exists()
    plain = client.post(reverse("images:create", args=["night-shift"]), form)
    assert plain.status_code == 422
    assert "This workspace is full" in plain.content.decode()


def test_whoever_manages_sets_limits_and_sees_everybody(client, admin, creator, viewer, kept):
    kept(1_500_000_000)
    client.force_login(admin.user)
    page, form = reverse("library:storage", args=["night-shift"]), reverse("library:set_quota", args=["night-shift"])
    client.post(form, {"gb": "2"})
    client.post(form, {"gb": "1,5", "person": creator.user_id})
    assert use_of_workspace(admin.workspace_id).quota == 2_000_000_000
    assert uses_by_person(admin.workspace_id)[0].quota == 1_500_000_000
    assert creator.user.name in client.get(page).content.decode()
    client.post(form, {"gb": "much"})
    client.post(form, {"gb": ""})
    assert use_of_workspace(admin.workspace_id).quota is None
    client.force_login(viewer.user)
    assert client.get(page).status_code == 200
    assert client.post(form, {"gb": "9"}).status_code == 403


def test_nobody_limits_a_person_of_another_workspace(client, admin, stranger):
    client.force_login(admin.user)
    form = reverse("library:set_quota", args=["night-shift"])
    assert client.post(form, {"gb": "1", "person": stranger.user_id}).status_code == 404
    client.force_login(stranger.user)
    assert client.post(form, {"gb": "1"}).status_code == 404


def test_the_library_shows_the_limit_that_is_nearer(client, kept, creator, admin, owner):
    kept(1000)
    client.force_login(creator.user)

    def page() -> str:
        return client.get(reverse("library:index", args=["night-shift"])).content.decode()

    assert "of 4.0" not in page()
    storage_use.set_quota(owner, 4096)
    assert "1000\xa0bytes of 4.0\xa0KB" in page()
    storage_use.set_quota_of(owner, creator.user, 1000)
    assert ">full</span>" in page()
    client.force_login(admin.user)
    assert "1000\xa0bytes of 4.0\xa0KB" in page()
