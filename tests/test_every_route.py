"""Walks the URL table, so that a route which somebody adds later is held to the same rules without being named here."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

from apps.workspaces.consumers import NOT_FOUND
from apps.workspaces.models import ACTS, Role
from studio.routing import websocket_urlpatterns
from tests.sockets import open_socket

SAMPLES = ["1", str(uuid.UUID(int=1)), "x"]  # a number, an id, a word: one of them fits most converters

# Routes without a workspace that anybody may open; everything else asks who is there.
OPEN = {
    "healthz",
    "readyz",
    "setup",
    "join",
    "account_login",
    "account_logout",
    "account_signup",
    "account_inactive",
    "account_email_verification_sent",
    "account_confirm_email",
    "account_confirm_login_code",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "push_worker",  # a script that is the same for all
    "api_nothing_here",  # whatever else lies below /api/v1/
    "unsubscribe",  # the signed address of a mail
}
API = "api:"  # asks for a token: tests/gateway
API_OPEN = {"api:api-root", "api:openapi-json", "api_nothing_here"}
PUBLIC_NAMESPACES = ("public:", "guest:", API)  # shared pages: an unguessable link is the permission


@dataclass(frozen=True)
class Route:
    name: str
    path: str  # with samples in place of the converters
    view: Any = field(repr=False)
    is_of_workspace: bool

    def __str__(self) -> str:
        return self.name

    @property
    def act(self) -> str | None:
        """What `member_required` asks for, also below other decorators; None: nobody checks."""
        view = self.view
        while view is not None and not hasattr(view, "act"):
            view = getattr(view, "__wrapped__", None)
        return getattr(view, "act", None)


def sample(pattern: Any) -> str:
    """Return a piece of path that the pattern takes."""
    text = str(pattern)
    if not isinstance(pattern, RoutePattern):
        return text.replace("^", "").replace("$", "").replace(r"\Z", "")
    for name, converter in pattern.converters.items():
        samples = ["night-shift"] if name == "workspace" else [*SAMPLES, *converter.regex.split("|")]  # such as srt|vtt
        given = next((text for text in samples if re.fullmatch(converter.regex, text)), None)
        assert given, f"How does a path with <{type(converter).__name__}:{name}> look? Add it to SAMPLES."
        start = text.index("<" if f":{name}>" in text else f"<{name}>")
        text = text[:start] + given + text[text.index(">", start) + 1 :]
    return text


def walk(resolver: URLResolver, prefix: str = "/", namespace: str = "", inside: bool = False) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        path = prefix + sample(entry.pattern)
        is_inside = inside or "workspace" in getattr(entry.pattern, "converters", {})
        if isinstance(entry, URLPattern):
            name = f"{namespace}:{entry.name}" if namespace else str(entry.name)
            yield Route(name, path, entry.callback, is_inside)
        else:
            yield from walk(entry, path, entry.namespace or namespace, is_inside)


ROUTES = list(walk(get_resolver()))
OF_WORKSPACE = [route for route in ROUTES if route.is_of_workspace]
TOO_LOW = [(route, role) for route in OF_WORKSPACE for role in Role if role not in ACTS.get(route.act or "", Role)]
OTHERS = [route for route in ROUTES if not route.is_of_workspace]
CLOSED = [route for route in OTHERS if route.name not in OPEN and not route.name.startswith(PUBLIC_NAMESPACES)]


METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
WRITING = ["POST", "PUT", "PATCH", "DELETE"]


def statuses(client: Client, route: Route, methods: list[str] = METHODS) -> set[int]:
    """Ask in every way; a method that the route does not know answers 405, which says nothing about any object."""
    return {client.generic(method, route.path).status_code for method in methods} - {405}


def test_the_table_was_found():
    assert len(OF_WORKSPACE) > 15
    assert {route.name for route in ROUTES} >= {"workspaces:members", "notifications:list", "home:index"}


@pytest.mark.parametrize("route", OF_WORKSPACE, ids=str)
def test_every_route_of_a_workspace_names_the_act_it_needs(route):
    assert route.act in ACTS, f"{route.name} is not decorated with member_required"


@pytest.mark.parametrize("route", OF_WORKSPACE, ids=str)
def test_the_signed_out_are_led_to_the_door(route, client, owner):
    answers = [client.generic(method, route.path) for method in METHODS]
    led = [answer.headers["Location"] for answer in answers if answer.status_code != 405]
    assert led
    assert all(location.startswith("/account/login/?next=/w/night-shift/") for location in led)


@pytest.mark.parametrize("route", OF_WORKSPACE, ids=str)
def test_a_stranger_finds_nothing(route, client, owner, stranger):
    client.force_login(stranger.user)
    assert statuses(client, route) == {404}


@pytest.mark.parametrize(("route", "role"), TOO_LOW, ids=str)
def test_a_role_too_low_is_turned_away(route, role, client, request):
    client.force_login(request.getfixturevalue(role.value).user)
    assert statuses(client, route) == {403}


@pytest.mark.parametrize("route", OF_WORKSPACE, ids=str)
def test_nothing_is_changed_without_a_csrf_token(route, csrf_client, owner):
    csrf_client.force_login(owner.user)
    assert statuses(csrf_client, route, WRITING) <= {403}


@pytest.mark.parametrize("route", CLOSED, ids=str)
def test_what_lies_outside_a_workspace_asks_who_is_there(route, client, owner):
    response = client.get(route.path)
    assert response.status_code in {302, 405}, f"Is {route.name} meant for everybody? Then add it to OPEN."
    assert response.status_code == 405 or response.headers["Location"].startswith("/account/login/")


@pytest.mark.parametrize("route", [route for route in OTHERS if route.name.startswith(API)], ids=str)
def test_the_api_asks_for_a_token(route, client, owner):
    client.force_login(owner.user)  # being signed in is no token
    assert route.name in API_OPEN or statuses(client, route) == {401}


@pytest.mark.parametrize("route", OTHERS, ids=str)
def test_no_route_answers_an_unknown_object_with_a_crash(route, client, owner):
    client.force_login(owner.user)
    assert client.get(route.path).status_code < 500


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("pattern", websocket_urlpatterns, ids=str)
async def test_a_stranger_gets_no_socket(pattern, owner, stranger):
    path = sample(pattern.pattern).removeprefix("ws/w/night-shift/")
    socket = await open_socket(stranger, path, slug="night-shift")
    assert socket.close_code == NOT_FOUND


# Whatever a page of ours asks for by address. A query with another name is a query that nobody reads.
ASKED_FOR = [
    *("action", "before", "chosen", "format", "from", "gender", "kind", "language", "layout", "model", "month"),
    *("page", "person", "q", "recent", "row", "take", "text", "voice_id", "whose"),
]


@pytest.mark.parametrize("value", ["\0a", "9" * 5000], ids=["NUL", "a number without end"])
@pytest.mark.parametrize("route", OF_WORKSPACE, ids=str)
def test_odd_queries_crash_no_route_and_reach_no_database(route, value, client, owner):
    asked = []

    def note(execute, sql, params, many, context):
        asked.append(sql + "".join(map(str, params or ())))
        return execute(sql, params, many, context)

    client.force_login(owner.user)
    with connection.execute_wrapper(note):
        answer = client.get(route.path, dict.fromkeys(ASKED_FOR, value))
    assert answer.status_code < 500
    assert not [query for query in asked if "\0" in query]  # PostgreSQL refuses it
