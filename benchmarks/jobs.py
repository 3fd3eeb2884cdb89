"""What a job costs on its way, against Celery doing nothing: `python benchmarks/jobs.py`.

In one run, on one machine, with one worker as the launcher starts it (threads, beat), a Redis, a SQLite file and an
upstream process that answers at once with a real picture:

click to upstream   from calling submit_job, as a view does, to the arrival of the request upstream; one at a time
no-op Celery        from apply_async to the first line of a task; one at a time, same worker
jobs a second       whole jobs: row, turn, request, file, picture opened, hashed, kept, book; all submitted at once
CPU                 of the worker, and of the processes that open files for it; unlike times, it says something also on
                    a busy machine
waiting             jobs that MiniMax works on, asked for every 10 s: questions a second, lateness, the worker's CPU;
                    once with the questions themselves, once without: what the studio's own bookkeeping costs

Rate limits are lifted for the benchmark's own family of requests; their turns are still counted and kept.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import io
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

FAMILY = "benchmark"
POLL_EVERY_S = 10


# --- the upstream -----------------------------------------------------------------------------------------------------


def make_picture() -> str:
    from PIL import Image

    file = io.BytesIO()
    Image.effect_noise((256, 256), 80).convert("RGB").save(file, "JPEG")
    return base64.b64encode(file.getvalue()).decode()


def upstream(port: int) -> None:
    base = {"base_resp": {"status_code": 0, "status_msg": "success"}}
    made = json.dumps({"data": {"image_base64": [make_picture()]}, **base}).encode()
    running = json.dumps({"status": "Processing", **base}).encode()
    seen: dict[str, float] = {}
    asked = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                lengths = [line for line in head.lower().split("\r\n") if line.startswith("content-length:")]
                body = await reader.readexactly(int(lengths[0].partition(":")[2])) if lengths else b""
                if head.startswith("POST"):
                    seen[json.loads(body)["prompt"]] = time.monotonic()
                    answer = made
                elif " /seen" in head:
                    answer = json.dumps({"seen": seen, "asked": asked}).encode()
                else:
                    asked += 1
                    answer = running
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", port)
        await server.serve_forever()

    asyncio.run(main())


# --- the studio -------------------------------------------------------------------------------------------------------


def prepare() -> None:
    """Django with one more kind of job; in the worker and in the process that submits."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "studio.settings"
    django.setup()
    from django import forms

    from apps.jobs import kinds
    from apps.jobs.kinds import Errand, Finished, Kind, StillRunning
    from apps.minimax import catalogue
    from apps.minimax.catalogue.schema import RateLimit
    from apps.minimax.images import generate_images

    limits = {**catalogue.rate_limits, FAMILY: RateLimit(family=FAMILY, rpm=1000)}
    catalogue.rate_limits = limits

    def submit(errand: Errand) -> Finished:
        pictures = generate_images(errand.client, errand.job.request)
        return Finished([errand.keep(picture, "image") for picture in pictures.files], usage={"images": 1})

    def poll(errand: Errand) -> StillRunning:
        return StillRunning(errand.client.get("/v1/query", {"task_id": errand.job.minimax_task_id})["status"])

    for name, ask in (("benchmark", poll), ("benchmark_unasked", lambda errand: StillRunning("Processing"))):
        kinds.register(
            Kind(
                name=name,
                label="Benchmark",
                icon="image",
                page="library:index",
                family=FAMILY,
                form=forms.Form,
                title=lambda request: str(request["prompt"]),
                price=lambda request: None,
                submit=submit,
                poll=ask,
                poll_every_s=POLL_EVERY_S,
            )
        )


