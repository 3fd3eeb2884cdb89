from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.library.kinds import every_kind
from apps.usage.models import Budget, Period
from apps.workspaces.models import Membership, Role

PERSON, ROLE = "person:", "role:"


class BudgetForm(forms.Form):
    """Whose money, on what, how much, how often."""

    whose = forms.ChoiceField(label=_("For"), required=False)
    kind = forms.ChoiceField(label=_("On"), required=False)
    limit_usd = forms.DecimalField(
        label=_("Limit in US dollars"), min_value=Decimal(0), max_digits=10, decimal_places=2
    )
    period = forms.ChoiceField(label=_("Per"), choices=Period, initial=Period.MONTH)
    is_hard = forms.BooleanField(
        label=_("Refuse what does not fit"),
        help_text=_("Without this, people are only told at 50, 80 and 100 percent."),
        required=False,
        initial=True,
    )

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(memberships__workspace=member.workspace_id).order_by("name", "pk")
        roles = [role for role in Role if role != Role.VIEWER]
        self.member = member
        self.fields["whose"] = forms.ChoiceField(
            label=_("For"),
            required=False,
            choices=[
                ("", _("The whole workspace")),
                (_("Each person with a role"), [(f"{ROLE}{role.value}", role.label) for role in roles]),
                (_("One person"), [(f"{PERSON}{person.pk}", str(person)) for person in people]),
            ],
        )
        self.fields["kind"] = forms.ChoiceField(
            label=_("On"),
            required=False,
            choices=[("", _("Everything")), *((kind.name, kind.label) for kind in every_kind())],
        )

    def clean_limit_usd(self) -> Decimal:
        limit: Decimal = self.cleaned_data["limit_usd"]
        if not limit.is_finite():
            raise ValidationError(_("Enter an amount."))
        return limit

    def save(self) -> Budget:
        whose = self.cleaned_data["whose"]
        return Budget.objects.create(
            workspace=self.member.workspace,
            person_id=int(whose.removeprefix(PERSON)) if whose.startswith(PERSON) else None,
            role=whose.removeprefix(ROLE) if whose.startswith(ROLE) else "",
            kind=self.cleaned_data["kind"],
            period=self.cleaned_data["period"],
            limit_usd=self.cleaned_data["limit_usd"],
            is_hard=self.cleaned_data["is_hard"],
        )
