"""The prices that hold for a workspace on a day: MiniMax's published list, and what its owner has entered beside it.

Whatever reckons a price reads `catalogue.prices`; `in_force` says whose those are, and of which day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.minimax import catalogue
from apps.minimax.catalogue.schema import Prices
from apps.usage.models import PriceChange
from apps.workspaces.models import Membership, Workspace

TOKENS = {
    "input": gettext_lazy("input"),
    "output": gettext_lazy("output"),
    "cache_read": gettext_lazy("read from the cache"),
    "cache_write": gettext_lazy("written to the cache"),
}
UNITS = {
    "speech": gettext_lazy("a million characters"),
    "chat": gettext_lazy("a million tokens"),
    "image": gettext_lazy("a picture"),
    "music": gettext_lazy("a song"),
    "lyrics": gettext_lazy("a call"),
    "video": gettext_lazy("a video"),
    "template": gettext_lazy("a video"),
    "voice_clone": gettext_lazy("a voice, at its first use"),
    "voice_design": gettext_lazy("a voice, at its first use"),
}
GROUPS = {
    "chat": gettext_lazy("Chat"),
    "speech": gettext_lazy("Speech and voices"),
    "image": gettext_lazy("Images"),
    "music": gettext_lazy("Music"),
    "video": gettext_lazy("Video"),
}
_GROUP_OF = {"lyrics": "music", "template": "video", "voice_clone": "speech", "voice_design": "speech"}


@dataclass(frozen=True)
class Item:
    """One price on the list."""

    key: str  # "speech/speech-2.8-hd", "chat/MiniMax-M3/standard/0/input", "video/<model>/768P/6"
    label: Any
    usd: Decimal  # by MiniMax's list

    @property
    def kind(self) -> str:
        return self.key.partition("/")[0]

    @property
    def group(self) -> str:
        return _GROUP_OF.get(self.kind, self.kind)

    @property
    def unit(self) -> Any:
        return UNITS[self.kind]


def listed() -> list[Item]:
    """Every price of MiniMax's list, by modality."""
    prices = catalogue.listed_prices()
    return [
        *(
            Item(_chat_key(row, name), _chat_label(row, name), amount)
            for row in prices.chat
            for name in TOKENS
            if (amount := getattr(row, name)) is not None
        ),
        *(Item(f"speech/{model}", model, amount) for model, amount in prices.speech.items()),
        Item("voice_clone", gettext_lazy("Cloned voice"), prices.voice_clone),
        Item("voice_design", gettext_lazy("Designed voice"), prices.voice_design),
        *(Item(f"image/{model}", model, amount) for model, amount in prices.image.items()),
        *(Item(f"music/{model}", model, amount) for model, amount in prices.music.items()),
        Item("lyrics", gettext_lazy("Lyrics"), prices.lyrics),
        *(Item(_video_key(row), _video_label(row), row.price) for row in prices.video),
        *(
            Item(f"template/{pk}", row.name, row.price)
            for pk, row in catalogue.templates.items()
            if row.price is not None
        ),
    ]


def _chat_key(row: Any, name: str) -> str:
    return f"chat/{row.model}/{row.tier}/{row.above_input_tokens}/{name}"


def _chat_label(row: Any, name: str) -> Any:
    more = [row.model, *([row.tier] if row.tier != "standard" else [])]
    if row.above_input_tokens:
        more.append(f"> {row.above_input_tokens // 1000}k")
    return f"{' · '.join(more)} · {TOKENS[name]}"


def _video_key(row: Any) -> str:
    return f"video/{row.model}/{row.resolution}/{row.duration_s}"


def _video_label(row: Any) -> str:
    return " · ".join([row.model, *([f"{row.resolution} {row.duration_s} s"] if row.duration_s else [])])


# --- what holds -----------------------------------------------------------------------------------------------------


def changes_of(workspace_id: int) -> QuerySet[PriceChange]:
    """Newest first."""
    return PriceChange.objects.filter(workspace_id=workspace_id).order_by("-from_date", "-pk")


