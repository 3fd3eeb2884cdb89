"""Two versions of a script, sentence by sentence."""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

ALIKE = 0.4  # shared words of two sentences, of all their words: above it one is a new version of the other
MOST_PAIRS = 40_000  # sentences × sentences that are compared with each other in one place

Kind = Literal["same", "changed", "added", "removed"]


@dataclass(frozen=True, slots=True)
class Match:
    """same: also where it stands elsewhere now. changed: another text or speaker, in the old one's place."""

    kind: Kind
    old_id: Any | None
    new_index: int | None


def match(old: Sequence[tuple[Any, str, str]], new: Sequence[tuple[str, str]]) -> list[Match]:
    """Say for every sentence what became of it: each old id and each new index comes once, in the order of the new
    version; what was removed stands where it was.

    old: (id, text, speaker); new: (text, speaker). A sentence is the same only if both are, to the letter.
    """
    before = [(text, speaker) for _, text, speaker in old]
    pairs = dict(_same(before, list(new)))  # old index → new index
    moved = _moved(before, new, pairs)
    arrived = set(moved.values())
    gaps = _gaps(len(old), len(new), pairs)
    changed: dict[int, int] = {}
    for old_gap, new_gap in gaps:
        loose_old = [index for index in old_gap if index not in moved]
        loose_new = [index for index in new_gap if index not in arrived]
        changed.update(_alike(before, new, loose_old, loose_new))
    return _in_order(old, len(new), {**pairs, **moved}, changed)


# --- what is the same -------------------------------------------------------------------------------------------------


def _same(old: Sequence[Hashable], new: Sequence[Hashable]) -> Iterator[tuple[int, int]]:
    """Pairs that keep their order, found between sentences that stand only once on both sides (a "patience diff")."""
    stack = [(0, len(old), 0, len(new))]
    while stack:
        a, a_end, b, b_end = stack.pop()
        while a < a_end and b < b_end and old[a] == new[b]:
            yield a, b
            a, b = a + 1, b + 1
        while a < a_end and b < b_end and old[a_end - 1] == new[b_end - 1]:
            a_end, b_end = a_end - 1, b_end - 1
            yield a_end, b_end
        if a == a_end or b == b_end:
            continue
        anchors = _anchors(old, new, a, a_end, b, b_end)
        if anchors:
            yield from anchors
            edges = [(a - 1, b - 1), *anchors, (a_end, b_end)]
            for (left, top), (right, bottom) in pairwise(edges):
                if right - left > 1 and bottom - top > 1:
                    stack.append((left + 1, right, top + 1, bottom))
            continue
        few = (a_end - a) * (b_end - b) <= MOST_PAIRS * 10
        blocks = difflib.SequenceMatcher(None, old[a:a_end], new[b:b_end], autojunk=not few).get_matching_blocks()
        for block in blocks:
            for step in range(block.size):
                yield a + block.a + step, b + block.b + step


def _anchors(
    old: Sequence[Hashable], new: Sequence[Hashable], a: int, a_end: int, b: int, b_end: int
) -> list[tuple[int, int]]:
    often_old, often_new = Counter(old[a:a_end]), Counter(new[b:b_end])
    where = {new[index]: index for index in range(b, b_end) if often_new[new[index]] == 1}
    pairs = [
        (index, where[old[index]]) for index in range(a, a_end) if often_old[old[index]] == 1 and old[index] in where
    ]
    return _longest_rising(pairs)


