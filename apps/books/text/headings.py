"""What a line must look like to begin a chapter, in the languages that books come in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

LONGEST = 90  # characters of a line that may be a heading

Rank = Literal["part", "chapter", "section"]

_PARTS = """
    part book volume act teil buch band akt partie livre tome acte parte libro tomo volumen acto atto deel boek
    часть книга том действие частина część księga del bok bind osa kısım μέρος βιβλίο جزء الجزء भाग खंड
"""
_CHAPTERS = """chapter canto letter stave kapitel chapitre chant lettre capítulo capitulo canto capitolo hoofdstuk глава
    розділ rozdział kapitola kapittel luku fejezet bölüm κεφάλαιο פרק الفصل فصل الباب باب अध्याय परिच्छेद chương
    bab capitolul poglavlje"""
_SECTIONS = """
    section scene abschnitt szene scène escena scena sección sezione параграф явление сцена
"""
_ALONE = """
    prologue epilogue preface introduction foreword afterword interlude appendix acknowledgments acknowledgements
    dedication postscript conclusion prolog epilog vorwort nachwort einleitung einführung anhang danksagung
    zwischenspiel prólogo epílogo prefacio introducción introduçao introdução prefácio posfácio apéndice épilogue
    préface avant-propos postface annexe prologo epilogo prefazione introduzione appendice voorwoord nawoord
    inleiding proloog epiloog пролог эпилог предисловие послесловие введение заключение эпиграф передмова післямова
    вступ wstęp przedmowa posłowie zakończenie předmluva doslov förord efterord forord johdanto önsöz sonsöz
    πρόλογος επίλογος مقدمة المقدمة تمهيد خاتمة الخاتمة
    प्रस्तावना भूमिका उपसंहार 序 序章 序言 序曲 自序 前言 引言 引子 楔子
    尾声 尾聲 后记 後記 终章 終章 番外 跋 結語 结语 附录 附錄 はじめに おわりに まえがき
    あとがき プロローグ エピローグ 解説 머리말 맺음말 프롤로그 에필로그 서문 서장 종장
"""

_RANKS: dict[str, Rank] = {
    **dict.fromkeys(_PARTS.split(), "part"),
    **dict.fromkeys(_CHAPTERS.split(), "chapter"),
    **dict.fromkeys(_SECTIONS.split(), "section"),
}
_SINGLE = frozenset(_ALONE.split())

_NUMBER_WORDS = r"""
    one two three four five six seven eight nine ten eleven twelve \w*teen
    (?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[-\s]\w+)?
    hundred first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth \w+teenth last
    eins? zwei drei vier fünf sechs sieben acht neun zehn elf zwölf \w+zehn \w*zwanzig \w*dreißig
    un deux trois quatre cinq sept huit neuf dix onze douze treize quatorze quinze seize vingt premier première
    uno dos tres cuatro cinco seis siete ocho nueve diez primero? primera segund[oa] tercer[oa]? cuart[oa]
    due tre quattro cinque sei sette otto nove dieci prim[oa] second[oa] terz[oa]
    dois duas três quatro sete oito nove dez primeir[oa]
    перв\w+ втор\w+ трет\w+ четв[её]рт\w+ пят\w+ шест\w+ седьм\w+ восьм\w+ девят\w+ десят\w+ \w+надцат\w+
    الأول الثاني الثالث الرابع الخامس السادس السابع الثامن التاسع العاشر الأولى الثانية
    एक दो तीन चार पाँच पांच छह छः सात आठ नौ दस ग्यारह बारह पहला दूसरा तीसरा
"""
_NUMBER = rf"(?:[0-9०-९٠-٩۰-۹]{{1,4}}|[IVXLCDM]{{1,8}}|(?:the\s+)?(?:{'|'.join(_NUMBER_WORDS.split())}))"
_TITLE = r"(?:\s*[.:：—–-]+\s*(?P<title>\S.*)?|\s+(?P<bare>[^\W\d_a-zа-яё].*|[\"“«„'‘].+))?"
_WORD = "|".join(sorted((re.escape(word) for word in _RANKS), key=len, reverse=True))
_LED = re.compile(rf"(?P<word>{_WORD})\s+(?P<number>{_NUMBER})(?!\w){_TITLE}", re.I)
_ORDINALS = r"""
    [0-9]{1,4}\.?(?:st|nd|rd|th|º|ª|er|ère|e|ème)?
    first second third fourth fifth sixth seventh eighth ninth tenth last
    erste[rs]? zweite[rs]? dritte[rs]? vierte[rs]? fünfte[rs]? sechste[rs]? sieb(?:en)?te[rs]? achte[rs]? neunte[rs]?
    zehnte[rs]? elfte[rs]? zwölfte[rs]? letzte[rs]? первая вторая третья четв[её]ртая пятая шестая седьмая восьмая
