"""The search finds the same on both databases, only what is the member's, and keeps up with every change."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.http import QueryDict
from django.utils import timezone

from apps.library import search, services, tagging
from apps.library.models import Asset, Favourite, SearchEntry, Tag
from apps.library.search import finding, terms

pytestmark = pytest.mark.django_db


def make(member, title: str, **values) -> Asset:
    defaults = {"kind": "speech", "status": "ready", "file": "x.mp3", "content_type": "audio/mpeg", "size": 10}
    created = Asset.objects.create(
        workspace=member.workspace, created_by=member.user, title=title, sha256="ab" * 32, **(defaults | values)
    )
    search.update([created.pk])
    return created


def titles(member, address: str = "", **more) -> list[str]:
    query = search.Query.from_params(QueryDict(address))
    page = search.find(member, query, **more)
    everything = {asset.title for asset in search.matching(member, query)}
    assert {asset.title for asset in page.assets} <= everything, "both ways of finding agree"
    return [asset.title for asset in page.assets]


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("q", "finds"),
    [
        ("owl", True),
        ("OWL night", True),
        ("ow", True),  # the last word may not be typed to its end
        ("ow night", False),
        ("wl", False),
        ("uberall", True),
        ("Überall", True),
        ("GRÜSSE", True),
        ("夜班", True),
        ("晚上好", True),
        ("班", True),
        ("好晚", False),
        ("안녕", True),
        ("ありがとう", True),
        ("speech 2.8", True),
        ("calm", True),  # the voice
        ("04ab5c", True),  # the trace id
        ("verse", True),  # the lyrics
        ("eagle", False),
        ("owl eagle", False),
        ('owl" OR "x', False),
        ("'", False),
        ("*", False),
    ],
)
def test_words_are_found_whatever_their_case_accents_and_script(creator, q, finds):
    make(
        creator,
        "The owl at night",
        text="Grüße überall. 夜班：大家晚上好！ 안녕하세요 ありがとうございます",
        request={"lyrics": "A verse of its own"},
        model="speech-2.8-hd",
        voice_id="English_CalmWoman",
        trace_id="04ab5c0f1d",
    )
    assert bool(titles(creator, f"q={quote(q)}")) is finds


def test_nothing_of_another_workspace_is_found(creator, stranger):
    make(creator, "An owl", kind="music")
    tag = tagging.tag(creator, list(Asset.objects.all()), "birds")
    for address in (
        "",
        "q=owl",
        "kind=music",
        f"tag={tag.pk}",
        f"person={creator.user_id}",
        "sort=size",
        "q=o&sort=cost",
    ):
        assert titles(creator, address) == ["An owl"], address
        assert titles(stranger, address) == [], address


def test_every_change_is_found_at_once(creator):
    one = make(creator, "An owl")
    services.rename(one, "A raven")
    assert (titles(creator, "q=owl"), titles(creator, "q=raven")) == ([], ["A raven"])
    tagging.write_note(one, "for the client")
    assert titles(creator, "q=client") == ["A raven"]
    tag = tagging.tag(creator, [one], "Black  birds")
    assert titles(creator, "q=birds") == titles(creator, f"tag={tag.pk}") == ["A raven"]
    tagging.untag([one], tag)
    assert titles(creator, "q=birds") == titles(creator, f"tag={tag.pk}") == []
    assert not Tag.objects.exists(), "a tag that nothing has is gone"
    tagging.rate([one], 4)
    assert titles(creator, "rating=3") == ["A raven"]
    assert titles(creator, "rating=5") == []
    services.move_to_trash(creator, one)
    assert (titles(creator, "q=raven"), titles(creator, "q=raven&trash=1")) == ([], ["A raven"])
    services.restore(creator, one)
    assert titles(creator, "q=raven") == ["A raven"]
    one.delete()
    assert titles(creator, "q=raven") == []


def test_what_was_kept_is_found_by_its_words(creator, bring, rings):
    bring(title="Good evening", text="The night shift begins")
    assert titles(creator, "q=shift&length=10s") == ["Good evening"]


def test_rebuilding_mends_what_is_wrong_or_missing(creator):
    make(creator, "An owl")
    Asset.objects.create(
        workspace=creator.workspace, created_by=creator.user, kind="speech", title="A raven", file="y", size=1
    )
    Asset.objects.filter(title="An owl").update(title="An eagle")
    call_command("rebuild_search", "--missing", verbosity=0)
    assert titles(creator, "q=raven") == ["A raven"]
    assert titles(creator, "q=owl") == ["An eagle"]
    call_command("rebuild_search", verbosity=0)
    assert titles(creator, "q=owl") == []
    assert titles(creator, "q=eagle") == ["An eagle"]


def test_assets_of_the_same_instant_both_have_an_entry(creator, monkeypatch):
    monkeypatch.setattr("apps.library.search.index.number_of", lambda pk: 7)
    make(creator, "An owl")
    make(creator, "Another owl")
    assert sorted(SearchEntry.objects.values_list("number", flat=True)) == [7, 8]
    assert len(titles(creator, "q=owl")) == 2


# --- filters ----------------------------------------------------------------------------------------------------------


def test_filters_narrow_alone_and_together(creator, admin):
    make(creator, "song", kind="music", model="music-2.6", cost_usd=Decimal("0.15"), duration_s=95.0, size=3_000_000)
    make(creator, "line", model="speech-2.8-hd", voice_id="a voice", cost_usd=Decimal("0.002"), duration_s=4.0)
    make(admin, "still", kind="image", cost_usd=Decimal(0), content_type="image/png", file="x.png")
    found = {
        "kind=music": ["song"],
        "kind=music&kind=image": ["still", "song"],
        "model=speech-2.8-hd": ["line"],
        "voice=a+voice": ["line"],
        f"person={admin.user_id}": ["still"],
        "cost=1usd": ["song"],
        "cost=free": ["still"],
        "size=10mb": ["song"],
        "length=10min": ["song"],
        "length=10s&length=10min": ["line", "song"],
        "kind=music&model=speech-2.8-hd": [],
        "q=song&kind=music": ["song"],
        "q=song&kind=image": [],
        "nonsense=1": ["still", "line", "song"],
    }
    assert {address: titles(creator, address) for address in found} == found


@pytest.mark.parametrize("few", [0, 5000])  # by the words' index, and by that of the amounts
@pytest.mark.parametrize("walk", [0, 2000])
@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("cost_from=0.05&cost_to=0.1", ["ten cents", "five cents"]),
        ("cost_from=0.051", ["ten cents"]),
        ("cost_to=0.05", ["five cents", "free"]),  # what has no price at all costs neither much nor little
        ("cost_to=0,05&q=five", ["five cents"]),
        ("size_from=1.5&size_to=1.5", ["ten cents"]),
        ("size_to=0.0000001", []),
        ("length_from=59&length_to=60", ["five cents"]),
        ("length_from=60.5&sort=title", ["ten cents"]),
        ("cost_from=0.01&length_from=61&sort=oldest", ["ten cents"]),
        ("cost_from=3&cost_to=2", []),
        ("cost_from=x&cost_to=-1&size_to=NaN&length_to=1e99", ["by hand", "ten cents", "five cents", "free"]),
    ],
)
def test_amounts_narrow_from_so_much_to_so_much(creator, monkeypatch, address, found, few, walk):
    monkeypatch.setattr(finding, "FEW", few)
    monkeypatch.setattr(finding, "PROBE", min(walk, 2))
    monkeypatch.setattr(finding, "WALK", walk)
    make(creator, "free", cost_usd=Decimal(0), size=1)
    make(creator, "five cents", cost_usd=Decimal("0.05"), size=1_000_000, duration_s=60.0)
    make(creator, "ten cents", cost_usd=Decimal("0.1"), size=1_500_000, duration_s=61.5)
    make(creator, "by hand", size=900_000_000)
    assert titles(creator, address) == found


def test_several_tags_are_all_asked_for(creator):
    one, other = make(creator, "one"), make(creator, "other")
    night, final = tagging.tag(creator, [one, other], "night"), tagging.tag(creator, [one], "Final")
    assert tagging.tag(creator, [other], "NIGHT") == night, "one tag, however it is written"
    assert titles(creator, f"tag={night.pk}") == ["other", "one"]
    assert titles(creator, f"tag={night.pk}&tag={final.pk}") == ["one"]


def test_favourites_are_each_persons_own(creator, admin):
    one = make(creator, "An owl")
    make(creator, "Another owl")
    tagging.set_favourite(creator, [one], is_favourite=True)
    tagging.set_favourite(creator, [one], is_favourite=True)
    for address in ("favourite=1", "favourite=1&q=owl", "favourite=1&q=ow&sort=size&kind=speech"):
        assert titles(creator, address) == ["An owl"]
        assert titles(admin, address) == []
    tagging.set_favourite(creator, [one], is_favourite=False)
    assert not Favourite.objects.exists()


def test_days_are_those_of_the_person(creator):
    make(creator, "today")
    today, yesterday = timezone.localdate(), timezone.localdate() - timedelta(days=1)
    for more in ("", "&q=today", "&q=today&sort=size", "&kind=speech"):
        assert titles(creator, f"since={today}&until={today}{more}") == ["today"]
        assert titles(creator, f"until={yesterday}{more}") == []
    assert titles(creator, "since=nonsense") == ["today"]
    assert titles(creator, "until=9999-12-31") == ["today"]


# --- order and pages --------------------------------------------------------------------------------------------------

SORTED = {
    "newest": ["d", "c", "b", "a"],
    "oldest": ["a", "b", "c", "d"],
    "title": ["a", "b", "c", "d"],
    "cost": ["b", "d", "c", "a"],
    "size": ["d", "c", "b", "a"],
    "duration": ["d", "c", "b", "a"],
}


@pytest.mark.parametrize("walk", [1, 2000])
@pytest.mark.parametrize("narrowed", ["", "kind=speech&", "q=sound&", "q=sou&favourite=1&"])
@pytest.mark.parametrize("sort", search.SORTS)
def test_every_order_goes_on_without_gaps_or_repeats(creator, monkeypatch, sort, narrowed, walk):
    monkeypatch.setattr(finding, "PROBE", min(walk, 2))
    monkeypatch.setattr(finding, "WALK", walk)
    for title, cost, size, duration in (("a", None, 1, None), ("b", 3, 5, 1.5), ("c", 1, 5, 9.0), ("d", 1, 7, 9.0)):
        make(creator, title, text="sound", cost_usd=cost, size=size, duration_s=duration)
    tagging.set_favourite(creator, Asset.objects.all(), is_favourite=True)
    query = search.Query.from_params(QueryDict(f"{narrowed}sort={sort}"))
    seen, after = [], ""
    while True:
        page = search.find(creator, query, after=after, limit=1)
        seen += [asset.title for asset in page.assets]
        if not (after := page.after):
            break
    assert seen == SORTED[sort]
    for nonsense in ("x", "1.x", ".", "9" * 30, "1.\0"):
        search.find(creator, query, after=nonsense)


def test_a_range_is_taken_off_as_a_whole():
    query = search.Query.from_params(QueryDict("q=owl&cost_from=0.0050&cost_to=2&size_from=3"))
    assert query.as_params().urlencode() == "q=owl&cost_from=0.0050&cost_to=2&size_from=3"
    assert query.without("cost_to").as_params().urlencode() == "q=owl&size_from=3"


def test_an_address_leads_to_the_query_it_came_from():
    address = "q=owl&kind=speech&kind=music&since=2026-11-01&sort=size&trash=1"
    assert search.Query.from_params(QueryDict(address)).as_params().urlencode() == address
    query = search.Query.from_params(QueryDict(address))
    assert query.without("kind", "speech").as_params().getlist("kind") == ["music"]
    assert "kind" not in query.without("kind").as_params()
    assert "q" not in query.without("q").as_params()


def test_huge_texts_are_cut_to_what_an_index_holds(creator):
    assert len(terms.words_of(f"word{number}" for number in range(30_000))) == terms.WORDS_OF_AN_ASSET
    make(creator, "long", text=" ".join(f"{number}" * 20 for number in range(30_000)))
    assert titles(creator, "q=long") == ["long"]
