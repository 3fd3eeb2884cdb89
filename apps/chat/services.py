"""What a person can do in a conversation."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.chat import holding, quick, tree
from apps.chat.models import TITLE_LENGTH, Conversation, Message, Role, Status
from apps.chat.own import OWN, UnknownModelError, fit, who_answers
from apps.chat.rendering import markdown
from apps.chat.tools import TOOLS
from apps.library.models import Asset
from apps.library.services import shorten
from apps.minimax import catalogue
from apps.minimax.chat import Block, ChatRequest, Tool
from apps.minimax.connection import Endpoint
from apps.usage import budgets
from apps.usage.models import Charged
from apps.workspaces import chat_connections, wallets
from apps.workspaces.connections import NoConnectionError, endpoint_for, open_endpoint
from apps.workspaces.models import ACTS, ChatConnection, Membership
from apps.workspaces.storable import storable

MAX_REPLIES = 8  # of one person at the same time
CONTINUE = "Continue exactly where you stopped. Do not repeat anything."


class RefusedError(Exception):
    """Nothing was sent and nothing charged. `str(error)` is for the person."""


@dataclass(frozen=True)
class Started:
    """Replies whose rows are committed. `endpoints` has one for each; none when this click has started them before."""

    conversation: Conversation
    said: Message | None  # what the person said, if they said something new
    replies: list[Message]
    endpoints: list[Endpoint]
    history: list[tree.Said]
    is_new: bool = False  # the conversation begins with it


@dataclass(frozen=True)
class Asked:
    """One press of a button: what is said, where, and with which settings it is to be answered.

    parent: the message that is answered. For something new it is the end of the branch, for an edited message the
    parent of the old one; when an answer is asked for again nothing is said, and `parent` is the question.
    settings: cleaned data of a ChatForm for each reply; more than one to compare.
    """

    click: str
    conversation_id: uuid.UUID | None
    parent_id: uuid.UUID | None
    settings: Sequence[Mapping[str, Any]]
    text: str = ""
    attachments: Sequence[Mapping[str, Any]] = ()
    results: Sequence[Block] = ()  # of tools, instead of what a person says


# Everything that decides about a turn, in one statement: built anew by the ORM for each one, its parts were most of the
# time between a person's message and the request to MiniMax.
_SITUATION = f"""
    SELECT m.role, m.user_id, m.workspace_id,
        {wallets.SINGLE_COLUMNS},
        (SELECT h.id FROM {ChatConnection._meta.db_table} h WHERE h.workspace_id = m.workspace_id),
        (SELECT COUNT(*) FROM {Message._meta.db_table} r WHERE r.status = 'running' AND r.created_by_id = m.user_id),
        EXISTS (SELECT 1 FROM {Message._meta.db_table} k WHERE k.click = %s AND k.created_by_id = m.user_id)
    FROM {Membership._meta.db_table} m {wallets.SINGLE_JOIN}
    WHERE m.id = %s AND m.suspended_at IS NULL
