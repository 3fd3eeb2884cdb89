"""What the studio adds between MiniMax's sound and a listener: `make bench`, or `python benchmarks/live_speech.py`.

In one run, and against the same upstream process, each load is measured twice: straight from the upstream, by a reader
that does nothing but look at the clock, and through the studio (`python -m studio.web` as the launcher starts it, real
session cookies, real sockets, rows, spool, library). The upstream speaks MiniMax's stream of events with sound made
beforehand, one piece for each 100 ms, at the pace of speech after a lead of 300 ms. All clocks are this machine's
monotonic one; direct and through take turns, and share the machine with this program itself.

added, first byte    from sending the request to the first byte of sound, minus the direct median
added, each piece    from the upstream's write to the listener's read, minus the direct median
underruns            how often a simulated player that starts with 200 ms finds nothing more to play
CPU                  of the web process while all streams are flowing, per stream, in percent of one core
memory               growth of the web process's resident memory while all streams flow, per stream; and before that,
                     per socket that was opened and did nothing
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

PIECE_MS = 100
BITRATE = 128_000
PIECE = BITRATE * PIECE_MS // 8000  # bytes
LEAD = 3  # pieces sent at once, as a server that is faster than speech does
PLAYER_STARTS_MS = 200
KEY = "sk-api-benchmark-0000"
SETTINGS = {
    "model": "speech-2.8-turbo",
    "voice_id": "English_expressive_narrator",
    "format": "mp3",
    "sample_rate": 32000,
    "bitrate": BITRATE,
    "channel": 1,
    "use_dictionary": True,
}


# --- the upstream -----------------------------------------------------------------------------------------------------


def make_sound(seconds: float) -> bytes:
    """A real MP3, so that whoever looks into it finds frames."""
    import av

    path = Path(tempfile.mkdtemp(prefix="bench-")) / "tone.mp3"
    with av.open(str(path), "w") as file:
        out = file.add_stream("libmp3lame", rate=32000, layout="mono")
        out.bit_rate = BITRATE
        for start in range(0, int(seconds * 32000), 1152):
            frame = av.AudioFrame(format="s16p", layout="mono", samples=1152)
            frame.planes[0].update(random.Random(start).randbytes(frame.planes[0].buffer_size))
            frame.sample_rate, frame.pts = 32000, start
            file.mux(out.encode(frame))
        file.mux(out.encode(None))
    sound = path.read_bytes()
    shutil.rmtree(path.parent)
    return sound


class Upstream:
    """POST /v1/t2a_v2 with the text "<seconds> <name>" streams so much sound; GET /sent/<name>: when it was written."""

    def __init__(self, seconds: float) -> None:
        sound = make_sound(seconds)
        self.events = []
        for place in range(0, len(sound), PIECE):
            data: dict[str, Any] = {"audio": sound[place : place + PIECE].hex(), "status": 1}
            if place // PIECE % 3 == 0:
                at = place // PIECE * PIECE_MS
                word = {"word": "word", "time_begin": at, "time_end": at + 250}
                data["subtitle"] = [{"text": "word", "time_begin": at, "time_end": at, "timestamped_words": [word]}]
            self.events.append(event({"data": data, "base_resp": {"status_code": 0, "status_msg": ""}}))
        self.sent: dict[str, list[float]] = {}

    async def serve(self, port: int) -> None:
        server = await asyncio.start_server(self.answer, "127.0.0.1", port, backlog=512)
        await server.serve_forever()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                if head.startswith("GET"):
                    name = head.split()[1].rpartition("/")[2]
                    body = json.dumps(self.sent.pop(name, [])).encode()
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
                    continue
                headers = head.lower().split("\r\n")
                length = next(int(line[15:]) for line in headers if line.startswith("content-length:"))
                request = json.loads(await reader.readexactly(length))
                await self.speak(writer, *request["text"].split())

    async def speak(self, writer: asyncio.StreamWriter, seconds: str, name: str) -> None:
        loop = asyncio.get_running_loop()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        start, count = loop.time(), int(float(seconds) * 1000 / PIECE_MS)
        sent = self.sent[name] = []
        for number in range(count):
            due = start + max(0, number - LEAD + 1) * PIECE_MS / 1000
            if (wait := due - loop.time()) > 0:
                await asyncio.sleep(wait)
            sent.append(time.perf_counter())
            writer.write(self.events[number])
        extra = {"audio_length": count * PIECE_MS, "audio_size": count * PIECE, "usage_characters": 100}
        done = {"status_code": 0, "status_msg": "success"}
        writer.write(event({"data": {"status": 2}, "extra_info": extra, "trace_id": "0" * 32, "base_resp": done}))
        writer.write(b"0\r\n\r\n")
        await writer.drain()


def event(payload: dict[str, Any]) -> bytes:
    data = b"data: " + json.dumps(payload, separators=(",", ":")).encode() + b"\n\n"
    return b"%x\r\n%b\r\n" % (len(data), data)


# --- listeners --------------------------------------------------------------------------------------------------------


@dataclass
class Heard:
    """When each piece of one stream was complete here."""

    name: str
    asked: float = 0.0
    arrived: list[float] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)
    error: str = ""

    @property
    def first_ms(self) -> float:
        return (self.arrived[0] - self.asked) * 1000

    @property
    def delays_ms(self) -> list[float]:
        return [(there - here) * 1000 for here, there in zip(self.sent, self.arrived, strict=False)]

    @property
    def underruns(self) -> int:
        """Moments at which a player that started with 200 ms had nothing to play."""
        ahead = PLAYER_STARTS_MS // PIECE_MS
        runs_dry, count = self.arrived[ahead - 1] + ahead * PIECE_MS / 1000, 0
        for moment in self.arrived[ahead:]:
            if moment > runs_dry:
                count += 1
                runs_dry = moment
            runs_dry += PIECE_MS / 1000
        return count


async def hear_directly(port: int, name: str, seconds: float) -> Heard:
    heard = Heard(name)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps({"text": f"{seconds} {name}"}).encode()
    heard.asked = time.perf_counter()
    writer.write(b"POST /v1/t2a_v2 HTTP/1.1\r\nHost: upstream\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    rest = b""
    while True:
        block = await reader.read(65536)
        now = time.perf_counter()
        heard.arrived += [now] * (rest + block).count(b"\n\n\r\n")
        if not block or (rest + block).endswith(b"0\r\n\r\n"):
            break
        rest = block[-3:] if not block.endswith(b"\n\n\r\n") else b""
    heard.arrived.pop()  # the closing event
    writer.close()
    return heard


class Listener:
    """One person's page, open."""

    def __init__(self, url: str, cookie: str) -> None:
        self.url, self.cookie = url, cookie

    async def open(self) -> None:
        from websockets.asyncio.client import connect

        self.socket = await connect(
            self.url.replace("http", "ws") + "/ws/w/bench/speech/",
            additional_headers={"Cookie": self.cookie},
            origin=self.url,
            compression=None,
            max_size=None,
            proxy=None,
        )

    async def hear(self, name: str, seconds: float) -> Heard:
        heard, bytes_here, total = Heard(name), 0, 0
        message = {
            "type": "speak",
            "click": str(uuid.uuid4()),
            "playback": "mp3",
            "request": SETTINGS | {"text": f"{seconds} {name}"},
        }
        text = json.dumps(message)
        heard.asked = time.perf_counter()
        await self.socket.send(text)
        while True:
            frame = await self.socket.recv()
            now = time.perf_counter()
            if isinstance(frame, bytes):
                bytes_here += len(frame) - 16
                while bytes_here >= total + PIECE:
                    total += PIECE
                    heard.arrived.append(now)
                continue
            answer = json.loads(frame)
            if answer["type"] in ("refused", "failed"):
                heard.error = answer.get("message") or answer["error"]["sentence"]
                return heard
            if answer["type"] == "finished":
                return heard


