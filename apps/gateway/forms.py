from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.gateway.models import Scope
from apps.gateway.services import SERVICE_ROLES

LIVES = [("30", _("30 days")), ("90", _("90 days")), ("365", _("One year")), ("", _("Until it is ended"))]


class TokenForm(forms.Form):
    name = forms.CharField(label=_("What it is for"), max_length=80)
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=Scope,
        initial=[Scope.READ],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one.")},
    )
    days = forms.TypedChoiceField(
        label=_("Valid for"), choices=LIVES, initial="90", required=False, coerce=int, empty_value=None
    )


class AccountForm(forms.Form):
    account_name = forms.CharField(label=_("Name of the program"), max_length=100)
    role = forms.ChoiceField(label=_("Role"), choices=[(role.value, role.label) for role in SERVICE_ROLES])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "id_account_%s")
        super().__init__(*args, **kwargs)
