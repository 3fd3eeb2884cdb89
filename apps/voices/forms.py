"""What a person may ask for. Every limit comes from the catalogue; every refusal is a sentence, and costs nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.library.models import Asset
from apps.minimax import catalogue
from apps.minimax.text import billed_characters
from apps.voices.bringing import KIND as SAMPLE_KIND
from apps.voices.checks import find_refusal, found_in
from apps.voices.ids import find_id_problem
from apps.voices.models import ConsentHow, Mode, Voice, VoicePolicy
from apps.workspaces.models import Membership
from apps.workspaces.storable import UNSTORABLE, storable

speech = catalogue.speech
cloning, designing = speech.cloning, speech.design

CANDIDATES = 4
AUDITION_CHARACTERS, AUDITION_VOICES, AUDITION_PARTS = 300, 12, 24
MODELS = [(model.id, model.label) for model in speech.current_models]
LANGUAGES = [
    ("", gettext_lazy("As the voice speaks")),
    *((language.name, gettext_lazy(language.label)) for language in catalogue.languages),
]
MOST_HOURS = cloning.kept_unused_hours - 1
MOST_REMINDERS = 6


class VoiceForm(forms.Form):
    """What all ways to a voice have in common. Text is cleaned of what no database takes."""

    def __init__(self, data: Mapping[str, Any] | None = None, *, member: Membership, **options: Any) -> None:
        super().__init__(data, **options)
        self.member = member

    def clean(self) -> dict[str, Any]:
        self.cleaned_data = {name: storable(value) for name, value in self.cleaned_data.items()}
        return self.cleaned_data

    def _asset(self, name: str, purpose: str) -> Asset | None:
        """A sample that was brought and checked; None: none was chosen."""
        pk = self.cleaned_data.get(name)
        if not pk:
            return None
        asset = Asset.objects.visible_to(self.member).filter(pk=pk, kind=SAMPLE_KIND).first()
        if asset is None:
            raise ValidationError(_("This recording is not here any more. Record or choose it again."))
        try:
            _found, checks = found_in(asset.request)
        except ValueError as exc:
            raise ValidationError(_("This recording is not here any more. Record or choose it again.")) from exc
        if asset.request.get("purpose", "sample") != purpose:
            raise ValidationError(_("This recording was checked for something else. Choose it again."))
        if sentence := find_refusal(checks):
            raise ValidationError(sentence)
        return asset


class CloneForm(VoiceForm):
    """A voice made from a recording. Field names are MiniMax's own, but for `name`, `sample` and the consent."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    sample = forms.UUIDField(
        label=gettext_lazy("Recording"),
        widget=forms.HiddenInput,
        error_messages={"required": gettext_lazy("Record or bring a sample of the voice first.")},
    )
    voice_id = forms.CharField(label=gettext_lazy("Id at MiniMax"), max_length=256, required=False, strip=False)
    prompt_audio = forms.UUIDField(label=gettext_lazy("Example recording"), widget=forms.HiddenInput, required=False)
    prompt_text = forms.CharField(
        label=gettext_lazy("What is said in the example"), max_length=1000, required=False, widget=forms.Textarea
    )
    need_noise_reduction = forms.BooleanField(label=gettext_lazy("Reduce noise"), required=False)
    need_volume_normalization = forms.BooleanField(label=gettext_lazy("Even out the volume"), required=False)
    text_validation = forms.CharField(
        label=gettext_lazy("What is said in the recording"),
        max_length=cloning.text_validation_characters,
        required=False,
        widget=forms.Textarea,
    )
    accuracy = forms.FloatField(
        label=gettext_lazy("How closely it must match"),
        min_value=cloning.accuracy.minimum,
        max_value=cloning.accuracy.maximum,
        initial=cloning.accuracy.default,
        required=False,
    )
    text = forms.CharField(
        label=gettext_lazy("Preview"), max_length=cloning.demo_characters, required=False, widget=forms.Textarea
    )
    model = forms.ChoiceField(
        label=gettext_lazy("Model of the preview"), choices=MODELS, initial=speech.default_model, required=False
    )
    language_boost = forms.ChoiceField(label=gettext_lazy("Language"), choices=LANGUAGES, required=False)

    consent_person = forms.CharField(
        label=gettext_lazy("Whose voice is it?"),
        max_length=120,
        error_messages={"required": gettext_lazy("Say whose voice it is.")},
    )
    consent_how = forms.ChoiceField(label=gettext_lazy("How did they agree?"), choices=ConsentHow.choices)
    consent_statement = forms.CharField(
        label=gettext_lazy("Their words"), max_length=4000, required=False, widget=forms.Textarea
    )
    consent_file = forms.UUIDField(label=gettext_lazy("Proof"), widget=forms.HiddenInput, required=False)
    consent = forms.BooleanField(
        label=gettext_lazy("This person agrees to their voice being cloned and used in this workspace."),
        error_messages={"required": gettext_lazy("Without the person's consent no voice is cloned.")},
    )

    def clean_sample(self) -> str:
        return str(asset.pk) if (asset := self._asset("sample", "sample")) else ""

    def clean_prompt_audio(self) -> str:
        return str(asset.pk) if (asset := self._asset("prompt_audio", "prompt")) else ""

    def clean_consent_file(self) -> str:
        pk = self.cleaned_data["consent_file"]
        if pk and not Asset.objects.visible_to(self.member).filter(pk=pk).exists():
            raise ValidationError(_("This file is not in the library any more. Choose it again."))
        return str(pk or "")

    def clean_voice_id(self) -> str:
        voice_id = self.cleaned_data["voice_id"]
        if voice_id and (sentence := find_id_problem(self.member.workspace, voice_id)):
            raise ValidationError(sentence)
        return voice_id

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        cleaned["model"] = cleaned.get("model") or speech.default_model
        if cleaned.get("accuracy") is None:
            cleaned["accuracy"] = cloning.accuracy.default
        text = cleaned.get("prompt_text", "").strip()
        if cleaned.get("prompt_audio") and not text:
            self.add_error("prompt_text", _("Write down what is said in the example recording."))
        if text and not cleaned.get("prompt_audio") and "prompt_audio" not in self.errors:
            self.add_error("prompt_text", _("There is no example recording that this belongs to."))
        if text and text[-1] not in ".!?…。！？؟।":
            cleaned["prompt_text"] = f"{text}."  # MiniMax wants it to end with a mark
        how = cleaned.get("consent_how")
        if how == ConsentHow.TEXT and not cleaned.get("consent_statement", "").strip():
            self.add_error("consent_statement", _("Quote what the person wrote."))
        if how == ConsentHow.FILE and not cleaned.get("consent_file") and "consent_file" not in self.errors:
            self.add_error("consent_file", _("Choose the picture that shows it."))
        return cleaned


