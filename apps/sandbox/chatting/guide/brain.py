"""The guide: it reads a conversation and answers. It is a small program by rule, and says so when asked."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from random import Random

from apps.sandbox.chatting.conversation import Ask, Reply, ToolCall, Turn
from apps.sandbox.chatting.guide import (
    arithmetic,
    knowledge,
    memory,
    role_play,
    talk,
    textwork,
    tooling,
    verse,
    writing,
)
from apps.sandbox.chatting.guide.language import is_chinese, sentences, words
from apps.sandbox.chatting.guide.task import Finding, Task

VARIANTS = 8  # how many ways there are to say the same at a temperature above 0

_SKILLS: tuple[Callable[[Task], Finding | None], ...] = (
    textwork.echo,
    talk.small_talk,
    memory.recall,
    textwork.translate,
    textwork.summarise,
    textwork.count,
    textwork.rearrange,
    textwork.spelled,
    textwork.shape,
    arithmetic.is_prime,
    arithmetic.calculate,
    verse.compose,
    writing.write_maths,
    writing.write_code,
    writing.write_long,
    memory.said_before,
    knowledge.look_up,
    talk.look_at,
)

_AGAIN = re.compile(
    r"^(?:(?:once|try|do it|do that|say it|and)\s+)*(?:again|once more|"
    r"another(?: one)?|retry|regenerate|one more)(?: please)?$|^(?:再来一[次个首]|再说一遍|重试)$"
)
_SHORTER = re.compile(
    r"\b(?:shorter|more briefly|briefer|too long|in short|make it short)\b|^(?:shorten (?:it|that))|短一点|简短"
)
_LONGER = re.compile(
    r"\b(?:longer|more detail|in detail|elaborate|tell me more|more about (?:it|that)|expand)\b|^more$|详细|长一点"
)
_GO_ON = re.compile(
    r"^(?:please )?(?:continue|go on|carry on|keep going|continue .{0,40}left off.*|继续|接着说)(?: please)?$"
)
_CHINESE_PLEASE = re.compile(
    r"^(?:now )?(?:please )?(?:the same )?(?:and )?(?:answer |"
    r"say it |say that )?in chinese(?: please)?$|^用中文|^说中文"
)
_LAST_REPLY = re.compile(
    r"(?:read |say )?(?:it|this|that|(?:the|"
    r"your) (?:last )?(?:answer|poem|reply|text))(?: aloud| again)?"
)
_WHY = re.compile(r"^(?:why|why is that|how do you know|says who|where is that from|source|为什么)$")


def think(ask: Ask) -> Reply:
    variant = _variant(ask)
    turns = ask.turns
    if turns[-1].role == "assistant":  # a reply that was begun is to be finished
        return _finish(ask, turns[:-1], turns[-1].text)
    if turns[-1].results:
        return _after_tools(ask, variant)
    text = turns[-1].text
    chance = _chance(ask, text, variant)
    reply = _call_tools(ask, text, turns[:-1], chance)
    if reply:
        return reply
    finding = _answer(ask, turns, variant)
    return _styled(ask, text, finding, chance)


def _variant(ask: Ask) -> int:
    if ask.seed is not None:
        return ask.seed % VARIANTS
    return 0 if ask.temperature == 0 else secrets.randbelow(VARIANTS)


def _chance(ask: Ask, text: str, variant: int) -> Random:
    generation = ask.model.removesuffix("-highspeed")  # the quick twin says the same
    return Random(f"{generation}\0{len(ask.turns)}\0{text[:2000]}\0{variant}")  # noqa: S311 - the choice of words


def _task(ask: Ask, turns: tuple[Turn, ...], variant: int, *, long: bool = False) -> Task:
    turn = turns[-1]
    text = turn.text.strip()
    chinese = is_chinese(text) or bool(re.search(r"\b(?:answer|reply|speak) in chinese\b|用中文", ask.system, re.I))
    shown = replace(ask, turns=turns)
    return Task(text, shown, turns[:-1], _chance(ask, text, variant), chinese, long)


def _answer(ask: Ask, turns: tuple[Turn, ...], variant: int, *, long: bool = False) -> Finding:
    task = _task(ask, turns, variant, long=long)
    follow = _follow_up(ask, task, turns, variant)
    if follow:
        return follow
    if len(task.text) > textwork.LONG_CHARACTERS:
        return textwork.long_text(task)
    played = role_play.play(task)
    if played:
        return played
    if not task.text:
        return talk.look_at(task) or Finding(
            "Your message has no text. What would you like to know?", ["There is no text."]
        )
    if task.ask.last.pictures and re.search(r"\b(?:picture|image|photo|see|show|this|describe)\b|图", task.text, re.I):
        return talk.look_at(task) or talk.no_answer(task)
    for skill in _SKILLS:
        found = skill(task)
        if found:
            return found
    return _piece_by_piece(task) or talk.no_answer(task)


def _piece_by_piece(task: Task) -> Finding | None:
    """Several questions in one message, each answered for itself."""
    parts = tooling.clauses(task.text)
    if not 2 <= len(parts) <= 6:
        return None
    found = []
    for part in parts:
        for skill in _SKILLS:
            answer = skill(replace(task, text=part))
            if answer:
                found.append(answer)
                break
    if not found:
        return None
    return Finding(
        "\n\n".join(answer.text for answer in found), [thought for answer in found for thought in answer.thoughts]
    )


# --- what only makes sense after something else -----------------------------------------------------------------------


def _follow_up(ask: Ask, task: Task, turns: tuple[Turn, ...], variant: int) -> Finding | None:
    if len(task.text) > 100 or not task.last_reply:
        return None
    said = re.sub(r"[.!?。！？…]+$", "", task.text.lower().replace("’", "'")).strip()
    before = _before(turns)
    last = textwork.without_source(task.last_reply)
    if _GO_ON.match(said):
        rest = _rest(ask, before, task.last_reply) if before else ""
        if rest:
            return Finding(rest, ["My last answer was cut off; I go on where it ended."], complete=True)
        return Finding("我说完了。" if task.chinese else "That was all I had to say.", ["My last answer was complete."])
    if _WHY.match(said):
        source = re.search(r"(?:Source: |来源：)(.*)\Z", task.last_reply)
        if source:
            return Finding(f"It is written in {source[1].strip()}.", ["They want to know where it comes from."])
        return None
    if _SHORTER.search(said):
        most = 1 if len(sentences(last)) < 8 else 2
        source = re.search(r"\n\n(?:Source: |来源：).*\Z", task.last_reply)
        short = " ".join(textwork.extract(last, most)) + (source[0] if source else "")
        return Finding(short, ["They want it shorter: I keep what matters most."])
    if not before:
        return None
    if _AGAIN.match(said):
        tries = (_answer(ask, before, variant + number) for number in range(len(turns), len(turns) + 5))
        found = next(tries)
        return next((other for other in (found, *tries) if other.text != last), found)
    if _LONGER.search(said):
        return _answer(ask, before, variant, long=True)
    if _CHINESE_PLEASE.match(said):
        switched = replace(ask, system=f"{ask.system} answer in Chinese")
        return _answer(switched, before, variant)
    return None


def _before(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """The conversation up to the request before the last one."""
    for number in range(len(turns) - 2, -1, -1):
        if turns[number].role == "user" and turns[number].text:
            return turns[: number + 1]
    return ()


def _rest(ask: Ask, turns: tuple[Turn, ...], begun: str) -> str:
    """What is missing of an answer that was begun, if it was one of the guide's."""
    begun = re.sub(r"\A<think>.*?</think>\s*", "", begun, flags=re.S)
    for variant in range(VARIANTS):
        chance = _chance(replace(ask, turns=turns), turns[-1].text, variant)
        whole = _styled(ask, turns[-1].text, _answer(replace(ask, turns=turns), turns, variant), chance).text
        if begun and whole.startswith(begun.rstrip()) and len(whole) > len(begun):
            return whole[len(begun) :] if whole.startswith(begun) else whole[len(begun.rstrip()) :]
    return ""


