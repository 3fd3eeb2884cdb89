"""Assets without the words they were made from, for whoever may see the work and not the prompt.

An asset is called after its prompt until somebody names it: a title can say what is hidden.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from apps.library.kinds import get_kind
from apps.library.models import Asset

RUN = 12  # bytes in a row, as long as two or three words or four Chinese characters
WORDS = ("text", "prompt", "lyrics", "preview_text", "prompt_text", "text_validation")  # a person's own, in a request


def title_for_guests(asset: Asset, *, hide_text: bool) -> str:
    """Its title; if that has words of the hidden prompt or text in it, only what kind of thing it is."""
    return str(get_kind(asset.kind).label or _("File")) if hide_text and _quotes_the_text(asset) else asset.title


def _quotes_the_text(asset: Asset) -> bool:
    """A title may have more around the words: "… (incomplete)", "1.00 s into …"."""
    title = _folded(asset.title).removesuffix("…").rstrip().encode()
    runs = {title[start : start + RUN] for start in range(max(1, len(title) - RUN + 1))}
    texts = [text.encode() for text in _texts(asset)]
    return bool(title) and any(text in title or any(run in text for run in runs) for text in texts)


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
