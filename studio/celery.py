"""The Celery application: a doorbell for work that the database knows about."""

import os
from pathlib import Path
from typing import Any

import click
from celery import Celery, bootsteps
from celery.beat import EmbeddedService
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")

app = Celery("studio")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


class BeatThread(bootsteps.StartStopStep):
    """Beat as a thread of the worker. Celery's own `-B` forks a second process for it, which would outlive a kill."""

    def __init__(self, worker: Any, with_beat: bool = False, **options: Any) -> None:
        self.enabled = with_beat
        super().__init__(worker, **options)

    def include_if(self, worker: Any) -> bool:
        return self.enabled

    def create(self, worker: Any) -> Any:
        return EmbeddedService(worker.app, thread=True, schedule_filename=worker.app.conf.beat_schedule_filename)


app.user_options["worker"].add(click.Option(["--with-beat"], is_flag=True, help="Run the timetable in this worker."))
app.steps["worker"].add(BeatThread)


@worker_ready.connect
def tell_the_launcher(**_: Any) -> None:
    if path := os.environ.get("STUDIO_READY_FILE"):
        Path(path).touch()
