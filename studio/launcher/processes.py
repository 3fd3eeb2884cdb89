"""Which processes are ours, and how they are ended: also those of a launcher that was killed."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1
MARK = "STUDIO_LAUNCHED_FOR"  # in the environment of every part: the data folder it works on
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_the_launcher() -> None:
    """Between fork and exec: ask Linux to end this part when the launcher is gone, however it went."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def start(command: Sequence[str], *, env: Mapping[str, str], cwd: Path, fds: Sequence[int]) -> subprocess.Popen[bytes]:
    """Start a part in a session of its own: Ctrl-C reaches only us, and the part can be ended with all its children."""
    return subprocess.Popen(  # noqa: S603  (our own command, no shell)
        command,
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        pass_fds=fds,
        preexec_fn=die_with_the_launcher,  # safe: this program has one thread
    )


def end_with_the_parent() -> None:
    """Let this launcher stop when the process that started it is killed."""
    die_with_the_launcher()
    if os.getppid() == 1:
        os.kill(os.getpid(), signal.SIGTERM)  # too late: it has been


def end_group(leader: int, signal_number: int = signal.SIGKILL) -> None:
    """Signal a part and everything it started. The group's number cannot be reused while one of them lives."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal_number)


# --- a launcher that was killed leaves pid files and, perhaps, processes ----------------------------------------------


def write_pid_file(data: Path, name: str, pid: int) -> None:
    (data / "run" / f"{name}.pid").write_text(f"{pid} {birth_of(pid)}")


def remove_pid_file(data: Path, name: str) -> None:
    (data / "run" / f"{name}.pid").unlink(missing_ok=True)


def birth_of(pid: int) -> str:
    """When the process began, as the system says it; "" if it is gone. With the pid this names one process for good."""
    if sys.platform == "linux":
        try:
            # The name in parentheses may hold anything; the start time is the 20th field after it.
            after_name = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if after_name[0] == "Z" else after_name[19]
    answer = subprocess.run(["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603
    return answer.stdout.strip().replace(" ", "_")


def leftovers(data: Path) -> Iterator[int]:
    """Processes of an earlier studio on this folder: those its pid files name, and those that carry its mark."""
    for file in (data / "run").glob("*.pid"):
        pid, _, birth = file.read_text().partition(" ")
        if birth and pid.isdigit() and birth_of(int(pid)) == birth:
            yield int(pid)
    mark = f"{MARK}={data}".encode()
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):  # not ours to read, or gone
            if mark in environ.read_bytes().split(b"\0") and int(environ.parent.name) != os.getpid():
                yield int(environ.parent.name)


def end_leftovers(data: Path, patience: float = 3) -> int:
    """End what a killed launcher left on this folder, politely first. Returns how many there were."""
    found = set(leftovers(data))
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        left = set(leftovers(data))
        found |= left
        for pid in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal_number)
        end = time.monotonic() + patience
        while left and time.monotonic() < end:
            time.sleep(0.05)
            left = set(leftovers(data))
    for file in (data / "run").glob("*.pid"):
        file.unlink()
    return len(found)
