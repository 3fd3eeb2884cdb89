"""What a person may ask for. Every limit comes from the catalogue; every refusal is a sentence, and costs nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from apps.minimax import catalogue
from apps.speech.models import PronunciationEntry
from apps.speech.scripts import find_text_problems, normalise
from apps.voices.forms import MixField
from apps.workspaces.storable import UNSTORABLE

speech = catalogue.speech

# Headerless formats are not offered: a file that says nothing about itself cannot be opened, checked or played.
# WAV and µ-law WAV hold the same samples.
RAW_FORMATS = ("pcm", "pcmu_raw")
KEPT_FORMATS = tuple(name for name in speech.formats if name not in RAW_FORMATS)


class SharedFields(dict[str, forms.Field]):
    """Fields that every form of a class uses in common. Copying them is most of the cost of a form, and live speech
    validates one between a click and its sound; nothing here changes a field of one form."""

    def __deepcopy__(self, memo: dict) -> dict[str, forms.Field]:
        return dict(self)


def _number(ranges: Any, label: Any, *, whole: bool = False) -> forms.Field:
    """An optional number: left out, it is the catalogue's default."""
    kind = forms.IntegerField if whole else forms.FloatField
    return kind(
        label=label,
        min_value=ranges.minimum,
        max_value=ranges.maximum,
        initial=int(ranges.default) if whole else ranges.default,
        required=False,
        widget=forms.NumberInput(attrs={"step": f"{ranges.step:g}"}),
    )


def _integers(values: Iterable[int]) -> list[tuple[int, str]]:
    return [(value, f"{value:,}") for value in values]


