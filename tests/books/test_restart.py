"""Real worker processes, killed with -9 in the middle of a book. Nothing is paid twice, and nothing is lost."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from django.conf import settings as django_settings
from django.db import connection

from apps.books import services
from apps.books.composing import compose
from apps.books.models import Book, Edition, Part
from apps.books.sound.pieces import Piece
from apps.books.sound.reading import Reader
from apps.jobs.models import Job
from apps.usage.models import LedgerEntry
from apps.workspaces.models import Connection, ConnectionKind
from studio.config import ROOT
from tests.books.conftest import SETTINGS
from tests.books.test_making import script

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PATIENCE_S = 300


@dataclass
class Workers:
    """Starts and kills workers."""

    nursery: subprocess.Popen[str]
    alive: list[int] = field(default_factory=list)

    def start(self) -> int:
        assert self.nursery.stdin
        assert self.nursery.stdout
        self.nursery.stdin.write("one\n")
        self.nursery.stdin.flush()
        pid = int(self.nursery.stdout.readline())
        self.alive.append(pid)
        return pid

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        self.alive.remove(pid)


@pytest.fixture
def start_workers(transactional_db, own_folders) -> Iterator[Callable[..., Workers]]:
    started: list[Workers] = []

    def start(**more: str) -> Workers:
        told = {
            "database": str(connection.settings_dict["NAME"]),
            "media": str(django_settings.MEDIA_ROOT),
            "spool": str(django_settings.SPOOL_ROOT),
            **more,
        }
        nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.books.chaos_workers", json.dumps(told)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert nursery.stdout
        assert nursery.stdout.readline() == "ready\n"
        started.append(Workers(nursery))
        return started[-1]

    yield start
    for workers in started:
        for pid in workers.alive:
            os.kill(pid, signal.SIGKILL)
        workers.nursery.kill()
        workers.nursery.wait(10)


def wait_until(is_so: Callable[[], Any], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.05)


def is_quiet() -> bool:
    return not Job.objects.moving().exists()


def check_is_whole(book: Book, edition: Edition) -> None:
    """The file holds every take, in order, once, each at the time that its subtitle says."""
    composition = compose(book)
    assert not composition.missing
    decoded = []
    with av.open(edition.asset.file.path) as container:
        for frame in container.decode(audio=0):
            decoded.append(frame.to_ndarray().reshape(-1, frame.layout.nb_channels))
    sound = np.concatenate(decoded)
    assert len(sound) == composition.samples
    edge = composition.sample_rate // 100  # near a join the sound is faded for a few milliseconds
    with Reader() as reader:
        for each in composition.heard:
            part = each.take.part
            piece = Piece(Path(part.file.path), each.take.start_sample, each.take.end_sample)
            spoken = np.concatenate(list(reader.read(piece)))
            assert np.array_equal(sound[each.start : each.end][edge:-edge], spoken[edge:-edge])
    for one, other in pairwise(composition.heard):
        assert one.end + one.silence + other.lead == other.start
        assert not np.any(sound[one.end : other.start])
    timings = [(row[3], row[4]) for row in edition.timings]
    assert timings == [(each.start, each.end) for each in composition.heard]
    assert all(start < end <= after for (start, end), (after, _end) in pairwise(timings))


@pytest.mark.parametrize("step", ["create", "query", "fetch"])
def test_a_worker_killed_in_the_middle_of_a_book(connected, speaker, start_workers, step):
    book = services.create_book(connected, title="The ferry", text=script(4, 8), settings=SETTINGS)
    speaker.silent_at = step
    services.make(connected, book, click="x")
    workers = start_workers()
    worker = workers.start()
    assert speaker.reached.wait(PATIENCE_S)
    workers.kill(worker)
    speaker.released.set()
    workers.start()
    wait_until(is_quiet, "all jobs over")
    assert set(speaker.seen.values()) == {1}
    states = sorted(chapter.state for chapter in services.chapters_of(book))
    assert states == (["failed", "ready", "ready", "ready"] if step == "create" else ["ready"] * 4)
    before = set(Part.objects.exclude(taken_at=None).values_list("sha256", flat=True))
    if step == "create":
        failed = next(chapter for chapter in services.chapters_of(book) if chapter.state == "failed")
        assert [job.charged for job in services.failures_of(failed)] == ["unknown"]
        services.repeat(connected, failed, click="again")  # a person's word
        wait_until(is_quiet, "the chapter repeated")
    assert before <= set(Part.objects.exclude(taken_at=None).values_list("sha256", flat=True))
    assert LedgerEntry.objects.filter(charged="yes").count() == 4
    edition = services.render(connected, book, click="flac", format="flac")
    wait_until(lambda: not Edition.objects.get(pk=edition.pk).is_moving, "the edition written")
    check_is_whole(book, Edition.objects.get(pk=edition.pk))


def test_workers_killed_at_any_moment(connected, speaker, start_workers):
    book = services.create_book(connected, title="The ferry", text=script(6, 10), settings=SETTINGS)
    services.make(connected, book, click="x")
    edition, workers = None, start_workers()
    for _kill in range(12):
        worker = workers.start()
        time.sleep(random.uniform(0.3, 2))
        workers.kill(worker)
    workers.start()
    wait_until(is_quiet, "all jobs over")
    for number in range(6):  # those that were being sent when their worker died wait for a person's word
        if services.price_of(book).is_nothing:
            break
        services.make(connected, book, click=f"again {number}")
        wait_until(is_quiet, "the rest made")
    assert Job.objects.filter(charged="yes").count() == LedgerEntry.objects.filter(charged="yes").count()
    sent = Job.objects.exclude(charged="no").count()
    assert sum(speaker.seen.values()) <= sent
    edition = services.render(connected, book, click="flac", format="flac")
    wait_until(lambda: not Edition.objects.get(pk=edition.pk).is_moving, "the edition written")
    check_is_whole(book, Edition.objects.get(pk=edition.pk))


def test_a_book_in_several_scripts_through_the_sandbox_with_a_kill_in_the_middle(
    creator, sandbox, settings, start_workers
):
    settings.SANDBOX_URL, settings.SANDBOX_KEY = sandbox.url, sandbox.key
    settings.ALLOW_PRIVATE_ENDPOINTS = True
    Connection.objects.create(workspace=creator.workspace, kind=ConnectionKind.SANDBOX)
    book = services.create_book(creator, title="The ferry", text=script(4, 8), settings={"sample_rate": 16000})
    services.make(creator, book, click="x")
    workers = start_workers(sandbox_url=sandbox.url, sandbox_key=sandbox.key)
    worker = workers.start()
    wait_until(lambda: Part.objects.exclude(taken_at=None).exists(), "the first part")
    workers.kill(worker)
    workers.start()
    wait_until(is_quiet, "all jobs over")
    if not services.price_of(book).is_nothing:  # one was being sent just then
        services.make(creator, book, click="y")
        wait_until(is_quiet, "the rest made")
    assert [chapter.state for chapter in services.chapters_of(book)] == ["ready"] * 4
    whole = services.render(creator, book, click="flac", format="flac")
    wait_until(lambda: not Edition.objects.get(pk=whole.pk).is_moving, "the edition written")
    check_is_whole(book, Edition.objects.get(pk=whole.pk))
    audiobook = services.render(creator, book, click="m4b", format="m4b")
    wait_until(lambda: not Edition.objects.get(pk=audiobook.pk).is_moving, "the audiobook written")
    audiobook.refresh_from_db()
    with av.open(audiobook.asset.file.path) as container:
        assert len(container.chapters()) == 4
        assert abs(container.duration / av.time_base - compose(book).samples / 16000) < 0.2
    assert services.subtitles_of(audiobook, "vtt").startswith("WEBVTT")
    assert len(json.loads(services.subtitles_of(audiobook, "json"))["segments"]) == len(audiobook.timings)
