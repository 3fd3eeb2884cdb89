"""Work on a text that lies before one: count, sort, turn round, translate words, make a table or JSON, shorten."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

from apps.sandbox.chatting import tokens
from apps.sandbox.chatting.guide.language import given_text, items, joined, quotations, sentences, stems, words
from apps.sandbox.chatting.guide.task import Finding, Task

LONG_CHARACTERS = 4000  # beyond it only the beginning is searched for what is wanted

_IT = re.compile(
    r"\b(it|that|this|these|those|them|above|your (?:last |previous )?(?:answer|"
    r"reply|text|poem|list)|the (?:poem|text|list|answer|song|reply|above))\b"
    r"|它|上面|刚才",
    re.I,
)
_ECHO = re.compile(
    r"^\s*(?:please\s+)?(?:repeat|echo|answer|reply|respond|say|write|output|print|return)"
    r"(?:\s+(?:back|only|just|exactly|verbatim|literally|word for word|"
    r"after me|this|the following|with|text|:))+\s*[:：]?\s*(.+)\Z",
    re.I | re.S,
)


def subject(task: Task) -> str:
    """The text a request is about: brought along, or the last answer when it says so."""
    given = given_text(task.text)
    if given:
        return given
    return without_source(task.last_reply) if _IT.search(task.text) else ""


def without_source(text: str) -> str:
    return re.sub(r"\n\n(?:Source: |来源：).*\Z", "", text, flags=re.S).strip()


def echo(task: Task) -> Finding | None:
    """For tests of a client: any text can be had as an answer."""
    found = _ECHO.match(task.text) or re.match(r"\s*(?:重复|请重复|跟我说|原样输出)\s*[:：]\s*(.+)\Z", task.text, re.S)
    if not found:
        return None
    text = found[1].strip("\n")
    if len(text) > 1 and text[0] in '"“' and text[-1] in '"”':
        text = text[1:-1]
    return Finding(text, ["They want a text back as it is. I repeat it and add nothing."], complete=True)


def count(task: Task) -> Finding | None:
    text = task.text
    found = re.search(r"\b(?:how many|count|number of)\b(.*)", text, re.I | re.S)
    if not found and not re.search(r"多少(?:个)?字|几个字|字数", text):
        return None
    letter = re.search(
        r"(?:letter\s+|times (?:does )?(?:the )?(?:letter )?)?[\"“'‘]?\b([a-z])\b[\"”'’]?(?:['’]?s)?\b.*?\b(?:in|"
        r"of|appears? in|occurs? in)\s+"
        r"(?:the word\s+)?[\"“'‘]?(.+?)[\"”'’]?\s*[?.]*$",
        found[1][:400] if found else "",
        re.I | re.S,
    )
    if (
        letter
        and not re.search(r"\b(?:words|sentences|lines|tokens|characters)\b", text, re.I)
        and letter[1].lower() != "a"
    ):
        sign, where = letter[1].lower(), letter[2]
        number = where.lower().count(sign)
        spelled = "-".join(where) if len(where) <= 20 and " " not in where else ""
        thoughts = [f"I count the letter {sign} in “{where}”."] + ([f"Spelled out: {spelled}."] if spelled else [])
        times = "once" if number == 1 else f"{number} times"
        return Finding(f"The letter “{sign}” occurs **{times}** in “{where}”.", thoughts)
    of_letters = re.search(
        r"\bletters? (?:are )?(?:there )?(?:in|of)\s+(?:the word\s+)?[\"“]?(.+?)[\"”]?\s*[?.]*$", text, re.I
    )
    if of_letters and not _IT.fullmatch(of_letters[1].strip()):
        number = sum(char.isalpha() for char in of_letters[1])
        return Finding(f"“{of_letters[1]}” has **{number}** letters.", ["I count letters, without spaces and signs."])
    about = subject(task)
    if not about:
        return None
    if task.chinese:
        number = sum("\u4e00" <= char <= "\u9fff" for char in about)
        return Finding(f"一共有 **{number}** 个汉字。", ["我来数汉字。"])
    counts = {
        "words": len(words(about)),
        "characters": len(about),
        "letters": sum(char.isalpha() for char in about),
        "sentences": len(sentences(about)),
        "lines": len(about.splitlines()),
        "tokens": tokens.count(about),
        "items": len(items(about)),
        "vowels": sum(char in "aeiouAEIOU" for char in about),
    }
    wanted = [name for name in counts if re.search(rf"\b{name[:-1]}s?\b", text.split(":", 1)[0], re.I)]
    wanted = wanted or ["words", "characters"]
    shown = joined(f"**{counts[name]:,}** {name if counts[name] != 1 else name[:-1]}" for name in wanted)
    return Finding(
        f"There are {shown}." if counts[wanted[0]] != 1 else f"There is {shown}.", ["I count in the text itself."]
    )


def rearrange(task: Task) -> Finding | None:
    text = task.text
    head = text.split(":", 1)[0].split("\n", 1)[0]
    if re.search(r"\b(sort|order|alphabeti[sz]e|arrange)\b|排序", head, re.I):
        return _sorted(task, head)
    if re.search(r"\b(reverse|backwards?)\b|反过来|倒过来|反转", head, re.I):
        about = subject(task) or re.sub(
            r"\A.*?\b(?:reverse|backwards?)\b(?:\s+the)?(?:\s+(?:word|string|text))?\s*", "", text, flags=re.I
        )
        about = re.sub(r"^.*?(?:反转|反过来|倒过来)\s*", "", about) if task.chinese else about
        about = about.strip(' .?"“”')
        if not about:
            return None
        many = items(about)
        if re.search(r"\blist|order\b", head, re.I) and len(many) > 1:
            return Finding(_as_before(list(reversed(many)), about), ["I turn the order of the list round."])
        if re.search(r"\bwords\b", head, re.I):
            return Finding(" ".join(reversed(about.split())), ["I turn the order of the words round."])
        return Finding(about[::-1], ["I read it from the end to the beginning."])
    change = re.search(r"\b(upper ?case|capitals|lower ?case|title case)\b|大写|小写", head, re.I)
    if change and (about := subject(task)):
        kind = change[0].lower()
        done = (
            about.lower() if "lower" in kind or kind == "小写" else about.title() if "title" in kind else about.upper()
        )
        return Finding(done, [f"I change the letters: {kind}."])
    if re.search(r"\b(duplicates?|unique|dedupe)\b", head, re.I) and (about := subject(task)):
        kept = list(dict.fromkeys(items(about)))
        return Finding(_as_before(kept, about), ["I keep the first of each."])
    return None


def _sorted(task: Task, head: str) -> Finding | None:
    about = subject(task) or re.sub(
        r"\A.*?\b(?:sort|order|alphabetize|alphabetise|arrange)\b\s*(?:these|the)?\s*", "", task.text, flags=re.I
    )
    about = re.sub(
        r"\s*\b(?:alphabetically|in (?:reverse|descending|ascending|"
        r"alphabetical) order|by (?:length|size|name)|descending|ascending)\b",
        "",
        about,
        flags=re.I,
    )
    found = items(about.strip(" .?"))
    if len(found) < 2:
        return None
    numbers = [re.fullmatch(r"-?\d+(?:\.\d+)?", item) for item in found]
    by_number = all(numbers)
    down = bool(
        re.search(
            r"\b(descending|reverse|backwards?|largest first|high(?:est)? (?:to low|first)|longest)\b|降序|从大到小",
            task.text,
            re.I,
        )
    )
    if re.search(r"\blength\b", task.text, re.I):
        done = sorted(found, key=len, reverse=down)
    elif by_number:
        done = sorted(found, key=float, reverse=down)
    else:
        done = sorted(found, key=str.casefold, reverse=down)
    way = "as numbers" if by_number else "by the alphabet"
    return Finding(_as_before(done, about), [f"{len(found)} items, sorted {way}{', from the end' if down else ''}."])


def _as_before(found: list[str], about: str) -> str:
    return "\n".join(f"- {item}" for item in found) if "\n" in about.strip() else ", ".join(found)


def long_text(task: Task) -> Finding:
    """A text too long for the finer rules: what is wanted stands at its beginning."""
    repeated = echo(task)
    if repeated:
        return repeated
    lead = task.text[:400]
    about = given_text(task.text) or task.text
    number = len(words(about))
    if re.search(r"\b(?:how many|count|number of)\b|字数", lead, re.I):
        shown = f"**{number:,}** words, **{len(about):,}** characters and **{tokens.count(about):,}** tokens"
        return Finding(f"There are {shown}.", ["A long text to count."])
    short = " ".join(extract(about, 3))
    if re.search(r"\bsummar|\btl;?dr\b|总结|概括", lead, re.I):
        return Finding(short, ["A long text to summarise: I take the sentences whose words occur most."])
    return Finding(
        f"That is a long text of {number:,} words. Its gist, in its own sentences:\n\n{short}",
        ["A long text without a task that I know; I choose its main sentences."],
    )


# --- tables, JSON, lists ----------------------------------------------------------------------------------------------


def shape(task: Task) -> Finding | None:
    head = task.text.split("\n", 1)[0]
    wants = re.search(
        r"\b(table|json|csv|bullet(?:ed)? (?:list|points)|as a list|numbered list|bullets)\b|表格|列表", head, re.I
    )
    if not wants:
        return None
    about = subject(task)
    if not about:
        tail = re.search(r"\b(?:of|from|for|with)\s+(.+)$", task.text, re.I | re.S)
        about = tail[1].strip(" .?") if tail else ""
    kind = wants[0].lower()
    if not about or re.search(r"\b\d+\s*(?:rows|lines|columns)\b", task.text, re.I):
        return None
    if kind == "json":
        value = _pairs(about) or _list_of(about)
        block = json.dumps(value, ensure_ascii=False, indent=2)
        only = re.search(
            r"\b(?:only|just|raw|nothing else|no prose|without (?:a )?fence)\b", f"{task.text} {task.ask.system}", re.I
        )
        text = block if only else f"```json\n{block}\n```"
        return Finding(text, ["They want JSON. I read names and values from the text."], complete=True)
    if kind in ("table", "表格") and not re.search(r"[,;:、，；：\n]|\band\b|和", about):
        return None  # nothing that could be rows: "a table of the models" is a question
    found = items(about)
    if kind in ("table", "csv", "表格"):
        rows = _rows(about)
        if kind == "csv":
            return Finding(
                "```\n" + "\n".join(",".join(row) for row in rows) + "\n```", ["They want lines with commas."]
            )
        return Finding(_table(rows), [f"I make a table of {len(rows) - 1} rows."])
    if len(found) < 2 or max(map(len, found)) > 200:
        found = sentences(about)
    numbered = "numbered" in kind
    lines = "\n".join(f"{number}. {item}" if numbered else f"- {item}" for number, item in enumerate(found, 1))
    return Finding(lines, [f"I set {len(found)} items in a list."])


def _pairs(text: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for part in items(text):
        match = re.match(r"(?:(?:an?|the)\s+)?([\w -]{1,40}?)\s*(?:[:=]|\bis\b|\s)\s*([^\s].*)$", part, re.I)
        if not match:
            return {}
        found[match[1].strip().lower().replace(" ", "_")] = _value(match[2])
    return found


def _value(text: str) -> object:
    text = text.strip().strip('"“”')
    if re.fullmatch(r"-?\d{1,15}", text):
        return int(text)
    if re.fullmatch(r"-?\d{1,15}\.\d{1,15}", text):
        return float(text)
    return {"true": True, "false": False, "yes": True, "no": False, "null": None}.get(text.lower(), text)


def _list_of(text: str) -> dict[str, object]:
    return {"items": [_value(item) for item in items(text)]}


def _rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and all("," in line for line in lines):
        rows = [[cell.strip() for cell in row] for row in csv.reader(lines)]
        width = max(map(len, rows))
        return [row + [""] * (width - len(row)) for row in rows]
    pairs = []
    for item in items(text):
        match = re.match(r"(.+?)(?:\s*[:=]\s*|\s+(?=[\d$€¥£]))(.+)$", item)
        if not match:
            return [["#", "Item"], *([str(number), item] for number, item in enumerate(items(text), 1))]
        pairs.append([match[1].strip(), match[2].strip()])
    return [["Item", "Value"], *pairs]


def _table(rows: list[list[str]]) -> str:
    def line(cells: list[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    return "\n".join([line(rows[0]), line(["---"] * len(rows[0])), *map(line, rows[1:])])


# --- shorter ----------------------------------------------------------------------------------------------------------


def summarise(task: Task) -> Finding | None:
    if not re.search(
        r"\b(summar\w+|tl;?dr|main points?|key points?|in (?:one|a|two|three) sentences?|shorten)\b|总结|概括|摘要",
        task.text,
        re.I,
    ):
        return None
    thoughts = ["A summary: I take the sentences whose words occur most; I do not write new ones."]
    if re.search(r"\b(conversation|chat|discussion|so far)\b|对话", task.text, re.I) and task.earlier:
        lines = [
            f"- You asked: {_first(turn.text)}" if turn.role == "user" else f"- I answered: {_first(turn.text)}"
            for turn in task.earlier
            if turn.text
        ]
        return Finding(
            "So far:\n\n" + "\n".join(lines[-20:]), ["They want the conversation in short; I list its turns."]
        )
    about = subject(task) or without_source(task.last_reply)
    if not about:
        return None
    most = 1 if re.search(r"\b(?:one|a) sentence\b|tl;?dr|一句", task.text, re.I) else 3
    if "two sentences" in task.text.lower():
        most = 2
    chosen = extract(about, most)
    if re.search(r"\bpoints?\b|bullet", task.text, re.I):
        return Finding("\n".join(f"- {sentence}" for sentence in chosen), thoughts)
    return Finding(("" if task.chinese else " ").join(chosen), thoughts)


def extract(text: str, most: int) -> list[str]:
    found = sentences(re.sub(r"^(?:#+ .*|\|.*|```.*)$", "", text, flags=re.M)) or [text]
    if len(found) <= most:
        return found if len(found) > 1 or len(found[0]) < 200 else [found[0][:160].rsplit(" ", 1)[0] + "…"]
    heard = Counter(stems(text))

    def worth(number: int) -> float:
        own = stems(found[number])
        return sum(heard[term] for term in own) / (len(own) + 4) + (0.5 if number == 0 else 0)

    best = sorted(range(len(found)), key=worth, reverse=True)[:most]
    return [found[number] for number in sorted(best)]


def _first(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 120 else line[:120].rsplit(" ", 1)[0] + "…"


# --- translation ------------------------------------------------------------------------------------------------------

_LANGUAGE_NAMES = {
    "german": 0, "deutsch": 0, "德语": 0, "德文": 0,
    "french": 1, "français": 1, "法语": 1,
    "spanish": 2, "español": 2, "西班牙语": 2,
    "chinese": 3, "mandarin": 3, "中文": 3, "汉语": 3,
    "japanese": 4, "日语": 4, "日文": 4,
    "english": -1, "英语": -1, "英文": -1,
}  # fmt: skip


@cache
def _dictionary() -> dict[str, list[str]]:
    return tomllib.loads((Path(__file__).parent / "interface_words.toml").read_text())["words"]


def translate(task: Task) -> Finding | None:
    text = task.text
    language = next((name for name in _LANGUAGE_NAMES if re.search(rf"\b(?:in|into|to)\s+{name}\b", text, re.I)), "")
    if not language and re.search(r"翻译|怎么说", text):
        language = next((name for name in _LANGUAGE_NAMES if name in text.lower()), "英语" if task.chinese else "")
    if not language or not re.search(
        r"\b(translate|what(?:'s|’s| is)|how do (?:you|i) say|say|the words?)\b|翻译|怎么说", text, re.I
    ):
        return None
    about = given_text(text) or (without_source(task.last_reply) if _IT.search(text) else "")
    if not about:
        about = re.sub(
            rf"\A.*?\b(?:translate|what(?:'s|’s| is)|say|"
            rf"the words?)\b\s*(?:the )?(?:words? )?|\s*\b(?:in|into|to)\s+{language}\b.*",
            "",
            text,
            flags=re.I | re.S,
        )
        about = re.sub(r"把|翻译成.*|用.{1,5}怎么说.*|翻译|" + re.escape(language), "", about)
    about = about.strip(" ?.？。\"“”'")
    column = _LANGUAGE_NAMES[language]
    found: list[tuple[str, str]] = []
    unknown: list[tuple[str, str]] = []
    for word in (
        items(about)
        if "," in about or " and " in about
        else [about, *([] if about.lower() in _every(column) else about.split())][-max(1, len(about.split())) :]
    ):
        known = _one_word(word, column)
        (found if known else unknown).append((word, known))
    shown = language.capitalize() if language.isascii() else language
    thoughts = [f"A translation into {shown}. I have a small dictionary of the interface's words."]
    if not found:
        if task.chinese:
            return Finding("我只有一本界面词汇的小词典，里面没有这个词。", thoughts)
        return Finding(
            f"I cannot translate that: my dictionary holds only {len(_dictionary())} words of the interface, such as "
            "library, voice, save or share.",
            thoughts,
        )
    if len(found) == 1 and not unknown:
        return Finding(
            f"“{found[0][0]}” is **{found[0][1]}** in {shown}."
            if not task.chinese
            else f"“{found[0][0]}”：**{found[0][1]}**",
            thoughts,
        )
    lines = "\n".join(f"- {word}: **{known}**" for word, known in found)
    rest = f"\n\nNot in my small dictionary: {joined(word for word, _ in unknown)}." if unknown else ""
    return Finding(lines + rest, thoughts)


def _every(column: int) -> set[str]:
    return set(_dictionary()) if column >= 0 else {word.lower() for row in _dictionary().values() for word in row}


def _one_word(word: str, column: int) -> str:
    wanted = word.strip(" \"“”'").lower()
    for english, row in _dictionary().items():
        if wanted in (english, f"{english}s", f"the {english}") and column >= 0:
            return row[column]
        if wanted in (entry.lower() for entry in row):
            return english if column < 0 else row[column]
    return ""


def spelled(task: Task) -> Finding | None:
    """spell a word"""
    found = re.search(r"\bspell(?: out)?(?: the word)?\s+[\"“]?([\w'-]+)", task.text, re.I)
    if not found and not (quotations(task.text) and "spell" in task.text.lower()):
        return None
    word = found[1] if found else quotations(task.text)[0]
    return Finding("-".join(word.upper()), ["I put a dash between the letters."])
