"""What goes over the wire. Money is a decimal number of US dollars as text, times are ISO 8601 with a zone."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from ninja import Schema
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from apps.workspaces.storable import storable

Usd = Annotated[Decimal, PlainSerializer(lambda value: f"{value:.6f}", return_type=str)]
Words = Annotated[str, BeforeValidator(storable), Field(max_length=300)]


def _plain(settings: dict[str, Any]) -> dict[str, Any]:
    """Numbers as text: the forms of the pages read what a browser would send."""
    return {
        name: str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
        for name, value in storable(settings).items()
    }


Part = dict[str, str | int | float]  # of a list, such as a voice of a mix
Setting = str | bool | int | float | list[Annotated[str, Field(max_length=300)]] | list[Part] | None
Settings = Annotated[dict[Annotated[str, Field(max_length=60)], Setting], AfterValidator(_plain)]
Tag = Annotated[str, BeforeValidator(storable), Field(min_length=1, max_length=60)]


class Fault(Schema):
    code: str
    message: str
    fields: dict[str, list[str]] = {}


class Refusal(Schema):
    error: Fault


class Me(Schema):
    workspace: str
    workspace_name: str
    name: str
    role: str
    scopes: list[str]
    token: str
    expires_at: datetime | None


class SettingSchema(Schema):
    """One setting of a kind of work, as its form on the page has it."""

    name: str
    label: str
    required: bool
    default: Any = None
    choices: list[str] | None = None
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None


class KindSchema(Schema):
    kind: str
    label: str
    settings: list[SettingSchema]


class VoiceSchema(Schema):
    voice_id: str  # as `voice_id` among the settings of speech takes it
    name: str
    language: str
    gender: str
    group: str


class VoicePage(Schema):
    items: list[VoiceSchema]
    total: int
    next: str | None


class AssetSchema(Schema):
    id: uuid.UUID
    kind: str
    title: str
    text: str
    model: str
    voice_id: str
    settings: dict[str, Any]
    content_type: str
    size: int
    sha256: str
    duration_s: float | None
    status: str
    rating: int
    note: str
    tags: list[str]
    cost_usd: Usd | None
    trace_id: str
    created_at: datetime
    created_by: str
    file: str  # where its bytes are
    page: str  # for people who are signed in


class AssetPage(Schema):
    items: list[AssetSchema]
    next: str | None


class AssetChange(Schema):
    """What is left out stays as it is."""

    title: Annotated[str, BeforeValidator(storable), Field(min_length=1, max_length=200)] | None = None
    note: Annotated[str, BeforeValidator(storable), Field(max_length=5000)] | None = None
    rating: Annotated[int, Field(ge=0, le=5)] | None = None
    add_tags: Annotated[list[Tag], Field(max_length=20)] = []
    remove_tags: Annotated[list[Tag], Field(max_length=20)] = []


class Order(Schema):
    """What is to be made: a kind of /kinds, and its settings. What is left out is as on the page."""

    kind: Annotated[str, Field(max_length=20)]
    settings: Settings


class SpeechOrder(Schema):
    settings: Settings


class Estimate(Schema):
    usd: Usd | None  # null: not known before
    is_free: bool


class LyricsSchema(Schema):
    title: str
    style: str  # ready to be the prompt of a song
    lyrics: str


class JobSchema(Schema):
    id: uuid.UUID
    kind: str
    title: str
    status: str
    notice: str
    error: str
    next_step: str
    charged: str
    estimate_usd: Usd | None
    cost_usd: Usd | None
    created_at: datetime
    finished_at: datetime | None
    created_by: str
    percent: int | None
    assets: list[uuid.UUID]
    lyrics: LyricsSchema | None  # of a job that wrote some


class JobPage(Schema):
    items: list[JobSchema]
    next: str | None


class TakeSchema(Schema):
    id: uuid.UUID
    status: str
    error: str
    next_step: str
    charged: str
    estimate_usd: Usd | None
    cost_usd: Usd | None
    first_audio_ms: int | None
    received_ms: int
    created_at: datetime
    finished_at: datetime | None
    asset: uuid.UUID | None


class LineSchema(Schema):
    label: str
    acts: int
    usd: Usd
    estimate_usd: Usd


class UsageSchema(Schema):
    month: date
    usd: Usd
    estimate_usd: Usd
    acts: int
    unknown: int  # acts of unknown cost
    by_kind: list[LineSchema]
    by_model: list[LineSchema]
    by_person: list[LineSchema]
    by_day: list[LineSchema]
