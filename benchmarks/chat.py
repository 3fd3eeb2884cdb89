"""What the studio adds between MiniMax's tokens and the page that shows them: `python benchmarks/chat.py`.

In one run, and against the same upstream process, each load is measured twice: straight from the upstream, by a reader
that does nothing but look at the clock, and through the studio (`python -m studio.web` as the launcher starts it, real
session cookies, real sockets, rows, Markdown rendered while it arrives, everything saved). The upstream writes
Anthropic-compatible events at the pace of a model; its text is prose with bold words, lists and code, one token in
eight with a mark in it. A token counts as arrived when the page could show it: as plain text, or as rendered HTML. All
clocks are this machine's monotonic one; direct and through take turns, and share the machine with this program itself.

added, first token   from sending the request to the first token, minus the direct median
added, each token    from the upstream's write to the page's read, minus the direct median
CPU                  of the web process while all replies are flowing, in microseconds for each token
browser              what one open page costs (Chromium without a screen, where playwright finds one): processor time of
                     its main thread for each 1,000 tokens of a reply at the pace of a model and of one of 100 KB at 300
                     tokens a second, and the longest task
memory               growth of the web process's resident memory while all replies flow, per reply; and before that, per
                     socket that was opened and did nothing
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import shutil
import statistics
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.live_speech import Heard, Meter, fetch_sent, free_port, spread_of, studio, together, wait_for

TOKENS_PER_S = 50
BROWSED = ((1_000, TOKENS_PER_S), (22_000, 300))  # tokens, tokens a second: of replies that a browser shows
SETTINGS = {"model": "MiniMax-M3", "surface": "anthropic", "max_tokens": 10_000, "thinking": True}
START = {"type": "message_start", "message": {"id": "m", "model": "MiniMax-M3", "content": [], "usage": {}}}
USAGE = {"input_tokens": 20, "output_tokens": 100, "cache_read_input_tokens": 0}


def token(number: int) -> str:
    """One token of a plausible reply. Each holds the letters "tok" once, so that a reader can count them."""
    if number % 200 >= 170:  # a block of code
        place = number % 200 - 170
        return "\n\n```python\ntok = 1\n" if place == 0 else "tok\n```\n\n" if place == 29 else f"    tok{place} = 0\n"
    if number % 40 == 39:
        return "tok.\n\n"
    if number % 100 in (60, 70, 80):
        return "\n- tok"
    return " **tok** and" if number % 12 == 5 else " tok" if number % 40 else "Tok".lower()


# --- the upstream -----------------------------------------------------------------------------------------------------


class Upstream:
    """POST with the text "<tokens> <name> <tokens a second>" streams so many; GET /sent/<name>: when each
    was written."""

    def __init__(self) -> None:
        self.sent: dict[str, list[float]] = {}

    async def serve(self, port: int) -> None:
        server = await asyncio.start_server(self.answer, "127.0.0.1", port, backlog=1024)
        await server.serve_forever()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
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
                await self.write(writer, *request["messages"][-1]["content"][0]["text"].split())

    async def write(self, writer: asyncio.StreamWriter, tokens: str, name: str, pace: str) -> None:
        loop = asyncio.get_running_loop()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(event(START) + event({"type": "content_block_start", "index": 0, "content_block": TEXT}))
        start, sent = loop.time(), self.sent.setdefault(name, [])
        for number in range(int(tokens)):
            if (wait := start + number / int(pace) - loop.time()) > 0:
                await asyncio.sleep(wait)
            data = event(
                {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": token(number)}}
            )
            sent.append(time.perf_counter())
            writer.write(data)
        writer.write(
            event({"type": "content_block_stop", "index": 0})
            + event({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": USAGE})
            + event({"type": "message_stop"})
            + b"0\r\n\r\n"
        )
        await writer.drain()


TEXT = {"type": "text", "text": ""}


def event(payload: dict[str, Any]) -> bytes:
    data = b"event: %b\ndata: %b\n\n" % (payload["type"].encode(), json.dumps(payload).encode())
    return b"%x\r\n%b\r\n" % (len(data), data)


# --- readers ----------------------------------------------------------------------------------------------------------


async def read_directly(port: int, name: str, tokens: int) -> Heard:
    heard = Heard(name)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    message = {"role": "user", "content": [{"type": "text", "text": f"{tokens} {name} {TOKENS_PER_S}"}]}
    body = json.dumps({"messages": [message]}).encode()
    heard.asked = time.perf_counter()
    writer.write(b"POST /x HTTP/1.1\r\nHost: upstream\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    rest = b""
    while True:
        block = await reader.read(65536)
        now = time.perf_counter()
        text = rest + block
        heard.arrived += [now] * text.count(b'"text_delta"')
        if not block or text.endswith(b"0\r\n\r\n"):
            break
        cut = text.rfind(b'"text_delta"')
        rest = text[cut + 12 :][-40:]
    writer.close()
    return heard


class Reader:
    """One person's page, open."""

    def __init__(self, url: str, cookie: str) -> None:
        self.url, self.cookie = url, cookie

    async def open(self) -> None:
        from websockets.asyncio.client import connect

        self.socket = await connect(
            self.url.replace("http", "ws") + "/ws/w/bench/chat/",
            additional_headers={"Cookie": self.cookie},
            origin=self.url,
            compression=None,
            max_size=None,
            proxy=None,
        )

    async def hear(self, name: str, tokens: int) -> Heard:
        from websockets.exceptions import ConnectionClosed

        heard, done, shown = Heard(name), 0, 0
        message = {
            "type": "say",
            "click": str(uuid.uuid4()),
            "conversation": None,
            "parent": None,
            "text": f"{tokens} {name} {TOKENS_PER_S}",
            "settings": SETTINGS,
        }
        text = json.dumps(message)
        heard.asked = time.perf_counter()
        await self.socket.send(text)
        while True:
            try:
                data = await self.socket.recv()
            except ConnectionClosed as closed:
                heard.error = str(closed)
                await self.open()
                return heard
            now = time.perf_counter()
            for line in data.split("\n"):
                frame = json.loads(line)
                kind = frame.get("k")
                if kind == "tail":
                    shown += frame["s"].count("tok")
                elif kind == "html":
                    done += frame["done"].count("tok")
                    shown = done + frame["open"].count("tok")
                elif kind == "end":
                    heard.error = "" if frame["status"] == "done" else frame["status"]
                    return heard
                elif frame.get("type") == "refused":
                    heard.error = frame["message"]
                    return heard
                heard.arrived += [now] * (shown - len(heard.arrived))


