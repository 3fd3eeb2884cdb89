"""What the frame around every page needs. Everything is lazy: a fragment that shows none of it costs no query."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from apps.home.last_workspace import find_last_membership
from apps.workspaces import navigation, tray
from apps.workspaces.models import Connection, Membership

LAYOUT_COOKIE = "studio_layout"  # what is folded, e.g. "rail.composer"; written by static/js/layout.js


def shell(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    folded = request.COOKIES.get(LAYOUT_COOKIE, "").split(".")
    context: dict[str, Any] = {
        "member": getattr(request, "member", None),
        "theme": SimpleLazyObject(lambda: getattr(user, "theme", "auto")),
        "rail_is_folded": "rail" in folded,
        "composer_is_folded": "composer" in folded,
    }
    if user is None:
        return context
    frame = Frame(request)
    for name in (
        "shell_member",
        "my_memberships",
        "rail",
        "rail_foot",
        "connection",
        "connection_url",
        "unread",
        "moving",
    ):
        context[name] = SimpleLazyObject(getattr(frame, name))
    return context


class Frame:
    """The workspace around a page: that of the URL, or on a person's own pages the one they were in last."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.found: Membership | None = getattr(request, "member", None)
        self.looked = self.found is not None

    def shell_member(self) -> Membership | None:
        if not self.looked and self.request.user.is_authenticated:
            self.found = find_last_membership(self.request, self.request.user)
        self.looked = True
        return self.found

    def my_memberships(self) -> list[Membership]:
        member = self.shell_member()
        return list(member.user.memberships.select_related("workspace").order_by("workspace__name")) if member else []

    def rail(self) -> list[dict[str, Any]]:
        return self.links("rail")

    def rail_foot(self) -> list[dict[str, Any]]:
        return self.links("foot")

    def links(self, place: str) -> list[dict[str, Any]]:
        member = self.shell_member()
        if member is None:
            return []
        here = self.request.resolver_match
        found = []
        for page in navigation.pages_for(member, place):
            is_here = here is not None and "workspace" in here.kwargs and navigation.is_within(page, here.namespace)
            count = navigation.count(page.name, member)
            found.append({"page": page, "url": page.url(member.workspace), "is_here": is_here, "count": count})
        return found

    def connection(self) -> Connection | None:
        member = self.shell_member()
        return Connection.objects.visible_to(member).first() if member else None

    def connection_url(self) -> str:
        member = self.shell_member()
        if member is None or not member.may("manage"):
            return ""
        return reverse("workspaces:connection", args=[member.workspace.slug])

    def unread(self) -> int:
        member = self.shell_member()
        return navigation.count("notifications", member) if member else 0

    def moving(self) -> int:
        member = self.shell_member()
        return tray.count_for(member) if member else 0
