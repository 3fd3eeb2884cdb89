"""The shapes of the catalogue. A file in data/ that does not fit stops us at the first look at that section."""

# No `from __future__ import annotations` here: pydantic would have to compile 300 strings at start.

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator


class Shape(BaseModel):
    # defer_build: a process builds only the shapes of the sections it looks at
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Section(Shape):
    as_of: date
    source: str


class Range(Shape):
    """What a number field accepts. `above`: the wire excludes this value; a form starts at `minimum`."""

    minimum: int | float
    maximum: int | float
    default: int | float
    step: int | float
    above: int | float | None = None

    @model_validator(mode="after")
    def default_lies_inside(self) -> Self:
        if not self.minimum <= self.default <= self.maximum:
            raise ValueError("the default lies outside the range")
        return self

    def __contains__(self, value: float) -> bool:
        lower = value >= self.minimum if self.above is None else value > self.above
        return lower and value <= self.maximum


class Language(Shape):
    name: str  # as `language_boost` spells it
    label: str
    native: str
    code: str  # BCP 47


class Languages(Section):
    auto: Language
    languages: tuple[Language, ...]


# --- speech -----------------------------------------------------------------------------------------------------------


class AudioFormat(Shape):
    label: str
    extension: str
    media_type: str
    bitrate: bool = False  # whether `bitrate` matters
    effects: bool = False  # whether voice_modify is allowed in one answer
    effects_streaming: bool = False  # ... and in a stream
    sample_rates: tuple[int, ...] = ()  # filled in by the section: all of them unless stated


class SpeechFamily(Shape):
    emotions: tuple[str, ...]
    sound_tags: tuple[str, ...] = ()
    async_sound_tags: tuple[str, ...] = ()
    continuous_sound: bool = False
    languages_without: tuple[str, ...] = ()


class SpeechModelRow(Shape):
    id: str
    label: str
    description: str
    family: str
    current: bool = True


class SpeechModel(Shape):
    id: str
    label: str
    description: str
    family: str
    current: bool
    emotions: tuple[str, ...]
    sound_tags: tuple[str, ...]
    async_sound_tags: tuple[str, ...]  # also understood by long text and cloning demos
    languages: tuple[str, ...]  # names, without "auto"
    continuous_sound: bool  # WebSocket only
    price_per_million: Decimal | None  # USD per million billed characters; None: not published

    @property
    def language_boosts(self) -> tuple[str, ...]:
        return ("auto", *self.languages)


class Slider(Range):
    label: str
    low: str  # what the low end sounds like
    high: str


class VoiceModifyRanges(Shape):
    pitch: Slider
    intensity: Slider
    timbre: Slider


class TimbreWeights(Shape):
    max_items: PositiveInt
    weight: Range


class AudioRules(Shape):
    formats: tuple[str, ...]
    max_bytes: PositiveInt
    minimum_s: float = 0
    maximum_s: float


class LongText(Shape):
    max_characters: PositiveInt
    max_file_characters: PositiveInt
    file_formats: tuple[str, ...]
    default_channel: int
    opus_sample_rates: tuple[int, ...]
    queries_per_second: PositiveInt
    statuses: tuple[str, ...]


class Cloning(Shape):
    sample: AudioRules
    prompt_audio: AudioRules
    voice_id_pattern: str
    demo_characters: PositiveInt
    text_validation_characters: PositiveInt
    accuracy: Range
    kept_unused_hours: PositiveInt


class Design(Shape):
    preview_characters: PositiveInt
    recommended_model: str
    kept_unused_hours: PositiveInt


class SpeechFile(Section):
    max_characters: PositiveInt
    streaming_advised_above: PositiveInt
    max_invisible_ratio: float
    websocket_idle_s: PositiveInt
    default_model: str
    default_voice_id: str
    sample_rates: tuple[int, ...]
    default_sample_rate: int
    bitrates: tuple[int, ...]
    default_bitrate: int
    channels: tuple[int, ...]
    default_channel: int
    default_format: str
    output_formats: tuple[str, ...]
    subtitle_types: tuple[str, ...]
    accepted_emotions: tuple[str, ...]
    speed: Range
    vol: Range
    pitch: Range
    voice_modify: VoiceModifyRanges
    sound_effects: Mapping[str, str]  # name → label
    timbre_weights: TimbreWeights
    pause: Range  # seconds in <#x#>
    emotions: Mapping[str, str]  # name → label
    sound_tags: Mapping[str, str]  # name → label
    formats: Mapping[str, AudioFormat]
    long_text: LongText
    cloning: Cloning
    design: Design


