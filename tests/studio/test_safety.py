"""What every answer carries, whoever gives it."""

from __future__ import annotations

import pytest


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/account/login/", {}, 200),
        ("/account/login", {}, 301),  # CommonMiddleware
        ("/account/login/", {"host": "evil.example"}, 400),  # CommonMiddleware
        ("/nowhere/", {}, 404),
        ("/healthz", {}, 200),
    ],
)
def test_every_answer_says_what_may_run(client, owner, path, headers, status):
    response = client.get(path, headers=headers)
    assert response.status_code == status
    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
