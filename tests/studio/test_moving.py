"""A filled studio moves: from SQLite to PostgreSQL, and its files from a folder into a bucket and back."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from apps.library.models import Asset
from studio.config import ROOT
from studio.management.commands.move_media import storage_at
from studio.moving import media
from tests import services
from tests.buckets import bucket_server

# --- the database -----------------------------------------------------------------------------------------------------

FILL = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.isolation.world import make_side
make_side("Night Shift")
make_side("Else Where")
"""


@dataclass(frozen=True)
class Stopped:
    """A studio on SQLite that is not running, with two workspaces and something of every kind."""

    data: Path

    def run(self, *command: str, **options: Any) -> subprocess.Popen[str]:
        left_out = ("STUDIO_", "DJANGO_", "DATABASE_URL", "REDIS_URL")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
        env = {**inherited, "STUDIO_DATA": str(self.data), "DJANGO_SETTINGS_MODULE": "studio.settings"}
        return subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def move(self, *words: str) -> tuple[int, str, str]:
        process = self.run("manage.py", "move_database", *words)
        out, error = process.communicate(timeout=300)
        return process.returncode, out, error

    def change(self, statement: str) -> None:
        with closing(sqlite3.connect(self.data / "studio.sqlite3")) as ours, ours:
            ours.execute(statement)

    def count(self, table: str) -> int:
        with closing(sqlite3.connect(self.data / "studio.sqlite3")) as ours:
            return int(ours.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@pytest.fixture(scope="module")
def filled_once(tmp_path_factory) -> Stopped:
    studio = Stopped(tmp_path_factory.mktemp("filled"))
    process = studio.run("-c", FILL)
    assert process.wait(300) == 0, process.stderr.read()
    return studio


@pytest.fixture
def stopped(filled_once, tmp_path) -> Stopped:
    shutil.copytree(filled_once.data, tmp_path / "data")
    return Stopped(tmp_path / "data")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with services.postgres() as url:
        yield url


@pytest.fixture
def empty_database(server) -> str:
    name = f"moved_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as there:
        there.execute(f"CREATE DATABASE {name}")
    return f"{server.rpartition('/')[0]}/{name}"


@pytest.mark.services
@pytest.mark.slow
@pytest.mark.xdist_group("services")
class TestDatabase:
    def test_a_move_that_is_killed_goes_on_and_every_row_arrives(self, stopped, empty_database):
        first = stopped.run("manage.py", "move_database", empty_database)
        for _ in range(25):
            assert first.stdout.readline()
        first.kill()
        first.wait()
        with psycopg.connect(empty_database) as there:
            assert there.execute("SELECT count(*) FROM pg_constraint WHERE contype = 'f'").fetchone() == (0,)
        code, told, error = stopped.move(empty_database)
        assert (code, error) == (0, "")
        assert "rows are alike" in told
        with psycopg.connect(empty_database) as there:
            for table in ("library_asset", "accounts_user", "jobs_job", "chat_message"):
                rows = there.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                assert rows == stopped.count(table) > 0, table
            found = there.execute("SELECT count(*) FROM library_searchentry").fetchone()[0]
            assert found == stopped.count("library_asset")
            # References are watched over, triggers count and numbers go on again.
            assert there.execute("SELECT to_regclass('studio_move')").fetchone() == (None,)
            valid = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND convalidated"
            assert there.execute(valid).fetchone()[0] > 100
            assert there.execute("SELECT count(*) FROM pg_trigger WHERE tgenabled = 'D'").fetchone() == (0,)
            last = there.execute("SELECT max(id) FROM workspaces_workspace").fetchone()[0]
            sequence = "SELECT nextval(pg_get_serial_sequence('workspaces_workspace', 'id'))"
            assert there.execute(sequence).fetchone() == (last + 1,)

        code, _told, error = stopped.move(empty_database)
        assert code == 1
        assert "not empty" in error
        with psycopg.connect(empty_database) as there:
            there.execute(
                "UPDATE library_asset SET title = title || '!' WHERE id = (SELECT id FROM library_asset LIMIT 1)"
            )
        code, _told, error = stopped.move(empty_database, "--compare")
        assert code == 1
        assert re.search(r"library_asset, row .*: title differs", error)

    def test_a_text_that_postgresql_refuses_is_named_and_can_be_mended(self, stopped, empty_database):
        stopped.change(
            "UPDATE library_asset SET note = 'a' || char(0) || 'b' WHERE id = (SELECT max(id) FROM library_asset)"
        )
        code, _told, error = stopped.move(empty_database)
        assert code == 1
        assert re.search(r"library_asset, row [0-9a-f-]{36}: ", error)
        stopped.change("UPDATE library_asset SET note = 'ab' WHERE id = (SELECT max(id) FROM library_asset)")
        assert stopped.move(empty_database)[0] == 0

    def test_a_studio_that_runs_is_not_moved(self, stopped, empty_database):
        (stopped.data / "run").mkdir(exist_ok=True)
        with (stopped.data / "run" / "lock").open("a+") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            code, _told, error = stopped.move(empty_database)
        assert code == 1
        assert "already runs" in error


# --- the files --------------------------------------------------------------------------------------------------------


@pytest.fixture
def bucket_url() -> Iterator[str]:
    with bucket_server() as url:
        yield url


@pytest.fixture
def files(db, workspace, owner) -> dict[str, bytes]:
    """Twenty files that rows name, one of them larger than a part, and one that no row names."""
    made = {f"1/{number}/take.mp3": bytes([number]) * (10_000_000 if number == 3 else 1000) for number in range(20)}
    for name, content in made.items():
        default_storage.save(name, ContentFile(content))
        Asset.objects.create(
            workspace=workspace, created_by=owner.user, kind="speech", title=name, file=name, size=len(content)
        )
    default_storage.save("1/nobody.mp3", ContentFile(b"orphan"))
    return made


@pytest.mark.xdist_group("services")
def test_every_file_reaches_the_bucket_and_comes_back(files, bucket_url, tmp_path, settings, capsys):
    call_command("move_media", bucket_url)
    assert "20 files copied (10,019,000 bytes), 0 were there, 0 are missing" in capsys.readouterr().out
    bucket = storage_at(bucket_url)
    assert not bucket.exists("1/nobody.mp3")
    call_command("move_media", bucket_url)
    assert "0 files copied (0 bytes), 20 were there" in capsys.readouterr().out

    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "apps.library.bucket.Bucket",
            "OPTIONS": {
                name: getattr(bucket, name)
                for name in ("endpoint_url", "bucket_name", "access_key", "secret_key", "region_name")
            },
        },
    }
    call_command("move_media", str(tmp_path / "back"))
    assert {name: (tmp_path / "back" / name).read_bytes() for name in files} == files


