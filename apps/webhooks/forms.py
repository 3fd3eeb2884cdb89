from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.webhooks.events import EVENTS
from apps.workspaces.outbound import AddressRefusedError, check_address


class WebhookForm(forms.Form):
    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_("Public, and beginning with https://. Every event is sent to it as a POST request with JSON."),
        widget=forms.TextInput(attrs={"placeholder": "https://hooks.example.com/studio", "inputmode": "url"}),
    )
    description = forms.CharField(label=_("What it is for"), max_length=100, required=False)
    events = forms.MultipleChoiceField(
        label=_("Events"),
        choices=list(EVENTS.items()),
        required=False,
        help_text=_("Choose none to be told of all, also of those that come later."),
        widget=forms.CheckboxSelectMultiple,
    )

    def clean_url(self) -> str:
        url = self.cleaned_data["url"].strip()
        try:
            check_address(url, knows_private_hosts=False)
        except AddressRefusedError as exc:
            raise forms.ValidationError(str(exc)) from exc
        return url


class WebhookChangeForm(WebhookForm):
    is_active = forms.BooleanField(label=_("Switched on"), required=False)
