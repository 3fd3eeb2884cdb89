"""What a guest may write: plain words within bounds, and a place in the work."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.library.models import Asset
from apps.reviews.models import Verdict

NAME_LENGTH = 60
TEXT_LENGTH = 2000
TIME = re.compile(r"(?:(?:(\d{1,2}):)?(\d{1,3}):)?(\d{1,5}(?:[.,]\d{1,3})?)")
TIMED = {"audio", "video"}


def parse_time(text: str) -> float | None:
    """Seconds of "1:02:03", "1:05.5" or "65"; None for what is no time."""
    found = TIME.fullmatch(text.strip())
    if not found:
        return None
    hours, minutes, seconds = found.groups(default="0")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds.replace(",", "."))


def _without_invisible(text: str | None) -> str:
    """Without characters that change how the text around them reads, such as those that turn its direction round."""
    return "".join(
        sign for sign in text or "" if sign in "\n\t\u200c\u200d" or unicodedata.category(sign) not in {"Cc", "Cf"}
    )


class NameField(forms.CharField):
    def __init__(self) -> None:
        super().__init__(label=_("Your name"), max_length=NAME_LENGTH)
        self.widget.attrs["autocomplete"] = "given-name"

    def to_python(self, value: Any) -> str:
        return " ".join(_without_invisible(super().to_python(value)).split())


class TextField(forms.CharField):
    def __init__(self) -> None:
        super().__init__(
            label=_("Note"), max_length=TEXT_LENGTH, widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"})
        )

    def to_python(self, value: Any) -> str:
        return _without_invisible(super().to_python(value)).strip()


class TimeField(forms.CharField):
    """A place in a sound or a film as people write it."""

    def __init__(self) -> None:
        super().__init__(label=_("At"), max_length=12, required=False)
        self.widget.attrs.update(inputmode="text", autocomplete="off", placeholder="0:00")

    def clean(self, value: Any) -> float | None:
        text = super().clean(value)
        if not text:
            return None
        seconds = parse_time(text)
        if seconds is None:
            raise ValidationError(_("Write a time as minutes and seconds, such as 1:05."))
        return seconds


class NoteForm(forms.Form):
    """A note, an answer or a decision by a guest. `assets`: what the page shows; `named`: who writes is known already.

    Whoever decides may leave it at that, or say why in the same breath.
    """

    at = TimeField()
    x = forms.FloatField(label=_("From the left, %"), min_value=0, max_value=100, required=False)
    y = forms.FloatField(label=_("From the top, %"), min_value=0, max_value=100, required=False)
    about = forms.ChoiceField(label=_("About"), required=False)
    text = TextField()
    verdict = forms.ChoiceField(choices=Verdict)
    name = NameField()

    def __init__(
        self, data: Any = None, *, assets: list[Asset], named: bool, is_answer: bool = False, decides: bool = False
    ) -> None:
        super().__init__(data, auto_id="review-%s", label_suffix="")
        self.assets = assets
        media = set() if is_answer else {asset.medium for asset in assets}
        if not media & TIMED:
            del self.fields["at"]
        if "image" not in media:
            del self.fields["x"], self.fields["y"]
        if len(assets) < 2 or is_answer:
            del self.fields["about"]
        else:
            titles = [(str(asset.pk), f"{place}. {asset.title}") for place, asset in enumerate(assets, 1)]
            self.fields["about"].choices = [("", _("All of it")), *titles]  # type: ignore[attr-defined]
        if decides:
            self.fields["text"].required = False
        else:
            del self.fields["verdict"]
        if named:
            del self.fields["name"]

    @property
    def point(self) -> tuple[float, float] | None:
        """Where on a picture, in percent from the left and from the top."""
        x, y = self.cleaned_data.get("x"), self.cleaned_data.get("y")
        return None if x is None or y is None else (x, y)

    @property
    def asset(self) -> Asset | None:
        """What the note is about; None: all that is shared."""
        if len(self.assets) == 1:
            return self.assets[0]
        return next((asset for asset in self.assets if str(asset.pk) == self.cleaned_data.get("about")), None)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        at, asset = found.get("at"), self.asset
        if at is not None and asset is None:
            self.add_error("about", _("Choose what the time is in."))
        elif at is not None and asset and asset.medium not in TIMED:
            found["at"] = None
        elif at is not None and asset and asset.duration_s and at > asset.duration_s:
            self.add_error("at", _("That is after the end."))
        if found.get("x") is None or found.get("y") is None or asset is None or asset.medium != "image":
            found["x"] = found["y"] = None
        return found


class EditForm(forms.Form):
    text = TextField()


class AnswerForm(forms.Form):
    text = TextField()