def worker(concurrency: int) -> None:
    prepare()
    import redis
    from django.conf import settings

    from studio.celery import app

    store = redis.from_url(settings.REDIS_URL)

    @app.task(name="benchmark.nothing")
    def nothing(name: str) -> None:
        store.hset("benchmark", name, time.monotonic())

    app.worker_main(
        [
            *("--quiet", "worker", "--pool", "threads", "--concurrency", str(concurrency), "--with-beat"),
            *("-l", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"),
        ]
    )


def figures(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    p95 = ordered[int(len(ordered) * 0.95)]
    return f"p50 {statistics.median(ordered) * 1000:6.1f} ms   p95 {p95 * 1000:6.1f} ms"


def wait_for(done: Any, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise SystemExit("the worker did not get there")
        time.sleep(0.02)


def measure(url: str, pid: int, jobs: int, waiting: list[int]) -> None:
    prepare()
    import httpx
    import psutil
    import redis
    from django.conf import settings
    from django.utils import timezone

    from apps.accounts.models import User
    from apps.jobs.kinds import get_kind
    from apps.jobs.models import Job, Status
    from apps.jobs.services import submit_job
    from apps.workspaces.models import Connection, Membership, Workspace
    from studio.celery import app

    person = User.objects.create_user("bench@example.com", "correct horse battery", name="Bench")
    workspace = Workspace.objects.create(name="Bench", slug="bench")
    member = Membership.objects.create(workspace=workspace, user=person, role="owner")
    Connection.objects.create(workspace=workspace, kind="sandbox")
    kind, store, studio = get_kind("benchmark"), redis.from_url(settings.REDIS_URL), psutil.Process(pid)

    def seen() -> Any:
        return httpx.get(f"{url}/seen", timeout=10).json()

    def submit(name: str) -> None:
        submit_job(member, kind, {"prompt": name}, click=name)

    def over() -> bool:
        return Job.objects.filter(status=Status.SUCCEEDED).count() == Job.objects.count()

    def nothing(name: str) -> None:
        app.send_task("benchmark.nothing", (name,))

    for warm in range(5):
        submit(f"warm {warm}")
        nothing(f"warm {warm}")
    wait_for(over)

    clicks = {}
    for number in range(60):
        clicks[name := f"one {number}"] = time.monotonic()
        submit(name)
        wait_for(over)
    arrived = seen()["seen"]
    print(f"click to upstream call      {figures([arrived[name] - at for name, at in clicks.items()])}")
    rings = {}
    for number in range(100):
        rings[name := f"one {number}"] = time.monotonic()
        nothing(name)
        time.sleep(0.03)
    wait_for(lambda: store.hlen("benchmark") == 105)
    started = {name.decode(): float(at) for name, at in store.hgetall("benchmark").items()}
    print(f"no-op Celery                {figures([started[name] - at for name, at in rings.items()])}")

    def cpu() -> float:
        times = studio.cpu_times()
        return times.user + times.system

    def openers() -> float:
        """CPU of the fork server and of the children that it has outlived."""
        return sum(sum(child.cpu_times()[:4]) for child in studio.children())

    began, before = time.monotonic(), (cpu(), openers())
    for number in range(jobs):
        submit(f"many {number}")
    submitted = time.monotonic()
    wait_for(over, 300)
    took = time.monotonic() - began
    print(f"{jobs} whole jobs             {jobs / took:6.1f} a second (all submitted in {submitted - began:.1f} s)")
    each = ((cpu() - before[0]) / jobs * 1000, (openers() - before[1]) / jobs * 1000)
    print(f"CPU of a whole job          {each[0]:6.1f} ms in the worker, {each[1]:.1f} ms to open its picture")
    store.delete("benchmark")
    began, idle_cpu = time.monotonic(), cpu()
    for number in range(jobs):
        nothing(f"many {number}")
    wait_for(lambda: store.hlen("benchmark") == jobs)
    print(f"{jobs} no-op Celery tasks     {jobs / (time.monotonic() - began):6.1f} a second")
    print(f"CPU of a no-op task         {(cpu() - idle_cpu) / jobs * 1000:6.1f} ms in the worker")

    before, began = cpu(), time.monotonic()
    time.sleep(10)
    idle = (cpu() - before) / (time.monotonic() - began)
    print(f"nothing to do               worker {idle:6.1%} of one core, {studio.memory_info().rss / 2**20:.0f} MiB")
    for number, name in [(number, name) for number in waiting for name in ("benchmark", "benchmark_unasked")]:
        now = timezone.now()
        Job.objects.filter(status=Status.WAITING).delete()
        Job.objects.bulk_create(
            Job(
                workspace=workspace,
                created_by=person,
                kind=name,
                title="Waiting",
                request={},
                click=str(uuid.uuid4()),
                status=Status.WAITING,
                minimax_status="Processing",
                minimax_task_id=str(n),
                submitted_at=now,
                next_at=now + timedelta(seconds=POLL_EVERY_S * n / number),
            )
            for n in range(number)
        )
        time.sleep(POLL_EVERY_S)
        asked, before, began = seen()["asked"], cpu(), time.monotonic()
        late = []
        while time.monotonic() - began < 3 * POLL_EVERY_S:
            first = Job.objects.filter(status=Status.WAITING).order_by("next_at").values_list("next_at", flat=True)[0]
            late.append(max(0.0, (timezone.now() - first).total_seconds()))
            time.sleep(0.5)
        took = time.monotonic() - began
        asked = seen()["asked"] - asked
        print(
            f"{number:6} waiting              worker {(cpu() - before) / took:6.1%} of one core, "
            f"{f'{asked / took:.0f} questions a second' if asked else 'no question leaves it'}, "
            f"the oldest late by {max(late):.1f} s at most, {studio.memory_info().rss / 2**20:.0f} MiB"
        )


# --- the run ----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def started(*command: str, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, __file__, *command], env={**os.environ, **env}, cwd=ROOT, start_new_session=True
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started ends too
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--waiting", type=int, nargs="*", default=[1000])
    parser.add_argument("--concurrency", type=int, default=4, help="threads of the worker")
    options = parser.parse_args()
    from tests.services import free_port, redis_server

    folder, port = Path(tempfile.mkdtemp(prefix="studio-benchmark-")), free_port()
    try:
        with redis_server() as redis_url:
            url = f"http://127.0.0.1:{port}"
            env = {
                "STUDIO_DATA": str(folder),
                "REDIS_URL": redis_url,
                "STUDIO_SANDBOX_URL": url,
                "STUDIO_SANDBOX_KEY": "sk-api-benchmark-0000",
                "STUDIO_READY_FILE": str(folder / "ready"),
            }
            (folder / "static").mkdir()
            (folder / "run").mkdir()
            subprocess.run(
                [sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env={**os.environ, **env}, check=True
            )
            with started("upstream", str(port)), started("worker", str(options.concurrency), **env) as working:
                wait_for((folder / "ready").exists)
                told = json.dumps([url, working.pid, options.jobs, options.waiting])
                subprocess.run([sys.executable, __file__, "measure", told], env={**os.environ, **env}, check=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["upstream", port]:
            upstream(int(port))
        case ["worker", concurrency]:
            worker(int(concurrency))
        case ["measure", told]:
            measure(*json.loads(told))
        case _:
            main()
