"""Every way in which MiniMax can fail, as one family of exceptions.

`charged` says what is known about the bill:

- "no": MiniMax was not reached, or refused before doing any work;
- "yes": MiniMax itself counted the work (its closing message arrived), and yet the result is of no use;
- "unknown": everything between. It was sent and then came silence, trouble, or a stream broke after some audio had
  arrived: MiniMax may finish and charge after the caller is gone, so nobody here can tell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from apps.minimax import messages

Charged = Literal["no", "yes", "unknown"]

_LINK = re.compile(r"(?:https?|wss?)://\S+", re.I)
_SECRET = re.compile(r"\b(?:sk-[\w-]{6,}|eyJ[\w.-]{10,}|Bearer\s+\S+)", re.I)
DETAIL_CHARACTERS = 200


def without_secrets(text: str) -> str:
    """What the other side wrote, fit to be shown: one line, short, without links and keys."""
    text = _SECRET.sub("…", _LINK.sub("…", " ".join(text.split())))
    return "".join(character for character in text if character.isprintable())[:DETAIL_CHARACTERS]


class MiniMaxError(Exception):
    """MiniMax gave no usable answer. `str(error)` is a sentence for the person who asked, in English.

    To translate: `error.sentence_in(gettext)` and `gettext(error.next_step)`.
    """

    charged: Charged = "unknown"
    retryable = False  # True only where MiniMax certainly did no work, so that a repeat cannot be charged twice
    next_step = messages.DECIDE

    def __init__(
        self,
        message: str,
        *,
        code: int | None = None,
        trace_id: str = "",
        detail: str = "",
        charged: Charged | None = None,
        retryable: bool | None = None,
        next_step: str | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        self.message = message  # untranslated, may hold %(name)s
        self.code = code  # MiniMax's own code, where it gave one
        self.trace_id = trace_id  # MiniMax's support asks for it
        self.detail = without_secrets(detail)  # MiniMax's own words
        self.params = {**(params or {}), "code": code, "detail": self.detail}
        if charged is not None:
            self.charged = charged
        if retryable is not None:
            self.retryable = retryable
        if next_step is not None:
            self.next_step = next_step
        super().__init__(message % self.params)

    def sentence_in(self, translate: Callable[[str], str]) -> str:
        return translate(self.message) % self.params

    def after_work(self, charged: Charged = "unknown") -> MiniMaxError:
        """The same failure, seen after MiniMax had begun to deliver: no longer free, so never repeated by itself."""
        self.charged = charged
        self.retryable = False
        if self.next_step in {messages.TRY_AGAIN, messages.WAIT}:
            self.next_step = messages.DECIDE
        return self


class NoWorkDoneError(MiniMaxError):
    """Nothing was done, nothing was charged, and the same request may succeed later."""

    charged = "no"
    retryable = True
    next_step = messages.TRY_AGAIN


class UnreachableError(NoWorkDoneError):
    next_step = messages.CHECK_NETWORK


class RateLimitError(NoWorkDoneError):
    next_step = messages.WAIT


class RefusedError(MiniMaxError):
    """Nothing was done, nothing was charged, and the same request would be refused again."""

    charged = "no"


class AuthenticationError(RefusedError):
    next_step = messages.CHECK_KEY


class BalanceError(RefusedError):
    next_step = messages.CHECK_BALANCE


class QuotaError(RefusedError):
    """A Token Plan's window or scope. Waiting helps for 2056, nothing else does for 2061."""

    next_step = messages.WAIT_WINDOW


class ContentRejectedError(RefusedError):
    next_step = messages.CHANGE_TEXT


class InvalidRequestError(RefusedError):
    next_step = messages.CHANGE_SETTINGS


class VoiceError(RefusedError):
    next_step = messages.CHOOSE_VOICE


class LinkEndedError(MiniMaxError):
    """A result's link is over, or never led anywhere. The work itself was done and paid."""

    charged = "no"
    next_step = messages.TRY_AGAIN


class TaskFailedError(MiniMaxError):
    """MiniMax took the request, worked on it and gave up. Whether that costs anything is not published."""


class IdleError(NoWorkDoneError):
    """2201: the live connection was closed because no text came."""

    next_step = messages.SPEAK_AGAIN


class OutcomeUnknownError(MiniMaxError):
    """It was sent; what became of it is not known."""


class BrokenAnswerError(OutcomeUnknownError):
    """Something came back, but damaged, cut short or not from MiniMax."""


