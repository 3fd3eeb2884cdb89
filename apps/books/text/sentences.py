"""A text in the sentences that it is spoken, paid for and corrected in.

One way for every script, without a model: what a sentence is must not depend on anything but its own paragraph, so that
a change in one place moves no boundary in another.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from apps.books.text import abbreviations
from apps.books.text.headings import read_heading
from apps.books.text.lines import find_soft_breaks
from apps.books.text.scripts import flatten

LONGEST = 1000  # characters; well below what any request takes, and what a person would like to have made again
LONGEST_UNSPACED = 400  # where a script has no full stop

_CLOSERS = "\"'”’»“‘«›)\\]）」』】〉》〕］｝｣"
_OPENERS = "\"'“‘„‚«‹(\\[（「『【〈《〔［｛｢¿¡—–\\-"
_MARKS = ".!?…。！？｡．؟۔।॥‼⁇⁈⁉։።፧။។៕᙮᭟᠃᠉"
_PAUSE = r"<#[^<>#\n]{0,20}#>"
_END = re.compile(f"[{_MARKS}]+[\ufe0e\ufe0f]?[{_CLOSERS}]*(?:[ \u00a0\u202f]»(?=\\s|$))?(?:\\s*{_PAUSE})*")
_MARK = re.compile(f"[{_MARKS}]+")
_MARKUP = re.compile(rf"{_PAUSE}|\([a-z-]{{2,20}}\)|\[[^\[\]\n]{{1,40}}\]")
_PAUSE_OR_TAG = re.compile(rf"{_PAUSE}|\([a-z-]{{2,20}}\)")
_PAUSES = re.compile(_PAUSE)
_EVERYWHERE = frozenset("。！？｡؟۔।॥‼⁇⁈⁉።፧။។៕᙮᭟᠃᠉")
_TOKEN = re.compile(r"[^\s\"'“”‘’„«»()\[\]—–/]*$")
_NEXT_WORD = re.compile(rf"(?:\([a-z-]{{2,20}}\)|{_PAUSE}|[{_OPENERS}\s])*([^\W_]+)")
_QUOTED_ON = re.compile(r"[,、，]|と|って|という|이?라고|하고|라며")  # the sentence around a quotation goes on
_INITIAL_BEFORE = re.compile(r"(?<!\w)\w\.\s?$")
_ROMAN = re.compile(r"[IVXLC]+")
_GERMAN = re.compile(r"\b(?:der|die|das|und|nicht|ist|war|dem|den|des|im|am|zum|vom|ein|eine)\b")
_ENGLISH = re.compile(r"\b(?:the|and|was|of|to)\b")
_UNITS = re.compile(r"\n[^\S\n]*\n\s*")
_SPEAKER = re.compile(r"\[\s*([^\W\d_][^\[\]\n:：]{0,39}?)\s*\]\s*")
_NAME = re.compile(
    r"([^\W\d_][^\s\d:：,;!?。，\[\]<>()]*(?: [^\W\d_][^\s\d:：,;!?。，\[\]<>()]*){0,3})\s?[:：](?!//)\s*(?=\S)"
)
_NO_SPEAKERS = {"illustration", "illustrations", "sic", "footnote", "note", "notes", "picture", "image", "blank"}
_SPACELESS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text` is what stands from `start` up to `end` (code points), in one line. The speaker's mark is not part of it.

    speaker: as the text marks it; "" is the narrator. ends_paragraph: a new line follows, or nothing.
    """

    text: str
    start: int
    end: int
    speaker: str = ""
    ends_paragraph: bool = False


@dataclass(slots=True)
class _Piece:
    start: int
    end: int
    speaker: str
    ends_paragraph: bool = False
    is_marked: bool = False  # a speaker's mark stands before it


def split(text: str, language: str = "", *, names: bool = False) -> list[Sentence]:
    """Cut a text into sentences, in order. Between them, and before the first, stand blanks and marks of speakers only.

    language: as documents say it, e.g. "de-AT"; helps with "am 3. Mai". names: "Anna: Hello." says that Anna speaks;
    "[Anna] Hello." always does, up to the end of its paragraph or, alone in a line, of the next one.
    A line break that only the width of a page made is none. A pause belongs to the sentence that it follows, a sound
    to the one that it begins. No sentence is longer than LONGEST.
    """
    pieces: list[_Piece] = []
    pending = ""
    for start, end in _paragraphs(text):
        found, pending = _paragraph(text, start, end, language, names, pending)
        if found:
            found[-1].ends_paragraph = True
        pieces += found
    return [
        Sentence(flatten(text[piece.start : piece.end]), piece.start, piece.end, piece.speaker, piece.ends_paragraph)
        for piece in _short_enough(text, _with_their_markup(text, pieces))
    ]


