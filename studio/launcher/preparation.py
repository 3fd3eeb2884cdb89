"""Whether the database and the static files still fit the code; if so, a start need not ask Django."""

import hashlib
import json
import os
import sqlite3
from contextlib import closing

from studio.config import ROOT, Config

SOURCES = ("apps/*/migrations/*.py", "studio/**/*.py", "static/**/*", "apps/*/static/**/*")
FILES = ("requirements.lock", "package-lock.json", "node_modules/.package-lock.json")


def fingerprint(config: Config) -> str:
    """A word for everything that migrations and static files depend on."""
    digest = hashlib.sha256(repr((config.database_url, config.is_reachable)).encode())
    paths = {path for pattern in SOURCES for path in ROOT.glob(pattern)} | {ROOT / name for name in FILES}
    for path in sorted(path for path in paths if path.is_file() and "__pycache__" not in path.parts):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def applied_migrations(config: Config) -> list[list[str]] | None:
    """What the SQLite file says it has been through. None: there is no such file, or it cannot tell."""
    path = config.data / "studio.sqlite3"
    if config.database_url or not path.exists():
        return None
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=2)) as database:
            return [list(row) for row in database.execute("SELECT app, name FROM django_migrations ORDER BY app, name")]
    except sqlite3.Error:
        return None


def is_prepared(config: Config) -> bool:
    """Whether `manage.py prepare` would find nothing to do. Never true of PostgreSQL, which others may have changed."""
    try:
        record = json.loads((config.data / "run" / "prepared.json").read_text())
    except (OSError, ValueError):
        return False
    migrations = applied_migrations(config)
    return (
        migrations is not None
        and record == {"fingerprint": fingerprint(config), "migrations": migrations}
        and (config.data / "static" / "staticfiles.json").exists()
    )


def remember_preparation(config: Config) -> None:
    record = {"fingerprint": fingerprint(config), "migrations": applied_migrations(config)}
    draft = config.data / "run" / f"prepared.{os.getpid()}"
    draft.write_text(json.dumps(record))
    draft.replace(config.data / "run" / "prepared.json")