"""  # noqa: S608  (names of our own tables)


def start_turn(member_id: int, asked: Asked) -> Started:
    """Commit what is said and the rows of its replies, before anything is paid. Raises RefusedError.

    A second message with the same click finds the first one's rows. The role is read again each time: it may have
    changed while the socket was open.
    """
    try:
        with transaction.atomic():
            return _start_turn(member_id, asked)
    except IntegrityError:  # the same click at the same moment
        return _find_started(member_id, asked)


def _start_turn(member_id: int, asked: Asked) -> Started:
    with connection.cursor() as cursor:
        cursor.execute(_SITUATION, [f"{asked.click}:0", member_id])
        found = cursor.fetchone()
    if found is None or found[0] not in ACTS["create"]:
        raise RefusedError(
            _("Your role in this workspace lets you read, not write. Ask an admin for the role of a creator.")
        )
    role, user_id, workspace_id, *columns, own_id, running, is_known = found
    if is_known:
        return _find_started(member_id, asked)
    if running + len(asked.settings) > MAX_REPLIES:
        raise RefusedError(
            _("%(count)d replies are being written for you. Wait until one of them is done.") % {"count": MAX_REPLIES}
        )
    member = Membership(pk=member_id, role=role, user_id=user_id, workspace_id=workspace_id)
    own = ChatConnection.objects.filter(pk=own_id).first() if own_id else None
    try:
        servers = [who_answers(settings, own) for settings in asked.settings]
        asked = replace(asked, settings=[fit(*each) for each in zip(asked.settings, servers, strict=True)])
        endpoints, routes = [], []
        for each, server in zip(asked.settings, servers, strict=True):
            route = None if server else wallets.single(columns) or wallets.route(workspace_id, "chat", each["model"])
            routes.append(route)
            if server:
                endpoints.append(chat_connections.open_endpoint(server))
            elif route:
                endpoints.append(open_endpoint(route.connection))
            else:
                endpoints.append(endpoint_for(workspace_id))  # which says what is missing
    except (NoConnectionError, UnknownModelError) as exc:
        raise RefusedError(str(exc)) from exc
    blocks = list(asked.results) or _blocks_of(member, asked)
    check_inputs(blocks, asked.settings)
    conversation = _conversation(member, asked, blocks)
    parent_id = asked.parent_id
    past = tree.history(parent_id)
    said = None
    if blocks:
        said = Message(
            conversation=conversation,
            parent_id=parent_id,
            role=Role.USER,
            created_by_id=user_id,
            blocks=blocks,
            text=_search_text(blocks),
            html=[markdown.render(block["text"]) for block in blocks if block["type"] == "text"],
            html_version=markdown.VERSION,
            click=asked.click,
        )
        quick.insert(said)
        past.append(tree.Said(Role.USER, blocks, Status.DONE))
        parent_id = said.pk
    if not past or past[-1].role != Role.USER:
        raise RefusedError(_("There is nothing to answer here."))
    now = timezone.now()
    replies = [
        Message(
            conversation=conversation,
            parent_id=parent_id,
            role=Role.ASSISTANT,
            created_by_id=user_id,
            click=f"{asked.click}:{number}",
            status=Status.RUNNING,
            model=settings["model"],
            settings=dict(settings),
            charged=Charged.UNKNOWN,
            connection_kind=route.connection.kind if route else OWN,
            route=route.as_dict() if route else {},
            heartbeat_at=now,
        )
        for number, (settings, route) in enumerate(zip(asked.settings, routes, strict=True))
    ]
    for number, reply in enumerate(replies):
        quick.insert(reply)
        try:
            holding.hold(member, reply, past, own=servers[number], route=routes[number])
        except budgets.BudgetReachedError as exc:
            raise RefusedError(str(exc)) from exc
    is_new = conversation._state.adding
    conversation.head, conversation.moved_at = replies[0], now
    conversation.settings = dict(asked.settings[0])
    if is_new:  # after its messages: the database looks at what points where when all of it is committed
        quick.insert(conversation)
    else:
        conversation.save(update_fields=["head", "moved_at", "settings"])
    return Started(conversation, said, replies, endpoints, past, is_new=is_new)


def _find_started(member_id: int, asked: Asked) -> Started:
    member = Membership.objects.get(pk=member_id)
    replies = list(
        Message.objects.of(member)
        .filter(click__in=[f"{asked.click}:{number}" for number in range(len(asked.settings))])
        .select_related("conversation", "parent")
        .order_by("pk")
    )
    if not replies:
        raise RefusedError(_("This conversation is not here any more."))
    said = replies[0].parent if replies[0].parent and replies[0].parent.click == asked.click else None
    return Started(replies[0].conversation, said, replies, [], [])


def _conversation(member: Membership, asked: Asked, blocks: Sequence[Block]) -> Conversation:
    """The one that goes on, or a new one that is not stored yet."""
    if asked.conversation_id is None:
        if asked.parent_id:
            raise RefusedError(_("This conversation is not here any more."))
        return Conversation(
            # one for each click, also when two processes get the same one at the same moment
            pk=uuid.uuid5(uuid.NAMESPACE_OID, f"{member.workspace_id}:{member.user_id}:{asked.click}"),
            workspace_id=member.workspace_id,
            created_by_id=member.user_id,
            moved_at=timezone.now(),
            title=_title(blocks),
        )
    conversation = Conversation.objects.of(member).filter(pk=asked.conversation_id).first()
    if conversation is None:
        raise RefusedError(_("This conversation is not here any more, or it is somebody else's. Make a copy of it."))
    if asked.parent_id and not conversation.messages.filter(pk=asked.parent_id).exists():
        raise RefusedError(_("The message that you answer is not here any more."))
    return conversation


def _title(blocks: Sequence[Block]) -> str:
    words = next((block["text"] for block in blocks if block["type"] == "text" and block["text"].strip()), "")
    named = next((block["name"] for block in blocks if block["type"] == "file"), "")
    return shorten(words or named or _("New conversation"), 60)


def _search_text(blocks: Sequence[Block]) -> str:
    words = [block["text"] for block in blocks if block["type"] in ("text", "file")]
    return "\n\n".join([*words, *(block["name"] for block in blocks if block["type"] == "file")])


def _blocks_of(member: Membership, asked: Asked) -> list[Block]:
    """What a person said, as it is kept: files keep their name, pictures are named by their id in the library."""
    blocks: list[Block] = []
    for given in asked.attachments:
        if "asset" in given:
            asset = _find_picture(member, str(given["asset"]))
            if asset is None:
                raise RefusedError(_("A picture that you attached is not in the library any more."))
            blocks.append({"type": "image", "asset": str(asset.pk), "title": asset.title})
        else:
            blocks.append({"type": "file", "name": str(given.get("name", ""))[:200], "text": given["text"]})
    if asked.text:
        blocks.append({"type": "text", "text": asked.text})
    return storable(blocks)


def _find_picture(member: Membership, asset_id: str) -> Asset | None:
    try:
        pk = uuid.UUID(asset_id)
    except ValueError:
        return None
    return Asset.objects.visible_to(member).filter(pk=pk, content_type__in=catalogue.chat.image_types).first()


def check_inputs(blocks: Sequence[Block], settings: Sequence[Mapping[str, Any]]) -> None:
    """Raise RefusedError if a model takes none of these. Of an own server's models only it knows."""
    if any(block["type"] == "image" for block in blocks):
        for each in settings:
            model = None if each.get("server") == OWN else catalogue.chat.models.get(each["model"])
            if model and "image" not in model.inputs:
                raise RefusedError(_("%(model)s takes no pictures. Choose another model.") % {"model": model.label})