"""
_TRAILED = re.compile(rf"(?P<number>{'|'.join(_ORDINALS.split())})\s+(?P<word>{_WORD})(?!\w){_TITLE}", re.I)
_HAN = "0-9０-９〇零一二三四五六七八九十百千两兩廿卅壹贰叁肆伍陆柒捌玖拾上中下"
_EAST = re.compile(
    rf"(?:(?P<mark>[第卷])?\s*[{_HAN}]{{1,9}}\s*(?P<unit>[章回节節卷部集篇話话幕編编册])|卷[{_HAN}]{{1,5}})"
    r"(?![^\s:：、.—·「『（【《　]{12,})(?:[\s:：、.—·　]*(?P<title>\S.*))?"
)
_KOREAN = re.compile(r"제?\s*[0-9]{1,4}\s*(?P<unit>[장부편화회권막])(?:[\s:.—-]+(?P<title>\S.*))?")
_MARKDOWN = re.compile(r"(?P<marks>#{1,6})\s+(?P<title>\S.*?)\s*#*")
_ALONE_LINE = re.compile(r"(?P<word>[^\W\d_][^\s.:：—–]*)\s*(?:[.:：—–-]\s*(?P<title>\S.*))?")
_LEADERS = re.compile(r"(?:\.\s?){3,}|…{2,}|·{3,}|\t\s*\d+\s*$|\s{3,}\d+\s*$")
_WEAK = re.compile(r"(?P<roman>[IVXLC]{1,7})\.?(?:\s+(?P<title>[^a-z]{3,}))?|(?P<digits>[0-9]{1,3})\.?")


@dataclass(frozen=True)
class Heading:
    title: str
    rank: Rank
    is_bare: bool  # no title of its own: the line after it may be it


def read_heading(line: str) -> Heading | None:
    """What a line says that begins a chapter, or None. It does not look at its surroundings."""
    line = line.strip().strip("*_ ").strip()
    if not line or len(line) > LONGEST or _LEADERS.search(line):
        return None
    found = _MARKDOWN.fullmatch(line)
    if found:
        depth = len(found["marks"])
        rank: Rank = "part" if depth == 1 else "chapter" if depth == 2 else "section"
        return Heading(found["title"], rank, is_bare=False)
    for pattern in (_LED, _TRAILED):
        found = pattern.fullmatch(line)
        if found and _is_title(line, found):
            title = found["title"] or found["bare"]
            return Heading(line, _RANKS[found["word"].lower()], is_bare=not title)
    found = _EAST.fullmatch(line)
    if found and (found["mark"] or found["unit"] in {None, "卷", "章", "回"}) and _is_eastern_title(found["title"]):
        unit = found["unit"] or "卷"
        east: Rank = "part" if unit in "卷部集篇編编册" else "section" if unit in "节節幕" else "chapter"
        return Heading(line, east, is_bare=not found["title"])
    found = _KOREAN.fullmatch(line)
    if found:
        return Heading(line, "part" if found["unit"] in "부편권" else "chapter", is_bare=not found["title"])
    found = _ALONE_LINE.fullmatch(line)
    if (
        found
        and found["word"].lower() in _SINGLE
        and (found["word"][:1].isupper() or not found["word"].islower() or not found["word"].isascii())
    ):
        return Heading(line, "chapter", is_bare=False)
    return None


def read_weak_heading(line: str) -> int | None:
    """The number of a line that is nothing but a number, or Roman and a title in capitals: it takes more to believe."""
    found = _WEAK.fullmatch(line.strip())
    if not found or len(line) > LONGEST:
        return None
    return int(found["digits"]) if found["digits"] else _roman(found["roman"])


def _is_title(line: str, found: re.Match[str]) -> bool:
    """Against sentences that begin like one: "Part one was easy.", "Book 5 copies"."""
    if found["word"][:1].islower() and found["word"].isascii():
        return False
    title = found["title"] or found["bare"] or ""
    return not (title.endswith((",", ";")) or (found["bare"] and title.endswith(".") and title.count(" ") > 8))


def _is_eastern_title(title: str | None) -> bool:
    return not title or (len(title) <= 40 and title[-1] not in "。，、；,;")


def _roman(text: str) -> int | None:
    values = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
    total = 0
    for here, following in zip(text, [*text[1:], "I"], strict=True):
        total += -values[here] if values[here] < values[following] else values[here]
    return total if 0 < total < 400 else None
