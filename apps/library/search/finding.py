"""How a query becomes a page, at any depth and however many assets there are, without counting and without OFFSET.

Words and filters are terms of one index, so a page is one range of one index:

1. Nothing is narrowed down: the assets by their id.
2. SQLite by age: FTS5 gives the rows that have all terms in their order, and stops when the page is full.
3. Everything else: *walk* the order from the cursor on and keep the rows that have all terms. Terms that are common
   fill the page within PROBE rows, or within WALK. If they do not, or the term index knows of few at once, *gather*
   all of them by that index, and sort.

So the work has a bound however common the words are: FTS5 stops at a full page, a walk after WALK rows, and gathered is
only what is too rare for a walk. Words are not ranked: the newest come first, or the order that was chosen.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connections, transaction
from django.db.models import BooleanField, Case, QuerySet, When
from django.db.models.expressions import RawSQL
from django.utils import timezone

from apps.library.models import Asset, AssetQuerySet
from apps.library.search import terms
from apps.library.search.filters import get_filter
from apps.library.search.index import number_at, number_of
from apps.library.search.query import Query
from apps.library.search.ranges import MEASURES
from apps.workspaces.models import Membership

PROBE, WALK = 400, 2000  # rows
FEW = 5000  # entries that may all be looked at
ORDERS = {  # sort → the column it goes by, and whether the highest comes first; the number settles what is equal
    "newest": ("number", True),
    "oldest": ("number", False),
    "title": ("title", False),
    "cost": ("cost", True),
    "size": ("size", True),
    "duration": ("duration", True),
}
Term = tuple[str, bool]  # True: as the beginning of a term


@dataclass(frozen=True)
class Found:
    assets: list[Asset]
    after: str  # the cursor of the next page; empty: this is the last


@dataclass
class Wanted:
    """A query in the index's own words: all groups, of each group any term, in all sets."""

    space: str
    groups: list[list[Term]] = field(default_factory=list)
    sets: list[QuerySet] = field(default_factory=list)
    ranges: list[tuple[str, int, int]] = field(default_factory=list)  # column of the entry, from, to
    since: datetime | None = None
    until: datetime | None = None  # not included
    is_impossible: bool = False


def find(member: Membership, query: Query, *, after: str = "", limit: int = 24) -> Found:
    """One page of what `query` finds; `after` is the cursor that the page before gave."""
    wanted = compile_query(member, query)
    if wanted.is_impossible:
        return Found([], "")
    if not wanted.groups and not wanted.sets and query.sort in ("newest", "oldest"):
        return _by_id(member, query, wanted, after, limit)
    rows = _find_rows(wanted, query.sort, _parse_cursor(after, query.sort), limit + 1)
    assets = fetch(member, (row[0] for row in rows[:limit]), in_trash=query.is_trash)
    return Found(assets, _cursor(rows[limit - 1]) if len(rows) > limit else "")


def matching(member: Membership, query: Query) -> AssetQuerySet:
    """Everything that `query` finds, in no order."""
    found = _all(member, query)
    wanted = compile_query(member, query)
    if wanted.is_impossible:
        return found.none()
    if wanted.groups:
        if _is_sqlite():
            sql = (
                "SELECT entry.asset_id FROM library_words CROSS JOIN library_searchentry entry"
                " ON entry.number = library_words.rowid WHERE library_words MATCH %s"
            )
        else:
            sql = "SELECT asset_id FROM library_searchentry WHERE words @@ %s::tsquery"
        found = found.filter(pk__in=RawSQL(sql, [_expression(wanted.groups)]))  # noqa: S611  (our own SQL)
    for ids in wanted.sets:
        found = found.filter(pk__in=ids)
    for column, low, high in wanted.ranges:
        found = found.filter(**{f"entry__{column}__range": (low, high)})
    return _within(found, wanted)