# --- what is sent -----------------------------------------------------------------------------------------------------


def chat_request(reply: Message, past: Sequence[tree.Said]) -> ChatRequest:
    """A reply's row as the wire wants it. Reads attached pictures, so it may block."""
    given = reply.settings
    is_own = reply.connection_kind == OWN
    model = None if is_own else catalogue.chat.models.get(given["model"])
    switchable = not is_own and (model is None or model.thinking == "switchable")
    return ChatRequest(
        model=given["model"],
        messages=sendable(past),
        max_tokens=given["max_tokens"],
        system=given.get("system", ""),
        temperature=given.get("temperature"),
        top_p=given.get("top_p"),
        thinking=bool(given.get("thinking")) if switchable else None,
        tools=[
            *(TOOLS[name].definition for name in given.get("tools") or () if name in TOOLS),
            *(Tool(**function) for function in given.get("functions") or ()),
        ],
        service_tier="" if given.get("service_tier") == "standard" else given.get("service_tier", ""),
        is_plain=is_own,
    )


def sendable(past: Sequence[tree.Said]) -> list[dict[str, Any]]:
    """The messages of a branch as MiniMax takes them: whole calls only, no empty message, roles in turn."""
    messages: list[dict[str, Any]] = []
    for at, said in enumerate(past):
        following = past[at + 1] if at + 1 < len(past) else None
        answered = {block.get("tool_use_id") for block in following.blocks} if following else set()
        blocks = [
            _sendable(block)
            for block in said.blocks
            if _may_be_sent(block, said) and (block["type"] != "tool_use" or block["id"] in answered)
        ]
        if not any(block["type"] != "thinking" for block in blocks):
            continue
        if messages and messages[-1]["role"] == said.role:
            messages[-1]["content"] += blocks
        else:
            messages.append({"role": str(said.role), "content": blocks})
    return messages


