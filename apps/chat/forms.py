"""What a person may ask for. Every limit comes from the catalogue; every refusal is a sentence, and costs nothing."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.chat.models import TITLE_LENGTH, Folder
from apps.chat.own import OWN, read_key
from apps.chat.tools import TOOLS
from apps.library import uploads
from apps.minimax import catalogue
from apps.minimax.catalogue.schema import PictureRules

chat = catalogue.chat
PICTURE = uploads.Purpose(
    "chat.image",
    PictureRules(
        types=chat.image_types,
        extensions=tuple(kind.partition("/")[2] for kind in chat.image_types),
        below_bytes=chat.max_image_bytes,
    ),
)
DEFAULT_MODEL = "MiniMax-M3"
TEXT_CHARACTERS = 400_000  # of one message; the body as a whole is limited by the catalogue
SYSTEM_CHARACTERS = 100_000
MAX_TOKENS = 16_384  # to begin with: long answers fit, and a mistake costs two cents
FILES = 10
FILE_CHARACTERS = 400_000
IMAGES = 8
FUNCTIONS = 20
SURFACES = [("anthropic", gettext_lazy("Anthropic-compatible")), ("openai", gettext_lazy("OpenAI-compatible"))]
FUNCTION_NAME = re.compile(r"[A-Za-z_][\w-]{0,63}\Z", re.ASCII)


class ChatForm(forms.Form):
    """The settings of one turn. Field names are MiniMax's own."""

    # Which models there are depends on the workspace's connections: see `own.fit`.
    model = forms.CharField(label=gettext_lazy("Model"), max_length=130, initial=DEFAULT_MODEL)
    surface = forms.ChoiceField(label=gettext_lazy("Surface"), choices=SURFACES, initial="anthropic", required=False)
    system = forms.CharField(
        label=gettext_lazy("System prompt"), max_length=SYSTEM_CHARACTERS, required=False, widget=forms.Textarea
    )
    temperature = forms.FloatField(
        label=gettext_lazy("Temperature"),
        min_value=chat.temperature.minimum,
        max_value=chat.temperature.maximum,
        initial=chat.temperature.default,
        required=False,
    )
    top_p = forms.FloatField(
        label=gettext_lazy("Top p"), min_value=chat.top_p.minimum, max_value=chat.top_p.maximum, required=False
    )
    max_tokens = forms.IntegerField(
        label=gettext_lazy("Longest reply"), min_value=1, initial=MAX_TOKENS, required=False
    )
    thinking = forms.BooleanField(label=gettext_lazy("Think first"), initial=True, required=False)
    service_tier = forms.ChoiceField(
        label=gettext_lazy("Service tier"), choices=[(tier, tier) for tier in chat.service_tiers], required=False
    )
    tools = forms.MultipleChoiceField(
        label=gettext_lazy("Tools of the studio"),
        choices=[(tool.name, tool.label) for tool in TOOLS.values()],
        required=False,
    )
    functions = forms.JSONField(label=gettext_lazy("Functions"), required=False)

    def clean_surface(self) -> str:
        return self.cleaned_data["surface"] or "anthropic"

    def clean_functions(self) -> list[dict[str, Any]]:
        """A list of {name, description, input_schema}."""
        functions = self.cleaned_data["functions"] or []
        if not isinstance(functions, list) or len(functions) > FUNCTIONS:
            raise ValidationError(_("Give up to %(count)d functions.") % {"count": FUNCTIONS})
        cleaned = [_clean_function(function) for function in functions]
        if len({function["name"] for function in cleaned}) < len(cleaned):
            raise ValidationError(_("Two functions have the same name."))
        return cleaned

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["model"], cleaned["server"] = read_key(cleaned.get("model", ""))
        model = None if cleaned["server"] == OWN else chat.models.get(cleaned["model"])
        if model is None:
            cleaned["max_tokens"] = cleaned.get("max_tokens") or MAX_TOKENS
            self._check_names(cleaned)
            return cleaned
        if cleaned.get("surface") not in model.surfaces:
            cleaned["surface"] = model.surfaces[0]
        cleaned["max_tokens"] = min(cleaned.get("max_tokens") or MAX_TOKENS, model.max_output_tokens)
        if model.thinking != "switchable":
            cleaned["thinking"] = model.thinking == "always"
        self._check_names(cleaned)
        if "tools" not in model.inputs:
            cleaned["tools"] = []
        if cleaned.get("functions") and "tools" not in model.inputs:
            self.add_error("functions", _("%(model)s takes no tools.") % {"model": model.label})
        return cleaned

    def _check_names(self, cleaned: dict[str, Any]) -> None:
        taken = {*cleaned.get("tools", ())} & {each["name"] for each in cleaned.get("functions") or ()}
        if taken:
            self.add_error("functions", _("“%(name)s” is a tool of the studio.") % {"name": min(taken)})


def _clean_function(function: Any) -> dict[str, Any]:
    if not isinstance(function, dict) or not FUNCTION_NAME.match(str(function.get("name", ""))):
        raise ValidationError(_("A function needs a name of letters, digits, _ and -."))
    schema = function.get("input_schema")
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise ValidationError(
            _("The input of “%(name)s” must be a JSON schema of the type “object”.") % {"name": function["name"]}
        )
    return {
        "name": function["name"],
        "description": str(function.get("description", ""))[:4000],
        "input_schema": schema,
    }


class AttachmentsField(forms.JSONField):
    """`[{"name", "text"} | {"asset"}]`: text files as the browser read them, pictures from the library."""

    def clean(self, value: Any) -> list[dict[str, Any]]:
        given = super().clean(value) or []
        if not isinstance(given, list):
            raise ValidationError(_("The attachments could not be read."))
        files = [item for item in given if isinstance(item, dict) and isinstance(item.get("text"), str)]
        images = [item for item in given if isinstance(item, dict) and isinstance(item.get("asset"), str)]
        if len(files) + len(images) < len(given):
            raise ValidationError(_("The attachments could not be read."))
        if len(files) > FILES or len(images) > IMAGES:
            raise ValidationError(
                _("Attach up to %(files)d files and %(images)d pictures.") % {"files": FILES, "images": IMAGES}
            )
        if any(len(item["text"]) > FILE_CHARACTERS for item in files):
            raise ValidationError(_("A file may have up to %(count)s characters.") % {"count": f"{FILE_CHARACTERS:,}"})
        return given


class SayForm(forms.Form):
    """What a person says: words, files, pictures, or all of them."""

    text = forms.CharField(max_length=TEXT_CHARACTERS, required=False, strip=False)
    attachments = AttachmentsField(required=False)

    def clean_text(self) -> str:
        return self.cleaned_data["text"].replace("\r\n", "\n").strip()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not cleaned.get("text") and not cleaned.get("attachments"):
            raise ValidationError(_("Write something first."))
        return cleaned


class TitleForm(forms.Form):
    title = forms.CharField(label=gettext_lazy("Title"), max_length=TITLE_LENGTH)


class FolderForm(forms.ModelForm):
    class Meta:
        model = Folder
        fields = ["name"]
