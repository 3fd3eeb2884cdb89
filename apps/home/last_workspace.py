"""Remembers, in a cookie, in which workspace a person was last, so that `/` leads back there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from apps.workspaces.models import Membership

if TYPE_CHECKING:
    from apps.accounts.models import User

COOKIE = "studio_workspace"
A_YEAR_S = 365 * 24 * 3600


def find_last_membership(request: HttpRequest, user: User) -> Membership | None:
    """Return the membership of the workspace the person was in last, else of the one they joined first."""
    memberships = list(user.memberships.select_related("workspace", "user").order_by("pk"))
    slug = request.COOKIES.get(COOKIE, "")
    return next((m for m in memberships if m.workspace.slug == slug), memberships[0] if memberships else None)


class LastWorkspaceMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        member: Membership | None = getattr(request, "member", None)
        if member and request.COOKIES.get(COOKIE) != member.workspace.slug:
            response.set_cookie(
                COOKIE,
                member.workspace.slug,
                max_age=A_YEAR_S,
                httponly=True,
                samesite="Lax",
                secure=settings.SESSION_COOKIE_SECURE,
            )
        return response
