"""From so much to so much: what a person may narrow the search by beside the bands that the index knows.

The bands that a range touches are terms of the index, so most of what does not fit is never looked at; what is left is
compared with the entry's own columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation

from django.http import QueryDict
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.library.search import terms
from apps.library.search.index import BIGGEST, COSTS, LENGTHS, SIZES

MOST = Decimal(10**9)  # of a unit; nothing here is larger


@dataclass(frozen=True)
class Measure:
    """Something that is counted of every asset. In the address: `<name>_from` and `<name>_to`."""

    name: str  # of the filter with its bands
    column: str  # of SearchEntry
    scale: int  # how many of the column's own make one of the person's
    letter: str  # of the bands' terms
    bands: Sequence[tuple[str, int]]
    from_label: str | Promise
    to_label: str | Promise
    shown: str | Promise  # an amount with its unit

    @property
    def names(self) -> tuple[str, str]:
        return f"{self.name}_from", f"{self.name}_to"


MEASURES = {
    "cost": Measure(
        name="cost",
        column="cost",
        scale=1_000_000,
        letter=terms.COST,
        bands=COSTS,
        from_label=gettext_lazy("From, in $"),
        to_label=gettext_lazy("To, in $"),
        shown="$%s",
    ),
    "size": Measure(
        name="size",
        column="size",
        scale=1_000_000,
        letter=terms.SIZE,
        bands=SIZES,
        from_label=gettext_lazy("From, in MB"),
        to_label=gettext_lazy("To, in MB"),
        shown=gettext_lazy("%s MB"),
    ),
    "length": Measure(
        name="length",
        column="duration",
        scale=1_000,
        letter=terms.LENGTH,
        bands=LENGTHS,
        from_label=gettext_lazy("From, in seconds"),
        to_label=gettext_lazy("To, in seconds"),
        shown=gettext_lazy("%s s"),
    ),
}


@dataclass(frozen=True)
class Range:
    """Both ends are included; None: open."""

    low: Decimal | None = None
    high: Decimal | None = None

    def __bool__(self) -> bool:
        return self.low is not None or self.high is not None

    def bounds(self, measure: Measure) -> tuple[int, int]:
        """In the column's own units."""
        low = 0 if self.low is None else int((self.low * measure.scale).to_integral_value(ROUND_CEILING))
        high = BIGGEST if self.high is None else int((self.high * measure.scale).to_integral_value(ROUND_FLOOR))
        return low, high

    def bands(self, measure: Measure) -> list[str]:
        """The names of those that it touches."""
        low, high = self.bounds(measure)
        found, before = [], -1
        for name, most in measure.bands:
            if low <= most and high > before:
                found.append(name)
            before = most
        return found

    def in_words(self, measure: Measure) -> str:
        low, high = (
            str(measure.shown) % number_format(f"{end:f}", use_l10n=True) if end is not None else ""
            for end in (self.low, self.high)
        )
        if not high:
            return _("from %(low)s") % {"low": low}
        return _("%(low)s to %(high)s") % {"low": low, "high": high} if low else _("up to %(high)s") % {"high": high}


def ranges_in(params: QueryDict) -> dict[str, Range]:
    """What is no number is left out."""
    found = {name: Range(*(_parse(params.get(end, "")) for end in each.names)) for name, each in MEASURES.items()}
    return {name: each for name, each in found.items() if each}


def _parse(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip().replace(",", ".")[:20])
    except InvalidOperation:
        return None
    return number if number.is_finite() and 0 <= number <= MOST else None
