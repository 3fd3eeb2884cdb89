"""Lyrics as they are sent: section tags, lines, backing vocals, and hints that nobody sings."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Both spellings of the API (generation and writer), and what people write besides.
_KINDS = {
    "intro": "intro",
    "verse": "verse",
    "pre chorus": "pre",
    "prechorus": "pre",
    "pre": "pre",
    "chorus": "chorus",
    "refrain": "chorus",
    "hook": "hook",
    "drop": "drop",
    "post chorus": "post",
    "postchorus": "post",
    "bridge": "bridge",
    "interlude": "interlude",
    "transition": "transition",
    "break": "break",
    "breakdown": "break",
    "build up": "build",
    "buildup": "build",
    "build": "build",
    "inst": "inst",
    "instrumental": "inst",
    "solo": "solo",
    "outro": "outro",
    "coda": "outro",
    "end": "outro",
    "主歌": "verse",
    "副歌": "chorus",
    "前奏": "intro",
    "间奏": "interlude",
    "桥段": "bridge",
    "尾奏": "outro",
}
_TAG = re.compile(r"^\s*[\[【(（]?\s*([^\[\]【】()（）:：]{2,40}?)\s*(?:[:：][^\]】]*)?[\]】)）]?\s*:?\s*$")
_BRACKETED = re.compile(r"^\s*[\[【](.*)[\]】]\s*$")
_BACKING = re.compile(r"^\s*[(（](.*)[)）]\s*$")
_HINT = re.compile(
    r"\b(instrumental|solo|guitar|piano|drums?|bass|strings|synth|riff|music|fade|spoken|whispered|softly|beat|tempo|"
    r"build|break|repeat|x\d|\d+\s*bars?)\b",
    re.IGNORECASE,
)
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
LONGEST_WORDS, LONGEST_SIGNS = 11, 14


@dataclass(frozen=True)
class Line:
    text: str
    backing: bool = False


@dataclass(frozen=True)
class Section:
    kind: str
    lines: tuple[Line, ...] = ()


def kind_of(tag: str) -> str | None:
    """The kind of section that a tag's inside names; None when it names none."""
    plain = re.sub(r"[^\w\s]|_|\d", " ", tag.lower().partition(":")[0])
    words = " ".join(plain.split())
    for name in (words, *(" ".join(words.split()[:count]) for count in (2, 1))):
        if name in _KINDS:
            return _KINDS[name]
    return None


def _split(text: str) -> list[str]:
    """A long line breathes at its commas, or else in its middle."""
    signs = len(_IDEOGRAPH.findall(text))
    size, most = (signs, LONGEST_SIGNS) if signs * 2 > len(text) / 2 else (len(text.split()), LONGEST_WORDS)
    if size <= most:
        return [text]
    places = [match.end() for match in re.finditer(r"[,;:.!?，。；！？、—]\s*", text)][:-1] or [
        match.end() for match in re.finditer(r"\s+", text)
    ]
    if not places:
        places = [len(text) // 2]
    middle = min(places, key=lambda place: abs(place - len(text) / 2))
    if not 0 < middle < len(text):
        return [text]
    return [*_split(text[:middle].strip()), *_split(text[middle:].strip())]


def _read_line(raw: str) -> list[Line]:
    backing = _BACKING.match(raw)
    text = backing[1] if backing else raw
    if backing and _HINT.search(text):
        return []
    text = re.sub(r"[()（）\[\]【】*#_~\"“”]", " ", text)
    text = " ".join(text.split())
    if not any(char.isalnum() for char in text):
        return []
    return [Line(part, bool(backing)) for part in _split(text) if any(char.isalnum() for char in part)]


def read_lyrics(text: str) -> list[Section]:
    """Sections in their order. Text without any tag becomes verses and choruses by its stanzas."""
    sections: list[tuple[str, list[Line]]] = []
    stanzas: list[list[Line]] = [[]]
    tagged = False
    for raw in text.replace("\\n", "\n").splitlines():
        bracketed = _BRACKETED.match(raw)
        kind = kind_of(bracketed[1]) if bracketed else _bare_tag(raw)
        if kind or bracketed:
            tagged = True
            if bracketed and not kind and _HINT.search(bracketed[1]):
                continue
            sections.append((kind or "verse", []))
        elif not raw.strip().strip("#"):
            stanzas.append([])
        else:
            lines = _read_line(raw)
            stanzas[-1] += lines
            if not sections:
                sections.append(("verse", []))
            sections[-1][1].extend(lines)
    if not tagged:
        sections = _by_stanzas([stanza for stanza in stanzas if stanza])
    return [Section(kind, tuple(lines)) for kind, lines in sections]


def _bare_tag(raw: str) -> str | None:
    """`Verse 1:` on a line of its own."""
    match = _TAG.match(raw)
    return kind_of(match[1]) if match and raw.rstrip().endswith((":", "：")) and len(raw) < 24 else None


def _by_stanzas(stanzas: list[list[Line]]) -> list[tuple[str, list[Line]]]:
    if len(stanzas) == 1 and len(stanzas[0]) >= 6:
        lines = stanzas[0]
        stanzas = [lines[place : place + 4] for place in range(0, len(lines), 4)]
    again = {tuple(stanza) for stanza in stanzas if stanzas.count(stanza) > 1}
    kinds = [
        ("chorus" if tuple(stanza) in again else "verse") if again else ("verse", "chorus")[number % 2]
        for number, stanza in enumerate(stanzas)
    ]
    return list(zip(kinds, stanzas, strict=True))