def compile_query(member: Membership, query: Query) -> Wanted:
    wanted = Wanted(terms.space_of(member.workspace_id, trashed=query.is_trash))
    for word, is_beginning in terms.words_to_find(query.q):
        wanted.groups.append([(f"{wanted.space}{terms.WORD}{word}", is_beginning)])
    if query.q.strip() and not wanted.groups:
        wanted.is_impossible = True  # only signs: no word holds them
    for name, values in query.chosen.items():
        filter = get_filter(name)
        if filter is None:
            continue
        if filter.term:
            any_of = [(wanted.space + filter.term(value), False) for value in values]
            wanted.groups += [[term] for term in any_of] if filter.needs_all else [any_of]
        elif filter.apply:
            for value in values:
                ids = filter.apply(member, value)
                if ids is None:
                    wanted.is_impossible = True
                else:
                    wanted.sets.append(ids)
    for name, each in query.ranges.items():
        measure = MEASURES[name]
        wanted.ranges.append((measure.column, *each.bounds(measure)))
        wanted.groups.append([(wanted.space + terms.fact(measure.letter, band), False) for band in each.bands(measure)])
        wanted.is_impossible |= not wanted.groups[-1]
    if query.since:
        wanted.since = _start_of(query.since)
    if query.until:
        wanted.until = _start_of(query.until + timedelta(days=1)) if query.until < date.max else None
    return wanted


def fetch(member: Membership, ids: Iterable[uuid.UUID], *, in_trash: bool = False) -> list[Asset]:
    """These assets, in this order, as far as they are the member's to see."""
    order = list(ids)
    # By their keys alone: with the workspace among the conditions SQLite reads all of it instead.
    found = {asset.pk: asset for asset in _for_cards(member, Asset.objects.filter(pk__in=order)[: len(order)])}
    return [
        asset
        for pk in order
        if (asset := found.get(pk))
        and asset.workspace_id == member.workspace_id
        and (asset.trashed_at is not None) == in_trash
    ]


ON_CARDS = [
    *("workspace_id", "created_by_id", "created_by__name", "created_by__email", "created_at", "kind", "title", "model"),
    *("voice_id", "status", "content_type", "size", "duration_s", "measurements", "poster", "peaks"),
    *("trashed_at", "rating"),
]


def _for_cards(member: Membership, assets: AssetQuerySet) -> list[Asset]:
    """With all that a card shows, and without what it does not: a book's words and cues are a megabyte."""
    shown = (
        assets.only(*ON_CARDS)
        .select_related("created_by")
        .annotate(has_subtitles=Case(When(subtitles=[], then=False), default=True, output_field=BooleanField()))
    )
    found = list(shown)
    for asset in found:
        if asset.workspace_id == member.workspace_id:
            asset.workspace = member.workspace
    return found


# --- without terms ----------------------------------------------------------------------------------------------------


def _all(member: Membership, query: Query) -> AssetQuerySet:
    return Asset.objects.in_trash_of(member) if query.is_trash else Asset.objects.visible_to(member)


def _within(found: AssetQuerySet, wanted: Wanted) -> AssetQuerySet:
    """An id begins with its time, so a span of days is a range of ids."""
    if wanted.since:
        found = found.filter(pk__gte=_first_id(wanted.since))
    if wanted.until:
        found = found.filter(pk__lt=_first_id(wanted.until))
    return found


def _by_id(member: Membership, query: Query, wanted: Wanted, after: str, limit: int) -> Found:
    found = _within(_all(member, query), wanted)
    if last := _parse_uuid(after):
        found = found.filter(pk__lt=last) if query.sort == "newest" else found.filter(pk__gt=last)
    found = found.order_by("-id" if query.sort == "newest" else "id")[: limit + 1]
    assets = _for_cards(member, found)
    return Found(assets[:limit], str(assets[limit - 1].pk) if len(assets) > limit else "")


# --- by terms and by other orders -------------------------------------------------------------------------------------

Row = tuple[uuid.UUID, int, Any]  # the asset's id, its number, what it is sorted by
Cursor = tuple[int, Any]  # number, what it is sorted by


class Statement:
    """SQL that grows, with its parameters."""

    def __init__(self) -> None:
        self.conditions: list[str] = []
        self.params: list[Any] = []

    def add(self, condition: str, *params: Any) -> None:
        self.conditions.append(condition)
        self.params += params

    def __str__(self) -> str:
        return " AND ".join(self.conditions)