# --- a browser --------------------------------------------------------------------------------------------------------

LONG_TASKS = """
    window.longest = 0;
    new PerformanceObserver((list) => {
      for (const task of list.getEntries()) window.longest = Math.max(window.longest, task.duration);
    }).observe({ type: "longtask" });
"""


async def browse(url: str, cookie: str, tokens: int, pace: int) -> str:
    """Let a real page show one reply; say what that cost it, in its own processor time."""
    try:
        from playwright.async_api import Error, async_playwright
    except ImportError:
        return "browser: not measured, playwright is not installed"
    name, _, value = cookie.partition("=")
    async with async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"))
        except Error:
            return "browser: not measured, there is no Chromium"
        context = await browser.new_context()
        await context.add_cookies([{"name": name, "value": value, "url": url}])
        await context.add_init_script(LONG_TASKS)
        page = await context.new_page()
        await page.goto(f"{url}/w/bench/chat/")
        await page.locator('[data-line="open"]').wait_for()
        counters = await context.new_cdp_session(page)
        await counters.send("Performance.enable", {"timeDomain": "threadTicks"})

        async def read() -> dict[str, float]:
            return {each["name"]: each["value"] for each in (await counters.send("Performance.getMetrics"))["metrics"]}

        await page.evaluate("window.longest = 0")
        before = await read()
        await page.locator("#id_say").fill(f"{tokens} {uuid.uuid4().hex} {pace}")
        await page.locator("[data-send]").click()
        await page.locator('[data-role="assistant"][data-status="done"]').wait_for(timeout=tokens / pace * 4000)
        after = await read()
        longest = await page.evaluate("window.longest")
        await browser.close()
    cost = {
        word: (after[key] - before[key]) / tokens * 1_000_000
        for word, key in (
            ("all", "TaskDuration"),
            ("script", "ScriptDuration"),
            ("layout", "LayoutDuration"),
            ("style", "RecalcStyleDuration"),
        )
    }
    parts = ", ".join(f"{word} {ms:.0f}" for word, ms in cost.items() if word != "all")
    return (
        f"browser, {tokens:,} tokens at {pace} a second: {cost['all']:.0f} ms of its main thread for each 1,000 tokens "
        f"({parts}), longest task {longest:.0f} ms"
    )


# --- the measurement --------------------------------------------------------------------------------------------------


