from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.workspaces.models import ConnectionKind, Workspace
from apps.workspaces.querysets import WorkspaceQuerySet

if TYPE_CHECKING:
    from apps.workspaces.models import Membership


class Charged(models.TextChoices):
    NO = "no", _("Nothing was charged")
    YES = "yes", _("Charged")
    UNKNOWN = "unknown", _("May have been charged")


class LedgerQuerySet(WorkspaceQuerySet):
    def visible_to(self, member: Membership) -> Self:
        """Everyone sees what they asked for themselves; whoever manages the workspace sees all of it."""
        rows = super().visible_to(member)
        return rows if member.may("manage") else rows.filter(person_id=member.user_id)


class LedgerEntry(models.Model):
    """One act that MiniMax was asked for: what it was expected to cost, and what MiniMax then reported."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="ledger")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    source = models.CharField(max_length=48, unique=True)  # "job:<id>" or "take:<id>": each is in the book once
    kind = models.CharField(max_length=20)  # a name in apps.library.kinds
    model = models.CharField(max_length=60, blank=True)
    connection_kind = models.CharField(max_length=10, choices=ConnectionKind)  # the sandbox charges nothing
    estimate_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)  # on the button; null: not known
    actual_usd = models.DecimalField(
        max_digits=12, decimal_places=6, null=True
    )  # by what was reported; null: not known
    usage = models.JSONField(default=dict)  # what MiniMax reported, in its own units
    charged = models.CharField(max_length=7, choices=Charged)

    objects: ClassVar = LedgerQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "ledger entries"
        indexes = [
            models.Index(fields=["workspace", "-at"], name="ledger_of_workspace"),
            models.Index(fields=["workspace", "person", "-at"], name="ledger_of_person"),
        ]

    def __str__(self) -> str:
        return self.source
