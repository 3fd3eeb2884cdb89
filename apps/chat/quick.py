"""Statements that run before each request to MiniMax or a few times a second.

The ORM puts each of them together anew, which took longer than the database needs for it; here the text is made once
for each process. Fields prepare their values as they do for the ORM.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models

from apps.chat.models import Message, Piece
from apps.workspaces.storable import storable

Fields = Sequence["models.Field[Any, Any]"]


@cache
def _insert_into(model: type[models.Model]) -> tuple[str, Fields]:
    connection = connections[DEFAULT_DB_ALIAS]
    # a key that the database counts up itself is left to it
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    values = ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({values})", fields  # noqa: S608  (our own names)


def insert(row: models.Model) -> None:
    """Like `row.save(force_insert=True)` for a row that brings its key."""
    connection = connections[DEFAULT_DB_ALIAS]
    statement, fields = _insert_into(type(row))
    values = [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
    row._state.adding, row._state.db = False, connection.alias


def insert_pieces(news: Mapping[uuid.UUID, Sequence[Any]]) -> None:
    connection = connections[DEFAULT_DB_ALIAS]
    statement, fields = _insert_into(Piece)
    rows = [Piece(message_id=pk, events=storable(list(events))) for pk, events in news.items() if events]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(
                statement,
                [[field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields] for row in rows],
            )


def touch(ids: Iterable[uuid.UUID], now: datetime) -> None:
    """Write that these replies live."""
    connection = connections[DEFAULT_DB_ALIAS]
    keys = list(_keys(ids))
    theirs = f"status = 'running' AND id IN ({_marks(keys)})"
    beat = Message._meta.get_field("heartbeat_at").get_db_prep_save(now, connection)
    with connection.cursor() as cursor:
        table = Message._meta.db_table
        cursor.execute(f"UPDATE {table} SET heartbeat_at = %s WHERE {theirs}", [beat, *keys])  # noqa: S608


def running(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, bool]:
    """Those of these replies that are not over, and whether somebody asked to stop them."""
    connection = connections[DEFAULT_DB_ALIAS]
    keys = _keys(ids)
    with connection.cursor() as cursor:
        theirs = f"status = 'running' AND id IN ({_marks(keys)})"
        cursor.execute(f"SELECT id, stop_asked FROM {Message._meta.db_table} WHERE {theirs}", list(keys))  # noqa: S608
        return {keys[key]: bool(stop_asked) for key, stop_asked in cursor.fetchall()}


def _keys(ids: Iterable[uuid.UUID]) -> dict[Any, uuid.UUID]:
    """As the database spells them."""
    connection = connections[DEFAULT_DB_ALIAS]
    field = Message._meta.pk
    assert field is not None
    return {field.get_db_prep_save(pk, connection): pk for pk in ids}


def _marks(keys: Iterable[Any]) -> str:
    return ", ".join("%s" for _key in keys)
