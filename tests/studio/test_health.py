from __future__ import annotations

import pytest
from django.core.files.storage import default_storage
from django.db import OperationalError, connection

from tests.conftest import free_port

pytestmark = pytest.mark.django_db


def test_alive_says_so_to_anyone(client):
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok")


def test_ready_names_every_check(client):
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "checks": {"database": "ok", "broker": "ok", "storage": "ok", "connection": "ok"},
    }
    assert "no-store" in response["Cache-Control"]


def test_ready_leaves_nothing_in_the_storage(client, settings):
    client.get("/readyz")
    assert default_storage.listdir("") == ([], [])


def failing(response) -> dict[str, str]:
    assert response.status_code == 503
    return {name: word for name, word in response.json()["checks"].items() if word != "ok"}


def test_ready_names_a_database_that_does_not_answer(client, monkeypatch):
    def refuse():
        raise OperationalError("connection to 10.0.0.7 as studio:hunter2 failed")

    monkeypatch.setattr(connection, "cursor", refuse)
    assert failing(client.get("/readyz")) == {"database": "does not answer"}


@pytest.mark.parametrize("url", ["redis://:hunter2@127.0.0.1:{port}/0", "unix:///nowhere/hunter2.sock"])
def test_ready_names_a_broker_that_does_not_answer(client, settings, url):
    settings.REDIS_URL = url.format(port=free_port())
    assert failing(client.get("/readyz")) == {"broker": "does not answer"}


def test_ready_names_a_storage_that_cannot_be_written(client, settings, tmp_path):
    (tmp_path / "file").write_text("")
    settings.MEDIA_ROOT = tmp_path / "file"
    assert failing(client.get("/readyz")) == {"storage": "cannot be written to"}


def test_ready_names_a_sandbox_that_does_not_answer(client, settings):
    settings.SANDBOX_URL = f"http://127.0.0.1:{free_port()}"
    assert failing(client.get("/readyz")) == {"connection": "the sandbox does not answer"}


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_cannot_be_posted_to(client, path):
    assert client.post(path).status_code == 405
