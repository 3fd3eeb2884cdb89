"""What templates need to show a conversation."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db.models import Q, Sum
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from apps.chat import tree
from apps.chat.forms import DEFAULT_MODEL
from apps.chat.models import Call, CallStatus, Conversation, Message, Role, Status
from apps.chat.own import MINIMAX, OWN, find_own, key_of, label_of, price_row_of, window_of
from apps.chat.rendering import markdown
from apps.chat.services import Started
from apps.chat.tools import TOOLS, StudioTool
from apps.chat.tree import Turn
from apps.library.models import Asset
from apps.minimax import catalogue
from apps.minimax.catalogue import MILLION
from apps.minimax.chat import Block, price_row
from apps.workspaces.models import ChatConnection, Connection, ConnectionKind, Membership


@dataclass
class ShownPart:
    """One block of a message as the page shows it."""

    kind: str  # think, text, call, file, image
    text: str = ""
    html: SafeString = field(default_factory=lambda: mark_safe(""))
    block: Block = field(default_factory=dict)
    result: Block | None = None
    asset: Asset | None = None
    call: Call | None = None
    assets: list[Asset] = field(default_factory=list)  # what the call made

    @property
    def tool(self) -> StudioTool | None:
        """The studio's own tool, where it is one."""
        return TOOLS.get(self.call.name) if self.call and self.is_studio else None

    is_studio: bool = False

    @property
    def input_json(self) -> str:
        return json.dumps(self.block.get("input", {}), ensure_ascii=False, indent=1)


@dataclass
class ShownTurn:
    turn: Turn
    parts: list[ShownPart]
    is_mine: bool  # the reader may go on with it
    is_last: bool

    @property
    def message(self) -> Message:
        return self.turn.message

    @property
    def label(self) -> str:
        return label_of(key_of(self.message.model, is_own=self.message.connection_kind == OWN))

    @property
    def thinking_s(self) -> str:
        return f"{(self.message.thinking_ms or 0) / 1000:.1f}"

    @property
    def open_calls(self) -> list[ShownPart]:
        """Calls that wait for a result."""
        return [
            part
            for part in self.parts
            if part.call and part.call.status == CallStatus.WAITING and not part.is_studio and self.is_last
        ]


def show(member: Membership, turns: Iterable[Turn], *, is_mine: bool) -> list[ShownTurn]:
    rows = list(turns)
    results: dict[str, Block] = {}
    for turn in rows:
        results |= {block["tool_use_id"]: block for block in turn.message.blocks if block["type"] == "tool_result"}
    calls = _calls(rows)
    assets = _assets(member, rows, calls.values())
    return [ShownTurn(turn, _parts(turn.message, results, assets, calls), is_mine, turn is rows[-1]) for turn in rows]


def _calls(turns: Iterable[Turn]) -> dict[tuple[uuid.UUID, str], Call]:
    over = [turn.message.pk for turn in turns if turn.message.is_reply and not turn.message.is_running]
    if not over:
        return {}
    found = Call.objects.filter(message__in=over)
    return {(call.message_id, call.call_id): call for call in found.select_related("job", "take")}


def _assets(member: Membership, turns: Iterable[Turn], calls: Iterable[Call]) -> dict[str, Asset]:
    wanted = {pk for call in calls for pk in call.assets} | {
        block["asset"]
        for turn in turns
        for block in turn.message.blocks
        if block["type"] == "image" and "asset" in block
    }
    if not wanted:
        return {}
    found = Asset.objects.visible_to(member).filter(pk__in=wanted).select_related("workspace")
    return {str(asset.pk): asset for asset in found}


def _parts(
    message: Message,
    results: dict[str, Block],
    assets: dict[str, Asset],
    calls: dict[tuple[uuid.UUID, str], Call],
) -> list[ShownPart]:
    parts = []
    html = iter(_html(message))
    for block in message.blocks:
        kind = block["type"]
        if kind == "text":
            # our own renderer's, which has cleaned it
            parts.append(ShownPart("text", block["text"], mark_safe(next(html, ""))))  # noqa: S308
        elif kind == "thinking":
            parts.append(ShownPart("think", block["thinking"].strip()))
        elif kind == "tool_use":
            call = calls.get((message.pk, block["id"]))
            parts.append(
                ShownPart(
                    "call",
                    block=block,
                    result=results.get(block["id"]),
                    call=call,
                    assets=[assets[pk] for pk in call.assets if pk in assets] if call else [],
                    is_studio=block["name"] in (message.settings.get("tools") or ()),
                )
            )
        elif kind == "file":
            parts.append(ShownPart("file", block["text"], block=block))
        elif kind == "image":
            parts.append(ShownPart("image", block=block, asset=assets.get(str(block.get("asset")))))
    return parts


