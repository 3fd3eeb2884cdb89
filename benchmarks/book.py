"""A book of a million characters through the whole path: `benchmarks/book.py [--characters N] [--formats flac mp3]`.

Generated text in several scripts, divided, spoken by a sandbox of its own, taken in, joined and opened again. In the
middle the worker is killed with -9 and another one goes on; then three sentences are changed and only they are made.
Said at the end: how long each step took, peak memory of the worker and of its children, and what was measured in the
result. Everything lies in a folder that goes away.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

WORDS = {
    "en": "the sea ferry lamp harbour rain window letter stone evening road captain silence morning garden",
    "de": "das Meer Fähre Lampe Hafen Regen Fenster Brief Stein Abend Straße Kapitän Stille Morgen Garten",
    "ru": "море паром лампа гавань дождь окно письмо камень вечер дорога капитан тишина утро сад",
    "el": "θάλασσα λάμπα λιμάνι βροχή παράθυρο γράμμα πέτρα βράδυ δρόμος σιωπή πρωί κήπος",
}
HAN = "海渡船灯港雨窓手紙石夕方道船長静寂朝庭園風波音"


def generate(characters: int) -> str:
    """Chapters of about 25,000 characters; most of it in English, every fifth paragraph in another script."""
    source, parts, length, chapter, since = random.Random(7), [], 0, 0, 1 << 30
    scripts, number = list(WORDS), 0
    while length < characters:
        if since > 25_000:
            chapter, since = chapter + 1, 0
            parts.append(f"Chapter {chapter}")
        sentences = []
        for _ in range(source.randint(3, 7)):
            number += 1
            if number % 25 < 4:
                sentences.append("".join(source.choices(HAN, k=source.randint(8, 24))) + "。")
                continue
            language = "en" if number % 5 else source.choice(scripts)
            words = source.choices(WORDS[language].split(), k=source.randint(6, 18))
            sentences.append(f"{words[0].capitalize()} {number} {' '.join(words[1:])}.")
        parts.append(" ".join(sentences))
        length += len(parts[-1]) + 2
        since += len(parts[-1]) + 2
    return "\n\n".join(parts)[:characters]


def prepare(folder: Path, url: str, key: str) -> None:
    os.environ |= {"STUDIO_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "studio.settings"}
    os.environ |= {"STUDIO_SANDBOX_URL": url, "STUDIO_SANDBOX_KEY": key}
    import django
    from django.conf import settings

    django.setup()
    settings.SANDBOX_URL, settings.SANDBOX_KEY, settings.ALLOW_PRIVATE_ENDPOINTS = url, key, True


def work() -> None:
    """What workers and the timetable do, one thing after the other."""
    from datetime import timedelta

    from django.utils import timezone

    from apps.books.models import Edition, EditionStatus
    from apps.books.tasks import render_edition
    from apps.jobs import lifecycle
    from apps.jobs.models import Job, Status
    from apps.jobs.tasks import poll_due, run_job

    lifecycle.SAVE_LEASE = timedelta(seconds=20)  # so that the second worker need not wait long for the first one's
    while True:
        due = Job.objects.due(timezone.now()).exclude(status=Status.WAITING).order_by("position", "pk")
        for pk in list(due.values_list("pk", flat=True)[:1]):
            run_job(str(pk))
        poll_due()
        for pk in list(Edition.objects.filter(status=EditionStatus.WAITING).values_list("pk", flat=True)):
            render_edition(str(pk))
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def say(words: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {words}\n")
    sys.stdout.flush()


class Memory:
    """The most that a worker, and any of its children, had in memory. Looked at while we wait."""

    def __init__(self) -> None:
        self.worker = self.child = 0.0  # MB

    def look(self, pid: int) -> None:
        family, found = family_of(pid), {}
        for each in family:
            with contextlib.suppress(OSError):
                lines = Path(f"/proc/{each}/status").read_text().splitlines()
                found[each] = next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)
        self.worker = max(self.worker, found.get(pid, 0))
        self.child = max([self.child, *(found[each] for each in found.keys() - {pid})])


def family_of(pid: int) -> set[int]:
    """A process, and all that came of it."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return family


