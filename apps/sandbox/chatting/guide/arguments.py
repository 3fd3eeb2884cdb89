"""The arguments of a tool, read from a sentence by the names and kinds of its parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from apps.sandbox.chatting.conversation import Tool
from apps.sandbox.chatting.guide.language import given_text, items, number_in

_NAME = r"[A-ZÀ-Þ][\w'’.-]*"
_PLACE = re.compile(
    rf"\b(?:in|for|at|of|near|around)\s+((?:the\s+)?{_NAME}(?:(?:\s+(?:de|la|del|of|and)\s+|,?\s+){_NAME})*)"
)
_PLACE_WORDS = re.compile(r"location|city|place|town|country|region|where|address|destination|origin", re.I)
_FREE_TEXT = re.compile(
    r"prompt|text|query|question|description|content|topic|subject|title|message|input|q$|lyrics|expression|keyword|search|body|term",
    re.I,
)
_DAYS = re.compile(
    r"\b(today|tomorrow|tonight|yesterday|(?:next |this )?(?:mon|"
    r"tues|wednes|thurs|fri|satur|sun)day|\d{4}-\d\d-\d\d)\b",
    re.I,
)
_RATIOS = {"landscape": "16:9", "wide": "16:9", "portrait": "9:16", "vertical": "9:16", "square": "1:1"}
_LEAD = re.compile(
    r"^\s*(?:(?:please|can you|could you|would you|i(?:'d|"
    r" would) like (?:you )?to|i want (?:you )?to|let's|now|then|also|and)\s+)*"
    r"(?:make|create|draw|paint|generate|get|find|search|say|speak|play|"
    r"tell|show|compute|calculate|write|translate|look up|look|check|"
    r"give|read|send|compose|sing|animate|run|use|call|produce|render|narrate|pronounce|list)?\s*"
    r"(?:me|us|it)?\s*(?:aloud|out loud|up)?\s*"
    r"(?:(?:(?:the|my|our)\s+)?(?:library|web|internet|studio)\s+)?"
    r"(?:(?:an?|the|some|\d+(?![\s-]*s(?:ec)?)|one|two|three|four|five|six)\s+)?(?:\d+[\s-]*(?:seconds?|sec|s)\s+)?"
    r"(?:(?:short|small|little|new|nice|quick|landscape|portrait|wide|square|vertical)\s+)?"
    r"(?:(?:picture|image|photo|drawing|painting|illustration|portrait|"
    r"video|film|clip|movie|animation|song|piece of music|music|tune|track|"
    r"audio|speech|sketch)s?\s*)?"
    r"(?:(?:of|about|showing|with|for|that says|saying|with the words|on)\b)?\s*[:：]?\s*",
    re.I,
)
_LEAD_CHINESE = re.compile(
    r"^(?:请|帮我|给我|你能)*(?:画|生成|做|制作|写|搜索|查找|念|说|朗读)?(?:一?[张幅个段首])?(?:关于)?"
)


def fill(tool: Tool, clause: str, whole: str, known: Mapping[str, str]) -> list[tuple[dict[str, Any], str]]:
    """One or more sets of arguments, each with what is missing (a question), if anything."""
    properties = tool.schema.get("properties")
    properties = properties if isinstance(properties, Mapping) else {}
    required = tool.schema.get("required")
    required = set(required) if isinstance(required, list) else set()
    places = _places(clause)
    several = [name for name in properties if name in required and _is_place(name, properties[name])]
    if len(several) == 1 and len(places) > 1:
        found = []
        for place in places:
            one, missing = _fill(properties, required, clause, whole, known, place)
            found.append((one, missing))
        return found
    return [_fill(properties, required, clause, whole, known, places[0] if places else "")]


def _fill(
    properties: Mapping[str, Any], required: set[str], clause: str, whole: str, known: Mapping[str, str], place: str
) -> tuple[dict[str, Any], str]:
    arguments: dict[str, Any] = {}
    missing = ""
    for name, schema in properties.items():
        schema = schema if isinstance(schema, Mapping) else {}
        value = _value(name, schema, clause, name in required, known, place)
        if value is None and name in required:
            value = schema.get("default")
        if value is None and name in required:
            if _is_place(name, schema):
                missing = missing or "Which place do you mean?"
                continue
            value = _fallback(schema, whole)
        if value is not None:
            arguments[name] = value
    return arguments, missing


def _kind(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "string")
    if kind is None:
        for option in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
            if isinstance(option, Mapping) and option.get("type") not in (None, "null"):
                return str(option["type"])
    return str(kind or "string")


def _is_place(name: str, schema: Any) -> bool:
    kind = _kind(schema) if isinstance(schema, Mapping) else ""
    return (
        kind == "string"
        and bool(_PLACE_WORDS.search(name))
        and not (isinstance(schema, Mapping) and schema.get("enum"))
    )


def _value(
    name: str, schema: Mapping[str, Any], clause: str, required: bool, known: Mapping[str, str], place: str
) -> Any:
    choices = schema.get("enum")
    if isinstance(choices, list):
        return _choice(name, choices, clause, required)
    match _kind(schema):
        case "integer" | "number":
            return _number(name, schema, clause, required)
        case "boolean":
            return _yes_or_no(name, clause)
        case "array":
            return _list(schema, clause, required)
        case "object":
            inner = schema.get("properties")
            if not required or not isinstance(inner, Mapping):
                return {} if required else None
            return _fill(inner, set(schema.get("required", ())), clause, clause, known, place)[0]
        case "string":
            return _text(name, schema, clause, required, known, place)
    return None


def _choice(name: str, choices: list[Any], clause: str, required: bool) -> Any:
    for choice in choices:
        if isinstance(choice, str) and re.search(
            rf"(?<![\w:]){re.escape(choice.replace('_', ' '))}(?![\w:])", clause.replace("_", " "), re.I
        ):
            return choice
    if "duration" in name.lower() and (seconds := re.search(r"(\d+)[\s-]*(?:s|sec|second)s?\b", clause, re.I)):
        return next((choice for choice in choices if str(choice) == seconds[1]), choices[0] if required else None)
    if "ratio" in name.lower():
        wanted = next((ratio for word, ratio in _RATIOS.items() if re.search(rf"\b{word}\b", clause, re.I)), None)
        if wanted in choices:
            return wanted
    return choices[0] if required and choices else None


def _number(name: str, schema: Mapping[str, Any], clause: str, required: bool) -> int | float | None:
    found: float | None = None
    lower = name.lower()
    pair = re.search(r"(\d{2,5})\s*[x×]\s*(\d{2,5})", clause)
    if pair and ("width" in lower or "height" in lower):
        found = float(pair[1] if "width" in lower else pair[2])
    elif "duration" in lower or "seconds" in lower or lower.endswith("_s"):
        seconds = re.search(r"(\d+(?:\.\d+)?)[\s-]*(?:s|sec|second)s?\b", clause, re.I)
        found = float(seconds[1]) if seconds else None
    elif (
        lower in ("n", "count", "number", "amount", "how_many", "quantity", "limit", "days", "num", "k")
        or "num" in lower
    ):
        plain = number_in(re.sub(r"\b\d+:\d+\b|\b\d+\s*(?:s|sec|seconds?)\b", "", clause))
        found = float(plain) if plain is not None else None
    elif named := re.search(
        rf"\b{re.escape(lower.replace('_', ' '))}\s*(?:of|=|:|is)?\s*(-?\d+(?:\.\d+)?)", clause, re.I
    ):
        found = float(named[1])
    elif required:
        digits = re.search(r"-?\d+(?:\.\d+)?", clause)
        found = float(digits[0]) if digits else None
    if found is None:
        if not required or "default" in schema:
            return None
        found = float(schema.get("minimum", 1))
    low, high = schema.get("minimum"), schema.get("maximum")
    found = max(found, low) if isinstance(low, int | float) else found
    found = min(found, high) if isinstance(high, int | float) else found
    return int(found) if _kind(schema) == "integer" or found == int(found) else found


def _yes_or_no(name: str, clause: str) -> bool | None:
    plain = re.escape(name.lower().replace("_", " ").removeprefix("is ").removeprefix("with "))
    if re.search(rf"\b(?:no|not|without)\s+(?:an?\s+|any\s+)?{plain}", clause, re.I):
        return False
    return True if re.search(rf"\b{plain}\b", clause, re.I) else None


def _list(schema: Mapping[str, Any], clause: str, required: bool) -> list[Any] | None:
    if not required:
        return None
    inner = schema.get("items")
    kind = _kind(inner) if isinstance(inner, Mapping) else "string"
    if kind in ("integer", "number"):
        numbers = [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", clause)]
        return [int(number) if number == int(number) else number for number in numbers]
    return [part for part in items(_object(clause)) if part]


def _text(
    name: str, schema: Mapping[str, Any], clause: str, required: bool, known: Mapping[str, str], place: str
) -> str | None:
    lower = name.lower()
    if _is_place(name, schema):
        if "origin" in lower or lower.startswith("from"):
            found = re.search(rf"\bfrom\s+({_NAME}(?:\s+{_NAME})*)", clause)
            return found[1] if found else None
        if "destination" in lower or lower.startswith("to"):
            found = re.search(rf"\bto\s+({_NAME}(?:\s+{_NAME})*)", clause)
            return found[1] if found else (place or None)
        if place:
            return place
        here = re.search(r"\b(here|my (?:place|town|city)|at home|outside)\b", clause, re.I)
        return known.get("home") if here or required else None
    if re.search(r"date|day$|when", lower):
        day = _DAYS.search(clause)
        return day[1] if day else None
    if "email" in lower or lower == "to":
        mail = re.search(r"[\w.+-]+@[\w-]+\.[\w.]+", clause)
        return mail[0] if mail else None
    if "url" in lower or "link" in lower:
        link = re.search(r"https?://\S+", clause)
        return link[0] if link else None
    if "ratio" in lower:
        ratio = re.search(r"\b\d+:\d+\b", clause)
        return (
            ratio[0]
            if ratio
            else next((value for word, value in _RATIOS.items() if re.search(rf"\b{word}\b", clause, re.I)), None)
        )
    if "voice" in lower:
        voice = re.search(r"\bvoice\s+[\"“]?([\w-]+)|\bin\s+([\w-]+)(?:'s|’s) voice", clause, re.I)
        return (voice[1] or voice[2]) if voice else None
    if "language" in lower or lower == "lang":
        language = re.search(
            r"\b(?:in|into|to)\s+(English|German|French|Spanish|Chinese|Japanese|Italian|Portuguese|Korean)\b",
            clause,
            re.I,
        )
        return language[1] if language else None
    if "expression" in lower:
        maths = re.search(r"[-\d(][\d\s.+\-*/^%()x×÷]*[\d)]", clause)
        return maths[0] if maths else _object(clause)
    if "lyrics" in lower and not required:
        return None
    if required or (_FREE_TEXT.search(lower) and lower not in ("negative_prompt", "title")):
        return _object(clause) if required or lower in ("prompt", "text", "query", "q") else None
    return None


def _object(clause: str) -> str:
    """What is to be made, said or found, without the asking around it."""
    given = given_text(clause)
    if given:
        return given
    chinese = _LEAD_CHINESE.sub("", clause)
    if chinese != clause:
        return re.sub(r"的(?:图片|图|画|视频|歌|音乐)[。！!]?$", "", chinese).strip("。！? ") or clause
    rest = _LEAD.sub("", clause, count=1)
    rest = re.sub(r"\s+(?:in|from) (?:the|my|our) library\b|\s*,?\s*please\s*", " ", rest, flags=re.I)
    rest = rest.strip().rstrip("?.! ").strip()
    return rest or clause.strip()


def _places(clause: str) -> list[str]:
    found = _PLACE.search(clause)
    if found:
        return [part.strip(" .,?") for part in re.split(r"\s+and\s+|,\s+(?=[A-Z])", found[1]) if part.strip(" .,?")]
    chinese = re.search(r"([\u4e00-\u9fff]{2,6}?)(?:的|今天|明天|现在)*天气", clause)
    if chinese:
        return [re.sub(r"^(?:请问|查一下|看看)", "", chinese[1]).rstrip("的")]
    lower = re.search(
        r"\b(?:weather|forecast|temperature)\s+(?:like\s+)?(?:in|for|"
        r"at)\s+([a-zà-ÿ][\w' -]{2,30}?)(?:\s+(?:today|tomorrow|now|and)\b|[?.,!]|$)",
        clause,
    )
    if lower:
        return [lower[1].strip().title()]
    named = re.search(r"\b\w+_\w+\b.*?\b(?:in|for|at|of|with)\s+([a-zà-ÿ][\w' -]{2,30})", clause)
    if named:
        return [named[1].strip().title()]
    names = re.findall(rf"(?<=\s)({_NAME}(?:\s+{_NAME})*)", clause)
    names = [name.strip(" ?.,!") for name in names if name.strip(" ?.,!") not in ("I", "I'm", "I’m")]
    return names[:1] if re.search(r"\b(weather|forecast|warm|cold|rain)\b", clause, re.I) else []


def _fallback(schema: Mapping[str, Any], whole: str) -> Any:
    examples = schema.get("examples")
    if isinstance(examples, list) and examples:
        return examples[0]
    match _kind(schema):
        case "string":
            return _object(whole)
        case "boolean":
            return False
        case "array":
            return []
        case "object":
            return {}
    return 1
