"""PostgreSQL and Redis of our own, for the tests: on free ports, in a folder that goes away.

`python -m tests.services COMMAND…` runs a command beside both, with DATABASE_URL and REDIS_URL set.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def find_postgres() -> Path | None:
    """The folder of PostgreSQL's programs. Debian keeps them off the PATH."""
    on_path = shutil.which("pg_ctl")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[4]))
    return debian[-1].parent if debian else Path(on_path).parent if on_path else None


def find_redis() -> str | None:
    return shutil.which("redis-server") or shutil.which("valkey-server")


@contextmanager
def postgres() -> Iterator[str]:
    """Run a PostgreSQL and give its URL. It refuses to run as root, so root runs it as nobody."""
    programs = find_postgres()
    assert programs, "PostgreSQL is not installed"
    folder = Path(tempfile.mkdtemp(prefix="studio-postgres-"))
    user = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    os.chown(folder, user.pw_uid, user.pw_gid)
    as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
    port = free_port()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"

    def run(*command: str) -> None:
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, **as_user)

    run(str(programs / "initdb"), "-D", f"{folder}/data", "-U", "studio", "-A", "trust", "-E", "UTF8", "--no-sync")
    run(str(programs / "pg_ctl"), "-D", f"{folder}/data", "-l", f"{folder}/log", "-o", options, "-w", "start")
    try:
        yield f"postgres://studio@127.0.0.1:{port}/postgres"
    finally:
        run(str(programs / "pg_ctl"), "-D", f"{folder}/data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis_server() -> Iterator[str]:
    """Run a Redis and give its URL."""
    program, port = find_redis(), free_port()
    assert program, "Redis is not installed"
    process = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", tempfile.gettempdir()],
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(port, process)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        assert process.poll() is None, f"{process.args} ended with {process.returncode}"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"nothing listens on port {port}")


def main(command: list[str]) -> int:
    with postgres() as database_url, redis_server() as redis_url:
        return subprocess.run(
            command, env={**os.environ, "DATABASE_URL": database_url, "REDIS_URL": redis_url}, check=False
        ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
