"""From a reply that called tools to the next one. It belongs to the server: the page may be closed meanwhile.

What is known stands on rows, so that after a death of this process another one takes the turn up: at once when a page
shows the conversation, else at its next round.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid

from apps.chat import calls, live, services
from apps.chat.models import Call
from apps.chat.services import Asked, RefusedError, Started
from apps.minimax.chat import ChatRequest
from apps.speech import live as live_speech
from apps.speech import services as speech
from apps.speech.rows import in_background, in_thread
from apps.workspaces.models import Membership

logger = logging.getLogger(__name__)

LOOK_S = 0.5
RESUME_S = 15.0
_watching: dict[uuid.UUID, asyncio.Task[None]] = {}


def begin(member_id: int, asked: Asked) -> tuple[Started, list[ChatRequest]]:
    """Commit a turn and put its requests together. Blocks. Raises RefusedError."""
    started = services.start_turn(member_id, asked)
    if not started.endpoints:
        return started, []
    return started, [services.chat_request(reply, started.history) for reply in started.replies]


async def start(member_id: int, asked: Asked, *, asked_at: float) -> tuple[Started, dict[uuid.UUID, live.Run]]:
    """Start a turn; the requests are on their way when this returns. Raises RefusedError."""
    started, requests = await in_thread(begin, member_id, asked)
    runs: dict[uuid.UUID, live.Run] = {}
    if started.endpoints:
        for reply, endpoint, request in zip(started.replies, started.endpoints, requests, strict=True):
            runs[reply.pk] = await live.start_run(reply, endpoint, request, asked_at=asked_at, on_end=go_on)
    return started, runs


async def decide(call: Call, member: Membership, *, approve: bool) -> None:
    """A person's word on one call that would cost."""
    if not calls.is_studio(call):
        return
    if not approve:
        await in_thread(calls.decline, call)
    elif call.name == "speak":
        started = await in_thread(calls.approve_speech, call, member)
        if started and started.endpoint:
            request = await in_thread(speech.speech_request, started.take)
            await live_speech.start_run(started.take, started.endpoint, request, asked_at=time.perf_counter())
    else:
        await in_background(calls.approve_job, call, member)
    await live.tell_pages(call.message.conversation_id, call.message_id)
    await go_on(call.message_id)


async def go_on(message_id: uuid.UUID, *, asked: bool = False) -> None:
    """Ask for the next reply if every call has its answer; else watch those that are being made."""
    turn = await in_thread(calls.going_on, message_id, asked=asked)
    if turn is None:
        _watch(message_id)
        return
    member_id = await in_thread(calls.member_id_of, message_id)
    if member_id is None:
        return
    try:
        started, _runs = await start(member_id, turn, asked_at=time.perf_counter())
    except RefusedError as refusal:
        logger.info("tools answered, and the conversation cannot go on: %s", refusal)
        return
    await live.tell_pages(started.conversation.pk, started.replies[0].pk)


def _watch(message_id: uuid.UUID) -> None:
    if message_id not in _watching:
        task = asyncio.create_task(_keep_looking(message_id), name=f"calls of {message_id}")
        _watching[message_id] = task
        task.add_done_callback(lambda _task: _watching.pop(message_id, None))


async def _keep_looking(message_id: uuid.UUID) -> None:
    while True:
        is_running, conversation_id, changed = await in_thread(_look, message_id)
        if changed and conversation_id:
            await live.tell_pages(conversation_id, message_id)
        if not is_running:
            break
        await asyncio.sleep(LOOK_S)
    if changed:
        _watching.pop(message_id, None)
        await go_on(message_id)


def _look(message_id: uuid.UUID) -> tuple[bool, uuid.UUID | None, bool]:
    changed = calls.look_at_running(message_id)
    rows = Call.objects.filter(message_id=message_id)
    conversation_id = rows.values_list("message__conversation_id", flat=True).first()
    return rows.filter(status="running").exists(), conversation_id, changed


async def resume(conversation_id: uuid.UUID) -> None:
    """Somebody shows this conversation: see to what a process that died was watching."""
    for message_id in await in_thread(lambda: list(calls.open_messages(conversation_id))):
        _watch(message_id)


async def keep_resuming() -> None:
    """Take up the turns that a process left behind when it died, whether or not a page is open.

    Every web process does this. Two that take up the same one do no harm: the next turn's click is one.
    """
    while True:
        await asyncio.sleep(RESUME_S)
        try:
            await resume_all()
        except Exception:  # a busy database must not end it
            logger.exception("turns that were left behind could not be looked for")


async def resume_all() -> None:
    for message_id in await in_thread(calls.left_behind):
        if message_id not in _watching:
            await go_on(message_id)


async def shut_down() -> None:
    for task in list(_watching.values()):
        task.cancel()
