"""Lyrics by rule: a theme from the prompt, lines that rhyme, and the form of a song."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

import numpy as np

from apps.sandbox.composing import style, verses
from apps.sandbox.composing.words import kind_of

_STOP = frozenset(
    [
        "a",
        "an",
        "the",
        "and",
        "or",
        "of",
        "in",
        "on",
        "at",
        "to",
        "for",
        "with",
        "without",
        "from",
        "by",
        "about",
        "is",
        "are",
        "was",
        "be",
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "my",
        "your",
        "our",
        "his",
        "her",
        "their",
        "i",
        "you",
        "we",
        "he",
        "she",
        "they",
        "me",
        "him",
        "them",
        "as",
        "so",
        "very",
        "really",
        "please",
        "write",
        "make",
        "create",
        "song",
        "songs",
        "lyrics",
        "lyric",
        "music",
        "track",
        "tune",
        "about",
        "full",
        "new",
        "some",
        "something",
        "someone",
        "like",
        "style",
        "vocal",
        "vocals",
        "singer",
        "voice",
        "beat",
        "beats",
        "tempo",
        "bpm",
        "mood",
        "feel",
        "feeling",
        "feelings",
        "vibe",
        "vibes",
        "sound",
        "sounds",
        "sounding",
        "male",
        "female",
        "man",
        "woman",
        "verse",
        "chorus",
        "bridge",
        "rhyme",
        "rhyming",
        "short",
        "long",
        "minute",
        "minutes",
        "second",
        "seconds",
        "major",
        "minor",
        "key",
        "where",
        "when",
        "who",
        "which",
        "while",
        "into",
        "over",
        "under",
        "after",
        "before",
        "between",
        "through",
        "but",
        "not",
        "no",
        "just",
        "up",
        "down",
        "out",
        "off",
        "then",
        "than",
        "there",
        "here",
        "one",
        "two",
        "three",
    ]
)
_HAN = re.compile(r"[\u3400-\u9fff]")
_SECTION = re.compile(r"^\s*\[(.+?)\]\s*$")


@dataclass(frozen=True)
class Lyrics:
    title: str
    style_tags: str
    lyrics: str


def _dice(*about: str) -> np.random.Generator:
    digest = hashlib.sha256("\n".join(about).encode()).digest()
    return np.random.default_rng(np.frombuffer(digest[:16], np.uint32))


def _is_style(word: str) -> bool:
    patterns = [
        *style._GENRE_WORDS.values(),
        *style._LEADS,
        *style._CHORDS,
        *style._PADS,
        *(row[0] for row in style._MOODS),
    ]
    # "summer" and "love" are moods as well as themes
    return not re.fullmatch(r"summer\w*|love\w*|dream\w*|island|fun|hope", word) and any(
        re.fullmatch(pattern, word) for pattern in patterns
    )


def _subject(prompt: str) -> str:
    """What the song is about, in a few words; "" when the prompt names a style only."""
    told = re.search(r"\babout\s+(.+?)(?:[.,;:!?\n]|\bwith\b|\bin the style\b|$)", prompt, re.IGNORECASE)
    text = told[1] if told else prompt
    if told:
        words = re.findall(r"[\w'’-]+", text)[:6]
        while words and words[-1].lower() in _STOP:
            words.pop()
        if words:
            return " ".join(words)
    for part in re.split(r"[.,;:!?\n]", text):
        words = [word for word in re.findall(r"[^\W\d_][\w'’-]+", part) if word.lower() not in _STOP]
        words = [word for word in words if not _is_style(word.lower())]
        if words:
            return " ".join(words[:3])
    return ""


def _without_article(text: str) -> str:
    return re.sub(r"^(the|a|an|my|your|our|her|his)\s+", "", text.strip(), flags=re.IGNORECASE)


def _titled(text: str) -> str:
    small = {"a", "an", "the", "of", "in", "on", "at", "to", "and", "for", "by", "from"}
    words = _without_article(text).split()
    return " ".join(
        word if not word.islower() or (number and word in small) else word[:1].upper() + word[1:]
        for number, word in enumerate(words)
    )


def _hook(subject: str) -> str:
    """Three syllables or so that the chorus can shout."""
    words = _without_article(subject).lower().split()
    while words and words[0] in _STOP:
        words.pop(0)
    until = next((place for place, word in enumerate(words) if word in _STOP), len(words))
    return " ".join(words[: min(until, 2)]) or "my love"


def _style_tags(prompt: str, rng: np.random.Generator) -> str:
    found = style.read_style(prompt, rng)
    moods = {"minor": ("melancholic", "emotional"), "major": ("warm", "hopeful")}[found.mode]
    told = [
        word
        for word in re.findall(r"[a-z]+", prompt.lower())
        for pattern, *_ in style._MOODS
        if re.fullmatch(pattern, word)
    ]
    mood = told[0] if told else moods[int(rng.integers(2))]
    names = {"hiphop": "hip hop", "lofi": "lo-fi", "edm": "EDM"}
    instrument = {
        "epiano": "electric piano",
        "overdrive": "electric guitar",
        "distortion": "distorted guitar",
        "guitar": "acoustic guitar",
        "plucks": "synth plucks",
        "supersaw": "synths",
        "ostinato": "strings",
    }
    tags = [
        names.get(found.genre, found.genre),
        mood,
        instrument.get(found.chords[0], found.chords[0]),
        f"{found.voice} vocal",
        f"{found.bpm} bpm",
    ]
    return ", ".join(dict.fromkeys(tags))


class _Poet:
    def __init__(self, subject: str, prompt: str, rng: np.random.Generator) -> None:
        self._rng = rng
        self._images = next(
            (
                seen
                for words, seen in verses.SCENES.items()
                if re.search(rf"\b({words})\b", f"{subject} {prompt}".lower())
            ),
            verses.ANYWHERE,
        )
        self.hook = _hook(subject)
        self._used: set[str] = set()
        self._rhymes = list(rng.permutation(list(verses.RHYMES)))
        self._image = 0
        self._things = 0

    def _filled(self, line: str) -> str:
        if "{image}" in line:
            line = line.replace("{image}", self._images[self._image % len(self._images)])
            self._image += 1
        thing = self.hook if self.hook.startswith("my ") else f"my {self.hook}"
        line = line.replace("{thing}", thing).replace("{hook}", self.hook)
        return line.replace("{Hook}", self.hook[:1].upper() + self.hook[1:])

    def _pair(self) -> list[str]:
        """Two lines that rhyme and were not used before; the theme is named in one pair of two."""
        rhyme = self._rhymes.pop(0)
        self._rhymes.append(rhyme)
        lines = [line for line in verses.RHYMES[rhyme] if line not in self._used]
        if len(lines) < 2:
            lines = list(verses.RHYMES[rhyme])
        named = [line for line in lines if "{thing}" in line]
        plain = [line for line in lines if line not in named]
        self._things += 1
        if self._things % 2 == 0 and named and plain:
            chosen = [plain[int(self._rng.integers(len(plain)))], named[0]]
        else:
            chosen = [str(line) for line in self._rng.permutation(plain)[:2]]
        self._used.update(chosen)
        return [self._filled(line) for line in chosen]

    def verse(self) -> list[str]:
        first, second = self._pair(), self._pair()
        if self._rng.random() < 0.5:
            return [first[0], second[0], first[1], second[1]]
        return [*first, *second]

    def one_of(self, choices: tuple[tuple[str, ...], ...]) -> list[str]:
        return [self._filled(line) for line in choices[int(self._rng.integers(len(choices)))]]


class _ChinesePoet:
    def __init__(self, hook: str, rng: np.random.Generator) -> None:
        self.hook, self._rng = hook, rng
        self._verses = list(rng.permutation(len(verses.CHINESE_VERSES)))

    def verse(self) -> list[str]:
        place = self._verses.pop(0)
        self._verses.append(place)
        return list(verses.CHINESE_VERSES[int(place)])

    def chorus(self) -> list[str]:
        lines = verses.CHINESE_CHORUSES[int(self._rng.integers(len(verses.CHINESE_CHORUSES)))]
        return [line.replace("{hook}", self.hook) for line in lines]


def _chinese_subject(prompt: str) -> str:
    told = re.search(r"关于(.+?)(?:的歌|的|，|。|$)", prompt)
    text = told[1] if told else re.sub(r"一首|写|歌曲|歌|音乐|请", "", prompt)
    for pattern in [*style._GENRE_WORDS.values(), *(row[0] for row in style._MOODS)]:
        for word in pattern.split("|"):
            if not word.isascii():
                text = text.replace(word, "")
    return "".join(_HAN.findall(text))[:6].strip("的")


def _together(sections: list[tuple[str, list[str]]]) -> str:
    return "\n\n".join("\n".join([f"[{tag}]", *lines]) for tag, lines in sections)


def write_full_song(prompt: str, *, title: str = "") -> Lyrics:
    """An empty prompt gets a theme by chance; otherwise equal prompts give equal songs."""
    rng = _dice(prompt or secrets.token_hex(8), title)
    if len(_HAN.findall(prompt + title)) > 1:
        return _chinese_song(prompt, title, rng)
    subject = _subject(prompt) or title or verses.THEMES[int(rng.integers(len(verses.THEMES)))]
    poet = _Poet(subject, prompt, rng)
    chorus, before = poet.one_of(verses.CHORUSES), poet.one_of(verses.BEFORE)
    sections: list[tuple[str, list[str]]] = [
        ("Intro", []),
        ("Verse", poet.verse()),
        ("Pre-Chorus", before),
        ("Chorus", chorus),
        ("Verse", poet.verse()),
        ("Pre-Chorus", before),
        ("Chorus", chorus),
        ("Bridge", poet.one_of(verses.BRIDGES)),
        ("Chorus", chorus),
        ("Outro", poet.one_of(verses.OUTROS)),
    ]
    if rng.random() < 0.4:
        sections.insert(7, ("Solo", []))
    return Lyrics(title or _titled(subject), _style_tags(prompt, rng), _together(sections))


def _chinese_song(prompt: str, title: str, rng: np.random.Generator) -> Lyrics:
    subject = _chinese_subject(prompt) or title or "远方"
    poet = _ChinesePoet(subject, rng)
    chorus = poet.chorus()
    sections = [
        ("Intro", []),
        ("Verse", poet.verse()),
        ("Chorus", chorus),
        ("Verse", poet.verse()),
        ("Chorus", chorus),
        ("Bridge", list(verses.CHINESE_BRIDGE)),
        ("Chorus", chorus),
        ("Outro", [subject]),
    ]
    return Lyrics(title or subject, _style_tags(prompt, rng), _together(sections))


# --- editing ----------------------------------------------------------------------------------------------------------


def _apart(lyrics: str) -> list[tuple[str, list[str]]]:
    sections: list[tuple[str, list[str]]] = []
    for line in lyrics.splitlines():
        tag = _SECTION.match(line)
        if tag:
            sections.append((tag[1], []))
        elif line.strip():
            if not sections:
                sections.append(("Verse", []))
            sections[-1][1].append(line.strip())
    return sections


_NAMES = {
    "intro": "Intro",
    "verse": "Verse",
    "pre": "Pre-Chorus",
    "chorus": "Chorus",
    "bridge": "Bridge",
    "outro": "Outro",
    "hook": "Hook",
    "solo": "Solo",
    "break": "Break",
}
_ORDINALS = {"first": 0, "1": 0, "one": 0, "second": 1, "2": 1, "two": 1, "third": 2, "3": 2, "last": -1, "final": -1}


def _named_section(order: str) -> tuple[str, int | None] | None:
    """Which section an instruction speaks of, and which of several (None: all)."""
    match = re.search(
        r"(?:\b(first|second|third|last|final)\s+)?\b(intro|verse|pre-?chorus|chorus|refrain|bridge|outro|hook|solo)s?\b"
        r"(?:\s+(one|two|1|2|3)\b)?",
        order,
    )
    if not match:
        return None
    ordinal = match[1] or match[3]
    return kind_of(match[2]) or "verse", _ORDINALS[ordinal] if ordinal else None


def edit(lyrics: str, prompt: str, *, title: str = "") -> Lyrics:
    """Follow an instruction as far as a rule can: replace words, add, remove or rewrite a section, shorter, longer."""
    rng = _dice(lyrics, prompt, title)
    sections = _apart(lyrics)
    first = next((lines[0] for _, lines in sections if lines), "")
    subject = _subject(prompt) if re.search(r"\babout\b", prompt.lower()) else title or _subject(lyrics) or first
    poet = _Poet(subject or "home", prompt + lyrics, rng)
    order = prompt.lower()
    told = re.search(
        r"(?:replace|change)\s+[\"“'‘]?(.+?)[\"”'’]?\s+(?:with|to|by|into)\s+[\"“'‘]?(.+?)[\"”'’]?[.!]?$",
        prompt,
        re.IGNORECASE,
    )
    if told and told[1].lower() in lyrics.lower():
        sections = _apart(re.sub(re.escape(told[1]), lambda _: told[2], lyrics, flags=re.IGNORECASE))
    else:
        sections = _edited(sections, order, poet)
    chorus = next((lines for tag, lines in sections if kind_of(tag) in ("chorus", "hook") and lines), None)
    name = (
        title
        or _titled(" ".join((chorus[0] if chorus else first).strip(",.!?").split()[:5]).strip(",.!?"))
        or "Untitled"
    )
    return Lyrics(name, _style_tags(prompt, rng), _together(sections))


def _fresh(kind: str, poet: _Poet) -> list[str]:
    match kind:
        case "chorus" | "hook":
            return poet.one_of(verses.CHORUSES)
        case "bridge":
            return poet.one_of(verses.BRIDGES)
        case "pre":
            return poet.one_of(verses.BEFORE)
        case "outro":
            return poet.one_of(verses.OUTROS)
        case "intro" | "solo" | "inst":
            return []
    return poet.verse()


def _edited(sections: list[tuple[str, list[str]]], order: str, poet: _Poet) -> list[tuple[str, list[str]]]:
    named = _named_section(order)
    if named and re.search(r"\b(add|insert|append|include|another)\b", order):
        kind = named[0]
        place = len(sections)
        if kind == "intro":
            place = 0
        elif kind != "outro":
            last = [number for number, (tag, _) in enumerate(sections) if kind_of(tag) in ("chorus", "outro")]
            place = last[-1] if last else place
        return [*sections[:place], (_NAMES.get(kind, "Verse"), _fresh(kind, poet)), *sections[place:]]
    if re.search(r"\b(shorter|shorten|cut|trim)\b", order) and not named:
        seen: set[str] = set()
        kept = []
        for tag, lines in sections:
            if not lines or (kind := kind_of(tag) or tag) in seen:
                continue
            seen.add(kind)
            kept.append((tag, lines))
        return kept
    if re.search(r"\b(longer|extend|expand)\b", order) and not named:
        return [
            *sections,
            ("Verse", poet.verse()),
            *[(tag, lines) for tag, lines in sections if kind_of(tag) == "chorus"][:1],
        ]
    kind, which = named or ("verse", -1)
    places = [number for number, (tag, _) in enumerate(sections) if kind_of(tag) == kind]
    if not places:
        return [*sections, (_NAMES.get(kind, "Verse"), _fresh(kind, poet))]
    if which is not None:
        places = [places[min(which, len(places) - 1)]]
    if re.search(r"\b(remove|delete|drop|without|omit)\b", order):
        return [section for number, section in enumerate(sections) if number not in places]
    if re.search(r"\b(longer|extend|expand)\b", order):
        more = poet.verse()[:2]
        return [(tag, [*lines, *more] if number in places else lines) for number, (tag, lines) in enumerate(sections)]
    if re.search(r"\b(shorter|shorten)\b", order):
        return [
            (tag, lines[: max(1, len(lines) // 2)] if number in places else lines)
            for number, (tag, lines) in enumerate(sections)
        ]
    fresh = _fresh(kind, poet)  # a chorus stays the same wherever it comes
    return [(tag, fresh if number in places else lines) for number, (tag, lines) in enumerate(sections)]
