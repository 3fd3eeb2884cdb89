"""Search for the command palette: acts, pages, what was made, voices, talks. All inside the member's workspace."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.chat.models import Conversation
from apps.chat.services import find_conversations
from apps.collections.models import Collection
from apps.home.acts import HERE_ACTS, acts_for
from apps.library import services as library
from apps.library.kinds import get_kind
from apps.library.models import Asset
from apps.minimax import catalogue
from apps.voices.models import Voice
from apps.workspaces import navigation
from apps.workspaces.models import Membership

Text = str | Promise

SHOWN = {"page": 8, "act": 6, "asset": 6, "voice": 5, "talk": 5, "collection": 4}

OWN_VOICES = 200  # of a workspace, that are looked through

OWN_PAGES = [  # of the person, not of a workspace: name, label, icon, URL name, more words that find it
    ("profile", _("Profile"), "user-round", "accounts:profile", _("name, language, time zone, account")),
    ("sessions", _("Sessions"), "monitor-smartphone", "accounts:sessions", _("devices, sign out elsewhere")),
    ("password", _("Change the password"), "key-round", "account_change_password", ""),
    ("email", _("E-mail addresses"), "mail", "account_email", ""),
    ("new-workspace", _("New workspace"), "plus", "new_workspace", _("team, create")),
    ("design", _("Design system"), "swatch-book", "home:design", _("components, tokens, colours")),
    ("sign-out", _("Sign out"), "log-out", "account_logout", _("leave, log out")),
]
THEMES = [
    ("dark", _("Dark theme"), "moon"),
    ("light", _("Light theme"), "sun"),
    ("auto", _("Theme of my device"), "sun-moon"),
]


@dataclass(frozen=True)
class Hit:
    """One line of the palette. `key` finds it again among the recent ones."""

    key: str
    label: Text
    icon: str
    url: str
    hint: Text = ""
    theme: str = ""  # the page changes to it instead of leading to `url`
    opens: str = ""  # so it does with a dialog
    folds: str = ""  # and with a part of itself


@dataclass(frozen=True)
class Group:
    label: Text
    hits: list[Hit]


def fuzzy_score(query: str, text: str) -> int:
    """How well `query` fits: 0 not at all. A beginning beats a word inside, whole words beat letters in order."""
    query, text = query.casefold().strip(), text.casefold()
    if not query:
        return 1
    if text.startswith(query):
        return 100
    if f" {query}" in f" {text}":
        return 80
    words = query.split()
    if all(word in text for word in words):
        return 60
    at, gaps = -1, 0
    for letter in query.replace(" ", ""):
        found = text.find(letter, at + 1)
        if found < 0:
            return 0
        gaps += found - at - 1 if at >= 0 else 0
        at = found
    return max(1, 40 - gaps) if gaps <= 2 * len(query) else 0


LETTERS_IN_ORDER = 40  # scores up to this are guesses: good for a dozen pages, noise among hundreds of voices


def best(query: str, hits: Iterable[tuple[str, Hit]], limit: int, *, above: int = 0) -> list[Hit]:
    scored = [(fuzzy_score(query, text), hit) for text, hit in hits]
    return [hit for score, hit in sorted(scored, key=lambda pair: -pair[0]) if score > above][:limit]


def search(member: Membership, query: str, recent: Iterable[str] = ()) -> list[Group]:
    """Return what fits `query`; for an empty one the `recent` keys that still exist here, then every page."""
    query = query.strip()
    if not query:
        groups = [
            Group(_("Recent"), [hit for key in recent if (hit := find(member, key))]),
            Group(_("Go to"), [hit for _text, hit in page_hits(member)]),
            Group(_("Do"), [hit for _text, hit in act_hits(member)]),
            Group(_("Workspaces"), [hit for _text, hit in workspace_hits(member)]),
        ]
    else:
        elsewhere = [*page_hits(member), *own_hits(), *workspace_hits(member)]
        groups = [
            Group(_("Go to"), best(query, elsewhere, SHOWN["page"])),
            Group(_("Do"), best(query, act_hits(member), SHOWN["act"])),
            Group(_("Made here"), asset_hits(member, query)),
            Group(_("Collections"), collection_hits(member, query)),
            Group(_("Conversations"), talk_hits(member, query)),
            Group(_("Voices"), best(query, voice_hits(member), SHOWN["voice"], above=LETTERS_IN_ORDER)),
        ]
    return [group for group in groups if group.hits]


def find(member: Membership, key: str) -> Hit | None:
    kind, _separator, name = key.partition(":")
    if kind == "asset":
        found = library.fetch(member, [uuid.UUID(name)]) if is_uuid(name) else []
        return hit_for(found[0], member) if found else None
    if kind == "talk":
        talks = find_conversations(member).filter(pk=name) if is_uuid(name) else ()
        return next((talk_hit(talk, member) for talk in talks), None)
    if kind == "collection":
        held = Collection.objects.visible_to(member).filter(pk=name) if is_uuid(name) else ()
        return next((collection_hit(one, member) for one in held), None)
    source = {"page": page_hits, "act": act_hits, "voice": voice_hits, "workspace": workspace_hits}.get(kind)
    hits = source(member) if source else own_hits() if kind in {"own", "theme"} else []
    return next((hit for _text, hit in hits if hit.key == key), None)


def page_hits(member: Membership) -> list[tuple[str, Hit]]:
    return [
        (f"{page.label} {page.keywords}", Hit(f"page:{page.name}", page.label, page.icon, page.url(member.workspace)))
        for page in navigation.pages_for(member)
    ]


def act_hits(member: Membership) -> list[tuple[str, Hit]]:
    led = [
        (f"{act.label} {act.words}", Hit(f"act:{act.name}", act.label, act.icon, url)) for act, url in acts_for(member)
    ]
    return led + [
        (f"{act.label} {act.words}", Hit(f"act:{act.name}", act.label, act.icon, "", opens=act.opens, folds=act.folds))
        for act in HERE_ACTS
    ]


def own_hits() -> list[tuple[str, Hit]]:
    pages = [
        (f"{label} {words}", Hit(f"own:{name}", label, icon, reverse(url_name)))
        for name, label, icon, url_name, words in OWN_PAGES
    ]
    return pages + [(f"{label}", Hit(f"theme:{name}", label, icon, "", theme=name)) for name, label, icon in THEMES]


def workspace_hits(member: Membership) -> list[tuple[str, Hit]]:
    """Return the person's other workspaces."""
    others = member.user.memberships.exclude(pk=member.pk).select_related("workspace").order_by("workspace__name")
    return [
        (
            other.workspace.name,
            Hit(
                f"workspace:{other.workspace.slug}",
                other.workspace.name,
                "arrow-right-left",
                reverse("home:index", args=[other.workspace.slug]),
                _("Workspace"),
            ),
        )
        for other in others
    ]


