"""Assets without the words they were made from, for whoever may see the work and not the prompt.

An asset is called after its prompt until somebody names it: a title can say what is hidden.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from apps.library.kinds import get_kind
from apps.library.models import Asset

WORDS = ("text", "prompt", "lyrics", "preview_text", "prompt_text", "text_validation")  # a person's own, in a request


def title_for_guests(asset: Asset, *, hide_text: bool) -> str:
    """Its title; if that begins as the hidden prompt or text does, only what kind of thing it is."""
    return str(get_kind(asset.kind).label or _("File")) if hide_text and _begins_as_the_text(asset) else asset.title


def _begins_as_the_text(asset: Asset) -> bool:
    title = _folded(asset.title).removesuffix("…").rstrip()
    return bool(title) and any(text.startswith(title) or text in title for text in _texts(asset))


def _texts(asset: Asset) -> Iterator[str]:
    for text in (asset.text, *(asset.request.get(name) for name in WORDS)):
        if isinstance(text, str) and text.strip():
            yield _folded(text)


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def hide_words(asset: Asset) -> None:
    """Take from this object, which is never saved, what guests are not to read; e.g. of a public page."""
    asset.title = title_for_guests(asset, hide_text=True)
    asset.text = ""
    asset.request = {name: value for name, value in asset.request.items() if name not in WORDS}
