from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from apps.gateway import services
from apps.gateway.models import ApiToken, Scope
from apps.workspaces.models import Membership

EVERYTHING = tuple(Scope.values)


@dataclass
class Caller:
    """A program with a token, and no cookie."""

    secret: str
    token: ApiToken

    def __call__(self, method: str, path: str, data: Any = None, **headers: str) -> Any:
        return Client(raise_request_exception=False).generic(
            method,
            f"/api/v1/{path}",
            b"" if data is None else json.dumps(data),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.secret}"} | headers,
        )

    def get(self, path: str, **headers: str) -> Any:
        return self("GET", path, **headers)

    def post(self, path: str, data: Any = None, **headers: str) -> Any:
        return self("POST", path, data, **headers)


@pytest.fixture
def calling():
    def make(member: Membership, *scopes: str, days: int | None = 30) -> Caller:
        token, secret = services.make_token(member, member, name="Night script", scopes=scopes or EVERYTHING, days=days)
        return Caller(secret, token)

    return make