def _finish(ask: Ask, turns: tuple[Turn, ...], begun: str) -> Reply:
    if not turns or turns[-1].role != "user":
        return Reply(text="")
    rest = _rest(ask, turns, begun)
    if not rest and begun:
        answer = _answer(replace(ask, turns=turns), turns, 0)
        rest = ("" if begun[-1:].isspace() else " ") + answer.text
    return Reply(
        text=rest, thinking="The answer was begun already; I go on from its last word." if ask.thinking else ""
    )


# --- tools ------------------------------------------------------------------------------------------------------------


def _call_tools(ask: Ask, text: str, earlier: tuple[Turn, ...], chance: Random) -> Reply | None:
    if not ask.tools or not (text or ask.forced_tool):
        return None
    if len(text) > textwork.LONG_CHARACTERS:
        text = text[:400]
    said = re.sub(r"[.!?。！？]+$", "", text.lower()).strip()
    if _AGAIN.match(said) and earlier:
        text = next((turn.text for turn in reversed(earlier) if turn.role == "user" and turn.text), text)
    elif re.match(r"(?:and|what about|how about)\b", said) and earlier:
        text = _same_with_another(text, earlier)
    calls, thoughts, question = tooling.plan_calls(ask, text, earlier, chance)
    chinese = is_chinese(text)
    thinking = _thoughts(ask, text, thoughts, chinese)
    calls = [_with_last_reply(call, earlier) for call in calls]
    if calls:
        return Reply(thinking, tooling.announcement(calls, chinese), tuple(calls))
    if question:
        return Reply(thinking, "请问是哪个地方？" if chinese else question)
    return None