def _may_be_sent(block: Block, said: tree.Said) -> bool:
    if block["type"] == "text":
        return bool(block["text"].strip())
    # What was thought in a reply that was cut lacks its signature.
    return block["type"] != "thinking" or said.status == Status.DONE


def _sendable(block: Block) -> Block:
    if block["type"] == "file":
        return {"type": "text", "text": f'<file name="{block["name"]}">\n{block["text"]}\n</file>'}
    if block["type"] == "image" and "asset" in block:
        asset = Asset.objects.filter(pk=block["asset"]).first()
        if asset is None:
            return {"type": "text", "text": f"[A picture that is gone: {block.get('title', '')}]"}
        with asset.file.open("rb") as file:
            data = base64.b64encode(file.read()).decode()
        return {"type": "image", "source": {"type": "base64", "media_type": asset.content_type, "data": data}}
    if block["type"] == "tool_result":
        return {name: value for name, value in block.items() if name in ("type", "tool_use_id", "content", "is_error")}
    return block


# --- looking and tidying ----------------------------------------------------------------------------------------------


def find_conversations(member: Membership, *, q: str = "", folder_id: int | None = None, archived: bool = False) -> Any:
    """The member's own and those opened to them; pinned ones first, then by the last thing said."""
    found = Conversation.objects.visible_to(member).filter(archived_at__isnull=not archived)
    for word in q.split():
        found = found.holding(word)
    if folder_id is not None:
        found = found.filter(folder_id=folder_id, created_by_id=member.user_id)
    return found.order_by("-moved_at", "-pk")


def find_reply(member_id: int, pk: uuid.UUID) -> Message | None:
    member = Membership.objects.filter(pk=member_id).first()
    if member is None:
        return None
    return Message.objects.visible_to(member).select_related("conversation").filter(pk=pk).first()


def ask_to_stop(member_id: int, pk: uuid.UUID) -> bool:
    """For a reply of whichever process: the one that receives it looks twice a second."""
    member = Membership.objects.filter(pk=member_id).first()
    return bool(member and Message.objects.of(member).running().filter(pk=pk).update(stop_asked=True))


def rename(conversation: Conversation, title: str) -> None:
    conversation.title = shorten(title, TITLE_LENGTH)
    conversation.save(update_fields=["title"])


def show_branch(conversation: Conversation, message_id: uuid.UUID) -> None:
    """Show the branch through this message, to its newest end."""
    conversation.head_id = tree.newest_leaf(conversation, message_id)
    conversation.save(update_fields=["head"])


def copy(member: Membership, conversation: Conversation) -> Conversation:
    """A copy of the branch that is shown, for somebody who may read it and wants to go on with it. Costs nothing."""
    turns = [turn.message for turn in tree.branch(conversation) if turn.message.status != Status.RUNNING]
    with transaction.atomic():
        twin = Conversation.objects.create(
            workspace=member.workspace,
            created_by=member.user,
            moved_at=timezone.now(),
            title=shorten(_("%(title)s (copy)") % {"title": conversation.title}, TITLE_LENGTH),
            settings=conversation.settings,
        )
        parent: Message | None = None
        for message in turns:
            parent = Message.objects.create(
                conversation=twin,
                parent=parent,
                role=message.role,
                created_by=member.user,
                blocks=message.blocks,
                text=message.text,
                html=message.html,
                html_version=message.html_version,
                click=str(uuid.uuid4()),
                status=message.status,
                model=message.model,
                settings=message.settings,
                stop_reason=message.stop_reason,
                connection_kind=message.connection_kind,
            )
        twin.head = parent
        twin.save(update_fields=["head"])
    return twin
