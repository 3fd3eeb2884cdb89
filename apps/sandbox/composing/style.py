"""What a prompt asks for: tempo, key, metre, instruments and the singer, read from its words."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
NOTES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}


@dataclass(frozen=True)
class Style:
    genre: str
    tempo: tuple[int, int]
    mode: str = "major"
    progressions: tuple[tuple[int, ...], ...] = ((1, 5, 6, 4), (6, 4, 1, 5), (1, 6, 4, 5))
    sevenths: bool = False
    beats: int = 4
    swing: float = 0.0  # how late the off-beat eighth comes, as a part of it
    drums: str = "pop"
    bass: str = "eighths"
    chords: tuple[str, ...] = ("piano",)  # the first one always, the others in fuller sections
    comping: str = "broken"
    pad: str | None = "strings"
    lead: str = "synth"
    room: float = 0.2  # how much reverb
    room_s: float = 1.6
    pump: float = 0.0  # how far the kick ducks the others
    drive: float = 0.0  # saturation of the mix
    dust: float = 0.0  # crackle of an old record
    top_hz: float = 16000.0  # above it the mix is dull
    pentatonic: bool = True
    density: float = 1.0  # of what is played
    voice: str = "female"
    key: int = 0
    bpm: int = 0
    seconds: int = 0  # asked for in the prompt


_JAZZ = ((2, 5, 1, 6), (1, 6, 2, 5), (3, 6, 2, 5))
_BLUES = ((1, 1, 1, 1, 4, 4, 1, 1, 5, 4, 1, 5),)
_MINOR = ((1, 6, 3, 7), (1, 4, 6, 5), (1, 7, 6, 7), (6, 7, 1, 1))

GENRES: dict[str, Style] = {
    "pop": Style("pop", (100, 118), chords=("piano", "plucks"), pump=0.15),
    "rock": Style(
        "rock",
        (116, 136),
        progressions=((1, 5, 6, 4), (1, 4, 5, 4), (6, 4, 1, 5)),
        drums="rock",
        chords=("overdrive", "organ"),
        comping="eighths",
        pad=None,
        lead="guitar",
        room=0.14,
        drive=0.25,
        voice="male",
    ),
    "metal": Style(
        "metal",
        (138, 160),
        "minor",
        ((1, 6, 7, 1), (1, 1, 6, 7), (1, 4, 6, 7)),
        drums="metal",
        bass="gallop",
        chords=("distortion",),
        comping="gallop",
        pad=None,
        lead="guitar",
        room=0.12,
        drive=0.45,
        voice="male",
    ),
    "punk": Style(
        "punk",
        (160, 180),
        progressions=((1, 4, 5, 4), (1, 5, 6, 4)),
        drums="punk",
        chords=("distortion",),
        comping="eighths",
        pad=None,
        lead="guitar",
        room=0.1,
        drive=0.4,
        voice="male",
    ),
    "folk": Style(
        "folk",
        (92, 112),
        progressions=((1, 4, 1, 5), (1, 5, 6, 4), (1, 6, 4, 5)),
        drums="brushes",
        bass="roots",
        chords=("guitar",),
        comping="picked",
        pad=None,
        lead="flute",
        room=0.18,
    ),
    "country": Style(
        "country",
        (104, 124),
        progressions=((1, 4, 1, 5), (1, 4, 5, 1)),
        drums="train",
        bass="alternate",
        chords=("guitar",),
        comping="strum",
        pad=None,
        lead="fiddle",
        room=0.15,
        voice="male",
    ),
    "jazz": Style(
        "jazz",
        (112, 138),
        progressions=_JAZZ,
        sevenths=True,
        swing=0.33,
        drums="swing",
        bass="walking",
        chords=("piano",),
        comping="jazz",
        pad=None,
        lead="sax",
        room=0.22,
        pentatonic=False,
    ),
    "bossa": Style(
        "bossa",
        (118, 132),
        progressions=_JAZZ,
        sevenths=True,
        drums="bossa",
        bass="bossa",
        chords=("guitar",),
        comping="bossa",
        pad="strings",
        lead="flute",
        pentatonic=False,
    ),
    "blues": Style(
        "blues",
        (84, 104),
        progressions=_BLUES,
        sevenths=True,
        swing=0.33,
        drums="shuffle",
        bass="shuffle",
        chords=("overdrive", "organ"),
        comping="backbeat",
        pad=None,
        lead="guitar",
        room=0.16,
        drive=0.2,
        voice="male",
    ),
    "soul": Style(
        "soul",
        (88, 104),
        progressions=((1, 6, 2, 5), (4, 3, 6, 5)),
        sevenths=True,
        drums="soul",
        bass="groove",
        chords=("epiano", "organ"),
        comping="soul",
        pad="strings",
        lead="sax",
    ),
    "funk": Style(
        "funk",
        (102, 116),
        "minor",
        ((1, 4, 1, 4), (1, 7, 4, 1)),
        sevenths=True,
        drums="funk",
        bass="funk",
        chords=("clavinet", "epiano"),
        comping="funk",
        pad=None,
        lead="brass",
        room=0.12,
    ),
    "reggae": Style(
        "reggae",
        (74, 86),
        progressions=((1, 4, 5, 4), (1, 5, 6, 4)),
        drums="onedrop",
        bass="groove",
        chords=("organ", "guitar"),
        comping="skank",
        pad=None,
        lead="brass",
    ),
    "hiphop": Style(
        "hiphop",
        (84, 96),
        "minor",
        ((1, 6, 1, 7), (1, 6, 4, 5)),
        drums="boombap",
        bass="sub",
        chords=("epiano",),
        comping="half",
        pad=None,
        lead="bells",
        dust=0.1,
        voice="male",
    ),
    "trap": Style(
        "trap",
        (136, 148),
        "minor",
        ((1, 6, 1, 7), (1, 1, 6, 5)),
        drums="trap",
        bass="sub",
        chords=("bells",),
        comping="broken",
        pad="pad",
        lead="bells",
        voice="male",
    ),
    "lofi": Style(
        "lofi",
        (72, 84),
        progressions=((2, 5, 1, 6), (4, 3, 2, 1), (4, 3, 6, 1)),
        sevenths=True,
        swing=0.18,
        drums="lofi",
        bass="roots",
        chords=("epiano",),
        comping="half",
        pad="pad",
        lead="vibes",
        room=0.24,
        dust=0.5,
        top_hz=6500,
        pump=0.2,
        density=0.8,
    ),
    "edm": Style(
        "edm",
        (124, 130),
        "minor",
        ((1, 6, 3, 7), (6, 4, 1, 5)),
        drums="house",
        bass="offbeat",
        chords=("supersaw", "plucks"),
        comping="edm",
        pad="pad",
        lead="synth",
        pump=0.62,
        drive=0.2,
    ),
    "house": Style(
        "house",
        (120, 126),
        "minor",
        ((1, 7, 6, 7), (1, 4, 1, 5)),
        sevenths=True,
        drums="house",
        bass="offbeat",
        chords=("organ", "piano"),
        comping="house",
        pad="pad",
        lead="synth",
        pump=0.5,
    ),
    "techno": Style(
        "techno",
        (128, 136),
        "minor",
        ((1, 1, 1, 1), (1, 1, 6, 6)),
        drums="techno",
        bass="rolling",
        chords=("plucks",),
        comping="arp",
        pad="pad",
        lead="synth",
        pump=0.6,
        drive=0.3,
    ),
    "synthwave": Style(
        "synthwave",
        (88, 108),
        "minor",
        ((1, 6, 3, 7), (1, 7, 6, 7)),
        drums="synthwave",
        bass="rolling",
        chords=("plucks", "supersaw"),
        comping="arp",
        pad="pad",
        lead="synth",
        room=0.28,
        room_s=2.2,
        pump=0.25,
    ),
    "ambient": Style(
        "ambient",
        (60, 74),
        progressions=((1, 4), (1, 6), (4, 1, 6, 5)),
        sevenths=True,
        drums="none",
        bass="drone",
        chords=("bells",),
        comping="sparse",
        pad="pad",
        lead="flute",
        room=0.5,
        room_s=4.5,
        density=0.5,
    ),
    "classical": Style(
        "classical",
        (76, 104),
        progressions=((1, 5, 6, 3, 4, 1, 4, 5), (1, 4, 5, 1), (1, 6, 2, 5)),
        drums="none",
        bass="cello",
        chords=("piano", "pizzicato"),
        comping="alberti",
        pad="strings",
        lead="violin",
        room=0.34,
        room_s=2.4,
        pentatonic=False,
    ),
    "cinematic": Style(
        "cinematic",
        (84, 100),
        "minor",
        ((1, 6, 3, 7), (1, 4, 6, 5), (6, 7, 1, 1)),
        drums="epic",
        bass="cello",
        chords=("ostinato", "brass"),
        comping="ostinato",
        pad="strings",
        lead="brass",
        room=0.38,
        room_s=3.0,
    ),
    "ballad": Style(
        "ballad",
        (66, 78),
        progressions=((1, 5, 6, 4), (1, 3, 4, 5), (6, 4, 1, 5)),
        drums="ballad",
        bass="roots",
        chords=("piano",),
        comping="broken",
        pad="strings",
        lead="violin",
        room=0.3,
        room_s=2.2,
    ),
    "waltz": Style(
        "waltz",
        (132, 156),
        progressions=((1, 6, 4, 5), (1, 4, 5, 1), (1, 5, 6, 4)),
        beats=3,
        drums="waltz",
        bass="waltz",
        chords=("piano",),
        comping="waltz",
        pad="strings",
        lead="violin",
        room=0.28,
        pentatonic=False,
    ),
    "latin": Style(
        "latin",
        (94, 106),
        "minor",
        ((1, 7, 6, 5), (1, 4, 7, 3)),
        drums="reggaeton",
        bass="tresillo",
        chords=("guitar", "brass"),
        comping="montuno",
        pad=None,
        lead="brass",
    ),
    "chinese": Style(
        "chinese",
        (72, 88),
        progressions=((1, 6, 4, 5), (6, 4, 1, 5)),
        drums="ballad",
        bass="roots",
        chords=("harp",),
        comping="arp",
        pad="strings",
        lead="flute",
        room=0.34,
        room_s=2.4,
    ),
    "lullaby": Style(
        "lullaby",
        (66, 76),
        progressions=((1, 4, 1, 5), (1, 6, 4, 5)),
        beats=3,
        drums="none",
        bass="drone",
        chords=("bells", "harp"),
        comping="waltz",
        pad="pad",
        lead="flute",
        room=0.34,
        density=0.7,
    ),
}

# Words of the prompt, as patterns, for each genre; what comes first in the prompt counts most.
_GENRE_WORDS = {
    "metal": r"metal|metalcore|djent|heavy guitars|金属",
    "punk": r"punk",
    "synthwave": r"synth ?wave|retro ?wave|80s|eighties|new wave|synth-?pop|outrun",
    "techno": r"techno|industrial|trance",
    "house": r"house|disco|deep house|nu-?disco|迪斯科",
    "edm": r"edm|electro\w*|dance|club|dubstep|drum and bass|dnb|future bass|rave|电子|舞曲",
    "lofi": r"lo-?fi|chill ?hop|study beats?|chill ?wave",
    "trap": r"trap|drill|phonk",
    "hiphop": r"hip[ -]?hop|rap|boom ?bap|old school|嘻哈|说唱",
    "bossa": r"bossa( nova)?|samba|lounge|brazil\w*",
    "jazz": r"jazz\w*|swing|bebop|big band|smooth|爵士",
    "blues": r"blues\w*|delta|布鲁斯|蓝调",
    "soul": r"soul\w*|r ?& ?b|rnb|motown|neo-?soul|gospel|灵魂",
    "funk": r"funk\w*|groov\w*|放克",
    "reggae": r"reggae|dub|ska|island|雷鬼",
    "latin": r"latin\w*|salsa|reggaeton|flamenco|tango|cumbia|mariachi|拉丁",
    "country": r"country|bluegrass|americana|honky|western|cowboy|乡村",
    "folk": r"folk\w*|acoustic|singer-?songwriter|campfire|celtic|irish|indie folk|ukulele|sea shanty|民谣|民歌",
    "waltz": r"waltz\w*|3/4|6/8|圆舞曲|华尔兹",
    "lullaby": r"lullab\w*|music box|摇篮曲",
    "ambient": r"ambient|drone|meditat\w*|sleep|spa|new age|soundscape|atmospheric|环境|冥想",
    "classical": r"classical|baroque|sonata|chamber|mozart|bach|string quartet|orchestra\w*|symphon\w*|opera\w*|古典",
    "cinematic": r"cinematic|film|trailer|epic|soundtrack|score|heroic|battle|史诗|电影",
    "chinese": r"chinese|guzheng|erhu|pipa|oriental|中国风|古风|国风",
    "ballad": r"ballad|torch song|power ballad|抒情",
    "rock": r"rock|grunge|garage|britpop|alternative|indie rock|guitar anthem|摇滚",
    "pop": r"pop|indie|k-?pop|j-?pop|mandopop|catchy|radio|流行",
}

# mode (if any), tempo factor, other changes
_MOODS: list[tuple[str, str | None, float, dict[str, float]]] = [
    (
        r"sad\w*|melanchol\w*|sorrow\w*|heart-?br\w+|lonel\w*|lonesome|griev\w*|mourn\w*|nostalg\w*|悲伤|忧伤|伤感|孤独",
        "minor",
        0.9,
        {},
    ),
    (r"dark\w*|ominous|haunt\w*|angry|aggressive|sinister|tense|mysterious|brood\w*|黑暗|愤怒", "minor", 1.0, {}),
    (
        r"happy|joy\w*|cheer\w*|upbeat|sunny|bright|uplift\w*|playful|fun|feel-?good|optimis\w*|summer\w*|快乐|欢快|阳光",
        "major",
        1.06,
        {},
    ),
    (r"triumph\w*|hopeful|hope|warm|romantic|sweet|love\w*|温暖|浪漫|甜蜜", "major", 1.0, {}),
    (
        r"calm\w*|peace\w*|gentle|soft\w*|relax\w*|quiet\w*|tender\w*|soothing|dream\w*|intimate|mellow|平静|安静|温柔|舒缓",
        None,
        0.9,
        {"density": 0.8},
    ),
    (r"energetic|driving|intense|powerful|fast|party|hype|激昂|动感", None, 1.1, {}),
    (r"slow\w*|缓慢|慢", None, 0.84, {}),
]

_LEADS = {
    r"sax\w*|萨克斯": "sax",
    r"violin|fiddle|小提琴": "violin",
    r"flute|whistle|pan pipes|笛": "flute",
    r"trumpet|brass|horns?|小号": "brass",
    r"electric guitar|guitar solo|电吉他": "guitar",
    r"bells?|glockenspiel|celesta|music box": "bells",
    r"vibraphone|vibes|marimba|xylophone": "vibes",
    r"erhu|二胡": "violin",
}
_CHORDS = {
    r"acoustic guitar|nylon|ukulele|fingerpick\w*|mandolin|banjo|木吉他|吉他": "guitar",
    r"rhodes|electric piano|e-?piano|wurlitzer|电钢琴": "epiano",
    r"(?<!electric )piano|keys|(?<!电)钢琴": "piano",
    r"organ|hammond|风琴": "organ",
    r"harp|guzheng|koto|竖琴|古筝": "harp",
    r"distort\w*|heavy riff\w*": "distortion",
    r"plucks?|arpeggi\w*": "plucks",
}
_PADS = {r"strings?|orchestra\w*|弦乐": "strings", r"pads?|synths?|合成器": "pad", r"choir|choral|合唱": "choir"}


def _has(pattern: str, prompt: str) -> int:
    """Where the pattern is in the prompt; -1 when it is not. Words are whole unless they are Chinese."""
    latin = [part for part in pattern.split("|") if part.isascii()]
    signs = [part for part in pattern.split("|") if not part.isascii()]
    places = []
    if latin and (match := re.search(rf"(?<![\w-])(?:{'|'.join(latin)})(?![\w])", prompt)):
        places.append(match.start())
    places += [prompt.find(part) for part in signs if part in prompt]
    return min(places) if places else -1


def _key(prompt: str) -> tuple[int, str | None] | None:
    match = re.search(r"\b(?:in|key of|key:)\s+([a-g])\s*(#|♯|sharp|b|♭|flat)?[\s-]*(major|minor|maj|min|m)?\b", prompt)
    if not match or not (match[2] or match[3] or "key" in match[0]):
        return None
    key = NOTES[match[1]] + (1 if match[2] in ("#", "♯", "sharp") else -1 if match[2] else 0)
    mode = None if not match[3] else "major" if match[3].startswith("maj") else "minor"
    return key % 12, mode


def _seconds(prompt: str) -> int:
    match = re.search(r"\b(\d{1,3})\s*-?\s*(seconds?|secs?|s|minutes?|mins?)\b", prompt)
    if not match:
        return 0
    return int(match[1]) * (60 if match[2].startswith("m") else 1)


def read_style(prompt: str, rng: np.random.Generator) -> Style:
    prompt = prompt.lower()
    found = sorted((place, name) for name, words in _GENRE_WORDS.items() if (place := _has(words, prompt)) >= 0)
    names = [name for _, name in found]
    # A general word says less than the special one behind it: "pop punk", "acoustic blues", "epic rock".
    special = [name for name in names if name not in ("pop", "folk", "cinematic", "waltz", "classical")]
    style = GENRES[(special or names or ["pop"])[0]]
    if "waltz" in names and style.genre != "waltz":
        style = _waltzed(style)
    low, high = style.tempo
    bpm = float(rng.uniform(low, high))
    mode: str | None = None
    for words, mood_mode, factor, changes in _MOODS:
        if _has(words, prompt) >= 0:
            bpm *= factor
            mode = mode or mood_mode
            if "density" in changes:
                style = replace(style, density=min(style.density, changes["density"]))
    tempo = re.search(r"\b(\d{2,3})\s*-?\s*(?:bpm|beats per minute|拍)", prompt)
    if tempo and 40 <= int(tempo[1]) <= 220:
        bpm = int(tempo[1])
    key = _key(prompt)
    if re.search(r"\bminor\b|小调", prompt):
        mode = "minor"
    elif re.search(r"\bmajor\b|大调", prompt):
        mode = "major"
    if key and key[1]:
        mode = key[1]
    if mode and mode != style.mode:
        style = replace(style, mode=mode, progressions=_MINOR if mode == "minor" else GENRES["pop"].progressions)
        if style.genre == "blues":
            style = replace(style, progressions=_BLUES)
    chosen = int(rng.integers(12))
    return replace(
        _instruments(style, prompt),
        bpm=round(bpm),
        key=key[0] if key else chosen,
        seconds=_seconds(prompt),
        voice=_voice(prompt, style.voice),
    )


def _waltzed(style: Style) -> Style:
    """A waltz in the colours of another style."""
    return replace(
        GENRES["waltz"],
        genre=style.genre,
        mode=style.mode,
        chords=style.chords,
        lead=style.lead,
        pad=style.pad,
        room=style.room,
        voice=style.voice,
        sevenths=style.sevenths,
        dust=style.dust,
    )


def _instruments(style: Style, prompt: str) -> Style:
    leads = [name for words, name in _LEADS.items() if _has(words, prompt) >= 0]
    chords = [name for words, name in _CHORDS.items() if _has(words, prompt) >= 0]
    pads = [name for words, name in _PADS.items() if _has(words, prompt) >= 0]
    if leads:
        style = replace(style, lead=leads[0])
    if chords and style.genre not in ("metal", "punk"):
        style = replace(style, chords=(*chords[:2], *(name for name in style.chords if name not in chords))[:2])
    if pads and style.pad != pads[0]:
        style = replace(style, pad=pads[0])
    if re.search(r"\b(no|without)\s+(drums?|percussion|beat)|\bdrumless\b|无鼓", prompt):
        style = replace(style, drums="none")
    elif style.drums == "none" and re.search(r"\b(drums?|percussion|beat)\b", prompt):
        style = replace(style, drums="ballad")
    return style


def _voice(prompt: str, usual: str) -> str:
    female = _has(r"female|woman|girl|she|diva|soprano|alto|女声|女", prompt)
    male = _has(r"male|man|boy|guy|baritone|tenor|bass voice|男声|男", prompt)
    if female >= 0 and (male < 0 or female < male):
        return "female"
    return "male" if male >= 0 else usual
