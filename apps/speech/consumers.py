"""The live speech socket of one page. docs/live-speech.md describes the protocol."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext as _

from apps.minimax import catalogue
from apps.speech import live, services, voices
from apps.speech.elsewhere import follow
from apps.speech.forms import SpeechForm, TypedSpeechForm
from apps.speech.models import Take
from apps.speech.rows import in_background, in_thread
from apps.speech.scripts import find_text_problems, normalise
from apps.workspaces.consumers import MemberConsumer

LONGEST_MESSAGE = 256 * 1024  # characters; the longest text, written as \uXXXX, with every setting fits
LISTENING_AT_ONCE = 16  # takes one socket follows


class BadMessageError(Exception):
    """The page sent something that it never sends."""


class SpeechConsumer(MemberConsumer):
    """Takes a person's words to `live` and brings sound back. It owns nothing: a take goes on without it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._listening: dict[uuid.UUID, asyncio.Task[None]] = {}

    async def dispatch(self, message: dict[str, Any]) -> None:
        # Channels' own tidies up database connections, in a thread, before every message; `rows` sees to its own.
        await getattr(self, message["type"].replace(".", "_"))(message)

    async def opened(self) -> None:
        translation.activate(language_of(self.scope, self.member.user))

    async def disconnect(self, code: int) -> None:
        for task in self._listening.values():
            task.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        asked_at = time.perf_counter()
        message: Any = None
        try:
            message = _read(text_data)
            handlers = {
                "speak": self._speak,
                "type_start": self._type_start,
                "type_text": self._type_text,
                "type_end": self._type_end,
                "attach": self._attach,
                "stop": self._stop,
            }
            handler = handlers.get(str(message.get("type")))
            if handler is None:
                raise BadMessageError(_("The studio does not understand this message. Reload the page."))
            await handler(message, asked_at)
        except (BadMessageError, services.RefusedError) as refusal:
            await self._refuse(message, str(refusal))

    # --- messages ---

    async def _speak(self, message: dict[str, Any], asked_at: float) -> None:
        await self._start(message, asked_at, is_typed=False)

    async def _type_start(self, message: dict[str, Any], asked_at: float) -> None:
        await self._start(message, asked_at, is_typed=True)

    async def _start(self, message: dict[str, Any], asked_at: float, *, is_typed: bool) -> None:
        click, playback = str(_uuid(message, "click")), message.get("playback")
        request = message.get("request")
        if playback not in ("mp3", "pcm") or not isinstance(request, dict):
            raise BadMessageError(_("The studio does not understand this message. Reload the page."))
        form = (TypedSpeechForm if is_typed else SpeechForm)(request)
        if not form.is_valid():
            await self._refuse(message, _first_error(form), form.errors.get_json_data())
            return
        unknown = await self._find_unknown_voice(form.cleaned_data)
        if unknown is not None:
            sentence = voices.unknown_sentence(unknown)
            await self._refuse(message, sentence, {"voice_id": [{"message": sentence}]})
            return
        started = await in_thread(
            services.start_take, self.member.pk, form.cleaned_data, click=click, playback=playback, is_typed=is_typed
        )
        take = started.take
        if started.endpoint is None:
            await self._follow(take, offset=0)
            return
        run = await live.start_run(take, started.endpoint, services.speech_request(take), asked_at=asked_at)
        await self._listen(take, run, offset=0)

    async def _find_unknown_voice(self, request: dict[str, Any]) -> str | None:
        if all(voice_id in catalogue.voices.everything for voice_id in voices.named_in(request)):
            return None  # at once, without a thread
        return await in_background(voices.find_unknown, self.member.workspace, request)

    async def _type_text(self, message: dict[str, Any], asked_at: float) -> None:
        take = await self._find_own_take(message)
        run = live.find_run(take.pk)
        text = message.get("text")
        if not isinstance(text, str):
            raise BadMessageError(_("The studio does not understand this message. Reload the page."))
        text = normalise(text)
        if not text.strip():
            return
        for problem in find_text_problems(text, take.request["model"]):
            if problem.blocking:
                raise services.RefusedError(problem.sentence)
        if not take.is_typed or run is None or not run.add_text(text):
            raise services.RefusedError(_("This take has ended. Start a new one to go on."))

    async def _type_end(self, message: dict[str, Any], asked_at: float) -> None:
        take = await self._find_own_take(message)
        run = live.find_run(take.pk)
        if run:
            run.end_text()

    async def _attach(self, message: dict[str, Any], asked_at: float) -> None:
        offset = message.get("from", 0)
        if not isinstance(offset, int) or isinstance(offset, bool) or offset < 0:
            raise BadMessageError(_("The studio does not understand this message. Reload the page."))
        await self._follow(await self._find_take(message, can="view"), offset=offset)

    async def _stop(self, message: dict[str, Any], asked_at: float) -> None:
        take = await self._find_take(message, can="create")
        run = live.find_run(take.pk)
        if run:
            run.stop()
        else:
            await in_thread(services.ask_to_stop, take)

    # --- sound ---

    async def _follow(self, take: Take, *, offset: int) -> None:
        """Hear a take that was started before, here or in another process, or that is over."""
        source = live.find_run(take.pk) or await follow(take)
        await self._listen(take, source, offset=min(offset, source.received))

    async def _listen(self, take: Take, source: live.Source, *, offset: int) -> None:
        known = self._listening.pop(take.pk, None)
        if known:
            known.cancel()
        elif len(self._listening) >= LISTENING_AT_ONCE:
            raise services.RefusedError(_("This page listens to too many takes at once."))
        await self._send(
            {"type": "started", "take": str(take.pk), "click": take.click, "audio": take.stream, "from": offset}
        )
        listener = live.Listener(take.pk, source, self._send, self._send_sound, offset=offset)
        task = asyncio.create_task(listener.listen())
        self._listening[take.pk] = task
        task.add_done_callback(partial(self._forget, take.pk))

    def _forget(self, take_id: uuid.UUID, task: asyncio.Task[None]) -> None:
        if self._listening.get(take_id) is task:
            del self._listening[take_id]
        if not task.cancelled():
            task.result()

    async def _find_take(self, message: dict[str, Any], *, can: str) -> Take:
        take = await in_thread(services.find_take, self.member.pk, _uuid(message, "take"), can=can)
        if take is None:
            raise services.RefusedError(_("This take is not here, or your role does not let you do this."))
        return take

    async def _find_own_take(self, message: dict[str, Any]) -> Take:
        """What is written into a take is paid in the name of the person who began it."""
        take = await self._find_take(message, can="create")
        if take.created_by_id != self.member.user_id:
            raise services.RefusedError(_("This take is not here, or your role does not let you do this."))
        return take

    async def _refuse(self, message: Any, sentence: str, errors: dict[str, Any] | None = None) -> None:
        named = message if isinstance(message, dict) else {}
        await self._send(
            {
                "type": "refused",
                "click": _echo(named.get("click")),
                "take": _echo(named.get("take")),
                "message": sentence,
                "errors": {field: [error["message"] for error in found] for field, found in (errors or {}).items()},
            }
        )

    async def _send(self, message: dict[str, Any]) -> None:
        await self.base_send({"type": "websocket.send", "text": json.dumps(message)})

    async def _send_sound(self, frame: bytes) -> None:
        await self.base_send({"type": "websocket.send", "bytes": frame})


def _read(text: str | None) -> dict[str, Any]:
    if text is None or len(text) > LONGEST_MESSAGE:
        raise BadMessageError(_("This message is too long for the studio."))
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise BadMessageError(_("The studio does not understand this message. Reload the page."))
    return message


def _uuid(message: dict[str, Any], name: str) -> uuid.UUID:
    try:
        return uuid.UUID(message[name])
    except (KeyError, ValueError, TypeError, AttributeError) as exc:
        raise BadMessageError(_("The studio does not understand this message. Reload the page.")) from exc


def _echo(value: Any) -> str | None:
    return value[:36] if isinstance(value, str) else None


def _first_error(form: SpeechForm) -> str:
    return str(next(iter(form.errors.values()))[0])


def language_of(scope: dict[str, Any], user: Any) -> str:
    """The person's language, or else the browser's: what the middleware does for pages."""
    if user.language:
        return user.language
    request = HttpRequest()
    headers = dict(scope["headers"])
    request.META["HTTP_ACCEPT_LANGUAGE"] = headers.get(b"accept-language", b"").decode("latin-1")
    request.COOKIES = scope.get("cookies", {})
    return translation.get_language_from_request(request) or settings.LANGUAGE_CODE