class SpeechSource(SpeechFile):
    """speech.toml as it is written: models point at families."""

    families: Mapping[str, SpeechFamily]
    models: tuple[SpeechModelRow, ...]

    @model_validator(mode="after")
    def names_exist(self) -> Self:
        for family in self.families.values():
            unknown = {*family.emotions} - {*self.emotions}
            unknown |= {*family.sound_tags, *family.async_sound_tags} - {*self.sound_tags}
            if unknown:
                raise ValueError(f"without a label: {sorted(unknown)}")
        if self.default_model not in {model.id for model in self.models}:
            raise ValueError("default_model is not among the models")
        if self.default_format not in self.formats or self.default_sample_rate not in self.sample_rates:
            raise ValueError("a default is not among the choices")
        return self


class Speech(SpeechFile):
    models: Mapping[str, SpeechModel]
    languages: tuple[str, ...]  # names, without "auto"

    @property
    def language_boosts(self) -> tuple[str, ...]:
        return ("auto", *self.languages)

    @property
    def effect_formats(self) -> tuple[str, ...]:
        return tuple(name for name, audio in self.formats.items() if audio.effects)

    @property
    def effect_formats_streaming(self) -> tuple[str, ...]:
        return tuple(name for name, audio in self.formats.items() if audio.effects_streaming)

    @property
    def current_models(self) -> tuple[SpeechModel, ...]:
        return tuple(model for model in self.models.values() if model.current)


class VoiceRow(Shape):
    id: str
    name: str
    gender: Literal["female", "male", ""]
    tags: tuple[str, ...]


class VoiceGroup(Shape):
    language: str
    unlisted: bool
    voices: tuple[VoiceRow, ...]


class VoicesSource(Section):
    notes: tuple[str, ...]
    inferred: tuple[str, ...]  # which of the fields are our reading, not published
    groups: tuple[VoiceGroup, ...]


class SystemVoice(Shape):
    voice_id: str  # exactly as sent; may hold spaces and full-width parentheses
    name: str
    language: str  # a Language.name
    gender: Literal["female", "male", ""]  # "" cannot tell
    tags: tuple[str, ...]  # inferred: child, young, adult or elder, then manner
    unlisted: bool = False  # not in the published list


class Voices(Section):
    inferred: tuple[str, ...]
    everything: Mapping[str, SystemVoice]
    system: Mapping[str, SystemVoice]  # the published ones

    @property
    def unlisted(self) -> dict[str, SystemVoice]:
        return {voice_id: voice for voice_id, voice in self.everything.items() if voice.unlisted}

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(tag for voice in self.everything.values() for tag in voice.tags))


# --- chat -------------------------------------------------------------------------------------------------------------


class ChatModel(Shape):
    id: str
    label: str
    description: str
    context_tokens: PositiveInt = 204_800  # input and output together
    max_output_tokens: PositiveInt = 204_800
    suggested_output_tokens: PositiveInt = 65_536
    inputs: tuple[str, ...] = ("text", "tools")
    thinking: Literal["switchable", "always", "none"] = "always"
    top_p: float = 0.9  # default
    tokens_per_second: int | None = None
    surfaces: tuple[str, ...] = ("anthropic", "openai")
    rate_family: str = "MiniMax-M2"
    overview: bool = True  # one of the eight of the overview page
    current: bool = True


class ChatFile(Section):
    temperature: Range
    top_p: Range
    service_tiers: tuple[str, ...]
    max_body_bytes: PositiveInt
    max_image_bytes: PositiveInt
    max_video_bytes: PositiveInt
    max_uploaded_video_bytes: PositiveInt
    image_types: tuple[str, ...]
    video_types: tuple[str, ...]
    image_details: tuple[str, ...]
    video_fps: Range