def _html(message: Message) -> list[str]:
    if message.html_version == markdown.VERSION:
        return message.html
    return [markdown.render(block["text"]) for block in message.blocks if block["type"] == "text"]


# What stands for a message's own in a shell.
_PK, _PARENT = uuid.UUID(int=0x5E11_0001), uuid.UUID(int=0x5E11_0002)
_WORDS = "\ue000"


@lru_cache(maxsize=512)
def _shell(language: str, slug: str, role: str, model: str, kind: str) -> str:
    """chat/_turn.html for somebody's own new message that has no sibling: only its ids and its words are missing."""
    is_reply = role == Role.ASSISTANT
    status = Status.RUNNING if is_reply else Status.DONE
    message = Message(pk=_PK, parent_id=_PARENT, role=role, model=model, connection_kind=kind, status=status)
    parts = [] if is_reply else [ShownPart("text", html=SafeString(_WORDS))]
    shown = ShownTurn(Turn(message, [_PK]), parts, is_mine=True, is_last=True)
    return render_to_string("chat/_turn.html", {"shown": shown, "slug": slug})


def _fill(shell: str, message: Message) -> str:
    parent = str(message.parent_id or "")
    return shell.replace(str(_PK), str(message.pk)).replace(str(_PARENT), parent).replace(_WORDS, "".join(message.html))


def _siblings(started: Started, messages: Iterable[Message]) -> dict[uuid.UUID | None, list[uuid.UUID]]:
    siblings: dict[uuid.UUID | None, list[uuid.UUID]] = {}
    if started.is_new:
        rows: Iterable[tuple[uuid.UUID | None, uuid.UUID]] = [(each.parent_id, each.pk) for each in messages]
    else:
        same = Message.objects.filter(
            Q(parent_id__in={message.parent_id for message in messages}) | Q(parent_id=None),
            conversation_id=started.conversation.pk,
        )
        rows = same.order_by("pk").values_list("parent_id", "pk")
    for parent_id, pk in rows:
        siblings.setdefault(parent_id, []).append(pk)
    return siblings


def _is_plain(message: Message) -> bool:
    return message.is_running or (not message.is_reply and [block["type"] for block in message.blocks] == ["text"])


def render_started(member: Membership, started: Started) -> str:
    """What the page that asked adds to its thread. The first word of the reply waits for it."""
    messages = [message for message in (started.said, *started.replies) if message]
    siblings = _siblings(started, messages)
    if all(_is_plain(message) and len(siblings[message.parent_id]) == 1 for message in messages):
        language, slug = get_language() or "", member.workspace.slug
        return "".join(
            _fill(_shell(language, slug, each.role, each.model, each.connection_kind), each) for each in messages
        )
    turns = [Turn(message, siblings[message.parent_id]) for message in messages]
    return render_to_string(
        "chat/_turns.html",
        {
            "turns": show(member, turns, is_mine=True),
            "conversation": started.conversation,
            "slug": member.workspace.slug,
        },
    )


def thread(member: Membership, conversation: Conversation) -> dict[str, Any]:
    """What chat/_thread.html shows."""
    turns = tree.branch(conversation)
    is_mine = conversation.created_by_id == member.user_id and member.may("create")
    return {
        "conversation": conversation,
        "turns": show(member, turns, is_mine=is_mine),
        "is_mine": is_mine,
        "slug": member.workspace.slug,
        "totals": totals(conversation),
        "meter": meter(conversation, turns),
    }


@dataclass(frozen=True)
class Totals:
    cost_usd: Decimal | None
    tokens: int
    unknown: int  # replies whose price is not known


def totals(conversation: Conversation) -> Totals:
    """Of all branches: each of them was paid."""
    replies = list(
        conversation.messages.filter(role="assistant")
        .exclude(status=Status.RUNNING)
        .values_list("usage", "cost_usd", "charged")
    )
    cost = conversation.messages.aggregate(cost=Sum("cost_usd"))["cost"]
    return Totals(
        cost_usd=cost,
        tokens=sum(sum(usage.get(name, 0) for name in ("input", "output", "cache_read", "cache_write"))
                   for usage, _cost, _charged in replies),
        unknown=sum(1 for _usage, cost_usd, charged in replies if cost_usd is None and charged != "no"),
    )  # fmt: skip


@dataclass(frozen=True)
class Meter:
    """How full the model's window is."""

    used: int  # tokens
    window: int
    label: str
    next_usd: Decimal | None  # for reading all of it once more; None: no price is published

    @property
    def percent(self) -> int:
        return min(100, round(100 * self.used / self.window)) if self.window else 0


