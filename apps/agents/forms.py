"""What a person may ask for. Which input a template wants comes from the catalogue; every refusal is a sentence."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.agents.gallery import Template, templates_for
from apps.library import uploads
from apps.minimax import catalogue
from apps.workspaces.models import Membership

PICTURE = uploads.Purpose("agents.media", catalogue.video.image)
TEXT_CHARACTERS = catalogue.video.prompt_characters  # nowhere stated for templates: as long as a video's prompt


class TemplateForm(forms.Form):
    """One film of a template. `media` is the id of a picture in the library."""

    template_id = forms.ChoiceField(
        label=gettext_lazy("Template"),
        error_messages={"invalid_choice": gettext_lazy("This template cannot be had on this connection.")},
    )
    media = forms.UUIDField(
        label=gettext_lazy("Picture"),
        required=False,
        error_messages={"invalid": gettext_lazy("This is not the id of a picture in the library.")},
    )
    text = forms.CharField(
        label=gettext_lazy("Text"),
        required=False,
        max_length=TEXT_CHARACTERS,
        widget=forms.TextInput,
    )

    def __init__(self, *args: Any, member: Membership, connection_kind: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member
        self.templates: dict[str, Template] = {each.id: each for each in templates_for(connection_kind)}
        field: Any = self.fields["template_id"]
        field.choices = [(each.id, each.name) for each in self.templates.values()]

    def clean_media(self) -> str:
        return uploads.check_choice(self.member, self.cleaned_data["media"], PICTURE)

    def clean_text(self) -> str:
        return " ".join(self.cleaned_data["text"].replace("\0", "").split())

    def clean(self) -> dict[str, Any]:
        """Leave out what the template does not use, and ask for what it needs."""
        cleaned = self.cleaned_data
        template = self.templates.get(cleaned.get("template_id", ""))
        if template is None:
            return cleaned
        for name, takes in (("media", template.takes_media), ("text", template.takes_text)):
            if not takes:
                cleaned[name] = ""
                self.errors.pop(name, None)
        if template.needs_media and cleaned.get("media") == "":
            self.add_error(
                "media", ValidationError(_("This template needs a picture. %(hint)s.") % {"hint": template.media_hint})
            )
        if template.needs_text and cleaned.get("text") == "":
            self.add_error(
                "text", ValidationError(_("This template needs words. %(hint)s.") % {"hint": template.text_hint})
            )
        picture = uploads.find_picture(self.member, cleaned.get("media"))
        cleaned["subject"] = picture.title if picture else ""
        return cleaned
