"""Loaded before Django: the tests get an environment of their own."""

import os
import tempfile
from pathlib import Path

import pytest

DATA = Path(tempfile.mkdtemp(prefix="studio-tests-"))
(DATA / "static").mkdir()

for name in [name for name in os.environ if name.startswith("STUDIO_") or name == "EMAIL_URL"]:
    del os.environ[name]
os.environ["STUDIO_DATA"] = str(DATA)
os.environ["STUDIO_URL"] = "http://testserver"
if os.environ.get("REDIS_URL") and "PYTEST_XDIST_WORKER" in os.environ:
    # Each test process has a database of its own; so that their rows do not meet in Redis, one of those too.
    number = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw")) + 1
    os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{number}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Where CI is set, a test that was skipped has failed: there, everything is installed."""
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, but nothing may be in CI: {report.longrepr[2]}"
    return report