class ChatSource(ChatFile):
    models: tuple[ChatModel, ...]


class Chat(ChatFile):
    models: Mapping[str, ChatModel]


# --- pictures and video -----------------------------------------------------------------------------------------------


class PictureRules(Shape):
    types: tuple[str, ...]
    extensions: tuple[str, ...]
    below_bytes: PositiveInt
    short_side_above_px: int = 0
    min_aspect_ratio: float = 0
    max_aspect_ratio: float | None = None
    max_items: int = 1
    kinds: tuple[str, ...] = ()


class VideoMode(Shape):
    id: str
    label: str
    required: tuple[str, ...]
    optional: tuple[str, ...]


class VideoModel(Shape):
    id: str
    label: str
    description: str = ""
    current: bool = True


class Mix(Shape):
    resolution: str
    durations: tuple[int, ...]  # seconds, the default first


class Video(Section):
    prompt_characters: PositiveInt
    resolutions: tuple[str, ...]
    durations_s: tuple[int, ...]
    prompt_optimizer_default: bool
    fast_pretreatment_models: tuple[str, ...]
    camera_models: tuple[str, ...]
    camera: Mapping[str, tuple[str, ...]]  # group → commands, written in square brackets in the prompt
    max_simultaneous_moves: PositiveInt
    callback_answer_s: float
    poll_s: float
    statuses: tuple[str, ...]
    image: PictureRules
    modes: tuple[VideoMode, ...]
    models: tuple[VideoModel, ...]
    mixes: Mapping[str, Mapping[str, tuple[Mix, ...]]]  # mode → model → what can be combined, the default first

    @model_validator(mode="after")
    def mixes_fit(self) -> Self:
        models = {model.id for model in self.models}
        if {*self.mixes} != {mode.id for mode in self.modes}:
            raise ValueError("every mode needs its mixes")
        for table in self.mixes.values():
            if unknown := {*table} - models:
                raise ValueError(f"unknown models: {sorted(unknown)}")
            for mix in (mix for row in table.values() for mix in row):
                if mix.resolution not in self.resolutions or not {*mix.durations} <= {*self.durations_s}:
                    raise ValueError(f"unknown mix: {mix}")
        return self

    def models_for(self, mode: str) -> tuple[str, ...]:
        return tuple(self.mixes.get(mode, ()))

    def default_mix(self, mode: str, model: str) -> tuple[str, int] | None:
        """The resolution and seconds used when neither is sent. None: the model decides (S2V)."""
        rows = self.mixes[mode][model]
        return (rows[0].resolution, rows[0].durations[0]) if rows else None

    def allows(self, mode: str, model: str, resolution: str | None, duration: int | None) -> bool:
        """Whether the service takes this combination. None means: not sent."""
        rows = self.mixes.get(mode, {}).get(model)
        if rows is None:
            return False
        if not rows:
            return resolution is None and duration is None
        resolution = resolution or rows[0].resolution
        return any(mix.resolution == resolution and (duration or mix.durations[0]) in mix.durations for mix in rows)


class ImageModel(Shape):
    id: str
    label: str
    own_size: bool = False  # takes width and height
    styles: bool = False
    regions: tuple[str, ...] = ("global", "mainland")
    without_ratios: tuple[str, ...] = ()


class Image(Section):
    default_model: str
    models: tuple[ImageModel, ...]
    prompt_characters: PositiveInt
    aspect_ratios: Mapping[str, tuple[int, int]]  # ratio → pixels
    default_aspect_ratio: str
    side_px: Range
    n: Range
    seed: Range
    response_formats: tuple[str, ...]
    prompt_optimizer_default: bool
    reference: PictureRules
    style_types: Mapping[str, str]
    style_weight: Range


class TemplateRow(Shape):
    id: str = Field(pattern=r"^\d{18}$")  # larger than 2^53: never a number
    name: str
    media: Literal["yes", "no", "unknown"] = "no"
    media_hint: str = ""
    text: Literal["yes", "no", "unknown"] = "no"
    text_hint: str = ""
    price: Decimal | None = None  # USD per video
    current: bool = False  # one of the six of the overview page
    regions: tuple[str, ...] = ("global",)


