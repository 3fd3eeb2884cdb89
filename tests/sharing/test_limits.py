"""When a link lets nobody in any more, and who gets through its door. All of it over plain HTTP, without a script."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from apps.library.models import Asset
from apps.sharing.models import DayOfViews, EndedAddress, Share, SharePolicy
from apps.sharing.services import public_url, share
from apps.workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db
INDEX = "/w/night-shift/shares/"
MEDIA = ("file", "download", "card.png", "subtitles.vtt", "embed")


@pytest.fixture
def kept(creator) -> Asset:
    return Asset.objects.create(
        workspace=creator.workspace,
        created_by=creator.user,
        kind="speech",
        title="Good evening",
        text="A text",
        file=default_storage.save("1/take.mp3", ContentFile(b"sound")),
        content_type="audio/mpeg",
        size=5,
        sha256="ab" * 32,
        status="ready",
        subtitles=[{"text": "A text", "start_ms": 0, "end_ms": 900, "words": []}],
    )


@pytest.fixture
def link(creator, kept) -> Share:
    return share(creator, kept)


@pytest.fixture
def guest() -> Client:
    return Client()


@pytest.fixture
def change(client, creator, link):
    """The link's maker changes it on its panel."""
    client.force_login(creator.user)

    def change(**said: str) -> None:
        answer = client.post(f"{INDEX}{link.pk}/settings", {"allow_download": "on", **said})
        assert answer.status_code == 302, answer.content.decode()
        link.refresh_from_db()

    return change


def root(link: Share) -> str:
    return f"/s/{link.token}/"


# --- a password -------------------------------------------------------------------------------------------------------


def test_a_password_is_asked_for_before_anything_is_said(guest, link, change):
    change(asks_password="on", new_password="open sesame")
    assert "open sesame" not in link.password
    page = guest.get(root(link))
    assert page.status_code == 403
    assert "Good evening" not in page.content.decode()
    for name in MEDIA:
        assert guest.get(root(link) + name).status_code == 403, name
    wrong = guest.post(f"{root(link)}enter", {"password": "open says me"})
    assert "That is not the password." in wrong.content.decode()
    inside = guest.post(f"{root(link)}enter", {"password": "open sesame"}, follow=True)
    assert inside.redirect_chain == [(root(link), 302)]
    assert "Good evening" in inside.content.decode()
    assert b"".join(guest.get(f"{root(link)}file")) == b"sound"
    assert Client().get(f"{root(link)}file").status_code == 403


def test_another_password_closes_the_door_to_those_who_were_in(guest, link, change):
    change(asks_password="on", new_password="open sesame")
    guest.post(f"{root(link)}enter", {"password": "open sesame"})
    change(asks_password="on", new_password="something else")
    assert guest.get(root(link)).status_code == 403
    change()
    assert guest.get(root(link)).status_code == 200


def test_passwords_cannot_be_tried_for_long(guest, link, change):
    change(asks_password="on", new_password="open sesame")
    answers = [guest.post(f"{root(link)}enter", {"password": f"guess {n}"}).status_code for n in range(10)]
    assert answers == [403] * 8 + [429] * 2
    assert guest.post(f"{root(link)}enter", {"password": "open sesame"}).status_code == 429
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    assert elsewhere.post(f"{root(link)}enter", {"password": "open sesame"}).status_code == 302


def test_the_pass_of_one_link_opens_no_other(guest, link, change, creator, kept):
    change(asks_password="on", new_password="open sesame")
    twin = Share.with_new_token(
        workspace=creator.workspace, created_by=creator.user, asset=kept, password=link.password
    )
    twin.save()
    guest.post(f"{root(link)}enter", {"password": "open sesame"})
    assert guest.get(root(twin)).status_code == 403


# --- an end -----------------------------------------------------------------------------------------------------------


def test_a_link_is_over_after_its_last_day(guest, link, change):
    change(last_day=(timezone.localdate() + timedelta(days=3)).isoformat())
    assert guest.get(root(link)).status_code == 200
    Share.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    page = guest.get(root(link))
    assert page.status_code == 410
    assert "which is over" in page.content.decode()
    assert {guest.get(root(link) + name).status_code for name in MEDIA} == {410}


def test_openings_are_counted_at_the_door_and_the_last_one_is_the_last(link, change):
    change(max_views="2")
    first, second, third = Client(), Client(), Client()
    preview = Client().get(root(link), headers={"User-Agent": "Slackbot"})
    assert preview.status_code == 403  # what only looks at the address takes no opening
    for guest in (first, second):
        assert guest.post(f"{root(link)}enter", follow=True).status_code == 200
        assert guest.get(root(link)).status_code == 200
    assert third.get(root(link)).status_code == 410
    assert third.post(f"{root(link)}enter").status_code == 410
    assert b"".join(first.get(f"{root(link)}file")) == b"sound"  # who is in stays in
    link.refresh_from_db()
    assert link.views == 2


def test_a_new_address_ends_the_old_one(client, creator, guest, link):
    old, settings = root(link), link.allow_download
    client.force_login(creator.user)
    client.post(f"{INDEX}{link.pk}/renew")
    link.refresh_from_db()
    assert guest.get(old).status_code == 410
    assert guest.get(root(link)).status_code == 200
    assert link.allow_download == settings
    assert AuditEntry.objects.filter(action="share.renewed").exists()


def test_a_link_whose_work_was_purged_is_gone_not_unknown(guest, link, kept):
    address = root(link)
    kept.delete()
    assert not Share.objects.exists()
    assert guest.get(address).status_code == 410
    assert guest.get(f"{address}file").status_code == 410
    assert guest.get("/s/nevergivenout/").status_code == 404
    assert EndedAddress.objects.count() == 1


