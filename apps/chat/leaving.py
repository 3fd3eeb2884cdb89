"""What somebody's leaving asks of chat: see apps.accounts.leaving."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apps.accounts.models import User
from apps.chat.models import Conversation, Folder, Message, Prompt


def erase(user: User) -> None:
    """What only they could see. What was opened to a workspace is its own."""
    Conversation.objects.filter(created_by=user, is_open=False).delete()
    Folder.objects.filter(person=user).delete()
    Prompt.objects.filter(created_by=user, is_shared=False).delete()


def conversations(user: User) -> Iterator[Mapping[str, Any]]:
    for each in Conversation.objects.filter(created_by=user).select_related("workspace").order_by("pk").iterator(100):
        said = Message.objects.filter(conversation=each).order_by("pk")
        yield {
            "id": each.pk,
            "workspace": each.workspace.slug,
            "title": each.title,
            "created_at": each.created_at,
            "is_open": each.is_open,
            "messages": list(said.values("id", "parent", "role", "text", "model", "created_at", "usage", "cost_usd")),
        }


def prompts(user: User) -> Iterator[Mapping[str, Any]]:
    rows = Prompt.objects.filter(created_by=user).order_by("pk")
    yield from rows.values("id", "workspace__slug", "name", "body", "is_shared", "created_at").iterator(500)
