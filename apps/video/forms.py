"""What a person may ask for. Every limit comes from the catalogue; every refusal is a sentence, and costs nothing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from apps.library import uploads
from apps.video import mixes
from apps.video.mixes import FIELDS, MODES, PICTURES, REQUIRED, Mix, video
from apps.workspaces.models import Membership

FRAME = uploads.Purpose("video.frame", video.image)
MISSING = {
    "prompt": gettext_lazy("Describe the video first."),
    "first_frame_image": gettext_lazy("Choose the picture that the video begins with."),
    "last_frame_image": gettext_lazy("Choose the picture that the video ends with."),
    "subject_reference": gettext_lazy("Choose a picture of the person."),
}


class VideoForm(forms.Form):
    """One video. Field names are MiniMax's own; pictures are ids of pictures in the library."""

    mode = forms.ChoiceField(choices=[*MODES.items()], initial="t2v")
    model = forms.ChoiceField(label=gettext_lazy("Model"), choices=[(each.id, each.label) for each in video.models])
    prompt = forms.CharField(
        label=gettext_lazy("Prompt"), max_length=video.prompt_characters, widget=forms.Textarea, required=False
    )
    resolution = forms.ChoiceField(
        label=gettext_lazy("Size"), choices=[(each, each) for each in video.resolutions], required=False
    )
    duration = forms.TypedChoiceField(
        label=gettext_lazy("Length"),
        choices=[(each, each) for each in video.durations_s],
        coerce=int,
        empty_value=None,
        required=False,
    )
    prompt_optimizer = forms.BooleanField(
        label=gettext_lazy("Let MiniMax improve the prompt"), initial=video.prompt_optimizer_default, required=False
    )
    fast_pretreatment = forms.BooleanField(label=gettext_lazy("Prepare quickly"), required=False)
    first_frame_image = forms.UUIDField(label=gettext_lazy("First frame"), required=False)
    last_frame_image = forms.UUIDField(label=gettext_lazy("Last frame"), required=False)
    subject_reference = forms.UUIDField(label=gettext_lazy("Person"), required=False)

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member

    @property
    def mix(self) -> Mix:
        """What the page shows as set: the nearest to what was given that can be had."""
        seconds = str(self["duration"].value() or "")
        return mixes.settle(
            str(self["mode"].value() or ""),
            str(self["model"].value() or ""),
            str(self["resolution"].value() or ""),
            int(seconds) if seconds.isdecimal() and len(seconds) < 4 else 0,
            bool(self["fast_pretreatment"].value()),
        )

    def clean_prompt(self) -> str:
        return self.cleaned_data["prompt"].replace("\0", "").strip()

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        mode, model = cleaned.get("mode"), cleaned.get("model")
        if not mode:
            return cleaned
        self._clean_pictures(cleaned, mode)
        for name in REQUIRED[mode] & {*MISSING}:
            if name in cleaned and not cleaned[name]:
                self.add_error(name, ValidationError(str(MISSING[name])))
        if model:
            self._clean_mix(cleaned, mode, model)
        return cleaned

    def _clean_pictures(self, cleaned: dict[str, Any], mode: str) -> None:
        """A picture that this mode has no use for is not sent, nor is it worth a complaint."""
        for name in PICTURES:
            if name not in FIELDS[mode]:
                cleaned[name] = ""
                self.errors.pop(name, None)
            elif name in cleaned:
                try:
                    cleaned[name] = uploads.check_choice(self.member, cleaned[name], FRAME)
                except ValidationError as refusal:
                    self.add_error(name, refusal)

    def _clean_mix(self, cleaned: dict[str, Any], mode: str, model: str) -> None:
        if why_not := mixes.why_not_model(mode, model):
            self.add_error("model", ValidationError(why_not))
            return
        rows = mixes.rows_of(mode, model)
        if not rows:  # the model decides; MiniMax refuses a request that says it
            cleaned |= {"resolution": "", "duration": None, "fast_pretreatment": False}
            for name in ("resolution", "duration"):
                self.errors.pop(name, None)
            return
        if "resolution" not in cleaned or "duration" not in cleaned:
            return
        if not cleaned["resolution"]:
            wanted = cleaned["duration"]
            cleaned["resolution"] = next((each for each in rows if wanted in rows[each]), next(iter(rows)))
        if cleaned["duration"] is None:
            cleaned["duration"] = rows.get(cleaned["resolution"], (0,))[0]
        mix = Mix(mode, model, cleaned["resolution"], cleaned["duration"])
        if mix.resolution not in rows:
            self.add_error("resolution", ValidationError(mixes.why_not_resolution(mix, mix.resolution)))
        elif why_not := mixes.why_not_duration(mix, mix.duration):
            self.add_error("duration", ValidationError(why_not))
        if mixes.why_not_fast(mix):
            cleaned["fast_pretreatment"] = False
