"""Collections: put together by hand, in an order by hand, one inside another, and every step has a way back."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.collections import services
from apps.collections.models import STEP, Collection, Item
from apps.collections.services import CollectionError
from apps.library.models import Asset, BulkAct

HTMX = {"HX-Request": "true"}


def at(name: str, *args: object, workspace: str = "night-shift") -> str:
    return reverse(name, args=[workspace, *args])


def undo(client, answer):
    return client.post(json.loads(answer["HX-Trigger"])["toast"]["undo"]["url"], headers=HTMX)


@pytest.fixture
def album(creator):
    return services.create(creator, "Album")


@pytest.fixture
def titles(album):
    return lambda: [asset.title for asset in album.assets_in_order()]


@pytest.fixture
def filled(creator, album, make_asset):
    assets = [make_asset(title) for title in "ABCD"]
    services.add(creator, album, [asset.pk for asset in assets])
    return assets


@pytest.fixture
def as_creator(client, creator):
    client.force_login(creator.user)
    return client


def test_what_is_chosen_goes_into_a_collection_once_and_comes_out_again(as_creator, album, make_asset, titles):
    one, two = make_asset("A"), make_asset("B")
    form = {"collection": album.pk, "asset": [one.pk, two.pk]}
    answer = as_creator.post(at("collections:add"), form, headers=HTMX)
    assert set(titles()) == {"A", "B"}
    again = as_creator.post(at("collections:add"), form, headers=HTMX)
    assert "undo" not in json.loads(again["HX-Trigger"])["toast"]
    undo(as_creator, answer)
    assert titles() == []
    assert Asset.objects.count() == 2


def test_all_that_a_search_finds_goes_in_without_naming_it(as_creator, album, make_asset, titles):
    for title in ("Owl one", "Owl two", "Fox"):
        make_asset(title)
    as_creator.post(at("collections:add"), {"collection": album.pk, "all": "1", "params": "q=owl"}, headers=HTMX)
    assert set(titles()) == {"Owl one", "Owl two"}


@pytest.mark.parametrize(
    ("moving", "where", "order"),
    [
        (3, {"before": 0}, "DABC"),
        (0, {"before": 2}, "BACD"),
        (1, {}, "ACDB"),
        (0, {"after": 2}, "BCAD"),
        (1, {"by": "1"}, "ACBD"),
        (1, {"by": "-1"}, "BACD"),
        (0, {"by": "-1"}, "ABCD"),
        (3, {"by": "1"}, "ABCD"),
    ],
)
def test_an_asset_is_moved_to_its_place(as_creator, album, filled, titles, moving, where, order):
    named = {name: filled[value].pk if isinstance(value, int) else value for name, value in where.items()}
    form = {"asset": filled[moving].pk, **named}
    assert as_creator.post(at("collections:move", album.pk), form, headers=HTMX).status_code == 204
    assert "".join(titles()) == order


def test_there_is_always_room_between_two_neighbours(album, filled, titles):
    for _turn in range(60):  # each halves the gap: the positions are spread anew when there is none left
        order = [item.asset_id for item in Item.objects.filter(collection=album).order_by("position")]
        services.move(album, order[2], before=order[1])
    positions = list(Item.objects.filter(collection=album).order_by("position").values_list("position", flat=True))
    assert len(set(positions)) == 4
    assert titles()[0] == "A"


def test_what_is_taken_out_comes_back_to_its_place(as_creator, album, filled, titles):
    form = {"asset": [filled[1].pk, filled[2].pk]}
    answer = as_creator.post(at("collections:remove", album.pk), form, headers=HTMX)
    assert titles() == ["A", "D"]
    undo(as_creator, answer)
    assert titles() == ["A", "B", "C", "D"]


def test_a_long_collection_is_read_page_by_page(as_creator, creator, album, make_asset, monkeypatch):
    monkeypatch.setattr("apps.collections.views.PAGE", 3)
    services.add(creator, album, [make_asset(title).pk for title in "ABCDEFGH"])
    Item.objects.filter(collection=album).update(position=STEP)  # equal places: the row's number settles it
    seen, address = [], at("collections:collection", album.pk)
    query: dict = {}
    while True:
        context = as_creator.get(address, query, headers=HTMX).context
        seen += [asset.title for asset in context["assets"]]
        if not context["next"]:
            break
        query = {"after": context["next"]}
    assert "".join(seen) == "ABCDEFGH"


def test_what_lies_in_the_trash_is_not_shown_and_returns_to_its_place(album, filled, titles):
    Asset.objects.filter(pk=filled[1].pk).update(trashed_at=timezone.now())
    assert titles() == ["A", "C", "D"]
    Asset.objects.filter(pk=filled[1].pk).update(trashed_at=None)
    assert titles() == ["A", "B", "C", "D"]


def test_one_lies_in_another_and_no_deeper(creator, album):
    inner = services.create(creator, "Inner", parent=album)
    with pytest.raises(CollectionError):
        services.create(creator, "Third", parent=inner)
    other = services.create(creator, "Other")
    with pytest.raises(CollectionError):
        services.change(album, name="Album", note="", parent=other)
    services.change(inner, name="Inner", note="Now here", parent=other)
    assert [each.name for each in other.children.all()] == ["Inner"]


def test_a_deleted_collection_comes_back_with_what_lay_in_it(as_creator, creator, album, filled, titles):
    services.create(creator, "Inner", parent=album)
    page = as_creator.post(at("collections:delete", album.pk), follow=True).content.decode()
    assert at("collections:restore", album.pk) in page
    assert as_creator.get(at("collections:collection", album.pk)).status_code == 404
    assert Asset.objects.count() == 4
    as_creator.post(at("collections:restore", album.pk))
    assert Collection.objects.visible_to(creator).count() == 2
    assert titles() == ["A", "B", "C", "D"]


def test_a_deleted_collection_is_forgotten_after_thirty_days(album, filled):
    services.delete(album)
    services.purge(timezone.now() + timedelta(days=29))
    assert Collection.objects.exists()
    services.purge(timezone.now() + timedelta(days=31))
    assert not Collection.objects.exists()
    assert Asset.objects.count() == 4


def test_the_cover_is_what_was_chosen_or_the_first_picture(as_creator, creator, album, make_asset):
    plain, first, second = make_asset("P"), make_asset("F", poster="f.webp"), make_asset("S", poster="s.webp")
    services.add(creator, album, [plain.pk, first.pk, second.pk])
    picture = at("library:poster", first.pk)
    assert picture in as_creator.get(at("collections:index")).content.decode()
    as_creator.post(at("collections:cover", album.pk), {"asset": second.pk}, headers=HTMX)
    page = as_creator.get(at("collections:index")).content.decode()
    assert at("library:poster", second.pk) in page
    assert as_creator.post(at("collections:cover", album.pk), {"asset": make_asset("X").pk}).status_code == 404


def test_the_library_shows_collections_and_searches_in_one(as_creator, album, filled, make_asset):
    make_asset("Elsewhere")
    page = as_creator.get(at("library:index")).content.decode()
    assert at("collections:collection", album.pk) in page
    found = as_creator.get(at("library:index"), {"collection": str(album.pk)}).context["assets"]
    assert {asset.title for asset in found} == set("ABCD")


def test_a_stranger_finds_nothing_and_a_viewer_changes_nothing(client, album, filled, viewer, stranger, make_asset):
    posts = {
        "collections:create": (),
        "collections:add": (),
        "collections:choose": (),
        "collections:change": (album.pk,),
        "collections:delete": (album.pk,),
        "collections:remove": (album.pk,),
        "collections:move": (album.pk,),
        "collections:cover": (album.pk,),
        "collections:restore": (album.pk,),
    }
    form = {"asset": filled[0].pk, "collection": album.pk, "name": "Mine"}
    for person, status in ((viewer, 403), (stranger, 404)):
        client.force_login(person.user)
        for name, args in posts.items():
            assert client.post(at(name, *args), form).status_code == status
    assert client.get(at("collections:collection", album.pk)).status_code == 404
    for name, args in posts.items():
        if args:
            assert client.post(at(name, *args, workspace="elsewhere"), form).status_code == 404
    services_of_stranger = services.create(stranger, "Theirs")
    services.add(stranger, services_of_stranger, [filled[0].pk])
    assert not services_of_stranger.items.exists()
    client.force_login(viewer.user)
    assert client.get(at("collections:collection", album.pk)).status_code == 200


def test_what_is_moved_leaves_one_collection_for_another_and_comes_back_to_its_place(
    as_creator, creator, album, filled, titles
):
    other = services.create(creator, "Other")
    services.add(creator, other, [filled[1].pk])
    chosen = {"asset": [str(filled[2].pk), str(filled[1].pk)], "from": str(album.pk)}
    drawer = as_creator.post(at("collections:choose") + f"?from={album.pk}", chosen, headers=HTMX).content.decode()
    assert "take them out of" in drawer
    assert f'name="from" value="{album.pk}"' in drawer
    answer = as_creator.post(at("collections:add"), chosen | {"collection": other.pk, "move": "1"}, headers=HTMX)
    assert (titles(), [asset.title for asset in other.assets_in_order()]) == (["A", "D"], ["B", "C"])
    assert "library:stale" in undo(as_creator, answer)["HX-Trigger"], "the page lists them again"
    assert (titles(), [asset.title for asset in other.assets_in_order()]) == (list("ABCD"), ["B"])


def test_many_are_shared_with_one_link_by_way_of_a_collection(as_creator, make_asset, viewer, client):
    form = {"asset": [make_asset("A").pk, make_asset("B").pk], "name": "For the client"}
    asked = as_creator.post(at("collections:choose") + "?share=1", form, headers=HTMX).content.decode()
    assert 'name="share" value="1"' in asked
    made = as_creator.post(at("collections:create"), form | {"share": "1"}, headers=HTMX).content.decode()
    one = Collection.objects.get()
    share = f'name="collection" value="{one.pk}"'
    page = at("collections:collection", one.pk)
    assert share in made
    assert share in as_creator.get(page).content.decode()
    link = as_creator.post(at("sharing:create"), {"collection": one.pk}, headers=HTMX).content.decode()
    assert "/s/" in link
    client.force_login(viewer.user)
    assert share not in client.get(page).content.decode()


def test_nobody_undoes_for_somebody_else(client, creator, admin, album, filled, titles):
    act = services.remove(creator, album, [filled[0].pk])
    client.force_login(admin.user)
    assert client.post(at("library:undo_many", act.pk), headers=HTMX).status_code == 404
    assert BulkAct.objects.filter(pk=act.pk).exists()
