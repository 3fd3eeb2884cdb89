"""The process that opens files, whatever happens to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from apps.library import children
from apps.library.children import ChildError, ForkServer, run_child
from studio.config import ROOT

PROGRAM = """
import json, os, sys, time

def main():
    order = json.load(sys.stdin)
    if order.get("fault"):
        raise ValueError("a line\\nand the last")
    if order.get("crash"):
        os.kill(os.getpid(), 11)
    if order.get("memory"):
        bytearray(order["memory"])
    if order.get("note"):
        open(order["note"], "a").write(f"{os.getpid()}\\n")
    time.sleep(order.get("sleep", 0))
    json.dump({"pid": os.getpid(), "parent": os.getppid(), "arguments": sys.argv[1:]}, sys.stdout)

if __name__ == "__main__":
    main()
"""


@pytest.fixture
def program(tmp_path) -> Path:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return path


@pytest.fixture(autouse=True)
def server(monkeypatch) -> Iterator[ForkServer]:
    own = ForkServer()
    monkeypatch.setattr(children, "_server", own)
    yield own
    own._forget()


def until(found: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_each_file_has_a_process_of_its_own_under_one_server(program):
    first, second = (run_child(program, "look", order={}, timeout_s=30) for _ in range(2))
    assert first["arguments"] == ["look"]
    assert first["parent"] == second["parent"] != os.getpid()
    assert first["pid"] != second["pid"]
    assert not psutil.pid_exists(first["pid"])


def test_where_no_process_can_be_forked_a_fresh_interpreter_does_the_same(program, monkeypatch):
    monkeypatch.setattr(children, "CAN_FORK", False)
    assert run_child(program, "look", order={}, timeout_s=30)["parent"] == os.getpid()
    with pytest.raises(ChildError, match="and the last"):
        run_child(program, order={"fault": True}, timeout_s=30)


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ({"fault": True}, "^and the last$"),
        ({"crash": True}, "ended with -11"),
        ({"memory": 1 << 33}, "MemoryError"),
        ({"sleep": 60}, "not done after 1 s"),
    ],
    ids=["fault", "crash", "memory", "time"],
)
def test_what_goes_wrong_in_a_child_is_its_own_affair(program, order, said):
    before = run_child(program, order={}, timeout_s=30)["parent"]
    with pytest.raises(ChildError, match=said):
        run_child(program, order=order, timeout_s=1)
    assert run_child(program, order={}, timeout_s=30)["parent"] == before


def test_a_server_that_was_killed_is_started_again(program):
    before = run_child(program, order={}, timeout_s=30)["parent"]
    os.kill(before, signal.SIGKILL)
    until(lambda: psutil.Process(before).status() == psutil.STATUS_ZOMBIE)
    after = run_child(program, order={}, timeout_s=30)["parent"]
    assert after not in (before, os.getpid())


def test_a_file_that_was_being_opened_when_the_server_died_is_opened(program, tmp_path):
    before, note = run_child(program, order={}, timeout_s=30)["parent"], tmp_path / "note"
    with ThreadPoolExecutor() as threads:
        opening = threads.submit(run_child, program, order={"note": str(note), "sleep": 0.5}, timeout_s=30)
        until(note.exists)
        os.kill(before, signal.SIGKILL)
        assert opening.result()["pid"]


def test_many_threads_share_the_server_and_nothing_is_left_open(program):
    run_child(program, order={}, timeout_s=30)
    process, server = psutil.Process(), psutil.Process(run_child(program, order={}, timeout_s=30)["parent"])
    before = process.num_fds(), server.num_fds()
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: run_child(program, order={}, timeout_s=60), range(40)))
    assert {one["parent"] for one in found} == {server.pid}
    assert (process.num_fds(), server.num_fds()) == before
    assert not server.children()


def test_all_of_it_ends_with_a_parent_that_is_killed(program, tmp_path):
    note = tmp_path / "note"
    code = f"""
from pathlib import Path
from apps.library.children import run_child
print(run_child(Path({str(program)!r}), order={{}}, timeout_s=30)["parent"], flush=True)
run_child(Path({str(program)!r}), order={{"note": {str(note)!r}, "sleep": 600}}, timeout_s=700)
"""
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    server = psutil.Process(int(parent.stdout.readline()))
    until(lambda: note.exists() and note.read_text().endswith("\n"))
    child = psutil.Process(int(note.read_text()))
    parent.kill()
    parent.wait(10)
    psutil.wait_procs([server, child], timeout=30)
    assert not server.is_running()
    assert not child.is_running()


def test_a_child_of_ours_has_a_server_of_its_own(program):
    ours = run_child(program, order={}, timeout_s=30)["parent"]
    reads, writes = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            theirs = run_child(program, order={}, timeout_s=30)["parent"]
            os.write(writes, str(theirs).encode())
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    assert int(os.read(reads, 100)) not in (0, ours)
    os.close(reads)
    os.close(writes)
    assert run_child(program, order={}, timeout_s=30)["parent"] == ours
