"""Every row from one database into an empty one, in batches that can be broken off, and compared afterwards.

The source must be at rest: the studio is stopped. The target's foreign keys and triggers are taken away first, noted in
its table studio_move, and put back at the end, when PostgreSQL checks all of them at once; so order and circles of
tables do not matter, and a second start goes on where the first one stopped.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import DatabaseError, connections, models, transaction
from django.db.models.functions import Collate
from django.db.models.sql import InsertQuery

TOGETHER = 500  # rows in a transaction
WRITTEN_BY_MIGRATIONS = {"contenttypes.ContentType", "auth.Permission"}
WRITTEN_ANEW = {"library.SearchEntry"}  # the search index, which each engine keeps in its own way


class MoveError(Exception):
    """It cannot be moved, or did not arrive alike. The text is a sentence."""


@dataclass(frozen=True)
class Moved:
    table: str
    rows: int


def tables() -> list[type[models.Model]]:
    """All that is kept in rows, through tables included, and cannot be written anew."""
    return [
        one
        for one in apps.get_models(include_auto_created=True)
        if one._meta.managed and not one._meta.proxy and one._meta.label not in WRITTEN_ANEW
    ]


def has_begun(target: str) -> bool:
    """Whether an earlier start was broken off. Migrations are not run again then: they write rows of their own."""
    with connections[target].cursor() as cursor:
        cursor.execute("SELECT to_regclass('studio_move')")
        return bool(cursor.fetchone()[0])


def move(source: str, target: str) -> Iterator[Moved]:
    """Copy each table's rows from alias `source` to `target`, which is migrated and PostgreSQL; says so after each."""
    _begin(target)
    for model in tables():
        yield Moved(model._meta.db_table, _copy(model, source, target))
    _finish(target)


def compare(source: str, target: str) -> Iterator[Moved]:
    """Read both databases row by row. Raises MoveError naming the first row that differs."""
    for model in tables():
        number = 0
        with closing(_rows(model, source)) as ours, closing(_rows(model, target)) as theirs:
            for row, twin in _pairs(ours, theirs):
                _compare_row(model, row, twin)
                number += 1
        yield Moved(model._meta.db_table, number)


# --- copying ----------------------------------------------------------------------------------------------------------


def _copy(model: type[models.Model], source: str, target: str) -> int:
    """Go on after the last row that is there: within a table, rows are written in the order of their keys."""
    fields = model._meta.concrete_fields
    last = model._base_manager.using(target).order_by(_in_order(model, target).desc()).first()
    rows = model._base_manager.using(source).order_by(_in_order(model, source).asc())
    for batch in _batches((rows.filter(pk__gt=last.pk) if last else rows).iterator(TOGETHER)):
        query = InsertQuery(model)
        query.insert_values(fields, batch, raw=True)  # as they are: no field sets its own time anew
        try:
            with transaction.atomic(using=target):
                query.get_compiler(using=target).execute_sql()
        except (DatabaseError, ValueError) as error:
            raise MoveError(_find_culprit(model, batch, target, error)) from error
    return int(model._base_manager.using(target).count())


def _find_culprit(model: type[models.Model], batch: list[Any], target: str, error: Exception) -> str:
    """SQLite keeps what PostgreSQL refuses, e.g. texts that are too long or hold a zero byte."""
    for row in batch:
        query = InsertQuery(model)
        query.insert_values(model._meta.concrete_fields, [row], raw=True)
        try:
            with transaction.atomic(using=target):
                query.get_compiler(using=target).execute_sql()
                transaction.set_rollback(True, using=target)
        except (DatabaseError, ValueError) as refusal:
            return f"{model._meta.db_table}, row {row.pk}: {str(refusal).strip().splitlines()[0]}"
    return f"{model._meta.db_table}: {str(error).strip().splitlines()[0]}"


def _in_order(model: type[models.Model], alias: str) -> Any:
    """By key; a text byte by byte, as SQLite does it."""
    is_text = isinstance(model._meta.pk, models.CharField) and connections[alias].vendor == "postgresql"
    return Collate("pk", "C") if is_text else models.F("pk")


def _batches(rows: Iterable[Any]) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for row in rows:
        batch.append(row)
        if len(batch) == TOGETHER:
            yield batch
            batch = []
    if batch:
        yield batch


# --- what stands in the way meanwhile ---------------------------------------------------------------------------------


def _begin(target: str) -> None:
    connection = connections[target]
    if connection.vendor != "postgresql":
        raise MoveError("The new database must be PostgreSQL.")
    with transaction.atomic(using=target), connection.cursor() as cursor:
        if has_begun(target):
            return
        strangers = [one._meta.db_table for one in tables() if _has_rows_of_its_own(one, target)]
        if strangers:
            raise MoveError(f"The new database is not empty: {strangers[0]} has rows. --compare compares it.")
        for one in tables():
            if one._meta.label in WRITTEN_BY_MIGRATIONS:
                cursor.execute(f"TRUNCATE {_quoted(one, target)} CASCADE")
        cursor.execute("CREATE TABLE studio_move (number serial PRIMARY KEY, put_back text NOT NULL)")
        cursor.execute(
            """
            SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
            FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace
            """
        )
        for table, name, definition in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
            _note(cursor, f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
        for one in tables():
            cursor.execute(f"ALTER TABLE {_quoted(one, target)} DISABLE TRIGGER USER")
            _note(cursor, f"ALTER TABLE {_quoted(one, target)} ENABLE TRIGGER USER")


def _note(cursor: Any, statement: str) -> None:
    cursor.execute("INSERT INTO studio_move (put_back) VALUES (%s)", [statement])


def _has_rows_of_its_own(model: type[models.Model], target: str) -> bool:
    return model._meta.label not in WRITTEN_BY_MIGRATIONS and model._base_manager.using(target).exists()


def _finish(target: str) -> None:
    connection = connections[target]
    with transaction.atomic(using=target), connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), tables()):
            cursor.execute(statement)
        cursor.execute("SELECT put_back FROM studio_move ORDER BY number")
        for (statement,) in cursor.fetchall():
            try:
                cursor.execute(statement)
            except DatabaseError as error:
                last_line = str(error).strip().splitlines()[-1]
                raise MoveError(f"A row refers to one that is missing: {last_line}") from error
        cursor.execute("DROP TABLE studio_move")


def _quoted(model: type[models.Model], target: str) -> str:
    return connections[target].ops.quote_name(model._meta.db_table)


# --- comparing --------------------------------------------------------------------------------------------------------


def _rows(model: type[models.Model], alias: str) -> Generator[Any]:
    yield from model._base_manager.using(alias).order_by(_in_order(model, alias).asc()).iterator(TOGETHER)


def _pairs(ours: Iterator[Any], theirs: Iterator[Any]) -> Iterator[tuple[Any, Any]]:
    """As `zip_longest`: what one of them lacks is None."""
    while (pair := (next(ours, None), next(theirs, None))) != (None, None):
        yield pair


def _compare_row(model: type[models.Model], row: Any, twin: Any) -> None:
    table = model._meta.db_table
    if row is None or twin is None or row.pk != twin.pk:
        missing, key = ("old", twin.pk) if row is None else ("new", row.pk)
        raise MoveError(f"{table}: row {key} is missing in the {missing} database.")
    for field in model._meta.concrete_fields:
        if field.value_from_object(row) != field.value_from_object(twin):
            raise MoveError(f"{table}, row {row.pk}: {field.column} differs.")