async def measure(
    streams: int, tokens: int, rounds: int, port: int, readers: list[Reader], meter: Meter
) -> dict[str, Any]:
    direct: list[Heard] = []
    through: list[Heard] = []
    seconds = tokens / TOKENS_PER_S
    spread = 0 if streams == 1 else min(2.0, seconds / 4)
    idle_kib = meter.rss_kib
    peak, cpu, share = idle_kib, [], []
    for _ in range(rounds):  # in turns, so that whatever else the machine does hits both
        direct += await together(lambda _n: read_directly(port, uuid.uuid4().hex, tokens), streams, spread)
        cpu_s, began = meter.cpu_s, time.perf_counter()
        work = asyncio.create_task(
            together(lambda number: readers[number].hear(uuid.uuid4().hex, tokens), streams, spread)
        )
        while not work.done():
            await asyncio.sleep(0.1)
            peak = max(peak, meter.rss_kib)
        through += await work
        cpu.append((meter.cpu_s - cpu_s) / (streams * tokens))
        share.append((meter.cpu_s - cpu_s) / (time.perf_counter() - began))
    await fetch_sent(port, direct + through)
    good = [one for one in through if not one.error and len(one.arrived) == tokens]
    first = statistics.median(one.first_ms for one in direct)
    base = statistics.median(delay for one in direct for delay in one.delays_ms)
    return {
        "replies": len(through),
        "first": spread_of([one.first_ms - first for one in good]),
        "tokens": spread_of([delay - base for one in good for delay in one.delays_ms]),
        "direct_first": spread_of([one.first_ms for one in direct]),
        "direct_tokens": spread_of([delay for one in direct for delay in one.delays_ms]),
        "errors": len(through) - len(good),
        "first_error": next((one.error or f"{len(one.arrived)} tokens" for one in through if one not in good), ""),
        "cpu_us": statistics.mean(cpu) * 1_000_000,
        "share": statistics.mean(share),
        "kib": (peak - idle_kib) / streams,
    }


async def run(plan: list[tuple[int, int, int]], port: int, url: str, cookies: list[str], pid: int) -> bool:
    meter = Meter(pid)
    readers = [Reader(url, cookie) for cookie in cookies]
    await readers[0].open()
    for _ in range(5):  # imports, caches and connections of a process that has just started
        await readers[0].hear(uuid.uuid4().hex, 25)
    print(f"web process after five replies: {meter.rss_kib / 1024:.0f} MiB")
    print()
    print("                 added, ms (p50 p95)                direct, ms (p50 p95)               us a   of a")
    print(
        "streams replies  first token    each token     first token    each token   errors   token   core memory socket"
    )
    is_good, opened = True, 1
    for streams, tokens, rounds in plan:
        before = meter.rss_kib
        for reader in readers[opened:streams]:
            await reader.open()
        sockets_kib = (meter.rss_kib - before) / max(1, streams - opened)
        opened = max(opened, streams)
        got = await measure(streams, tokens, rounds, port, readers, meter)
        figures = "".join(
            f"{p50:7.2f} {p95:6.2f} "
            for p50, p95 in (got["first"], got["tokens"], got["direct_first"], got["direct_tokens"])
        )
        print(
            f"{streams:7} {got['replies']:7} {figures}{got['errors']:7} {got['cpu_us']:7.0f}"
            f" {got['share'] * 100:4.0f} % {got['kib']:5.0f} K {max(0, sockets_kib):4.0f} K"
        )
        if got["first_error"]:
            print(f"        first error: {got['first_error']}")
        if streams == 1:
            is_good &= got["first"][0] <= 4 and got["tokens"][0] <= 0.3
        is_good &= got["errors"] == 0 and got["cpu_us"] <= 200
        is_good &= streams == 1 or got["kib"] <= 64  # one stream shows what the process itself still grew by
    for tokens, pace in BROWSED:
        print(await browse(url, cookies[0], tokens, pace))
    print("aims: first token of one reply p50 <= 4 ms, each token <= 0.3 ms; <= 200 us CPU a token; <= 64 KiB a reply;")
    print("      no error at 400")
    print("all met" if is_good else "NOT all met")
    return is_good


def main() -> None:
    if sys.argv[1:2] == ["upstream"]:
        return asyncio.run(Upstream().serve(int(sys.argv[2])))
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--streams", default="1,20,100,400", help="concurrent replies (default: 1,20,100,400; empty: the browser alone)"
    )
    parser.add_argument("--seconds", type=float, default=8, help="length of each reply (default: 8)")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when an aim is missed")
    options = parser.parse_args()
    loads = [int(number) for number in options.streams.split(",") if number]
    tokens = int(options.seconds * TOKENS_PER_S)
    # one stream: several replies, because a reply has one first token; more streams: one long round
    plan = [(load, tokens // 4, 10) if load == 1 else (load, tokens, 1) for load in loads]
    port = free_port()
    upstream = subprocess.Popen([sys.executable, __file__, "upstream", str(port)])
    try:
        wait_for(port, upstream)
        with studio(port, max(loads, default=1)) as (url, cookies, pid):
            is_good = asyncio.run(run(plan, port, url, cookies, pid))
    finally:
        upstream.terminate()
        upstream.wait(10)
    sys.exit(1 if options.strict and not is_good else 0)


if __name__ == "__main__":
    main()
