"""What a prompt asks for, in the painter's words."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace

import numpy as np

from apps.sandbox.painting.canvas import Colour

COLOURS: dict[str, Colour] = {
    "red": (0.80, 0.13, 0.12), "crimson": (0.72, 0.06, 0.18), "scarlet": (0.86, 0.14, 0.08),
    "orange": (0.95, 0.50, 0.12),
    "amber": (0.95, 0.64, 0.15), "gold": (0.90, 0.69, 0.22), "golden": (0.90, 0.69, 0.22),
    "yellow": (0.97, 0.83, 0.22),
    "green": (0.22, 0.58, 0.27), "emerald": (0.05, 0.55, 0.38), "olive": (0.45, 0.47, 0.18),
    "mint": (0.60, 0.86, 0.73),
    "lime": (0.65, 0.84, 0.20), "teal": (0.07, 0.50, 0.52), "turquoise": (0.20, 0.74, 0.73),
    "cyan": (0.15, 0.78, 0.88),
    "blue": (0.15, 0.36, 0.76), "azure": (0.20, 0.55, 0.90), "navy": (0.07, 0.13, 0.35), "indigo": (0.24, 0.16, 0.55),
    "purple": (0.48, 0.20, 0.66), "violet": (0.50, 0.27, 0.77), "lavender": (0.72, 0.64, 0.90),
    "lilac": (0.78, 0.64, 0.86),
    "magenta": (0.85, 0.14, 0.60), "pink": (0.95, 0.56, 0.69), "rose": (0.90, 0.45, 0.55),
    "peach": (0.98, 0.75, 0.60),
    "coral": (0.96, 0.48, 0.38), "brown": (0.42, 0.26, 0.15), "ginger": (0.82, 0.46, 0.18),
    "beige": (0.85, 0.77, 0.63),
    "cream": (0.95, 0.90, 0.78), "white": (0.93, 0.93, 0.92), "silver": (0.75, 0.77, 0.80),
    "grey": (0.50, 0.51, 0.53),
    "gray": (0.50, 0.51, 0.53), "black": (0.06, 0.06, 0.07), "copper": (0.72, 0.42, 0.25),
    "pastel": (0.93, 0.80, 0.84),
    "红": (0.80, 0.13, 0.12), "橙": (0.95, 0.50, 0.12), "黄": (0.97, 0.83, 0.22), "绿": (0.22, 0.58, 0.27),
    "蓝": (0.15, 0.36, 0.76), "紫": (0.48, 0.20, 0.66), "粉": (0.95, 0.56, 0.69),
    "白": (0.93, 0.93, 0.92),
    "黑": (0.06, 0.06, 0.07),
}  # fmt: skip

# Words in the order of preference: the first kind that has a word in the prompt is painted.
SCENES = {
    "space": "space planet planets galaxy nebula cosmos cosmic saturn jupiter mars orbit asteroid universe "
    "milky spaceship 太空 星球 星系 宇宙",
    "street": "street alley avenue boulevard road market lane bazaar shibuya crosswalk 街 巷",
    "city": "city skyline skyscraper skyscrapers downtown metropolis cityscape town harbor harbour manhattan "
    "tokyo paris london"
    "shanghai rooftop rooftops buildings 城市 都市",
    "coast": "coast coastal lighthouse cliff cliffs beach shore seaside island bay cove shoreline 海滩 海岸 灯塔 岛",
    "sea": "sea ocean waves wave sailing boat boats ship ships sailboat yacht whale dolphin harbor pier 海 船 海洋",
    "underwater": "underwater reef aquarium undersea coral-reef seabed 水下 海底",
    "lake": "lake pond river fjord reflection reflections mirror 湖 河",
    "dunes": "desert dune dunes sahara sand sandy oasis camel 沙漠 沙丘",
    "forest": "forest woods woodland jungle tree trees grove pine pines birch bamboo rainforest path trail 森林 "
    "树林 竹",
    "mountains": "mountain mountains alps alpine peak peaks summit himalaya volcano canyon glacier ridge everest "
    "fuji 山 雪山",
    "hills": "hill hills meadow field fields countryside valley grassland pasture prairie farm vineyard tuscany "
    "landscape garden"
    "lavender park moor 草原 田野 风景 丘",
}
OBJECTS = {
    "flowers": "flower flowers bouquet rose roses tulip tulips sunflower sunflowers peony peonies daisy daisies "
    "orchid lily lilies 花",
    "vase": "vase pot jar 花瓶",
    "bowl": "bowl bowls ramen soup salad noodles 碗",
    "cup": "cup mug coffee tea espresso latte teacup cappuccino 杯 咖啡 茶",
    "fruit": "fruit fruits apple apples orange oranges lemon lemons pear pears peach peaches grapes berries "
    "cherry cherries 水果 苹果",
    "bottle": "bottle bottles perfume wine bottle flask 瓶",
    "books": "book books 书",
    "candle": "candle candles 蜡烛",
}  # fmt: skip
_HOMES = {
    "boat": "sea",
    "house": "hills",
    "castle": "hills",
    "windmill": "hills",
    "balloon": "hills",
    "umbrella": "street",
    "aurora": "lake",
}
_STILL = "still-life still table tabletop breakfast kitchen product ceramic pottery 静物 桌"
ANIMALS = {
    "cat": "cat cats kitten kittens kitty feline tabby 猫",
    "dog": "dog dogs puppy hound retriever corgi terrier wolf wolves husky 狗 狼",
    "fox": "fox foxes 狐狸",
    "bird": "bird eagle hawk raven crow owl sparrow parrot robin falcon dove hummingbird 鸟 鹰",
    "fish": "fish koi goldfish carp salmon shark 鱼",
    "horse": "horse horses pony stallion unicorn zebra 马",
    "deer": "deer stag elk reindeer moose antelope 鹿",
    "rabbit": "rabbit bunny hare 兔",
    "whale": "whale orca 鲸",
    "elephant": "elephant elephants mammoth 大象",
    "bear": "bear bears panda 熊",
}
_PEOPLE = (
    "portrait woman man girl boy lady gentleman person face bust queen king princess prince child "
    "grandmother grandfather"
    "warrior knight samurai monk dancer model bride soldier scientist wizard witch fairy mother father actor actress "
    "elder chef hero heroine astronaut people 人 女 男 肖像 女孩 男孩 少女 女人 男人"
)
_FIGURE_ONLY = "hiker traveller traveler walker silhouette wanderer figure fisherman surfer samurai monk cyclist couple"
_ABSTRACT = (
    "abstract pattern geometric geometry shapes fluid gradient swirl swirls fractal texture "
    "composition kandinsky marble 抽象 图案"
)
TIMES = {
    "night": "night midnight moonlit moonlight nocturnal starry stars moon aurora 夜 星空 月",
    "dusk": "dusk twilight evening blue-hour nightfall gloaming 黄昏 傍晚",
    "sunset": "sunset sundown 日落 夕阳",
    "golden": "golden-hour afternoon warm sunlit sunlight sun 午后",
    "dawn": "dawn sunrise morning daybreak 黎明 日出 清晨",
    "day": "day daylight noon midday sunny bright blue-sky 白天 晴",
}
WEATHERS = {
    "storm": "storm stormy thunder lightning tempest thunderstorm hurricane 暴风 雷",
    "rain": "rain rainy raining drizzle wet shower 雨",
    "snow": "snow snowy snowfall snowing blizzard snowstorm 雪",
    "fog": "fog foggy mist misty haze hazy smoky 雾",
    "cloudy": "cloud clouds cloudy overcast 云 阴",
    "clear": "clear cloudless 晴",
}
SEASONS = {
    "autumn": "autumn fall autumnal october foliage 秋",
    "winter": "winter wintry frost frosty icy ice frozen arctic christmas 冬",
    "spring": "spring blossom blossoms blooming sakura cherry-blossom 春 樱花",
    "summer": "summer summery 夏",
}
STYLES = {
    "watercolour": "watercolour watercolor aquarelle gouache wash 水彩",
    "oil": "oil brush brushstroke brushstrokes impasto impressionist impressionism gogh monet painting "
    "painted painterly"
    "canvas acrylic baroque renaissance rembrandt turner 油画",
    "ink": "ink sketch pencil drawing drawn line lineart charcoal etching engraving woodcut hatching "
    "calligraphy sumi sumi-e manga 水墨 素描 线稿",
    "pixel": "pixel pixelart 8-bit 16-bit 8bit 16bit retro-game pixelated 像素",
    "neon": "neon cyberpunk synthwave vaporwave retrowave tron blade-runner futuristic 霓虹 赛博朋克",
    "lowpoly": "low-poly lowpoly polygonal polygon origami faceted papercraft 低多边形",
    "flat": "flat vector poster minimal minimalist minimalistic illustration graphic screenprint bauhaus "
    "cutout paper papercut"
    "ukiyo-e travel-poster cartoon logo anime 扁平 插画 海报",
    "photo": "photo photograph photorealistic photography realistic cinematic film dslr macro 照片 摄影",
}
PROPS = {
    "lighthouse": "lighthouse 灯塔",
    "boat": "boat boats sailboat ship ships sailing yacht fishing 船",
    "house": "house cabin cottage hut barn farmhouse chalet 房 小屋",
    "castle": "castle fortress palace tower ruins 城堡",
    "balloon": "balloon balloons 气球",
    "moon": "moon moonlit moonlight 月",
    "birds": "birds gulls seagulls flock cranes swallows 鸟群",
    "windmill": "windmill windmills 风车",
    "aurora": "aurora borealis northern-lights 极光",
    "rainbow": "rainbow 彩虹",
    "rings": "rings ring saturn ringed",
    "umbrella": "umbrella umbrellas 伞",
    "volcano": "volcano fuji 火山",
    "sun": "sun sunset sunrise 太阳",
    "steam": "steam steaming hot 热",
}
DARK = "dark moody gloomy ominous mysterious dramatic gothic noir sombre somber melancholy scary eerie 阴暗"
SOFT = "calm peaceful serene dreamy gentle soft quiet tranquil pastel ethereal delicate minimal 宁静"
VIVID = "vibrant vivid colorful colourful bold bright saturated joyful happy energetic festive lively 鲜艳"
MONO = "monochrome monochromatic black-and-white bw noir grayscale greyscale 黑白"
VINTAGE = "vintage retro sepia old nostalgic antique faded polaroid 复古"
TRAITS = {
    "female": "woman girl lady queen princess bride mother grandmother actress witch heroine fairy ballerina she "
    "her 女 女孩 少女",
    "male": "man boy gentleman king prince knight father grandfather soldier wizard monk samurai he his 男 男孩",
    "old": "old elderly grandmother grandfather aged elder wise wrinkled 老",
    "young": "girl boy child kid young 孩",
    "beard": "beard bearded wizard sailor viking 胡子",
    "glasses": "glasses spectacles scientist professor 眼镜",
    "hat": "hat cap fedora witch wizard cowboy detective 帽",
    "crown": "crown queen king princess tiara royal 王冠",
    "long": "long-hair long princess fairy flowing",
    "short": "short-hair short pixie cropped bald",
    "curly": "curly curls afro wavy",
    "bun": "bun bride ballerina updo",
    "helmet": "astronaut cosmonaut spacesuit",
}
HAIR = {
    "red": (0.55, 0.20, 0.08), "ginger": (0.62, 0.28, 0.10), "blonde": (0.85, 0.68, 0.38),
    "blond": (0.85, 0.68, 0.38),
    "brown": (0.28, 0.17, 0.10), "brunette": (0.26, 0.15, 0.09), "black": (0.07, 0.06, 0.07),
    "white": (0.88, 0.87, 0.85),
    "grey": (0.60, 0.60, 0.62), "silver": (0.75, 0.76, 0.80), "auburn": (0.42, 0.16, 0.09),
}  # fmt: skip


@dataclass(frozen=True)
class Brief:
    prompt: str
    scene: str
    time: str
    weather: str
    season: str
    style: str
    colours: tuple[Colour, ...] = ()  # of the whole picture
    own: dict[str, Colour] = field(default_factory=dict)  # of one thing in it
    props: frozenset[str] = frozenset()
    objects: tuple[str, ...] = ()
    animal: str = ""
    traits: frozenset[str] = frozenset()
    moods: frozenset[str] = frozenset()
    rich: bool = False
    stated_time: bool = False

    def colour(self, *names: str, otherwise: Colour) -> Colour:
        return next((self.own[name] for name in names if name in self.own), otherwise)


class Words:
    def __init__(self, prompt: str) -> None:
        lower = prompt.lower()
        self.list = re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)*", lower)
        pairs = [f"{a}-{b}" for a, b in zip(self.list, self.list[1:], strict=False)]
        parts = [part for word in self.list if "-" in word for part in word.split("-")]
        self.known = {*self.list, *pairs, *parts}
        self.text = lower

    def has(self, vocabulary: str) -> bool:
        return any(word in self.known if word.isascii() else word in self.text for word in vocabulary.split())

    def count(self, vocabulary: str) -> int:
        return sum(word in self.known if word.isascii() else word in self.text for word in vocabulary.split())

    def all(self, table: dict[str, str]) -> list[str]:
        return [name for name, vocabulary in table.items() if self.has(vocabulary)]

    def first(self, table: dict[str, str]) -> str:
        return next(iter(self.all(table)), "")


_NOUNS = {
    **ANIMALS,
    **OBJECTS,
    **PROPS,
    "hair": "hair haired",
    "eyes": "eyes eye",
    "clothes": "dress shirt coat jacket scarf robe suit sweater hoodie gown kimono cloak",
    "water": "water sea ocean lake",
    "sky": "sky",
    "background": "background backdrop",
    "planet": "planet planets",
    "hat": "hat cap",
}


def _bind(words: Words) -> tuple[list[Colour], dict[str, Colour]]:
    """Which colour belongs to which thing; the others belong to the picture."""
    free: list[Colour] = []
    own: dict[str, Colour] = {}
    used: set[int] = set()
    for index, word in enumerate(words.list):
        if index in used:
            continue
        for noun, vocabulary in _NOUNS.items():
            if word in vocabulary.split():
                for back in (1, 2, 3):
                    before = words.list[index - back] if index >= back else ""
                    table = {**COLOURS, **HAIR} if noun == "hair" else COLOURS
                    if before in table and index - back not in used:
                        own.setdefault(noun, table[before])
                        used.add(index - back)
                        break
    for index, word in enumerate(words.list):
        golden = word == "golden" and index + 1 < len(words.list) and words.list[index + 1] in ("hour", "retriever")
        botanic = (
            word in ("rose", "coral", "lavender", "orange", "peach", "lime")
            and index not in used
            and any(
                word in vocabulary.split() for vocabulary in (OBJECTS["flowers"], OBJECTS["fruit"], SCENES["hills"])
            )
        )
        mono = word in ("black", "white") and words.has("black-and-white")
        if word in COLOURS and index not in used and not golden and not botanic and not mono:
            free.append(COLOURS[word])
    free += [colour for word, colour in COLOURS.items() if not word.isascii() and word in words.text]
    if words.has("retriever labrador"):
        own.setdefault("dog", (0.84, 0.62, 0.34))
    return free[:4], own


def understand(prompt: str, *, style: str = "", rich: bool = False) -> Brief:
    words = Words(prompt)
    pick = np.random.default_rng(list(hashlib.sha256(prompt.encode()).digest()[:8]))
    animal = words.first(ANIMALS)
    objects = tuple(words.all(OBJECTS))
    person = words.has(_PEOPLE)
    outdoor = max(SCENES, key=lambda name: words.count(SCENES[name])) if words.all(SCENES) else ""
    if words.has(_ABSTRACT) and not animal and not person and not words.count(SCENES.get(outdoor, "")) > 1:
        scene = "abstract"
    elif words.has("portrait headshot bust face selfie 肖像") or (person and not outdoor and not animal):
        scene = "portrait"
    elif (
        (words.has(_STILL) or objects)
        and (not outdoor or words.has("still-life vase bowl cup table bouquet"))
        and not animal
    ):
        scene = "still"
    elif outdoor:
        scene = outdoor
    elif animal:
        scene = {"fish": "underwater", "whale": "underwater", "cat": "room"}.get(animal, "hills")
    elif home := next((place for prop, place in _HOMES.items() if words.has(PROPS[prop])), ""):
        scene = home
    elif words.list or words.text.strip():
        skyward = words.has(" ".join([*TIMES.values(), *WEATHERS.values(), *SEASONS.values()]))
        scene = str(
            pick.choice(
                ["mountains", "lake", "hills", "sea"] if skyward else ["abstract", "mountains", "coast", "still"]
            )
        )
    else:
        scene = "abstract"
    if animal in ("fish", "whale") and scene in ("sea", "lake") and not words.has("boat ship"):
        scene = "underwater"
    free, own = _bind(words)
    moods = {
        name
        for name, vocabulary in {"dark": DARK, "soft": SOFT, "vivid": VIVID, "mono": MONO, "vintage": VINTAGE}.items()
        if words.has(vocabulary)
    }
    time = words.first(TIMES)
    weather = words.first(WEATHERS)
    chosen = style or words.first(STYLES) or "photo"
    props = frozenset(words.all(PROPS))
    if words.has(_FIGURE_ONLY) or (person and scene != "portrait"):
        props |= {"figure"}
    return Brief(
        prompt=prompt,
        scene=scene,
        time=time,
        weather=weather,
        season=words.first(SEASONS) or ("winter" if weather == "snow" else ""),
        style=chosen,
        colours=tuple(free),
        own=own,
        props=props,
        objects=objects,
        animal=animal,
        traits=frozenset(words.all(TRAITS)),
        moods=frozenset(moods),
        rich=rich,
        stated_time=bool(time),
    )


def settle(brief: Brief, rng: np.random.Generator) -> Brief:
    """Decide with the seed what the prompt leaves open."""
    time, weather = brief.time, brief.weather
    if not time:
        if brief.scene == "space" or (brief.scene in ("street", "city") and brief.style == "neon"):
            time = "night"
        elif weather in ("storm", "rain", "fog") or "dark" in brief.moods:
            time = str(rng.choice(["dusk", "day", "dawn"]))
        else:
            time = str(rng.choice(["day", "golden", "sunset", "dawn", "dusk"], p=[0.35, 0.3, 0.17, 0.13, 0.05]))
    if not weather:
        weather = str(
            rng.choice(["clear", "cloudy", "cloudy", "fog"] if time == "dawn" else ["clear", "cloudy", "cloudy"])
        )
    return replace(brief, time=time, weather=weather)
