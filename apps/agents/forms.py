"""What a person may ask for. Which input a template wants comes from the catalogue; every refusal is a sentence."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.agents.gallery import Template, templates_for
from apps.library import uploads
from apps.library.models import Asset
from apps.minimax import catalogue
from apps.workspaces.models import Membership

PICTURE = uploads.Purpose("agents.picture", catalogue.video.image)
Find = Callable[[Any], Asset | None]
TEXT_CHARACTERS = catalogue.video.prompt_characters  # nowhere stated for templates: as long as a video's prompt


class TemplateForm(forms.Form):
    """One film of a template. `picture` is the id of a picture in the library."""

    template_id = forms.ChoiceField(
        label=gettext_lazy("Template"),
        error_messages={"invalid_choice": gettext_lazy("This template cannot be had on this connection.")},
    )
    picture = forms.UUIDField(
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

    def __init__(
        self, *args: Any, member: Membership, connection_kind: str = "", find: Find | None = None, **kwargs: Any
    ) -> None:
        """`find` looks a picture up by its id; a batch has looked up all of them already."""
        super().__init__(*args, **kwargs)
        self.find: Find = find or partial(uploads.find_picture, member)
        self.templates: dict[str, Template] = {each.id: each for each in templates_for(connection_kind)}
        field: Any = self.fields["template_id"]
        field.choices = [(each.id, each.name) for each in self.templates.values()]

    def clean_picture(self) -> str:
        pk = self.cleaned_data["picture"]
        if pk is None:
            return ""
        asset = self.find(pk)
        if asset is None:
            raise ValidationError(_("This picture is not in the library any more. Choose another one."))
        if sentence := uploads.refusal(PICTURE, asset):
            raise ValidationError(sentence)
        return str(asset.pk)

    def clean_text(self) -> str:
        return " ".join(self.cleaned_data["text"].split())

    def clean(self) -> dict[str, Any]:
        """Leave out what the template does not use, and ask for what it needs."""
        cleaned = self.cleaned_data
        template = self.templates.get(cleaned.get("template_id", ""))
        if template is None:
            return cleaned
        for name, takes in (("picture", template.takes_media), ("text", template.takes_text)):
            if not takes:
                cleaned[name] = ""
                self.errors.pop(name, None)
        if template.needs_media and cleaned.get("picture") == "":
            self.add_error(
                "picture",
                ValidationError(_("This template needs a picture. %(hint)s.") % {"hint": template.media_hint}),
            )
        if template.needs_text and cleaned.get("text") == "":
            self.add_error(
                "text", ValidationError(_("This template needs words. %(hint)s.") % {"hint": template.text_hint})
            )
        picture = self.find(cleaned["picture"]) if cleaned.get("picture") else None
        cleaned["subject"] = picture.title if picture else ""
        return cleaned


class LimitForm(forms.Form):
    """The confirmation of a batch: what it may cost at most, if the person wants a limit."""

    limit_usd = forms.DecimalField(
        label=gettext_lazy("Stop before it costs more than"),
        min_value=Decimal("0.01"),
        max_value=Decimal(1_000_000),
        decimal_places=2,
        required=False,
        error_messages={"invalid": gettext_lazy("Write a sum in dollars, e.g. 12.50.")},
    )

    def __init__(self, *args: Any, price_each: Decimal | None, is_free: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.price_each, self.is_free = price_each, is_free

    def clean_limit_usd(self) -> Decimal | None:
        limit: Decimal | None = self.cleaned_data["limit_usd"]
        if limit is None or self.is_free:
            return None
        if self.price_each is None:
            raise ValidationError(_("The price of this template is not published, so no limit can be kept."))
        if limit < self.price_each:
            raise ValidationError(_("Not even one film costs as little as that."))
        return limit
