"""Ways through the tree of one conversation."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from apps.chat.models import Conversation, Message
from apps.minimax import catalogue

_CHAIN = f"""
    WITH RECURSIVE chain(id, parent_id, role, blocks, status, depth) AS (
        SELECT id, parent_id, role, blocks, status, 0 FROM {Message._meta.db_table} WHERE id = %s
        UNION ALL
        SELECT m.id, m.parent_id, m.role, m.blocks, m.status, chain.depth + 1
        FROM {Message._meta.db_table} m JOIN chain ON m.id = chain.parent_id
    )
    SELECT role, blocks, status FROM chain ORDER BY depth DESC
"""  # noqa: S608  (names of our own tables)


@dataclass(frozen=True)
class Said:
    """A message as far as the next turn needs it."""

    role: str
    blocks: list[dict[str, Any]]
    status: str


def history(message_id: uuid.UUID | None) -> list[Said]:
    """What was said on the way from the beginning to this message, in one query."""
    if message_id is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_CHAIN, [message_id if connection.vendor == "postgresql" else message_id.hex])
        rows = cursor.fetchall()
    return [
        Said(role, json.loads(blocks) if isinstance(blocks, str) else blocks, status) for role, blocks, status in rows
    ]


@dataclass
class Turn:
    """A message on the branch that is shown, with its place among those that answer the same one."""

    message: Message
    siblings: list[uuid.UUID]

    @property
    def number(self) -> int:
        return self.siblings.index(self.message.pk) + 1

    @property
    def count(self) -> int:
        return len(self.siblings)

    @property
    def previous(self) -> uuid.UUID | None:
        return self.siblings[self.number - 2] if self.number > 1 else None

    @property
    def next(self) -> uuid.UUID | None:
        return self.siblings[self.number] if self.number < self.count else None


def branch(conversation: Conversation, messages: Iterable[Message] | None = None) -> list[Turn]:
    """The branch that ends with the conversation's head, oldest first."""
    rows = list(conversation.messages.order_by("pk") if messages is None else messages)
    by_id = {message.pk: message for message in rows}
    children: dict[uuid.UUID | None, list[uuid.UUID]] = {}
    for row in rows:
        children.setdefault(row.parent_id, []).append(row.pk)
    turns: list[Turn] = []
    message = by_id.get(conversation.head_id) if conversation.head_id else None
    while message:
        turns.append(Turn(message, children[message.parent_id]))
        message = by_id.get(message.parent_id) if message.parent_id else None
    return turns[::-1]


def newest_leaf(conversation: Conversation, message_id: uuid.UUID) -> uuid.UUID:
    """Where the branch through this message goes on to when each time the newest answer is taken."""
    answers = conversation.messages.exclude(parent=None).order_by("pk")
    newest = dict(answers.values_list("parent_id", "pk"))  # the last one of each stays
    while message_id in newest:
        message_id = newest[message_id]
    return message_id


@dataclass
class Node:
    """One message on the map of branches."""

    message: Message
    column: int
    is_shown: bool

    @property
    def label(self) -> str:
        model = catalogue.chat.models.get(self.message.model)
        return model.label if model else self.message.model


def map_of(conversation: Conversation) -> list[Node]:
    """All messages, parents before children, each branch in a column of its own."""
    rows = list(conversation.messages.order_by("pk").defer("blocks", "html", "settings"))
    shown = {turn.message.pk for turn in branch(conversation, rows)}
    children: dict[uuid.UUID | None, list[Message]] = {}
    for message in rows:
        children.setdefault(message.parent_id, []).append(message)
    nodes: list[Node] = []
    columns = 0
    waiting = [(message, -1) for message in reversed(children.get(None, []))]
    while waiting:
        message, column = waiting.pop()
        if column < 0:
            column, columns = columns, columns + 1
        nodes.append(Node(message, column, message.pk in shown))
        first, *others = children.get(message.pk, [None])
        waiting += [(other, -1) for other in reversed(others) if other]
        if first:
            waiting.append((first, column))
    return nodes
