"""The settings that a file carries, in one shape for every kind of file: docs/provenance.md describes it."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from apps.library.models import Asset
from apps.provenance.carriers import LONGEST
from apps.provenance.models import BroughtSettings

FORMAT, VERSION = "studio.settings", 1
MOST_FIELDS, DEEPEST, LONGEST_READ = 200, 6, 256_000
# Whatever else a request holds belongs to the studio that made it.
PRIVATE = {"limit_usd", "click"}


@dataclass(frozen=True)
class Embedded:
    """What was read from a file. Any program can write such words: none of them is proof."""

    kind: str
    title: str = ""
    text: str = ""
    model: str = ""
    voice_id: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    made_at: str = ""
    origin_id: uuid.UUID | None = None


def describe(asset: Asset, *, hide_text: bool = False) -> str:
    """JSON of at most LONGEST bytes; with `hide_text` it says which kind of thing and which model, and no more."""
    brought = BroughtSettings.objects.filter(asset=asset).first()
    of: Any = brought or asset
    told: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "id": str(asset.pk),
        "kind": of.kind,
        "model": of.model,
        "made_at": brought.made_at if brought else asset.created_at.isoformat(),
    }
    if hide_text:
        return _write({**told, "text_hidden": True})
    settings = brought.settings if brought else {k: v for k, v in asset.request.items() if k not in PRIVATE}
    told |= {"title": asset.title, "voice_id": of.voice_id, "settings": settings}
    if of.text and of.text not in settings.values():
        told["text"] = of.text
    written = _write(told)
    if len(written.encode("utf-8", "replace")) > LONGEST:  # e.g. the whole chapter of a book
        kept = {name: value for name, value in settings.items() if len(str(value)) < 500}
        written = _write({**told, "settings": kept, "text": "", "cut": True})
    return written


def parse(text: str) -> Embedded | None:
    """None for what is not ours, of a later version, or larger than it could be."""
    if not text or len(text) > LONGEST_READ:
        return None
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or told.get("format") != FORMAT or told.get("version") != VERSION:
        return None
    settings = told.get("settings")
    settings = clean(settings) if isinstance(settings, dict) else {}
    return Embedded(
        kind=_line(told, "kind", 20),
        title=_line(told, "title", 200),
        text=_words(told, settings),
        model=_line(told, "model", 60),
        voice_id=_line(told, "voice_id", 256),
        settings=settings,
        made_at=_line(told, "made_at", 40),
        origin_id=parse_id(told.get("id")),
    )


def parse_id(value: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def clean(settings: dict[str, Any]) -> dict[str, Any]:
    """As much of a stranger's settings as a form could have written."""
    kept = dict(list(settings.items())[:MOST_FIELDS])
    return {_storable(name)[:60]: found for name, value in kept.items() if (found := _plain(value)) is not None}


def _storable(text: str) -> str:
    """What every database takes."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _plain(value: Any, depth: int = 0) -> Any:
    if isinstance(value, bool | int) or (isinstance(value, float) and value == value and abs(value) < 1e300):
        return value if abs(value) < 1 << 53 else None
    if isinstance(value, str):
        return _storable(value)
    if depth >= DEEPEST:
        return None
    if isinstance(value, list):
        return [found for each in value[:MOST_FIELDS] if (found := _plain(each, depth + 1)) is not None]
    if isinstance(value, dict):
        items = list(value.items())[:MOST_FIELDS]
        return {
            _storable(str(name))[:60]: found for name, each in items if (found := _plain(each, depth + 1)) is not None
        }
    return None


def _words(told: dict[str, Any], settings: dict[str, Any]) -> str:
    """What search reads: said by itself, or among the settings."""
    for place in (told.get("text"), settings.get("prompt"), settings.get("text"), settings.get("lyrics")):
        if isinstance(place, str) and place:
            return str(_plain(place))
    return ""


def _line(told: dict[str, Any], name: str, length: int) -> str:
    value = told.get(name)
    return " ".join(str(_plain(value)).split())[:length] if isinstance(value, str) else ""


def _write(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"), default=str)