def _with_last_reply(call: ToolCall, earlier: tuple[Turn, ...]) -> ToolCall:
    """“Read it aloud”: it is what was answered last."""
    last = next((turn.text for turn in reversed(earlier) if turn.role == "assistant" and turn.text), "")
    if not last:
        return call
    meant = textwork.without_source(last)
    filled = {
        name: meant if isinstance(value, str) and _LAST_REPLY.fullmatch(value.lower()) else value
        for name, value in call.arguments.items()
    }
    return replace(call, arguments=filled)


def _same_with_another(text: str, earlier: tuple[Turn, ...]) -> str:
    """“And in Bergen?” after “What's the weather in Oslo?”"""
    previous = next((turn for turn in reversed(earlier) if turn.calls), None)
    asked = next((turn.text for turn in reversed(earlier) if turn.role == "user" and turn.text), "")
    if previous is None or not asked:
        return text
    here = re.search(r"\b(?:in|for|about|at)\s+([A-ZÀ-Þ][\w' -]+)|(?:And|and)\s+([A-ZÀ-Þ][\w' -]+)", text)
    values = [value for value in previous.calls[0].arguments.values() if isinstance(value, str) and value in asked]
    if not here or not values:
        return text
    return asked.replace(values[0], (here[1] or here[2]).strip(" ?.!"))


def _after_tools(ask: Ask, variant: int) -> Reply:
    turns = ask.turns
    request = next((turn.text for turn in reversed(turns) if turn.role == "user" and turn.text), "")
    chinese = is_chinese(request)
    text, thoughts, _ = tooling.report(turns, chinese)
    for part in tooling.clauses(request[: textwork.LONG_CHARACTERS]):  # what needed no tool
        if part != request.strip() and not tooling.plan_calls(ask, part, (), Random(0))[0]:  # noqa: S311
            task = replace(_task(ask, (*turns[:-1], Turn("user", part)), variant), text=part)
            found = next((answer for skill in _PLAIN if (answer := skill(task))), None)
            if found:
                text += f"\n\n{found.text}"
                thoughts += found.thoughts
    return Reply(_thoughts(ask, request, thoughts, chinese), text)


_PLAIN: tuple[Callable[[Task], Finding | None], ...] = (
    arithmetic.calculate,
    textwork.count,
    memory.recall,
    verse.compose,
)


# --- style ------------------------------------------------------------------------------------------------------------


def _thoughts(ask: Ask, text: str, thoughts: list[str], chinese: bool) -> str:
    if not ask.thinking:
        return ""
    shown = " ".join(text.split())
    shown = shown if len(shown) <= 160 else f"{shown[:160]}…"
    lead = f"他们写道：“{shown}”。" if chinese else f"The person writes: “{shown}”."
    if ask.model in ("MiniMax-M2", "MiniMax-M2.5", "MiniMax-M2.5-highspeed"):
        return " ".join([lead, *thoughts])
    last = "我直接回答。" if chinese else "I keep the answer plain and to the point."
    return "\n".join([lead, *thoughts, last])


_OFFERS = ("Shall I go into detail?", "Ask on, if you want to know more.", "Is there more you would like to know?")


def _styled(ask: Ask, text: str, finding: Finding, chance: Random) -> Reply:
    said = finding.text
    chinese = is_chinese(text)
    brief = re.search(r"\b(?:brief|concise|short|one sentence|terse)\b", ask.system, re.I)
    if brief and not finding.complete and len(sentences(said)) > 2:
        source = re.search(r"\n\n(?:Source: |来源：).*\Z", said)
        said = " ".join(textwork.extract(textwork.without_source(said), 2)) + (source[0] if source else "")
    elif ask.model.startswith("MiniMax-M2.7") and not finding.complete and not chinese and len(words(said)) > 25:
        said = f"{said}\n\n{chance.choice(_OFFERS)}"
    marks = re.search(
        r"\b(begin|start|end|finish|close)\b[^.\n]{0,40}?\bwith\b[^\"“\n]{0,30}[\"“]([^\"”]{1,200})[\"”]",
        ask.system,
        re.I,
    )
    if marks:
        said = f"{marks[2]} {said}" if marks[1].lower() in ("begin", "start") else f"{said} {marks[2]}"
    return Reply(_thoughts(ask, text, finding.thoughts, chinese), said)