def changed(workspace_id: int, on: date) -> dict[str, Decimal]:
    """What the owner's entries make of prices on a day, by key."""
    found: dict[str, Decimal] = {}
    for change in changes_of(workspace_id).filter(from_date__lte=on):
        found.setdefault(change.item, change.price_usd)
    return found


def prices_of(workspace_id: int, on: date | None = None) -> Prices:
    """The whole list as it holds for a workspace. One query."""
    entered = changed(workspace_id, on or timezone.localdate())
    return apply(catalogue.listed_prices(), entered) if entered else catalogue.listed_prices()


def apply(prices: Prices, entered: Mapping[str, Decimal]) -> Prices:
    def by_model(name: str, amounts: Mapping[str, Decimal]) -> dict[str, Decimal]:
        return {model: entered.get(f"{name}/{model}", amount) for model, amount in amounts.items()}

    def tokens(row: Any) -> dict[str, Decimal]:
        return {name: entered[key] for name in TOKENS if (key := _chat_key(row, name)) in entered}

    templates = {key.partition("/")[2]: amount for key, amount in entered.items() if key.startswith("template/")}
    return prices.model_copy(
        update={
            "speech": by_model("speech", prices.speech),
            "image": by_model("image", prices.image),
            "music": by_model("music", prices.music),
            "lyrics": entered.get("lyrics", prices.lyrics),
            "voice_clone": entered.get("voice_clone", prices.voice_clone),
            "voice_design": entered.get("voice_design", prices.voice_design),
            "video": tuple(
                row.model_copy(update={"price": entered.get(_video_key(row), row.price)}) for row in prices.video
            ),
            "chat": tuple(row.model_copy(update=tokens(row)) for row in prices.chat),
            "template": templates,
        }
    )


@contextmanager
def in_force(workspace_id: int, on: date | None = None) -> Iterator[None]:
    """Reckon with this workspace's prices inside. They are looked up when the first one is needed."""
    with catalogue.prices_from(lambda: prices_of(workspace_id, on)):
        yield


@contextmanager
def in_force_at(slug: str) -> Iterator[None]:
    """The same, for the workspace with this address."""

    def look_up() -> Prices:
        pk = Workspace.objects.filter(slug=slug).values_list("pk", flat=True).first()
        return prices_of(pk) if pk else catalogue.listed_prices()

    with catalogue.prices_from(look_up):
        yield


# --- the page -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    item: Item
    usd: Decimal  # today
    now: PriceChange | None  # the entry that holds today; none: MiniMax's list
    coming: list[PriceChange]  # with effect from a later day, soonest first


def table(member: Membership) -> list[tuple[str, Any, list[Row]]]:
    """The prices by modality, with what holds today and what is coming."""
    today = timezone.localdate()
    by_item: dict[str, list[PriceChange]] = {}
    for change in changes_of(member.workspace_id).select_related("created_by"):
        by_item.setdefault(change.item, []).append(change)
    rows: dict[str, list[Row]] = {name: [] for name in GROUPS}
    for item in listed():
        entries = by_item.get(item.key, [])
        now = next((change for change in entries if change.from_date <= today), None)
        coming = [change for change in reversed(entries) if change.from_date > today]
        rows[item.group].append(Row(item, now.price_usd if now else item.usd, now, coming))
    return [(name, label, rows[name]) for name, label in GROUPS.items()]


def label_of(key: str) -> str:
    return str(next((item.label for item in listed() if item.key == key), key))


def choices() -> list[tuple[Any, list[tuple[str, str]]]]:
    """For a form: the items by modality."""
    found: dict[str, list[tuple[str, str]]] = {name: [] for name in GROUPS}
    for item in listed():
        found[item.group].append((item.key, _("%(item)s, for %(unit)s") % {"item": item.label, "unit": item.unit}))
    return [(label, found[name]) for name, label in GROUPS.items()]
