import argparse
import fcntl
import os
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from studio.config import Config, ConfigError, read_config
from studio.launcher.log import Log
from studio.launcher.parts import parts_of
from studio.launcher.processes import end_leftovers
from studio.launcher.supervisor import GaveUpError, Supervisor


class LaunchError(Exception):
    """The studio cannot start; the text says why and what to do."""


def main(argv: Sequence[str]) -> int:
    try:
        config = read_config(as_environment(argv))
        launch(config)
    except (ConfigError, LaunchError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def as_environment(argv: Sequence[str]) -> dict[str, str]:
    """The environment with the options of the command line laid over it."""
    parser = argparse.ArgumentParser(prog="manage.py up", description="Start the whole studio on this machine.")
    parser.add_argument("--port", help="port of the pages; 0 takes a free one (STUDIO_PORT, default 8000)")
    parser.add_argument("--host", help="address to listen on (STUDIO_HOST, default 127.0.0.1)")
    parser.add_argument("--data", help="folder for everything that is kept (STUDIO_DATA, default var)")
    options = {f"STUDIO_{name.upper()}": value for name, value in vars(parser.parse_args(argv)).items() if value}
    return {**os.environ, **options}


def launch(config: Config) -> None:
    started = time.monotonic()
    make_folders(config.data)
    with lock(config), Log(config.data / "log" / "studio.log") as log:
        ended = end_leftovers(config.data)
        if ended:
            log.say(f"Ended {ended} process{'' if ended == 1 else 'es'} left behind by a studio that was killed.")
        with listen(config.host, config.port) as web_socket:
            supervisor = Supervisor(parts_of(config, web_socket), config.data, log, started)
            try:
                supervisor.run()
            except GaveUpError as error:
                raise LaunchError(str(error)) from error


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
def lock(config: Config) -> Iterator[None]:
    """Hold the data folder for this process: two studios on one folder would fight over it."""
    with (config.data / "run" / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            raise LaunchError(
                f"A studio already runs on the data folder {config.data} ({file.read().strip()}). "
                "Stop it first, or choose another folder with DATA=folder."
            ) from error
        file.truncate(0)
        file.write(f"process {os.getpid()}")
        file.flush()
        yield


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
