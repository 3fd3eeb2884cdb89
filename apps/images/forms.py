"""What a person may ask for. Every limit comes from the catalogue; every refusal is a sentence, and costs nothing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.library import uploads
from apps.library.uploads import Purpose
from apps.minimax import catalogue
from apps.workspaces.models import ConnectionKind, Membership

image = catalogue.image
MODELS = {model.id: model for model in image.models}
REFERENCE = "images.reference"  # the purpose of a picture that is brought
OWN_SIZE = "own"  # in place of an aspect ratio
BY_KIND = {ConnectionKind.MAINLAND: "mainland", ConnectionKind.CUSTOM: ""}


def models_for(connection_kind: str) -> list[Any]:
    """The models that can be had there; all of them at an address of one's own, which may lead anywhere."""
    region = BY_KIND.get(ConnectionKind(connection_kind), "global") if connection_kind else "global"
    return [model for model in image.models if not region or region in model.regions]


class ImageForm(forms.Form):
    """Pictures of one prompt. Field names are MiniMax's own; `reference` is the id of a picture in the library."""

    prompt = forms.CharField(
        label=gettext_lazy("Prompt"),
        max_length=image.prompt_characters,
        widget=forms.Textarea,
        error_messages={"required": gettext_lazy("Describe the picture first.")},
    )
    model = forms.ChoiceField(label=gettext_lazy("Model"), initial=image.default_model)
    aspect_ratio = forms.ChoiceField(
        label=gettext_lazy("Shape"),
        choices=[(ratio, ratio) for ratio in image.aspect_ratios] + [(OWN_SIZE, gettext_lazy("Own size"))],
        initial=image.default_aspect_ratio,
        required=False,
    )
    width = forms.IntegerField(
        label=gettext_lazy("Width"),
        min_value=int(image.side_px.minimum),
        max_value=int(image.side_px.maximum),
        required=False,
    )
    height = forms.IntegerField(
        label=gettext_lazy("Height"),
        min_value=int(image.side_px.minimum),
        max_value=int(image.side_px.maximum),
        required=False,
    )
    n = forms.IntegerField(
        label=gettext_lazy("How many"),
        min_value=int(image.n.minimum),
        max_value=int(image.n.maximum),
        initial=int(image.n.default),
        required=False,
    )
    seed = forms.IntegerField(
        label=gettext_lazy("Seed"),
        min_value=int(image.seed.minimum),
        max_value=int(image.seed.maximum),
        required=False,
        widget=forms.TextInput,
    )
    prompt_optimizer = forms.BooleanField(
        label=gettext_lazy("Let MiniMax improve the prompt"), initial=image.prompt_optimizer_default, required=False
    )
    style_type = forms.ChoiceField(
        label=gettext_lazy("Style"),
        choices=[
            ("", gettext_lazy("None")),
            *((name, gettext_lazy(label)) for name, label in image.style_types.items()),
        ],
        required=False,
    )
    style_weight = forms.FloatField(
        label=gettext_lazy("Strength of the style"),
        min_value=image.style_weight.minimum,
        max_value=image.style_weight.maximum,
        initial=image.style_weight.default,
        required=False,
    )
    reference = forms.UUIDField(label=gettext_lazy("Reference picture"), required=False)

    def __init__(self, *args: Any, member: Membership, connection_kind: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member
        self.models = models_for(connection_kind)
        model: Any = self.fields["model"]
        model.choices = [(each.id, each.label) for each in self.models]

    def clean_prompt(self) -> str:
        return self.cleaned_data["prompt"].replace("\0", "")

    def clean_reference(self) -> str:
        pk = self.cleaned_data["reference"]
        return uploads.check_choice(self.member, pk, Purpose(REFERENCE, image.reference))

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        for name in ("n", "aspect_ratio", "style_weight"):  # what was left out
            if name in cleaned and cleaned[name] in (None, ""):
                cleaned[name] = self.fields[name].initial
        model = MODELS.get(cleaned.get("model", ""))
        if model is None:
            return cleaned
        self._clean_size(cleaned, model)
        if not model.styles:
            cleaned["style_type"] = ""
        if not cleaned.get("style_type"):
            cleaned["style_weight"] = None
        return cleaned

    def _clean_size(self, cleaned: dict[str, Any], model: Any) -> None:
        """Either a ratio, or width and height: MiniMax's own pages disagree on which of them wins."""
        ratio = cleaned.get("aspect_ratio", "")
        if ratio != OWN_SIZE:
            cleaned["width"] = cleaned["height"] = None
            for name in ("width", "height"):  # not in force, so not worth a complaint
                self.errors.pop(name, None)
            if ratio in model.without_ratios:
                self._refuse("aspect_ratio", _("%(model)s does not make this shape.") % {"model": model.label})
            return
        if not model.own_size:
            self._refuse(
                "aspect_ratio", _("%(model)s takes no size of your own. Choose a shape.") % {"model": model.label}
            )
            return
        step = int(image.side_px.step)
        for name in ("width", "height"):
            if name not in cleaned:
                continue
            if cleaned[name] is None:
                self._refuse(name, _("Say how many pixels: width and height go together."))
            elif cleaned[name] % step:
                self._refuse(
                    name,
                    _("MiniMax takes steps of %(step)d pixels, e.g. %(near)d.")
                    % {"step": step, "near": _nearest(cleaned[name], step)},
                )

    def _refuse(self, field: str, sentence: str) -> None:
        self.add_error(field, ValidationError(sentence))


def _nearest(pixels: int, step: int) -> int:
    low, high = int(image.side_px.minimum), int(image.side_px.maximum)
    return min(high, max(low, round(pixels / step) * step))
