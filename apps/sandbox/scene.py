"""From a prompt to a scene: place, time of day, weather, mood, things, style and palette.

What pictures and films are painted from. The same prompt is always the same scene; what it leaves open is drawn from
its seed, so that another prompt is another scene.
"""

from __future__ import annotations

import colorsys
import hashlib
import random
import re
from dataclasses import dataclass, replace

Colour = tuple[int, int, int]

# Word beginnings; the first place named in the prompt wins. Chinese words stand as they are.
PLACES = {
    "sea": "sea ocean beach coast shore harbour harbor bay island wave surf lagoon 海 沙滩",
    "lake": "lake river pond reflection 湖 河",
    "mountains": "mountain alps peak summit himalaya valley cliff glacier canyon fjord hill volcano 山",
    "forest": "forest wood jungle pine birch path grove bamboo 森林",
    "city": "city skyline street town skyscraper tokyo york paris london neon alley traffic downtown roof cyberpunk "
    "metropolis building 城市 街",
    "desert": "desert dune sahara sand oasis pyramid 沙漠",
    "space": "space galaxy nebula cosmos orbit universe saturn mars comet 太空 星球",
    "meadow": "meadow field grass farm garden village countryside sheep cow prairie sunflower lavender park 草原",
    "underwater": "underwater coral reef seabed 海底",
    "room": "room kitchen desk table window cafe studio interior bowl library book 房间",
    "abstract": "abstract pattern geometric fractal shapes ink swirl gradient liquid particles 抽象",
}
TIMES = {
    "dawn": "dawn sunrise morning daybreak early 清晨 日出",
    "sunset": "sunset golden evening afterglow 日落 黄昏",
    "dusk": "dusk twilight blue-hour gloaming",
    "night": "night midnight moon star dark nocturnal neon aurora firefl lantern 夜 月",
    "day": "day noon midday sunny bright blue-sky summer 白天 阳光",
}
WEATHER = {
    "rain": "rain drizzle downpour wet storm thunder 雨",
    "snow": "snow blizzard winter flurr frost ice 雪",
    "fog": "fog mist haze hazy foggy misty smoke 雾",
    "clouds": "cloud overcast storm 云",
    "stars": "star starry milky galaxy constellation 星",
    "wind": "wind breeze gust storm 风",
    "aurora": "aurora northern-lights",
    "lightning": "lightning thunder",
}
MOODS = {
    "calm": "calm quiet peaceful serene gentle soft still tranquil slow 安静",
    "dramatic": "dramatic epic storm intense powerful cinematic majestic",
    "cheerful": "cheerful happy joyful playful bright colourful colorful fun cute",
    "gloomy": "gloomy dark sad lonely eerie scary horror melancholy mysterious",
    "dreamy": "dream dreamy magic fantasy surreal fairy ethereal mystic",
    "romantic": "romantic love warm tender cosy cozy nostalgic",
    "futuristic": "futuristic cyberpunk neon sci-fi robot hologram synthwave",
}
STYLES = {
    "watercolour": "watercolor watercolour aquarelle wash",
    "oil": "oil impasto impression monet gogh painting painted",
    "ink": "ink sumi charcoal sketch pencil drawing monochrome",
    "pixel": "pixel 8-bit 16-bit voxel",
    "anime": "anime manga ghibli cartoon cel",
    "lowpoly": "low-poly lowpoly polygon origami paper",
    "neon": "neon synthwave vaporwave glow",
    "vintage": "vintage retro sepia film polaroid old",
    "flat": "flat vector minimal minimalist poster bauhaus",
    "photo": "photo photograph realistic cinematic 35mm dslr hdr 4k 8k",
}
# What can stand in a scene, by the words for it.
THINGS = {
    "boat": "boat ship sail yacht canoe 船",
    "kite": "kite 风筝",
    "lighthouse": "lighthouse 灯塔",
    "tree": "tree oak willow palm 树",
    "birds": "bird flock gull seagull crane swallow eagle geese crow 鸟",
    "balloon": "balloon 气球",
    "house": "house cabin hut cottage barn home farmhouse 房子",
    "castle": "castle tower palace temple pagoda church",
    "person": "person man woman girl boy child people astronaut hiker dancer runner figure traveller traveler walker "
    "monk samurai knight portrait face 人 女孩 男孩",
    "cat": "cat kitten 猫",
    "dog": "dog puppy wolf fox 狗",
    "horse": "horse unicorn deer camel 马",
    "car": "car taxi truck vehicle drive 车",
    "train": "train tram railway locomotive 火车",
    "rocket": "rocket spaceship spacecraft shuttle 火箭",
    "whale": "whale dolphin shark 鲸",
    "fish": "fish jellyfish 鱼",
    "flowers": "flower rose tulip sunflower poppy lavender blossom daisy cherry 花",
    "bridge": "bridge 桥",
    "windmill": "windmill turbine",
    "lantern": "lantern lamp candle 灯",
    "fruit": "fruit apple lemon pear grape banana",
    "vase": "vase jug bottle pot teapot",
    "cup": "cup coffee tea mug",
    "butterfly": "butterfly butterflies moth",
    "dragon": "dragon 龙",
    "robot": "robot android mech 机器人",
    "planet": "planet saturn moon jupiter earth",
}
HOMES = {  # where a thing is found when the prompt names no place
    "boat": "sea",
    "lighthouse": "sea",
    "whale": "sea",
    "fish": "underwater",
    "tree": "meadow",
    "kite": "meadow",
    "horse": "meadow",
    "dog": "meadow",
    "house": "meadow",
    "windmill": "meadow",
    "flowers": "meadow",
    "butterfly": "meadow",
    "balloon": "mountains",
    "castle": "mountains",
    "dragon": "mountains",
    "train": "mountains",
    "bridge": "lake",
    "car": "city",
    "robot": "city",
    "rocket": "space",
    "planet": "space",
    "cat": "room",
    "fruit": "room",
    "vase": "room",
    "cup": "room",
    "lantern": "lake",
}
COLOURS: dict[str, Colour] = {
    "red": (206, 58, 52),
    "crimson": (180, 30, 52),
    "orange": (238, 136, 52),
    "amber": (245, 176, 66),
    "gold": (232, 186, 84),
    "yellow": (246, 212, 84),
    "green": (86, 158, 92),
    "emerald": (42, 150, 112),
    "mint": (150, 214, 188),
    "olive": (128, 132, 70),
    "teal": (44, 140, 148),
    "turquoise": (66, 186, 190),
    "cyan": (72, 196, 222),
    "blue": (62, 116, 196),
    "navy": (30, 48, 104),
    "indigo": (70, 66, 150),
    "violet": (132, 90, 186),
    "purple": (124, 72, 162),
    "lavender": (174, 156, 214),
    "pink": (238, 150, 178),
    "magenta": (206, 66, 150),
    "brown": (126, 88, 62),
    "beige": (222, 202, 170),
    "white": (240, 240, 238),
    "silver": (190, 196, 204),
    "grey": (132, 138, 146),
    "gray": (132, 138, 146),
    "black": (28, 28, 34),
}


