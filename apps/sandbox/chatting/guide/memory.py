"""What people said about themselves in this conversation. Nothing is kept beyond it."""

from __future__ import annotations

import re

from apps.sandbox.chatting.guide.language import joined, sentences, stems, words
from apps.sandbox.chatting.guide.task import Finding, Task

LOOKED_AT = 4000  # characters of each message

_END = r"(?=[.,;!?。，！]|\s+(?:and|but|so)\b|$)"
_SAID = [
    (
        re.compile(rf"\b(?:my name is|my name's|call me|i am called|i'm called)\s+([\w' -]{{1,40}}?){_END}", re.I),
        "name",
    ),
    (re.compile(r"\b(?:I am|I'm|I’m)\s+([A-Z][a-z]+)\b"), "name"),
    (re.compile(r"(?:我叫|我的名字是|叫我)\s*([\w\u4e00-\u9fff·]{1,12})"), "name"),
    (re.compile(rf"\bi (?:live|am based) in\s+([\w' -]{{1,40}}?){_END}", re.I), "home"),
    (re.compile(r"我住在\s*([\u4e00-\u9fff\w]{1,12})"), "home"),
    (re.compile(rf"\bi work (?:at|for|as)\s+([\w' -]{{1,40}}?){_END}", re.I), "work"),
    (re.compile(rf"\bi (?:like|love)\s+([\w' -]{{1,40}}?){_END}", re.I), "likes"),
]
_MINE = re.compile(rf"\bmy\s+([\w' -]{{2,40}}?)\s+(?:is|are|was)\s+([\w'’:./ -]{{1,60}}?){_END}", re.I)
_REMEMBER = re.compile(r"\b(?:remember|note|keep in mind)(?:\s+that)?[:,]?\s+(.{3,200})", re.I | re.S)
_NOT_NAMES = {"sorry", "here", "fine", "sure", "ready", "done", "happy", "not", "just"}


def facts(requests: list[str]) -> dict[str, str]:
    known: dict[str, str] = {}
    for request in requests:
        for sentence in sentences(request[:LOOKED_AT]):
            if sentence.endswith(("?", "？")):
                continue
            for pattern, key in _SAID:
                found = pattern.search(sentence)
                if found and found[1].lower() not in _NOT_NAMES and not re.match(r"什么|谁", found[1]):
                    known[key] = found[1].strip()
            for subject, value in _MINE.findall(sentence):
                if subject.lower() != "name":
                    known[subject.strip().lower()] = value.strip()
    return known


def said_before(task: Task) -> Finding | None:
    """A question whose words the person used in a statement before."""
    wanted = set(stems(task.text))
    if not task.text.strip().endswith("?") or not wanted:
        return None
    for request in reversed(task.earlier_requests):
        for sentence in sentences(request[:LOOKED_AT]):
            if not sentence.endswith(("?", "？")) and wanted <= set(stems(sentence)) and len(words(sentence)) > 3:
                told = _REMEMBER.search(sentence)
                quoted = (told[1] if told else sentence).strip().rstrip(".")
                return Finding(f"You said: “{_cut(quoted)}.”", ["They told me this earlier in the conversation."])
    return None


def recall(task: Task) -> Finding | None:
    text = task.text.strip()
    known = facts([*task.earlier_requests, text])
    question = text.lower().replace("’", "'")
    if re.search(
        r"\b(what(?:'s| is) my name|who am i|do you know my name|remember my name)\b|我叫什么|我是谁|我的名字", question
    ):
        return _told(task, "name", known)
    if re.search(r"\bwhere (?:do|did) i live\b|我住在哪", question):
        return _told(task, "home", known)
    found = re.search(
        r"\b(?:what|which|who|when|where)(?:'s| is| are| was| were)\s+my\s+([\w' -]+?)\s*[?.]*$", question
    )
    if found:
        return _told(task, found[1].strip(), known)
    if re.search(r"\bwhat do i (?:like|love)\b", question):
        return _told(task, "likes", known)
    if re.search(r"\bwhat do you (?:know|remember) about me\b|\bwhat did i tell you\b", question):
        if not known:
            return Finding("You have told me nothing about yourself in this conversation.", ["I look for facts: none."])
        lines = "\n".join(f"- {_label(key)}: {value}" for key, value in known.items())
        return Finding(f"From this conversation I know:\n\n{lines}", ["I collect what was said earlier."])
    said = re.search(r"\bwhat (?:did i|was my) (?:first |last )?(?:say|ask|question|message|write)\b.*", question)
    said = said or re.search(
        r"\bwhat was the (?:first|last) thing i (?:said|asked)\b|\bmy (?:first|last|previous) (?:question|message)\b",
        question,
    )
    if said and task.earlier_requests:
        first = "first" in question
        quoted = task.earlier_requests[0 if first else -1]
        return Finding(f"You wrote: “{_cut(quoted)}”", ["I look back through the conversation."])
    if re.search(r"\bwhat did you (?:just )?(?:say|answer|write)\b", question) and task.last_reply:
        return Finding(f"I wrote: “{_cut(task.last_reply)}”", ["I look back at my last answer."])
    return _noted(task, text)


def _noted(task: Task, text: str) -> Finding | None:
    told = facts([text])
    remember = _REMEMBER.search(text)
    if remember and not text.endswith("?"):
        return Finding(f"Noted for this conversation: {remember[1].strip().rstrip('.')}.", ["A fact to keep in mind."])
    rest = re.sub(r"[^?？]", "", text)
    if not told or rest or len(words(text)) > 30:
        return None
    if task.chinese:
        name = told.get("name")
        return Finding(f"你好，{name}！我记住了。" if name else "好的，我记住了。", ["他告诉了我一些事，我记下来。"])
    greeting = f"Nice to meet you, {told['name']}." if "name" in told else "Good to know."
    others = [f"your {_label(key)} is {value}" for key, value in told.items() if key in told and key not in _SPOKEN]
    others += [_SPOKEN[key].format(told[key]) for key in told if key in _SPOKEN and key != "name"]
    more = f" I will remember that {joined(others)}." if others else " I will remember it in this conversation."
    return Finding(greeting + more, [f"The person tells me {joined(_label(key) for key in told)}; I keep it."])


_SPOKEN = {
    "name": "you are {}",
    "home": "you live in {}",
    "work": "you work at {}",
    "likes": "you like {}",
}


def _label(key: str) -> str:
    return {"home": "home", "likes": "liking"}.get(key, key)


def _told(task: Task, key: str, known: dict[str, str]) -> Finding:
    thoughts = [f"They ask for something they told me: {key}. I look through what was said."]
    value = known.get(key) or next((known[name] for name in known if name in key or key in name), None)
    if value is None:
        text = "你还没有告诉我。" if task.chinese else f"You have not told me your {_label(key)} in this conversation."
        return Finding(text, [*thoughts, "It was not said."])
    if task.chinese:
        return Finding(f"你说过：{value}。", thoughts)
    if key in _SPOKEN:
        sentence = _SPOKEN[key].format(f"**{value}**")
        return Finding(f"{sentence[0].upper()}{sentence[1:]}.", thoughts)
    return Finding(f"Your {key} is **{value}**.", thoughts)


def _cut(text: str) -> str:
    return text if len(text) <= 400 else text[:400].rstrip() + "…"
