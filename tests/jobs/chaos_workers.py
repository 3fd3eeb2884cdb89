"""Workers to be killed: `python -m tests.jobs.chaos_workers SETTINGS`, then one line on stdin for each worker wanted.

Django is loaded once and each worker is a fork of it, so that many can be killed within seconds. A worker does what the
product does when a job is due, with leases that end soon. Each answer on stdout is the number of a new process.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from datetime import timedelta

LEASE = timedelta(seconds=1)


def prepare(told: dict[str, str]) -> None:
    import django
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = told["database"]
    settings.MEDIA_ROOT, settings.SPOOL_ROOT = told["media"], told["spool"]
    settings.ALLOW_PRIVATE_ENDPOINTS = True
    django.setup()

    from apps.jobs import kinds, lifecycle, polling
    from tests.jobs.conftest import make_kind_at_once, make_kind_later

    lifecycle.SUBMIT_LEASE = lifecycle.SAVE_LEASE = polling.POLL_LEASE = LEASE
    lifecycle.backoff = lambda attempt: timedelta(milliseconds=100)
    kinds.register(make_kind_at_once(family="music"))  # 120 a minute, 20 at once
    kinds.register(make_kind_later(family="music"))


def work(parent: int) -> None:
    from django.utils import timezone

    from apps.jobs.models import Job
    from apps.jobs.tasks import run_job

    while os.getppid() == parent:
        for pk in list(Job.objects.due(timezone.now()).order_by("position", "pk").values_list("pk", flat=True)):
            run_job(str(pk))
        time.sleep(0.01)


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
            work(parent)
            os._exit(0)
        say(str(pid))


if __name__ == "__main__":
    main()