def processor_s(pid: int) -> float:
    """What a process and all that came of it used of the processors."""
    ticks = 0
    for each in family_of(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def measure(folder: Path, url: str, key: str, characters: int, formats: list[str]) -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from apps.accounts.models import User
    from apps.books import services
    from apps.books.composing import compose
    from apps.books.models import Edition, Part
    from apps.jobs.models import Job
    from apps.minimax.text import billed_characters
    from apps.workspaces.models import Connection, ConnectionKind, Membership, Workspace

    workspace = Workspace.objects.create(name="Benchmark", slug="benchmark")
    person = User.objects.create_user("b@example.com", secrets.token_hex(8), name="B")
    member = Membership.objects.create(workspace=workspace, user=person, role="owner")
    Connection.objects.create(workspace=workspace, kind=ConnectionKind.SANDBOX)

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, __file__, "--worker", str(folder), url, key]
        return subprocess.Popen(command, cwd=ROOT, start_new_session=True)

    memory, worker = Memory(), None
    atexit.register(lambda: worker and worker.kill())

    def wait(is_so: Any) -> None:
        while not is_so():
            if worker:
                memory.look(worker.pid)
            time.sleep(0.5)

    text = generate(characters)
    began = time.monotonic()
    book = services.create_book(member, title="A long one", text=text, settings={"sample_rate": 24000})
    segments = book.segments.count()
    say(f"{len(text):,} characters, {book.chapters.count()} chapters, {segments:,} sentences: {lap(began):.1f} s")
    began = time.monotonic()
    check = services.preflight_of(book)
    say(f"preflight {lap(began):.1f} s: {check.billed_characters:,} billed, blocks: {check.blocks}")
    began = time.monotonic()
    parts = services.make(member, book, click="make")
    say(f"{len(parts)} parts submitted in {lap(began):.1f} s")
    began, worker = time.monotonic(), start()
    wait(lambda: Part.objects.exclude(taken_at=None).count() >= len(parts) // 2)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    say(f"worker killed with {Part.objects.exclude(taken_at=None).count()} parts taken in")
    worker = start()
    wait(lambda: not Job.objects.moving().exists())
    failed = Job.objects.filter(status="failed").count()
    if failed:
        say(f"{failed} were being sent when the worker died, and are asked for again by hand")
        services.make(member, book, click="the rest")
        wait(lambda: not Job.objects.moving().exists())
    say(f"made and taken in: {lap(began):.0f} s")
    began = time.monotonic()
    composition = compose(book)
    say(f"composed {len(composition.heard):,} sentences, {composition.missing} missing: {lap(began):.1f} s")
    hours = composition.samples / composition.sample_rate / 3600

    def write(format: str) -> None:
        began, used = time.monotonic(), processor_s(worker.pid)
        edition = services.render(member, book, click=f"edition {format}", format=format)
        wait(lambda: not Edition.objects.get(pk=edition.pk).is_moving)
        edition.refresh_from_db()
        used = processor_s(worker.pid) - used
        size = f"{edition.asset.size / 1e6:.0f} MB" if edition.asset else edition.error
        say(f"{format} of {hours:.2f} h, {size} ({edition.status}): {lap(began):.0f} s, {used:.0f} s of a processor")
        say(f"so far most memory: worker {memory.worker:.0f} MB, its largest child {memory.child:.0f} MB")
        look_at(edition, compose(book))

    write(formats[0])
    before = dict(book.segments.in_script().exclude(take=None).values_list("pk", "take__sha256"))
    new, changed = text, []
    for segment in book.segments.filter(text__startswith="The ").order_by("pk")[:600:200]:
        changed.append(segment.text.replace("The ", "One ", 1))
        new = new.replace(segment.text, changed[-1], 1)
    began = time.monotonic()
    revision = services.revise(member, book, new)
    services.accept(revision)
    price = services.price_of(book)
    say(f"{len(revision.diff)} sentences changed: compared and accepted in {lap(began):.1f} s")
    services.make(member, book, click="changed")
    wait(lambda: not Job.objects.moving().exists())
    jobs = Part.objects.filter(click="changed").values_list("job__usage", flat=True)
    billed = sum(usage["usage_characters"] for usage in jobs)
    after = dict(book.segments.in_script().exclude(take=None).values_list("pk", "take__sha256"))
    same = sum(after[pk] == sha256 for pk, sha256 in before.items() if pk in after)
    expected = sum(map(billed_characters, changed))
    say(f"billed {billed} for {len(changed)} sentences of {expected} (said before: {price.billed_characters})")
    say(f"{same:,} of {len(before):,} other sounds unchanged")
    for format in formats[1:]:
        write(format)
    worker.kill()
    worker.wait()
    say(f"most memory: worker {memory.worker:.0f} MB, its largest child {memory.child:.0f} MB")


def look_at(edition: Any, composition: Any) -> None:
    import av

    with av.open(edition.asset.file.path) as container:
        seconds, chapters = container.duration / av.time_base, len(container.chapters())
    drift_ms = 1000 * (seconds - composition.samples / composition.sample_rate)
    rows = edition.timings
    falls = sum(one[4] > other[3] for one, other in pairwise(rows))
    say(f"opened: {seconds:.1f} s, {drift_ms:+.1f} ms against the counted samples, {chapters} chapter marks")
    say(f"{len(rows):,} subtitles, {falls} of them begin before the last one ends")


def lap(began: float) -> float:
    return time.monotonic() - began


def main() -> None:
    if sys.argv[1:2] == ["--worker"]:
        prepare(Path(sys.argv[2]), sys.argv[3], sys.argv[4])
        return work()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--characters", type=int, default=1_000_000)
    parser.add_argument("--formats", nargs="+", default=["flac", "m4b", "mp3"], choices=["mp3", "m4b", "flac", "wav"])
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that nothing is left running
    folder, key, port = Path(tempfile.mkdtemp(prefix="studio-book-")), f"sk-api-{secrets.token_hex(12)}", free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        "manage.py",
        "sandbox",
        "--port",
        str(port),
        "--data",
        str(folder / "sandbox"),
        "--key",
        key,
        "--niceness",
        "0",
    ]
    with (folder / "sandbox.log").open("w") as log:
        sandbox = subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{url}/healthz", timeout=2)
                break
            except OSError:
                time.sleep(0.2)
        prepare(folder, url, key)
        measure(folder, url, key, given.characters, given.formats)
    finally:
        sandbox.terminate()
        sandbox.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
