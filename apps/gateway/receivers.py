from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone

from apps.gateway.models import ApiToken, ServiceAccount
from apps.workspaces.models import Membership


@receiver(post_delete, sender=Membership)
def end_tokens(sender: Any, instance: Membership, **_: Any) -> None:
    """Who is let in again later starts without the tokens of before; a program that is removed is gone."""
    ServiceAccount.objects.filter(workspace=instance.workspace_id, user=instance.user_id).delete()
    ApiToken.objects.filter(workspace=instance.workspace_id, user=instance.user_id, ended_at=None).update(
        ended_at=timezone.now()
    )