class Templates(Section):
    templates: tuple[TemplateRow, ...]


# --- music ------------------------------------------------------------------------------------------------------------


class MusicModel(Shape):
    id: str
    label: str
    instrumental: bool = False
    lyrics_optimizer: bool = False
    cover: bool = False
    free_rpm: int | None = None
    texts: str = "song"
    later: bool = False  # newer than the overview page
    current: bool = True


class MusicTexts(Shape):
    """[fewest, most] characters. Empty: not used. `lyrics_at_least`: when an optional text is given at all."""

    prompt: tuple[int, ...]
    lyrics: tuple[int, ...]
    lyrics_at_least: int = 0


class LyricsWriter(Shape):
    modes: tuple[str, ...]
    prompt_characters: PositiveInt
    lyrics_characters: PositiveInt


class Music(Section):
    default_model: str
    models: tuple[MusicModel, ...]
    timeout_s: PositiveInt
    max_minutes: PositiveInt
    sample_rates: tuple[int, ...]
    default_sample_rate: int
    bitrates: tuple[int, ...]
    default_bitrate: int
    formats: tuple[str, ...]
    default_format: str
    channels: tuple[int, ...]
    default_channel: int
    output_formats: tuple[str, ...]
    section_tags: tuple[str, ...]
    written_tags: tuple[str, ...]
    cover_seed: Range
    cover_audio: AudioRules
    lyrics_writer: LyricsWriter
    texts: Mapping[str, MusicTexts]


# --- prices and the service -------------------------------------------------------------------------------------------


class VideoPrice(Shape):
    model: str
    resolution: str
    duration_s: int
    price: Decimal


class ChatPrice(Shape):
    """USD per million tokens. The row with the highest `above_input_tokens` below the request's input counts."""

    model: str
    tier: str = "standard"
    above_input_tokens: int = 0
    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None
    list_input: Decimal | None = None
    list_output: Decimal | None = None
    list_cache_read: Decimal | None = None


class Prices(Section):
    currency: str
    speech: Mapping[str, Decimal]  # per million billed characters
    voice_clone: Decimal
    voice_design: Decimal
    image: Mapping[str, Decimal]  # per picture
    music: Mapping[str, Decimal]  # per song
    lyrics: Decimal
    image_understanding: Decimal
    web_search: Decimal
    credit: Decimal
    video: tuple[VideoPrice, ...]
    chat: tuple[ChatPrice, ...]
    template: Mapping[str, Decimal] = {}  # by id, where it is not what the template's own row says


class Lifetimes(Shape):
    """Seconds that a link lives."""

    video_download: PositiveInt
    long_speech_download: PositiveInt
    template_video: PositiveInt
    speech_url: PositiveInt
    image_url: PositiveInt
    music_url: PositiveInt
    subtitle_file: PositiveInt
    clone_demo: PositiveInt
    cover_feature: PositiveInt
    renewable: tuple[str, ...]


class FilePurpose(Shape):
    id: str
    upload: bool = False
    list: bool = False
    delete: bool = False
    formats: tuple[str, ...] = ()
    max_bytes: int | None = None
    minimum_s: float = 0
    maximum_s: float | None = None
    kept_days: int | None = None
    later: bool = False


class Files(Shape):
    total_bytes: PositiveInt
    document_bytes: PositiveInt
    document_formats: tuple[str, ...]
    audio_formats: tuple[str, ...]
    purposes: tuple[FilePurpose, ...]


class RateLimit(Shape):
    family: str
    rpm: int | None = None  # requests per minute
    tpm: int | None = None
    concurrency: int | None = None
    per_second: int | None = None


class ErrorCode(Shape):
    code: int
    meaning: str
    retry: Literal["yes", "no", "wait"]


class Service(Section):
    lifetimes_s: Lifetimes
    files: Files
    rate_limits: tuple[RateLimit, ...]
    errors: tuple[ErrorCode, ...]