class TakeInForm(VoiceForm):
    """A voice of the account that was made elsewhere gets a name here. A cloned one needs a consent as any other."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    consent_person = CloneForm.base_fields["consent_person"]
    consent_how = forms.ChoiceField(
        label=gettext_lazy("How did they agree?"),
        choices=[choice for choice in ConsentHow.choices if choice[0] != ConsentHow.FILE],
    )
    consent_statement = CloneForm.base_fields["consent_statement"]
    consent = CloneForm.base_fields["consent"]

    def __init__(self, *args: Any, is_clone: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not is_clone:
            for name in ("consent_person", "consent_how", "consent_statement", "consent"):
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("consent_how") == ConsentHow.TEXT and not cleaned.get("consent_statement", "").strip():
            self.add_error("consent_statement", _("Quote what the person wrote."))
        return cleaned


class DesignForm(VoiceForm):
    """A voice made from a description, up to four candidates side by side."""

    prompt = forms.CharField(label=gettext_lazy("Description"), max_length=2000, widget=forms.Textarea)
    preview_text = forms.CharField(
        label=gettext_lazy("What they say"), max_length=designing.preview_characters, widget=forms.Textarea
    )
    n = forms.IntegerField(label=gettext_lazy("How many"), min_value=1, max_value=CANDIDATES, initial=2)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=80, required=False)


class VoicesField(forms.Field):
    """Many voices, each an id or an alias: ids hold spaces, and are not trimmed."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[str]:
        return [str(each) for each in dict.fromkeys(value or ()) if each]

    def validate(self, value: Any) -> None:
        if not value:
            raise ValidationError(_("Choose the voices that are to be heard."))
        if len(value) > AUDITION_VOICES or any(len(each) > 256 or UNSTORABLE.search(each) for each in value):
            raise ValidationError(_("Choose up to %(count)d voices."), params={"count": AUDITION_VOICES})


