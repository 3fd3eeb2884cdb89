"""How much a workspace and each of its people keep, and how much they may.

Counted are the files as they were made or brought, those in the trash included: they are there until it is emptied.
Posters and formats made for a download are the studio's own affair. Whatever asks MiniMax for a file, or takes one from
a person, calls `check_room` before; a result that was paid for is kept in any case.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Max, Q, Sum
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.library.models import StorageQuota, StorageUse
from apps.workspaces.models import Membership
from apps.workspaces.refusals import ActRefusedError

GB = 1_000_000_000


class StorageFullError(ActRefusedError):
    """There is no room for what was asked."""

    more = ("library:storage", gettext_lazy("What takes up the room"))


@dataclass(frozen=True)
class Use:
    person: User | None  # None: the workspace
    size: int  # bytes
    files: int
    quota: int | None  # bytes

    @property
    def percent(self) -> int:
        return min(100, round(100 * self.size / self.quota)) if self.quota else 100 * (self.quota == 0)

    @property
    def is_nearly_full(self) -> bool:
        return self.quota is not None and self.size >= 0.9 * self.quota

    @property
    def is_full(self) -> bool:
        return self.quota is not None and self.size >= self.quota

    @property
    def quota_gb(self) -> str:
        return "" if self.quota is None else f"{self.quota / GB:.10g}"


def use_of_workspace(workspace_id: int) -> Use:
    total = StorageUse.objects.filter(workspace=workspace_id).aggregate(size=Sum("size"), files=Sum("files"))
    quota = StorageQuota.objects.filter(workspace=workspace_id).values_list("size", flat=True).first()
    return Use(None, total["size"] or 0, total["files"] or 0, quota)


def uses_by_person(workspace_id: int) -> list[Use]:
    """All who have files here or could have, the largest first."""
    known = {row.person_id: row for row in StorageUse.objects.filter(workspace=workspace_id)}
    people = User.objects.filter(pk__in=known) | User.objects.filter(memberships__workspace=workspace_id)
    found = []
    for person in people.distinct():
        row = known.get(person.pk)
        found.append(Use(person, row.size, row.files, row.quota) if row else Use(person, 0, 0, None))
    return sorted(found, key=lambda use: (-use.size, use.person.name if use.person else ""))


def tightest_of(member: Membership) -> Use:
    """The workspace's use, or the member's own where their own limit is the nearer one; their files are not counted."""
    mine = Q(person=member.user_id)
    used = StorageUse.objects.filter(workspace=member.workspace_id).aggregate(
        whole=Sum("size"),
        limit=Max("workspace__storage_quota__size"),
        own=Sum("size", filter=mine),
        own_limit=Max("quota", filter=mine),
    )
    whole = Use(None, used["whole"] or 0, 0, used["limit"])
    if used["own_limit"] is None:
        return whole
    own = Use(member.user, used["own"] or 0, 0, used["own_limit"])
    return own if whole.quota is None or own.percent >= whole.percent else whole


def check_room(workspace_id: int, person_id: int, *, more: int = 0) -> None:
    """`more`: bytes that are to come, where that is known. Raises StorageFullError."""
    mine = Q(person=person_id)
    used = StorageUse.objects.filter(workspace=workspace_id).aggregate(
        whole=Sum("size"),
        limit=Max("workspace__storage_quota__size"),
        own=Sum("size", filter=mine),
        own_limit=Max("quota", filter=mine),
    )
    if used["whole"] is None:  # nothing was kept here yet
        used["limit"] = use_of_workspace(workspace_id).quota
    if _is_over(used["whole"] or 0, used["limit"], more):
        sizes = {"size": filesizeformat(used["whole"] or 0), "quota": filesizeformat(used["limit"])}
        raise StorageFullError(
            _("This workspace is full: %(size)s of %(quota)s are used. Nothing was made or charged.") % sizes
            + " "
            + _("Empty the trash, or ask an admin for more room.")
        )
    if _is_over(used["own"] or 0, used["own_limit"], more):
        sizes = {"size": filesizeformat(used["own"] or 0), "quota": filesizeformat(used["own_limit"])}
        raise StorageFullError(
            _("Your room here is full: you use %(size)s of %(quota)s. Nothing was made or charged.") % sizes
            + " "
            + _("Delete what you do not need from the trash, or ask an admin for more room.")
        )


def _is_over(size: int, quota: int | None, more: int) -> bool:
    return quota is not None and (size >= quota or size + more > quota)


def set_quota(member: Membership, size: int | None) -> None:
    """For the workspace; None: no limit. What is there already stays."""
    if size is None:
        StorageQuota.objects.filter(workspace=member.workspace).delete()
    else:
        StorageQuota.objects.update_or_create(workspace=member.workspace, defaults={"size": size})


def set_quota_of(member: Membership, person: User, size: int | None) -> None:
    StorageUse.objects.update_or_create(workspace=member.workspace, person=person, defaults={"quota": size})
