from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.notifications.models import ByMail, Choice, Timing


class ChoiceForm(forms.ModelForm):
    """One row of the table; its prefix is the kind."""

    by_mail = forms.ChoiceField(
        label=gettext_lazy("By e-mail"), choices=ByMail, widget=forms.Select(attrs={"class": "select"})
    )

    class Meta:
        model = Choice
        fields = ["in_app", "by_mail", "by_push"]
        labels = {"in_app": gettext_lazy("In the app"), "by_push": gettext_lazy("By push message")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():  # in a table the column's head says it to the eye only
            field.widget.attrs["aria-label"] = f"{self.instance.get_kind_display()}: {field.label}"


class TimingForm(forms.ModelForm):
    class Meta:
        model = Timing
        fields = ["quiet_from", "quiet_until", "daily_at"]
        labels = {
            "quiet_from": gettext_lazy("Quiet from"),
            "quiet_until": gettext_lazy("until"),
            "daily_at": gettext_lazy("The daily mail comes at"),
        }
        widgets = {
            name: forms.TimeInput(attrs={"type": "time", "class": "input"}, format="%H:%M")
            for name in ("quiet_from", "quiet_until", "daily_at")
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if (cleaned.get("quiet_from") is None) != (cleaned.get("quiet_until") is None):
            self.add_error("quiet_until", _("Say both when the quiet begins and when it ends."))
        return cleaned
