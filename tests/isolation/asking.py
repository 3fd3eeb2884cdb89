"""Asking without consequences, and noticing what a question did."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.test import Client

from apps.workspaces.models import Membership

METHODS = ["GET", "POST", "DELETE"]


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is changed inside was never so."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def noting_writes() -> Iterator[list[str]]:
    """The tables that were written to, in order."""
    written: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        verb, _space, rest = sql.lstrip().partition(" ")
        if verb in ("INSERT", "UPDATE", "DELETE"):
            words = [word for word in rest.replace('"', " ").split() if word not in ("INTO", "FROM", "OR", "IGNORE")]
            written.append(words[0])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield written


def browser(member: Membership | None = None) -> Client:
    client = Client(raise_request_exception=False)
    if member:
        client.force_login(member.user)
    return client


def ask(client: Client, method: str, path: str, data: Any = None, **headers: str) -> Any:
    """Ask without keeping what it changes."""
    with undone():
        if method == "POST":
            return client.post(path, data or {}, headers=headers)
        return client.generic(method, path, headers=headers)


def everything_in(response: Any) -> bytes:
    """Headers and body; of an archive, what is packed in it."""
    body = b"".join(response) if response.streaming else response.content
    head = "\n".join(f"{name}: {value}" for name, value in response.items()).encode()
    if body.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            body = b"\n".join(name.encode() + archive.read(name) for name in archive.namelist())
    return head + b"\n" + body