def _longest_rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest run of pairs in which the second numbers rise too."""
    tails: list[int] = []
    last: list[int] = []  # index into pairs that each tail belongs to
    previous: list[int] = []
    for index, (_, value) in enumerate(pairs):
        place = bisect_left(tails, value)
        previous.append(last[place - 1] if place else -1)
        if place == len(tails):
            tails.append(value)
            last.append(index)
        else:
            tails[place], last[place] = value, index
    rising = []
    index = last[-1] if last else -1
    while index >= 0:
        rising.append(pairs[index])
        index = previous[index]
    return rising[::-1]


def _moved(old: Sequence[tuple[str, str]], new: Sequence[tuple[str, str]], pairs: dict[int, int]) -> dict[int, int]:
    """Sentences that stand elsewhere now: their sound can be kept all the same."""
    taken = set(pairs.values())
    free: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index in range(len(new) - 1, -1, -1):
        if index not in taken:
            free[new[index]].append(index)
    return {
        index: free[sentence].pop() for index, sentence in enumerate(old) if index not in pairs and free.get(sentence)
    }


# --- what was changed -------------------------------------------------------------------------------------------------


def _gaps(old_count: int, new_count: int, pairs: dict[int, int]) -> Iterator[tuple[range, range]]:
    edges = [(-1, -1), *sorted(pairs.items()), (old_count, new_count)]
    for (left, top), (right, bottom) in pairwise(edges):
        if right - left > 1 and bottom - top > 1:
            yield range(left + 1, right), range(top + 1, bottom)


def _alike(
    old: Sequence[tuple[str, str]], new: Sequence[tuple[str, str]], left: Sequence[int], right: Sequence[int]
) -> dict[int, int]:
    """Which old sentence became which new one, in their order: the pairs that are the most alike together."""
    if not left or not right:
        return {}
    if len(left) * len(right) > MOST_PAIRS:
        return {a: b for a, b in zip(left, right, strict=False) if _likeness(_bag(old[a][0]), _bag(new[b][0])) > ALIKE}
    bags_old, bags_new = [_bag(old[index][0]) for index in left], [_bag(new[index][0]) for index in right]
    best = [[0.0] * (len(right) + 1) for _ in range(len(left) + 1)]
    likeness = [[_likeness(one, other) for other in bags_new] for one in bags_old]
    for a in range(len(left) - 1, -1, -1):
        for b in range(len(right) - 1, -1, -1):
            paired = best[a + 1][b + 1] + likeness[a][b] if likeness[a][b] > ALIKE else 0.0
            best[a][b] = max(best[a + 1][b], best[a][b + 1], paired)
    pairs, a, b = {}, 0, 0
    while a < len(left) and b < len(right):
        if likeness[a][b] > ALIKE and best[a][b] == best[a + 1][b + 1] + likeness[a][b]:
            pairs[left[a]] = right[b]
            a, b = a + 1, b + 1
        elif best[a][b] == best[a + 1][b]:
            a += 1
        else:
            b += 1
    return {**pairs, **_replaced(left, right, pairs)}


def _replaced(left: Sequence[int], right: Sequence[int], pairs: dict[int, int]) -> dict[int, int]:
    """One sentence in the place of one other is a new version of it, however little they share."""
    found = {}
    rows = {index: row for row, index in enumerate(left)}
    columns = {index: column for column, index in enumerate(right)}
    edges = [(-1, -1), *((rows[a], columns[b]) for a, b in pairs.items()), (len(left), len(right))]
    for (a, b), (a_end, b_end) in pairwise(edges):
        if a_end - a == b_end - b == 2:
            found[left[a + 1]] = right[b + 1]
    return found


def _bag(text: str) -> Counter[str]:
    """Pairs of neighbouring letters: they work where words have no spaces between them."""
    letters = "".join(character for character in text.lower() if character.isalnum())
    return Counter(letters[index : index + 2] for index in range(max(1, len(letters) - 1)))


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0


def _in_order(
    old: Sequence[tuple[Any, str, str]], new_count: int, same: dict[int, int], changed: dict[int, int]
) -> list[Match]:
    sources = {new_index: (index, "same") for index, new_index in same.items()}
    sources.update({new_index: (index, "changed") for index, new_index in changed.items()})
    gone_before: dict[int, list[int]] = defaultdict(list)  # new index → removed sentences that stood before it
    following = new_count
    for index in range(len(old) - 1, -1, -1):
        place = same.get(index, changed.get(index))
        if place is None:
            gone_before[following].append(index)
        else:
            following = place
    matches: list[Match] = []
    for new_index in range(new_count + 1):
        matches += [Match("removed", old[index][0], None) for index in reversed(gone_before[new_index])]
        if new_index == new_count:
            break
        source = sources.get(new_index)
        if source is None:
            matches.append(Match("added", None, new_index))
        else:
            matches.append(Match("same" if source[1] == "same" else "changed", old[source[0]][0], new_index))
    return matches