def meter(conversation: Conversation, turns: Iterable[Turn]) -> Meter | None:
    last = next((turn.message for turn in reversed(list(turns)) if turn.message.usage), None)
    if last is None:
        return None
    own = find_own(conversation.workspace_id) if last.connection_kind == OWN else None
    model = catalogue.chat.models.get(last.model) if last.connection_kind != OWN else None
    window = window_of(own, last.model) if own else model.context_tokens if model else 0
    if not window:
        return None
    row = price_row_of(own, last.model, last.tokens, last.settings.get("service_tier", ""))
    price = None
    if last.connection_kind == ConnectionKind.SANDBOX:
        price = Decimal(0)
    elif row:
        price = row.input * last.tokens / MILLION
    return Meter(last.tokens, window, model.label if model else last.model, price)


def models_for_page(own: ChatConnection | None, *, is_free: bool) -> list[dict[str, Any]]:
    """What the page's script knows of each model; `id` is its key, see apps.chat.own."""
    models = [_own_model(own, each) for each in own.listed] if own else []
    for model in catalogue.chat.models.values():
        row = price_row(model.id, 0)
        models.append(
            {
                "id": model.id,
                "label": model.label,
                "tiers": True,
                "description": model.description,
                "context": model.context_tokens,
                "max_output": model.max_output_tokens,
                "speed": model.tokens_per_second,
                "images": "image" in model.inputs,
                "tools": "tools" in model.inputs,
                "thinking": model.thinking,
                "surfaces": list(model.surfaces),
                "top_p": model.top_p,
                "input_usd": None if row is None else float(0 if is_free else row.input),
                "output_usd": None if row is None else float(0 if is_free else row.output),
            }
        )
    return models


def _own_model(own: ChatConnection, each: dict[str, Any]) -> dict[str, Any]:
    """A model of which only its name is known: what it cannot do, its server will say."""
    return {
        "id": key_of(each["id"], is_own=True),
        "label": each["label"],
        "tiers": False,
        "description": "",
        "context": window_of(own, each["id"]),
        "max_output": None,
        "speed": None,
        "images": True,
        "tools": True,
        "thinking": "",
        "surfaces": [own.surface],
        "top_p": None,
        "input_usd": float(own.input_usd),
        "output_usd": float(own.output_usd),
    }


def pick(models: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]) -> str:
    """The key of the model that these settings mean, or, where it is not offered any more, of one that is."""
    keys = [model["id"] for model in models]
    named, server = settings.get("model", ""), settings.get("server")
    wanted = [key_of(named, is_own=each == OWN) for each in (OWN, MINIMAX) if server in (None, "", each)]
    usual = [keys[0]] if keys[0].startswith(OWN) else [DEFAULT_MODEL, keys[0]]
    return next(key for key in (*wanted, *usual) if key in keys)


def _aloud() -> dict[str, Any]:
    """With what replies are read aloud: the settings of a take, a voice to begin with, and the price."""
    speech = catalogue.speech
    request = {
        "model": speech.default_model,
        "format": "mp3",
        "sample_rate": speech.default_sample_rate,
        "bitrate": speech.default_bitrate,
        "channel": speech.default_channel,
        "use_dictionary": True,
    }
    voice = catalogue.voices.everything.get(speech.default_voice_id)
    return {
        "request": json.dumps(request),
        "voice_id": speech.default_voice_id,
        "voice_name": voice.name if voice else speech.default_voice_id,
        "usd": catalogue.price_of_speech(speech.default_model, 1000),
    }


def composer(member: Membership, conversation: Conversation | None) -> dict[str, Any]:
    """What chat/_composer.html and chat/_settings.html show."""
    connection = Connection.objects.filter(workspace=member.workspace).first()
    is_free = connection is not None and connection.is_sandbox
    own = find_own(member.workspace_id)
    models = models_for_page(own, is_free=is_free)
    groups = [(own.host, [model for model in models if not model["tiers"]])] if own else []
    if own is None or connection is not None:
        groups.append(("MiniMax", [model for model in models if model["tiers"]]))
    models = [model for _name, group in groups for model in group]
    given = {**(conversation.settings if conversation else {})}
    given["model"] = pick(models, given)
    return {
        "models": models,
        "groups": groups,
        "given": given,
        "own": own,
        "is_free": is_free,
        "is_connected": connection is not None or own is not None,
        "can_create": member.may("create"),
        "tools": list(TOOLS.values()),
        "aloud": _aloud(),
    }
