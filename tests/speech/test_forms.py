"""What may be asked for. The form is the one that a press of *Speak* goes through."""

from __future__ import annotations

import pytest

from apps.minimax import catalogue
from apps.speech.forms import KEPT_FORMATS, PronunciationForm, SpeechForm, limits
from tests.speech.conftest import SETTINGS

GIVEN = SETTINGS | {"text": "Hello there."}


def errors(**changes) -> dict[str, list[str]]:
    return {field: list(found) for field, found in SpeechForm(GIVEN | changes).errors.items()}


def cleaned(**changes) -> dict:
    form = SpeechForm(GIVEN | changes)
    assert form.is_valid(), form.errors.get_json_data()
    return form.cleaned_data


def test_settings_left_out_become_the_defaults():
    given = cleaned()
    assert (given["speed"], given["vol"], given["pitch"], given["modify_pitch"]) == (1, 1, 0, 0)
    assert (given["emotion"], given["language_boost"], given["sound_effects"]) == ("", "", "")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("speed", 0.49),
        ("speed", 2.01),
        ("vol", 0),
        ("vol", 10.5),
        ("pitch", 13),
        ("pitch", 0.5),
        ("modify_timbre", 101),
        ("emotion", "neutral"),
        ("model", "speech-9"),
        ("format", "aac"),
        ("sample_rate", 48000),
        ("bitrate", 96000),
        ("channel", 3),
        ("language_boost", "Klingon"),
        ("sound_effects", "choir"),
        ("speed", "fast"),
        ("voice_id", ""),
        ("voice_id", "x" * 257),
    ],
)
def test_a_value_outside_its_limits_is_refused_at_its_field(field, value):
    assert list(errors(**{field: value})) == [field]


@pytest.mark.parametrize("model", catalogue.speech.current_models, ids=lambda model: model.id)
def test_each_model_takes_its_own_emotions_and_languages_and_no_others(model):
    for emotion in catalogue.speech.emotions:
        assert ("emotion" in errors(model=model.id, emotion=emotion)) == (emotion not in model.emotions)
    for language in catalogue.speech.language_boosts:
        refused = "language_boost" in errors(model=model.id, language_boost=language)
        assert refused == (language not in model.language_boosts)
    assert ("continuous_sound" in errors(model=model.id, continuous_sound=True)) != model.continuous_sound


@pytest.mark.parametrize(("count", "fits"), [(1, True), (9_999, True), (10_000, False)])
def test_the_text_has_1_to_9999_characters(count, fits):
    assert ("text" not in errors(text="a" * count)) == fits


def test_newlines_are_made_one_kind_before_they_are_counted():
    text = "\r\n".join(["a"] * 5000)  # 14,998 characters as sent, 9,999 as spoken
    assert len(cleaned(text=text)["text"]) == 9_999


@pytest.mark.parametrize(
    "text",
    [
        "<#1#>Hello.",
        "Hello.<#1#>",
        "Hello<#1#><#1#>there.",
        "Hello<#0#>there.",
        "Hello<#100#>there.",
        "Hello<#0.001#>there.",
        "Hello<#x#>there.",
        "...",
        "\x01\x02Hello.",
        "Hello \ud800.",
        "Hello \x00.",
    ],
)
def test_a_text_that_minimax_refuses_is_refused_here(text):
    assert errors(text=text)["text"]


@pytest.mark.parametrize("text", ["Hello<#0.01#>there<#99.99#>you.", "She (laughs) left.", "処理する。", "a\tb\nc"])
def test_a_text_with_markup_in_order_passes(text):
    assert cleaned(text=text)["text"] == text


def test_voice_ids_are_neither_trimmed_nor_spelled():
    for voice_id in ("Chinese (Mandarin)_News_Anchor", "Cantonese_ProfessionalHost（F)", "Santa_Claus "):
        assert cleaned(voice_id=voice_id)["voice_id"] == voice_id


def test_a_mix_takes_the_place_of_the_voice():
    mix = [{"voice_id": "female-yujie", "weight": 1}, {"voice_id": "male-qn-badao", "weight": 100}]
    given = cleaned(timbre_weights=mix)
    assert (given["timbre_weights"], given["voice_id"]) == (mix, "")


@pytest.mark.parametrize(
    "mix",
    [
        [{"voice_id": f"voice-{number}", "weight": 1} for number in range(5)],
        [{"voice_id": "female-yujie", "weight": 0}],
        [{"voice_id": "female-yujie", "weight": 101}],
        [{"voice_id": "female-yujie", "weight": 1.5}],
        [{"voice_id": "female-yujie", "weight": True}],
        [{"voice_id": "female-yujie"}],
        [{"voice_id": "", "weight": 1}],
        [{"voice_id": "a", "weight": 1}, {"voice_id": "a", "weight": 2}],
        ["female-yujie"],
        {"voice_id": "female-yujie", "weight": 1},
        "{not json",
    ],
)
def test_a_mix_that_minimax_refuses_is_refused_here(mix):
    assert list(errors(timbre_weights=mix)) == ["timbre_weights"]


def test_effects_are_spoken_live_in_formats_that_stream_them():
    for format in KEPT_FORMATS:
        rate = catalogue.speech.formats[format].sample_rates[0]
        refused = "format" in errors(format=format, sample_rate=rate, sound_effects="robotic")
        assert refused == (format not in catalogue.speech.effect_formats_streaming)
    assert "format" in errors(format="wav", modify_pitch=10)
    assert "format" not in errors(format="wav", modify_pitch=0)


def test_each_format_takes_its_own_sample_rates():
    assert "sample_rate" in errors(format="opus", sample_rate=44100)
    assert "sample_rate" not in errors(format="opus", sample_rate=24000)
    assert "sample_rate" in errors(format="pcmu_wav", sample_rate=32000)


def test_formulas_are_read_in_chinese():
    assert cleaned(latex_read=True)["language_boost"] == "Chinese"
    assert "latex_read" in errors(latex_read=True, language_boost="English")


def test_the_page_is_told_the_limits_of_the_form():
    told = limits()
    assert told["max_characters"] == 9_999
    assert set(told["models"]) == {model.id for model in catalogue.speech.current_models}
    assert "whisper" in told["models"]["speech-2.6-hd"]["emotions"]
    assert "whisper" not in told["models"]["speech-2.8-hd"]["emotions"]


@pytest.mark.django_db
def test_a_slash_cannot_be_part_of_a_written_form():
    form = PronunciationForm({"source": "and/or", "replacement": "and or", "language": ""})
    assert "source" in form.errors


@pytest.mark.parametrize("mix", ["[" * 100_000, "9" * 5_000, "{", [{"voice_id": "a\0", "weight": 1}]])
def test_a_mix_that_nobody_can_read_is_refused(mix):
    assert list(errors(timbre_weights=mix)) == ["timbre_weights"]


@pytest.mark.parametrize("text", ["\0", "\ud800"], ids=["NUL", "half a character"])
def test_no_voice_has_a_name_that_cannot_be_stored(text):
    assert list(errors(voice_id=text)) == ["voice_id"]
    assert list(errors(timbre_weights=[{"voice_id": text, "weight": 1}])) == ["timbre_weights"]