# https://platform.minimax.io/docs/api-reference/errorcode and the pages of the endpoints
_BY_CODE: dict[int, tuple[type[MiniMaxError], str, dict[str, Any]]] = {
    1002: (RateLimitError, messages.RATE_REQUESTS, {}),
    1004: (AuthenticationError, messages.KEY_REFUSED, {}),
    1008: (BalanceError, messages.BALANCE, {}),
    1026: (ContentRejectedError, messages.INPUT_REJECTED, {}),
    1027: (ContentRejectedError, messages.OUTPUT_REJECTED, {"charged": "unknown"}),  # the work was done
    1028: (QuotaError, messages.QUOTA, {}),
    1030: (QuotaError, messages.QUOTA, {}),
    1039: (RateLimitError, messages.RATE_CHARACTERS, {}),
    1041: (RateLimitError, messages.RATE_CONNECTIONS, {}),
    1042: (InvalidRequestError, messages.INVISIBLE, {"next_step": messages.REMOVE_INVISIBLE}),
    1043: (VoiceError, messages.TRANSCRIPT_DIFFERS, {"next_step": messages.CHOOSE_RECORDING}),
    1044: (VoiceError, messages.PROMPT_DIFFERS, {"next_step": messages.CHOOSE_RECORDING}),
    2013: (InvalidRequestError, messages.INVALID, {}),
    20132: (VoiceError, messages.VOICE_UNKNOWN, {}),
    2037: (VoiceError, messages.SAMPLE_LENGTH, {"next_step": messages.CHOOSE_RECORDING}),
    2038: (VoiceError, messages.CLONING_CLOSED, {"next_step": messages.VERIFY_ACCOUNT}),
    2039: (VoiceError, messages.VOICE_TAKEN, {"next_step": messages.CHOOSE_ID}),
    2042: (VoiceError, messages.VOICE_FOREIGN, {}),
    2045: (RateLimitError, messages.RATE_GROWTH, {}),
    2048: (VoiceError, messages.PROMPT_LENGTH, {"next_step": messages.CHOOSE_RECORDING}),
    2049: (AuthenticationError, messages.KEY_REFUSED, {}),
    2056: (QuotaError, messages.QUOTA, {}),
    2061: (QuotaError, messages.PLAN, {"next_step": messages.CHECK_PLAN}),
    2201: (IdleError, messages.IDLE, {}),
    2202: (InvalidRequestError, messages.BAD_ORDER, {"next_step": messages.REPORT}),
    2203: (InvalidRequestError, messages.TEXT_EMPTY, {"next_step": messages.CHANGE_TEXT}),
    2204: (InvalidRequestError, messages.TEXT_TOO_LONG, {"next_step": messages.CHANGE_TEXT}),
    2205: (RateLimitError, messages.RATE_REQUESTS, {}),
    # internal trouble: work may have been done before it failed
    1000: (OutcomeUnknownError, messages.TROUBLE, {}),
    1001: (OutcomeUnknownError, messages.SILENT, {}),
    1013: (OutcomeUnknownError, messages.TROUBLE, {}),
    1024: (OutcomeUnknownError, messages.TROUBLE, {}),
    1033: (OutcomeUnknownError, messages.TROUBLE, {}),
}
KNOWN_CODES = frozenset(_BY_CODE)


def error_for_code(code: int, detail: str = "", *, trace_id: str = "") -> MiniMaxError:
    """The failure that a non-zero `base_resp.status_code` means. An unknown code may have been charged."""
    kind, message, options = _BY_CODE.get(code, (OutcomeUnknownError, messages.OTHER, {}))
    if code == 2013 and without_secrets(detail):
        message = messages.INVALID_DETAIL
    return kind(message, code=code, trace_id=trace_id, detail=detail, **options)


def error_for_status(status: int, *, trace_id: str = "", detail: str = "") -> MiniMaxError:
    """The failure that an HTTP status means when the body says nothing better.

    Refusals by status (4xx) happen before any work, except 408 and 499: the far side gave up waiting for its own work.
    """
    told: dict[str, Any] = {"trace_id": trace_id, "detail": detail, "params": {"status": status}}
    if status == 401:
        return AuthenticationError(messages.KEY_REFUSED, **told)
    if status == 402:
        return BalanceError(messages.BALANCE, **told)
    if status == 403:
        return AuthenticationError(messages.FORBIDDEN, **told)
    if status == 413:
        return InvalidRequestError(messages.TOO_LARGE, **told)
    if status == 429:
        return RateLimitError(messages.RATE_REQUESTS, **told)
    if status == 529:
        return RateLimitError(messages.OVERLOADED, **told)
    if status in {408, 499}:
        return OutcomeUnknownError(messages.SILENT, **told)
    if status in {404, 405, 410} or 300 <= status < 400:
        return InvalidRequestError(messages.ADDRESS_WRONG, next_step=messages.CHECK_ADDRESS, **told)
    if 400 <= status < 500:
        return InvalidRequestError(messages.INVALID_DETAIL if without_secrets(detail) else messages.INVALID, **told)
    if status >= 500:
        return OutcomeUnknownError(messages.TROUBLE_STATUS, **told)
    return BrokenAnswerError(messages.NOT_JSON, **told)
