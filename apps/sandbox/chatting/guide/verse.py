"""Poems and lyrics by rule: whole lines that rhyme in pairs, with the topic put in."""

from __future__ import annotations

import re
from collections.abc import Sequence

from apps.sandbox.chatting.guide.task import Finding, Task

# Four lines each; the second and the fourth rhyme.
_VERSES = [
    (
        "I think of {topic} when the day begins,",
        "and all the windows fill with light,",
        "a quiet wheel of thoughts that spins",
        "and keeps on turning through the night.",
    ),
    (
        "There is a road that leads to {topic},",
        "it bends and wanders to the sea,",
        "and every step along the gravel",
        "brings back a song I knew to me.",
    ),
    (
        "They say that {topic} never hurries,",
        "it takes the long and winding way,",
        "it puts an end to little worries",
        "and leaves us with a better day.",
    ),
    (
        "O {topic}, what have you been hiding",
        "behind the grey and falling rain?",
        "A door half open, someone writing,",
        "a light, a voice, a distant train.",
    ),
    (
        "I drew a map of {topic} once",
        "with silver ink on paper, high",
        "above the roofs, for many months",
        "I pinned it up against the sky.",
    ),
    (
        "If {topic} had a voice to sing,",
        "it would be low and clear and strong,",
        "and we would sit here listening",
        "until the morning joined the song.",
    ),
    (
        "Some people look for gold and glory,",
        "I look for {topic}, plain and small,",
        "for every end of every story",
        "was written on a garden wall.",
    ),
]
_CHORUSES = [
    (
        "{Topic}, {topic}, stay a while,",
        "we have a song to play,",
        "{topic}, {topic}, with a smile",
        "we sing the night away.",
    ),
    (
        "Oh, give me {topic} in the morning,",
        "oh, give me {topic} late at night,",
        "the bells can ring without a warning,",
        "with you the world is right.",
    ),
    ("Turn it up for {topic},", "turn it up once more,", "we are dancing round for {topic}", "on the kitchen floor."),
]
_HAIKUS = [
    ("a first drop of rain", "the whole garden holds its breath", "then a thousand more"),
    ("an old wooden boat", "rocking by itself all night", "on the quiet lake"),
    ("the last train is gone", "on the platform, two pigeons", "share a piece of bread"),
    ("a lamp in the fog", "somebody is coming home", "footsteps, then a key"),
]
_CHINESE = [
    ("清晨的光落在{topic}上，", "像一封还没拆开的信，", "风从远处慢慢走来，", "轻轻念着{topic}的名。"),
    ("我把{topic}写进一首歌，", "歌里有河，也有桥，", "每一个字都在发亮，", "每一个夜晚都很好。"),
    ("如果{topic}会说话，", "它一定说得很轻，", "我们坐下来慢慢听，", "听到天空都放晴。"),
]


def topic_of(task: Task) -> str:
    about = re.search(
        r"\b(?:about|on|for|of)\s+(?:the\s+topic\s+(?:of\s+)?)?(.+?)(?:\s+(?:with|in|using|that|which)\b.*)?[.?!]*$",
        task.text,
        re.I,
    )
    if about:
        topic = about[1].strip(' "“”')
        if topic.lower() in ("it", "that", "this", "me"):
            return ""
        return " ".join(topic.split()[:6])
    chinese = re.search(r"关于(.+?)的(?:诗|歌)", task.text) or re.search(r"写(?:一首)?(.+?)的(?:诗|歌)", task.text)
    return chinese[1] if chinese else ""


def compose(task: Task) -> Finding | None:
    text = task.text
    kind = re.search(r"\b(poem|verse|haiku|lyrics|song|rhyme|ballad)s?\b|诗|歌词|歌", text, re.I)
    if not kind or not re.search(r"\b(write|make|compose|give|create|another|a|sing)\b|写|来一首|作", text, re.I):
        return None
    if re.search(r"\b(how|price|cost|model|what is)\b|多少钱|价格", text, re.I):
        return None
    topic = topic_of(task) or ("夜晚" if task.chinese else "the evening")
    name = kind[0].lower()
    if task.chinese:
        verses = task.chance.sample(_CHINESE, 2)
        return Finding(
            "\n\n".join("\n".join(line.format(topic=topic) for line in verse) for verse in verses),
            [f"写一首关于{topic}的小诗，按格式来。"],
        )
    thoughts = [f"Something in verse about {topic}. My rule: four lines, the second rhymes with the fourth."]
    if name == "haiku":
        return Finding("\n".join(task.chance.choice(_HAIKUS)), ["A haiku has 5, 7 and 5 syllables; I know a few."])
    sung = [_set(verse, topic) for verse in task.chance.sample(_VERSES, 5 if task.long else 3)]
    if name in ("lyrics", "song"):
        chorus = _set(task.chance.choice(_CHORUSES), topic)
        parts = [f"[Verse]\n{sung[0]}", f"[Chorus]\n{chorus}", f"[Verse]\n{sung[1]}", f"[Chorus]\n{chorus}"]
        parts += [f"[Bridge]\n{sung[2]}", f"[Outro]\n{chorus.splitlines()[0]}\n{chorus.splitlines()[-1]}"]
        return Finding("\n\n".join(parts), [*thoughts, "Lyrics want tags for their sections."])
    return Finding("\n\n".join(sung if task.long else sung[:2]), thoughts)


def _set(lines: Sequence[str], topic: str) -> str:
    done = [line.format(topic=topic, Topic=topic[0].upper() + topic[1:]) for line in lines]
    return "\n".join(line[0].upper() + line[1:] for line in done)
