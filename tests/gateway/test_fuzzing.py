"""Odd requests, made from the API's own description: whatever is asked, the answer is never a crash."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import requests
import schemathesis
from django.test import Client
from hypothesis import HealthCheck, settings

from apps.gateway.api_urls import api
from apps.speech import live
from apps.workspaces.models import Connection, ConnectionKind

EXAMPLES = 12  # of each operation
described = schemathesis.openapi.from_dict(api.get_openapi_schema())


@pytest.fixture
def secret(creator, calling, monkeypatch):
    """A token that may do everything, in a workspace that has a connection; nothing is sent over it."""

    async def speak_nothing(*args, **kwargs):
        return None

    monkeypatch.setattr(live, "start_run", speak_nothing)
    monkeypatch.setattr("apps.gateway.services.CALLS", 10**6)
    Connection.objects.create(workspace=creator.workspace, kind=ConnectionKind.GLOBAL)
    return calling(creator).secret


@described.parametrize()
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
def test_no_request_crashes_it(case, secret):
    sent = requests.Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
    to = urlsplit(sent.url)
    body = sent.body or b""
    headers = {name: value for name, value in sent.headers.items() if name.lower() != "content-length"}
    answer = Client(raise_request_exception=False).generic(
        sent.method,
        f"{to.path}?{to.query}",
        body.encode() if isinstance(body, str) else body,
        content_type=headers.pop("Content-Type", "application/json"),
        headers=headers | {"Authorization": f"Bearer {secret}"},
    )
    assert answer.status_code < 500, answer.content
    if answer.status_code >= 400 and answer.status_code != 405:
        assert set(answer.json()["error"]) >= {"code", "message"}
