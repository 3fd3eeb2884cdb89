from django import forms

from apps.sharing.models import Share


class ShareForm(forms.ModelForm):
    class Meta:
        model = Share
        fields = ["allow_download", "show_text"]
