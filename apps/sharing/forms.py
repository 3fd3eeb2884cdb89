"""What a link shows and when it ends, as its maker says it."""

from __future__ import annotations

import re
from datetime import datetime, time
from typing import Any

from django import forms
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.sharing.models import Share, SharePolicy

HOST = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?(:\d{1,5})?")
SHORTEST_PASSWORD = 6


class ShareForm(forms.ModelForm):
    """Saved with every change. Fields that a link has no use for are left out; see `form_of`."""

    last_day = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    asks_password = forms.BooleanField(label=gettext_lazy("Ask for a password"), required=False)
    new_password = forms.CharField(
        label=gettext_lazy("Password"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    class Meta:
        model = Share
        fields = [
            "name", "allow_download", "show_text", "show_settings", "show_thinking", "show_system", "allow_review",
            "is_listed", "max_views", "embed_domains",
        ]  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        link = self.instance
        self.fields["last_day"].initial = timezone.localtime(link.ends_at).date() if link.ends_at else None
        self.fields["asks_password"].initial = bool(link.password)
        self.fields["name"].widget.attrs["placeholder"] = link.headline
        if link.password:
            self.fields["new_password"].widget.attrs["placeholder"] = _("There is one; write another to change it")

    def clean_max_views(self) -> int | None:
        most = self.cleaned_data["max_views"]
        if most is not None and most <= self.instance.views and most != self.initial.get("max_views"):
            raise forms.ValidationError(_("It was opened %(n)d times already.") % {"n": self.instance.views})
        return most

    def clean_last_day(self) -> datetime | None:
        """The end of that day, where the person is."""
        day = self.cleaned_data["last_day"]
        if day is None:
            return None
        end = timezone.make_aware(datetime.combine(day, time(23, 59, 59)))
        before = self.fields["last_day"].initial
        if end < timezone.now() and day != before:
            raise forms.ValidationError(_("That day is over."))
        latest = self.instance.policy.latest_end(self.instance.created_at)
        if latest and end > latest and day != before:
            last = timezone.localtime(latest).date()
            raise forms.ValidationError(_("This workspace lets links live until %(day)s at most.") % {"day": last})
        return end

    def clean_embed_domains(self) -> str:
        """Hosts, one or many; addresses are taken for their hosts."""
        hosts = []
        for word in re.split(r"[\s,;]+", self.cleaned_data["embed_domains"].strip().lower()):
            host = re.sub(r"^https?://", "", word).split("/")[0]
            if host and host != "*" and not HOST.fullmatch(host):
                raise forms.ValidationError(_("“%(word)s” is no site. Write it as in example.com.") % {"word": word})
            if host and host not in hosts:
                hosts.append(host)
        return " ".join(hosts)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        password, asks = said.get("new_password", ""), said.get("asks_password")
        if asks and not password and not self.instance.password:
            self.add_error("new_password", _("Write the password that guests need."))
        elif asks and password and len(password) < SHORTEST_PASSWORD:
            self.add_error("new_password", _("At least %(n)d characters.") % {"n": SHORTEST_PASSWORD})
        elif not asks and self.instance.policy.demands_password and self.instance.password:
            self.add_error("asks_password", _("This workspace wants a password for every link."))
        if said.get("embed_domains") and (asks or said.get("max_views") is not None):
            sentence = _(
                "A link with a password or a number of openings cannot be embedded: browsers would not let in."
            )
            self.add_error("embed_domains", sentence)
        return said

    def save(self, commit: bool = True) -> Share:
        link = self.instance
        link.ends_at = self.cleaned_data["last_day"]
        if not self.cleaned_data["asks_password"]:
            link.password = ""
        elif self.cleaned_data["new_password"]:
            link.password = make_password(self.cleaned_data["new_password"])
        return super().save(commit)


ONLY_FOR_CONVERSATIONS = ("show_thinking", "show_system")
NOT_FOR_CONVERSATIONS = ("allow_download", "show_text", "show_settings", "embed_domains")


def form_of(link: Share, data: Any = None) -> ShareForm:
    """What guests may see and do, for what the link shows."""
    form = ShareForm(data, instance=link)
    left_out = NOT_FOR_CONVERSATIONS if link.snapshot else ONLY_FOR_CONVERSATIONS
    for name in left_out:
        del form.fields[name]
    return form


class PolicyForm(forms.ModelForm):
    class Meta:
        model = SharePolicy
        fields = ["allows_links", "demands_password", "longest_days"]


class DoorForm(forms.Form):
    password = forms.CharField(max_length=100, strip=True, required=False)
