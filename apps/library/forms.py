from django import forms
from django.utils.translation import gettext_lazy as _

from apps.library.models import Asset


class RenameForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=Asset._meta.get_field("title").max_length)
