import argparse
import fcntl
import os
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from studio.config import Config, ConfigError, read_config
from studio.launcher.log import Log
from studio.launcher.parts import parts_of, remove_socket_folder
from studio.launcher.processes import end_leftovers, end_with_the_parent
from studio.launcher.supervisor import STOPPING, GaveUpError, Supervisor

LAST_ONE_STOPS_WITHIN = 12  # seconds


class LaunchError(Exception):
    """The studio cannot start; the text says why and what to do."""


def main(argv: Sequence[str]) -> int:
    options = read_options(argv)
    if options.stop_with_parent:
        end_with_the_parent()
    given = {f"STUDIO_{name.upper()}": getattr(options, name) for name in ("port", "host", "data")}
    try:
        launch(read_config({**os.environ, **{name: value for name, value in given.items() if value}}))
    except (ConfigError, LaunchError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def read_options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="manage.py up", description="Start the whole studio on this machine.")
    parser.add_argument("--port", help="port of the pages; 0 takes a free one (STUDIO_PORT, default 8000)")
    parser.add_argument("--host", help="address to listen on (STUDIO_HOST, default 127.0.0.1)")
    parser.add_argument("--data", help="folder for everything that is kept (STUDIO_DATA, default var)")
    parser.add_argument("--stop-with-parent", action="store_true", help="stop when whoever started this is gone")
    return parser.parse_args(argv)


def launch(config: Config) -> None:
    started = time.monotonic()
    make_folders(config.data)
    with lock(config.data), Log(config.data / "log" / "studio.log") as log:
        ended = end_leftovers(config.data)
        if ended:
            log.say(f"Ended {ended} process{'' if ended == 1 else 'es'} left behind by a studio that was killed.")
        with listen(config.host, config.port) as web_socket:
            supervisor = Supervisor(parts_of(config, web_socket), config.data, log, started)
            try:
                supervisor.run()
            except GaveUpError as error:
                raise LaunchError(str(error)) from error
            finally:
                remove_socket_folder(config.data)


def make_folders(data: Path) -> None:
    """Make the data folder, if need be, and prove that it can be written to."""
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in ("run", "log"):
            (data / name).mkdir(exist_ok=True, mode=0o700)
        probe = data / "run" / "writable"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        raise LaunchError(
            f"The data folder {data} cannot be written to ({error.strerror}). Choose another one with DATA=folder."
        ) from error


@contextmanager
def lock(data: Path) -> Iterator[None]:
    """Hold the data folder for this process: two studios on one folder would fight over it."""
    with (data / "run" / "lock").open("a+") as file:
        patience_ends = time.monotonic() + LAST_ONE_STOPS_WITHIN
        while not is_locked_by_us(file):
            if not (data / "run" / STOPPING).exists() or time.monotonic() > patience_ends:
                file.seek(0)
                raise LaunchError(
                    f"A studio already runs on the data folder {data} (process {file.read()}). "
                    "Stop it first, or choose another folder with DATA=folder."
                )
            time.sleep(0.1)
        (data / "run" / STOPPING).unlink(missing_ok=True)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def is_locked_by_us(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def listen(host: str, port: int) -> socket.socket:
    """Bind the pages' socket here, so that it stays open while the web part restarts."""
    try:
        family, _type, _protocol, _name, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family, backlog=1024)
    except OverflowError as error:
        raise LaunchError(f"{port} is not a port. Choose one up to 65535.") from error
    except socket.gaierror as error:
        raise LaunchError(f"The address {host!r} is not known on this machine.") from error
    except PermissionError as error:
        raise LaunchError(
            f"Port {port} may not be used by this account. Choose one from 1024 with PORT=number."
        ) from error
    except OSError as error:
        raise LaunchError(
            f"Port {port} on {host} is in use by another program. Stop that one, or choose another with PORT=number."
        ) from error
