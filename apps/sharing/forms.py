from __future__ import annotations

from typing import Any

from django import forms

from apps.sharing.models import Share


class ShareForm(forms.ModelForm):
    class Meta:
        model = Share
        fields = ["allow_download", "show_text", "allow_review"]


class ConversationShareForm(forms.ModelForm):
    class Meta:
        model = Share
        fields = ["show_thinking", "show_system", "allow_review"]


def form_of(link: Share, data: Any = None) -> forms.ModelForm:
    """What guests may see and do, for what the link shows."""
    return (ConversationShareForm if link.snapshot else ShareForm)(data, instance=link)
