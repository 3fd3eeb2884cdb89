from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.library.models import Asset, new_id
from apps.sharing.models import Share
from apps.workspaces.models import Workspace
from apps.workspaces.querysets import WorkspaceQuerySet

if TYPE_CHECKING:
    from apps.workspaces.models import Membership


class Guest(models.Model):
    """Somebody without an account who gave a name on a shared page. The name is all that is kept of them.

    Their browser has a signed cookie that says which guest it is; whoever loses it is a new one.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    share = models.ForeignKey(Share, models.CASCADE, related_name="guests")
    name = models.CharField(_("name"), max_length=60)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class NoteQuerySet(WorkspaceQuerySet):
    def visible_to(self, member: Membership) -> Self:
        """What is about a thing in the trash comes back with it."""
        return super().visible_to(member).filter(models.Q(asset=None) | models.Q(asset__trashed_at=None))

    def threads(self) -> Self:
        """Those that are no answers, with what is shown of them, in the order of their place in the work."""
        found = self.filter(answers_to=None).select_related("guest", "member", "asset", "share", "done_by")
        answers = Note.objects.select_related("guest", "member").order_by("id")
        return found.prefetch_related(models.Prefetch("answers", answers)).order_by(
            models.F("at_s").asc(nulls_last=True), "id"
        )


class Note(models.Model):
    """What a guest said about a work, or a member of the team in answer."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    share = models.ForeignKey(Share, models.CASCADE, related_name="notes")
    asset = models.ForeignKey(Asset, models.CASCADE, null=True, related_name="notes")  # None: about all that is shared
    fingerprint = models.CharField(max_length=64)  # of what was shown when it was written
    answers_to = models.ForeignKey("self", models.CASCADE, null=True, related_name="answers")
    guest = models.ForeignKey(Guest, models.CASCADE, null=True, related_name="notes")
    member = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    text = models.TextField(_("note"))
    at_s = models.FloatField(null=True)  # where in a sound or a film
    x = models.FloatField(null=True)  # where on a picture: percent from the left
    y = models.FloatField(null=True)  # percent from the top
    created_at = models.DateTimeField(auto_now_add=True)
    edited_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects: ClassVar = NoteQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["asset", "id"], name="notes_on_asset")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(guest=None) ^ models.Q(member=None), name="note_is_by_guest_or_member"
            )
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def is_answer(self) -> bool:
        return self.answers_to_id is not None


class Verdict(models.TextChoices):
    APPROVED = "approved", _("Approved")
    CHANGES = "changes", _("Changes asked for")


class Decision(models.Model):
    """A guest's word on exactly what was shown: a later word on the same replaces it, a new file leaves it behind."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    share = models.ForeignKey(Share, models.CASCADE, related_name="decisions")
    guest = models.ForeignKey(Guest, models.CASCADE, related_name="decisions")
    fingerprint = models.CharField(max_length=64)
    verdict = models.CharField(max_length=8, choices=Verdict)
    at = models.DateTimeField()

    objects: ClassVar = WorkspaceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["guest", "fingerprint"], name="one_decision_per_guest_and_file")]

    def __str__(self) -> str:
        return f"{self.guest}: {self.get_verdict_display()}"
