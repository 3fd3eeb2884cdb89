"""The socket of one open chat page. docs/chat.md describes the protocol."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from functools import partial
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from apps.chat import calls, comparing, live, loop, services, showing
from apps.chat.elsewhere import follow
from apps.chat.forms import ChatForm, SayForm
from apps.chat.live import conversation_group
from apps.chat.models import Call, Conversation
from apps.chat.services import Asked, RefusedError
from apps.speech.consumers import language_of
from apps.speech.rows import in_thread
from apps.workspaces.consumers import MemberConsumer
from apps.workspaces.models import Membership

LONGEST_MESSAGE = 8 * 1024 * 1024  # characters; ten full files, written as \uXXXX where they must
WATCHED_AT_ONCE = 16  # replies that one socket follows
COLUMNS = 4  # replies to one message


class BadMessageError(Exception):
    """The page sent something that it never sends."""


def _nonsense() -> BadMessageError:
    return BadMessageError(_("The studio does not understand this message. Reload the page."))


class ChatConsumer(MemberConsumer):
    """Takes a person's words to `live` and brings replies back. It owns nothing: a reply goes on without it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._watching: dict[uuid.UUID, asyncio.Task[None]] = {}
        self._conversation = ""  # the group of the conversation that the page shows

    async def dispatch(self, message: dict[str, Any]) -> None:
        # Channels' own tidies up database connections, in a thread, before every message; `rows` sees to its own.
        await getattr(self, message["type"].replace(".", "_"))(message)

    async def opened(self) -> None:
        translation.activate(language_of(self.scope, self.member.user))

    async def disconnect(self, code: int) -> None:
        for task in self._watching.values():
            task.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        asked_at = time.perf_counter()
        message: Any = None
        try:
            message = _read(text_data)
            handlers = {
                "say": self._say,
                "compare": self._compare,
                "again": self._again,
                "continue": self._continue,
                "results": self._results,
                "decide": self._decide,
                "show": self._show,
                "watch": self._watch,
                "stop": self._stop,
            }
            handler = handlers.get(str(message.get("type")))
            if handler is None:
                raise _nonsense()
            await handler(message, asked_at)
        except (BadMessageError, RefusedError) as refusal:
            await self._refuse(message, str(refusal))

    # --- messages ---

    async def _say(self, message: dict[str, Any], asked_at: float) -> None:
        """Something new, or an old message in other words: then `parent` is what the old one answered."""
        await self._start(_said(message), asked_at)

    async def _compare(self, message: dict[str, Any], asked_at: float) -> None:
        """Something new for several columns at once; `blind`: which is which is hidden until the vote."""
        is_blind = message.get("blind") is True
        asked = comparing.columns_of(_said(message), is_blind=is_blind)
        if len(asked.settings) not in comparing.COLUMNS:
            raise _nonsense()
        started, runs = await loop.start(self.member.pk, asked, asked_at=asked_at)
        shown = await in_thread(comparing.show_started, self.member, started, asked.click, is_blind)
        await self._send({"type": "started", "click": asked.click, **shown})
        for reply in started.replies:
            await self._follow(reply.pk, runs.get(reply.pk))
        await live.tell_pages(started.conversation.pk, started.replies[0].pk, source=self.channel_name)

    async def _again(self, message: dict[str, Any], asked_at: float) -> None:
        """Another answer to the message `parent`."""
        await self._start(
            Asked(
                click=str(_uuid(message, "click")),
                conversation_id=_uuid(message, "conversation"),
                parent_id=_uuid(message, "parent"),
                settings=_settings(message),
            ),
            asked_at,
        )

    async def _continue(self, message: dict[str, Any], asked_at: float) -> None:
        """Go on with the reply `parent` that was cut."""
        await self._start(
            Asked(
                click=str(_uuid(message, "click")),
                conversation_id=_uuid(message, "conversation"),
                parent_id=_uuid(message, "parent"),
                settings=_settings(message),
                text=services.CONTINUE,
            ),
            asked_at,
        )

    async def _results(self, message: dict[str, Any], asked_at: float) -> None:
        """What a person typed as the answers of functions; the turn goes on once every call has one."""
        results = message.get("results")
        if not isinstance(results, list) or not all(isinstance(result, dict) for result in results):
            raise _nonsense()
        for result in results:
            call = await self._find_call(result)
            text = result.get("text")
            if not isinstance(text, str):
                raise _nonsense()
            await in_thread(calls.answer_by_hand, call, text, is_error=bool(result.get("is_error")))
            await live.tell_pages(call.message.conversation_id, call.message_id)
        if results:
            await loop.go_on(call.message_id, asked=True)

    async def _decide(self, message: dict[str, Any], asked_at: float) -> None:
        """A person's word on a call that would cost."""
        member = await in_thread(_creator, self.member.pk)
        call = await self._find_call(message)
        await loop.decide(call, member, approve=message.get("approve") is True)

    async def _find_call(self, message: dict[str, Any]) -> Call:
        call = await in_thread(calls.find_call, self.member, _uuid(message, "call"))
        if call is None:
            raise RefusedError(_("This call is not here any more, or it is somebody else's."))
        return call

    async def _start(self, asked: Asked, asked_at: float) -> None:
        started, runs = await loop.start(self.member.pk, asked, asked_at=asked_at)
        html = await in_thread(showing.render_started, self.member, started)
        await self._send(
            {
                "type": "started",
                "click": asked.click,
                "conversation": str(started.conversation.pk),
                "parent": str(started.said.parent_id if started.said else started.replies[0].parent_id or ""),
                "replies": [str(reply.pk) for reply in started.replies],
                "html": html,
            }
        )
        for reply in started.replies:
            await self._follow(reply.pk, runs.get(reply.pk))
        await self._join(started.conversation.pk)
        await live.tell_pages(started.conversation.pk, started.replies[0].pk, source=self.channel_name)

    async def _show(self, message: dict[str, Any], asked_at: float) -> None:
        """The page shows this conversation: it hears of what is said in it elsewhere."""
        pk = _uuid(message, "conversation")
        if not await in_thread(Conversation.objects.visible_to(self.member).filter(pk=pk).exists):
            raise RefusedError(_("This conversation is not here any more."))
        await self._join(pk)
        await loop.resume(pk)

    async def _watch(self, message: dict[str, Any], asked_at: float) -> None:
        """Follow a reply that was started before, here or in another process."""
        pk = _uuid(message, "message")
        if await in_thread(services.find_reply, self.member.pk, pk) is None:
            raise RefusedError(_("This reply is not here any more."))
        await self._follow(pk)

    async def _stop(self, message: dict[str, Any], asked_at: float) -> None:
        pk = _uuid(message, "message")
        run = live.find_run(pk)
        if run and run.person_id == self.member.user_id and run.workspace_id == self.member.workspace_id:
            run.stop()
        elif not await in_thread(services.ask_to_stop, self.member.pk, pk):
            raise RefusedError(_("This reply is over already, or it is somebody else's."))

    # --- what the page is told ---

    async def _follow(self, pk: uuid.UUID, run: live.Run | None = None) -> None:
        known = self._watching.pop(pk, None)
        if known:
            known.cancel()
        elif len(self._watching) >= WATCHED_AT_ONCE:
            raise RefusedError(_("This page follows too many replies at once."))
        source: live.Source = run or live.find_run(pk) or await follow(pk)
        task = asyncio.create_task(live.Watcher(source, self._send_text).watch())
        self._watching[pk] = task
        task.add_done_callback(partial(self._forget, pk))

    def _forget(self, pk: uuid.UUID, task: asyncio.Task[None]) -> None:
        if self._watching.get(pk) is task:
            del self._watching[pk]
        if not task.cancelled():
            task.result()

    async def _join(self, conversation_id: uuid.UUID) -> None:
        group = conversation_group(conversation_id)
        if group == self._conversation:
            return
        if self._conversation:
            await self.channel_layer.group_discard(self._conversation, self.channel_name)
            self.groups = [name for name in self.groups if name != self._conversation]
        self._conversation = group
        await self.join_group(group)

    async def chat_moved(self, event: dict[str, Any]) -> None:
        if event["source"] != self.channel_name:
            await self._send({"type": "moved", "message": event["message"]})

    async def _refuse(self, message: Any, sentence: str) -> None:
        click = message.get("click") if isinstance(message, dict) else None
        await self._send(
            {"type": "refused", "click": click[:36] if isinstance(click, str) else None, "message": sentence}
        )

    async def _send(self, message: dict[str, Any]) -> None:
        await self._send_text(json.dumps(message, ensure_ascii=False))

    async def _send_text(self, text: str) -> None:
        await self.base_send({"type": "websocket.send", "text": text})