def asset_hits(member: Membership, query: str) -> list[Hit]:
    found = [hit_for(asset, member) for asset in library.search(member, query, SHOWN["asset"])]
    if len(found) == SHOWN["asset"]:
        all_url = f"{reverse('library:index', args=[member.workspace.slug])}?{urlencode({'q': query})}"
        found.append(Hit("page:library", _("All that the library finds"), "search", all_url))
    return found


def collection_hits(member: Membership, query: str) -> list[Hit]:
    named = Collection.objects.visible_to(member).filter(name__icontains=query).order_by("name", "pk")
    return [collection_hit(one, member) for one in named[: SHOWN["collection"]]]


def collection_hit(one: Collection, member: Membership) -> Hit:
    url = reverse("collections:collection", args=[member.workspace.slug, one.pk])
    return Hit(f"collection:{one.pk}", one.name, "folder", url)


def talk_hits(member: Membership, query: str) -> list[Hit]:
    return [talk_hit(talk, member) for talk in find_conversations(member, q=query)[: SHOWN["talk"]]]


def talk_hit(talk: Conversation, member: Membership) -> Hit:
    url = reverse("chat:conversation", args=[member.workspace.slug, talk.pk])
    return Hit(f"talk:{talk.pk}", talk.title, "message-circle", url, talk.moved_at.date().isoformat())


def hit_for(asset: Asset, member: Membership) -> Hit:
    url = reverse("library:asset", args=[member.workspace.slug, asset.pk])
    return Hit(f"asset:{asset.pk}", asset.title, get_kind(asset.kind).icon, url, asset.created_at.date().isoformat())


def voice_hits(member: Membership) -> list[tuple[str, Hit]]:
    speech = navigation.get_page("speech")
    if speech is None or not member.may("create"):
        return []
    url = speech.url(member.workspace)
    own = [
        (
            f"{voice.name}",
            Hit(
                f"voice:{voice.alias}",
                voice.name,
                "audio-waveform",
                f"{url}?{urlencode({'voice_id': voice.alias})}",
                _("This workspace"),
            ),
        )
        for voice in Voice.objects.visible_to(member).living().filter(is_candidate=False).order_by("name")[:OWN_VOICES]
    ]
    return own + [
        (
            f"{voice.name} {voice.language} {voice.gender} {voice.voice_id}",
            Hit(
                f"voice:{voice.voice_id}",
                voice.name,
                "mic",
                f"{url}?{urlencode({'voice_id': voice.voice_id})}",
                voice.language,
            ),
        )
        for voice in catalogue.voices.system.values()
    ]


def is_uuid(name: str) -> bool:
    try:
        uuid.UUID(name)
    except ValueError:
        return False
    return True
