"""The launcher as a person meets it: a command, its lines, signals, and what is left afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from studio.launcher.parts import short_folder
from tests.studio.conftest import URL, marked

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("launcher")]


def test_one_command_starts_every_part_and_prints_one_url(up, tmp_path):
    studio = up(tmp_path / "new")
    address = studio.is_ready()
    ready = httpx.get(f"{address}readyz").json()
    assert ready["checks"] == {"database": "ok", "broker": "ok", "storage": "ok", "connection": "ok"}
    assert set(URL.findall(studio.output)) == {address}
    assert {path.stem for path in (studio.data / "run").glob("*.pid")} == {"web", "worker", "sandbox", "valkey"}


def test_secrets_are_made_once_and_only_for_us(running, prepared):
    secret, sandbox_key = running.data / "secret.key", running.data / "sandbox.key"
    assert secret.read_text() == (prepared / "secret.key").read_text()
    assert {path.stat().st_mode & 0o777 for path in (secret, sandbox_key)} == {0o600}
    assert secret.read_text() not in running.output
    assert sandbox_key.read_text() not in running.output


def test_ctrl_c_stops_every_part_within_ten_seconds(up, data):
    studio = up(data)
    studio.is_ready()
    asked_at = time.monotonic()
    studio.process.send_signal(signal.SIGINT)
    assert studio.ends() == 0
    assert time.monotonic() - asked_at < 10
    assert studio.processes() == set()
    assert list((data / "run").glob("*.pid")) == []


def test_a_killed_launcher_is_followed_by_a_working_one(up, data):
    killed = up(data)
    killed.is_ready()
    left = killed.processes() - {killed.process.pid}
    killed.process.kill()
    killed.process.wait()
    address = up(data).is_ready()
    assert httpx.get(f"{address}readyz").status_code == 200
    assert not left & marked(data)


@pytest.mark.parametrize("part", ["web", "worker", "sandbox", "valkey"])
def test_a_killed_part_is_started_again(running, part):
    first = running.pid_of(part)
    os.kill(first, signal.SIGKILL)
    running.says(f"The part {part} was ended by SIGKILL")
    running.says(f"The part {part} is ready again")
    assert running.pid_of(part) != first
    assert httpx.get(f"{running.address}readyz").status_code == 200


def test_a_second_start_prepares_nothing(running, prepared):
    record = Path("run/prepared.json")
    assert (running.data / record).stat().st_mtime_ns == (prepared / record).stat().st_mtime_ns
    assert "Bringing the database" not in running.output


def test_a_database_from_a_newer_version_is_refused(up, data):
    with closing(sqlite3.connect(data / "studio.sqlite3")) as database, database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('library', '9001_holograms', '2030-01-01')"
        )
    studio = up(data)
    assert studio.ends() == 1
    assert "made by a newer version of the studio" in studio.lines[-1]
    assert "library.9001_holograms" in studio.lines[-1]
    assert "Traceback" not in studio.output


def test_a_port_in_use_is_said_in_one_sentence(up, data):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        studio = up(data, STUDIO_PORT=str(port))
        assert studio.ends() == 1
    assert studio.lines == [
        f"Port {port} on 127.0.0.1 is in use by another program. Stop that one, or choose another with PORT=number."
    ]


def test_a_data_folder_that_cannot_be_written_is_said_in_one_sentence(up, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    studio = up(tmp_path / "file")
    assert studio.ends() == 1
    assert len(studio.lines) == 1
    assert "cannot be written to" in studio.lines[0]


def test_a_setting_that_cannot_be_is_said_in_one_sentence(up, data):
    studio = up(data, DATABASE_URL="mysql://root:secret@localhost/studio")
    assert studio.ends() == 1
    assert studio.lines == ["DATABASE_URL must begin with postgres:// or postgresql://."]


def test_a_second_studio_on_the_same_data_is_refused(running, up):
    second = up(running.data)
    assert second.ends() == 1
    assert len(second.lines) == 1
    assert f"process {running.process.pid}" in second.lines[0]
    assert httpx.get(f"{running.address}healthz").status_code == 200


def test_whoever_starts_while_the_last_one_stops_waits_for_it(up, data):
    first = up(data)
    first.is_ready()
    first.process.send_signal(signal.SIGTERM)
    first.says("Stopping.")
    up(data).is_ready()


def test_a_long_data_path_still_finds_room_for_the_socket(up, prepared, tmp_path):
    data = Path(shutil.copytree(prepared, tmp_path / ("long" * 30)))
    studio = up(data, STUDIO_SANDBOX="off")
    studio.is_ready()
    assert not (data / "run" / "valkey.sock").exists()
    assert short_folder(data).stat().st_mode & 0o777 == 0o700
    studio.process.send_signal(signal.SIGTERM)
    studio.ends()
    assert not short_folder(data).exists()


def test_a_studio_that_others_can_reach_prints_the_setup_link(up, tmp_path):
    studio = up(tmp_path / "new", STUDIO_HOST="0.0.0.0", STUDIO_SANDBOX="off")
    address = studio.is_ready()
    token = (studio.data / "setup.token").read_text()
    assert address.endswith(f"/setup/?token={token}")
    assert httpx.get(address).status_code == 200


def test_lines_carry_the_name_of_their_part_also_in_the_file(running):
    log = running.data / "log" / "studio.log"
    assert "\nworker  │ " in running.output
    assert " worker  │ " in log.read_text()
    assert " valkey  │ " in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600
