"""What words become in the index. Both engines are given the same terms, cut by us, so both find the same.

A term is the space (the library of one workspace, or its trash), a letter that says what it is, and a value:

    0000cawowl     the word "owl" in the library of workspace 12
    0000cakspeech  everything of the kind "speech" there

The space is the beginning of every term, so what other workspaces have is not even looked at. Words are compared
without case and accents. Scripts that put no blanks between words are cut into pairs of characters.
"""

from __future__ import annotations

import hashlib
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator

WORD_LENGTH = 32  # characters; longer ones are compared by their beginning
WORDS_OF_AN_ASSET = 20_000  # different ones; a tsvector holds 1 MB
WORDS_OF_A_QUERY = 12

LIVE, TRASHED = "a", "z"
SPACE_LENGTH = 6
WORD, KIND, MODEL, VOICE, PERSON, TAG, RATING, COST, SIZE, LENGTH = "wkmvutrcsd"

_MARKS = "".join(
    re.escape(chr(code)) for code in range(0x0300, 0xFE30) if unicodedata.category(chr(code)) in {"Mn", "Mc"}
)
_WORD = re.compile(rf"[^\W_](?:[^\W_]|[{_MARKS}])*")
_ACCENTS = dict.fromkeys(range(0x0300, 0x0370))
_UNSPACED = (  # Thai, Lao, Myanmar, Khmer; kana; Han; Hangul
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
    r"\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN = re.compile(rf"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")


def space_of(workspace_id: int, *, trashed: bool = False) -> str:
    return _base36(workspace_id).rjust(SPACE_LENGTH - 1, "0") + (TRASHED if trashed else LIVE)


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
    return digits


def fact(letter: str, value: object) -> str:
    """A term for something that is so or not. What cannot stand in a term is replaced by its hash."""
    text = str(value)
    if not re.fullmatch(r"[a-z0-9]{1,20}", text):
        text = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    return letter + text


def normalise(text: str) -> str:
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold()).translate(_ACCENTS)
    return unicodedata.normalize("NFC", plain)


def split(text: str) -> Iterator[tuple[str, bool]]:
    """The words of `text` as they are compared; True: a run of a script without blanks."""
    for word in _WORD.finditer(normalise(text)):
        for run in _RUN.finditer(word[0]):
            yield run[0], bool(_IS_UNSPACED.match(run[0]))


def words_of(texts: Iterable[str], *, most: int = WORDS_OF_AN_ASSET) -> list[str]:
    """The different words of an asset, as the index has them."""
    found: dict[str, None] = {}
    for text in texts:
        for word, is_unspaced in split(text):
            if is_unspaced:
                found.update(dict.fromkeys(_pairs(word)))
                found[word[-1]] = None  # so that every character begins one
            else:
                found[sys.intern(word[:WORD_LENGTH])] = None
            if len(found) >= most:
                return list(found)[:most]
    return list(found)


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)]


def words_to_find(q: str) -> list[tuple[str, bool]]:
    """The words that all have to be there; True: as the beginning of a word, since it may not be typed to its end."""
    wanted: dict[tuple[str, bool], None] = {}
    parts = list(split(q))
    for at, (word, is_unspaced) in enumerate(parts):
        is_last = at == len(parts) - 1 and not q[-1].isspace()
        if not is_unspaced:
            wanted[word[:WORD_LENGTH], is_last] = None
        elif len(word) == 1:
            wanted[word, True] = None
        else:
            wanted.update(dict.fromkeys((pair, False) for pair in _pairs(word)))
    return list(wanted)[:WORDS_OF_A_QUERY]
