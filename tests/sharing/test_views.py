from __future__ import annotations

import html
import io
import re

import pytest
from django.urls import reverse
from PIL import Image

from apps.library.models import Asset
from apps.sharing.models import Share
from apps.workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
INDEX, CREATE = "/w/night-shift/shares/", "/w/night-shift/shares/create"


@pytest.fixture
def kept(creator) -> Asset:
    return Asset.objects.create(
        workspace=creator.workspace,
        created_by=creator.user,
        kind="speech",
        title="Good evening",
        file="x.mp3",
        content_type="audio/mpeg",
        size=10,
        sha256="ab" * 32,
        status="ready",
    )


@pytest.fixture
def as_(client):
    def enter(member):
        client.force_login(member.user)
        return client

    return enter


@pytest.fixture
def link(as_, creator, kept) -> Share:
    as_(creator).post(CREATE, {"asset": str(kept.pk)})
    return Share.objects.get()


def test_share_gives_a_link_to_copy_a_qr_code_and_a_way_to_end_it(as_, creator, kept):
    panel = as_(creator).post(CREATE, {"asset": str(kept.pk)}, headers=HTMX).content.decode()
    url = re.search(r'data-copy="(http://testserver/s/good-evening\.[\w-]{24}/)"', panel)[1]
    assert as_(creator).get(url.removeprefix("http://testserver")).status_code == 200
    assert "qr.svg" in panel
    assert "End this link" in panel
    assert "<html" not in panel


def test_sharing_works_without_a_script(as_, creator, kept):
    response = as_(creator).post(CREATE, {"asset": str(kept.pk)}, follow=True)
    assert "Anyone with this link can listen" in response.content.decode()


def test_pressing_twice_shows_the_same_link_and_another_person_gets_their_own(as_, creator, admin, kept):
    for member in (creator, creator, admin):
        as_(member).post(CREATE, {"asset": str(kept.pk)})
    assert [share.created_by for share in Share.objects.order_by("id")] == [creator.user, admin.user]


def test_token_cannot_be_read_from_the_database(link):
    assert len(link.token) == 24
    assert link.token not in "".join(str(value) for value in Share.objects.values().get().values())


def test_link_still_works_when_the_secret_that_sealed_it_is_lost(as_, creator, link, settings):
    token = link.token
    settings.ENCRYPTION_KEYS = ["another secret altogether"]
    assert as_(creator).get(f"/s/{token}/").status_code == 200
    panel = as_(creator).get(f"{INDEX}{link.pk}/", headers=HTMX).content.decode()
    assert "cannot be shown again" in panel
    assert as_(creator).get(INDEX).status_code == 200
    assert as_(creator).get(f"{INDEX}{link.pk}/qr.svg").status_code == 404


def test_viewers_may_not_publish(as_, viewer, kept, link):
    client = as_(viewer)
    assert client.post(CREATE, {"asset": str(kept.pk)}).status_code == 403
    assert client.post(f"{INDEX}{link.pk}/revoke").status_code == 403
    assert client.post(f"{INDEX}{link.pk}/settings").status_code == 403


def test_strangers_find_nothing(as_, stranger, kept, link):
    client = as_(stranger)
    for path in (INDEX, f"{INDEX}{link.pk}/", f"{INDEX}{link.pk}/qr.svg"):
        assert client.get(path).status_code == 404
        assert client.get(path.replace("night-shift", "elsewhere")).status_code == (200 if path == INDEX else 404)
    for path in (CREATE, f"{INDEX}{link.pk}/revoke", f"{INDEX}{link.pk}/settings"):
        assert client.post(path, {"asset": str(kept.pk)}).status_code == 404
        assert client.post(path.replace("night-shift", "elsewhere"), {"asset": str(kept.pk)}).status_code == 404
    link.refresh_from_db()
    assert link.revoked_at is None


@pytest.mark.parametrize("asset", ["", "nonsense", "018f2c5e-0000-7000-8000-000000000000"])
def test_nothing_to_share(as_, creator, asset):
    assert as_(creator).post(CREATE, {"asset": asset}).status_code == 404


