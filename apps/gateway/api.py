"""The JSON API: /api/v1/, described by /api/v1/openapi.json and docs/api.md. Every answer that is no success has the
shape {"error": {"code", "message", "fields"}}: a word for programs, a sentence for people, sentences by field.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from asgiref.sync import sync_to_async
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer

from apps.accounts.addresses import client_ip
from apps.gateway import services
from apps.gateway.models import Scope
from apps.library.files import PreparingError
from apps.workspaces.models import Membership
from apps.workspaces.refusals import ActRefusedError

logger = logging.getLogger(__name__)

PREPARING_S = 5  # until the next look at a large file that is being marked
ACT_OF = {Scope.READ: "view", Scope.MAKE: "create", Scope.MANAGE: "create"}  # what the role must allow besides


class TokenRequest(HttpRequest):
    """A request that came with a token in force."""

    auth: services.Admitted


class ApiError(Exception):
    """An answer that is no success."""

    def __init__(
        self, status: int, code: str, message: str, *, fields: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.fields = status, code, dict(fields or {})


def _admit(request: HttpRequest, secret: str) -> services.Admitted | None:
    """What ninja puts at `request.auth`. None is a 401; raises ApiError (403) and TooFastError."""
    try:
        admitted = services.admit(secret)
    except services.SecondFactorMissingError as exc:
        raise ApiError(403, "second_factor_missing", str(exc)) from exc
    if admitted is None:
        calls, key = services.FAILURES, f"address.{client_ip(request)}"
    else:
        calls, key = services.CALLS, f"token.{admitted.token.pk}"
    if wait_s := services.seconds_to_wait(key, calls):
        raise TooFastError(calls, wait_s)
    return admitted


class TokenAuth(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> services.Admitted | None:
        return _admit(request, token)


class AsyncTokenAuth(HttpBearer):
    """The same for a view in the event loop."""

    async def authenticate(self, request: HttpRequest, token: str) -> services.Admitted | None:
        return await sync_to_async(_admit)(request, token)


class TooFastError(Exception):
    def __init__(self, calls: int, wait_s: int) -> None:
        super().__init__(wait_s)
        self.calls, self.wait_s = calls, wait_s


api = NinjaAPI(
    title="Studio",
    version="1",
    description="One workspace of a studio for the MiniMax platform, through a token made on its page “API”.",
    docs_url=None,  # its page would bring scripts of somebody else
    auth=TokenAuth(),
    urls_namespace="api",
)


def need(request: TokenRequest, scope: Scope) -> Membership:
    """The member, if the token has the scope and the role allows what it is for. Raises ApiError (403)."""
    if scope.value not in request.auth.token.scopes:
        message = _("This token may not do that. It needs the scope “%(scope)s”.") % {"scope": scope.value}
        raise ApiError(403, "scope_missing", message)
    member = request.auth.member
    if not member.may(ACT_OF[scope]):
        raise ApiError(
            403, "role_too_low", _("The role “%(role)s” does not allow that.") % {"role": member.get_role_display()}
        )
    return member


def answer(request: HttpRequest, status: int, code: str, message: str, **more: Any) -> HttpResponse:
    return api.create_response(request, {"error": {"code": code, "message": message, **more}}, status=status)


Handle = Callable[[HttpRequest, Any], HttpResponse]


def _on(error: type[Exception]) -> Callable[[Handle], Handle]:
    def register(handle: Handle) -> Handle:
        @wraps(handle)
        def handled(request: HttpRequest, exc: Any) -> HttpResponse:
            response = handle(request, exc)
            response["Cache-Control"] = "no-store"
            return response

        api.add_exception_handler(error, handled)
        return handle

    return register


@_on(ApiError)
def _refused(request: HttpRequest, exc: ApiError) -> HttpResponse:
    return answer(request, exc.status, exc.code, str(exc), fields=exc.fields)


@_on(ActRefusedError)
def _act_refused(request: HttpRequest, exc: ActRefusedError) -> HttpResponse:
    return answer(request, 409, "refused", str(exc))


@_on(AuthenticationError)
def _not_admitted(request: HttpRequest, exc: AuthenticationError) -> HttpResponse:
    response = answer(request, 401, "no_token", _("Send a token in force: Authorization: Bearer studio_…"))
    response["WWW-Authenticate"] = "Bearer"
    return response


@_on(TooFastError)
def _too_fast(request: HttpRequest, exc: TooFastError) -> HttpResponse:
    message = _("At most %(calls)d calls a minute. Go on in %(wait)d seconds.")
    response = answer(request, 429, "too_fast", message % {"calls": exc.calls, "wait": exc.wait_s})
    response["Retry-After"] = str(exc.wait_s)
    return response


@_on(PreparingError)
def _preparing(request: HttpRequest, exc: PreparingError) -> HttpResponse:
    message = _("This file is large: its marks of origin are being written. Ask again in %(wait)d seconds.")
    response = answer(request, 503, "preparing", message % {"wait": PREPARING_S})
    response["Retry-After"] = str(PREPARING_S)
    return response


@_on(Http404)
def _not_found(request: HttpRequest, exc: Http404) -> HttpResponse:
    return answer(request, 404, "not_found", _("There is nothing here under this id."))


@_on(PermissionDenied)
def _denied(request: HttpRequest, exc: PermissionDenied) -> HttpResponse:
    return answer(request, 403, "role_too_low", _("Your role does not allow this."))


@_on(ValidationError)
def _invalid(request: HttpRequest, exc: ValidationError) -> HttpResponse:
    fields: dict[str, list[str]] = {}
    for error in exc.errors:
        place = [str(part) for part in error["loc"] if part not in ("body", "query", "path", "header", "given")]
        fields.setdefault(".".join(place) or "body", []).append(error["msg"])
    return answer(request, 422, "invalid", _("Something in the request cannot be understood."), fields=fields)


@_on(HttpError)
def _http_error(request: HttpRequest, exc: HttpError) -> HttpResponse:
    return answer(request, exc.status_code, "invalid", str(exc))


@_on(Exception)
def _crashed(request: HttpRequest, exc: Exception) -> HttpResponse:
    logger.error("The API could not answer %s %s", request.method, request.path, exc_info=exc)
    return answer(request, 500, "studio_failed", _("Something went wrong inside the studio."))


def nothing_here(request: HttpRequest) -> HttpResponse:
    """Addresses that the API does not know."""
    return _not_found(request, Http404())
