"""Greetings, questions about the guide itself, the clock, and what it says when it has no answer."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from apps.sandbox.chatting.guide.memory import facts
from apps.sandbox.chatting.guide.task import Finding, Task

WHAT_I_AM = (
    "I am the guide of the sandbox: a small program by rule that stands in for {model}, not a language model. "
    "I know this project's own pages and the catalogue of models, "
    "prices, limits and voices, and I name the page I quote. "
    "I also follow the conversation, calculate, count, sort, make tables and JSON, write small poems and filler text, "
    "and call tools that are offered to me."
)
WHAT_I_AM_CHINESE = (
    "我是沙箱里的向导：一个按规则工作的小程序，代替 {model}，不是大语言模型。"
    "我会回答关于这个工作室和平台的问题，也会算数、数字数、排序、写小诗，还会调用提供给我的工具。"
)
_UNKNOWN = (
    "I do not know that. I am a small program in the sandbox, not "
    "a language model: ask me about this studio or the platform, "
    "or give me something to calculate, count, sort or write.",
    "That is beyond me. I stand in for a model in the sandbox and know only the project's pages and the catalogue. "
    "Try a question about models, prices, voices or running the studio.",
    "I have no answer to that: I work by rule, and no rule of mine fits. I can tell you about this studio, do sums, "
    "work on a text, or call tools.",
)
_UNKNOWN_CHINESE = (
    "这个我不知道。我是沙箱里的小程序，不是大语言模型。你可以问我关于工作室、模型、价格或音色的问题，也可以让我算数。"
)


def small_talk(task: Task) -> Finding | None:
    text = task.text.strip().lower().rstrip("!.?！。？ ").replace("’", "'")
    if len(text) > 160:
        return None
    name = facts([*task.earlier_requests, task.text]).get("name", "")
    if re.fullmatch(
        r"(hi|hello|hey|hi there|hello there|good (morning|afternoon|"
        r"evening)|你好|您好|嗨|早上好)( (there|you|guide|again|everyone))?",
        text,
    ):
        if task.chinese:
            return Finding("你好！我是沙箱里的向导。想问什么？", ["打招呼，我也问好。"])
        greeting = task.chance.choice(("Hello", "Hi", "Good to see you"))
        who = f", {name}" if name else ""
        return Finding(
            f"{greeting}{who}! I am the guide of this sandbox. What would you like to know?",
            ["A greeting; I greet back."],
        )
    if re.search(
        r"\b(who are you|what are you|are you (?:an? )?(?:ai|llm|"
        r"language model|real|human|robot|bot|gpt|claude|minimax)|"
        r"introduce yourself|your name|what can you do|what do you do|"
        r"which model are you)\b|你是谁|你是什么|你叫什么|你会什么|你能做什么",
        text,
    ):
        model = task.ask.model
        said = WHAT_I_AM_CHINESE if task.chinese else WHAT_I_AM
        return Finding(said.format(model=model), ["They ask about me. I say honestly what I am."])
    if re.fullmatch(r"help|\?|帮助", text):
        return Finding(WHAT_I_AM.format(model=task.ask.model), ["They ask for help; I say what I can do."])
    if re.search(r"^(thanks|thank you|thx|great|cool|nice|perfect|ok|okay|got it|谢谢|好的|多谢)( .{0,20})?$", text):
        return Finding(
            "不客气。" if task.chinese else task.chance.choice(("You are welcome.", "Gladly.", "Any time.")),
            ["They thank me."],
        )
    if re.search(r"^(bye|goodbye|see you|good night|再见|拜拜)( .{0,20})?$", text):
        return Finding("再见！" if task.chinese else f"Goodbye{f', {name}' if name else ''}.", ["They say goodbye."])
    if re.search(r"\bhow are you\b|你好吗", text):
        return Finding(
            "我很好，谢谢。" if task.chinese else "I run well, thank you. How can I help?", ["A friendly question."]
        )
    if re.search(
        r"\bwhat (?:day|date|time) is it\b|what is the (?:date|time)\b|what's the (?:date|time)\b|今天几号|几点", text
    ):
        now = datetime.now(UTC)
        return Finding(f"By this computer's clock it is {now:%A, %-d %B %Y, %H:%M} UTC.", ["I look at the clock."])
    if re.search(r"\b(weather|forecast)\b|天气", text) and not task.ask.tools:
        said = "I cannot look at the weather: no tool for it was offered to me."
        said = "我看不到天气：没有提供这样的工具。" if task.chinese else said
        return Finding(said, ["They ask about the weather. I have no such tool."])
    if re.search(r"\btell (?:me )?(?:a |another )?joke\b|笑话", text):
        return Finding(task.chance.choice(_JOKES), ["A joke is wanted; I know three."])
    if re.search(r"\b(?:pick|choose|random|roll|flip)\b.*\b(?:number|dice|die|coin)\b", text):
        if "coin" in text:
            return Finding(task.chance.choice(("Heads.", "Tails.")), ["I flip a coin."])
        return Finding(f"{task.chance.randint(1, 6 if 'di' in text else 100)}.", ["I draw a number."])
    return None


_JOKES = (
    "Why did the token cross the window? To get to the other slide.",
    "A model walks into a bar. The barkeeper asks: “What will it be?” The model: “Probably a beer.”",
    "I would tell you a joke about UDP, but I do not know whether you would get it.",
)


def look_at(task: Task) -> Finding | None:
    """Pictures and videos that came along."""
    turn = task.ask.last
    if not turn.pictures and not turn.videos:
        return None
    seen = [picture.about for picture in turn.pictures if picture.about]
    unseen = len(turn.pictures) - len(seen)
    if task.chinese:
        return Finding(
            f"我收到了 {len(turn.pictures)} 张图片，但我只能量尺寸和颜色，看不懂内容。", ["附了图片，我只能测量。"]
        )
    lines = [f"a {about}" for about in seen]
    lines += ["a picture behind an address, which I do not open"] * unseen
    lines += ["a video, which I cannot play"] * turn.videos
    listed = "\n".join(f"- {line}" for line in lines)
    return Finding(
        f"You sent:\n\n{listed}\n\nI can measure pictures, but I cannot see what is on them.",
        ["Pictures came along. I know their size and main colour, not what they show."],
    )


def no_answer(task: Task) -> Finding:
    if re.match(r"(?:the|my|our|we|i|it|there|this|that|he|she|they|today|tomorrow)\b[^?]*\.?$", task.text, re.I):
        return Finding(
            "I take note of that, for this conversation. Ask me about it later.",
            ["They tell me something and ask nothing. I keep it in mind."],
        )
    if task.chinese:
        return Finding(_UNKNOWN_CHINESE, ["我没有合适的规则，就老实说。"])
    return Finding(task.chance.choice(_UNKNOWN), ["None of my rules fits, and the pages do not speak of it. I say so."])
