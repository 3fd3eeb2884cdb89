import json
import subprocess
import sys
from decimal import Decimal

import pytest
from pydantic import ValidationError

from apps.minimax import catalogue
from apps.minimax.catalogue import schema
from apps.minimax.catalogue.labels import LABELS
from apps.minimax.speech import SpeechRequest
from studio.config import ROOT


def test_every_model_of_the_overview_is_there():
    assert [model.id for model in catalogue.chat.models.values() if model.overview] == [
        "MiniMax-M3",
        "MiniMax-M2.7",
        "MiniMax-M2.7-highspeed",
        "MiniMax-M2.5",
        "MiniMax-M2.5-highspeed",
        "MiniMax-M2.1",
        "MiniMax-M2.1-highspeed",
        "MiniMax-M2",
    ]
    assert [model.id for model in catalogue.speech.current_models] == [
        "speech-2.8-hd",
        "speech-2.8-turbo",
        "speech-2.6-hd",
        "speech-2.6-turbo",
        "speech-02-hd",
        "speech-02-turbo",
    ]
    assert [model.id for model in catalogue.video.models if model.current] == [
        "MiniMax-Hailuo-2.3",
        "MiniMax-Hailuo-2.3-Fast",
        "MiniMax-Hailuo-02",
    ]
    assert catalogue.image.default_model == "image-01"
    assert catalogue.music.default_model == "music-2.6"
    assert catalogue.chat.models["M2-her"].context_tokens == 65536


def test_older_ids_that_clients_still_send_are_known():
    assert {"speech-01-hd", "speech-01-turbo", "speech-01-240228"} <= {*catalogue.speech.models}
    assert {"T2V-01", "I2V-01", "I2V-01-live", "S2V-01"} <= {model.id for model in catalogue.video.models}
    assert {"music-1.5", "music-2.0"} <= {model.id for model in catalogue.music.models}


def test_forty_languages_and_auto():
    assert len(catalogue.languages) == 40
    assert len({language.code for language in catalogue.languages}) == 40
    assert all(language.native and language.label for language in catalogue.languages)
    assert catalogue.speech.language_boosts[0] == catalogue.language_auto.name == "auto"


def test_older_speech_models_lack_three_languages():
    missing = {*catalogue.speech.languages} - {*catalogue.speech.models["speech-02-hd"].languages}
    assert missing == {"Persian", "Filipino", "Tamil"}
    assert catalogue.speech.models["speech-2.6-turbo"].languages == catalogue.speech.languages


def test_published_voices_are_kept_letter_by_letter():
    voices = catalogue.voices.system
    assert len(voices) == 342
    assert voices["Cantonese_ProfessionalHost（F)"].gender == "female"
    assert voices["French_Female_News Anchor"].language == "French"
    assert voices["Chinese (Mandarin)_Kind-hearted_Antie"].name == "Warm Auntie"
    assert voices["moss_audio_6dc281eb-713c-11f0-a447-9613c873494c"].gender == ""
    assert len({voice.language for voice in voices.values()}) == 24


def test_voices_of_other_lists_are_marked():
    assert len(catalogue.voices.unlisted) == 39
    assert "English_CalmWoman" in catalogue.voices.unlisted
    assert "English_CalmWoman" not in catalogue.voices.system
    assert catalogue.voices.inferred == ("gender", "tags")


def test_default_voice_is_a_published_one():
    assert catalogue.speech.default_voice_id in catalogue.voices.system


@pytest.mark.parametrize(
    ("model", "emotion", "offered"),
    [
        ("speech-2.8-hd", "calm", True),
        ("speech-2.8-hd", "whisper", False),
        ("speech-2.6-hd", "whisper", True),
        ("speech-2.6-turbo", "fluent", True),
        ("speech-02-hd", "fluent", False),
    ],
)
def test_emotions_depend_on_the_model(model, emotion, offered):
    assert (emotion in catalogue.speech.models[model].emotions) is offered


def test_sound_tags_are_for_the_newest_models():
    assert len(catalogue.speech.models["speech-2.8-turbo"].sound_tags) == 19
    assert catalogue.speech.models["speech-2.6-hd"].sound_tags == ()
    assert catalogue.speech.models["speech-2.8-hd"].async_sound_tags == ("whistles", "crying", "applause")


def test_limits_of_speech():
    assert catalogue.speech.max_characters == 9_999
    assert 0 not in catalogue.speech.vol
    assert 0.01 in catalogue.speech.vol
    assert 10 in catalogue.speech.vol
    assert 2.01 not in catalogue.speech.speed
    assert catalogue.speech.effect_formats == ("mp3", "wav", "flac")
    assert catalogue.speech.effect_formats_streaming == ("mp3",)


def test_a_bare_speech_request_has_the_defaults_of_the_catalogue():
    request, speech = SpeechRequest(), catalogue.speech
    assert (request.model, request.voice_id, request.format) == (
        speech.default_model,
        speech.default_voice_id,
        speech.default_format,
    )
    assert (request.sample_rate, request.bitrate, request.channel) == (
        speech.default_sample_rate,
        speech.default_bitrate,
        speech.default_channel,
    )
    assert (request.speed, request.vol, request.pitch) == (
        speech.speed.default,
        speech.vol.default,
        speech.pitch.default,
    )