@dataclass(frozen=True)
class Palette:
    sky_top: Colour
    sky_low: Colour  # at the horizon
    light: Colour  # sun, moon, lit windows, highlights
    far: Colour  # the farthest ground, near the sky's own colour
    near: Colour  # the nearest ground
    water: Colour
    accent: Colour  # the thing one looks at


@dataclass(frozen=True)
class Scene:
    seed: int
    place: str
    time: str
    weather: frozenset[str]
    mood: str
    style: str
    things: tuple[str, ...]  # in the order of the prompt
    colours: tuple[Colour, ...]  # named in the prompt, in its order
    palette: Palette
    prompt: str

    @property
    def is_dark(self) -> bool:
        return self.time == "night" or self.place == "space"


# sky_top, sky_low, light, far, near, water
_SKIES: dict[str, tuple[tuple[Colour, Colour, Colour, Colour, Colour, Colour], ...]] = {
    "dawn": (
        ((104, 138, 190), (250, 204, 178), (255, 236, 206), (160, 152, 178), (62, 70, 92), (128, 150, 178)),
        ((146, 150, 204), (255, 214, 190), (255, 240, 214), (176, 160, 184), (72, 74, 98), (150, 158, 186)),
    ),
    "day": (
        ((58, 128, 206), (190, 222, 240), (255, 250, 230), (140, 172, 196), (52, 92, 66), (40, 118, 156)),
        ((74, 150, 214), (212, 232, 240), (255, 252, 236), (150, 182, 198), (66, 104, 62), (44, 134, 160)),
    ),
    "sunset": (
        ((64, 62, 122), (252, 164, 96), (255, 226, 160), (160, 98, 110), (46, 34, 54), (110, 78, 106)),
        ((82, 58, 118), (255, 140, 104), (255, 214, 150), (150, 84, 112), (42, 30, 54), (116, 70, 104)),
    ),
    "dusk": (
        ((28, 42, 88), (184, 138, 164), (255, 224, 190), (88, 88, 130), (24, 30, 52), (60, 74, 116)),
        ((34, 40, 84), (150, 140, 180), (250, 220, 200), (80, 86, 128), (22, 28, 50), (54, 72, 114)),
    ),
    "night": (
        ((8, 14, 36), (44, 62, 104), (236, 238, 250), (34, 46, 80), (8, 12, 24), (18, 34, 66)),
        ((12, 12, 38), (58, 54, 104), (240, 236, 248), (42, 42, 80), (10, 10, 24), (24, 30, 66)),
    ),
}
_GROUNDS: dict[str, tuple[Colour, Colour]] = {  # by daylight: far, near
    "desert": ((214, 172, 128), (168, 108, 64)),
    "meadow": ((142, 172, 128), (70, 118, 54)),
    "forest": ((118, 152, 140), (26, 58, 44)),
    "mountains": ((146, 166, 192), (48, 68, 72)),
    "city": ((150, 166, 184), (54, 62, 78)),
    "lake": ((138, 164, 176), (44, 78, 60)),
}
_DAYLIGHT = {"dawn": 0.62, "day": 1.0, "sunset": 0.5, "dusk": 0.34, "night": 0.16}


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`share` of the other colour."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def shade(colour: Colour, light: float, saturation: float = 1.0) -> Colour:
    """The same hue, `light` times as bright and `saturation` times as strong."""
    hue, strength, value = colorsys.rgb_to_hsv(*(part / 255 for part in colour))
    red, green, blue = colorsys.hsv_to_rgb(hue, min(1.0, strength * saturation), min(1.0, value * light))
    return round(red * 255), round(green * 255), round(blue * 255)


