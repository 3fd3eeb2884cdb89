"""What MiniMax offers: models, voices, limits, prices, as dated data files, each validated at the first look at it.

    from apps.minimax import catalogue
    catalogue.speech.models["speech-2.8-hd"].emotions

A form, a price and the sandbox all read from here, so a limit is stated once.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apps.minimax.catalogue import schema

DATA = Path(__file__).parent / "data"
MILLION = 1_000_000


def _read(name: str, *, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    with (DATA / name).open("rb") as file:
        return json.load(file) if name.endswith(".json") else tomllib.load(file, parse_float=parse_float)


def _by_id(rows: tuple[Any, ...]) -> dict[str, Any]:
    table = {row.id: row for row in rows}
    if len(table) != len(rows):
        raise ValueError("an id stands twice")
    return table


@cache
def _languages() -> schema.Languages:
    return schema.Languages.model_validate(_read("languages.toml"))


@cache
def listed_prices() -> schema.Prices:
    """The prices that MiniMax publishes, whatever is reckoned with."""
    return schema.Prices.model_validate(_read("prices.toml", parse_float=Decimal))


_source: ContextVar[Callable[[], schema.Prices] | None] = ContextVar("prices", default=None)


@contextmanager
def prices_from(source: Callable[[], schema.Prices]) -> Iterator[None]:
    """Inside, `catalogue.prices` and the functions below are what `source` returns: it is asked once, if at all."""
    token = _source.set(cache(source))
    try:
        yield
    finally:
        _source.reset(token)


def _prices() -> schema.Prices:
    source = _source.get()
    return source() if source else listed_prices()


@cache
def _service() -> schema.Service:
    return schema.Service.model_validate(_read("service.toml"))


@cache
def _speech() -> schema.Speech:
    source = schema.SpeechSource.model_validate(_read("speech.toml"))
    languages = tuple(language.name for language in _languages().languages)
    prices = listed_prices().speech
    models = {}
    for row in source.models:
        family = source.families[row.family]
        if not {*family.languages_without} <= {*languages}:
            raise ValueError(f"{row.family}: unknown language")
        models[row.id] = schema.SpeechModel.model_construct(  # from checked parts
            **dict(row),
            emotions=family.emotions,
            sound_tags=family.sound_tags,
            async_sound_tags=family.async_sound_tags,
            languages=tuple(name for name in languages if name not in family.languages_without),
            continuous_sound=family.continuous_sound,
            price_per_million=prices.get(row.id),
        )
    formats = {
        name: audio if audio.sample_rates else audio.model_copy(update={"sample_rates": source.sample_rates})
        for name, audio in source.formats.items()
    }
    rest = {name: value for name, value in source if name not in {"families", "models", "formats"}}
    return schema.Speech.model_construct(**rest, formats=formats, models=models, languages=languages)


@cache
def _voices() -> schema.Voices:
    source = schema.VoicesSource.model_validate(_read("voices.json"))
    languages = {language.name for language in _languages().languages}
    voices: dict[str, schema.SystemVoice] = {}
    for group in source.groups:
        if group.language not in languages:
            raise ValueError(f"unknown language {group.language}")
        for row in group.voices:
            if row.id in voices:
                raise ValueError(f"{row.id} stands twice")
            voices[row.id] = schema.SystemVoice.model_construct(
                voice_id=row.id,
                name=row.name,
                language=group.language,
                gender=row.gender,
                tags=row.tags,
                unlisted=group.unlisted,
            )
    return schema.Voices.model_construct(
        as_of=source.as_of,
        source=source.source,
        inferred=source.inferred,
        everything=voices,
        system={voice_id: voice for voice_id, voice in voices.items() if not voice.unlisted},
    )


@cache
def _chat() -> schema.Chat:
    source = schema.ChatSource.model_validate(_read("chat.toml"))
    return schema.Chat.model_construct(**{**dict(source), "models": _by_id(source.models)})


@cache
def _video() -> schema.Video:
    return schema.Video.model_validate(_read("video.toml"))


@cache
def _image() -> schema.Image:
    return schema.Image.model_validate(_read("image.toml"))


@cache
def _music() -> schema.Music:
    return schema.Music.model_validate(_read("music.toml"))


@cache
def _templates() -> dict[str, schema.TemplateRow]:
    return _by_id(schema.Templates.model_validate(_read("templates.toml", parse_float=Decimal)).templates)


if TYPE_CHECKING:
    speech: schema.Speech
    voices: schema.Voices
    languages: tuple[schema.Language, ...]  # the 40, in the official order
    language_auto: schema.Language
    chat: schema.Chat
    video: schema.Video
    image: schema.Image
    music: schema.Music
    templates: dict[str, schema.TemplateRow]  # by id
    prices: schema.Prices
    lifetimes: schema.Lifetimes  # seconds
    files: schema.Files
    rate_limits: Mapping[str, schema.RateLimit]  # by family
    error_codes: Mapping[int, schema.ErrorCode]

_SECTIONS: dict[str, Callable[[], Any]] = {
    "speech": _speech,
    "voices": _voices,
    "languages": lambda: _languages().languages,
    "language_auto": lambda: _languages().auto,
    "chat": _chat,
    "video": _video,
    "image": _image,
    "music": _music,
    "templates": _templates,
    "prices": _prices,
    "lifetimes": lambda: _service().lifetimes_s,
    "files": lambda: _service().files,
    "rate_limits": lambda: {limit.family: limit for limit in _service().rate_limits},
    "error_codes": lambda: {error.code: error for error in _service().errors},
}


def __getattr__(name: str) -> Any:
    try:
        section = _SECTIONS[name]()
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    if name != "prices":  # those depend on who asks
        globals()[name] = section  # found directly from now on
    return section


def price_of_speech(model: str, billed_characters: int) -> Decimal | None:
    """US dollars for so many billed characters (`text.billed_characters`). None: no price is published."""
    price = _prices().speech.get(model)
    return None if price is None else price * billed_characters / MILLION


def price_of_template(template_id: str) -> Decimal | None:
    """US dollars for one video from a template. None: no price is published, or there is no such template."""
    row = _templates().get(template_id)
    return _prices().template.get(template_id, row.price) if row else None


def price_of_video(model: str, resolution: str, duration_s: int) -> Decimal | None:
    """US dollars for one video. Where the model decides (S2V): "" and 0. None: no price is published."""
    asked = (model, resolution, duration_s)
    return next((row.price for row in _prices().video if (row.model, row.resolution, row.duration_s) == asked), None)
