"""One job from text to file, in steps small enough that many jobs can take turns."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.sandbox.engine import characters, colouring, mastering, pitch, sounds
from apps.sandbox.engine.characters import Character
from apps.sandbox.engine.encoders import open_encoder, output_rate
from apps.sandbox.engine.espeak import SAMPLE_RATE, Espeak, Spoken
from apps.sandbox.engine.languages import script_of
from apps.sandbox.engine.mastering import Mastering
from apps.sandbox.engine.script import Pause, Reading, Sentence, Sound, read
from apps.sandbox.engine.subtitles import Word, entry, split_word, subtitles

_FIRST_BLOCK, _BLOCK, _LATER_BLOCK = 0.12, 0.25, 0.5  # seconds of sound that one step makes
# Between two words: a space, a dash, or a script that writes without spaces.
_WORD_EDGE = re.compile(r"[\s\u2013\u2014\u2026\u0e00-\u0e7f\u2e80-\u9fff\uff00-\uff5e)>]")
_SPEAKABLE = re.compile(r"\w|[\U0001f000-\U0001faff]")
_FOLLOWED = 0.75  # of a later sentence's distance from the middle pitch is taken back
_LONGEST_TUNED = 8  # seconds of a sentence that are measured
_IN_TUNE = 0.008  # a smaller error is not heard
_SILENT = 0.004  # below -48 dBFS nothing is heard


@dataclass(frozen=True)
class Step:
    audio: bytes
    entries: list[dict[str, Any]]  # subtitles that begin in this piece


def _character(job: dict[str, Any]) -> Character:
    mixed = characters.blend([(characters.make_character(voice), voice["weight"]) for voice in job["voices"]])
    if job["emotion"]:
        mixed = characters.feel(mixed, job["emotion"])
    change = job["voice_modify"]
    if change:
        mixed = characters.modify(
            mixed,
            pitch=change["pitch"],
            intensity=change["intensity"],
            timbre=change["timbre"],
            monotone=change["sound_effects"] == "robotic",
        )
    return mixed


class Performance:
    def __init__(self, espeak: Espeak, job: dict[str, Any], file: Any = None) -> None:
        self._espeak, self._job = espeak, job
        self._heard_since: float | None = None
        self._character = _character(job)
        self._f0 = self._character.f0 * 2 ** (job["pitch"] / 12)
        self._correction, self._first = 1.0, True  # of the pitch, for this synthesiser, this voice and this text
        self._variant = replace(self._character, f0=self._f0).variant()
        self._rate = round(self._character.pace * job["speed"])
        rate = output_rate(job["format"], job["sample_rate"])
        effect = job["voice_modify"]["sound_effects"] if job["voice_modify"] else None
        self._mastering = Mastering(
            character=self._character, sample_rate=rate, channel=job["channel"], vol=job["vol"], effect=effect
        )
        self._encoder = open_encoder(
            job["format"],
            sample_rate=rate,
            bitrate=job["bitrate"],
            channel=job["channel"],
            force_cbr=job["force_cbr"],
            whole=not job["stream"],
            header=job["header"],
            file=file,
        )
        self._reading = Reading(
            own_language=job["voices"][0]["language"],
            language_boost=job["language_boost"],
            pronunciation=job["pronunciation"],
            sounds=job["sound_tags"],
            text_normalization=job["text_normalization"],
            latex_read=job["latex_read"],
        )
        self._pieces = read(job["text"], self._reading)
        self._ends = True  # nothing follows the last piece
        self._words: list[Word] = []
        self._told = 0  # words already handed out
        self._said = 0  # samples at the synthesiser's rate
        self._size = 0
        self._gain: float | None = None

    def lead_s(self) -> float:
        """How far the sound is ahead of a listener who began with its first piece. Who has least is served first."""
        if self._heard_since is None:
            return -math.inf
        return self._said / SAMPLE_RATE - (time.monotonic() - self._heard_since)

    def steps(self) -> Iterator[Step]:
        for samples in self._signal():
            yield from self._blocks(samples)
        if self._job["aigc_watermark"]:
            yield from self._blocks(sounds.make_watermark())
        tail = self._encoder.encode(self._mastering.push(None)) + self._encoder.finish()
        self._size += len(tail)
        yield Step(tail, self._new_entries(to_the_end=True))

    def result(self) -> dict[str, Any]:
        job, encoder = self._job, self._encoder
        with_words = job["subtitle_type"] in ("word", "word_streaming")
        return {
            "extra_info": {
                "audio_length": round(encoder.samples * 1000 / encoder.sample_rate),
                "audio_sample_rate": encoder.sample_rate,
                "audio_size": self._size,
                "bitrate": encoder.bitrate(self._size),
                "audio_format": job["format"],
                "audio_channel": job["channel"],
            },
            "subtitles": subtitles(job["text"], self._words, with_words=with_words) if job["subtitle_type"] else [],
        }

    def _blocks(self, samples: NDArray[np.float32]) -> Iterator[Step]:
        place = 0
        while place < len(samples):
            seconds = (
                _FIRST_BLOCK if self._said < SAMPLE_RATE else _BLOCK if self._said < 4 * SAMPLE_RATE else _LATER_BLOCK
            )
            part = samples[place : place + int(seconds * SAMPLE_RATE)]
            place += len(part)
            self._said += len(part)
            audio = self._encoder.encode(self._mastering.push(part))
            self._size += len(audio)
            if self._heard_since is None:
                self._heard_since = time.monotonic()
            yield Step(audio, self._new_entries())

    def _new_entries(self, *, to_the_end: bool = False) -> list[dict[str, Any]]:
        if self._job["subtitle_type"] != "word_streaming":
            return []
        now = self._said / SAMPLE_RATE * 1000
        fresh = [word for word in self._words[self._told :] if to_the_end or word.time_begin < now]
        self._told += len(fresh)
        groups: dict[int, list[Word]] = {}
        for word in fresh:
            groups.setdefault(word.sentence, []).append(word)
        return [entry(self._job["text"], group, with_words=True) for group in groups.values()]

    def _signal(self) -> Iterator[NDArray[np.float32]]:
        speed = self._job["speed"]
        start = self._said
        for number, piece in enumerate(self._pieces):
            following = self._pieces[number + 1] if number + 1 < len(self._pieces) else None
            if isinstance(piece, Pause):
                samples = np.zeros(round(piece.seconds * SAMPLE_RATE), np.float32)
            elif isinstance(piece, Sound):
                samples = sounds.make_sound(piece.name, self._character.f0, self._character.tract)
            else:
                samples = self._speak(piece, start)
                rest = 0.0 if isinstance(following, Pause) else piece.rest / speed
                if following is None and self._ends:
                    rest = 0.08
                samples = np.concatenate([samples, np.zeros(round(rest * SAMPLE_RATE), np.float32)])
            start += len(samples)
            yield samples

    def _speak(self, piece: Sentence, start: int) -> NDArray[np.float32]:
        spoken = self._in_tune(piece)
        loud = np.flatnonzero(np.abs(spoken.samples) > _SILENT)
        if not len(loud):
            return np.zeros(0, np.float32)
        first, last = max(0, int(loud[0]) - 60), min(len(spoken.samples), int(loud[-1]) + 120)
        samples = colouring.colour(spoken.samples[first:last], self._character)
        self._remember_words(piece, spoken.words, first / SAMPLE_RATE, start, len(samples))
        wanted = mastering.BEFORE - mastering.loudness(samples)
        # A single sentence may be a shout or a sigh: follow it only halfway once the speaker's level is known.
        self._gain = wanted if self._gain is None else self._gain + 0.5 * (wanted - self._gain)
        samples = samples * np.float32(10 ** (self._gain / 20))
        edge = min(64, len(samples) // 2)
        samples[:edge] *= np.linspace(0, 1, edge, dtype=np.float32)
        samples[len(samples) - edge :] *= np.linspace(1, 0, edge, dtype=np.float32)
        return samples

    def _in_tune(self, piece: Sentence) -> Spoken:
        spoken = self._say(piece)
        if self._character.exactness < 0.5 or self._character.voicing < 50:
            return spoken
        count = min(len(spoken.samples) // 2, _LONGEST_TUNED * SAMPLE_RATE // 2)
        halved = spoken.samples[: 2 * count].reshape(-1, 2).mean(axis=1)  # is enough, and three times as quick
        heard = pitch.middle(pitch.follow(halved, SAMPLE_RATE // 2))
        if not heard:
            return spoken
        error = min(1.25, max(0.8, self._f0 / heard))
        # Later sentences keep a part of their own height: a question may be higher than what was said before it.
        self._correction *= error if self._first else error**_FOLLOWED
        self._first = False
        self._variant = replace(self._character, f0=self._f0 * self._correction).variant()
        return self._say(piece) if abs(error - 1) > _IN_TUNE else spoken

    def _say(self, piece: Sentence) -> Spoken:
        return self._espeak.speak(piece.text, language=self._language_of(piece), variant=self._variant, rate=self._rate)

    def _language_of(self, piece: Sentence) -> str:
        accent = self._job["voices"][0].get("accent", "") if piece.language == "en-us" else ""
        return accent or piece.language

    def _remember_words(
        self, piece: Sentence, events: list[tuple[int, float]], trimmed_s: float, start: int, count: int
    ) -> None:
        """Words as they stand in the text: several sounds of one written word (a number, a replacement) become one."""
        text = self._job["text"]
        end_s = count / SAMPLE_RATE
        begins = [(min(place, len(piece.origins) - 1), max(0.0, seconds - trimmed_s)) for place, seconds in events]
        if piece.language == "ja":
            begins = _japanese_words(text, piece, begins, end_s)
        offset = start / SAMPLE_RATE + self._encoder.lead_s
        for number, (place, seconds) in enumerate(begins):
            last = number + 1 == len(begins)
            following, until = (len(piece.origins), end_s) if last else begins[number + 1]
            origin = piece.origins[place]
            word = Word(
                begin=origin,
                end=max(origin, piece.origins[-1] if last else piece.origins[following] - 1) + 1,
                time_begin=(offset + seconds) * 1000,
                time_end=(offset + until) * 1000,
                said=piece.text[place:following],
                sentence=piece.sentence,
            )
            before = self._words[-1] if self._words else None
            if before and (origin <= before.begin or _same_word(text, before.begin, word)):
                self._words[-1] = replace(
                    before, end=max(before.end, word.end), time_end=word.time_end, said=before.said + word.said
                )
            else:
                self._words += split_word(text, word)


def _same_word(text: str, begin: int, word: Word) -> bool:
    """Whether `word` only goes on with the written word that began at `begin`, or is a sign that was read out."""
    return not _WORD_EDGE.search(text, begin, word.begin) or not _SPEAKABLE.search(word.said)


def _japanese_words(
    text: str, piece: Sentence, begins: list[tuple[int, float]], end_s: float
) -> list[tuple[int, float]]:
    """The synthesiser takes a whole phrase for a word; here one begins wherever kanji follow kana."""
    edges = {place for place, _ in begins}
    for place in range(1, len(piece.origins)):
        here, before = text[piece.origins[place]], text[piece.origins[place - 1]]
        if here != before and script_of(here) == "han" and script_of(before) == "kana":
            edges.add(place)
    known = [*begins, (len(piece.text), end_s)]
    places, times = [place for place, _ in known], [seconds for _, seconds in known]
    return [(place, float(np.interp(place, places, times))) for place in sorted(edges)]