def _found(table: dict[str, str], prompt: str) -> list[str]:
    """The names whose words occur, in the order of the prompt."""
    places: list[tuple[int, str]] = []
    for name, words in table.items():
        starts = [_position(word.replace("-", " "), prompt) for word in words.split()]
        starts = [start for start in starts if start >= 0]
        if starts:
            places.append((min(starts), name))
    return [name for _, name in sorted(places)]


def _position(word: str, prompt: str) -> int:
    if not word.isascii():
        return prompt.find(word)
    # "still" also finds "stills", but "sea" must not find "season", nor "star" "start", nor "car" "carpet".
    ending = r"(?:s|es|y|ies|ing|ed|ish|er|ers|al|ous)?\b"
    match = re.search(rf"\b{re.escape(word)}{word[-1]}?{ending}", prompt)
    return match.start() if match else -1


def seed_of(*parts: object) -> int:
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def read_scene(prompt: str, seed: int | None = None) -> Scene:
    """`seed`: other details and another palette for the same prompt; without one the prompt alone decides."""
    text = " ".join(re.sub(r"\[[^\]]*\]", " ", prompt).lower().replace("-", " ").split())
    chance = random.Random(seed_of(text, "" if seed is None else seed))  # noqa: S311 - nothing secret
    places = _found(PLACES, text)
    times = _found(TIMES, text)
    weather = frozenset(_found(WEATHER, text))
    moods = _found(MOODS, text)
    styles = _found(STYLES, text)
    things = tuple(_found(THINGS, text))
    if not places:
        places = [HOMES[thing] for thing in things if thing in HOMES]
    if not places:
        places = [chance.choice(["sea", "lake", "mountains", "meadow", "desert", "forest"] if text else ["abstract"])]
    if not times:
        times = ["night"] if "stars" in weather else [chance.choice(["dawn", "day", "day", "sunset", "sunset", "dusk"])]
    mood = moods[0] if moods else "calm"
    colours = tuple(COLOURS[name] for name in _found({name: name for name in COLOURS}, text))
    palette = _palette(places[0], times[0], weather, mood, colours, chance)
    return Scene(
        seed=chance.getrandbits(62),
        place=places[0],
        time=times[0],
        weather=weather,
        mood=mood,
        style=styles[0] if styles else "photo",
        things=things,
        colours=colours,
        palette=palette,
        prompt=text,
    )


