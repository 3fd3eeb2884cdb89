"""Workers to be killed, as `tests.jobs.chaos_workers`: here they also look after books and their editions."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from datetime import timedelta

LEASE = timedelta(seconds=2)


def prepare(told: dict[str, str]) -> None:
    import django
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = told["database"]
    settings.MEDIA_ROOT, settings.SPOOL_ROOT = told["media"], told["spool"]
    settings.ALLOW_PRIVATE_ENDPOINTS = True
    if told.get("sandbox_url"):
        settings.SANDBOX_URL, settings.SANDBOX_KEY = told["sandbox_url"], told["sandbox_key"]
    django.setup()

    from apps.books import arriving, tasks
    from apps.jobs import lifecycle, polling

    lifecycle.SUBMIT_LEASE = lifecycle.SAVE_LEASE = polling.POLL_LEASE = tasks.LEASE = LEASE
    arriving.RENEW_EVERY_S = 0.3
    lifecycle.backoff = lambda attempt: timedelta(milliseconds=100)


def work(parent: int) -> None:
    from django.utils import timezone

    from apps.books.models import Edition, EditionStatus
    from apps.books.tasks import render_edition
    from apps.jobs.models import Job, Status
    from apps.jobs.tasks import poll_due, run_job

    while os.getppid() == parent:
        due = Job.objects.due(timezone.now()).exclude(status=Status.WAITING)
        for pk in list(due.order_by("position", "pk").values_list("pk", flat=True)):
            run_job(str(pk))
        poll_due()
        for pk in list(Edition.objects.filter(status=EditionStatus.WAITING).values_list("pk", flat=True)):
            render_edition(str(pk))
        time.sleep(0.05)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    prepare(json.loads(sys.argv[1]))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the dead
    parent = os.getpid()
    say("ready")
    for _line in sys.stdin:
        pid = os.fork()
        if not pid:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # a worker waits for its own
            work(parent)
            os._exit(0)
        say(str(pid))


if __name__ == "__main__":
    main()