def _said(message: dict[str, Any]) -> Asked:
    form = SayForm({"text": message.get("text"), "attachments": message.get("attachments")})
    if not form.is_valid():
        raise RefusedError(_first_error(form))
    return Asked(
        click=str(_uuid(message, "click")),
        conversation_id=_optional_uuid(message, "conversation"),
        parent_id=_optional_uuid(message, "parent"),
        settings=_settings(message),
        text=form.cleaned_data["text"],
        attachments=form.cleaned_data["attachments"],
    )


def _settings(message: dict[str, Any]) -> list[dict[str, Any]]:
    given = message.get("settings")
    each = given if isinstance(given, list) else [given]
    if not 1 <= len(each) <= COLUMNS or not all(isinstance(settings, dict) for settings in each):
        raise _nonsense()
    forms = [ChatForm(settings) for settings in each]
    for form in forms:
        if not form.is_valid():
            raise RefusedError(_first_error(form))
    return [form.cleaned_data for form in forms]


def _creator(member_id: int) -> Membership:
    """The member as they are now. Raises RefusedError when they may not spend any more."""
    member = Membership.objects.select_related("workspace", "user").filter(pk=member_id).first()
    if member is None or not member.may("create"):
        raise RefusedError(_("Your role in this workspace lets you read, not write."))
    return member


def _read(text: str | None) -> dict[str, Any]:
    if text is None or len(text) > LONGEST_MESSAGE:
        raise BadMessageError(_("This message is too long for the studio."))
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise _nonsense()
    return message


def _uuid(message: dict[str, Any], name: str) -> uuid.UUID:
    try:
        return uuid.UUID(message[name])
    except (KeyError, ValueError, TypeError, AttributeError) as exc:
        raise _nonsense() from exc


def _optional_uuid(message: dict[str, Any], name: str) -> uuid.UUID | None:
    return _uuid(message, name) if message.get(name) else None


def _first_error(form: Any) -> str:
    return str(next(iter(form.errors.values()))[0])
