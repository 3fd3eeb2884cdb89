"""Text of any length, and samples of code and maths: for trying out whoever has to show it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random

from apps.sandbox.chatting.guide.language import is_chinese
from apps.sandbox.chatting.guide.task import Finding, Task
from apps.sandbox.chatting.guide.verse import topic_of

MOST_BYTES = 4_000_000
_UNITS = {
    "kb": 1000,
    "kib": 1024,
    "kilobyte": 1000,
    "mb": 1_000_000,
    "mib": 1_048_576,
    "megabyte": 1_000_000,
    "byte": 1,
    "character": 1,
}
_SIZE = re.compile(
    r"\b(\d[\d,.]*|a|one|two|three|four|five|ten|twenty|fifty|hundred)\s*(?:-\s*)?"
    r"(kib|kb|kilobyte|mib|mb|megabyte|byte|character|word|paragraph|section|sentence|line|row|item|step)s?\b",
    re.I,
)
_SMALL = {
    "a": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "ten": 10,
    "twenty": 20,
    "fifty": 50,
    "hundred": 100,
}

_WHO = [
    "The studio",
    "A workspace",
    "Every take",
    "The library",
    "A good prompt",
    "The guide",
    "A long reply",
    "Each column",
    "The reader",
    "A quiet page",
]
_DOES = [
    "keeps its settings beside the result",
    "waits until the last piece has arrived",
    "grows from one line to the next",
    "shows what it costs before anything is sent",
    "is found again by its own words",
    "can be followed from two places at once",
    "holds together although nobody planned it",
    "begins with a plain sentence",
    "leaves room for a second thought",
    "ends where the reader expects it",
]
_WHY = [
    "because small steps are easy to check",
    "so that nothing has to be guessed",
    "while the rest is still being written",
    "and the order of things stays clear",
    "even when the line drops for a moment",
    "which matters more than it seems",
    "as anyone can see at a glance",
    "without asking for more than is needed",
]
_ABOUT = [
    "With {topic} in mind, ",
    "As for {topic}, ",
    "Where {topic} is concerned, ",
    "Seen from {topic}, ",
    "",
    "",
    "",
    "",
]


_CHINESE_PARTS = (
    ("工作室", "资料库", "每一次录音", "一个好的提示", "这位向导", "读者"),
    (
        "会保留自己的设置",
        "一行一行地长大",
        "先说清楚要花多少钱",
        "用自己的话就能找到",
        "从一个简单的句子开始",
        "给第二个想法留出位置",
    ),
    ("因为小步更容易检查", "所以不用猜", "而其余的还在写", "顺序也一直清楚", "这比看起来更重要", "一眼就能看见"),
)


def _sentence(chance: Random, topic: str) -> str:
    if is_chinese(topic):
        who, does, why = (chance.choice(parts) for parts in _CHINESE_PARTS)
        return f"说到{topic}，{who}{does}，{why}。"
    lead = chance.choice(_ABOUT).format(topic=topic)
    who = chance.choice(_WHO)
    who = who[0].lower() + who[1:] if lead else who
    return f"{lead}{who} {chance.choice(_DOES)}, {chance.choice(_WHY)}."


def _paragraph(chance: Random, topic: str, most: int = 7) -> str:
    return " ".join(_sentence(chance, topic) for _ in range(chance.randint(3, most)))


def _blocks(chance: Random, topic: str) -> Iterator[str]:
    """Markdown of every kind, without end."""
    number = 0
    title = topic[0].upper() + topic[1:]
    yield f"# {title}"
    yield _paragraph(chance, topic)
    while True:
        number += 1
        heading = chance.choice(("On", "More on", "Notes on", "Questions about", "A closer look at"))
        yield f"## {number}. {heading} {topic}"
        yield _paragraph(chance, topic)
        yield f"{_sentence(chance, topic)} This is **important**, this is *less so*, and `this_is_code()`."
        match number % 6:
            case 1:
                yield "\n".join(f"- {_sentence(chance, topic)}" for _ in range(chance.randint(3, 6)))
            case 2:
                yield _numbers_table(chance, chance.randint(4, 9), 4)
            case 3:
                yield _code(chance.choice(("python", "javascript", "go")), "fibonacci")
            case 4:
                yield "\n".join(f"- [{chance.choice('x ')}] {_sentence(chance, topic)}" for _ in range(4))
            case 5:
                yield "> " + _sentence(chance, topic)
                yield "$$\n\\sum_{k=1}^{n} k = \\frac{n(n+1)}{2}\n$$"
            case 0:
                yield "\n".join(f"{n}. {_sentence(chance, topic)}" for n in range(1, 5))
                yield f"See [the reference](https://platform.minimax.io/docs) for part {number}."
        yield _paragraph(chance, topic)


def _numbers_table(chance: Random, rows: int, columns: int) -> str:
    names = [
        "Name",
        *(["Amount", "Price", "Share", "Note"] + [f"Column {n}" for n in range(6, columns + 2)])[: columns - 1],
    ]
    lines = ["| " + " | ".join(names) + " |", "|" + "|".join(["---"] + ["--:"] * (columns - 1)) + "|"]
    for row in range(1, rows + 1):
        cells = [f"Item {row}", *(str(chance.randint(1, 9999)) for _ in range(columns - 1))]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def write_long(task: Task) -> Finding | None:
    text = task.text
    asked = re.search(r"\b(write|generate|produce|give|make|create|show|i (?:want|need)|output|fill)\b|写", text, re.I)
    if not asked or re.search(r"\b(poem|song|lyrics|haiku|summar)", text, re.I):
        return None
    topic = topic_of(task)
    topic = "" if not topic or re.match(r"(?:text|markdown|words|it)\b|.*\d", topic, re.I) else topic
    size = _SIZE.search(text)
    table = re.search(r"\btable\b", text, re.I)
    if table and size and size[2].lower() in ("row", "line", "item"):
        rows = min(20_000, _amount(size[1]))
        columns = re.search(r"(\d+)\s*columns", text, re.I)
        width = max(2, min(40, int(columns[1]))) if columns else 4
        return Finding(
            _numbers_table(task.chance, rows, width), [f"A table of {rows} rows and {width} columns."], complete=True
        )
    if not size:
        if re.search(
            r"\b(long|detailed|big|huge)\b.*\b(text|document|markdown|essay|article|story|answer|reply)\b|长文",
            text,
            re.I,
        ):
            return _whole(task, topic or ("这个工作室" if task.chinese else "this studio"), 20_000)
        if re.search(
            r"\b(essay|article|story|report|blog post|letter|e-?mail|paragraph|text|document|markdown)\b", text, re.I
        ) and re.search(r"\b(write|generate|draft|compose)\b", text, re.I):
            return _whole(
                task, topic or ("这个工作室" if task.chinese else "this studio"), 12_000 if task.long else 1500
            )
        return None
    amount, unit = _amount(size[1]), size[2].lower()
    if unit in _UNITS:
        return _whole(
            task, topic or ("这个工作室" if task.chinese else "this studio"), min(MOST_BYTES, amount * _UNITS[unit])
        )
    subject = topic or ("这个工作室" if task.chinese else "this studio")
    thoughts = [f"They want {amount} {unit}s about {subject}. I write by rule; the content is filler, and I say so."]
    match unit:
        case "word":
            done: list[str] = []
            while len(done) < min(500_000, amount):
                done += _sentence(task.chance, subject).split()
            text = " ".join(done[:amount]).rstrip(".,;") + "."
            return Finding(
                re.sub(r"((?:[^.]*\. ){6})", r"\1\n\n", text).replace(" \n\n", "\n\n"), thoughts, complete=True
            )
        case "paragraph":
            return Finding(
                "\n\n".join(_paragraph(task.chance, subject) for _ in range(min(5000, amount))), thoughts, complete=True
            )
        case "sentence":
            return Finding(
                " ".join(_sentence(task.chance, subject) for _ in range(min(20_000, amount))), thoughts, complete=True
            )
        case "line":
            return Finding(
                "\n".join(_sentence(task.chance, subject) for _ in range(min(20_000, amount))), thoughts, complete=True
            )
        case "item" | "step":
            lines = (f"{n}. {_sentence(task.chance, subject)}" for n in range(1, min(5000, amount) + 1))
            return Finding("\n".join(lines), thoughts, complete=True)
        case "section":
            found, blocks = 0, []
            for block in _blocks(task.chance, subject):
                found += block.startswith("## ")
                if found > min(5000, amount):
                    break
                blocks.append(block)
            return Finding("\n\n".join(blocks), thoughts, complete=True)
    return None


def _amount(text: str) -> int:
    known = _SMALL.get(text.lower())
    try:
        return known if known is not None else max(1, round(float(text.replace(",", "").rstrip("."))))
    except ValueError:
        return 1


def _whole(task: Task, topic: str, size: int) -> Finding:
    """Markdown of exactly so many bytes."""
    done, length = [], 0
    for block in _blocks(task.chance, topic):
        left = size - length - 2
        if len(block.encode()) >= left:
            if left > 0:
                rest = _paragraph(task.chance, topic)
                while len(rest) < left:
                    rest += " " + _sentence(task.chance, topic)
                done.append(rest.encode()[: left + 1].decode(errors="ignore").rstrip() + ".")
            break
        done.append(block)
        length += len(block.encode()) + 2
    thoughts = [
        f"They want about {size:,} bytes of text about {topic}.",
        "I write Markdown by rule: headings, paragraphs, lists, tables, code and formulas in turn. It is filler.",
    ]
    return Finding("\n\n".join(done), thoughts, complete=True)


# --- code and maths ---------------------------------------------------------------------------------------------------

_LANGUAGES = {
    "python": "python", "py": "python", "javascript": "javascript", "js": "javascript", "typescript": "typescript",
    "go": "go", "golang": "go", "rust": "rust", "java": "java", "c": "c", "bash": "bash", "shell": "bash",
    "ruby": "ruby", "sql": "sql", "html": "html", "css": "css",
}  # fmt: skip


@cache
def _programs() -> dict[str, dict[str, str]]:
    return tomllib.loads((Path(__file__).parent / "code_samples.toml").read_text())


_TASKS = [
    ("fibonacci", r"fibonacci"),
    ("primes", r"\bprimes?\b|sieve"),
    ("sort", r"\bsort"),
    ("reverse", r"\breverse|palindrome"),
    ("hello", r""),
]


def _code(language: str, what: str) -> str:
    known = _programs()[language]
    program = known.get(what) or known.get("fibonacci") or known["hello"]
    return f"```{language}\n{program}\n```"


def write_code(task: Task) -> Finding | None:
    text = task.text
    if not re.search(
        r"\b(code|program|function|script|snippet|class|query|hello,? world|fibonacci|fizz ?buzz)\b|代码|程序",
        text,
        re.I,
    ):
        return None
    language = next(
        (shown for name, shown in _LANGUAGES.items() if re.search(rf"(?<![\w-]){name}(?![\w-])", text, re.I)), ""
    )
    if not language and not re.search(r"\b(write|show|give|make|example)\b|写", text, re.I):
        return None
    language = language or "python"
    what = next(name for name, pattern in _TASKS if re.search(pattern, text, re.I))
    known = what in _programs()[language]
    lead = (
        f"Here is a small example in {language}:"
        if known
        else f"I have no such program in {language}; here is one that I know:"
    )
    if task.chinese:
        lead = f"这是一个 {language} 的小例子："
    return Finding(
        f"{lead}\n\n{_code(language, what)}", [f"They want code in {language}: {what}. I have small samples only."]
    )


@cache
def _formulas() -> list[tuple[str, str]]:
    rows = tomllib.loads((Path(__file__).parent / "formulas.toml").read_text())["formulas"]
    return [(row["pattern"], row["text"]) for row in rows]


def write_maths(task: Task) -> Finding | None:
    if not re.search(r"\b(show|write|give|example|what is|formula|latex)\b|公式", task.text, re.I):
        return None
    found = next((formula for pattern, formula in _formulas() if re.search(rf"\b(?:{pattern})", task.text, re.I)), None)
    if found is None and "公式" in task.text:
        found = _formulas()[0][1]
    return Finding(found, ["A formula is wanted; I know a few by heart."]) if found else None
