"""What a person may ask for. Every limit comes from the catalogue; every refusal is a sentence, and costs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.minimax import catalogue
from apps.music.lyrics import INSTRUMENTAL, MODELS, OPTIMIZER, OWN, check_lyrics, normalise, texts_of

music = catalogue.music
TITLE_CHARACTERS = 120
LONGEST_PROMPT = max(texts.prompt[1] for texts in music.texts.values())
FORMAT_LABELS = {"mp3": "MP3", "wav": "WAV", "pcm": gettext_lazy("PCM, kept as WAV")}


def _choices(numbers: Sequence[int]) -> list[tuple[int, str]]:
    return [(number, str(number)) for number in numbers]


class MusicForm(forms.Form):
    """A song. Field names are MiniMax's own, but for three: `words` says who writes the words, `title` names the song
    here, `remade_from` is the id of the song that this one is a new version of.
    """

    words = forms.ChoiceField(
        label=gettext_lazy("Words"),
        choices=[
            (OWN, gettext_lazy("My lyrics")),
            (OPTIMIZER, gettext_lazy("MiniMax writes")),
            (INSTRUMENTAL, gettext_lazy("Instrumental")),
        ],
        initial=OWN,
        required=False,
    )
    prompt = forms.CharField(
        label=gettext_lazy("Style"), max_length=LONGEST_PROMPT, required=False, widget=forms.Textarea
    )
    lyrics = forms.CharField(label=gettext_lazy("Lyrics"), required=False, strip=False, widget=forms.Textarea)
    title = forms.CharField(label=gettext_lazy("Title"), max_length=TITLE_CHARACTERS, required=False)
    model = forms.ChoiceField(
        label=gettext_lazy("Model"),
        choices=[(model.id, model.label) for model in MODELS.values()],
        initial=music.default_model,
    )
    sample_rate = forms.TypedChoiceField(
        label=gettext_lazy("Sample rate"),
        choices=_choices(music.sample_rates),
        coerce=int,
        empty_value=None,
        initial=music.default_sample_rate,
        required=False,
    )
    bitrate = forms.TypedChoiceField(
        label=gettext_lazy("Bit rate"),
        choices=_choices(music.bitrates),
        coerce=int,
        empty_value=None,
        initial=music.default_bitrate,
        required=False,
    )
    format = forms.ChoiceField(
        label=gettext_lazy("Format"),
        choices=[(name, FORMAT_LABELS.get(name, name)) for name in music.formats],
        initial=music.default_format,
        required=False,
    )
    remade_from = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def clean_prompt(self) -> str:
        return self.cleaned_data["prompt"].replace("\0", "").strip()

    def clean_lyrics(self) -> str:
        return normalise(self.cleaned_data["lyrics"])

    def clean_remade_from(self) -> str:
        return str(self.cleaned_data["remade_from"] or "")

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        for name in ("words", "sample_rate", "bitrate", "format"):  # what was left out
            if name in cleaned and cleaned[name] in (None, ""):
                cleaned[name] = self.fields[name].initial
        model, words = MODELS.get(cleaned.get("model", "")), cleaned.get("words")
        if model is None or words is None:
            return cleaned
        if words == INSTRUMENTAL and not model.instrumental:
            self.add_error("words", _("%(model)s always sings. Choose another model.") % {"model": model.label})
            return cleaned
        if words == OPTIMIZER and not model.lyrics_optimizer:
            self.add_error("words", _("%(model)s writes no words. Choose another model.") % {"model": model.label})
            return cleaned
        self._clean_texts(cleaned, texts_of(model, words)[0])
        if words == OWN and "lyrics" in cleaned:
            for problem in check_lyrics(cleaned["lyrics"], model, words).refusals:
                self.add_error("lyrics", problem.sentence)
        else:
            cleaned["lyrics"] = ""
        if cleaned.get("format") != "mp3":
            cleaned["bitrate"] = None
        cleaned.pop("words")
        return cleaned | {"is_instrumental": words == INSTRUMENTAL, "lyrics_optimizer": words == OPTIMIZER}

    def _clean_texts(self, cleaned: dict[str, Any], limits: tuple[int, ...]) -> None:
        fewest, most = limits
        length = len(cleaned.get("prompt", ""))
        if "prompt" not in cleaned or fewest <= length <= most:
            return
        if length > most:
            sentence = _("The style is too long: this model takes %(most)d characters.") % {"most": most}
        elif fewest == 1:
            sentence = _("Describe the music first: its style, its mood, its instruments.")
        else:
            sentence = ngettext(
                "This model wants at least %(count)d character of style.",
                "This model wants at least %(count)d characters of style.",
                fewest,
            ) % {"count": fewest}
        self.add_error("prompt", ValidationError(sentence))


class LyricsForm(forms.Form):
    """Words to be written or changed."""

    mode = forms.ChoiceField(
        label=gettext_lazy("What to do"),
        choices=[
            (mode, label)
            for mode, label in (
                ("write_full_song", gettext_lazy("Write a whole song")),
                ("edit", gettext_lazy("Change or continue mine")),
            )
            if mode in music.lyrics_writer.modes
        ],
        initial=music.lyrics_writer.modes[0],
    )
    prompt = forms.CharField(
        label=gettext_lazy("Instruction"),
        max_length=music.lyrics_writer.prompt_characters,
        required=False,
        widget=forms.Textarea,
    )
    lyrics = forms.CharField(required=False, strip=False, widget=forms.Textarea)
    title = forms.CharField(label=gettext_lazy("Title"), max_length=TITLE_CHARACTERS, required=False)

    def clean_prompt(self) -> str:
        return self.cleaned_data["prompt"].replace("\0", "").strip()

    def clean_lyrics(self) -> str:
        return normalise(self.cleaned_data["lyrics"])

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        most = music.lyrics_writer.lyrics_characters
        if cleaned.get("mode") != "edit":
            cleaned["lyrics"] = ""
        elif not cleaned.get("lyrics"):
            self.add_error("mode", _("There are no lyrics to change yet."))
        elif len(cleaned["lyrics"]) > most:
            self.add_error("mode", _("These lyrics are too long to be changed: %(most)d at most.") % {"most": most})
        elif not cleaned.get("prompt"):
            self.add_error("prompt", _("Say what is to be changed, or how it goes on."))
        return cleaned
