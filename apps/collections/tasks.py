from celery import shared_task

from apps.collections import services


@shared_task
def purge() -> None:
    """Forget collections that were deleted 30 days ago."""
    services.purge()
