"""What the shell can lead to: the rail, the phone's tabs and the palette read it. Apps register in their `ready()`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from django.urls import reverse
from django.utils.functional import Promise

from apps.workspaces.models import Membership, Workspace

Text = str | Promise
PLACES = ("rail", "foot", "palette")


@dataclass(frozen=True)
class Ask:
    """What the box of the home page says when this page is to make something. The page takes the words as `?text=`."""

    placeholder: Text
    examples: tuple[tuple[Text, Text], ...] = ()  # title, words


@dataclass(frozen=True)
class Page:
    """A page of the workspace.

    place: "rail" the list of the rail; "foot" its lower end; "palette" found by search only.
    can: the act of `apps.workspaces.models.ACTS` a person needs to see it. key: pressed after `g` it leads there.
    """

    name: str
    label: Text
    icon: str  # a name at lucide.dev
    url_name: str  # takes the workspace's slug
    order: int = 50
    place: Literal["rail", "foot", "palette"] = "rail"
    can: str = "view"
    key: str = ""
    keywords: Text = ""
    ask: Ask | None = None  # None: the home page does not offer it

    def url(self, workspace: Workspace) -> str:
        return reverse(self.url_name, args=[workspace.slug])


_pages: dict[str, Page] = {}
_rooms: dict[str, str] = {}  # URL namespace → the page it is a part of
_counters: dict[str, Callable[[Membership], int]] = {}


def register(page: Page) -> None:
    _pages[page.name] = page


def register_room(namespace: str, page: str) -> None:
    """Say that the URLs of `namespace` belong to a page of another app: its link in the rail is lit there too."""
    _rooms[namespace] = page


def is_within(page: Page, namespace: str) -> bool:
    return page.url_name.partition(":")[0] == namespace or _rooms.get(namespace) == page.name


def get_page(name: str) -> Page | None:
    return _pages.get(name)


def pages_for(member: Membership, *places: str) -> list[Page]:
    """Return what `member` may open, in order; all places when none is named."""
    wanted = (page for page in _pages.values() if (not places or page.place in places) and member.may(page.can))
    return sorted(wanted, key=lambda page: (PLACES.index(page.place), page.order))


def register_counter(name: str, count: Callable[[Membership], int]) -> None:
    """Let an app put a number on its page's link in the rail, named as the page; `notifications` is the bell."""
    _counters[name] = count


def count(name: str, member: Membership) -> int:
    return _counters[name](member) if name in _counters else 0
