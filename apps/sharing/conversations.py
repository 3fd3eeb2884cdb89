"""Conversations as public pages: one branch, as it was when it was shared.

`Snapshot.messages` is a list of {"role", "model", "blocks", "html", "html_version", "status", "stop_reason"}, as
apps.chat.models.Message has them, and "assets": ids of what its calls made, by call, and under "" of what was attached.
What a snapshot does not name there no guest can open.
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
from apps.chat.models import TITLE_LENGTH, Call, Conversation, Message, Role, Status
from apps.chat.rendering import markdown
from apps.chat.tools import TOOLS
from apps.library.models import Asset
from apps.library.services import shorten
from apps.minimax import catalogue
from apps.sharing import services
from apps.sharing.models import Share, Snapshot
from apps.workspaces import audit
from apps.workspaces.models import Membership


class NothingToShareError(Exception):
    """`str(error)` is for the person."""


def share(member: Membership, conversation: Conversation, *, request: HttpRequest | None = None) -> Share:
    """Return the member's open link to the branch that is shown; a new one once something was said since.

    Raises NothingToShareError while nothing is said, or a reply is being written.
    """
    services.check_allowed(member)
    turns = [turn.message for turn in tree.branch(conversation)]
    if not turns:
        raise NothingToShareError(_("There is nothing to share yet."))
    if any(message.status == Status.RUNNING for message in turns):
        raise NothingToShareError(_("Wait until the reply is written, then share the conversation."))
    with transaction.atomic():
        mine = Share.objects.visible_to(member).open().filter(created_by=member.user)
        same = mine.filter(snapshot__conversation=conversation, snapshot__head_id=turns[-1].pk)
        found = same.select_related("snapshot__conversation", "workspace").first()
        if found and str(found.shown) == conversation.title:
            return found
        made = Share.with_new_token(
            workspace=member.workspace, snapshot=_take(conversation, turns), created_by=member.user
        )
        made.save()
        audit.record(member, "share.created", subject=conversation.title, request=request)
    return made


def _take(conversation: Conversation, messages: list[Message]) -> Snapshot:
    replies = [message for message in messages if message.is_reply]
    made = _assets_of(messages)
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
                "assets": made.get(message.pk, {}),
            }
            for message in messages
        ],
    )


def _assets_of(messages: list[Message]) -> dict[uuid.UUID, dict[str, list[str]]]:
    """Ids of the library by message and call."""
    found: dict[uuid.UUID, dict[str, list[str]]] = {}
    for message in messages:
        attached = [block["asset"] for block in message.blocks if block["type"] == "image" and block.get("asset")]
        if attached:
            found[message.pk] = {"": attached}
    calls = Call.objects.filter(message__in=messages).values_list("message_id", "call_id", "assets")
    for message_id, call_id, assets in calls:
        if assets:
            found.setdefault(message_id, {})[call_id] = assets
    return found


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
                **{name: value for name, value in given.items() if name != "assets"},
            )
        twin.head = parent
        twin.save(update_fields=["head"])
    return twin


# --- what a guest sees ------------------------------------------------------------------------------------------------


@dataclass
class PublicPart:
    kind: str  # text, think, note, media
    text: str = ""
    html: SafeString = field(default_factory=lambda: mark_safe(""))
    assets: list[Asset] = field(default_factory=list)


@dataclass
class PublicTurn:
    is_reply: bool
    label: str
    parts: list[PublicPart]


def turns_of(snapshot: Snapshot, *, show_thinking: bool) -> list[PublicTurn]:
    """What was said and made, without what tools were given and answered."""
    turns = []
    assets = assets_of(snapshot)
    for message in snapshot.messages:
        parts = _parts(message, assets, show_thinking=show_thinking)
        if parts:
            model = catalogue.chat.models.get(message["model"])
            label = model.label if model else message["model"]
            turns.append(PublicTurn(message["role"] == Role.ASSISTANT, label, parts))
    return turns


def assets_of(snapshot: Snapshot) -> dict[str, Asset]:
    """What its guests may open, by id: what it names, as long as the library has it."""
    named = {pk for message in snapshot.messages for ids in message.get("assets", {}).values() for pk in ids}
    if not named:
        return {}
    found = Asset.objects.filter(workspace_id=snapshot.workspace_id, trashed_at=None, pk__in=named)
    return {str(asset.pk): asset for asset in found}


def _parts(message: dict[str, Any], assets: dict[str, Asset], *, show_thinking: bool) -> list[PublicPart]:
    parts = []
    named = message.get("assets", {})
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
            there = [assets[pk] for pk in named.get("", ()) if pk == block.get("asset") and pk in assets]
            parts.append(PublicPart("media" if there else "note", _("Attached: a picture"), assets=there))
        elif kind == "tool_use":
            there = [assets[pk] for pk in named.get(block["id"], ()) if pk in assets]
            used = _("Used a tool: %(name)s") % {"name": _label_of(block["name"])}
            parts.append(PublicPart("media" if there else "note", used, assets=there))
    return parts


def _label_of(tool: str) -> str:
    return str(TOOLS[tool].label) if tool in TOOLS else tool


def _html(message: dict[str, Any]) -> list[str]:
    if message["html_version"] == markdown.VERSION:
        return message["html"]
    return [markdown.render(block["text"]) for block in message["blocks"] if block["type"] == "text"]
