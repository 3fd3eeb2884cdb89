"""Job cards, pushed to the workspace whenever a job has moved.

A worker and a server push from a thread of their own: no paid request waits for a page, and a job that moves three
times within a few milliseconds is drawn once. Elsewhere, as in a command or a test, a card is pushed at once.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import close_old_connections
from django.template.loader import render_to_string
from django.utils import translation

from apps.jobs.models import Job, Status
from apps.workspaces import tray
from apps.workspaces.events import apublish
from apps.workspaces.events import publish as push

log = logging.getLogger(__name__)

CHANGES_THE_TRAY = (Status.QUEUED, Status.SUBMITTING, Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)
BREATH_S = 0.05  # at least, between two rounds of cards: what moves meanwhile is drawn once
LONGEST_BREATH_S = 2.0


def publish(pk: Any) -> None:
    """Push the job's card as the row stands then. A lost message costs seconds: a card in motion also polls."""
    if _publisher is None:
        jobs = _read([pk])
        for job in jobs:
            push(job.workspace_id, render_card(job))
        _ring_trays(jobs)
    else:
        _publisher.add(pk)


def render_card(job: Job) -> str:
    """The card as it is pushed to all: in the language of the person whose job it is."""
    with translation.override(job.created_by.language or settings.LANGUAGE_CODE):
        return render_to_string("jobs/_card.html", {"job": job, "oob": True})


def _read(pks: Iterable[Any]) -> list[Job]:
    return list(Job.objects.filter(pk__in=pks).for_cards())


def _ring_trays(jobs: Iterable[Job]) -> None:
    changed = {job.workspace for job in jobs if job.status in CHANGES_THE_TRAY}
    for workspace in changed:
        tray.ring(workspace)


class Publisher(threading.Thread):
    """Draws and pushes the cards of one process."""

    def __init__(self) -> None:
        super().__init__(name="job cards", daemon=True)
        self._moved: dict[Any, None] = {}
        self._changed = threading.Condition()

    def add(self, pk: Any) -> None:
        with self._changed:
            self._moved[pk] = None
            self._changed.notify()

    def run(self) -> None:
        pause = threading.Event()
        with asyncio.Runner() as runner:  # one loop for all, so that the channel layer keeps its connection
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._moved)
                    moved, self._moved = self._moved, {}
                began = time.thread_time()
                try:
                    jobs = _read(moved)
                    for job in jobs:
                        runner.run(apublish(job.workspace_id, render_card(job)))
                    _ring_trays(jobs)
                except Exception:  # the rows are the truth, and the pages ask for them too
                    log.exception("cards could not be pushed")
                close_old_connections()
                # However much is going on, the cards leave the time of their process to the jobs.
                pause.wait(min(LONGEST_BREATH_S, max(BREATH_S, 6 * (time.thread_time() - began))))


_publisher: Publisher | None = None


def start_publisher() -> None:
    """Called when a worker or a server starts."""
    global _publisher
    if _publisher is None:
        _publisher = Publisher()
        _publisher.start()
