from __future__ import annotations

import httpx
import pytest

from tests.isolation.world import Side, make_side


@pytest.fixture
def sides(db) -> tuple[Side, Side]:
    """Our workspace and the other one. Made in 0.2 s, so each rule walks all routes in a world of its own."""
    return make_side("Night Shift"), make_side("Else Where")


@pytest.fixture(autouse=True)
def nobody_outside(monkeypatch) -> None:
    """No question of a walk leaves the studio."""

    def refuse(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Nobody is there.", request=request)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", refuse)
