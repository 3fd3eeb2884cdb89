"""Draws the picture that stands for a link in a chat.

A program of its own (`python drawing.py`, JSON in, a PNG on the path it names), so that the web process never loads
Pillow.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

SIZE = (1200, 630)
SCALE = 2  # drawn twice as large and shrunk: round ends without steps
INK, PAPER, SOFT, ACCENT, DIM = "#14100e", "#f0ece7", "#9f9991", "#f86f3c", "#58514c"  # the studio by night
MARGIN = 88
BARS = 96

# Where systems keep fonts for what Geist has no letters for. None of these has to be there.
FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/System/Library/Fonts", "C:/Windows/Fonts")
NAMES = (
    "NotoSansCJK-Medium.ttc", "NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "SourceHanSansSC-Regular.otf",
    "PingFang.ttc", "Hiragino Sans GB.ttc", "msyh.ttc", "wqy-zenhei.ttc", "wqy-microhei.ttc",
    "DroidSansFallbackFull.ttf", "NotoSans-Regular.ttf", "NotoSansThai-Regular.ttf", "NotoSansDevanagari-Regular.ttf",
    "NotoSansArabic-Regular.ttf", "NotoSansHebrew-Regular.ttf", "DejaVuSans.ttf", "Arial Unicode.ttf", "arial.ttf",
)  # fmt: skip


class Fonts:
    """One size of type: Geist, and for other scripts whatever the machine has."""

    def __init__(self, files: list[str], size: int, weight: int) -> None:
        from PIL import ImageFont

        self.fonts: list[Any] = []
        for file in [*files, *system_fonts()]:
            try:
                font = ImageFont.truetype(file, size * SCALE)
            except OSError:
                continue
            if file in files:
                font.set_variation_by_axes([weight])
            self.fonts.append(font)
        if not self.fonts:
            self.fonts.append(ImageFont.load_default(size * SCALE))
        self.chosen: dict[str, Any] = {}

    def font_for(self, character: str) -> Any:
        """The first font that has it, or None."""
        if character not in self.chosen:
            has = (font for font in self.fonts if character.isspace() or _knows(font, character))
            self.chosen[character] = next(has, None)
        return self.chosen[character]

    def runs(self, text: str) -> list[tuple[Any, str]]:
        runs: list[tuple[Any, str]] = []
        for character in text:  # a space belongs to the word before it, so that right-to-left words keep their order
            font = runs[-1][0] if runs and character.isspace() else self.font_for(character)
            if runs and font is runs[-1][0]:
                runs[-1] = (font, runs[-1][1] + character)
            elif font:
                runs.append((font, character))
        return runs

    def width(self, text: str) -> float:
        return sum(font.getlength(run) for font, run in self.runs(text))

    def write(self, draw: Any, place: tuple[float, float], text: str, fill: str) -> None:
        x, baseline = place
        for font, run in self.runs(text):
            draw.text((x, baseline), run, fill=fill, font=font, anchor="ls")
            x += font.getlength(run)


def _knows(font: Any, character: str) -> bool:
    return bytes(font.getmask(character)) != bytes(font.getmask("\U0010fffe"))


@cache
def system_fonts() -> tuple[str, ...]:
    found = {
        path.name: str(path)
        for folder in FOLDERS
        if Path(folder).is_dir()
        for path in Path(folder).rglob("*.[to]t[fc]")
    }
    return tuple(found[name] for name in NAMES if name in found)


def readable(title: str, fonts: Fonts) -> str:
    """The title without symbols no font has; nothing at all if letters are missing, for boxes say less than silence."""
    kept = []
    for character in " ".join(title.split()):
        if fonts.font_for(character):
            kept.append(character)
        elif unicodedata.category(character)[0] in "LN":
            return ""
    return "".join(kept)


def wrap(text: str, fonts: Fonts, width: float, most: int) -> list[str]:
    """Lines that fit; between words, or anywhere in a word that is longer than a line, as CJK is."""
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}".strip()
        if fonts.width(longer) <= width:
            line = longer
            continue
        if line and fonts.width(word) <= width:
            lines.append(line)
            line = word
            continue
        line = longer
        while fonts.width(line) > width:
            cut = next(place for place in range(len(line), 0, -1) if place == 1 or fonts.width(line[:place]) <= width)
            lines.append(line[:cut].strip())
            line = line[cut:]
    lines.append(line)
    if len(lines) > most:
        last = lines[most - 1]
        while last and fonts.width(last + "…") > width:
            last = last[:-1]
        lines = [*lines[: most - 1], last.rstrip() + "…"]
    return lines


def draw_card(*, title: str, label: str, duration: str, bars: list[float], fonts: list[str], path: str) -> None:
    from PIL import Image, ImageDraw

    width, height, margin = SIZE[0] * SCALE, SIZE[1] * SCALE, MARGIN * SCALE
    picture = Image.new("RGB", (width, height), INK)
    draw = ImageDraw.Draw(picture)
    small = Fonts(fonts, 27, 500)

    small.write(draw, (margin, 112 * SCALE), readable(label, small), SOFT)
    for size, most in ((92, 2), (66, 3)):  # as large as it can be read whole
        large = Fonts(fonts, size, 600)
        lines = wrap(readable(title, large), large, width - 2 * margin, most)
        if not lines[-1].endswith("…"):
            break
    for number, line in enumerate(lines):
        large.write(draw, (margin, (140 + size * (1 + 1.16 * number)) * SCALE), line, PAPER)

    middle, radius, tallest = (500 if lines[0] else 360) * SCALE, 46 * SCALE, 66 if lines[0] else 130
    draw.ellipse((margin, middle - radius, margin + 2 * radius, middle + radius), fill=ACCENT)
    x, reach = margin + radius + 5 * SCALE, 18 * SCALE
    draw.polygon(
        [(x - reach * 0.85, middle - reach), (x - reach * 0.85, middle + reach), (x + reach * 0.95, middle)], fill=INK
    )

    time_width = small.width(duration)
    left, right = margin + 2 * radius + 34 * SCALE, width - margin - time_width - (30 * SCALE if duration else 0)
    step = (right - left) / len(bars)
    for place, level in enumerate(bars):
        half, thick, centre = max(level / 100 * tallest, 2.5) * SCALE, step * 0.26, left + step * (place + 0.5)
        box = (centre - thick, middle - half - thick, centre + thick, middle + half + thick)
        draw.rounded_rectangle(box, radius=thick, fill=ACCENT if place < len(bars) * 0.28 else DIM)
    small.write(draw, (width - margin - time_width, middle + 10 * SCALE), duration, SOFT)
    picture.resize(SIZE, Image.Resampling.LANCZOS).quantize(128, dither=Image.Dither.NONE).save(
        path, "PNG", optimize=True
    )


if __name__ == "__main__":
    draw_card(**json.load(sys.stdin))
