from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Never, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.workspaces.models import ConnectionKind, Role, Workspace
from apps.workspaces.querysets import AppendOnlyQuerySet, WorkspaceQuerySet

if TYPE_CHECKING:
    from apps.workspaces.models import Membership


class Charged(models.TextChoices):
    NO = "no", _("Nothing was charged")
    YES = "yes", _("Charged")
    UNKNOWN = "unknown", _("May have been charged")


class OwnQuerySet(WorkspaceQuerySet):
    def visible_to(self, member: Membership) -> Self:
        """Everyone sees what they asked for themselves; whoever manages the workspace sees all of it."""
        rows = super().visible_to(member)
        return rows if member.may("manage") else rows.filter(person_id=member.user_id)


class LedgerQuerySet(AppendOnlyQuerySet):
    def visible_to(self, member: Membership) -> Self:
        """As `OwnQuerySet`."""
        rows = super().visible_to(member)
        return rows if member.may("manage") else rows.filter(person_id=member.user_id)

    def current(self) -> Self:
        """Each act once, as it was entered last."""
        return self.filter(correction=None)


class LedgerEntry(models.Model):
    """One act that MiniMax was asked for: what it was expected to cost, and what MiniMax then reported.

    Rows are added, never changed: the database refuses that too. What turns out otherwise is entered again, as a
    correction of the row before.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="ledger")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)  # of a correction: when the act was entered first
    entered_at = models.DateTimeField(default=timezone.now)
    source = models.CharField(max_length=48)  # "job:<id>" or "take:<id>": each is in the book once, and its corrections
    corrects = models.OneToOneField("self", models.CASCADE, null=True, related_name="correction")
    kind = models.CharField(max_length=20)  # a name in apps.library.kinds
    model = models.CharField(max_length=60, blank=True)
    connection_kind = models.CharField(max_length=10, choices=ConnectionKind)  # the sandbox charges nothing
    route = models.JSONField(default=dict)  # which key paid, and why: apps.workspaces.wallets.Route
    estimate_usd = models.DecimalField(max_digits=16, decimal_places=8, null=True)  # on the button; null: not known
    # by what was reported; null: not known
    actual_usd = models.DecimalField(max_digits=16, decimal_places=8, null=True)
    usage = models.JSONField(default=dict)  # what MiniMax reported, in its own units
    charged = models.CharField(max_length=7, choices=Charged)

    objects: ClassVar = LedgerQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "ledger entries"
        constraints = [
            models.UniqueConstraint(fields=["source"], condition=models.Q(corrects=None), name="entered_once")
        ]
        indexes = [
            models.Index(fields=["workspace", "-at"], name="ledger_of_workspace"),
            models.Index(fields=["workspace", "person", "-at"], name="ledger_of_person"),
        ]

    def __str__(self) -> str:
        return self.source

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("The ledger is append-only.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Never:
        raise TypeError("The ledger is append-only.")


class Period(models.TextChoices):
    DAY = "day", _("a day")
    MONTH = "month", _("a month")


class Budget(models.Model):
    """How much may be spent in a period: by the workspace, by one person, by each person with a role, on one modality.

    With `is_hard` an act whose price no longer fits is refused before it is asked for.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="budgets")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+")
    role = models.CharField(_("role"), max_length=10, choices=Role, blank=True)  # for each person with it
    kind = models.CharField(_("modality"), max_length=20, blank=True)  # a name in apps.library.kinds
    period = models.CharField(_("per"), max_length=5, choices=Period, default=Period.MONTH)
    limit_usd = models.DecimalField(_("limit"), max_digits=10, decimal_places=2)
    is_hard = models.BooleanField(_("refuse what does not fit"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    lifted_until = models.DateTimeField(null=True)  # an owner lets everything through until then

    objects: ClassVar = WorkspaceQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.limit_usd} USD {self.get_period_display()}"


class BudgetNews(models.Model):
    """People are told once in a period that a share of a budget is used up."""

    budget = models.ForeignKey(Budget, models.CASCADE, related_name="news")
    person_id = models.BigIntegerField(default=0)  # whose share; 0: of all
    since = models.DateTimeField()  # the beginning of the period
    percent = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["budget", "person_id", "since", "percent"], name="told_once_in_a_period")
        ]

    def __str__(self) -> str:
        return f"{self.percent} %"


class Hold(models.Model):
    """Money that an act on its way may still cost. Goes when the act is entered in the book, or turns out free."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="holds")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    source = models.CharField(max_length=48, unique=True)  # as in the ledger
    kind = models.CharField(max_length=20)
    amount_usd = models.DecimalField(max_digits=12, decimal_places=6)

    objects: ClassVar = OwnQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["workspace", "person"], name="holds_of_workspace")]

    def __str__(self) -> str:
        return self.source


class PriceChange(models.Model):
    """A price of MiniMax's list that is another for this workspace, from a day on. Rows are added, never changed."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="price_changes")
    item = models.CharField(max_length=120)  # a key of apps.usage.prices
    price_usd = models.DecimalField(max_digits=12, decimal_places=6)
    from_date = models.DateField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = AppendOnlyQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["workspace", "-from_date", "-id"], name="prices_of_workspace")]

    def __str__(self) -> str:
        return f"{self.item}: {self.price_usd} USD"


class Currency(models.Model):
    """In what a workspace sees amounts. Everything is kept and held in US dollars, as MiniMax bills them."""

    workspace = models.OneToOneField(Workspace, models.CASCADE, related_name="currency")
    code = models.CharField(_("currency"), max_length=3)  # ISO 4217
    per_usd = models.DecimalField(_("for one US dollar"), max_digits=14, decimal_places=6)
    set_at = models.DateTimeField(auto_now=True)

    objects: ClassVar = WorkspaceQuerySet.as_manager()

    def __str__(self) -> str:
        return self.code


class Invoice(models.Model):
    """What MiniMax has billed for a month, as somebody has read it there: the third figure of the drift report."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="invoices")
    month = models.DateField()  # its first day
    modality = models.CharField(max_length=10)  # a key of apps.workspaces.wallets.MODALITIES
    amount_usd = models.DecimalField(max_digits=14, decimal_places=6)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    entered_at = models.DateTimeField(auto_now=True)

    objects: ClassVar = WorkspaceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "month", "modality"], name="one_bill_a_month")]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.modality}"
