from celery import shared_task

from apps.speech import finishing


@shared_task
def sweep() -> int:
    """Close the takes that a dead process left behind, and keep what had arrived."""
    return finishing.sweep()
