from celery import shared_task

from apps.chat import finishing, holding


@shared_task
def sweep() -> None:
    finishing.sweep()
    holding.release_orphans()
