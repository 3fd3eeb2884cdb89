"""Players in other sites, and what those ask for."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from apps.collections.models import Collection, Item
from apps.library.models import Asset
from apps.sharing.models import Share
from apps.sharing.services import share

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(creator) -> Share:
    kept = Asset.objects.create(
        workspace=creator.workspace,
        created_by=creator.user,
        kind="video",
        title="Waves",
        text="the sea at night",
        file=default_storage.save("1/film.mp4", ContentFile(b"film")),
        content_type="video/mp4",
        size=4,
        sha256="ab" * 32,
        status="ready",
        duration_s=6,
        measurements={"width": 1280, "height": 720},
    )
    made = share(creator, kept)
    Share.objects.update(embed_domains="example.com *.example.org")
    made.refresh_from_db()
    return made


def ask(link: Share, **more: str):
    url = quote(f"http://testserver/s/waves.{link.token}/")
    return Client().get(f"/oembed?url={url}" + "".join(f"&{name}={value}" for name, value in more.items()))


def test_only_the_named_sites_may_show_the_player(link):
    page = Client().get(f"/s/{link.token}/embed")
    assert page.status_code == 200
    assert "frame-ancestors example.com *.example.org" in page["Content-Security-Policy"]
    assert "X-Frame-Options" not in page
    assert f'src="/s/{link.token}/file"' in page.content.decode()
    whole = Client().get(f"/s/{link.token}/")
    assert "frame-ancestors 'none'" in whole["Content-Security-Policy"]


def test_a_link_that_no_site_may_embed_has_no_player_page(link):
    Share.objects.update(embed_domains="")
    assert Client().get(f"/s/{link.token}/embed").status_code == 404


def test_other_sites_find_the_player_by_the_address(link):
    page = Client().get(f"/s/{link.token}/").content.decode()
    assert 'type="application/json+oembed"' in page
    told = ask(link).json()
    assert (told["version"], told["type"], told["width"], told["height"]) == ("1.0", "video", 640, 360)
    assert f"/s/waves.{link.token}/embed" in told["html"]
    assert told["thumbnail_url"].endswith("/card.png")
    small = ask(link, maxwidth="320", maxheight="90").json()
    assert (small["width"], small["height"]) == (160, 90)
    xml = ask(link, format="xml")
    assert {one.tag: one.text for one in ElementTree.fromstring(xml.content)}["html"] == told["html"]
    assert ask(link, format="yaml").status_code == 501


def test_what_is_no_link_is_not_found_and_what_has_a_door_stays_closed(link, stranger):
    assert Client().get("/oembed?url=https%3A%2F%2Fevil.example%2Fs%2Fx%2F").status_code == 404
    assert Client().get("/oembed").status_code == 404
    Share.objects.update(max_views=3)
    assert ask(link).status_code == 401


def test_others_keep_a_link_no_longer_than_it_lasts(link):
    assert ask(link)["Cache-Control"] == "public, max-age=300"
    Share.objects.update(ends_at=timezone.now() + timedelta(seconds=40))
    assert ask(link).json()["cache_age"] in range(30, 41)
    Share.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    assert ask(link).status_code == 404
    assert Client().get(f"/s/{link.token}/").status_code == 410


def test_without_a_player_there_is_a_card(link):
    Share.objects.update(embed_domains="")
    told = ask(link).json()
    assert told["type"] == "link"
    assert "html" not in told
    assert "the sea at night" not in json.dumps(told)


def test_a_collection_shows_its_works_in_order_and_loses_what_leaves_it(link, creator, client):
    shelf = Collection.objects.create(workspace=creator.workspace, created_by=creator.user, name="Water")
    second = Asset.objects.create(
        workspace=creator.workspace, created_by=creator.user, kind="image", title="Rain", content_type="image/png",
        file=default_storage.save("1/rain.png", ContentFile(b"rain")), size=4, sha256="cd" * 32, status="ready",
        measurements={"width": 8, "height": 8},
    )  # fmt: skip
    Item.objects.create(collection=shelf, asset=second, position=1)
    Item.objects.create(collection=shelf, asset=link.asset, position=2)
    client.force_login(creator.user)
    client.post("/w/night-shift/shares/create", {"collection": str(shelf.pk)})
    shared = Share.objects.get(collection=shelf)
    guest, root = Client(), f"/s/{shared.token}/"
    page = guest.get(root).content.decode()
    assert page.index("Rain") < page.index("Waves")
    part = f"{root}part/{second.pk}"
    assert b"".join(guest.get(part)) == b"rain"
    assert b"".join(guest.get(f"{part}/download")) == b"rain"
    assert b"Rain.png" in b"".join(guest.get(f"{root}all.zip"))
    Share.objects.filter(pk=shared.pk).update(allow_download=False)
    assert {guest.get(f"{part}/download").status_code, guest.get(f"{root}all.zip").status_code} == {404}
    Item.objects.filter(asset=second).delete()
    assert guest.get(part).status_code == 404
    assert "Rain" not in guest.get(root).content.decode()


def test_a_strangers_collection_cannot_be_shared(client, creator, stranger):
    shelf = Collection.objects.create(workspace=creator.workspace, created_by=creator.user, name="Water")
    client.force_login(stranger.user)
    answer = client.post("/w/night-shift/shares/create", {"collection": str(shelf.pk)})
    assert answer.status_code == 404
    assert not Share.objects.exists()
