"""A document as it was read: what each piece of it is, before anything is cleaned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from apps.minimax.messages import gettext_noop

MOST_CHARACTERS = 3_000_000  # that are read; a book takes a third of it

TOO_LONG = gettext_noop("This document has far more text than a book can have. Bring it in parts, please.")

Kind = Literal["heading", "paragraph", "note", "page_number", "running_head"]


class UnreadableDocumentError(Exception):
    """`str(error)` is a sentence for whoever brought it, in English."""

    @property
    def sentence(self) -> str:
        return str(self)


@dataclass(frozen=True)
class Block:
    """A paragraph, or what stands on a page beside it. Its text may have line breaks that a page's width made."""

    kind: Kind
    level: int  # of a heading, 1 is the highest; else 0
    text: str
    page: int | None = None  # from 1, where a document has pages


@dataclass(frozen=True)
class Document:
    title: str = ""
    author: str = ""
    language: str = ""  # as the document says it, e.g. "de-AT"
    cover: bytes | None = None  # a picture
    blocks: list[Block] = field(default_factory=list)
    is_typeset: bool = False  # every line break inside a block is the page's, none the writer's


def check_length(blocks: list[Block]) -> list[Block]:
    """Raises UnreadableDocumentError."""
    if sum(len(block.text) for block in blocks) > MOST_CHARACTERS:
        raise UnreadableDocumentError(TOO_LONG)
    return blocks
