"""Sums: read from words and signs, computed exactly."""

from __future__ import annotations

import ast
import math
import re
from fractions import Fraction

from apps.sandbox.chatting.guide.task import Finding, Task

MOST_DIGITS = 400
MOST_CHARACTERS = 1000
_WORDS = [
    (r"\bsquare root of\b|\bsqrt\b", " root "),
    (r"(\d)\s*%\s*of\b|(\d)\s*percent of\b", r"\1\2 /100* "),
    (r"\bhalf of\b", " 0.5* "),
    (r"\b(?:plus|added to)\b|加", "+"),
    (r"\b(?:minus|less)\b|减", "-"),
    (r"\b(?:times|multiplied by)\b|乘以?", "*"),
    (r"\b(?:divided by|over)\b|除以", "/"),
    (r"\bto the power of\b|\*\*", "^"),
    (r"\bsquared\b|的平方", "^2"),
    (r"\bcubed\b", "^3"),
    (r"\bmod(?:ulo)?\b", "%"),
    (r"[×·✕]|(?<=\d)\s*x\s*(?=\d)", "*"),
    (r"[÷:]", "/"),
    (r"[−–]", "-"),
    (r"(\d)\s*%(?!\s*[\d(])", r"\1/100"),
]
_SUM = re.compile(r"(?:root|[-+(\d.])(?:root|[\d\s.+\-*/^%()])*[\d)]")
_ASKED = re.compile(
    r"\b(what(?:'s|’s| is| are)|how much|calculate|compute|"
    r"work out|evaluate|solve|result|equals?)\b|=|等于|多少|计算|算",
    re.I,
)
_MANY = re.compile(
    r"\b(sum|total|average|mean|product|median|largest|biggest|maximum|max|smallest|minimum|min)\b", re.I
)


class UnreadableError(ValueError):
    pass


def compute(text: str) -> Fraction:
    try:
        tree = ast.parse(text.replace("root", "sqrt").replace("^", "**").strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UnreadableError(text) from None
    try:
        return _value(tree.body)
    except RecursionError:
        raise UnreadableError(text) from None


def _value(node: ast.expr) -> Fraction:
    match node:
        case ast.Constant(value=int() | float() as number):
            return Fraction(str(number))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand)
        case ast.Call(func=ast.Name(id="sqrt"), args=[inner]):
            return _root(_value(inner))
        case ast.BinOp(left=left, op=op, right=right):
            return _combined(_value(left), op, _value(right))
    raise UnreadableError(ast.dump(node))


def _root(number: Fraction) -> Fraction:
    if number < 0:
        raise UnreadableError("the root of a negative number")
    top, bottom = math.isqrt(number.numerator), math.isqrt(number.denominator)
    if top * top == number.numerator and bottom * bottom == number.denominator:
        return Fraction(top, bottom)
    return Fraction(repr(math.sqrt(number)))


