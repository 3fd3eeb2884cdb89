from celery import shared_task

from apps.chat import finishing


@shared_task
def sweep() -> None:
    finishing.sweep()
