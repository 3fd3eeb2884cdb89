"""Answers from the pages and the catalogue, with the page named."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache

from apps.sandbox.chatting.guide.language import grouped, joined, stem, stems
from apps.sandbox.chatting.guide.pages import THINKING, Section, chat_models, price_sentence, sections, voices
from apps.sandbox.chatting.guide.task import Finding, Task
from apps.sandbox.chatting.tokens import HAN

ENOUGH = 0.55  # of what a question is about, weighed, has to occur in the section
_SYNONYMS = {  # words of people, words of the pages
    "cost": "price",
    "pay": "price",
    "expensive": "price",
    "cheap": "price",
    "picture": "image",
    "photo": "image",
    "film": "video",
    "song": "music",
    "restore": "backup",
    "back": "backup",
    "copy": "backup",
    "start": "run",
    "install": "run",
    "launch": "run",
    "password": "password",
    "length": "character",
    "long": "character",
    "secret": "key",
    "token": "token",
    "log": "log",
    "context": "window",
    "https": "https",
    "ssl": "https",
    "tls": "https",
    "update": "upgrade",
    "postgres": "postgresql",
}
_SAME = {stem(word): stem(known) for word, known in _SYNONYMS.items()}
_CHINESE = {
    "备份": "make a backup",
    "密钥": "key",
    "声音": "system voices",
    "音色": "system voices",
    "语音": "speech models",
    "视频": "video models",
    "图片": "image picture",
    "图像": "image picture",
    "音乐": "music models",
    "价格": "price",
    "多少钱": "price",
    "限制": "rate limit",
    "端口": "port",
    "升级": "upgrades",
    "安装": "make run",
    "启动": "make run",
    "沙箱": "sandbox",
    "日志": "log",
    "数据库": "database",
    "错误": "error",
    "模型": "models",
    "上下文": "window",
}
_HAN = re.compile(f"[{HAN}]")
_MODEL = re.compile(r"\b(?:MiniMax[- ]?)?(M3|M2(?:\.[157])?(?:[- ]?highspeed)?|M2-her)\b", re.I)
_STUDIO = re.compile(
    r"\bwhat (?:can|does|is) (?:this|the) studio\b|"
    r"\bwhat can (?:i|we|one) (?:do|make|create) (?:here|in this|in the|with this)\b|"
    r"这个工作室(?:能|可以|是)",
    re.I,
)
_FIELDS = {
    "price": r"price|cost|expensive|cheap|pay\b|多少钱|价格|费用",
    "window": r"context|window|上下文|窗口",
    "output": r"output|how long .*(?:answer|repl)|max_tokens|输出",
    "thinking": r"\bthink|reason|思考",
    "speed": r"speed|fast|tokens (?:a|per) second|速度|多快",
    "inputs": r"images?|pictures?|videos?|see|vision|inputs?|takes?\b|图片|视频",
}


@dataclass(frozen=True)
class _Entry:
    section: Section
    counts: Counter[str]
    title: frozenset[str]
    passages: tuple[frozenset[str], ...]
    size: int


def _terms(text: str) -> list[str]:
    return [_SAME.get(term, term) for term in stems(text.replace("Windows", "MSWindows"))]


@cache
def _index() -> tuple[list[_Entry], dict[str, float], float]:
    entries = []
    for section in sections():
        counts = Counter(_terms(f"{section.title} {' '.join(section.passages)}"))
        page = section.page.rsplit("/", 1)[-1].removesuffix(".md")
        title = frozenset(_terms(f"{section.title} {page.replace('-', ' ')}"))
        passages = tuple(frozenset(_terms(passage)) for passage in section.passages)
        entries.append(_Entry(section, counts, title, passages, sum(counts.values())))
    seen = Counter(term for entry in entries for term in set(entry.counts) | entry.title)
    weights = {term: math.log(1 + (len(entries) - n + 0.5) / (n + 0.5)) for term, n in seen.items()}
    return entries, weights, sum(entry.size for entry in entries) / max(1, len(entries))


def look_up(task: Task) -> Finding | None:
    text = _resolved(task)
    known = _about_studio(task) or _about_model(task, text) or _about_models(task, text) or _about_voices(task, text)
    if known or text == task.text or not re.match(r"\s*(?:and|what about|how about)\b", task.text, re.I):
        return known or _from_pages(task, text)
    return _from_pages(task, task.text) or _from_pages(task, text)


def _about_studio(task: Task) -> Finding | None:
    if not _STUDIO.search(task.text):
        return None
    first = next((section for section in sections() if section.page.endswith("README.md")), None)
    if first is None:
        return None
    lead = "文档里（英文）这样写：\n\n" if task.chinese else ""
    return _with_source(lead + " ".join(first.passages[:3]), first.source, task, ["They ask what this studio is for."])


def _resolved(task: Task) -> str:
    """The question, with what it leaves to the one before."""
    text = task.text
    for chinese, english in _CHINESE.items():
        if chinese in text:
            text += f" {english}"
    previous = task.earlier_requests[-1] if task.earlier_requests else ""
    elliptic = re.match(r"\s*(?:and|what about|how about|also)\b|那|呢", text, re.I) or re.search(
        r"\b(?:it|its|that|this|they|them|those)\b", text, re.I
    )
    if not previous or not elliptic:
        return text
    here, there = _MODEL.search(text), _last_model(task)
    if here and there and not _field(text):
        return previous.replace(there[0], here[0])
    if there and not here and _field(text):
        return f"{text} {there[0]}"
    return f"{text} {previous}" if len(stems(text)) <= 2 else text


def _last_model(task: Task) -> re.Match[str] | None:
    said = [task.last_reply, *reversed(task.earlier_requests)]
    return next((found for text in said if (found := _MODEL.search(text))), None)


def _field(text: str) -> str:
    return next((name for name, pattern in _FIELDS.items() if re.search(pattern, text, re.I)), "")


def _models_named(text: str) -> list[str]:
    found = []
    for match in _MODEL.finditer(text):
        wanted = f"minimax-{match[1]}".lower().replace(" ", "-").replace("minimax-m2-her", "m2-her")
        wanted = re.sub(r"(?<!-)highspeed", "-highspeed", wanted)
        found += [name for name in chat_models() if name.lower() == wanted]
    return list(dict.fromkeys(found))


def _about_model(task: Task, text: str) -> Finding | None:
    named = _models_named(text)
    if not named:
        return None
    field = _field(text)
    if len(named) > 1 and (not field or re.search(r"compar|differ|versus|\bvs\b|比较|区别", text, re.I)):
        return _compared(named)
    answers = [_field_sentence(name, field, task.chinese) for name in named]
    source = f"the catalogue, “chat model {named[0]}”"
    return _with_source(
        "\n\n".join(answers), source, task, [f"The question is about {joined(named)}: {field or 'in general'}."]
    )


def _field_sentence(name: str, field: str, chinese: bool) -> str:
    model = chat_models()[name]
    if chinese:
        price = model["price"]
        return {
            "price": f"{name} 的价格：每百万输入 token {price.get('input')} "
            f"美元，每百万输出 token {price.get('output')} 美元。",
            "speed": f"{name} 每秒大约写 {model['speed']} 个 token。",
        }.get(
            field,
            f"{name} 的上下文窗口有 {grouped(model['window'])} 个 token，最多输出 {grouped(model['output'])} 个。",
        )
    inputs = f"{name} takes {joined(model['inputs'])}."
    match field:
        case "price":
            return price_sentence(name)
        case "window":
            return f"The window of {name} holds {grouped(model['window'])} tokens, input and output together."
        case "output":
            return f"{name} writes at most {grouped(model['output'])} tokens in one answer, thinking included."
        case "thinking":
            return f"{name}: {THINKING[model['thinking']]}."
        case "speed":
            return f"{name} writes about {model['speed']} tokens a second."
        case "inputs":
            return inputs if "image" in model["inputs"] else f"{inputs} It does not take images or videos."
    window = f"Its window holds {grouped(model['window'])} tokens."
    return f"**{name}**: {model['description']} {window} {inputs} {price_sentence(name)}"


def _compared(named: list[str]) -> Finding:
    rows = [
        "| Model | Window | Most output | Input $/M | Output $/M | Tokens/s | Takes |",
        "|---|--:|--:|--:|--:|--:|---|",
    ]
    for name in named:
        model = chat_models()[name]
        price = model["price"]
        rows.append(
            f"| {name} | {grouped(model['window'])} | {grouped(model['output'])} | {price.get('input', '')} | "
            f"{price.get('output', '')} | {model['speed']} | {', '.join(model['inputs'])} |"
        )
    table = "\n".join(rows)
    return Finding(
        f"{table}\n\nSource: the catalogue, chat models", ["Several models are named; a table compares them."]
    )


def _about_models(task: Task, text: str) -> Finding | None:
    if not re.search(
        r"\b(?:which|what|list|show|all|compare)\b.*\b(?:chat |language |text )?models\b|哪些模型|有什么模型",
        text,
        re.I,
    ):
        return None
    if re.search(r"\b(?:speech|voice|image|picture|video|music|song)s?\b", text, re.I):
        return None
    return _compared(list(chat_models()))


def _about_voices(task: Task, text: str) -> Finding | None:
    if not re.search(r"\bvoices?\b|音色|声音", text, re.I) or re.search(r"\bclon|\bdesign|\bcost|\bprice", text, re.I):
        return None
    language = next((name for name in voices() if re.search(rf"\b{re.escape(name)}\b", text, re.I)), "")
    if not language and not re.search(r"how many|which|list|what|有多少|哪些", text, re.I):
        return None
    source = "the catalogue, “system voices”"
    thoughts = [f"They ask about voices{f' in {language}' if language else ''}; the catalogue lists them."]
    if not language:
        total = sum(len(group) for group in voices().values())
        most = sorted(voices().items(), key=lambda pair: -len(pair[1]))[:6]
        shown = joined(f"{name} ({len(group)})" for name, group in most)
        if task.chinese:
            return _with_source(f"一共有 {total} 个系统音色，{len(voices())} 种语言。", source, task, thoughts)
        answer = f"There are {total} system voices in {len(voices())} languages; the most are in {shown}."
        return _with_source(answer, source, task, thoughts)
    group = voices()[language]
    if re.search(r"\blist\b|which|all\b", text, re.I):
        lines = "\n".join(
            f"- {voice['name']} (`{voice['id']}`, {voice['gender'] or 'not stated'})" for voice in group[:30]
        )
        more = f"\n\n… and {len(group) - 30} more." if len(group) > 30 else ""
        return _with_source(f"{language} has {len(group)} voices:\n\n{lines}{more}", source, task, thoughts)
    names = joined(voice["name"] for voice in group[:3])
    return _with_source(f"{language} has {len(group)} voices, for example {names}.", source, task, thoughts)


def _from_pages(task: Task, text: str) -> Finding | None:
    entries, weights, usual = _index()
    wanted = [term for term in dict.fromkeys(_terms(text)) if term not in _EMPTY and not _HAN.match(term)]
    rarest = max(weights.values(), default=1.0)
    if not wanted:
        return None
    need = sum(weights.get(term, rarest) for term in wanted)

    def score(entry: _Entry) -> float:
        total = 0.0
        for term in wanted:
            count = entry.counts[term] + (4 if term in entry.title else 0)
            if count:
                total += weights[term] * count * 2.2 / (count + 1.2 * (0.6 + 0.4 * entry.size / usual))
        if set(wanted) <= entry.title:
            total += 2 * need
        return total + 2 * max(sum(weights[term] for term in wanted if term in passage) for passage in entry.passages)

    ranked = sorted(entries, key=score, reverse=True)
    best = ranked[0]
    matched = sum(weights[term] for term in wanted if best.counts[term] or term in best.title)
    if matched / need < ENOUGH or (len(wanted) == 1 and wanted[0] not in best.title and best.counts[wanted[0]] < 2):
        return None
    chosen = _passages(task.text, best, wanted, weights, 12 if task.long else _MOST.get(_generation(task.ask.model), 3))
    thoughts = [
        f"I look for {joined(wanted[:6])} in the project's pages and the catalogue.",
        f"The best place is {best.section.source}"
        + (f", before {ranked[1].section.source}." if len(ranked) > 1 and score(ranked[1]) > 0 else "."),
    ]
    lead = "文档里（英文）这样写：\n\n" if task.chinese else ""
    return _with_source(lead + chosen, best.section.source, task, thoughts)


_EMPTY = {
    stem(word)
    for word in [
        "studio",
        "platform",
        "minimax",
        "explain",
        "describe",
        "question",
        "thing",
        "way",
        "work",
        "happen",
        "mean",
        "use",
        "possible",
    ]
}
_MOST = {"M3": 3, "M2.7": 3, "M2.5": 2, "M2.1": 2, "M2": 1}


def _generation(model: str) -> str:
    return model.removeprefix("MiniMax-").removesuffix("-highspeed")


def _passages(question: str, entry: _Entry, wanted: list[str], weights: dict[str, float], most: int) -> str:
    passages = entry.section.passages
    defining = bool(re.match(r"\s*(?:what(?:'s|’s| is| are)|explain|describe)\b", question, re.I))

    def worth(number: int) -> float:
        if passages[number].startswith("```"):
            return 0.0 if defining else 0.1
        found = sum(weights.get(term, 0) for term in wanted if term in entry.passages[number])
        return found - number * (0.6 if defining else 0.01)

    best = sorted(range(len(passages)), key=worth, reverse=True)[:most]
    if worth(best[0]) > 0.5:
        best = [number for number in best if worth(number) > worth(best[0]) * 0.6]
    for number in list(best):  # a sentence that leads to a block wants its block
        if passages[number].endswith(":") and number + 1 < len(passages):
            best.append(number + 1)
    shown = [passages[number] for number in sorted(set(best))]
    if any(passage.startswith("```") for passage in shown):
        return "\n\n".join(shown)
    if len(shown) > 1 and any(": " in passage[:60] for passage in shown):
        return "\n".join(f"- {passage}" for passage in shown)
    return " ".join(shown)


def _with_source(text: str, source: str, task: Task, thoughts: list[str]) -> Finding:
    label = "来源：" if task.chinese else "Source: "
    return Finding(f"{text}\n\n{label}{source}", thoughts)
