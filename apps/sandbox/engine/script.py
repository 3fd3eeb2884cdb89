"""What has to be said: the text with its markup read, cut into sentences in one language each.

Every character that is spoken remembers where it came from in the text, so that subtitles show it as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from apps.sandbox.engine.japanese import kana_of
from apps.sandbox.engine.languages import CODES, reader_of, script_of
from apps.sandbox.engine.normalise import CHINESE, ENGLISH, FORMULA, Rule, read_formula
from apps.sandbox.engine.phonetics import INLINE, readable
from apps.sandbox.engine.sounds import SOUNDS

LONGEST_SENTENCE = 180  # characters spoken in one go: about ten seconds
FIRST_BREATH = 60  # the first one is kept short, so that the first sound comes early

_PAUSE = re.compile(r"<#(\d{1,2}(?:\.\d{1,2})?|\.\d{1,2})#>")
_SOUND = re.compile(r"\((" + "|".join(SOUNDS) + r")\)")
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s|$)|[。！？；।؟]+[”’」』）]*|\n+")
_ABBREVIATION = re.compile(r"\b(?:mr|mrs|ms|dr|prof|st|jr|sr|vs|e\.g|i\.e|z\.b|bzw|sig|mme)\.$", re.IGNORECASE)
_PART_END = re.compile(r"(?:[.!?…]+[\"'”’)\]]*\s+|[。！？；।؟]+[”’」』）]*|\n+)(?=[^\s<])")
_BREATH = re.compile(r"[,;:–—](?=\s)|[，、：،]|\s(?=[(\[])")
_WORD = re.compile(r"\w")


@dataclass
class Letters:
    """Characters to speak, each with its place in the text, all under one rule of reading."""

    text: str
    origins: list[int]
    language: str | None = None  # fixed by a pronunciation: "pinyin", "yue" or "ipa"


@dataclass(frozen=True)
class Pause:
    seconds: float


@dataclass(frozen=True)
class Sound:
    name: str


@dataclass(frozen=True)
class Sentence:
    """One call of the synthesiser."""

    text: str
    origins: list[int]
    language: str  # espeak-ng's code
    sentence: int  # its number: a long sentence has several parts
    rest: float = 0.0  # seconds of silence after it at normal speed


Piece = Sentence | Pause | Sound


@dataclass
class Reading:
    """How a text is to be read."""

    own_language: str  # of the voice, MiniMax's name
    language_boost: str | None = None
    pronunciation: Sequence[str] = field(default_factory=list)
    sounds: bool = False
    text_normalization: bool = False
    latex_read: bool = False

    @property
    def preferred(self) -> str:
        if self.latex_read:
            return "cmn"
        if self.language_boost and self.language_boost != "auto":
            return CODES[self.language_boost]
        return CODES.get(self.own_language, "en-us")


def read(text: str, reading: Reading, *, goes_on: bool = False) -> list[Piece]:
    """`goes_on`: something was said before, so nobody waits for the first sound."""
    pieces: list[Piece] = []
    run: list[Letters] = []
    counter = _Counter(spoken=int(goes_on))
    for part in _markup(Letters(text, list(range(len(text)))), reading):
        if isinstance(part, Letters):
            run.append(part)
            continue
        pieces += _sentences(run, reading, counter)
        run = []
        pieces.append(part)
    pieces += _sentences(run, reading, counter)
    return pieces


def cut_into_parts(text: str, size: int) -> Iterator[tuple[int, int]]:
    """Begin and end of parts of `size` characters and somewhat more, which end where a sentence does if they can."""
    start = 0
    while len(text) - start > size:
        most = min(len(text), start + 2 * size)
        ends = (found.end() for found in _PART_END.finditer(text, start + size // 2, most))
        end = next((end for end in ends if not _ABBREVIATION.search(text[max(0, end - 12) : end].rstrip())), 0)
        if not end:
            spaces = [found.end() for found in re.finditer(r"\s", text[start + size // 2 : most])]
            end = start + size // 2 + spaces[-1] if spaces else most
        yield start, end
        start = end
    if start < len(text):
        yield start, len(text)


class _Counter:
    def __init__(self, spoken: int) -> None:
        self.sentence = 0
        self.spoken = spoken


def _cut(letters: Letters, start: int, end: int) -> Letters:
    return Letters(letters.text[start:end], letters.origins[start:end], letters.language)


def _replaced(letters: Letters, found: re.Match[str], text: str, language: str | None = None) -> Letters:
    """Other characters for what was found. They all stand at its beginning, and the last one at its end."""
    begin, end = letters.origins[found.start()], letters.origins[found.end() - 1]
    return Letters(text, [begin] * (len(text) - 1) + [end], language)


def _split(letters: Letters, pattern: re.Pattern[str]) -> Iterator[Letters | re.Match[str]]:
    place = 0
    for found in pattern.finditer(letters.text):
        if found.start() > place:
            yield _cut(letters, place, found.start())
        yield found
        place = found.end()
    if place < len(letters.text):
        yield _cut(letters, place, len(letters.text))


def _markup(letters: Letters, reading: Reading) -> Iterator[Letters | Pause | Sound]:
    for outer in _split(letters, _PAUSE):
        if isinstance(outer, re.Match):
            yield Pause(float(outer.group(1)))
            continue
        for inner in _split(outer, _SOUND):
            if isinstance(inner, Letters):
                yield from _formulas(inner, reading)
            elif reading.sounds:
                yield Sound(inner.group(1))
            else:  # models before 2.8 do not know the tag; nothing is said
                yield _replaced(outer, inner, " ")


def _formulas(letters: Letters, reading: Reading) -> Iterator[Letters]:
    for part in _split(letters, FORMULA):
        if isinstance(part, Letters):
            yield from _dictionary(part, reading)
        elif reading.latex_read:
            yield _replaced(letters, part, read_formula(part.group(1)))
        else:
            yield from _dictionary(_cut(letters, part.start(1), part.end(1)), reading)


def _dictionary(letters: Letters, reading: Reading) -> Iterator[Letters]:
    rules = dict(rule.split("/", 1) for rule in reading.pronunciation if "/" in rule)
    rules = {source: replacement for source, replacement in rules.items() if source}
    if not rules:
        yield from _inline(letters, reading)
        return
    lowered = {source.lower(): replacement for source, replacement in rules.items()}
    pattern = re.compile("|".join(_source(source) for source in sorted(rules, key=len, reverse=True)), re.IGNORECASE)
    for part in _split(letters, pattern):
        if isinstance(part, Letters):
            yield from _inline(part, reading)
            continue
        replacement = rules.get(part.group()) or lowered[part.group().lower()]
        for said in _split(_replaced(letters, part, replacement), INLINE):
            if isinstance(said, Letters):
                yield said
            else:
                text, language = readable(said.group(1))
                yield _replaced(letters, part, text, language)


def _source(source: str) -> str:
    """A word of a script with spaces is only replaced where it stands alone."""
    escaped = re.escape(source)
    if source[0].isascii() and source[0].isalnum():
        escaped = r"(?<![^\W_])" + escaped
    if source[-1].isascii() and source[-1].isalnum():
        escaped += r"(?![^\W_])"
    return escaped


def _inline(letters: Letters, reading: Reading) -> Iterator[Letters]:
    for part in _split(letters, INLINE):
        if isinstance(part, Letters):
            yield _normalised(part, reading)
        else:
            text, language = readable(part.group(1))
            yield _replaced(letters, part, text, language)


def _normalised(letters: Letters, reading: Reading) -> Letters:
    letters = Letters(letters.text.replace("[[", "  ").replace("]]", "  "), letters.origins)
    if not reading.text_normalization:
        return letters
    chinese = reading.preferred in ("cmn", "yue") or any(script_of(char) == "han" for char in letters.text)
    for rule in CHINESE if chinese else ENGLISH:
        letters = _apply(rule, letters)
    return letters


def _apply(rule: Rule, letters: Letters) -> Letters:
    pattern, replace = rule
    text, origins = "", []
    for part in _split(letters, pattern):
        said = part if isinstance(part, Letters) else _replaced(letters, part, replace(part))
        text += said.text
        origins += said.origins
    return Letters(text, origins, letters.language)


def _sentences(run: list[Letters], reading: Reading, counter: _Counter) -> Iterator[Sentence]:
    letters = Letters("".join(part.text for part in run), [origin for part in run for origin in part.origins])
    if not _WORD.search(letters.text):
        return
    languages = _languages(run, reading)
    start = 0
    for end, rest in _cuts(letters.text, short_first=counter.spoken == 0):
        ends_sentence = rest > 0.2
        for first, last in _same_language(languages, start, end):
            part = _cut(letters, first, last)
            if _WORD.search(part.text):
                yield Sentence(
                    *_spoken_form(part, languages[first]),
                    sentence=counter.sentence,
                    rest=rest if last == end else 0.02,
                )
                counter.spoken += 1
        if ends_sentence:
            counter.sentence += 1
        start = end
    counter.sentence += 1


def _spoken_form(letters: Letters, language: str) -> tuple[str, list[int], str]:
    text, origins = letters.text, letters.origins
    if language == "ja":
        text, origins = kana_of(text, origins)
        if any(script_of(char) == "han" for char in text) and not any(script_of(char) == "kana" for char in text):
            return text, origins, "cmn"  # no reading known at all: better the Chinese one than "Chinese letter"
    return text.replace("\n", " "), origins, language


def _cuts(text: str, *, short_first: bool) -> Iterator[tuple[int, float]]:
    """Where to stop for breath, and for how long."""
    start = 0
    for found in _SENTENCE_END.finditer(text):
        if not _WORD.search(text, start, found.start()) or _ABBREVIATION.search(text, start, found.end()):
            continue
        rest = 0.6 if "\n" in found.group() else 0.32
        yield from _long(text, start, found.end(), rest, short_first and start == 0)
        start = found.end()
    if _WORD.search(text, start):
        yield from _long(text, start, len(text), 0.1, short_first and start == 0)


def _long(text: str, start: int, end: int, rest: float, short_first: bool) -> Iterator[tuple[int, float]]:
    limit = FIRST_BREATH if short_first else LONGEST_SENTENCE
    while end - start > limit:
        breaths = [found.end() for found in _BREATH.finditer(text, start + 10, start + limit)]
        if breaths:
            stop = breaths[0] if short_first else breaths[-1]
            yield stop, 0.13
        else:
            spaces = [found.end() for found in re.finditer(r"\s", text[start + 10 : start + LONGEST_SENTENCE])]
            if not spaces and end - start <= LONGEST_SENTENCE:
                break
            stop = start + 10 + spaces[-1] if spaces else start + LONGEST_SENTENCE
            if short_first and end - start <= LONGEST_SENTENCE:
                break
            yield stop, 0.03
        start, limit, short_first = stop, LONGEST_SENTENCE, False
    yield end, rest


def _languages(run: list[Letters], reading: Reading) -> list[str]:
    """The language of every character. What any script can have (digits, signs) goes with what stands before it."""
    guess = reading.language_boost == "auto"
    preferred = reading.preferred
    languages: list[str | None] = []
    whole = "".join(part.text for part in run if part.language is None)
    known: dict[str, str] = {}
    for part in run:
        if part.language == "ipa":
            languages += ["en-us"] * len(part.text)
        elif part.language == "pinyin":
            languages += ["yue" if preferred == "yue" else "cmn"] * len(part.text)
        elif part.language:
            languages += [part.language] * len(part.text)
        else:
            for char in part.text:
                script = script_of(char)
                if script and script not in known:
                    known[script] = reader_of(script, whole, preferred, guess=guess)
                languages.append(known[script] if script else None)
    current = next((language for language in languages if language), preferred)
    filled = []
    for language in languages:
        current = language or current
        filled.append(current)
    return filled


def _same_language(languages: list[str], start: int, end: int) -> Iterator[tuple[int, int]]:
    first = start
    for place in range(start + 1, end):
        if languages[place] != languages[first]:
            yield first, place
            first = place
    if first < end:
        yield first, end
