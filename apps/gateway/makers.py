"""What the API makes: each through the form of its page, so that nothing is asked for that a person could not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from apps.agents.forms import TemplateForm
from apps.agents.generation import AGENT
from apps.gateway.api import ApiError
from apps.images.forms import ImageForm
from apps.images.generation import IMAGE
from apps.jobs.kinds import Kind
from apps.music.forms import LyricsForm, MusicForm
from apps.music.generation import LYRICS, MUSIC
from apps.speech.forms import SpeechForm
from apps.video.forms import VideoForm
from apps.video.generation import VIDEO
from apps.workspaces.connections import situation_of
from apps.workspaces.models import Membership

SPEECH = "speech"
Build = Callable[[Membership, Mapping[str, Any] | None], forms.BaseForm]


@dataclass(frozen=True)
class Maker:
    """`build`: the form, filled with data or empty. `kind`: of the job; None: it is spoken live."""

    label: str | Promise
    build: Build
    kind: Kind | None = None

    def fields(self, member: Membership) -> Iterable[tuple[str, forms.Field]]:
        return self.build(member, None).fields.items()

    def request(self, member: Membership, given: Mapping[str, Any]) -> dict[str, Any]:
        """A valid request; what was left out is as on the page. Raises ApiError (422)."""
        fields = dict(self.fields(member))
        if unknown := sorted(set(given) - set(fields)):
            sentence = _("There is no such setting.")
            raise ApiError(422, "invalid", sentence, fields={name: [sentence] for name in unknown})
        usual = {name: field.initial() if callable(field.initial) else field.initial for name, field in fields.items()}
        form = self.build(member, {name: value for name, value in usual.items() if value is not None} | dict(given))
        if not form.is_valid():
            faults = {name: [str(fault) for fault in found] for name, found in form.errors.items()}
            message = next(iter(faults.values()))[0]
            raise ApiError(422, "invalid", message, fields=faults)
        return form.cleaned_data


def _image(member: Membership, data: Mapping[str, Any] | None) -> forms.BaseForm:
    return ImageForm(data, member=member, connection_kind=situation_of(member).kind)


def _video(member: Membership, data: Mapping[str, Any] | None) -> forms.BaseForm:
    """What was left out of model, resolution and duration is the nearest that the page would set."""
    if data is None:
        return VideoForm(member=member)
    nearest = VideoForm(initial=dict(data), member=member).mix
    usual = {"model": nearest.model, "resolution": nearest.resolution, "duration": nearest.duration or ""}
    return VideoForm(usual | dict(data), member=member)


def _agent(member: Membership, data: Mapping[str, Any] | None) -> forms.BaseForm:
    return TemplateForm(data, member=member, connection_kind=situation_of(member).kind)


def offered() -> dict[str, Maker]:
    makers = {
        SPEECH: Maker(_("Speech"), lambda _member, data: SpeechForm(data)),
        IMAGE.name: Maker(IMAGE.label, _image, IMAGE),
        VIDEO.name: Maker(VIDEO.label, _video, VIDEO),
        AGENT.name: Maker(AGENT.label, _agent, AGENT),
    }
    if settings.MUSIC:
        makers |= {
            MUSIC.name: Maker(MUSIC.label, lambda _member, data: MusicForm(data), MUSIC),
            LYRICS.name: Maker(LYRICS.label, lambda _member, data: LyricsForm(data), LYRICS),
        }
    return makers


def find(name: str) -> Maker:
    """Raises ApiError (422)."""
    found = offered().get(name)
    if found is None:
        sentence = _("Choose one of the kinds that /kinds lists.")
        raise ApiError(422, "invalid", sentence, fields={"kind": [sentence]})
    return found
