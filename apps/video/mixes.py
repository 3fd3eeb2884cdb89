"""What goes together. One table, the catalogue's, decides what the form offers and what the server takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.minimax import catalogue

video = catalogue.video
MODELS = {model.id: model for model in video.models}
MODES = {
    "t2v": gettext_lazy("From words"),
    "i2v": gettext_lazy("First frame"),
    "fl2v": gettext_lazy("First and last frame"),
    "s2v": gettext_lazy("Person"),
}
ABOUT = {
    "MiniMax-Hailuo-2.3": gettext_lazy("Follows the prompt best; bodies, faces and physics move as they should."),
    "MiniMax-Hailuo-2.3-Fast": gettext_lazy("Sooner and cheaper, from a picture."),
    "MiniMax-Hailuo-02": gettext_lazy("Also from a first to a last frame, and small at 512P."),
    "S2V-01": gettext_lazy("Keeps the face of one person."),
}
FIELDS = {mode.id: {*mode.required, *mode.optional} for mode in video.modes}  # what MiniMax takes in each mode
REQUIRED = {mode.id: {*mode.required} for mode in video.modes}
PICTURES = ("first_frame_image", "last_frame_image", "subject_reference")


@dataclass(frozen=True)
class Mix:
    """What is set. A resolution of "" and a duration of 0: the model decides."""

    mode: str
    model: str
    resolution: str
    duration: int  # seconds
    fast_pretreatment: bool = False


@dataclass(frozen=True)
class Choice:
    """One thing that could be set instead. `why_not` is a sentence; empty: it can be had now."""

    value: str
    label: str
    is_set: bool
    why_not: str


def rows_of(mode: str, model: str) -> dict[str, tuple[int, ...]]:
    """Resolution → durations. Empty where the model decides, or does not do this at all."""
    return {row.resolution: row.durations for row in video.mixes.get(mode, {}).get(model, ())}


def settle(
    mode: str = "", model: str = "", resolution: str = "", duration: int = 0, fast_pretreatment: bool = False
) -> Mix:
    """The legal mix that is nearest to what is wanted: the mode stands, then the model, the resolution, the length."""
    mode = mode if mode in video.mixes else next(iter(video.mixes))
    if model not in video.mixes[mode]:
        model = min(video.models_for(mode), key=lambda each: not MODELS[each].current)
    rows = rows_of(mode, model)
    if not rows:
        return Mix(mode, model, "", 0)
    if resolution not in rows:
        resolution = next(iter(rows))
    if duration not in rows[resolution]:
        duration = rows[resolution][0]
    mix = Mix(mode, model, resolution, duration, fast_pretreatment)
    return replace(mix, fast_pretreatment=fast_pretreatment and not why_not_fast(mix))


# --- why something is off ---------------------------------------------------------------------------------------------


def why_not_model(mode: str, model: str) -> str:
    if model in video.mixes[mode]:
        return ""
    elsewhere = [str(MODES[each]) for each, table in video.mixes.items() if model in table]
    return _("%(model)s is for: %(modes)s.") % {"model": MODELS[model].label, "modes": ", ".join(elsewhere)}


def why_not_resolution(mix: Mix, resolution: str) -> str:
    rows = rows_of(mix.mode, mix.model)
    if mix.duration in rows.get(resolution, ()):
        return ""
    if resolution in rows:
        return _("%(resolution)s is made at %(seconds)s s only. Choose that length first.") % {
            "resolution": resolution,
            "seconds": _listed(rows[resolution]),
        }
    makers = [(mode, model) for mode, model in _makers(resolution) if MODELS[model].current]
    if len(makers) == 1:
        mode, model = makers[0]
        return _("%(resolution)s is made by %(model)s only, in the mode “%(mode)s”.") % {
            "resolution": resolution,
            "model": MODELS[model].label,
            "mode": MODES[mode],
        }
    return _("%(model)s does not make %(resolution)s here.") % {
        "model": MODELS[mix.model].label,
        "resolution": resolution,
    }


def why_not_duration(mix: Mix, duration: int) -> str:
    rows = rows_of(mix.mode, mix.model)
    if duration in rows.get(mix.resolution, ()):
        return ""
    possible = [resolution for resolution, durations in rows.items() if duration in durations]
    if possible:
        return _("%(seconds)s s is not made at %(resolution)s. Choose %(possible)s first.") % {
            "seconds": duration,
            "resolution": mix.resolution,
            "possible": _listed(possible),
        }
    return _("%(model)s does not make %(seconds)s s here.") % {"model": MODELS[mix.model].label, "seconds": duration}


def why_not_fast(mix: Mix) -> str:
    if mix.model not in video.fast_pretreatment_models:
        return _("%(model)s has no quick preparation.") % {"model": MODELS[mix.model].label}
    if "fast_pretreatment" not in FIELDS[mix.mode]:
        return _("There is no quick preparation in the mode “%(mode)s”.") % {"mode": MODES[mix.mode]}
    return ""


def why_no_camera(model: str) -> str:
    if model in video.camera_models:
        return ""
    return _("%(model)s does not obey camera commands.") % {"model": MODELS[model].label}


def _makers(resolution: str) -> Iterator[tuple[str, str]]:
    for mode, table in video.mixes.items():
        for model, rows in table.items():
            if any(row.resolution == resolution for row in rows):
                yield mode, model


def _listed(values: Iterable[object]) -> str:
    return _(" or ").join(str(value) for value in values)


# --- what the page offers ---------------------------------------------------------------------------------------------


def model_choices(mix: Mix) -> list[Choice]:
    """Those of today first; older ones only where they do something."""
    shown = [each for each in video.models if each.current or each.id in video.mixes[mix.mode]]
    choices = [Choice(each.id, each.label, each.id == mix.model, why_not_model(mix.mode, each.id)) for each in shown]
    return sorted(choices, key=lambda choice: (bool(choice.why_not), not MODELS[choice.value].current))


def resolution_choices(mix: Mix) -> list[Choice]:
    """None where the model decides."""
    if not rows_of(mix.mode, mix.model):
        return []
    return [Choice(each, each, each == mix.resolution, why_not_resolution(mix, each)) for each in video.resolutions]


def duration_choices(mix: Mix) -> list[Choice]:
    if not rows_of(mix.mode, mix.model):
        return []
    return [
        Choice(str(each), _("%(seconds)d s") % {"seconds": each}, each == mix.duration, why_not_duration(mix, each))
        for each in video.durations_s
    ]