def _palette(
    place: str, time: str, weather: frozenset[str], mood: str, colours: tuple[Colour, ...], chance: random.Random
) -> Palette:
    top, low, light, far, near, water = chance.choice(_SKIES[time])
    if place == "space":
        top, low, near = (4, 6, 18), mix((20, 16, 48), (48, 18, 62), chance.random()), (10, 10, 22)
    elif place == "underwater":
        top, low, far, near = (28, 128, 168), (6, 46, 84), (16, 84, 120), (6, 30, 52)
    elif place in _GROUNDS:
        ground_far, ground_near = _GROUNDS[place]
        far = mix(shade(ground_far, 0.35 + 0.65 * _DAYLIGHT[time]), low, 0.35)
        near = mix(shade(ground_near, max(0.2, _DAYLIGHT[time])), near, 0.35)
    accent = colours[0] if colours else chance.choice([COLOURS[name] for name in ("red", "orange", "gold", "crimson")])
    palette = Palette(top, low, light, far, near, water, accent)
    turn = chance.uniform(-0.03, 0.03)
    strength = {"gloomy": 0.55, "calm": 0.92, "cheerful": 1.2, "futuristic": 1.25, "dramatic": 1.1}.get(mood, 1.0)
    bright = {"gloomy": 0.72, "dramatic": 0.9, "cheerful": 1.08, "dreamy": 1.06}.get(mood, 1.0)
    if weather & {"rain", "fog", "clouds", "snow"}:
        strength *= 0.66
    if "rain" in weather:
        bright *= 0.84
    tint = {"dreamy": (204, 160, 226), "romantic": (250, 166, 160), "futuristic": (196, 60, 214)}.get(mood)
    wishes = colours[1:] if len(colours) > 1 else colours
    values = {}
    for name, colour in vars(palette).items():
        if name == "accent":
            continue
        tuned = _turned(shade(colour, bright, strength), turn)
        if tint:
            tuned = mix(tuned, shade(tint, max(tuned) / 255), 0.3)
        if wishes and name not in ("light", "near"):
            wish = wishes[0]
            tuned = mix(tuned, shade(wish, 0.35 + 0.65 * max(tuned) / 255), 0.34)
        values[name] = tuned
    return replace(palette, **values)


def _turned(colour: Colour, turn: float) -> Colour:
    hue, strength, value = colorsys.rgb_to_hsv(*(part / 255 for part in colour))
    red, green, blue = colorsys.hsv_to_rgb((hue + turn) % 1, strength, value)
    return round(red * 255), round(green * 255), round(blue * 255)
