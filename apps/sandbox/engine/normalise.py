"""`text_normalization` and `latex_read`: numbers, units and formulas written out before they are read."""

from __future__ import annotations

import re
from collections.abc import Callable

Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_UNITS = {"km": "kilometres", "kg": "kilograms", "cm": "centimetres", "mm": "millimetres", "ml": "millilitres"}
_CURRENCIES = {"$": "dollars", "€": "euros", "£": "pounds", "¥": "yuan", "￥": "yuan"}
_DIGITS = "零一二三四五六七八九"
_DIGIT_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_CHINESE_UNITS = {"km": "公里", "kg": "公斤", "cm": "厘米", "mm": "毫米", "ml": "毫升"}
_CHINESE_CURRENCIES = {"$": "美元", "€": "欧元", "£": "英镑", "¥": "元", "￥": "元"}


def _english_date(found: re.Match[str]) -> str:
    year, month, day = found.group(1), int(found.group(2)), int(found.group(3))
    return f"{_MONTHS[month - 1]} {day}, {year}" if 1 <= month <= 12 else found.group()


def _chinese_number(found: re.Match[str]) -> str:
    return "".join(_DIGITS[int(digit)] for digit in found.group() if digit.isdigit())


_DATE = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")
_CURRENCY = re.compile(r"([$€£¥￥])\s?(\d[\d,]*(?:\.\d+)?)")
_CLOCK = re.compile(r"\b(\d{1,2}):(\d{2})\b")
_UNIT = re.compile(r"(\d(?:\.\d+)?)\s?(km|kg|cm|mm|ml)\b")
_LONG_NUMBER = re.compile(r"(?<![\d.,])\+?\d(?:[ -]?\d){6,}(?![\d.,])")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)%")

ENGLISH: list[Rule] = [
    (_DATE, _english_date),
    (_LONG_NUMBER, lambda found: ", ".join(_DIGIT_WORDS[int(digit)] for digit in found.group() if digit.isdigit())),
    (_CURRENCY, lambda found: f"{found.group(2)} {_CURRENCIES[found.group(1)]}"),
    (_CLOCK, lambda found: f"{int(found.group(1))} {found.group(2) if found.group(2) != '00' else 'o clock'}"),
    (_UNIT, lambda found: f"{found.group(1)} {_UNITS[found.group(2)]}"),
    (_PERCENT, lambda found: f"{found.group(1)} percent"),
]
CHINESE: list[Rule] = [
    (_DATE, lambda found: f"{found.group(1)}年{int(found.group(2))}月{int(found.group(3))}日"),
    (_LONG_NUMBER, _chinese_number),
    (_CURRENCY, lambda found: f"{found.group(2)}{_CHINESE_CURRENCIES[found.group(1)]}"),
    (_CLOCK, lambda found: f"{int(found.group(1))}点{int(found.group(2))}分"),
    (_UNIT, lambda found: f"{found.group(1)}{_CHINESE_UNITS[found.group(2)]}"),
    (_PERCENT, lambda found: f"百分之{found.group(1)}"),
]

FORMULA = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
_COMMANDS = {
    "times": "乘以",
    "cdot": "乘以",
    "div": "除以",
    "pm": "正负",
    "leq": "小于等于",
    "le": "小于等于",
    "geq": "大于等于",
    "ge": "大于等于",
    "neq": "不等于",
    "approx": "约等于",
    "infty": "无穷大",
    "sum": "求和",
    "int": "积分",
    "pi": "派",
    "alpha": "阿尔法",
    "beta": "贝塔",
    "gamma": "伽马",
    "theta": "西塔",
    "lambda": "兰姆达",
    "sin": "正弦",
    "cos": "余弦",
    "tan": "正切",
    "log": "对数",
    "ln": "自然对数",
}
_SIGNS = {"+": "加", "-": "减", "=": "等于", "*": "乘以", "/": "除以", "<": "小于", ">": "大于"}
_BRACED = r"\{([^{}]*)\}"


def read_formula(latex: str) -> str:
    """The formula in Chinese words, best effort."""
    latex = latex.replace("\\\\", "\\")
    for _ in range(6):  # from the inside out
        before = latex
        latex = re.sub(rf"\\d?frac\s*{_BRACED}\s*{_BRACED}", r"{\2分之\1}", latex)
        latex = re.sub(rf"\\sqrt\s*{_BRACED}", r"{根号\1}", latex)
        latex = re.sub(rf"\^\s*(?:{_BRACED}|(\w))", lambda found: _power(found.group(1) or found.group(2)), latex)
        latex = re.sub(rf"_\s*(?:{_BRACED}|(\w))", lambda found: f"下标{found.group(1) or found.group(2)}", latex)
        latex = re.sub(r"(?<!\\frac)(?<!\\sqrt)\{([^{}\\^_]*)\}(?!\s*\{)", r"\1", latex)
        if latex == before:
            break
    latex = re.sub(r"\\([A-Za-z]+)", lambda found: _COMMANDS.get(found.group(1), found.group(1)), latex)
    latex = re.sub(r"[-+=*/<>]", lambda found: _SIGNS[found.group()], latex)
    return re.sub(r"[{}\\\s]+", "", latex)


def _power(exponent: str) -> str:
    return {"2": "的平方", "3": "的立方"}.get(exponent, f"的{exponent}次方")