def _find_rows(wanted: Wanted, sort: str, cursor: Cursor | None, limit: int) -> list[Row]:
    column, is_descending = ORDERS[sort]
    if any(_has_few(wanted, *each) for each in wanted.ranges):
        return _gather(wanted, column, is_descending, cursor, limit, by_range=True)
    if _is_sqlite() and wanted.groups and not wanted.sets and column == "number":
        return _stream(wanted, is_descending, cursor, limit)
    if not wanted.sets:
        is_narrowed = bool(wanted.groups or wanted.since or wanted.until)
        rows = _walk(wanted, column, is_descending, cursor, limit, PROBE if is_narrowed else limit)
        if len(rows) == limit or not is_narrowed:
            return rows
        if not _are_few(wanted):
            rows = _walk(wanted, column, is_descending, cursor, limit, WALK)
            if len(rows) == limit:
                return rows
    return _gather(wanted, column, is_descending, cursor, limit)


def _has_few(wanted: Wanted, column: str, low: int, high: int) -> bool:
    """Whether the range alone leaves so little that nothing else is needed: its index says so."""
    sql = f"SELECT 1 FROM library_searchentry WHERE space = %s AND {column} BETWEEN %s AND %s LIMIT %s"  # noqa: S608
    with connections[Asset.objects.db].cursor() as cursor:
        cursor.execute(sql, [wanted.space, low, high, FEW + 1])
        return len(cursor.fetchall()) <= FEW


def _are_few(wanted: Wanted) -> bool:
    """Whether so few have the terms that gathering them costs less than to walk on. Only FTS5 says it quickly."""
    if not wanted.groups or not _is_sqlite():
        return False
    with connections[Asset.objects.db].cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM library_words WHERE library_words MATCH %s LIMIT %s", [_expression(wanted.groups), FEW + 1]
        )
        return len(cursor.fetchall()) <= FEW


def _stream(wanted: Wanted, is_descending: bool, cursor: Cursor | None, limit: int) -> list[Row]:
    where = Statement()
    where.add("library_words MATCH %s", _expression(wanted.groups))
    _add_bounds(where, wanted, "library_words.rowid")
    _add_ranges(where, wanted, "entry.")
    if cursor:
        where.add(f"library_words.rowid {'<' if is_descending else '>'} %s", cursor[0])
    direction = "DESC" if is_descending else "ASC"
    return _run(
        "SELECT entry.asset_id, entry.number, entry.number FROM library_words CROSS JOIN library_searchentry entry"  # noqa: S608
        f" ON entry.number = library_words.rowid WHERE {where} ORDER BY library_words.rowid {direction} LIMIT %s",
        [*where.params, limit],
    )


def _walk(wanted: Wanted, column: str, is_descending: bool, cursor: Cursor | None, limit: int, most: int) -> list[Row]:
    where, tests = Statement(), Statement()
    where.add("space = %s", wanted.space)
    _add_cursor(where, column, is_descending, cursor)
    _add_tests(tests, wanted)
    _add_ranges(tests, wanted)
    order = _order(column, is_descending)
    if column == "number":
        _add_bounds(where, wanted, "number")
    else:
        _add_bounds(tests, wanted, "number")
    tested = f" WHERE {tests}" if tests.conditions else ""
    walked = (
        f"SELECT asset_id, number, {column} AS sorted, words, cost, size, duration FROM library_searchentry"  # noqa: S608
        f" WHERE {where} ORDER BY {order} LIMIT %s"
    )
    return _run(
        f"SELECT asset_id, number, sorted FROM ({walked}) walked{tested}"  # noqa: S608
        f" ORDER BY {_order('sorted', is_descending)} LIMIT %s",
        [*where.params, most, *tests.params, limit],
    )