class SpeechForm(forms.Form):
    """One take. Field names are MiniMax's own; the page adds `use_dictionary`."""

    text = forms.CharField(label=gettext_lazy("Text"), strip=False, widget=forms.Textarea)
    model = forms.TypedChoiceField(
        label=gettext_lazy("Model"),
        choices=[(model.id, model.label) for model in speech.current_models],
        initial=speech.default_model,
    )
    # Ids hold spaces and parentheses of both widths: they are neither trimmed nor checked for their spelling.
    voice_id = forms.CharField(
        label=gettext_lazy("Voice"), max_length=256, strip=False, required=False, initial=speech.default_voice_id
    )
    timbre_weights = MixField(label=gettext_lazy("Voice mix"), required=False)
    language_boost = forms.TypedChoiceField(
        label=gettext_lazy("Language"),
        choices=[
            ("", gettext_lazy("As the voice speaks")),
            ("auto", gettext_lazy("Recognise it")),
            *((language.name, gettext_lazy(language.label)) for language in catalogue.languages),
        ],
        required=False,
    )
    emotion = forms.TypedChoiceField(
        label=gettext_lazy("Emotion"),
        choices=[
            ("", gettext_lazy("As the text asks")),
            *((name, gettext_lazy(label)) for name, label in speech.emotions.items()),
        ],
        required=False,
    )
    speed = _number(speech.speed, gettext_lazy("Speed"))
    vol = _number(speech.vol, gettext_lazy("Volume"))
    pitch = _number(speech.pitch, gettext_lazy("Pitch"), whole=True)
    modify_pitch = _number(speech.voice_modify.pitch, gettext_lazy("Brightness"), whole=True)
    modify_intensity = _number(speech.voice_modify.intensity, gettext_lazy("Softness"), whole=True)
    modify_timbre = _number(speech.voice_modify.timbre, gettext_lazy("Crispness"), whole=True)
    sound_effects = forms.TypedChoiceField(
        label=gettext_lazy("Effect"),
        choices=[
            ("", gettext_lazy("None")),
            *((name, gettext_lazy(label)) for name, label in speech.sound_effects.items()),
        ],
        required=False,
    )
    text_normalization = forms.BooleanField(label=gettext_lazy("Read numbers and dates as words"), required=False)
    latex_read = forms.BooleanField(label=gettext_lazy("Read formulas ($$…$$, Chinese)"), required=False)
    continuous_sound = forms.BooleanField(
        label=gettext_lazy("Do not split the text (smoother, starts later)"), required=False
    )
    use_dictionary = forms.BooleanField(
        label=gettext_lazy("Use the workspace's pronunciations"), required=False, initial=True
    )
    format = forms.TypedChoiceField(
        label=gettext_lazy("Format"),
        choices=[(name, speech.formats[name].label) for name in KEPT_FORMATS],
        initial=speech.default_format,
        required=False,
        empty_value=None,
    )
    sample_rate = forms.TypedChoiceField(
        label=gettext_lazy("Sample rate (Hz)"),
        choices=_integers(speech.sample_rates),
        coerce=int,
        initial=speech.default_sample_rate,
        required=False,
        empty_value=None,
    )
    bitrate = forms.TypedChoiceField(
        label=gettext_lazy("Bit rate (bit/s)"),
        choices=_integers(speech.bitrates),
        coerce=int,
        initial=speech.default_bitrate,
        required=False,
        empty_value=None,
    )
    channel = forms.TypedChoiceField(
        label=gettext_lazy("Channels"),
        choices=[(1, gettext_lazy("Mono")), (2, gettext_lazy("Stereo"))],
        coerce=int,
        initial=speech.default_channel,
        required=False,
        empty_value=None,
    )

    def clean_text(self) -> str:
        return normalise(self.cleaned_data["text"])

    def clean_voice_id(self) -> str:
        voice_id = self.cleaned_data["voice_id"]
        if UNSTORABLE.search(voice_id):
            raise ValidationError(_("Choose a voice."))
        return voice_id

    def clean_timbre_weights(self) -> list[dict[str, Any]]:
        rules = speech.timbre_weights
        parts = self.cleaned_data["timbre_weights"] or []
        if not isinstance(parts, list) or len(parts) > rules.max_items:
            raise ValidationError(_("Mix at most %(count)d voices."), params={"count": rules.max_items})
        mix = []
        for part in parts:
            voice_id = part.get("voice_id") if isinstance(part, dict) else None
            weight = part.get("weight") if isinstance(part, dict) else None
            if not isinstance(voice_id, str) or not 0 < len(voice_id) <= 256 or UNSTORABLE.search(voice_id):
                raise ValidationError(_("Choose a voice for each part of the mix."))
            if not isinstance(weight, int) or isinstance(weight, bool) or weight not in rules.weight:
                raise ValidationError(
                    _("The share of each voice is a whole number from %(low)d to %(high)d."),
                    params={"low": rules.weight.minimum, "high": rules.weight.maximum},
                )
            mix.append({"voice_id": voice_id, "weight": weight})
        if len({part["voice_id"] for part in mix}) < len(mix):
            raise ValidationError(_("The same voice is in the mix twice."))
        return mix

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        for name, field in self.fields.items():  # what was left out
            if cleaned.get(name, "") is None:
                cleaned[name] = field.initial
        if cleaned.get("timbre_weights"):
            cleaned["voice_id"] = ""
        elif "timbre_weights" in cleaned and not cleaned.get("voice_id"):
            self._refuse("voice_id", _("Choose a voice."))
        model = speech.models.get(cleaned.get("model", ""))
        if model is None:
            return cleaned
        if "text" in cleaned:
            self._clean_text_for_model(cleaned["text"], model.id)
        self._clean_for_model(cleaned, model)
        self._clean_sound(cleaned)
        return cleaned

    def _clean_text_for_model(self, text: str, model: str) -> None:
        for problem in find_text_problems(text, model):
            if problem.blocking:
                self._refuse("text", problem.sentence)

    def _clean_for_model(self, cleaned: dict[str, Any], model: Any) -> None:
        emotion, language = cleaned.get("emotion"), cleaned.get("language_boost")
        if emotion and emotion not in model.emotions:
            self._refuse(
                "emotion",
                _("%(model)s does not know the emotion “%(emotion)s”.")
                % {"model": model.label, "emotion": _(speech.emotions[emotion])},
            )
        if language and language not in model.language_boosts:
            self._refuse("language_boost", _("%(model)s does not speak this language.") % {"model": model.label})
        if cleaned.get("latex_read"):
            if language not in ("", "Chinese"):
                self._refuse("latex_read", _("Formulas are read in Chinese only. Choose Chinese, or switch this off."))
            else:
                cleaned["language_boost"] = "Chinese"
        if cleaned.get("continuous_sound") and not model.continuous_sound:
            self._refuse("continuous_sound", _("%(model)s always splits the text.") % {"model": model.label})

    def _clean_sound(self, cleaned: dict[str, Any]) -> None:
        audio = speech.formats.get(cleaned.get("format", ""))
        if audio is None:
            return
        if has_effects(cleaned) and not audio.effects_streaming:
            allowed = ", ".join(speech.formats[name].label for name in speech.effect_formats_streaming)
            self._refuse(
                "format",
                _("While speaking live, voice changes and effects work with %(formats)s only.") % {"formats": allowed},
            )
        if "sample_rate" in cleaned and cleaned["sample_rate"] not in audio.sample_rates:
            rates = ", ".join(f"{rate:,}" for rate in audio.sample_rates)
            self._refuse(
                "sample_rate",
                _("%(format)s allows these sample rates: %(rates)s Hz.") % {"format": audio.label, "rates": rates},
            )

    def _refuse(self, field: str, sentence: str) -> None:
        self.add_error(field, ValidationError(sentence))


