"""The sandbox as a process: start, stop, crash of its engine, end of its parent."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time

import httpx
import psutil
import pytest

from studio.config import ROOT
from tests.conftest import free_port
from tests.sandbox.conftest import Caller, body_of_speech

LONG = "This goes on for a good while, sentence after sentence, until somebody stops it. " * 100


def engine_of(own) -> psutil.Process:
    return next(
        child for child in psutil.Process(own.process.pid).children() if "apps.sandbox.engine" in child.cmdline()
    )


def test_it_stops_within_two_seconds_and_leaves_nothing(start_sandbox):
    own = start_sandbox()
    engine = engine_of(own)
    begin = time.monotonic()
    own.process.send_signal(signal.SIGTERM)
    assert own.process.wait(5) in (0, -signal.SIGTERM)
    assert time.monotonic() - begin < 2
    psutil.wait_procs([engine], timeout=2)
    assert not engine.is_running()


def test_it_stops_in_the_middle_of_a_stream(start_sandbox):
    own = start_sandbox()
    body = body_of_speech(LONG, stream=True)
    with httpx.stream("POST", f"{own.sandbox.url}/v1/t2a_v2", json=body, headers=own.sandbox.headers) as response:
        next(response.iter_lines())
        own.process.send_signal(signal.SIGTERM)
        begin = time.monotonic()
        own.process.wait(5)
        assert time.monotonic() - begin < 2


@pytest.mark.parametrize("stream", [True, False])
def test_killed_engine_fails_its_request_and_is_replaced(start_sandbox, stream):
    own = start_sandbox()
    caller = Caller(own.sandbox)
    url, headers = f"{own.sandbox.url}/v1/t2a_v2", own.sandbox.headers
    if stream:
        with httpx.stream("POST", url, json=body_of_speech(LONG, stream=True), headers=headers) as response:
            lines = response.iter_lines()
            next(lines)
            engine_of(own).kill()
            last = [line for line in lines if line][-1]
        assert '"status_code":1033' in last
    else:
        from threading import Timer

        Timer(0.5, engine_of(own).kill).start()
        assert caller.speak(LONG).code == 1033
    assert caller.speak(f"And again {secrets.token_hex(2)}.").code == 0
    assert own.process.poll() is None


def test_engine_ends_when_the_server_is_killed(start_sandbox):
    own = start_sandbox()
    engine = engine_of(own)
    own.process.kill()
    psutil.wait_procs([engine], timeout=5)
    assert not engine.is_running()


def test_it_follows_its_parent(tmp_path):
    port = free_port()
    command = [sys.executable, "manage.py", "sandbox", "--port", str(port), "--data", str(tmp_path), "--key", "k"]
    script = f"import subprocess,time; subprocess.Popen({[*command, '--parent-guard']!r}); time.sleep(60)"
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 20
        while time.monotonic() < end and not answers(port):
            time.sleep(0.05)
        assert answers(port)
    finally:
        parent.kill()
        parent.wait()
    end = time.monotonic() + 5
    while time.monotonic() < end and answers(port):
        time.sleep(0.1)
    assert not answers(port)


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=1).status_code == 200
    except httpx.HTTPError:
        return False


def test_folder_with_a_very_long_name_works(start_sandbox, tmp_path):
    folder = tmp_path / ("deep" * 20) / ("deeper" * 20)
    assert Caller(start_sandbox(data=folder).sandbox).speak().code == 0


def test_unusable_folder_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    command = ["manage.py", "sandbox", "--port", "1", "--data", str(tmp_path / "file" / "x"), "--key", "k"]
    ended = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert ended.returncode != 0
    assert "cannot be used" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_port_in_use_is_one_sentence(sandbox, tmp_path):
    port = sandbox.url.rsplit(":", 1)[1]
    command = ["manage.py", "sandbox", "--port", port, "--data", str(tmp_path), "--key", "k"]
    ended = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert ended.returncode != 0
    assert "cannot listen" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_tables_survive_a_restart(start_sandbox, tmp_path):
    first = start_sandbox(key="sk-api-same", data=tmp_path / "kept")
    url = Caller(first.sandbox).speak(output_format="url").payload["data"]["audio"]
    first.process.terminate()
    first.process.wait(5)
    second = start_sandbox(key="sk-api-same", data=tmp_path / "kept")
    again = Caller(second.sandbox)
    assert again.get("/sandbox/requests").payload["charges"] == 1
    assert httpx.get(second.sandbox.url + "/" + url.split("/", 3)[3]).status_code == 200


def test_it_stays_small(start_sandbox):
    own = start_sandbox()
    Caller(own.sandbox).speak()
    sizes = [psutil.Process(pid).memory_full_info().pss / 2**20 for pid in (own.process.pid, engine_of(own).pid)]
    assert sizes[0] < 50, sizes
    assert sizes[1] < 75, sizes


def test_it_does_not_load_the_studio():
    code = (
        "import os,sys,django; os.environ['DJANGO_SETTINGS_MODULE']='apps.sandbox.settings'; django.setup();"
        "import apps.sandbox.asgi; print([m for m in sys.modules if m.split('.')[0] in"
        " ('studio','channels','celery','pydantic','numpy','av')])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ended.stdout.strip() == "[]", ended.stderr
