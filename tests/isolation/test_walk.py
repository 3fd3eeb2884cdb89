"""Nothing of one workspace shows in another: every route of the URL table, every role, real objects, every socket.

`tests/test_every_route.py` asks with objects that do not exist; here they do, and belong to somebody else. Each rule
walks all routes and names those that break it.
"""

from __future__ import annotations

import pytest

from apps.workspaces.consumers import NOT_FOUND
from apps.workspaces.models import ACTS
from studio.routing import websocket_urlpatterns
from tests.isolation.asking import METHODS, ask, browser, everything_in, noting_writes
from tests.isolation.routes import NAMING_OBJECTS, NOT_DESCRIBED, WALKED
from tests.sockets import open_socket

# What a look may write down: what it is that was looked at, never what it shows.
WRITES_OF_A_LOOK = {"django_session", "usersessions_usersession", "accounts_user"}
# A download keeps the copy that it wrote marks into.
WRITES_OF_A_LOOK |= {"library_arrival", "provenance_markedcopy", "provenance_signingidentity"}
# What a look of one's own does not find in this world: it names nothing, or what is at MiniMax, or what its rows lack.
NOT_THERE = {
    *("files:file", "files:content", "files:text", "files:delete", "files:send"),
    *("library:choose", "library:pick", "library:subtitles", "books:subtitles", "books:take_sound"),
    *("home:make", "music:compare", "sharing:continue", "speech:voice_sample", "voices:take_in"),
    "provenance:certificate",
}


def test_every_route_is_described():
    assert not NOT_DESCRIBED, "Which objects do these routes name? Add them to ARGUMENTS in tests/isolation/routes.py."
    assert len(WALKED) > 200


def test_who_is_of_another_workspace_is_told_nothing(sides):
    ours, other = sides
    client, told = browser(other.owner), []
    for route in WALKED:
        answer = ask(client, "GET", route.path(ours))
        if answer.status_code not in (404, 405) or ours.secret.encode() in everything_in(answer):
            told.append((route.name, answer.status_code))
    assert not told


def test_an_object_is_not_reached_through_a_workspace_it_is_not_in(sides):
    ours, other = sides
    client, told = browser(other.owner), []
    for route in NAMING_OBJECTS:
        for method in METHODS:
            answer = ask(client, method, route.path(other, objects_of=ours))
            if answer.status_code not in (404, 405) or ours.secret.encode() in everything_in(answer):
                told.append((route.name, method, answer.status_code))
    assert not told


def test_the_signed_out_are_led_to_the_door(sides):
    ours, _other = sides
    client, told = browser(), []
    for route in WALKED:
        answer = ask(client, "GET", route.path(ours))
        is_led = answer.status_code == 302 and answer.headers["Location"].startswith("/account/login/")
        if not (is_led or answer.status_code in (404, 405)):
            told.append((route.name, answer.status_code))
    assert not told


def test_a_role_too_low_is_turned_away(sides):
    ours, _other = sides
    let_in = []
    for role, member in ours.people.items():
        client = browser(member)
        for route in WALKED:
            if role in ACTS[route.act]:
                continue
            for method in ("GET", "POST"):
                status = ask(client, method, route.path(ours)).status_code
                if status not in (403, 405):
                    let_in.append((route.name, method, role, status))
    assert not let_in


def test_a_look_changes_nothing_and_finds_what_is_ones_own(sides):
    ours, _other = sides
    client, wrong, missing = browser(ours.owner), [], set()
    for route in WALKED:
        with noting_writes() as written:
            status = ask(client, "GET", route.path(ours)).status_code
        if status == 404:
            missing.add(route.name)
        changed = set(written) - WRITES_OF_A_LOOK
        if changed or status >= 500:
            wrong.append((route.name, status, sorted(changed)))
    assert not wrong
    assert missing <= NOT_THERE  # else the walk would ask strangers for what nobody finds


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("pattern", websocket_urlpatterns, ids=str)
async def test_no_socket_opens_for_anybody_from_outside(pattern, owner, stranger):
    path = str(pattern.pattern).removeprefix("ws/w/<slug:workspace>/")
    inside, outside = await open_socket(owner, path), await open_socket(stranger, path, slug=owner.workspace.slug)
    assert (inside.close_code, outside.close_code) == (None, NOT_FOUND)
    await inside.close()
