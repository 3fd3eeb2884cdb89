"""What a modality tells the library about the things it makes. Registered once, in the app's `ready()`."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Kind:
    name: str
    label: str | Promise
    icon: str  # a name at lucide.dev
    recall: (
        str  # URL name that takes the workspace's slug; `?from=<asset id>` fills its form; empty: cannot be recalled
    )
    has_files: bool = True  # False: text that its own app keeps; here it only has a name, for the bill


UNKNOWN = Kind("", _("File"), "file", "")
_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    _kinds[kind.name] = kind


def get_kind(name: str) -> Kind:
    """A kind whose app is gone is still a file."""
    return _kinds.get(name, UNKNOWN)


def every_kind() -> list[Kind]:
    """All that costs money or has files."""
    return list(_kinds.values())


def all_kinds() -> list[Kind]:
    """Those that files can have, in the order of registration; what no form makes, such as uploads, comes last."""
    return sorted((kind for kind in _kinds.values() if kind.has_files), key=lambda kind: not kind.recall)
