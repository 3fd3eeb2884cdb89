"""POST /v1/t2a_v2, whole: every parameter can be heard or seen."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tests.sandbox.conftest import FOX, VOICE, body_of_speech
from tests.sandbox.listening import listen

MEN = "English_Trustworth_Man"


def test_answer_has_the_documented_shape(caller):
    answer = caller.speak(audio={"format": "mp3"})
    assert answer.status == 200
    assert answer.payload["data"]["status"] == 2
    assert answer.payload["base_resp"] == {"status_code": 0, "status_msg": "success"}
    assert answer.payload["trace_id"] == answer.headers["Trace-Id"]
    assert set(answer.info) == {
        "audio_length",
        "audio_sample_rate",
        "audio_size",
        "bitrate",
        "word_count",
        "invisible_character_ratio",
        "usage_characters",
        "audio_format",
        "audio_channel",
    }


def test_same_request_gives_the_same_bytes(caller, start_sandbox):
    from tests.sandbox.conftest import Caller

    here = caller.speak(audio={"format": "mp3"}).audio
    caller.speak("Something else in between.", voice={"voice_id": MEN})
    other = Caller(start_sandbox().sandbox)  # remembers nothing
    other.speak("Something else before it.")
    assert caller.speak(audio={"format": "mp3"}).audio == here
    assert other.speak(audio={"format": "mp3"}).audio == here


@pytest.mark.parametrize(
    ("audio_format", "start"),
    [("mp3", b"\xff"), ("wav", b"RIFF"), ("flac", b"fLaC"), ("opus", b"OggS"), ("pcmu_wav", b"RIFF")],
)
@pytest.mark.parametrize("channel", [1, 2])
def test_file_is_what_extra_info_says(caller, audio_format, start, channel):
    answer = caller.speak(audio={"format": audio_format, "channel": channel, "sample_rate": 16000})
    heard = answer.heard()
    assert answer.audio.startswith(start)
    assert answer.info["audio_size"] == len(answer.audio)
    assert answer.info["audio_channel"] == heard.channels == channel
    assert abs(answer.info["audio_length"] - heard.seconds * 1000) < 30
    # Opus always decodes at 48 kHz.
    assert answer.info["audio_sample_rate"] == heard.rate or audio_format == "opus"


@pytest.mark.parametrize("sample_rate", [8000, 16000, 22050, 24000, 32000, 44100])
def test_mp3_has_the_rate_that_was_asked_for(caller, sample_rate):
    answer = caller.speak(audio={"format": "mp3", "sample_rate": sample_rate})
    assert answer.heard().rate == answer.info["audio_sample_rate"] == sample_rate


@pytest.mark.parametrize("bitrate", [32000, 64000, 128000, 256000])
def test_mp3_has_the_bitrate_that_was_asked_for(caller, bitrate):
    answer = caller.speak(audio={"format": "mp3", "bitrate": bitrate})
    assert answer.info["bitrate"] == bitrate
    assert len(answer.audio) * 8000 / answer.info["audio_length"] == pytest.approx(bitrate, rel=0.02)


def test_bitrate_that_the_rate_cannot_carry_is_reported_as_it_is(caller):
    answer = caller.speak(audio={"format": "mp3", "sample_rate": 8000, "bitrate": 256000})
    assert answer.info["bitrate"] == 64000


def test_raw_formats_are_bare_samples(caller):
    pcm = caller.speak()
    mu_law = caller.speak(audio={"format": "pcmu_raw"})
    assert len(pcm.audio) == pytest.approx(pcm.info["audio_length"] * 64, rel=0.001)
    assert (mu_law.info["audio_sample_rate"], len(mu_law.audio)) == (
        8000,
        pytest.approx(mu_law.info["audio_length"] * 8, rel=0.001),
    )


def test_raw_and_wrapped_mu_law_hold_the_same_samples(caller):
    raw = caller.speak(audio={"format": "pcmu_raw"}).audio
    wrapped = caller.speak(audio={"format": "pcmu_wav"}).audio
    assert wrapped.endswith(raw)
    assert listen(wrapped).pitch == pytest.approx(caller.hear().pitch, rel=0.05)


def test_stereo_holds_the_voice_twice(caller):
    heard = caller.hear(audio={"channel": 2})
    assert np.array_equal(heard.samples[0], heard.samples[1])


def test_speed_changes_the_duration_and_not_the_pitch(caller):
    slow, usual, fast = (caller.hear(voice={"speed": speed}) for speed in (0.5, 1, 2))
    assert slow.seconds / usual.seconds == pytest.approx(1.9, abs=0.2)
    assert usual.seconds / fast.seconds == pytest.approx(2, abs=0.15)
    assert fast.pitch == pytest.approx(usual.pitch, rel=0.04)


def test_vol_changes_the_loudness_and_never_clips(caller):
    quiet, usual, loud, loudest = (caller.hear(voice={"vol": vol}) for vol in (0.25, 1, 2, 10))
    assert 20 * np.log10(usual.rms / quiet.rms) == pytest.approx(12, abs=1)
    assert quiet.rms < usual.rms < loud.rms < loudest.rms
    assert loudest.peak < 10 ** (-1 / 20)


@pytest.mark.parametrize("semitones", [-12, -5, 4, 12])
def test_pitch_moves_by_semitones(caller, semitones):
    usual = caller.hear(voice={"voice_id": "Wise_Woman"})
    moved = caller.hear(voice={"voice_id": "Wise_Woman", "pitch": semitones})
    assert 12 * np.log2(moved.pitch / usual.pitch) == pytest.approx(semitones, abs=0.5)
    assert moved.seconds == pytest.approx(usual.seconds, rel=0.03)


def test_each_emotion_sounds_different(caller):
    emotions = ["happy", "sad", "angry", "fearful", "disgusted", "surprised", "calm"]
    heard = {emotion: caller.hear(voice={"emotion": emotion}) for emotion in emotions}
    usual = caller.hear()
    marks = {(round(one.seconds, 2), round(one.pitch), round(one.rms, 3)) for one in [*heard.values(), usual]}
    assert len(marks) == 8
    assert heard["sad"].seconds > usual.seconds > heard["fearful"].seconds
    assert heard["sad"].rms < usual.rms < heard["angry"].rms
    assert heard["surprised"].pitch > usual.pitch > heard["sad"].pitch
    assert np.std(heard["surprised"].pitches()) > np.std(heard["calm"].pitches())


def test_whisper_has_no_pitch(caller):
    whispered = caller.hear(model="speech-2.6-hd", voice={"emotion": "whisper"})
    usual = caller.hear(model="speech-2.6-hd")
    assert len(whispered.pitches()) < 0.25 * len(usual.pitches())
    assert whispered.centroid > 1.2 * usual.centroid


@pytest.mark.parametrize(
    ("model", "emotion", "code"),
    [
        ("speech-2.8-hd", "whisper", 2013),
        ("speech-2.8-hd", "fluent", 2013),
        ("speech-2.6-turbo", "fluent", 0),
        ("speech-02-hd", "fluent", 2013),
        ("speech-02-hd", "neutral", 0),
        ("speech-01-turbo-240228", "happy", 0),
    ],
)
def test_emotions_depend_on_the_model(caller, model, emotion, code):
    answer = caller.speak(model=model, voice={"emotion": emotion})
    assert answer.code == code
    assert code == 0 or "voice_setting.emotion" in answer.message


def test_voice_modify_pitch_makes_it_deeper_or_brighter(caller):
    deep, usual, bright = (
        caller.hear(audio={"format": "wav"}, voice_modify={"pitch": value}) for value in (-100, 0, 100)
    )
    assert deep.pitch < 0.85 * usual.pitch < 0.85 * 0.85 * bright.pitch
    assert deep.centroid < usual.centroid < bright.centroid


def test_voice_modify_intensity_makes_it_stronger_or_softer(caller):
    strong, usual, soft = (
        caller.hear(audio={"format": "wav"}, voice_modify={"intensity": value}) for value in (-100, 0, 100)
    )
    assert strong.rms > 1.3 * usual.rms > 1.3 * 1.3 * soft.rms


def test_voice_modify_timbre_makes_it_fuller_or_crisper(caller):
    full, usual, crisp = (
        caller.hear(audio={"format": "wav"}, voice_modify={"timbre": value}) for value in (-100, 0, 100)
    )
    assert full.centroid < 0.9 * usual.centroid < 0.9 * 0.8 * crisp.centroid


def test_echoes_go_on_after_the_last_word(caller):
    usual = caller.hear(audio={"format": "wav"})
    spacious, hall = (
        caller.hear(audio={"format": "wav"}, voice_modify={"sound_effects": effect})
        for effect in ("spacious_echo", "auditorium_echo")
    )
    assert spacious.seconds > usual.seconds + 0.4
    assert hall.seconds > usual.seconds + 0.2
    assert hall.seconds < spacious.seconds


def test_telephone_has_neither_depth_nor_brilliance(caller):
    usual = caller.hear(audio={"format": "wav"})
    phone = caller.hear(audio={"format": "wav"}, voice_modify={"sound_effects": "lofi_telephone"})
    assert phone.share(400, 3200) > 0.85 > usual.share(400, 3200)
    assert phone.share(0, 250) < 0.1 * usual.share(0, 250)


def test_robot_has_no_melody(caller):
    usual = caller.hear(audio={"format": "wav"})
    robot = caller.hear(audio={"format": "wav"}, voice_modify={"sound_effects": "robotic"})
    spread = [np.percentile(heard.pitches(), 75) - np.percentile(heard.pitches(), 25) for heard in (robot, usual)]
    assert spread[0] < 0.5 * spread[1]


@pytest.mark.parametrize("audio_format", ["pcm", "opus", "pcmu_raw", "pcmu_wav"])
def test_voice_modify_is_refused_for_formats_without_it(caller, audio_format):
    answer = caller.speak(audio={"format": audio_format}, voice_modify={"sound_effects": "robotic"})
    assert (answer.code, "voice_modify" in answer.message) == (2013, True)


def test_blended_voice_lies_between_its_parents(caller):
    def blend(low: int, high: int):
        weights = [{"voice_id": MEN, "weight": low}, {"voice_id": "Wise_Woman", "weight": high}]
        return caller.hear(voice={"voice_id": ""}, timbre_weights=weights)

    man, woman = caller.hear(voice={"voice_id": MEN}), caller.hear(voice={"voice_id": "Wise_Woman"})
    mostly_man, half, mostly_woman = blend(80, 20), blend(50, 50), blend(20, 80)
    pitches = [one.pitch for one in (man, mostly_man, half, mostly_woman, woman)]
    assert all(lower < higher for lower, higher in pairwise(pitches)), pitches


def test_dictionary_changes_what_is_said(caller):
    rules = {"tone": ["omg/oh my god", "lead/(lɛd)", "处理/(chu3)(li3)"]}
    plain = caller.hear("omg, the lead")
    replaced = caller.subtitles("omg, the lead 处理", pronunciation_dict=rules, subtitle_type="word")
    assert "oh my god" in replaced[0]["pronounce_text"]
    assert "chu3 li3" in replaced[0]["pronounce_text"]
    assert [word["word"] for word in replaced[0]["timestamped_words"]] == ["omg", "the", "lead", "处理"]
    assert caller.hear("omg, the lead", pronunciation_dict=rules).seconds > plain.seconds + 0.1


def test_dictionary_leaves_longer_words_alone(caller):
    entries = caller.subtitles("The cat likes category theory.", pronunciation_dict={"tone": ["cat/dog"]})
    assert entries[0]["pronounce_text"] == "The dog likes category theory."
    assert entries[0]["text"] == "The cat likes category theory."


def test_inline_pronunciation_is_heard(caller):
    assert caller.hear("I (lɪv) here.").seconds != caller.hear("I (laɪv) here.").seconds


@pytest.mark.parametrize("seconds", [0.25, 1.5, 3.07])
def test_pause_is_exactly_as_long_as_written(caller, seconds):
    heard = caller.hear(f"Hello <#{seconds}#> there.")
    longest = max(length for _, length in heard.silences(threshold=0.0005))
    assert longest == pytest.approx(seconds, abs=0.02)


@pytest.mark.parametrize("text", ["A <#0#> b", "A <#100#> b", "A <#1.234#> b", "A <#x#> b", "A <#1#><#2#> b", "<#1#>"])
def test_impossible_pauses_are_refused(caller, text):
    answer = caller.speak(text)
    assert (answer.code, "text" in answer.message) == (2013, True)


@pytest.mark.parametrize(
    "tag",
    [
        *(
            "laughs",
            "chuckle",
            "coughs",
            "clear-throat",
            "groans",
            "breath",
            "pant",
            "inhale",
            "exhale",
            "gasps",
            "sniffs",
        ),
        *("sighs", "snorts", "burps", "lip-smacking", "humming", "hissing", "emm", "sneezes"),
        *("whistles", "crying", "applause"),
    ],
)
def test_sound_tags_are_sounds_on_2_8_and_nothing_on_older_models(caller, tag):
    text = f"So ({tag}) it goes."
    new, old, without = caller.hear(text), caller.hear(text, model="speech-2.6-hd"), caller.hear("So  it goes.")
    assert new.seconds > old.seconds + 0.1
    assert old.seconds == pytest.approx(without.seconds, abs=0.25)


def test_sounds_differ_from_each_other(caller):
    laughs, hiss, hum = (caller.hear(f"So ({tag}) it goes.") for tag in ("laughs", "hissing", "humming"))
    assert hiss.share(4000, 16000) > 3 * laughs.share(4000, 16000)
    assert hum.share(0, 1000) > hiss.share(0, 1000)


def test_language_boost_changes_the_language(caller):
    word = "Table original nation."
    english, french, german = (
        caller.hear(word, language_boost=language).seconds for language in ("English", "French", "German")
    )
    assert len({english, french, german}) == 3


def test_auto_finds_the_language_of_each_script(caller):
    text = "Привет, как дела? 안녕하세요 여러분. 你好，世界。 Γειά σου κόσμε. สวัสดีครับ."
    entries = caller.subtitles(text, language_boost="auto", subtitle_type="word")
    assert "".join(entry["text"].replace(" ", "") for entry in entries) == text.replace(" ", "")
    assert entries[-1]["time_end"] > 5000


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("Chinese", "今天天气很好"),
        ("Chinese,Yue", "今日天氣好好"),
        ("English", "The weather is nice"),
        ("Arabic", "الطقس جميل اليوم"),
        ("Russian", "Сегодня хорошая погода"),
        ("Spanish", "Hoy hace buen tiempo"),
        ("French", "Il fait beau aujourd'hui"),
        ("Portuguese", "Hoje o tempo está bom"),
        ("German", "Heute ist schönes Wetter"),
        ("Turkish", "Bugün hava güzel"),
        ("Dutch", "Vandaag is het mooi weer"),
        ("Ukrainian", "Сьогодні гарна погода"),
        ("Vietnamese", "Hôm nay trời đẹp"),
        ("Indonesian", "Hari ini cuacanya bagus"),
        ("Japanese", "きょうはいいてんきです"),
        ("Italian", "Oggi il tempo è bello"),
        ("Korean", "오늘은 날씨가 좋아요"),
        ("Thai", "วันนี้อากาศดี"),
        ("Polish", "Dzisiaj jest ładna pogoda"),
        ("Romanian", "Astăzi este vreme frumoasă"),
        ("Greek", "Σήμερα ο καιρός είναι καλός"),
        ("Czech", "Dnes je hezké počasí"),
        ("Finnish", "Tänään on kaunis sää"),
        ("Hindi", "आज मौसम अच्छा है"),
        ("Bulgarian", "Днес времето е хубаво"),
        ("Danish", "I dag er vejret godt"),
        ("Hebrew", "מזג האוויר יפה היום"),
        ("Malay", "Cuaca hari ini baik"),
        ("Persian", "هوا امروز خوب است"),
        ("Slovak", "Dnes je pekné počasie"),
        ("Swedish", "Idag är vädret fint"),
        ("Croatian", "Danas je lijepo vrijeme"),
        ("Filipino", "Maganda ang panahon ngayon"),
        ("Hungarian", "Ma szép idő van"),
        ("Norwegian", "I dag er det fint vær"),
        ("Slovenian", "Danes je lepo vreme"),
        ("Catalan", "Avui fa bon temps"),
        ("Nynorsk", "I dag er det fint vêr"),
        ("Tamil", "இன்று வானிலை நன்றாக உள்ளது"),
        ("Afrikaans", "Vandag is die weer mooi"),
    ],
)
def test_every_language_is_spoken(caller, language, text):
    heard = caller.hear(text, language_boost=language, audio={"sample_rate": 16000})
    assert 0.6 < heard.seconds < 5
    assert 0.03 < heard.rms < 0.4


@pytest.mark.parametrize("language", ["Persian", "Filipino", "Tamil"])
def test_older_models_refuse_the_languages_they_lack(caller, language):
    assert caller.speak(model="speech-02-hd", language_boost=language).code == 2013


def test_text_normalization_writes_numbers_out(caller):
    text = "It costs $5.50 on 2026-11-22."
    off, on = (caller.subtitles(text, voice={"text_normalization": flag}) for flag in (False, True))
    assert off[0]["pronounce_text"] == text
    assert on[0]["pronounce_text"] == "It costs 5.50 dollars on November 22, 2026."


def test_latex_is_read_in_chinese(caller):
    entries = caller.subtitles(r"$$\frac{a}{b} + x^2$$ 对吗", voice={"latex_read": True})
    assert "b分之a加x的平方" in entries[0]["pronounce_text"]


def test_subtitles_of_sentences_cover_the_text_in_short_pieces(caller):
    text = (
        "Hello there, my friend. "
        + "This is a rather long sentence that has to be cut somewhere, because it goes on. " * 2
    )
    answer = caller.speak(text, subtitle_enable=True)
    entries = caller.http.get(answer.payload["data"]["subtitle_file"]).json()
    assert entries[0]["text"] == "Hello there, my friend."
    assert all(len(entry["text"]) <= 50 and entry["timestamped_words"] is None for entry in entries)
    assert " ".join(entry["text"] for entry in entries) == text.strip()
    assert all(before["time_end"] <= after["time_begin"] for before, after in pairwise(entries))
    assert entries[-1]["time_end"] <= answer.info["audio_length"]


def test_subtitles_of_words_match_what_is_heard(caller):
    text = "Hello <#1#> wonderful <#1#> world."
    answer = caller.speak(text, subtitle_enable=True, subtitle_type="word")
    words = [
        word
        for entry in caller.http.get(answer.payload["data"]["subtitle_file"]).json()
        for word in entry["timestamped_words"]
    ]
    assert [text[word["word_begin"] : word["word_end"]] for word in words] == ["Hello", "wonderful", "world"]
    pauses = [(begin, length) for begin, length in answer.heard().silences(0.0005) if length > 0.9]
    for word, (begin, length) in zip(words[1:], pauses, strict=True):
        assert word["time_begin"] / 1000 == pytest.approx(begin + length, abs=0.03)


def test_times_in_mp3_allow_for_the_delay_of_the_format(caller):
    text = "Hello <#1#> world."
    answer = caller.speak(text, subtitle_enable=True, subtitle_type="word", audio={"format": "mp3"})
    entries = caller.http.get(answer.payload["data"]["subtitle_file"]).json()
    begin, length = max(answer.heard().silences(0.003), key=lambda silence: silence[1])
    assert entries[-1]["time_begin"] / 1000 == pytest.approx(begin + length, abs=0.04)


def test_url_holds_the_same_file_and_needs_no_key(caller):
    whole = caller.speak(audio={"format": "mp3"}).audio
    url = caller.speak(audio={"format": "mp3"}, output_format="url").payload["data"]["audio"]
    assert url.startswith(caller.sandbox.url)
    for headers in ({}, caller.sandbox.headers, {"Authorization": "Bearer wrong"}):
        response = caller.http.get(url, headers=headers)
        assert (response.status_code, response.headers["content-type"]) == (200, "audio/mpeg")
        assert response.content == whole


def test_watermark_is_heard_at_the_end(caller):
    usual, marked = caller.hear(), caller.hear(aigc_watermark=True)
    assert marked.seconds > usual.seconds + 0.5
    tail = type(marked)(marked.samples[:, int(usual.seconds * marked.rate) :], marked.rate)
    assert tail.share(830, 930) > 0.8


def test_billed_characters_count_ideographs_twice(caller):
    info = caller.speak("你好 world").info
    assert (info["usage_characters"], info["word_count"]) == (10, 7)


def test_loudness_is_even_between_voices(caller):
    voices = [VOICE, MEN, "Wise_Woman", "Santa_Claus ", "lovely_girl", "Chinese (Mandarin)_News_Anchor"]
    levels = [20 * np.log10(caller.hear(voice={"voice_id": voice}).rms) for voice in voices]
    assert max(levels) - min(levels) < 4, levels
    assert np.mean(levels) == pytest.approx(-20, abs=3)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("model", {"model": "speech-9"}),
        ("model", {"model": ""}),
        ("text", {"text": ""}),
        ("text", {"text": "  \n "}),
        ("text", {"text": "…!"}),
        ("text", {"text": 5}),
        ("text", {"text": "x" * 10_000}),
        ("voice_setting.speed", {"voice": {"speed": 2.1}}),
        ("voice_setting.speed", {"voice": {"speed": "quick"}}),
        ("voice_setting.vol", {"voice": {"vol": 0}}),
        ("voice_setting.pitch", {"voice": {"pitch": 1.5}}),
        ("voice_setting.pitch", {"voice": {"pitch": 13}}),
        ("voice_setting.emotion", {"voice": {"emotion": "bored"}}),
        ("voice_setting.voice_id", {"voice": {"voice_id": ""}}),
        ("audio_setting.format", {"audio": {"format": "aac"}}),
        ("audio_setting.sample_rate", {"audio": {"sample_rate": 11025}}),
        ("audio_setting.bitrate", {"audio": {"bitrate": 1}}),
        ("audio_setting.channel", {"audio": {"channel": 3}}),
        ("language_boost", {"language_boost": "Klingon"}),
        ("output_format", {"output_format": "base64"}),
        ("subtitle_type", {"subtitle_enable": True, "subtitle_type": "letter"}),
        ("subtitle_type", {"subtitle_enable": True, "subtitle_type": "word_streaming"}),
        ("timbre_weights", {"voice": {"voice_id": ""}, "timbre_weights": [{"voice_id": VOICE, "weight": 1}] * 5}),
        ("timbre_weights", {"voice": {"voice_id": ""}, "timbre_weights": [{"voice_id": VOICE, "weight": 0}]}),
        ("voice_modify.pitch", {"voice_modify": {"pitch": 101}}),
        ("voice_modify.sound_effects", {"voice_modify": {"sound_effects": "underwater"}}),
        ("pronunciation_dict.tone", {"pronunciation_dict": {"tone": ["no slash"]}}),
        ("voice_setting", {"voice_setting": "loud"}),
        ("stream", {"stream": "perhaps"}),
    ],
)
def test_bad_parameter_is_named(caller, field, changes):
    text = changes.pop("text", FOX)
    body = {**body_of_speech(text, **{key: value for key, value in changes.items() if key != "voice_setting"})}
    if "voice_setting" in changes:
        body["voice_setting"] = changes["voice_setting"]
    answer = caller.post("/v1/t2a_v2", body)
    assert (answer.status, answer.code) == (200, 2013)
    assert answer.message.startswith(f"invalid params, {field}")


def test_numbers_as_text_and_unknown_fields_are_taken(caller):
    body = body_of_speech(voice={"speed": "1.0", "pitch": "0", "favourite_colour": "blue"}, surprise=[1])
    assert caller.post("/v1/t2a_v2?GroupId=1234567", body).code == 0


def test_9999_characters_are_taken(caller):
    text = ("This sentence is one of many, and all of them are read. " * 200)[:9999]
    caller.http.timeout = 240
    answer = caller.speak(text, audio={"format": "pcmu_raw"}, voice={"speed": 2})
    assert answer.info["usage_characters"] == 9999


def test_invisible_characters_above_a_tenth_are_refused(caller):
    assert caller.speak("abcdefghi\x07jklmnopqrs").code == 0
    assert caller.speak("abcdefgh\x07").code == 1042


def test_unknown_voice_is_refused(caller):
    answer = caller.speak(voice={"voice_id": "Nobody"})
    assert (answer.status, answer.code) == (200, 20132)