def _combined(left: Fraction, op: ast.operator, right: Fraction) -> Fraction:
    match op:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Div():
            return left / right
        case ast.FloorDiv():
            return Fraction(left // right)
        case ast.Mod():
            return left % right
        case ast.Pow():
            size = max(left.numerator.bit_length(), left.denominator.bit_length())
            if right.denominator == 1 and abs(right) * size < MOST_DIGITS * 4:
                return left ** int(right)
            if right.denominator == 1:
                raise UnreadableError("too large")
            return Fraction(repr(float(left) ** float(right)))
    raise UnreadableError("unknown sign")


def shown(number: Fraction) -> str:
    if number.denominator == 1:
        return f"{int(number):,}"
    if set(_factors(number.denominator)) <= {2, 5} and len(str(number.denominator)) < 9:
        return f"{_decimal(number, 12)}"
    return f"about {_decimal(number, 6)}"


def _factors(number: int) -> list[int]:
    found = []
    for factor in (2, 5):
        while number % factor == 0:
            number //= factor
            found.append(factor)
    return [*found, number] if number > 1 else found


def _decimal(number: Fraction, places: int) -> str:
    scaled = round(number * 10**places)
    whole, rest = divmod(abs(scaled), 10**places)
    sign = "-" if scaled < 0 else ""
    return f"{sign}{whole:,}.{rest:0{places}d}".rstrip("0").rstrip(".")


def calculate(task: Task) -> Finding | None:
    many = _of_many(task)
    if many:
        return many
    if len(task.text) > MOST_CHARACTERS:
        return None
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", task.text)
    divided = re.search(r"\bdivide (\S+) by (\S+)", text, re.I)
    if divided:
        text = f"= {divided[1]} / {divided[2].rstrip('.?!')}"
    multiplied = re.search(r"\bmultiply (\S+) (?:by|and|with) (\S+)", text, re.I)
    if multiplied:
        text = f"= {multiplied[1]} * {multiplied[2].rstrip('.?!')}"
    asked = bool(_ASKED.search(text))
    for pattern, sign in _WORDS:
        text = re.sub(pattern, sign, text, flags=re.I)
    found = [match.group().strip() for match in _SUM.finditer(text)]
    found = [part for part in found if re.search(r"root|[\d)]\s*[-+*/^%]\s*[-(\d]", part)]
    if not found:
        return None
    wanted = max(found, key=len)
    others = re.sub(r"[^a-z]", "", text.replace("root", "").lower())
    if not asked and len(others) > 12:
        return None
    if re.fullmatch(r"\d{4}-\d\d-\d\d|[\d.]+(?:-[\d.]+)?", wanted):
        return None
    readable = re.sub(r"root\s*", "√", wanted)
    try:
        value = compute(re.sub(r"root\s*(\d+(?:\.\d+)?)", r"root(\1)", wanted))
    except ZeroDivisionError:
        return Finding(
            "Nothing can be divided by zero, so this has no result." if not task.chinese else "除数不能为零。",
            [f"The expression is {readable}. The divisor is zero."],
        )
    except (UnreadableError, OverflowError, ValueError):
        return None
    result = shown(value)
    pretty = re.sub(r"\s*([-+*/^%])\s*", r" \1 ", readable).replace("*", "×").replace("/ 100 ×", "% of").strip()
    pretty = re.sub(r"(\d) % of", r"\1% of", pretty)
    pretty = pretty.replace("( ", "(").replace(" / ", " ÷ ")
    equals = "is " if result.startswith("about") else "= "
    return Finding(
        f"{pretty} {equals}**{result}**" + ("。" if task.chinese else "."),
        [f"This is arithmetic: {pretty}.", f"I compute it exactly, which gives {result}."],
    )


def is_prime(task: Task) -> Finding | None:
    found = re.search(r"\bis\s+(\d{1,12})\s+(?:a\s+)?prime\b", task.text, re.I)
    if not found:
        return None
    number = int(found[1])
    divisor = next((d for d in range(2, math.isqrt(number) + 1) if number % d == 0), None)
    thoughts = [f"I try the divisors of {number} up to its root."]
    if number > 1 and divisor is None:
        return Finding(f"Yes, **{number:,}** is a prime number.", thoughts)
    why = f": it is {divisor} × {number // divisor:,}" if divisor else ""
    return Finding(f"No, **{number:,}** is not a prime number{why}.", thoughts)


def _of_many(task: Task) -> Finding | None:
    kind = _MANY.search(task.text)
    numbers = [Fraction(number) for number in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.]*\d)", task.text)]
    if (
        not kind
        or len(numbers) < 2
        or re.search(r"\b(words?|tokens?|kb|seconds?|lines?|paragraphs?)\b", task.text, re.I)
    ):
        return None
    name = kind.group(1).lower()
    ordered = sorted(numbers)
    if name in ("sum", "total"):
        value = sum(numbers, Fraction())
    elif name in ("average", "mean"):
        value = sum(numbers, Fraction()) / len(numbers)
    elif name == "product":
        value = Fraction(math.prod(numbers))
    elif name == "median":
        middle = len(ordered) // 2
        value = ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    else:
        value = ordered[-1] if name in ("largest", "biggest", "maximum", "max") else ordered[0]
    return Finding(
        f"The {name} of {len(numbers)} numbers is **{shown(value)}**.",
        [f"There are {len(numbers)} numbers, and the {name} is asked for."],
    )