# --- paragraphs -------------------------------------------------------------------------------------------------------


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Spans without blanks around them; a paragraph may have soft line breaks in it."""
    at = 0
    for blank in [*_UNITS.finditer(text), None]:
        stop = blank.start() if blank else len(text)
        yield from _lines_of(text, at, stop)
        at = blank.end() if blank else stop


def _lines_of(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    block = text[start:stop]
    if "\n" not in block:
        yield from _trimmed(text, start, stop)
        return
    lines = block.split("\n")
    at = begin = start
    for line, is_soft in zip(lines, [*find_soft_breaks(lines), False], strict=True):
        at += len(line) + 1
        if not is_soft or _SPEAKER.match(text, at):
            yield from _trimmed(text, begin, min(at, stop))
            begin = at


def _trimmed(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    inner = text[start:stop]
    length = len(inner.rstrip())
    if length:
        yield start + len(inner) - len(inner.lstrip()), start + length


# --- sentences of a paragraph -----------------------------------------------------------------------------------------


def _paragraph(text: str, start: int, end: int, language: str, names: bool, pending: str) -> tuple[list[_Piece], str]:
    """The pieces of a paragraph, and who speaks in the next one."""
    speaker, begin = pending, start
    is_marked = False
    mark = _speaker_at(text, start, end, names)
    if mark:
        speaker, begin = mark
        is_marked = True
        if begin >= end:
            return [], speaker
    pieces: list[_Piece] = []
    at = begin
    body = text[begin:end]
    has_capitals = body != body.lower()
    for stop in _ends(text, begin, end, language, has_capitals):
        piece_end = stop
        pieces.append(_Piece(at, piece_end, speaker, is_marked=is_marked))
        is_marked = False
        at = _skip_blanks(text, stop, end)
        mark = _speaker_at(text, at, end, names=False)
        if mark:
            speaker, at = mark
            is_marked = True
        if at >= end:
            break
    if at < end:
        pieces.append(_Piece(at, end, speaker, is_marked=is_marked))
        return pieces, ""
    return pieces, speaker if is_marked else ""


def _skip_blanks(text: str, at: int, end: int) -> int:
    while at < end and text[at].isspace():
        at += 1
    return at


def _speaker_at(text: str, at: int, end: int, names: bool) -> tuple[str, int] | None:
    if text[at : at + 1] == "[":
        found = _SPEAKER.match(text, at, end)
        if found and found[1].split()[0].lower() not in _NO_SPEAKERS and len(found[1].split()) <= 4:
            return " ".join(found[1].split()), found.end()
    if names:
        found = _NAME.match(text, at, min(end, at + 60))
        if found and len(found[1]) <= 40 and not found[1][0].islower():
            line = text[at:end].split("\n", 1)[0]
            if not read_heading(line):
                return found[1], found.end()
    return None


def _ends(text: str, start: int, end: int, language: str, has_capitals: bool) -> Iterator[int]:
    at = start
    for found in _END.finditer(text, start, end):
        stop = found.end()
        if found.start() < at:
            continue
        if stop >= end:
            return
        mark = _MARK.match(text, found.start())
        assert mark
        if _is_end(text, start, end, found.start(), mark.end(), stop, mark[0], language, has_capitals):
            at = stop
            yield stop


def _is_end(
    text: str,
    start: int,
    end: int,
    mark_at: int,
    mark_end: int,
    stop: int,
    mark: str,
    language: str,
    has_capitals: bool,
) -> bool:
    after = text[stop]
    has_closer = stop > mark_end and not _PAUSES.match(text, mark_end)
    if has_closer and _QUOTED_ON.match(text, stop):
        return False
    if mark[-1] in _EVERYWHERE:
        return has_closer or not (mark[-1] == "؟" and after == "!") or after.isspace()
    is_spaced = after.isspace()
    if mark[-1] == "．":
        return not (text[mark_at - 1 : mark_at].isdigit() and after.isdigit())
    if not is_spaced:
        if mark[-1] in "!?":
            return ord(after) >= 0x2E80
        paused = text[stop - 1] == ">" and stop > mark_end
        return paused or (after == "[" and _SPEAKER.match(text, stop) is not None)
    following = _NEXT_WORD.match(text, stop, end)
    word = following[1] if following else ""
    if has_capitals and word[:1].islower():
        return False
    if mark != ".":
        return bool(mark.strip(".…")) or not word or not word[0].islower()
    if has_closer:
        return True
    return not _is_abbreviation(text, start, end, mark_at, word, language)


def _is_abbreviation(text: str, start: int, end: int, mark_at: int, word: str, language: str) -> bool:
    before = _TOKEN.search(text, max(start, mark_at - 24), mark_at)
    short = before[0] if before else ""
    if not short:
        return False
    lowered = short.lower()
    is_first = mark_at - len(short) <= start
    if short.isdecimal():
        return (is_first and len(short) <= 3) or (
            len(short) <= 2 and _is_ordinal(text, max(start, mark_at - 300), min(end, mark_at + 300), word, language)
        )
    if lowered in abbreviations.ALWAYS_GOES_ON:
        return True
    if word[:1].isdigit() and lowered in abbreviations.BEFORE_NUMBER:
        return True
    if len(short) == 1 and short.isalpha():
        is_one_of_several = _INITIAL_BEFORE.search(text, max(start, mark_at - 5), mark_at - 1) is not None
        if len(word) == 1 and word not in {"I", "A"}:
            return True
        if is_one_of_several:
            return word.lower() not in abbreviations.STARTERS
        return short != "I" and (not short.islower() or lowered in abbreviations.BEFORE_NUMBER)
    is_acronym = "." in short and all(len(part) <= 1 for part in short.split("."))
    if lowered in abbreviations.MAY_END or is_acronym:
        return not word[:1].isupper() or (is_acronym and word.lower() not in abbreviations.STARTERS)
    return bool(_ROMAN.fullmatch(short)) and is_first


def _is_ordinal(text: str, start: int, end: int, word: str, language: str) -> bool:
    if not word:
        return False
    lowered = word.lower()
    if lowered in abbreviations.MONTHS or word[0].islower():
        return True
    code = re.split(r"[-_]", language.lower())[0]
    if code:
        has_ordinals = code in abbreviations.ORDINAL_DOT
    else:
        body = text[start:end]
        has_ordinals = bool(_GERMAN.search(body)) and not _ENGLISH.search(body)
    return has_ordinals and lowered not in abbreviations.STARTERS


# --- what is left over, and what is too long --------------------------------------------------------------------------


def _says_something(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _with_their_markup(text: str, pieces: list[_Piece]) -> list[_Piece]:
    """Pauses, sounds and stray marks that stand alone go to a neighbour of the same voice."""
    kept: list[_Piece] = []
    waiting: _Piece | None = None  # has no words; goes to the next one
    for piece in pieces:
        if waiting:
            if _may_join(waiting, piece):
                piece = _Piece(waiting.start, piece.end, piece.speaker, piece.ends_paragraph, waiting.is_marked)
            else:
                kept.append(waiting)
            waiting = None
        said = text[piece.start : piece.end]
        if len(said) > 200 or _says_something(_PAUSE_OR_TAG.sub("", said)):
            kept.append(piece)
            continue
        has_tag = _says_something(_PAUSES.sub("", said))
        is_markup = has_tag or "<#" in said
        before = kept[-1] if kept else None
        if before and _may_join(before, piece) and not has_tag and (is_markup or not before.ends_paragraph):
            before.end, before.ends_paragraph = piece.end, piece.ends_paragraph
        elif is_markup:
            waiting = piece
        else:
            kept.append(piece)
    if waiting:
        before = kept[-1] if kept else None
        if before and _may_join(before, waiting):
            before.end, before.ends_paragraph = waiting.end, waiting.ends_paragraph
        else:
            kept.append(waiting)
    return kept


def _may_join(before: _Piece, after: _Piece) -> bool:
    return before.speaker == after.speaker and not after.is_marked


def _short_enough(text: str, pieces: list[_Piece]) -> Iterator[_Piece]:
    for piece in pieces:
        at = piece.start
        while True:
            length = piece.end - at
            most = LONGEST
            if (
                length > LONGEST_UNSPACED
                and len(_SPACELESS.findall(text, at, at + LONGEST_UNSPACED)) * 2 > LONGEST_UNSPACED
            ):
                most = LONGEST_UNSPACED
            if length <= most:
                break
            cut = _cut(text, at, at + most)
            yield _Piece(at, at + len(text[at:cut].rstrip()), piece.speaker)
            at = _skip_blanks(text, cut, piece.end)
        if at < piece.end:
            yield _Piece(at, piece.end, piece.speaker, piece.ends_paragraph)


def _cut(text: str, start: int, most: int) -> int:
    """Where a sentence without an end is cut: after a mark if there is one, else between words, else anywhere."""
    window = text[start:most]
    for marks in (";:；：—–", ",،，、", " \t\n\u3000"):
        best = max(window.rfind(mark) for mark in marks)
        if best >= len(window) // 2:
            return _outside_markup(text, start, start + best + 1)
    return _outside_markup(text, start, most)


def _outside_markup(text: str, start: int, cut: int) -> int:
    for found in _MARKUP.finditer(text, max(start, cut - 40), cut + 40):
        if found.start() < cut < found.end() and found.start() > start:
            return found.start()
    while cut > start + 1 and cut < len(text) and _is_combining(text[cut]):
        cut -= 1
    return cut


def _is_combining(character: str) -> bool:
    return unicodedata.category(character) in {"Mn", "Mc", "Me"} or character in "\u200c\u200d\ufe0f"
