"""Who may come in: the one decorator for pages and the one base for sockets."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django_htmx.middleware import HtmxDetails

from apps.accounts.models import User
from apps.workspaces import second_factor
from apps.workspaces.models import Membership


class MemberRequest(HttpRequest):
    """A request that `member_required` let in."""

    user: User
    member: Membership
    htmx: HtmxDetails


def find_member(user: Any, slug: str) -> Membership | None:
    """Return the person's membership in the workspace `slug`, or None for strangers and the signed-out."""
    if not user.is_authenticated:
        return None
    return Membership.objects.select_related("workspace", "user").filter(user=user, workspace__slug=slug).first()


def find_admitted(user: Any, slug: str) -> Membership | None:
    """For sockets: the membership of somebody who may come in; also None where a second factor is missing."""
    member = find_member(user, slug)
    return None if member is None or second_factor.is_missing(member) else member


def _admit(request: Any, slug: str, act: str) -> HttpResponse | None:
    """Put `request.member` in place, or return the way to the sign-in page. Strangers get 404, too low a role 403.

    Who has no second factor where one is demanded is shown the way to it.
    """
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    member = find_member(request.user, slug)
    if member is None:
        raise Http404
    if second_factor.is_missing(member):
        return second_factor.way_to_it(request, member)
    if not member.may(act):
        raise PermissionDenied
    request.member = member
    return None


def member_required(can: str = "view") -> Callable:
    """Let members of the workspace named in the URL in, if their role allows `can`; for sync and async views.

    The view gets `request.member` (with its workspace and user) and the URL's arguments. `can` stays readable as the
    view's `act`: a test walks the URL table and tries every route as somebody who may not.
    """

    def decorate(view: Callable) -> Callable:
        admitted: Any
        if iscoroutinefunction(view):

            @wraps(view)
            async def admit_async(request: HttpRequest, workspace: str, *args: Any, **kwargs: Any) -> HttpResponse:
                turned_away = await sync_to_async(_admit)(request, workspace, can)
                return turned_away or await view(request, workspace, *args, **kwargs)

            admitted = admit_async
            admitted.act = can
            return admitted

        @wraps(view)
        def admit(request: HttpRequest, workspace: str, *args: Any, **kwargs: Any) -> HttpResponse:
            return _admit(request, workspace, can) or view(request, workspace, *args, **kwargs)

        admitted = admit
        admitted.act = can
        return admitted

    return decorate