@pytest.mark.parametrize(
    ("mode", "model", "resolution", "duration", "allowed"),
    [
        ("t2v", "MiniMax-Hailuo-2.3", "768P", 10, True),
        ("t2v", "MiniMax-Hailuo-2.3", "1080P", 10, False),
        ("t2v", "MiniMax-Hailuo-2.3-Fast", "768P", 6, False),
        ("t2v", "MiniMax-Hailuo-02", "512P", 6, False),
        ("i2v", "MiniMax-Hailuo-02", "512P", 10, True),
        ("i2v", "MiniMax-Hailuo-2.3-Fast", "1080P", 6, True),
        ("i2v", "MiniMax-Hailuo-2.3", None, None, True),
        ("fl2v", "MiniMax-Hailuo-2.3", "768P", 6, False),
        ("fl2v", "MiniMax-Hailuo-02", "1080P", None, True),
        ("s2v", "S2V-01", None, None, True),
        ("s2v", "S2V-01", "720P", None, False),
        ("t2v", "T2V-01", "720P", 6, True),
    ],
)
def test_video_mixes(mode, model, resolution, duration, allowed):
    assert catalogue.video.allows(mode, model, resolution, duration) is allowed


def test_every_priced_video_can_be_asked_for():
    video = catalogue.video
    for price in catalogue.prices.video:
        resolution, duration = price.resolution or None, price.duration_s or None
        assert any(video.allows(mode.id, price.model, resolution, duration) for mode in video.modes), price


def test_every_default_video_mix_is_allowed():
    video = catalogue.video
    for mode in video.modes:
        for model in video.models_for(mode.id):
            resolution, duration = video.default_mix(mode.id, model) or (None, None)
            assert video.allows(mode.id, model, resolution, duration)


def test_fifteen_camera_commands():
    assert sum(len(commands) for commands in catalogue.video.camera.values()) == 15


def test_templates_are_text_and_six_are_current():
    assert [template.name for template in catalogue.templates.values() if template.current] == [
        "Diving",
        "Run for Life",
        "Transformers",
        "Still rings routine",
        "Weightlifting",
        "Climbing",
    ]
    assert len(catalogue.templates) == 22
    assert catalogue.templates["393769180141805569"].text == "yes"


def test_price_of_speech_is_exact():
    assert catalogue.price_of_speech("speech-2.8-hd", 12) == Decimal("0.0012")
    assert catalogue.price_of_speech("speech-2.8-turbo", 1_000_000) == 60
    assert catalogue.price_of_speech("speech-01-hd", 12) is None
    assert catalogue.speech.models["speech-2.6-turbo"].price_per_million == 60


def test_priced_models_exist():
    assert {*catalogue.prices.speech} <= {*catalogue.speech.models}
    assert {price.model for price in catalogue.prices.chat} == {*catalogue.chat.models}
    assert {*catalogue.prices.music} <= {model.id for model in catalogue.music.models}


def test_lifetimes_and_limits_of_the_service():
    assert catalogue.lifetimes.video_download == 3600
    assert catalogue.lifetimes.long_speech_download == catalogue.lifetimes.template_video == 32400
    assert catalogue.rate_limits["speech"].rpm == 60
    assert catalogue.error_codes[1039].retry == "wait"
    assert len(catalogue.error_codes) == 33


@pytest.mark.parametrize("section", ["speech", "voices", "chat", "video", "image", "music", "prices"])
def test_sections_are_dated_and_sourced(section):
    assert getattr(catalogue, section).as_of.year == 2026
    assert getattr(catalogue, section).source.startswith("https://platform.minimax")


def test_a_wrong_file_is_refused():
    with pytest.raises(ValidationError, match="outside"):
        schema.Range.model_validate({"minimum": 0, "maximum": 1, "default": 2, "step": 1})
    with pytest.raises(ValidationError, match="template"):
        schema.TemplateRow.model_validate({"id": "1", "name": "x", "template": "misspelt"})


def test_an_unknown_section_is_an_attribute_error():
    with pytest.raises(AttributeError, match="weather"):
        _ = catalogue.weather


def test_nothing_is_read_before_it_is_looked_at_and_no_django_comes_along():
    code = (
        "import sys, json; from apps.minimax import catalogue, check, speech, text, voices, files;"
        "print(json.dumps([sorted(set(vars(catalogue)) & set(catalogue._SECTIONS)), 'django' in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[], False]


def test_every_label_can_be_translated():
    speech, modify = catalogue.speech, catalogue.speech.voice_modify
    shown = {catalogue.language_auto.label, *(language.label for language in catalogue.languages)}
    shown |= {*speech.emotions.values(), *speech.sound_tags.values(), *speech.sound_effects.values()}
    shown |= {model.description for model in speech.models.values()} | {*catalogue.voices.tags}
    shown |= {voice.language for voice in catalogue.voices.system.values() if voice.language}
    shown |= {*catalogue.image.style_types.values()}
    for slider in (modify.pitch, modify.intensity, modify.timbre):
        shown |= {slider.label, slider.low, slider.high}
    assert {*LABELS} == shown
