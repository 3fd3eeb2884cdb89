"""Conversations as public pages: one branch, as it was when it was shared.

`Snapshot.messages` is a list of {"role", "model", "blocks", "html", "html_version", "status", "stop_reason"}, as
apps.chat.models.Message has them.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from apps.chat import tree
from apps.chat.models import TITLE_LENGTH, Conversation, Message, Role, Status
from apps.chat.rendering import markdown
from apps.library.services import shorten
from apps.minimax import catalogue
from apps.sharing.models import Share, Snapshot
from apps.workspaces import audit
from apps.workspaces.models import Membership


class NothingToShareError(Exception):
    """`str(error)` is for the person."""


def share(member: Membership, conversation: Conversation, *, request: HttpRequest | None = None) -> Share:
    """Return the member's open link to the branch that is shown; a new one once something was said since.

    Raises NothingToShareError while nothing is said, or a reply is being written.
    """
    turns = [turn.message for turn in tree.branch(conversation)]
    if not turns:
        raise NothingToShareError(_("There is nothing to share yet."))
    if any(message.status == Status.RUNNING for message in turns):
        raise NothingToShareError(_("Wait until the reply is written, then share the conversation."))
    with transaction.atomic():
        mine = Share.objects.visible_to(member).open().filter(created_by=member.user)
        same = mine.filter(snapshot__conversation=conversation, snapshot__head_id=turns[-1].pk)
        found = same.select_related("snapshot__conversation", "workspace").first()
        if found and found.title == conversation.title:
            return found
        made = Share.with_new_token(
            workspace=member.workspace, snapshot=_take(conversation, turns), created_by=member.user
        )
        made.save()
        audit.record(member, "share.created", subject=conversation.title, request=request)
    return made


def _take(conversation: Conversation, messages: list[Message]) -> Snapshot:
    replies = [message for message in messages if message.is_reply]
    return Snapshot.objects.create(
        workspace=conversation.workspace,
        conversation=conversation,
        head_id=messages[-1].pk,
        title=conversation.title,
        system=(replies[-1].settings.get("system") or "") if replies else "",
        messages=[
            {
                "role": message.role,
                "model": message.model,
                "blocks": message.blocks,
                "html": message.html,
                "html_version": message.html_version,
                "status": message.status,
                "stop_reason": message.stop_reason,
            }
            for message in messages
        ],
    )


def copy(member: Membership, snapshot: Snapshot) -> Conversation:
    """A conversation of the member's own that begins with what the snapshot holds. Costs nothing."""
    settings = {"system": snapshot.system} if snapshot.system else {}
    model = next((each["model"] for each in reversed(snapshot.messages) if each["model"]), "")
    with transaction.atomic():
        twin = Conversation.objects.create(
            workspace=member.workspace,
            created_by=member.user,
            moved_at=timezone.now(),
            title=shorten(_("%(title)s (copy)") % {"title": snapshot.title}, TITLE_LENGTH),
            settings=settings | ({"model": model} if model else {}),
        )
        parent: Message | None = None
        for given in snapshot.messages:
            words = [block["text"] for block in given["blocks"] if block["type"] in ("text", "file")]
            parent = Message.objects.create(
                conversation=twin,
                parent=parent,
                created_by=member.user,
                click=str(uuid.uuid4()),
                text="\n\n".join(words),
                **given,
            )
        twin.head = parent
        twin.save(update_fields=["head"])
    return twin


# --- what a guest sees ------------------------------------------------------------------------------------------------


@dataclass
class PublicPart:
    kind: str  # text, think, note
    text: str = ""
    html: SafeString = field(default_factory=lambda: mark_safe(""))


@dataclass
class PublicTurn:
    is_reply: bool
    label: str
    parts: list[PublicPart]


def turns_of(snapshot: Snapshot, *, show_thinking: bool) -> list[PublicTurn]:
    """What was said, without what tools were given and answered, and without files of the library."""
    turns = []
    for message in snapshot.messages:
        parts = _parts(message, show_thinking=show_thinking)
        if parts:
            model = catalogue.chat.models.get(message["model"])
            label = model.label if model else message["model"]
            turns.append(PublicTurn(message["role"] == Role.ASSISTANT, label, parts))
    return turns


def _parts(message: dict[str, Any], *, show_thinking: bool) -> list[PublicPart]:
    parts = []
    html = iter(_html(message))
    for block in message["blocks"]:
        kind = block["type"]
        if kind == "text":
            # our own renderer's, which has cleaned it
            parts.append(PublicPart("text", html=mark_safe(next(html, ""))))  # noqa: S308
        elif kind == "thinking" and show_thinking and block["thinking"].strip():
            parts.append(PublicPart("think", block["thinking"].strip()))
        elif kind == "file":
            parts.append(PublicPart("note", _("Attached: %(name)s") % {"name": block["name"]}))
        elif kind == "image":
            parts.append(PublicPart("note", _("Attached: a picture")))
        elif kind == "tool_use":
            parts.append(PublicPart("note", _("Used a tool: %(name)s") % {"name": block["name"]}))
    return parts


def _html(message: dict[str, Any]) -> list[str]:
    if message["html_version"] == markdown.VERSION:
        return message["html"]
    return [markdown.render(block["text"]) for block in message["blocks"] if block["type"] == "text"]