class AuditionForm(VoiceForm):
    """One line for many voices and models."""

    line = forms.CharField(
        label=gettext_lazy("The line"),
        max_length=AUDITION_CHARACTERS,
        widget=forms.Textarea,
        error_messages={"required": gettext_lazy("Write the line that they are to say.")},
    )
    voices = VoicesField(label=gettext_lazy("Voices"), required=False)
    models = forms.MultipleChoiceField(
        label=gettext_lazy("Models"),
        choices=MODELS,
        initial=[speech.default_model],
        error_messages={"required": gettext_lazy("Choose at least one model.")},
    )
    is_blind = forms.BooleanField(label=gettext_lazy("Blind: names are told after the vote"), required=False)

    def clean_line(self) -> str:
        line = self.cleaned_data["line"].replace("\r\n", "\n")
        if not billed_characters(line):
            raise ValidationError(_("Write the line that they are to say."))
        return line

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        count = len(cleaned.get("voices") or ()) * len(cleaned.get("models") or ())
        if count == 1:
            self.add_error("voices", _("There is nothing to compare yet: choose a second voice or model."))
        elif count > AUDITION_PARTS:
            self.add_error(
                "voices",
                _("%(count)d sounds are too many for one sitting: %(most)d at most.")
                % {"count": count, "most": AUDITION_PARTS},
            )
        return cleaned


class RenameForm(forms.ModelForm):
    class Meta:
        model = Voice
        fields = ["name"]


class MixField(forms.JSONField):
    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except (ValueError, RecursionError) as exc:  # a number or a depth without end; Django expects only bad syntax
            raise ValidationError(self.error_messages["invalid"], code="invalid") from exc


class MixForm(VoiceForm):
    """A mix of voices, kept as a voice of the workspace."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    timbre_weights = MixField(widget=forms.HiddenInput)

    def clean_timbre_weights(self) -> list[dict[str, Any]]:
        rules, parts, mix = speech.timbre_weights, self.cleaned_data["timbre_weights"], []
        if not isinstance(parts, list) or not 2 <= len(parts) <= rules.max_items:
            raise ValidationError(_("Mix two to %(count)d voices."), params={"count": rules.max_items})
        for part in parts:
            voice_id = part.get("voice_id") if isinstance(part, dict) else None
            weight = part.get("weight") if isinstance(part, dict) else None
            if not isinstance(voice_id, str) or not 0 < len(voice_id) <= 256:
                raise ValidationError(_("Choose a voice for each part of the mix."))
            if not isinstance(weight, int) or isinstance(weight, bool) or weight not in rules.weight:
                raise ValidationError(
                    _("The share of each voice is a whole number from %(low)d to %(high)d."),
                    params={"low": rules.weight.minimum, "high": rules.weight.maximum},
                )
            mix.append({"voice_id": storable(voice_id), "weight": weight})
        if len({part["voice_id"] for part in mix}) < len(mix):
            raise ValidationError(_("The same voice is in the mix twice."))
        return mix


class KeepForm(forms.Form):
    """Keeping one: what it says, and with which model. Both have a good default."""

    text = forms.CharField(max_length=200, required=False)
    model = forms.ChoiceField(choices=MODELS, required=False)


class PolicyForm(forms.ModelForm):
    hours = forms.CharField(
        label=gettext_lazy("Remind us so many hours before"),
        help_text=gettext_lazy("Whole hours, with commas between them: 72, 24, 2"),
        required=False,
    )

    class Meta:
        model = VoicePolicy
        fields = ["mode", "hours", "budget_usd"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["hours"] = ", ".join(str(hours) for hours in self.instance.hours)
        self.fields["budget_usd"].required = False

    def clean_hours(self) -> list[int]:
        words = [word for word in re.split(r"[\s,;]+", self.cleaned_data["hours"]) if word]
        hours = [int(word) if word.isascii() and word.isdigit() and len(word) <= 3 else 0 for word in words]
        if any(not 1 <= hour <= MOST_HOURS for hour in hours) or len(set(hours)) > MOST_REMINDERS:
            raise ValidationError(
                _("Give up to %(count)d whole numbers of hours from 1 to %(most)d."),
                params={"count": MOST_REMINDERS, "most": MOST_HOURS},
            )
        return sorted(set(hours), reverse=True)

    def clean_budget_usd(self) -> Decimal:
        budget = self.cleaned_data["budget_usd"] or Decimal(0)
        if budget < 0:
            raise ValidationError(_("A budget is not less than nothing."))
        return budget

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("mode") == Mode.KEEP and cleaned.get("budget_usd") == 0:
            self.add_error("budget_usd", _("Say how much may be spent on it each month."))
        if cleaned.get("mode") == Mode.REMIND and cleaned.get("hours") == []:
            self.add_error("hours", _("Say when you want to be reminded."))
        return cleaned


def preview_price(model: str, text: str) -> Decimal | None:
    return catalogue.price_of_speech(model, billed_characters(text)) if text else Decimal(0)
