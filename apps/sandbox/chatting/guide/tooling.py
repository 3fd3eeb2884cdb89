"""Which of the offered tools a request asks for, with which arguments, and what to say about their results."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from random import Random
from typing import Any

from apps.sandbox.chatting.conversation import Ask, Tool, ToolCall, ToolResult, Turn
from apps.sandbox.chatting.guide.arguments import fill
from apps.sandbox.chatting.guide.language import STOP_WORDS, joined, stem, words
from apps.sandbox.chatting.guide.memory import facts

_GROUPS = [
    "picture image photo drawing illustration draw paint portrait painting sketch 图 图片 画",
    "video film clip movie animation animate 视频",
    "music song tune melody compose sing track 音乐 歌",
    "speak speech say voice read aloud audio tts narrate pronounce 说 念 朗读",
    "search find look lookup query 搜索 查找",
    "weather forecast temperature rain warm cold umbrella sunny 天气",
    "time clock hour 时间",
    "calculator calculate compute math calculation 计算",
    "translate translation translator 翻译",
    "mail email send",
    "price stock quote",
]
_GENERIC = frozenset(
    stem(word)
    for word in [
        "get",
        "make",
        "create",
        "generate",
        "run",
        "do",
        "tool",
        "function",
        "use",
        "call",
        "fetch",
        "give",
        "new",
        "current",
        "currently",
        "list",
        "given",
        "with",
        "return",
        "returns",
        "api",
        "data",
        "value",
        "result",
        "results",
        "input",
        "output",
        "text",
        "string",
        "optional",
        "required",
        "user",
    ]
)
_QUESTION_ABOUT = re.compile(
    r"^\s*(?:how (?:do|does|can|could|much|many|to|long)\b|why\b|"
    r"explain\b|what does\b|what kind|which (?:models?|voices?)\b|"
    r"what (?:is|are) the (?:price|cost|limit)|what can\b|can you explain|tell me about|什么是|怎么)",
    re.I,
)
_ACTIONS = (
    "make create draw paint generate get find search say speak play "
    "tell show compute calculate write translate look check give "
    "what what's what’s read send set turn convert compose sing animate list add how is please then also"
)
_SPLIT = re.compile(
    rf"(?<=[.!?。！？;；])\s+|\s*[,;]?\s+(?:and then|then|and also|also|"
    rf"and)\s+(?=(?:{'|'.join(_ACTIONS.split())})\b)|\s*[,，]\s*(?:然后|再)\s*",
    re.I,
)


_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|「[^」]*」")


def clauses(text: str) -> list[str]:
    text = " ".join(text.split())
    return [part.strip() for part in _SPLIT.split(text) if part and part.strip()]


def _parts(name: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return [stem(part) for part in re.split(r"[\W_]+", spaced) if part]


_STEMMED = [frozenset(stem(word) for word in group.split()) for group in _GROUPS]


def _meanings(names: set[str]) -> set[str]:
    found = set(names)
    for group in _STEMMED:
        if names & group:
            found |= group
    return found


def _score(clause: str, tool: Tool) -> float:
    unquoted = _QUOTED.sub(" ", clause)
    said = {stem(word) for word in words(unquoted) if word.lower() not in STOP_WORDS - {"look", "say"}}
    han = {word for group in _STEMMED for word in group if not word.isascii() and word in unquoted}
    said |= han
    name = {part for part in _parts(tool.name) if part not in _GENERIC}
    if tool.name.lower() in clause.lower():
        return 10
    described = {stem(word) for word in words(tool.description) if word.lower() not in STOP_WORDS} - _GENERIC
    by_name = sum(bool(_meanings({part}) & said) for part in name)
    by_words = len(said & described)
    if not by_name and by_words < 2:
        return 0
    return by_name * 2 + by_words * 0.6 - len(name) * 0.1


def plan_calls(ask: Ask, text: str, earlier: tuple[Turn, ...], chance: Random) -> tuple[list[ToolCall], list[str], str]:
    """Calls, thoughts, and a question to the person when something is missing."""
    calls: list[ToolCall] = []
    thoughts: list[str] = []
    question = ""
    forced = _forced(ask, text)
    parts = [text] if forced else clauses(text)
    known = facts([turn.text for turn in earlier if turn.role == "user" and turn.text])
    for clause in parts:
        tool = forced or _chosen(ask, clause)
        if tool is None:
            continue
        for arguments, missing in fill(tool, clause, text, known):
            if missing and not forced:
                question = question or missing
                thoughts.append(f"{tool.name} fits, but something is missing: {missing}")
                continue
            if any(call.name == tool.name and call.arguments == arguments for call in calls):
                continue
            number = len(calls) + 1
            call_id = f"call_function_{''.join(chance.choices('abcdefghijklmnopqrstuvwxyz0123456789', k=12))}_{number}"
            calls.append(ToolCall(call_id, tool.name, arguments))
            shown = json.dumps(arguments, ensure_ascii=False)
            thoughts.append(f"“{clause}” asks for the tool {tool.name}; its arguments are {shown}.")
    return calls, thoughts, question


def _forced(ask: Ask, text: str) -> Tool | None:
    if not ask.forced_tool or not ask.tools:
        return None
    if ask.forced_tool != "*":
        return next((tool for tool in ask.tools if tool.name == ask.forced_tool), None)
    return max(ask.tools, key=lambda tool: _score(text, tool))


def _chosen(ask: Ask, clause: str) -> Tool | None:
    if not ask.tools:
        return None
    scored = [(_score(clause, tool), -number) for number, tool in enumerate(ask.tools)]
    best, place = max(scored)
    if best <= 0 or (
        best < 10 and _QUESTION_ABOUT.match(clause) and not re.search(r"weather|warm|cold|rain", clause, re.I)
    ):
        return None
    return ask.tools[-place]


def announcement(calls: list[ToolCall], chinese: bool) -> str:
    names = list(dict.fromkeys(call.name for call in calls))
    if chinese:
        return f"我来调用 {'、'.join(names)}。"
    return f"I will use {joined(f'`{name}`' for name in names)}."


# --- results ----------------------------------------------------------------------------------------------------------


def report(turns: tuple[Turn, ...], chinese: bool) -> tuple[str, list[str], str]:
    """What the tools said; thoughts; and the part of the request that no tool was asked about."""
    results = turns[-1].results
    calls = {call.id: call for turn in turns for call in turn.calls}
    request = next((turn.text for turn in reversed(turns[:-1]) if turn.role == "user" and turn.text), "")
    lines, read, thoughts = [], [], []
    for result in results:
        call = calls.get(result.call_id)
        name = call.name if call else "the tool"
        value = _read(result.text)
        failure = _failure(result, value)
        if failure is not None:
            thoughts.append(f"{name} failed. I say so and do not make up an answer.")
            lines.append(
                f"`{name}` 没有成功：{failure}。"
                if chinese
                else f"`{name}` did not work: {failure.rstrip('.')}. I "
                f"have no result from it, so I cannot answer that part."
            )
            continue
        thoughts.append(f"{name} has answered; I put it into words.")
        lines.append(_told(name, call, value))
        if isinstance(value, dict):
            read.append((_label(call) or name, value))
    verdict = _compared(request, read) or _advice(request, read)
    if verdict:
        lines.append(verdict)
    return "\n\n".join(lines), thoughts, request


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _failure(result: ToolResult, value: Any) -> str | None:
    if isinstance(value, Mapping) and value.get("error"):
        error = value["error"]
        return str(error.get("message", error)) if isinstance(error, Mapping) else str(error)
    if result.failed:
        return result.text.strip()[:300] or "no reason was given"
    if isinstance(value, str) and re.match(
        r"\s*(?:error|exception|traceback|failed|declined|denied|refused)\b", value, re.I
    ):
        return value.strip()[:300]
    return None


def _label(call: ToolCall | None) -> str:
    values = [value for value in call.arguments.values() if isinstance(value, str)] if call else []
    return values[0][:60] if values else ""


def _told(name: str, call: ToolCall | None, value: Any) -> str:
    about = f" for {_label(call)}" if _label(call) else ""
    if isinstance(value, Mapping):
        shown = "; ".join(
            f"{_words(key)}: {_short(entry)}" for key, entry in value.items() if entry not in (None, "", [], {})
        )
        return f"`{name}`{about} says: {shown}." if shown else f"`{name}`{about} gave an empty answer."
    if isinstance(value, list):
        if not value:
            return f"`{name}`{about} found nothing."
        lines = "\n".join(f"- {_short(entry)}" for entry in value[:20])
        return f"`{name}`{about} found {len(value)}:\n\n{lines}"
    text = str(value).strip()
    if not text:
        return f"`{name}`{about} is done; it had nothing to add."
    return f"`{name}`{about} says: {text if len(text) <= 800 else text[:800].rstrip() + '…'}"


def _words(key: str) -> str:
    return re.sub(r"[_-]+", " ", str(key))


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{_words(key)} {_short(entry)}" for key, entry in list(value.items())[:8])
    if isinstance(value, list):
        return joined(_short(entry) for entry in value[:8])
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return text if len(text) <= 300 else text[:300] + "…"


_MORE = {
    "warmer": 1,
    "warmest": 1,
    "hotter": 1,
    "higher": 1,
    "larger": 1,
    "bigger": 1,
    "more": 1,
    "longer": 1,
    "dearer": 1,
}
_LESS = {
    "colder": -1,
    "coldest": -1,
    "cooler": -1,
    "lower": -1,
    "smaller": -1,
    "cheaper": -1,
    "less": -1,
    "shorter": -1,
}


def _compared(request: str, read: list[tuple[str, dict[str, Any]]]) -> str:
    asked = next((word for word in (*_MORE, *_LESS) if re.search(rf"\b{word}\b", request, re.I)), "")
    if len(read) < 2 or not asked:
        return ""
    for key in read[0][1]:
        numbers = [(value.get(key), label) for label, value in read]
        if all(isinstance(number, int | float) and not isinstance(number, bool) for number, _ in numbers):
            best = max(numbers) if asked in _MORE else min(numbers)
            others = joined(f"{number:g}" for number, label in numbers if label != best[1])
            return f"So {best[1]} it is: {_words(key)} {best[0]:g} against {others}."
    return ""


def _advice(request: str, read: list[tuple[str, dict[str, Any]]]) -> str:
    if not re.search(r"\bumbrella\b", request, re.I) or not read:
        return ""
    wet = re.search(r"rain|shower|drizzle|storm", json.dumps([value for _, value in read]), re.I)
    return "Yes, take an umbrella." if wet else "You will not need an umbrella."
