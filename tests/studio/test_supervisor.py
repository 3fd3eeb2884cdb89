"""The supervisor with small parts of the test's own, so that they misbehave on command."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from studio.launcher.health import FileProbe
from studio.launcher.processes import MARK, birth_of, end_leftovers, write_pid_file

pytestmark = pytest.mark.slow

STAGE = """
import sys
from pathlib import Path
from studio.launcher.health import FileProbe
from studio.launcher.log import Log
from studio.launcher.parts import Part, Table
from studio.launcher.processes import MARK
from studio.launcher.supervisor import GaveUpError, Supervisor
import os, time

data = Path(sys.argv[1])
(data / "run").mkdir(parents=True, exist_ok=True)
env = {**os.environ, MARK: str(data)}

def part(name, script, **options):
    return Part(name, ("/bin/sh", "-c", script), env, FileProbe(data / f"{name}.ready"), **options)

with Log(data / "log") as log:
    try:
        Supervisor(Table((PARTS), "http://localhost:1", None), data, log, time.monotonic()).run()
    except GaveUpError as error:
        print(error)
        sys.exit(1)
"""


@pytest.fixture
def stage(tmp_path):
    """Run a table of parts, written as Python; each says it is ready by touching NAME.ready."""
    started = []

    def run(parts: str) -> subprocess.Popen[str]:
        script = STAGE.replace("(PARTS)", parts).replace("READY", str(tmp_path))
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()
    end_leftovers(tmp_path)


def wait_for(process: subprocess.Popen[str], words: str) -> str:
    for line in process.stdout:
        if words in line:
            return line
    pytest.fail(f"never said {words!r}")


STEADY = "touch READY/{0}.ready; trap 'echo {0} stops; exit 0' TERM; while :; do sleep 0.05; done"


def test_parts_stop_in_the_order_of_the_table(stage):
    first, second = STEADY.format("first"), STEADY.format("second")
    process = stage(f'(part("first", "{first}"), part("second", "{second}"))')
    wait_for(process, "ready")
    process.terminate()
    output = process.communicate(timeout=20)[0]
    assert output.index("first stops") < output.index("second stops")
    assert process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_a_supervisor_and_a_closed_terminal_all_stop_it(stage, number):
    process = stage(f'(part("steady", "{STEADY.format("steady")}"),)')
    wait_for(process, "ready")
    process.send_signal(number)
    assert "steady stops" in process.communicate(timeout=20)[0]
    assert process.returncode == 0


def test_a_part_starts_after_those_it_needs(stage, tmp_path):
    process = stage(
        '(part("later", "test -e READY/early.ready && touch READY/later.ready; sleep 60", after=("early",)),'
        ' part("early", "sleep 0.3; touch READY/early.ready; sleep 60"))'
    )
    wait_for(process, "ready")
    assert (tmp_path / "later.ready").stat().st_mtime_ns >= (tmp_path / "early.ready").stat().st_mtime_ns


def test_a_part_that_will_not_stop_is_killed_in_time(stage):
    process = stage(
        '(part("deaf", "touch READY/deaf.ready; trap : TERM; while :; do sleep 1; done", stop_within=0.5),)'
    )
    wait_for(process, "ready")
    asked_at = time.monotonic()
    process.terminate()
    process.communicate(timeout=20)
    assert time.monotonic() - asked_at < 5


def test_a_second_ctrl_c_waits_for_nobody(stage):
    process = stage('(part("deaf", "touch READY/deaf.ready; trap : TERM; while :; do sleep 1; done", stop_within=60),)')
    wait_for(process, "ready")
    process.send_signal(signal.SIGINT)
    wait_for(process, "Stopping.")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 0


def test_what_a_part_started_ends_with_it(stage, tmp_path):
    process = stage('(part("parent", "sleep 600 & echo $! > READY/child; touch READY/parent.ready; wait"),)')
    wait_for(process, "ready")
    child = int((tmp_path / "child").read_text())
    process.terminate()
    process.communicate(timeout=20)
    assert birth_of(child) == ""


def test_a_part_that_keeps_falling_is_given_up(stage):
    process = stage('(part("clumsy", "echo ouch; exit 3"),)')
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert output.count("ouch") == 5
    assert "The part clumsy ended with 3, for the 5th time within 60 seconds." in output


def test_a_step_that_fails_ends_the_start_with_its_last_words(stage):
    process = stage(
        '(Part("prepare", ("/bin/sh", "-c", "echo CommandError: The disk is full.; exit 1"), env, is_shown=False,'
        " on_done=lambda: None),)"
    )
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert output.splitlines()[-1] == "The disk is full."


def test_half_a_line_is_not_lost(stage):
    process = stage('(part("curt", "printf last-words; exit 3"),)')
    assert process.communicate(timeout=60)[0].count("curt    │ last-words") == 5


def test_only_processes_that_were_ours_are_ended(tmp_path: Path):
    (tmp_path / "run").mkdir()
    sleep = ["/bin/sleep", "600"]
    ours, marked_one, foreign = (
        subprocess.Popen(sleep),
        subprocess.Popen(sleep, env={MARK: str(tmp_path)}),
        subprocess.Popen(sleep),
    )
    try:
        write_pid_file(tmp_path, "valkey", ours.pid)
        (tmp_path / "run" / "web.pid").write_text(f"{foreign.pid} 12345")  # the number was given to somebody else
        assert end_leftovers(tmp_path) == 2
        assert (ours.wait(5), marked_one.wait(5)) == (-signal.SIGTERM, -signal.SIGTERM)
        assert foreign.poll() is None
    finally:
        for process in (ours, marked_one, foreign):
            process.kill()
            process.wait()


def test_a_full_log_makes_room(tmp_path, monkeypatch):
    from studio.launcher import log as module

    monkeypatch.setattr(module, "LARGEST", 200)
    with module.Log(tmp_path / "studio.log") as log:
        for number in range(40):
            log.line("web", f"line {number}")
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["studio.log", "studio.log.1", "studio.log.2", "studio.log.3"]
    assert "line 39" in (tmp_path / "studio.log").read_text()


def test_a_ready_file_of_an_earlier_run_does_not_count(tmp_path):
    probe = FileProbe(tmp_path / "worker.ready")
    probe.path.touch()
    probe.forget()
    assert not probe.is_ready()
