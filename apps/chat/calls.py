"""What a reply asked tools for: from the call to its answer. All of it blocks."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from apps.chat import tree
from apps.chat.models import Call, CallStatus, Conversation, Message, Role, Status
from apps.chat.services import Asked
from apps.chat.tools import TOOLS, InputError
from apps.jobs.models import Job
from apps.jobs.models import Status as JobStatus
from apps.jobs.services import submit_job
from apps.library.models import Asset
from apps.minimax.chat import Block
from apps.speech import services as speech
from apps.speech.models import Take
from apps.workspaces.models import Connection, ConnectionKind, Membership
from apps.workspaces.refusals import ActRefusedError
from apps.workspaces.storable import storable

ROUNDS = 10  # of calls in a row, before a person has to say that it may go on
RESULT_CHARACTERS = 100_000
HANDOVER = timedelta(seconds=5)  # in which a living process goes on by itself
FORGOTTEN = timedelta(minutes=10)  # after which nobody waits for the rest of a turn any more
MOST_AT_ONCE = 100


def enter_calls(message: Message) -> None:
    """Write down the calls of a reply that is over; what needs no word from a person is answered here and now."""
    member = _member_of(message)
    for block in message.blocks:
        if block["type"] != "tool_use":
            continue
        with transaction.atomic():  # a call that stands on a row has been looked at, whenever the process dies
            call, created = Call.objects.get_or_create(
                message=message,
                call_id=str(block["id"])[:200],
                defaults={"name": str(block["name"])[:64], "input": block["input"]},
            )
            if created and is_studio(call):
                _look_at(call, member)


def is_studio(call: Call) -> bool:
    """Whether it is one of our own tools, and the turn offered it."""
    return call.name in TOOLS and call.name in (call.message.settings.get("tools") or ())


def _look_at(call: Call, member: Membership) -> None:
    tool = TOOLS[call.name]
    if tool.answer:
        _settle(call, CallStatus.DONE, tool.answer(member, call.input))
        return
    try:
        request = tool.request(member, call.input)
    except InputError as exc:
        _settle(call, CallStatus.FAILED, f"Not possible: {exc}")
        return
    is_free = Connection.objects.filter(workspace_id=member.workspace_id, kind=ConnectionKind.SANDBOX).exists()
    call.price_usd = 0 if is_free else tool.price(request)
    call.save(update_fields=["price_usd"])


def _member_of(message: Message) -> Membership:
    workspace = message.conversation.workspace
    found = Membership.objects.filter(workspace=workspace, user_id=message.created_by_id).first()
    # The person may have left meanwhile; what they look for then finds nothing of theirs to spend.
    return found or Membership(workspace=workspace, user=message.created_by, role="viewer")


def decline(call: Call) -> None:
    waiting = Call.objects.filter(pk=call.pk, status=CallStatus.WAITING)
    result = "The person declined this. Do not ask for the same again; go on without it."
    waiting.update(status=CallStatus.DECLINED, result=result, is_error=True, settled_at=timezone.now())


def answer_by_hand(call: Call, text: str, *, is_error: bool) -> None:
    """What a person typed for a function of their own."""
    if not is_studio(call):
        _settle(call, CallStatus.FAILED if is_error else CallStatus.DONE, text)


@transaction.atomic
def approve_job(call: Call, member: Membership) -> bool:
    """Start what a person has agreed to pay. False if it was decided before, or is no job.

    Their word and the job are stored together: a process that dies in between leaves a card that asks again.
    """
    tool = TOOLS[call.name]
    if tool.kind is None or not _claim(call):
        return False
    try:
        request = tool.request(member, call.input)
    except InputError as exc:
        _settle(call, CallStatus.FAILED, f"Not possible: {exc}")
        return True
    try:
        job = submit_job(member, tool.kind, request, click=str(call.pk))
    except ActRefusedError as exc:
        _settle(call, CallStatus.FAILED, f"Not possible: {exc}")
        return True
    Call.objects.filter(pk=call.pk).update(job=job)
    return True


@transaction.atomic
def approve_speech(call: Call, member: Membership) -> speech.Started | None:
    """The same for `speak`; the caller starts the take."""
    if not _claim(call):
        return None
    try:
        request = TOOLS[call.name].request(member, call.input)
        started = speech.start_take(member.pk, request, click=str(call.pk), playback="mp3", is_typed=False)
    except (InputError, speech.RefusedError) as exc:
        _settle(call, CallStatus.FAILED, f"Not possible: {exc}")
        return None
    Call.objects.filter(pk=call.pk).update(take=started.take)
    return started


def _claim(call: Call) -> bool:
    return bool(Call.objects.filter(pk=call.pk, status=CallStatus.WAITING).update(status=CallStatus.RUNNING))


def look_at_running(message_id: uuid.UUID) -> bool:
    """Take over what jobs and takes have come to. True if something has changed."""
    changed = False
    running = Call.objects.filter(message_id=message_id, status=CallStatus.RUNNING)
    for call in running.select_related("job", "take"):
        if call.job and not call.job.is_moving:
            changed |= _settle_job(call, call.job)
        elif call.take and not call.take.is_moving:
            changed |= _settle_take(call, call.take)
        elif not call.job and not call.take:
            changed |= _settle(call, CallStatus.FAILED, "It was deleted before it was done.")
    return changed


def _settle_job(call: Call, job: Job) -> bool:
    if job.status != JobStatus.SUCCEEDED:
        reason = job.error or "It was cancelled."
        return _settle(call, CallStatus.FAILED, f"It could not be made: {reason}")
    assets = job.kept_assets
    if not assets:
        return _settle(call, CallStatus.DONE, "Made, and thrown away since.")
    return _settle_with(call, assets)


def _settle_take(call: Call, take: Take) -> bool:
    if take.asset is None or take.is_partial:
        return _settle(call, CallStatus.FAILED, f"It could not be spoken: {take.error}")
    return _settle_with(call, [take.asset])


def _settle_with(call: Call, assets: Iterable[Asset]) -> bool:
    made = list(assets)
    told = {
        "made": [{"id": str(asset.pk), "kind": asset.kind, "title": asset.title} for asset in made],
        "note": "The person sees the result in the conversation. Do not invent links to it.",
    }
    Call.objects.filter(pk=call.pk).update(assets=[str(asset.pk) for asset in made])
    return _settle(call, CallStatus.DONE, json.dumps(told, ensure_ascii=False))


def _settle(call: Call, status: CallStatus, result: str) -> bool:
    return bool(
        Call.objects.filter(pk=call.pk, status__in=(CallStatus.WAITING, CallStatus.RUNNING)).update(
            status=status,
            result=storable(result[:RESULT_CHARACTERS]),
            is_error=status != CallStatus.DONE,
            settled_at=timezone.now(),
        )
    )


def going_on(message_id: uuid.UUID, *, asked: bool = False) -> Asked | None:
    """The next turn, once every call of a reply has its answer; None while one lacks it, or nobody wants it any more.

    After many rounds in a row a person has to ask for it. Several processes may get it: its click is one.
    """
    message = Message.objects.select_related("conversation").filter(pk=message_id, status=Status.DONE).first()
    if message is None:
        return None
    blocks = [block for block in message.blocks if block["type"] == "tool_use"]
    if not blocks or message.conversation.head_id != message.pk:
        return None
    if message.calls.count() < len(blocks):  # the process died before it had written them down
        enter_calls(message)
    calls = {call.call_id: call for call in message.calls.all()}
    if any(calls[block["id"]].is_open for block in blocks if block["id"] in calls) or len(calls) < len(blocks):
        return None
    if not asked and rounds_before(message) >= ROUNDS:
        return None
    results: list[Block] = [
        {
            "type": "tool_result",
            "tool_use_id": block["id"],
            "content": calls[block["id"]].result,
            "is_error": calls[block["id"]].is_error,
        }
        for block in blocks
    ]
    return Asked(
        click=f"tools-{message.pk.hex}",
        conversation_id=message.conversation_id,
        parent_id=message.pk,
        settings=[message.settings],
        results=results,
    )


def rounds_before(message: Message) -> int:
    """How many times in a row tools have answered before this reply."""
    rounds = 0
    for said in reversed(tree.history(message.pk)):
        if said.role == Role.USER:
            if not said.blocks or said.blocks[0]["type"] != "tool_result":
                break
            rounds += 1
    return rounds


def find_call(member: Membership, pk: uuid.UUID) -> Call | None:
    mine = Conversation.objects.of(member)
    found = Call.objects.filter(pk=pk, message__conversation__in=mine)
    return found.select_related("message__conversation__workspace", "message__created_by").first()


def open_messages(conversation_id: uuid.UUID) -> QuerySet[Message, uuid.UUID]:
    """Replies of a conversation whose calls somebody has to keep an eye on."""
    running = Message.objects.filter(conversation_id=conversation_id, calls__status=CallStatus.RUNNING)
    return running.values_list("pk", flat=True).distinct()


def left_behind() -> list[uuid.UUID]:
    """Replies at the end of a branch whose tools are at work, or have just answered and nothing followed, or whose
    calls were never written down.

    A process that lives sees to its own at once; what it has not taken up after a while belongs to one that died.
    """
    now = timezone.now()
    at_work = Q(calls__status=CallStatus.RUNNING)
    answered = Q(calls__settled_at__gt=now - FORGOTTEN, calls__settled_at__lt=now - HANDOVER)
    unwritten = Q(calls=None, stop_reason="tool_use", conversation__moved_at__gt=now - FORGOTTEN,
                  conversation__moved_at__lt=now - HANDOVER)  # fmt: skip
    ends = Message.objects.filter(at_work | answered | unwritten, status=Status.DONE, conversation__head=F("pk"))
    return list(ends.values_list("pk", flat=True).distinct()[:MOST_AT_ONCE])


def member_id_of(message_id: uuid.UUID) -> int | None:
    """Whose role and name the next turn is asked with."""
    message = Message.objects.select_related("conversation").get(pk=message_id)
    found: Mapping[str, Any] | None = (
        Membership.objects.filter(
            workspace_id=message.conversation.workspace_id, user_id=message.conversation.created_by_id
        )
        .values("pk")
        .first()
    )
    return found["pk"] if found else None
