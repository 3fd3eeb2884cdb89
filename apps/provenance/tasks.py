from celery import shared_task

from apps.provenance import marking


@shared_task
def purge() -> None:
    """Delete marked copies that were made a week ago."""
    while marking.purge():
        pass
