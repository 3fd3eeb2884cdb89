"""Tags, stars, ratings, notes and saved searches, as people give them and take them back."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from apps.library import tagging
from apps.library.models import Asset, Favourite, SavedSearch, Tag
from tests.library.test_search import make

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
INDEX = "/w/night-shift/library/"


@pytest.fixture
def kept(creator) -> Asset:
    return make(creator, "An owl")


def url(name: str, kept: Asset, *args: object, workspace: str = "night-shift") -> str:
    return reverse(f"library:{name}", args=[workspace, kept.pk, *args])


def press_undo(client, answer):
    undo = json.loads(answer["HX-Trigger"])["toast"]["undo"]
    return client.post(undo["url"], undo["values"], headers=HTMX)


MARKS = {"tag": {"name": "x"}, "favourite": {"on": "1"}, "rate": {"rating": "3"}, "note": {"note": "x"}}


@pytest.mark.parametrize("name", MARKS)
def test_strangers_mark_nothing(client, stranger, kept, name):
    client.force_login(stranger.user)
    assert client.post(url(name, kept), MARKS[name]).status_code == 404
    assert client.post(url(name, kept, workspace="elsewhere"), MARKS[name]).status_code == 404


@pytest.mark.parametrize("name", ["tag", "rate", "note"])
def test_viewers_give_their_own_star_and_nothing_else(client, viewer, kept, name):
    client.force_login(viewer.user)
    assert client.post(url(name, kept), MARKS[name]).status_code == 403
    assert client.post(url("favourite", kept), {"on": "1"}).status_code == 302
    assert Favourite.objects.get().user == viewer.user


def test_tags_are_put_on_and_taken_off_with_a_way_back(client, creator, stranger, kept):
    client.force_login(creator.user)
    assert "Final cut" in client.post(url("tag", kept), {"name": " Final  cut "}, headers=HTMX).content.decode()
    tag = Tag.objects.get()
    client.post(url("tag", kept), {"name": "FINAL CUT"}, headers=HTMX)
    assert Tag.objects.get() == tag
    answer = client.post(url("untag", kept, tag.pk), headers=HTMX)
    assert "Final cut" not in answer.content.decode()
    assert "Final cut" in press_undo(client, answer).content.decode()
    theirs = tagging.tag(stranger, [make(stranger, "A raven")], "secret")
    assert client.post(url("untag", kept, theirs.pk)).status_code == 404
    assert "secret" not in client.get(f"{INDEX}?tag={theirs.pk}").content.decode()


def test_ratings_and_notes_come_with_a_way_back(client, creator, kept):
    client.force_login(creator.user)
    client.post(url("rate", kept), {"rating": "2"}, headers=HTMX)
    press_undo(client, client.post(url("rate", kept), {"rating": "5"}, headers=HTMX))
    client.post(url("note", kept), {"note": "first"}, headers=HTMX)
    press_undo(client, client.post(url("note", kept), {"note": "second"}, headers=HTMX))
    kept.refresh_from_db()
    assert (kept.rating, kept.note) == (2, "first")
    assert client.post(url("rate", kept), {"rating": "6"}).status_code == 400
    assert client.post(url("rate", kept), {"rating": "0"}).url == url("asset", kept), "without a script: the details"


def test_page_shows_ones_own_stars(client, creator, viewer, kept):
    tagging.set_favourite(creator, [kept], is_favourite=True)
    client.force_login(creator.user)
    assert " data-favourite" in client.get(INDEX).content.decode()
    client.force_login(viewer.user)
    assert " data-favourite" not in client.get(INDEX).content.decode()


def test_filters_are_a_plain_form_and_chips_take_them_off(client, creator, kept):
    make(creator, "A dog", kind="music")
    tag = tagging.tag(creator, [kept], "Birds")
    client.force_login(creator.user)
    page = client.get(f"{INDEX}?q=owl&kind=speech&tag={tag.pk}&since=2020-01-01&filters=1").content.decode()
    assert f'href="{INDEX}?q=owl&amp;kind=speech&amp;since=2020-01-01" aria-label="Without Tag Birds"' in page
    assert f'name="tag" value="{tag.pk}" autocomplete="off" checked' in page
    assert 'name="since" value="2020-01-01"' in page
    assert "A dog" not in page
    fragment = client.get(f"{INDEX}?q=owl&kind=speech&sort=newest&since=", headers=HTMX)
    assert fragment["HX-Push-Url"] == f"{INDEX}?q=owl&kind=speech"
    assert "library-q" not in fragment.content.decode(), "what is being typed is left alone"


def test_searches_are_saved_shared_and_forgotten(client, creator, admin, stranger):
    make(creator, "An owl")
    client.force_login(creator.user)
    address = reverse("library:save_search", args=["night-shift"])
    answer = client.post(address, {"name": "Owls", "params": "q=owl&before=x&evil=1"})
    assert answer.url == f"{INDEX}?q=owl"
    one = SavedSearch.objects.get()
    assert f'href="{INDEX}?q=owl"' in client.get(INDEX).content.decode()
    client.force_login(admin.user)
    assert "Owls" not in client.get(INDEX).content.decode()
    client.force_login(creator.user)
    client.post(reverse("library:share_search", args=["night-shift", one.pk]), {"on": "1"})
    client.force_login(admin.user)
    assert "Owls" in client.get(INDEX).content.decode()
    delete = reverse("library:delete_search", args=["night-shift", one.pk])
    assert client.post(delete).status_code == 404, "its maker's alone"
    client.force_login(stranger.user)
    assert client.post(delete).status_code == 404
    assert "Owls" not in client.get("/w/elsewhere/library/").content.decode()
    client.force_login(creator.user)
    client.post(delete)
    assert not SavedSearch.objects.exists()
