"""The studio's own pages as tools of a language model.

Each checks what the model asks with the form of its page, so it can ask for nothing that a person could not. What costs
money waits for a person's word; looking into the library does not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.images.forms import ImageForm
from apps.images.generation import IMAGE
from apps.jobs.kinds import Kind
from apps.library import services as library
from apps.minimax import catalogue
from apps.minimax.chat import Tool
from apps.minimax.text import billed_characters
from apps.music.forms import MusicForm
from apps.music.generation import MUSIC
from apps.music.lyrics import INSTRUMENTAL, OPTIMIZER, OWN
from apps.speech.forms import SpeechForm
from apps.video.forms import VideoForm
from apps.video.generation import VIDEO
from apps.workspaces.models import Membership

FOUND = 8  # assets that one search tells


class InputError(Exception):
    """What the model asked cannot be made. `str(error)` is told to it."""


@dataclass(frozen=True)
class StudioTool:
    """name, description, input_schema: for the model, in English. label, icon: for the person.

    form: a filled form of the page, from the input. kind: of the job that makes it; None: it is spoken live, or, where
    `answer` is given, done at once and free.
    """

    name: str
    label: Any
    icon: str
    description: str
    input_schema: Mapping[str, Any]
    form: Callable[[Membership, Mapping[str, Any]], forms.Form] | None = None
    kind: Kind | None = None
    answer: Callable[[Membership, Mapping[str, Any]], str] | None = None

    @property
    def definition(self) -> Tool:
        return Tool(self.name, self.description, self.input_schema)

    def request(self, member: Membership, given: Mapping[str, Any]) -> dict[str, Any]:
        """The validated request of the page. Raises InputError."""
        assert self.form is not None
        form = self.form(member, given)
        if not form.is_valid():
            raise InputError("; ".join(f"{name}: {errors[0]}" for name, errors in form.errors.items()))
        return form.cleaned_data

    def price(self, request: Mapping[str, Any]) -> Decimal | None:
        """US dollars for a validated request; None: not known."""
        if self.kind:
            return self.kind.price(request)
        return catalogue.price_of_speech(request["model"], billed_characters(request["text"]))


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required}


def _image(member: Membership, given: Mapping[str, Any]) -> forms.Form:
    data = {name: given.get(name) for name in ("prompt", "aspect_ratio", "n")}
    return ImageForm({**data, "model": catalogue.image.default_model}, member=member)


def _music(member: Membership, given: Mapping[str, Any]) -> forms.Form:
    words = INSTRUMENTAL if given.get("instrumental") else OWN if given.get("lyrics") else OPTIMIZER
    data = {name: given.get(name) for name in ("prompt", "lyrics", "title")}
    return MusicForm({**data, "words": words, "model": catalogue.music.default_model})


def _video(member: Membership, given: Mapping[str, Any]) -> forms.Form:
    frame = given.get("first_frame_image")
    data = {name: given.get(name) for name in ("prompt", "duration", "first_frame_image")}
    mode = "i2v" if frame else "t2v"
    return VideoForm({**data, "mode": mode, "model": catalogue.video.models[0].id}, member=member)


def _speech(member: Membership, given: Mapping[str, Any]) -> forms.Form:
    data = {name: given.get(name) for name in ("text", "voice_id", "emotion", "speed")}
    speech = catalogue.speech
    return SpeechForm(
        {name: value for name, value in data.items() if value is not None}
        | {"voice_id": data["voice_id"] or speech.default_voice_id, "model": speech.default_model}
    )


def _search(member: Membership, given: Mapping[str, Any]) -> str:
    found = library.search(member, str(given.get("query", ""))[:200], FOUND)
    rows = [
        {"id": str(asset.pk), "kind": asset.kind, "title": asset.title, "made": asset.created_at.date().isoformat()}
        for asset in found
    ]
    return json.dumps({"found": rows}, ensure_ascii=False)


_TOOLS = [
    StudioTool(
        "search_library",
        _("Search the library"),
        "library",
        "Look for pictures, films, songs and recordings that were made in this studio. Free.",
        _object(["query"], query={"type": "string", "description": "Words of the title or the prompt"}),
        answer=_search,
    ),
    StudioTool(
        "make_image",
        _("Make pictures"),
        "image",
        "Make one or more pictures from a description. The person sees them in the conversation.",
        _object(
            ["prompt"],
            prompt={"type": "string", "maxLength": catalogue.image.prompt_characters},
            aspect_ratio={"type": "string", "enum": list(catalogue.image.aspect_ratios)},
            n={"type": "integer", "minimum": 1, "maximum": int(catalogue.image.n.maximum)},
        ),
        form=_image,
        kind=IMAGE,
    ),
    StudioTool(
        "make_music",
        _("Make a song"),
        "music",
        "Make a song from a style and lyrics with section tags such as [Verse] and [Chorus]; without lyrics they are "
        "written for it, unless it is instrumental.",
        _object(
            ["prompt"],
            prompt={"type": "string", "description": "Style, mood, instruments"},
            lyrics={"type": "string"},
            instrumental={"type": "boolean"},
            title={"type": "string"},
        ),
        form=_music,
        kind=MUSIC,
    ),
    StudioTool(
        "make_video",
        _("Make a video"),
        "clapperboard",
        "Make a short video from a description, optionally beginning with a picture of the library.",
        _object(
            ["prompt"],
            prompt={"type": "string", "maxLength": catalogue.video.prompt_characters},
            duration={"type": "integer", "enum": list(catalogue.video.durations_s), "description": "Seconds"},
            first_frame_image={"type": "string", "description": "Id of a picture from search_library"},
        ),
        form=_video,
        kind=VIDEO,
    ),
    StudioTool(
        "speak",
        _("Speak a text"),
        "audio-lines",
        "Speak a text with a voice. The person hears the recording in the conversation.",
        _object(
            ["text"],
            text={"type": "string", "maxLength": catalogue.speech.max_characters},
            voice_id={"type": "string"},
            emotion={"type": "string", "enum": list(catalogue.speech.emotions)},
        ),
        form=_speech,
    ),
]
TOOLS: dict[str, StudioTool] = {tool.name: tool for tool in _TOOLS}
