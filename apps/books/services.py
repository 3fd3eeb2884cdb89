"""What a person can do with long texts, each in a module of its own and offered here."""

from __future__ import annotations

from apps.books.bringing import cleanup_of, create_book, set_cleanup
from apps.books.checking import BookCheck, preflight_of
from apps.books.composing import timings_of
from apps.books.directing import (
    Role,
    assign,
    cast,
    choose_take,
    read_speakers,
    roles_of,
    set_pause_after,
    set_pauses,
    set_settings,
)
from apps.books.editions import (
    NotReadyError,
    cancel_edition,
    chapter_files,
    is_current,
    render,
    render_chapters,
    subtitles_of,
)
from apps.books.making import Price, RefusedError, cancel, make, pause, price_of, repeat, resume
from apps.books.outlining import join_chapters, move_chapter, put_back, remove_chapter, rename_chapter, split_chapter
from apps.books.revising import accept, dismiss, revise
from apps.books.shelving import books_of, chapters_of, delete_book, failures_of, rename, script_page

__all__ = [
    "BookCheck",
    "NotReadyError",
    "Price",
    "RefusedError",
    "Role",
    "accept",
    "assign",
    "books_of",
    "cancel",
    "cancel_edition",
    "cast",
    "chapter_files",
    "chapters_of",
    "choose_take",
    "cleanup_of",
    "create_book",
    "delete_book",
    "dismiss",
    "failures_of",
    "is_current",
    "join_chapters",
    "make",
    "move_chapter",
    "pause",
    "preflight_of",
    "price_of",
    "put_back",
    "read_speakers",
    "remove_chapter",
    "rename",
    "rename_chapter",
    "render",
    "render_chapters",
    "repeat",
    "resume",
    "revise",
    "roles_of",
    "script_page",
    "set_cleanup",
    "set_pause_after",
    "set_pauses",
    "set_settings",
    "split_chapter",
    "subtitles_of",
    "timings_of",
]
