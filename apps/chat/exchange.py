"""A conversation as a file, and back. The JSON holds every branch; the Markdown the one that is shown."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.chat import tree
from apps.chat.models import TITLE_LENGTH, Conversation, Message, Role, Status
from apps.chat.rendering import markdown
from apps.library.services import shorten
from apps.minimax import catalogue
from apps.workspaces.models import Membership
from apps.workspaces.storable import storable

FORMAT = "minimax-studio-conversation"
VERSION = 1
MAX_BYTES = 32 * 1024 * 1024
MAX_MESSAGES = 5_000
KEPT = ("text", "thinking", "tool_use", "tool_result", "file")


class UnreadableError(Exception):
    """The file is no conversation of ours. `str(error)` is for the person."""


def as_markdown(conversation: Conversation) -> str:
    lines = [f"# {conversation.title}", ""]
    for turn in tree.branch(conversation):
        message = turn.message
        if message.role == Role.USER and not message.holds_results:
            lines += [f"## {_('You')}", ""]
        elif message.role == Role.ASSISTANT:
            model = catalogue.chat.models.get(message.model)
            lines += [f"## {model.label if model else message.model}", ""]
        for block in message.blocks:
            lines += [*_block_as_markdown(block), ""]
    return "\n".join(lines).rstrip() + "\n"


def _block_as_markdown(block: dict[str, Any]) -> list[str]:
    if block["type"] == "text":
        return [block["text"].strip()]
    if block["type"] == "thinking":
        return [f"> {line}".rstrip() for line in block["thinking"].strip().splitlines()]
    if block["type"] == "file":
        return [_fenced(block["text"], block["name"].rpartition(".")[2], f"**{block['name']}**")]
    if block["type"] == "tool_use":
        given = json.dumps(block["input"], ensure_ascii=False, indent=1)
        return [_fenced(given, "json", f"**{block['name']}**")]
    if block["type"] == "tool_result":
        content = block["content"]
        return [_fenced(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), "")]
    return [f"*[{block.get('title') or block['type']}]*"]


def _fenced(text: str, language: str, title: str = "") -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    body = f"{fence}{language if language.isalnum() else ''}\n{text.rstrip()}\n{fence}"
    return f"{title}\n\n{body}" if title else body


def as_json(conversation: Conversation) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "title": conversation.title,
        "created_at": conversation.created_at,
        "archived": conversation.archived_at is not None,
        "pinned": conversation.pinned_at is not None,
        "settings": conversation.settings,
        "head": str(conversation.head_id or ""),
        "messages": [
            {
                "id": str(message.pk),
                "parent": str(message.parent_id or ""),
                "role": message.role,
                "created_at": message.created_at,
                "blocks": message.blocks,
                "model": message.model,
                "settings": message.settings,
                "status": message.status,
                "stop_reason": message.stop_reason,
                "usage": message.usage,
                "cost_usd": None if message.cost_usd is None else str(message.cost_usd),
                "first_ms": message.first_ms,
                "thinking_ms": message.thinking_ms,
                "duration_ms": message.duration_ms,
                "trace_id": message.trace_id,
            }
            for message in conversation.messages.exclude(status=Status.RUNNING).order_by("pk")
        ],
    }


def from_json(member: Membership, content: bytes) -> Conversation:
    """A new, private conversation from a file that was exported here or elsewhere. Raises UnreadableError.

    What it cost was paid elsewhere: the figures are shown, and nothing is entered into this workspace's book.
    """
    try:
        given = storable(json.loads(content))
    except (ValueError, RecursionError) as exc:
        raise UnreadableError(_("This file is no conversation that was exported from a studio.")) from exc
    if not isinstance(given, dict) or given.get("format") != FORMAT or not isinstance(given.get("messages"), list):
        raise UnreadableError(_("This file is no conversation that was exported from a studio."))
    if len(given["messages"]) > MAX_MESSAGES:
        raise UnreadableError(_("The file holds too many messages."))
    try:
        return _store(member, given)
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise UnreadableError(_("A part of the file could not be read; nothing was imported.")) from exc


def _store(member: Membership, given: dict[str, Any]) -> Conversation:
    now = timezone.now()
    with transaction.atomic():
        made = Conversation.objects.create(
            workspace=member.workspace,
            created_by=member.user,
            moved_at=now,
            title=shorten(str(given.get("title") or _("Imported conversation")), TITLE_LENGTH),
            archived_at=now if given.get("archived") else None,
            pinned_at=now if given.get("pinned") else None,
            settings=_dict(given.get("settings")),
        )
        stored: dict[str, Message] = {}
        for row in given["messages"]:
            blocks = [_block(block) for block in row["blocks"] if block["type"] in KEPT]
            message = Message(
                conversation=made,
                parent=stored[row["parent"]] if row["parent"] else None,  # parents come first
                role=Role(row["role"]),
                created_by=member.user,
                blocks=blocks,
                text="\n\n".join(block["text"] for block in blocks if block["type"] in ("text", "file")),
                html=[markdown.render(block["text"]) for block in blocks if block["type"] == "text"],
                html_version=markdown.VERSION,
                click=str(uuid.uuid4()),
                status=Status.DONE if row.get("status") == Status.RUNNING else Status(row.get("status", Status.DONE)),
                model=str(row.get("model", ""))[:120],
                settings=_dict(row.get("settings")),
                stop_reason=str(row.get("stop_reason", ""))[:30],
                usage={name: int(count) for name, count in _dict(row.get("usage")).items()
                       if name in ("input", "output", "cache_read", "cache_write")},
                first_ms=_int(row.get("first_ms")),
                thinking_ms=_int(row.get("thinking_ms")),
                duration_ms=_int(row.get("duration_ms")),
            )  # fmt: skip
            message.save(force_insert=True)
            stored[str(row["id"])] = message
        made.head = stored.get(str(given.get("head", ""))) or (list(stored.values())[-1] if stored else None)
        made.save(update_fields=["head"])
    return made


def _block(block: dict[str, Any]) -> dict[str, Any]:
    """Only what a block of its type has; a text that is none would break the page."""
    names: dict[str, dict[str, type]] = {
        "text": {"text": str},
        "thinking": {"thinking": str},
        "file": {"name": str, "text": str},
        "tool_use": {"id": str, "name": str, "input": dict},
        "tool_result": {"tool_use_id": str, "content": str},
    }
    clean: dict[str, Any] = {"type": block["type"]}
    for name, kind in names[block["type"]].items():
        if not isinstance(block[name], kind):
            raise TypeError(name)
        clean[name] = block[name]
    for name in ("signature", "details", "in_content", "is_error"):
        if name in block:
            clean[name] = block[name]
    return clean


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _int(value: Any) -> int | None:
    return value if isinstance(value, int) and abs(value) < 1 << 31 else None
