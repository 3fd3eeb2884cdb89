"""The cast (owner, admin, creator, viewer, stranger) and the parts that many tests need."""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from studio.config import ROOT, read_bucket_address
from tests.buckets import bucket_server, empty_buckets
from tests.environment import DATA


def pytest_sessionfinish() -> None:
    shutil.rmtree(DATA, ignore_errors=True)


@pytest.fixture(autouse=True)
def own_folders(settings, tmp_path: Path) -> None:
    """Each test keeps its files in a folder of its own, nothing is cached yet, and passwords are hashed quickly."""
    from django.core.cache import cache

    cache.clear()
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.SPOOL_ROOT = tmp_path / "spool"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # Files under their plain names: the hashed ones exist only after collectstatic.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    settings.CELERY_TASK_ALWAYS_EAGER = False


@pytest.fixture(scope="session")
def bucket_url() -> Iterator[str]:
    with bucket_server() as url:
        yield url


@pytest.fixture
def bucket(bucket_url: str, settings) -> str:
    """Files lie in an empty bucket. Gives its STUDIO_STORAGE_URL."""
    options = read_bucket_address(bucket_url)
    empty_buckets(options["endpoint_url"])
    told = {"BACKEND": "apps.library.bucket.Bucket", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": told}
    return bucket_url


# --- the cast ---------------------------------------------------------------------------------------------------------


def make_person(name: str):
    from apps.accounts.models import User

    return User.objects.create_user(f"{name.lower()}@example.com", "correct horse battery", name=name)


@pytest.fixture
def workspace(db):
    from apps.workspaces.models import Workspace

    return Workspace.objects.create(name="Night Shift", slug="night-shift")


def join(workspace, name: str, role: str):
    from apps.workspaces.models import Membership

    return Membership.objects.create(workspace=workspace, user=make_person(name), role=role)


@pytest.fixture
def owner(workspace):
    """The membership of the owner; `.user` is the person."""
    return join(workspace, "Olga", "owner")


@pytest.fixture
def admin(workspace):
    return join(workspace, "Adam", "admin")


@pytest.fixture
def creator(workspace):
    return join(workspace, "Carla", "creator")


@pytest.fixture
def viewer(workspace):
    return join(workspace, "Victor", "viewer")


@pytest.fixture
def stranger(db):
    """The owner of another workspace."""
    from apps.workspaces.models import Workspace

    return join(Workspace.objects.create(name="Elsewhere", slug="elsewhere"), "Sam", "owner")


@pytest.fixture
def csrf_client():
    """A browser that, unlike Django's test client, is asked for its CSRF token."""
    from django.test import Client

    return Client(enforce_csrf_checks=True)


# --- real parts -------------------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_healthy(url: str, process: subprocess.Popen, seconds: float = 60) -> None:
    """Poll `url` until it answers 200; fail with a clear word when the process dies first."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            pytest.fail(f"{process.args} ended with {process.returncode}")
        try:
            if httpx.get(url, timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    pytest.fail(f"{url} was not healthy within {seconds} s")


@dataclass(frozen=True)
class Sandbox:
    """A sandbox in a process of its own."""

    url: str  # http://127.0.0.1:PORT
    key: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory) -> Iterator[Sandbox]:
    """A real sandbox over a real socket, started once per test process."""
    port, key = free_port(), f"sk-api-{secrets.token_hex(12)}"
    data = tmp_path_factory.mktemp("sandbox")
    with (data / "log").open("w") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "manage.py", "sandbox", "--port", str(port), "--data", str(data), "--key", key),
                *("--niceness", "0"),  # beside other tests long work would hardly get on
            ],
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until_healthy(f"http://127.0.0.1:{port}/healthz", process)
            yield Sandbox(f"http://127.0.0.1:{port}", key)
        finally:
            process.terminate()
            process.wait(10)
