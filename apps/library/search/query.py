from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Self

from django.http import QueryDict

from apps.library.search.filters import all_filters
from apps.library.search.ranges import MEASURES, Range, ranges_in

SORTS = ("newest", "oldest", "title", "cost", "size", "duration")
VALUES = 20  # of one filter
LENGTH = 300  # characters of a value


@dataclass(frozen=True)
class Query:
    """What is looked for: the library's address without its page."""

    q: str = ""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # a filter's name → the values
    ranges: Mapping[str, Range] = field(default_factory=dict)  # a name in MEASURES → from so much to so much
    since: date | None = None  # days in the person's own zone, both included
    until: date | None = None
    sort: str = "newest"
    is_trash: bool = False

    @classmethod
    def from_params(cls, params: QueryDict) -> Self:
        """What is not understood is left out."""

        def one(name: str) -> str:
            return params.get(name, "").replace("\0", "")[:LENGTH]  # PostgreSQL refuses NUL

        chosen = {}
        for each in all_filters():
            values = [value[:LENGTH] for value in params.getlist(each.name)[:VALUES] if value and "\0" not in value]
            if values:
                chosen[each.name] = tuple(dict.fromkeys(values))
        return cls(
            q=one("q").lstrip(),
            chosen=chosen,
            ranges=ranges_in(params),
            since=_parse_date(one("since")),
            until=_parse_date(one("until")),
            sort=one("sort") if one("sort") in SORTS else SORTS[0],
            is_trash="trash" in params,
        )

    def as_params(self) -> QueryDict:
        """The address that leads here again, as short as it can be."""
        params = QueryDict(mutable=True)
        if self.q.strip():
            params["q"] = self.q.strip()
        for name, values in self.chosen.items():
            params.setlist(name, list(values))
        for name, wanted in self.ranges.items():
            for end, amount in zip(MEASURES[name].names, (wanted.low, wanted.high), strict=True):
                if amount is not None:
                    params[end] = f"{amount:f}"
        for name in ("since", "until"):
            if day := getattr(self, name):
                params[name] = day.isoformat()
        if self.sort != SORTS[0]:
            params["sort"] = self.sort
        if self.is_trash:
            params["trash"] = "1"
        return params

    @property
    def is_narrowed(self) -> bool:
        return bool(self.q.strip() or self.chosen or self.ranges or self.since or self.until)

    def without(self, name: str, value: str | None = None) -> Self:
        """With one thing less: a filter, or one of its values; a range by either of its ends' names."""
        for measure in MEASURES.values():
            if name in measure.names:
                return replace(self, ranges={key: each for key, each in self.ranges.items() if key != measure.name})
        if name in self.chosen:
            left = tuple(each for each in self.chosen[name] if value is not None and each != value)
            chosen = {key: values for key, values in self.chosen.items() if key != name}
            return replace(self, chosen=chosen | ({name: left} if left else {}))
        if name == "q":
            return replace(self, q="")
        return replace(self, since=None) if name == "since" else replace(self, until=None)


def _parse_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
