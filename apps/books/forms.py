from __future__ import annotations

from pathlib import PurePath
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.books.formats import FORMATS, LOUDNESS_LUFS
from apps.books.wishes import DEFAULTS, FIXED
from apps.library import uploads
from apps.minimax import catalogue
from apps.minimax.catalogue.schema import PictureRules
from apps.speech.forms import SharedFields, SpeechForm
from apps.workspaces.models import Membership
from apps.workspaces.storable import UNSTORABLE

MOST_CHARACTERS = catalogue.speech.long_text.max_file_characters
MOST_BYTES = 64 * 1024 * 1024  # a book with its pictures
ENDINGS = (".txt", ".text", ".md", ".docx", ".epub", ".pdf")
MOST_PAUSE_MS = 10_000
COVER = uploads.Purpose(
    "books.cover",
    PictureRules(types=("image/jpeg", "image/png"), extensions=("jpg", "jpeg", "png"), below_bytes=8 << 20),
)


class SettingsForm(SpeechForm):
    """How a book sounds: the settings of live speech that long speech has too. What is fixed is left out afterwards."""

    def __init__(self, *args: Any, is_new: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_new:
            self.fields = {name: field for name, field in self.fields.items() if name not in FIXED}

    def clean_voice_id(self) -> str:
        voice_id = super().clean_voice_id()
        if not voice_id:
            raise ValidationError(_("Choose a voice."))
        return voice_id

    def settings(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.fields if name in DEFAULTS}


SettingsForm.base_fields = SharedFields({name: SpeechForm.base_fields[name] for name in DEFAULTS})


class BookForm(SettingsForm):
    """A new book: a text or a document, what it is called, and how it is to sound."""

    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Left empty, the document's own."),
    )
    text = forms.CharField(label=gettext_lazy("Text"), required=False, strip=False)
    document = forms.FileField(label=gettext_lazy("Document"), required=False, allow_empty_file=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, is_new=True, **kwargs)

    def clean_title(self) -> str:
        return UNSTORABLE.sub("", self.cleaned_data["title"]).strip()

    def clean_text(self) -> str:
        text = self.cleaned_data["text"].replace("\r\n", "\n").replace("\r", "\n")
        if len(text) > MOST_CHARACTERS:
            raise ValidationError(
                _("The text is %(count)s characters long; a book may have up to %(most)s."),
                params={"count": f"{len(text):,}", "most": f"{MOST_CHARACTERS:,}"},
            )
        return text

    def clean_document(self) -> Any:
        document = self.cleaned_data["document"]
        if document is None:
            return None
        if PurePath(document.name).suffix.lower() not in ENDINGS:
            raise ValidationError(_("This is none of TXT, DOCX, EPUB and PDF."))
        if not document.size:
            raise ValidationError(_("This file is empty."))
        if document.size > MOST_BYTES:
            raise ValidationError(_("This file is too large. Split it, or bring its text alone."))
        return document

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if "text" in cleaned and "document" in cleaned and not cleaned["document"] and not cleaned["text"].strip():
            self.add_error("text", ValidationError(_("Paste a text, or choose a document.")))
        return cleaned

    def _clean_text_for_model(self, text: str, model: str) -> None:
        """A book is looked at sentence by sentence, on its own page, before it is made."""


BookForm.base_fields = SharedFields(
    {name: BookForm.base_fields[name] for name in ("title", "text", "document", *DEFAULTS)}
)


class WordsForm(forms.Form):
    """What a book is called and how it looks."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    author = forms.CharField(label=gettext_lazy("Author"), max_length=200, required=False)
    cover = forms.UUIDField(label=gettext_lazy("Cover"), required=False)

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member

    def clean_cover(self) -> str:
        return uploads.check_choice(self.member, self.cleaned_data["cover"], COVER)


class PausesForm(forms.Form):
    pause_ms = forms.IntegerField(
        label=gettext_lazy("Pause between voices"),
        min_value=0,
        max_value=MOST_PAUSE_MS,
        widget=forms.NumberInput(attrs={"step": "50"}),
        help_text=gettext_lazy("Wherever sounds meet that were made apart; twice as long at the end of a paragraph."),
    )
    chapter_pause_ms = forms.IntegerField(
        label=gettext_lazy("Pause between chapters"),
        min_value=0,
        max_value=MOST_PAUSE_MS,
        widget=forms.NumberInput(attrs={"step": "100"}),
    )
    marks_speakers = forms.BooleanField(required=False)


class SentenceForm(forms.Form):
    """Who says a sentence, and how long it is quiet afterwards."""

    speaker = forms.CharField(max_length=100, required=False)
    pause_ms = forms.IntegerField(min_value=0, max_value=MOST_PAUSE_MS, required=False)

    def clean_speaker(self) -> str:
        return UNSTORABLE.sub("", self.cleaned_data["speaker"]).strip()


class EditionForm(forms.Form):
    chapter = forms.UUIDField(required=False)
    format = forms.ChoiceField(choices=[(name, each.label) for name, each in FORMATS.items()])
    loudness = forms.TypedChoiceField(
        choices=[("", ""), *((str(lufs), str(lufs)) for lufs in LOUDNESS_LUFS)],
        coerce=float,
        required=False,
        empty_value=None,
    )
