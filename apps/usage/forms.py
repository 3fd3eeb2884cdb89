from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.library.kinds import every_kind
from apps.usage import currencies, prices
from apps.usage.models import Budget, Currency, Invoice, Period, PriceChange
from apps.workspaces.models import Membership, Role
from apps.workspaces.wallets import MODALITIES

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
        return _finite(self.cleaned_data["limit_usd"])

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


class PriceForm(forms.Form):
    """Another price than on MiniMax's list, from a day on."""

    item = forms.ChoiceField(label=_("Price of"))
    price_usd = forms.DecimalField(
        label=_("US dollars"), min_value=Decimal(0), max_digits=12, decimal_places=6, help_text=_("For the unit named.")
    )
    from_date = forms.DateField(
        label=_("With effect from"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("What was asked for before keeps the price of its day."),
    )

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member
        self.fields["item"] = forms.ChoiceField(label=_("Price of"), choices=prices.choices())
        self.fields["from_date"].initial = timezone.localdate()

    def clean_price_usd(self) -> Decimal:
        return _finite(self.cleaned_data["price_usd"])

    def save(self) -> PriceChange:
        return PriceChange.objects.create(
            workspace=self.member.workspace, created_by=self.member.user, **self.cleaned_data
        )


class CurrencyForm(forms.Form):
    """In what amounts are shown, at a rate that an owner sets."""

    code = forms.ChoiceField(
        label=_("Show amounts in"), required=False, choices=[("", "USD"), *((code, code) for code in currencies.CODES)]
    )
    per_usd = forms.DecimalField(
        label=_("For one US dollar"), required=False, min_value=Decimal("0.000001"), max_digits=14, decimal_places=6
    )

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        known = Currency.objects.visible_to(member).first()
        initial = {"code": known.code, "per_usd": known.per_usd.normalize()} if known else {}
        kwargs["initial"] = initial
        super().__init__(*args, **kwargs)
        self.member = member

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("code") and not data.get("per_usd") and "per_usd" not in self.errors:
            self.add_error("per_usd", _("Enter what one US dollar is worth."))
        elif data.get("per_usd") is not None:
            _finite(data["per_usd"])
        return data

    def save(self) -> Currency | None:
        if not self.cleaned_data["code"]:
            Currency.objects.visible_to(self.member).delete()
            return None
        facts = {"code": self.cleaned_data["code"], "per_usd": self.cleaned_data["per_usd"]}
        currency, _created = Currency.objects.update_or_create(workspace=self.member.workspace, defaults=facts)
        return currency


class InvoiceForm(forms.Form):
    """What MiniMax's own bill says for a month."""

    month = forms.CharField(widget=forms.HiddenInput)
    modality = forms.ChoiceField(label=_("Modality"), choices=MODALITIES.items())
    amount_usd = forms.DecimalField(
        label=_("Billed, in US dollars"), min_value=Decimal(0), max_digits=14, decimal_places=6
    )

    def clean_amount_usd(self) -> Decimal:
        return _finite(self.cleaned_data["amount_usd"])

    def save(self, member: Membership, month: Any) -> Invoice:
        invoice, _created = Invoice.objects.update_or_create(
            workspace=member.workspace,
            month=month,
            modality=self.cleaned_data["modality"],
            defaults={"amount_usd": self.cleaned_data["amount_usd"], "entered_by": member.user},
        )
        return invoice


def _finite(amount: Decimal) -> Decimal:
    if not amount.is_finite():
        raise ValidationError(_("Enter an amount."))
    return amount
