from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from apps.library.tasks import ring
from apps.provenance import marking, taking_in
from apps.provenance.models import CapsuleImport, CapsuleStatus

RING_AFTER = timedelta(seconds=10)


@shared_task
def purge() -> None:
    """Delete marked copies that were made a week ago."""
    while marking.purge():
        pass


@shared_task
def take_in(capsule_id: str) -> None:
    taking_in.run(capsule_id)


@shared_task
def sweep() -> None:
    """Ring again for capsules whose worker died or never heard of them."""
    waiting = CapsuleImport.objects.filter(status=CapsuleStatus.WAITING, created_at__lt=timezone.now() - RING_AFTER)
    for pk in waiting.unclaimed().values_list("pk", flat=True)[:50]:
        ring(take_in, pk)