# --- the workspace's rules --------------------------------------------------------------------------------------------


@pytest.fixture
def rule(client, owner):
    def rule(**said: str) -> None:
        client.force_login(owner.user)
        assert client.post(f"{INDEX}policy", said).status_code == 302

    return rule


def test_a_workspace_that_forbids_links_closes_those_that_are_out(client, creator, guest, link, kept, rule):
    rule()
    assert guest.get(root(link)).status_code == 410
    client.force_login(creator.user)
    refused = client.post(f"{INDEX}create", {"asset": str(kept.pk)})
    assert refused.status_code == 422
    assert "allows no public links" in refused.content.decode()
    rule(allows_links="on")
    assert guest.get(root(link)).status_code == 200
    assert AuditEntry.objects.filter(action="share.policy").count() == 2


def test_a_password_that_is_demanded_has_to_be_set_first(guest, link, change, rule, client, creator):
    rule(allows_links="on", demands_password="on")
    assert "not open yet" in guest.get(root(link)).content.decode()
    client.force_login(creator.user)
    change(asks_password="on", new_password="open sesame")
    assert guest.get(root(link)).status_code == 403
    removed = client.post(f"{INDEX}{link.pk}/settings", {})
    assert "wants a password for every link" in removed.content.decode()


def test_links_end_by_themselves_where_the_workspace_says_so(guest, link, rule):
    rule(allows_links="on", longest_days="7")
    assert guest.get(root(link)).status_code == 200
    Share.objects.update(created_at=timezone.now() - timedelta(days=8))
    assert guest.get(root(link)).status_code == 410


def test_only_managers_make_rules(client, creator, stranger):
    client.force_login(creator.user)
    assert client.post(f"{INDEX}policy", {"allows_links": "on"}).status_code == 403
    client.force_login(stranger.user)
    assert client.post(f"{INDEX}policy", {"allows_links": "on"}).status_code == 404
    assert not SharePolicy.objects.exists()


# --- what is counted, and what the address says -----------------------------------------------------------------------


def test_openings_are_kept_by_day_and_nothing_else(client, creator, guest, link):
    for _ in range(3):
        guest.get(root(link))
    guest.get(root(link), headers={"User-Agent": "Googlebot"})
    day = DayOfViews.objects.get()
    assert (day.day, day.views) == (timezone.now().date(), 3)
    assert {field.name for field in DayOfViews._meta.fields} == {"id", "share", "day", "views"}
    client.force_login(creator.user)
    panel = client.get(f"{INDEX}{link.pk}/").content.decode()
    assert "Opened 3 times in 30 days" in panel


def test_the_address_says_the_title_in_short_and_works_with_any(guest, link):
    assert public_url(link).endswith(f"/s/good-evening.{link.token}/")
    assert guest.get(f"/s/good-evening.{link.token}/").status_code == 200
    assert guest.get(f"/s/something-else.{link.token}/file").status_code == 200
    Share.objects.update(name="为你 Abend")
    link.refresh_from_db()
    assert public_url(link).endswith(f"/s/%E4%B8%BA%E4%BD%A0-abend.{link.token}/")


def test_search_engines_are_told_the_one_address(guest, link):
    page = guest.get(f"/s/something-else.{link.token}/").content.decode()
    assert f'<link rel="canonical" href="{public_url(link)}">' in page
    assert f'<meta property="og:url" content="{public_url(link)}">' in page


@pytest.mark.parametrize(
    "title", ["Secretive words (incomplete)", "1.00 s into Secretive words", "Dive · Secretive wo…"]
)
def test_a_title_with_more_around_the_prompt_is_replaced_too(guest, link, title):
    Asset.objects.update(title=title, text="Secretive words and some more of them", request={})
    Share.objects.update(show_text=False)
    assert "ecretive" not in guest.get(root(link)).content.decode()


def test_a_title_of_its_own_is_what_guests_read(guest, link, kept):
    Share.objects.update(name="For the board")
    page = guest.get(root(link)).content.decode()
    assert "For the board" in page
    assert "Good evening" not in page
    assert "For%20the%20board" in guest.get(f"{root(link)}download")["Content-Disposition"].replace(" ", "%20")


def test_search_engines_stay_away_unless_they_are_invited(guest, link):
    assert "noindex" in guest.get(root(link))["X-Robots-Tag"]
    assert 'content="noindex' in guest.get(root(link)).content.decode()
    Share.objects.update(is_listed=True)
    page = guest.get(root(link))
    assert "X-Robots-Tag" not in page
    assert "noindex" not in page.content.decode()


@pytest.mark.parametrize(("said", "start"), [("90", 90), ("1m30s", 90), ("1:30", 90), ("1:00:05", 3605), ("x", 0)])
def test_a_link_can_begin_later(guest, link, said, start):
    page = guest.get(f"{root(link)}?t={said}").content.decode()
    src = f'src="{root(link)}file{f"#t={start}" if start else ""}"'
    assert src in page


def test_settings_are_shown_where_they_are_allowed(guest, link, kept):
    Asset.objects.update(request={"text": "A text", "speed": 1.25}, model="speech-2.8-hd")
    assert "1.25" not in guest.get(root(link)).content.decode().replace('value="1.25"', "").replace("1.25×", "")
    Share.objects.update(show_settings=True)
    page = guest.get(root(link)).content.decode()
    assert "<dt>Speed</dt><dd>1.25</dd>" in page
    assert "A text" not in page
