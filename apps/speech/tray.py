from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse

from apps.speech.models import Take
from apps.workspaces.models import Membership
from apps.workspaces.tray import Item


def takes_in_motion(member: Membership) -> Iterator[Item]:
    """What is being spoken in the member's workspace, for the tray."""
    for take in Take.objects.visible_to(member).moving().select_related("created_by"):
        yield Item(
            id=f"take-{take.pk}",
            title=take.title,
            icon="audio-lines",
            state=take.get_status_display(),
            url=f"{reverse('speech:index', args=[member.workspace.slug])}#take-{take.pk}",
            person=take.created_by,
            started_at=take.created_at,
        )
