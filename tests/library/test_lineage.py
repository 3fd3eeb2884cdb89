from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from PIL import Image

from apps.library import lineage
from apps.library.models import Asset, Derivation, Version, new_id
from apps.library.services import keep, move_to_trash

pytestmark = pytest.mark.django_db


@pytest.fixture
def make(creator, tmp_path: Path, rings):
    """Keep a picture under any name: what it shows does not matter here."""

    def make(title: str, *, kind: str = "image", member=creator, text: str = "", **request) -> Asset:
        source = tmp_path / f"{new_id()}.png"
        Image.new("RGB", (8, 6), "teal").save(source)
        return keep(
            member,
            kind=kind,
            title=title,
            text=text or title,
            source=source,
            filename=source.name,
            content_type="image/png",
            request=request,
        )

    return make


def titles(relatives) -> list[str]:
    return [each.asset.title for each in relatives]


def test_parents_and_children_are_found_both_ways_and_one_step_further(make, creator):
    portrait = make("portrait", kind="upload")
    picture = make("picture", reference=str(portrait.pk))
    film = make("film", kind="video", first_frame_image=str(picture.pk), last_frame_image=str(picture.pk))
    frame = make("frame", kind="frame", from_video=str(film.pk))
    seen = lineage.family(creator, picture)
    assert titles(seen.parents) == ["portrait"]
    assert titles(seen.children) == ["film"]
    assert [str(role) for role in seen.children[0].roles] == ["First frame", "Last frame"]
    assert titles(seen.children[0].further) == ["frame"]
    assert titles(lineage.family(creator, frame).parents[0].further) == ["picture"]


def test_joined_clips_are_parents_in_their_order(make, creator):
    clips = [make(f"clip {number}", kind="video") for number in range(3)]
    film = make("joined", kind="film", clips=[str(clip.pk) for clip in reversed(clips)])
    assert titles(lineage.family(creator, film).parents) == ["clip 2", "clip 1", "clip 0"]


def test_asset_of_another_workspace_is_never_a_parent(make, stranger, creator):
    theirs = make("theirs", member=stranger)
    ours = make("ours", reference=str(theirs.pk))
    assert not Derivation.objects.exists()
    assert not lineage.family(creator, ours)


def test_what_lies_in_the_trash_is_left_out_and_comes_back(make, creator):
    portrait = make("portrait")
    picture = make("picture", reference=str(portrait.pk))
    move_to_trash(creator, portrait)
    assert not lineage.family(creator, picture)
    Asset.objects.update(trashed_at=None)
    assert titles(lineage.family(creator, picture).parents) == ["portrait"]


def test_graph_is_bounded_and_costs_the_same_for_many(make, creator, django_assert_max_num_queries):
    portrait = make("portrait")
    for number in range(12):
        child = make(f"child {number}", reference=str(portrait.pk))
    for number in range(5):
        make(f"grandchild {number}", reference=str(child.pk))
    with django_assert_max_num_queries(8):
        seen = lineage.family(creator, portrait)
    assert titles(seen.children) == [f"child {number}" for number in range(11, 3, -1)]
    assert seen.more_children
    assert titles(seen.children[0].further) == ["grandchild 4", "grandchild 3", "grandchild 2"]
    assert seen.children[0].hidden


def test_same_prompt_made_again_is_a_version(make, creator):
    first, other, second = make("a", text="An  owl"), make("b", text="A fox"), make("c", text="An owl")
    assert lineage.family(creator, second).versions == [first, second]
    assert lineage.family(creator, other).versions == []


def test_song_that_was_changed_stays_in_its_family(make, creator):
    first = make("one", kind="music", text="A song")
    second = make("two", kind="music", text="A slower song", remade_from=str(first.pk))
    third = make("three", kind="music", text="A slow song", remade_from=str(second.pk))
    assert lineage.family(creator, third).versions == [first, second, third]


def test_migration_finds_what_was_kept_before_it(make, creator):
    portrait = make("portrait", kind="upload")
    first = make("one", kind="music", text="A song", reference=str(portrait.pk))
    make("two", kind="music", text="A slower song", remade_from=str(first.pk))
    wanted = (
        set(Derivation.objects.values_list("child", "parent", "role")),
        set(Version.objects.values_list("pk", "family")),
    )
    Derivation.objects.all().delete()
    Version.objects.all().delete()
    import_module("apps.library.migrations.0003_lineage").look_back(apps, None)
    found = (
        set(Derivation.objects.values_list("child", "parent", "role")),
        set(Version.objects.values_list("pk", "family")),
    )
    assert found == wanted