def _gather(
    wanted: Wanted, column: str, is_descending: bool, cursor: Cursor | None, limit: int, *, by_range: bool = False
) -> list[Row]:
    where, source = Statement(), "library_searchentry"
    if _is_sqlite() and wanted.groups and not wanted.sets and not by_range:
        source = "library_words CROSS JOIN library_searchentry ON number = library_words.rowid"
        where.add("library_words MATCH %s", _expression(wanted.groups))
    else:
        # SQLite begins at a set with the plus; without it, at all that the workspace has.
        where.add("+space = %s" if _is_sqlite() and wanted.sets else "space = %s", wanted.space)
        for ids in wanted.sets:
            sql, params = ids.query.get_compiler(ids.db).as_sql()
            where.add(f"asset_id IN ({sql})", *params)
        _add_tests(where, wanted)
    _add_bounds(where, wanted, "number")
    _add_ranges(where, wanted)
    _add_cursor(where, column, is_descending, cursor)
    return _run(
        f"WITH found AS MATERIALIZED (SELECT asset_id, number, {column} AS sorted FROM {source} WHERE {where})"  # noqa: S608
        f" SELECT asset_id, number, sorted FROM found ORDER BY {_order('sorted', is_descending)} LIMIT %s",
        [*where.params, limit],
        by_terms=True,
    )


def _add_bounds(where: Statement, wanted: Wanted, column: str) -> None:
    if wanted.since:
        where.add(f"{column} >= %s", number_at(_milliseconds(wanted.since)))
    if wanted.until:
        where.add(f"{column} < %s", number_at(_milliseconds(wanted.until)))


def _add_ranges(where: Statement, wanted: Wanted, table: str = "") -> None:
    for column, low, high in wanted.ranges:
        where.add(f"{table}{column} BETWEEN %s AND %s", low, high)


def _add_cursor(where: Statement, column: str, is_descending: bool, cursor: Cursor | None) -> None:
    if cursor:
        sign = "<" if is_descending else ">"
        if column == "number":
            where.add(f"number {sign} %s", cursor[0])
        else:
            where.add(f"({column}, number) {sign} (%s, %s)", cursor[1], cursor[0])


def _add_tests(where: Statement, wanted: Wanted) -> None:
    """For one row after the other: whether it has the terms."""
    if not wanted.groups:
        return
    if not _is_sqlite():
        where.add("words @@ %s::tsquery", _expression(wanted.groups))
        return
    for group in wanted.groups:
        tests = " OR ".join("instr(words, %s) > 0" for _term in group)
        where.add(f"({tests})", *(f" {term}" if is_beginning else f" {term} " for term, is_beginning in group))


def _order(column: str, is_descending: bool) -> str:
    direction = "DESC" if is_descending else "ASC"
    return f"number {direction}" if column == "number" else f"{column} {direction}, number {direction}"


def _expression(groups: Sequence[Sequence[Term]]) -> str:
    """All groups, of each any term, as FTS5 or PostgreSQL reads it. Terms hold letters and digits only."""
    if _is_sqlite():
        return " AND ".join(
            "(" + " OR ".join(f'"{term}"{" *" if is_beginning else ""}' for term, is_beginning in group) + ")"
            for group in groups
        )
    return " & ".join(
        "(" + " | ".join(f"'{term}'{':*' if is_beginning else ''}" for term, is_beginning in group) + ")"
        for group in groups
    )


def _run(sql: str, params: Sequence[Any], *, by_terms: bool = False) -> list[Row]:
    connection = connections[Asset.objects.db]
    if by_terms and not _is_sqlite():
        with transaction.atomic(), connection.cursor() as cursor:
            # How many rows have several terms at once is beyond the planner: it would read the table instead.
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL jit = off")
            cursor.execute(sql, params)
            rows = cursor.fetchall()
    else:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            rows = cursor.fetchall()
    return [(pk if isinstance(pk, uuid.UUID) else uuid.UUID(pk), number, value) for pk, number, value in rows]


def _is_sqlite() -> bool:
    return connections[Asset.objects.db].vendor == "sqlite"


# --- days and cursors -------------------------------------------------------------------------------------------------


def _start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _first_id(moment: datetime) -> uuid.UUID:
    return uuid.UUID(int=max(_milliseconds(moment), 0) << 80)


def _cursor(row: Row) -> str:
    return f"{row[1]}.{row[2]}"


def _parse_cursor(text: str, sort: str) -> Cursor | None:
    number, _dot, value = text.replace("\0", "").partition(".")
    if not number.isdecimal() or len(number) > 19:
        pk = _parse_uuid(text)
        return (number_of(pk), 0) if pk and sort in ("newest", "oldest") else None
    if ORDERS[sort][0] == "title":
        return int(number), value
    return (int(number), int(value)) if value.isdecimal() and len(value) <= 18 else None


def _parse_uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