class TypedSpeechForm(SpeechForm):
    """Type-to-speak: the same settings; the text comes afterwards, sentence by sentence."""

    text = forms.CharField(required=False, strip=False)

    def clean_text(self) -> str:
        return ""

    def _clean_text_for_model(self, text: str, model: str) -> None:
        """There is none yet."""


SpeechForm.base_fields = SharedFields(SpeechForm.base_fields)
TypedSpeechForm.base_fields = SharedFields(TypedSpeechForm.base_fields)


def has_effects(request: Mapping[str, Any]) -> bool:
    return bool(
        request.get("sound_effects")
        or any(request.get(name) for name in ("modify_pitch", "modify_intensity", "modify_timbre"))
    )


LANGUAGES = [
    ("", gettext_lazy("Every language")),
    *((language.name, gettext_lazy(language.label)) for language in catalogue.languages),
]


class PronunciationForm(forms.ModelForm):
    class Meta:
        model = PronunciationEntry
        fields = ["source", "replacement", "language"]

    language = forms.TypedChoiceField(
        label=gettext_lazy("Language"),
        choices=LANGUAGES,
        required=False,
    )

    def clean_source(self) -> str:
        source = self.cleaned_data["source"]
        if "/" in source:
            raise ValidationError(_("The written form cannot hold a slash: MiniMax ends it there."))
        return source


@cache
def _limits(language: str | None) -> str:
    """As JSON, made once for each language: the page asks for it each time."""
    return json.dumps(
        {
            "max_characters": speech.max_characters,
            "max_invisible_ratio": speech.max_invisible_ratio,
            "pause": {"minimum": speech.pause.minimum, "maximum": speech.pause.maximum},
            "timbre_weights": {
                "max_items": speech.timbre_weights.max_items,
                "minimum": speech.timbre_weights.weight.minimum,
                "maximum": speech.timbre_weights.weight.maximum,
            },
            "models": {
                model.id: {
                    "label": model.label,
                    "emotions": model.emotions,
                    "sound_tags": model.sound_tags,
                    "languages": model.language_boosts,
                    "continuous_sound": model.continuous_sound,
                }
                for model in speech.current_models
            },
            "emotions": {name: _(label) for name, label in speech.emotions.items()},
            "sound_tags": {name: _(label) for name, label in speech.sound_tags.items()},
            "effect_formats": [name for name in speech.effect_formats_streaming if name in KEPT_FORMATS],
            "formats": {
                name: {
                    "label": speech.formats[name].label,
                    "sample_rates": speech.formats[name].sample_rates,
                    "bitrate": speech.formats[name].bitrate,
                }
                for name in KEPT_FORMATS
            },
        }
    )


def limits() -> dict[str, Any]:
    """What the page needs to offer only what can be asked for.

    {max_characters, max_invisible_ratio, pause: {minimum, maximum}, timbre_weights: {max_items, minimum, maximum},
    models: {id: {label, emotions, sound_tags, languages (with "auto"), continuous_sound, price_per_million (USD)}},
    emotions: {name: label}, sound_tags: {name: label}, effect_formats: [format],
    formats: {name: {label, sample_rates, bitrate (whether it matters)}}}
    """
    found = json.loads(_limits(get_language()))
    prices = catalogue.prices.speech
    for model, facts in found["models"].items():
        facts["price_per_million"] = float(prices[model]) if model in prices else None
    return found