@pytest.mark.xdist_group("services")
def test_half_a_file_from_a_start_that_was_killed_is_brought_again(files, bucket_url, tmp_path):
    bucket = storage_at(bucket_url)
    bucket.save("1/3/take.mp3", ContentFile(b"half"))
    outcomes = {step.name: step.outcome for step in media.move(default_storage, bucket, tmp_path / "journal")}
    assert outcomes["1/3/take.mp3"] == "copied"
    assert media.digest(bucket, "1/3/take.mp3") == media.digest(default_storage, "1/3/take.mp3")


@pytest.mark.xdist_group("services")
def test_a_file_that_the_old_storage_lost_is_named_and_does_not_stop_the_rest(files, bucket_url, capsys):
    default_storage.delete("1/7/take.mp3")
    call_command("move_media", bucket_url)
    told = capsys.readouterr()
    assert "19 files copied" in told.out
    assert "1 are missing" in told.out
    assert "1/7/take.mp3: the old storage has lost it." in told.err


def test_a_place_that_cannot_be_is_said_in_a_sentence(db):
    with pytest.raises(CommandError, match="must name a server and a bucket"):
        call_command("move_media", "s3://nowhere")


def test_a_folder_on_a_full_disk_says_so_and_can_be_started_again(files, tmp_path):
    (tmp_path / "there").write_text("a file where the folder should be")
    with pytest.raises(CommandError, match="Start it again"):
        call_command("move_media", str(tmp_path / "there" / "media"))