def test_creators_end_their_own_links_and_admins_everybodys(as_, creator, admin, kept, link):
    as_(admin).post(CREATE, {"asset": str(kept.pk)})
    admins = Share.objects.get(created_by=admin.user)
    assert as_(creator).post(f"{INDEX}{admins.pk}/revoke").status_code == 403
    assert as_(creator).post(f"{INDEX}{admins.pk}/settings").status_code == 403
    assert as_(creator).post(f"{INDEX}{link.pk}/revoke").status_code == 302
    assert as_(admin).post(f"{INDEX}{admins.pk}/revoke", headers=HTMX).status_code == 200
    assert not Share.objects.open().exists()
    ended = AuditEntry.objects.filter(action="share.revoked").order_by("id")
    assert [entry.actor for entry in ended] == [creator.user, admin.user]


def test_after_its_end_a_new_link_has_a_new_address(as_, creator, kept, link):
    old = link.token
    as_(creator).post(f"{INDEX}{link.pk}/revoke")
    as_(creator).post(CREATE, {"asset": str(kept.pk)})
    assert Share.objects.open().get().token != old
    assert as_(creator).get(f"/s/{old}/").status_code == 410


def test_what_guests_may_do_is_saved_at_once(as_, creator, link):
    response = as_(creator).post(f"{INDEX}{link.pk}/settings", {"show_text": "on"}, headers=HTMX)
    assert "Saved" in response["HX-Trigger"]
    link.refresh_from_db()
    assert (link.allow_download, link.show_text) == (False, True)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"asks_password": "on"}, "Write the password that guests need."),
        ({"asks_password": "on", "new_password": "short"}, "At least 6 characters."),
        ({"max_views": "2"}, "It was opened 2 times already."),
        ({"last_day": "2020-02-02"}, "That day is over."),
        ({"embed_domains": "exa mple!"}, "is no site"),
        ({"embed_domains": "example.com", "max_views": "9"}, "cannot be embedded"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_changes(as_, creator, link, said, sentence):
    Share.objects.update(views=2)
    answer = as_(creator).post(f"{INDEX}{link.pk}/settings", {"show_text": "on", **said}, headers=HTMX)
    assert sentence in html.unescape(answer.content.decode())
    assert "HX-Trigger" not in answer
    link.refresh_from_db()
    assert not link.show_text
    without_script = as_(creator).post(f"{INDEX}{link.pk}/settings", said)
    assert without_script.status_code == 422
    assert sentence in html.unescape(without_script.content.decode())


def test_chosen_links_end_together_and_those_of_others_stay(as_, creator, admin, kept, link):
    as_(admin).post(CREATE, {"asset": str(kept.pk)})
    theirs = Share.objects.get(created_by=admin.user)
    said = as_(creator).post(f"{INDEX}end", {"link": [link.pk, theirs.pk, "x"]}, follow=True)
    assert "1 link has ended." in said.content.decode()
    link.refresh_from_db()
    theirs.refresh_from_db()
    assert link.revoked_at is not None
    assert theirs.revoked_at is None


def test_qr_code_as_a_picture_file(as_, creator, link):
    answer = as_(creator).get(f"{INDEX}{link.pk}/qr.png")
    assert answer["Content-Disposition"].startswith("attachment")
    assert Image.open(io.BytesIO(answer.content)).format == "PNG"


def test_list_shows_my_links_with_views_and_state(as_, creator, admin, kept, link):
    Share.objects.update(views=17)
    mine = as_(creator).get(INDEX).content.decode()
    assert "Good evening" in mine
    assert '<td class="number">17</td>' in mine
    assert "Good evening" not in as_(admin).get(INDEX).content.decode()
    everyones = as_(admin).get(f"{INDEX}?whose=all").content.decode()
    assert "Good evening" in everyones
    assert "Carla" in everyones
    assert "Good evening" not in as_(admin).get(f"{INDEX}?before={link.pk}&whose=all").content.decode()


def test_everyones_links_are_for_managers(as_, creator, admin, kept):
    as_(admin).post(CREATE, {"asset": str(kept.pk)})
    page = as_(creator).get(f"{INDEX}?whose=all").content.decode()
    assert "Good evening" not in page
    assert "No links yet" in page


def test_qr_code_is_a_drawing_that_cannot_run(as_, creator, link):
    response = as_(creator).get(f"{INDEX}{link.pk}/qr.svg")
    assert response["Content-Type"] == "image/svg+xml"
    assert "sandbox" in response["Content-Security-Policy"]
    drawing = response.content.decode()
    assert drawing.startswith("<svg")
    assert "script" not in drawing
    assert "style" not in drawing


def test_changes_need_the_csrf_token(creator, kept):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(creator.user)
    assert strict.post(reverse("sharing:create", args=["night-shift"]), {"asset": str(kept.pk)}).status_code == 403