# --- the studio -------------------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def prepare(people: int) -> None:
    """A child process: tables, a workspace on the upstream, people with sessions; their cookies on stdout."""
    import django

    django.setup()
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command

    from studio.management.commands.prepare import UNUSED

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=UNUSED)  # for a browser
    from apps.accounts.models import User
    from apps.workspaces.models import Connection, ConnectionKind, Membership, Workspace

    workspace = Workspace.objects.create(name="Bench", slug="bench")
    Connection.objects.create(workspace=workspace, kind=ConnectionKind.SANDBOX)
    cookies = []
    for number in range(people):
        user = User(email=f"person{number}@example.com")
        user.set_unusable_password()
        user.save()
        Membership.objects.create(workspace=workspace, user=user, role="owner" if number == 0 else "creator")
        session = SessionStore()
        session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session.create()
        cookies.append(f"{settings.SESSION_COOKIE_NAME}={session.session_key}")
    print(json.dumps(cookies))


@contextlib.contextmanager
def studio(upstream_port: int, people: int) -> Iterator[tuple[str, list[str], int]]:
    """Start what the launcher starts for the web; gives its address, cookies and process id."""
    from studio.launcher.parts import THRIFT, valkey

    data = Path(tempfile.mkdtemp(prefix="bench-"))
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    env = os.environ | THRIFT | {
        "STUDIO_DATA": str(data),
        "STUDIO_PORT": str(port),
        "STUDIO_URL": url,
        "STUDIO_SANDBOX_URL": f"http://127.0.0.1:{upstream_port}",
        "STUDIO_SANDBOX_KEY": KEY,
        "DJANGO_SETTINGS_MODULE": "studio.settings",
        "REDIS_URL": f"unix://{data}/valkey.sock",
    }  # fmt: skip
    (data / "run").mkdir()
    processes = []
    try:
        redis = valkey(data / "valkey.sock", data, env)
        processes.append(subprocess.Popen(redis.command, env=env, stdout=subprocess.DEVNULL))
        made = subprocess.run(
            [sys.executable, __file__, "prepare", str(people)], env=env, cwd=ROOT, check=True, capture_output=True
        )
        with (data / "web.log").open("w") as log:
            web = subprocess.Popen(
                [sys.executable, "-m", "studio.web"], env=env, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
            )
        processes.append(web)
        try:
            wait_for(port, web)
        except SystemExit:
            print((data / "web.log").read_text()[-2000:])
            raise
        yield url, json.loads(made.stdout), web.pid
        if errors := [line for line in (data / "web.log").read_text().splitlines() if "ERROR" in line]:
            print(f"the studio logged {len(errors)} errors, first: {errors[0]}")
    finally:
        for process in reversed(processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(data, ignore_errors=True)


def wait_for(port: int, process: subprocess.Popen) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise SystemExit("a part did not start")


class Meter:
    """CPU time and memory of the web process (Linux's /proc)."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    @property
    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def rss_kib(self) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])


# --- the measurement --------------------------------------------------------------------------------------------------


async def fetch_sent(port: int, heard: list[Heard]) -> list[Heard]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for one in heard:
        writer.write(f"GET /sent/{one.name} HTTP/1.1\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        one.sent = json.loads(await reader.readexactly(int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])))
    writer.close()
    return heard


async def together(hear: Any, streams: int, spread_s: float) -> list[Heard]:
    """`streams` of them at once, their beginnings spread evenly."""

    async def one(number: int) -> Heard:
        await asyncio.sleep(number * spread_s / streams)
        return await hear(number)

    return list(await asyncio.gather(*(one(number) for number in range(streams))))


async def measure(
    streams: int, seconds: float, rounds: int, port: int, listeners: list[Listener], meter: Meter
) -> dict[str, Any]:
    direct: list[Heard] = []
    through: list[Heard] = []
    spread = 0 if streams == 1 else 2.0
    idle_kib = meter.rss_kib
    peak, cpu = idle_kib, []
    for _ in range(rounds):  # in turns, so that whatever else the machine does hits both
        direct += await together(lambda _n: hear_directly(port, uuid.uuid4().hex, seconds), streams, spread)
        work = asyncio.create_task(
            together(lambda number: listeners[number].hear(uuid.uuid4().hex, seconds), streams, spread)
        )
        await asyncio.sleep(spread)
        began, cpu_s = time.perf_counter(), meter.cpu_s
        while not work.done() and time.perf_counter() - began < seconds - spread - 0.5:
            await asyncio.sleep(0.1)
            peak = max(peak, meter.rss_kib)
        cpu.append((meter.cpu_s - cpu_s) / (time.perf_counter() - began))
        through += await work
    await fetch_sent(port, direct + through)
    count = int(seconds * 1000 / PIECE_MS)
    good = [one for one in through if not one.error and len(one.arrived) == count]
    first_base = [one.first_ms for one in direct]
    piece_base = [delay for one in direct for delay in one.delays_ms]
    first, piece = statistics.median(first_base), statistics.median(piece_base)
    return {
        "streams": streams,
        "takes": len(through),
        "first": spread_of([one.first_ms - first for one in good]),
        "pieces": spread_of([delay - piece for one in good for delay in one.delays_ms]),
        "direct_first": spread_of(first_base),
        "direct_pieces": spread_of(piece_base),
        "errors": len(through) - len(good),
        "first_error": next((one.error or "incomplete" for one in through if one not in good), ""),
        "underruns": sum(one.underruns for one in good),
        "direct_underruns": sum(one.underruns for one in direct),
        "cpu": statistics.mean(cpu) / streams * 100,
        "kib": (peak - idle_kib) / streams,
    }


def spread_of(values: list[float]) -> tuple[float, float]:
    ordered = sorted(values) or [float("nan")]
    return statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


async def run(plan: list[tuple[int, float, int]], port: int, url: str, cookies: list[str], pid: int) -> bool:
    meter = Meter(pid)
    print(f"web process before any socket: {meter.rss_kib / 1024:.0f} MiB")
    listeners = [Listener(url, cookie) for cookie in cookies]
    await listeners[0].open()
    for _ in range(5):  # imports, caches and connections of a process that has just started
        await listeners[0].hear(uuid.uuid4().hex, 0.5)
    print(f"after five takes: {meter.rss_kib / 1024:.0f} MiB")
    print()
    print("                 added, ms (p50 p95)               direct, ms (p50 p95)")
    print(
        "streams takes    first byte    each piece    first byte    each piece  errors underruns   CPU  memory socket"
    )
    is_good, opened = True, 1
    for streams, seconds, rounds in plan:
        before = meter.rss_kib
        for listener in listeners[opened:streams]:
            await listener.open()
        sockets_kib = (meter.rss_kib - before) / max(1, streams - opened)
        opened = max(opened, streams)
        got = await measure(streams, seconds, rounds, port, listeners, meter)
        figures = "".join(
            f"{p50:7.2f} {p95:6.2f}"
            for p50, p95 in (got["first"], got["pieces"], got["direct_first"], got["direct_pieces"])
        )
        dry = f"{got['underruns']:4} /{got['direct_underruns']:3}"
        print(
            f"{streams:7} {got['takes']:5} {figures} {got['errors']:7} {dry}"
            f" {got['cpu']:5.2f} % {got['kib']:5.0f} K {max(0, sockets_kib):4.0f} K"
        )
        if got["first_error"]:
            print(f"        first error: {got['first_error']}")
        if streams == 1:
            is_good &= got["first"][0] <= 4 and got["first"][1] <= 10
        is_good &= got["errors"] == 0 and got["underruns"] == 0
        is_good &= streams == 1 or got["kib"] <= 64  # one stream shows what the process itself still grew by
    print("underruns: through the studio / direct")
    print("aims: first byte of one stream p50 <= 4 ms and p95 <= 10 ms; no errors or underruns; <= 64 KiB a stream")
    print("all met" if is_good else "NOT all met")
    return is_good


def main() -> None:
    if sys.argv[1:2] == ["prepare"]:
        return prepare(int(sys.argv[2]))
    if sys.argv[1:2] == ["upstream"]:
        return asyncio.run(Upstream(float(sys.argv[3])).serve(int(sys.argv[2])))
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--streams", default="1,20,100", help="concurrent streams of each load (default: 1,20,100)")
    parser.add_argument("--seconds", type=float, default=10, help="length of each stream (default: 10)")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when an aim is missed")
    options = parser.parse_args()
    loads = [int(number) for number in options.streams.split(",")]
    # one stream: many short takes, because a take has one first byte; more streams: one long round
    plan = [(load, 1.0, 40) if load == 1 else (load, options.seconds, 1) for load in loads]
    port = free_port()
    upstream = subprocess.Popen([sys.executable, __file__, "upstream", str(port), str(options.seconds + 1)])
    try:
        wait_for(port, upstream)
        with studio(port, max(loads)) as (url, cookies, pid):
            is_good = asyncio.run(run(plan, port, url, cookies, pid))
    finally:
        upstream.terminate()
        upstream.wait(10)
    sys.exit(1 if options.strict and not is_good else 0)


if __name__ == "__main__":
    main()
