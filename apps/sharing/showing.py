"""What of a link stands on its pages. Everything here comes from behind the gate, so hidden words are gone already."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.books.marks import marks_in
from apps.library.details import describe_request
from apps.library.hiding import hide_words
from apps.library.lineage import FIELDS
from apps.library.models import Asset
from apps.library.names import model_label, voice_label
from apps.sharing import conversations, services
from apps.sharing.models import Share
from apps.workspaces.access import find_member

PAGE = 48  # works of a collection on a page
START = re.compile(r"(?:(\d{1,3})h)?(?:(\d{1,4})m)?(?:(\d{1,6})s?)?")
CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,4}):(\d{2})")


@dataclass(frozen=True)
class Work:
    """One file on a public page."""

    asset: Asset
    src: str
    poster_url: str
    subtitles_url: str
    download_url: str  # empty: not allowed
    settings: list[tuple[str, str]]


def work_of(link: Share, token: str, asset: Asset, start_s: int = 0) -> Work:
    """The link's own asset, or one of its collection."""
    names, place = ("file", "poster", "subtitles", "download"), [token]
    if link.asset is None:
        names, place = ("part", "part_poster", "part_subtitles", "part_download"), [token, str(asset.pk)]
    file, poster, subtitles, download = (reverse(f"public:{name}", args=place) for name in names)
    return Work(
        asset,
        f"{file}#t={start_s}" if start_s else file,
        poster,
        subtitles if asset.has_subtitles else "",
        download if link.allow_download else "",
        list(describe(asset)) if link.show_settings else [],
    )


def describe(asset: Asset) -> Iterator[tuple[str, str]]:
    """Model, voice and settings, as (label, value); nothing that leads into the workspace."""
    if asset.model:
        yield _("Model"), model_label(asset.model)
    if asset.voice_id:
        yield _("Voice"), voice_label(asset.voice_id)
    public = Asset(
        kind=asset.kind, request={name: value for name, value in asset.request.items() if name not in FIELDS}
    )
    yield from describe_request(public)


@dataclass(frozen=True)
class Chapter:
    title: str
    start_s: float

    @property
    def seek(self) -> str:
        """For a script; people read `start_s`."""
        return f"{self.start_s:.3f}"

    @property
    def address(self) -> str:
        """For a browser without one: the same page, which begins there."""
        return f"?t={int(self.start_s)}"


def chapters_in(asset: Asset) -> list[Chapter]:
    """Of a whole book. As captions do, they say what can be heard, also where the link hides the text."""
    return [Chapter(mark.title, mark.start_s) for mark in marks_in(asset)]


def works_in(link: Share, token: str, page: int) -> tuple[list[Work], bool]:
    """The works of a shared collection on that page, from 0, and whether more follow."""
    assert link.collection is not None  # whoever calls has looked
    assets = list(link.collection.assets_in_order()[page * PAGE : (page + 1) * PAGE + 1])
    return [work_of(link, token, for_guests(link, asset)) for asset in assets[:PAGE]], len(assets) > PAGE


def find_part(link: Share, pk: uuid.UUID) -> Asset:
    """A file of a collection or a conversation. Raises Http404 for whatever the link does not show."""
    if link.collection:
        found = link.collection.assets_in_order().filter(pk=pk).first()
    else:
        found = conversations.assets_of(link.snapshot).get(str(pk)) if link.snapshot else None
    if found is None:
        raise Http404
    return for_guests(link, found)


def for_guests(link: Share, asset: Asset) -> Asset:
    """Without its words, where the link shows none. A conversation shows what was said in it."""
    if link.collection and not link.show_text:
        hide_words(asset)
    return asset


def start_of(request: HttpRequest) -> int:
    """Where to begin, in seconds: `?t=90`, `?t=1m30s` or `?t=1:30`."""
    said = request.GET.get("t", "").strip().lower()
    found = CLOCK.fullmatch(said) or START.fullmatch(said)
    if not said or not found:
        return 0
    hours, minutes, seconds = (int(each or 0) for each in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def context_of(request: HttpRequest, link: Share, token: str) -> tuple[str, dict[str, Any]]:
    """The template of the link's page, and what it shows."""
    context: dict[str, Any] = {
        "link": link,
        "token": token,
        "title": link.headline,
        # Any title opens it: this is its own.
        "page_url": services.public_url(link) or services.absolute_url("page", token),
        "card_url": services.absolute_url("card", token),
        "oembed_url": f"{settings.PUBLIC_URL}{reverse('public:oembed')}",
        "is_https": settings.PUBLIC_URL.startswith("https://"),
    }
    if link.snapshot:
        member = find_member(request.user, link.workspace.slug)
        turns = conversations.turns_of(link.snapshot, show_thinking=link.show_thinking)
        able = member if member and member.may("create") else None
        return "sharing/conversation.html", context | {
            "snapshot": link.snapshot,
            "turns": turns,
            "workspace": able.workspace if able else None,
        }
    if link.collection:
        page = int(request.GET["page"][:6]) if request.GET.get("page", "").isdecimal() else 0
        works, more = works_in(link, token, page)
        return "sharing/collection.html", context | {"works": works, "page": page, "next": page + 1 if more else None}
    assert link.asset is not None  # the table allows nothing else
    work = work_of(link, token, link.asset, start_of(request))
    return "sharing/public.html", context | {
        "asset": link.asset,
        "work": work,
        "chapters": chapters_in(link.asset),
        "file_url": services.absolute_url("file", token),
        "embed_url": services.absolute_url("embed", token),
    }
