"""What Django itself says about the settings that a studio has behind HTTPS."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from studio.config import ROOT


def check_deploy(data_dir, url: str) -> subprocess.CompletedProcess[str]:
    """Run `manage.py check --deploy` as a studio that is served at `url`, with nothing else set. A warning fails it."""
    ours = ("STUDIO_", "DJANGO_", "DATABASE_", "REDIS_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    env |= {"STUDIO_DATA": str(data_dir), "STUDIO_URL": url, "STUDIO_TRUSTED_PROXIES": "1"}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)


def test_a_studio_behind_https_has_nothing_missing(tmp_path):
    checked = check_deploy(tmp_path, "https://studio.example")
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("missing", ["security.W004", "security.W012", "security.W016"])  # HSTS and both cookies
def test_a_studio_without_https_is_told_what_it_lacks(plain_check, missing):
    assert plain_check.returncode == 1
    assert missing in plain_check.stderr


@pytest.fixture(scope="module")
def plain_check(tmp_path_factory):
    return check_deploy(tmp_path_factory.mktemp("plain"), "http://studio.example")
