"""What is to be said about a sample of a voice: one plain sentence for each thing, and how it can be mended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.voices.samples import MOST_BYTES, MOST_RATE, Found

# What MiniMax takes: https://platform.minimax.io/docs/api-reference/voice-cloning-uploadcloneaudio
LENGTHS_S = {"sample": (10.0, 300.0), "prompt": (1.0, 8.0)}
TAKEN = {"mp3": ("mp3",), "mov": ("aac",), "wav": ("pcm_s16le", "pcm_s24le")}  # demuxer → codecs; the rest is converted
SUFFIXES = {"mp3": "mp3", "mov": "m4a", "wav": "wav"}
TYPES = {"mp3": "audio/mpeg", "m4a": "audio/mp4", "wav": "audio/wav"}

# Where a sentence is due. The limits are ours: MiniMax publishes none, and refuses only what it cannot use at all.
QUIET_LUFS = -32.0
LOUD_LUFS = -9.0
CLIPPED_SHARE = 0.0005
NOISY_DB = 18.0  # how far speech stands above the noise, at least
NOTHING_DB = 5.0
LITTLE_SPEECH = 0.35

Purpose = Literal["sample", "prompt"]
State = Literal["ok", "mended", "warn", "bad"]


@dataclass(frozen=True)
class Check:
    """One line of the list beside a sample."""

    name: str
    label: str | Promise
    state: State
    sentence: str
    way: str = ""  # how it can be mended here: "trim", "normalise", "confirm"


def needs_preparing(found: Found) -> bool:
    """Whether MiniMax would not take the file as it is."""
    return (
        found.codec not in TAKEN.get(found.demuxer, ())
        or found.channels > 1
        or found.sample_rate > MOST_RATE
        or found.size > MOST_BYTES
    )


def find_checks(
    found: Found, purpose: Purpose, *, brought: Found | None = None, confirmed: bool = False
) -> list[Check]:
    """What is to be said about a sample, good and bad. `brought`: as it was before it was converted."""
    checks = [_check_format(found, brought or found), _check_length(found, purpose)]
    if found.is_silent:
        silence = _(
            "There is silence only. Check which microphone is chosen and that it is not muted, then record again."
        )
        return [*checks, Check("loudness", _("Loudness"), "bad", silence)]
    checks += [_check_loudness(found), _check_clipping(found), _check_noise(found)]
    if purpose == "sample":
        checks.append(_check_speech(found, confirmed))
    return checks


def find_refusal(checks: list[Check]) -> str:
    """The first sentence that keeps a sample from being sent; empty: it may be."""
    return next((check.sentence for check in checks if check.state == "bad"), "")


def as_request(
    found: Found, purpose: Purpose, *, brought: Found | None = None, confirmed: bool = False
) -> dict[str, Any]:
    """What an asset of a sample remembers of it, so that the checks can be told again without opening the file."""
    return {
        "purpose": purpose,
        "confirmed": confirmed,
        "found": asdict(found),
        "brought": asdict(brought) | {"peaks": []} if brought else None,
    }


def found_in(request: Mapping[str, Any]) -> tuple[Found, list[Check]]:
    """What `as_request` kept. Raises ValueError where the asset is no sample."""
    found, brought = _as_found(request.get("found")), _as_found(request.get("brought"))
    if found is None:
        raise ValueError("not a sample of a voice")
    purpose: Purpose = "prompt" if request.get("purpose") == "prompt" else "sample"
    return found, find_checks(found, purpose, brought=brought, confirmed=bool(request.get("confirmed")))


def sentence_for(reason: str) -> str:
    """Why a file is not taken at all, and what to do."""
    if reason == "large":
        return _("This file is larger than 200 MB. Cut out up to five minutes of speech and bring those.")
    if reason == "endless":
        return _("This is longer than 15 minutes. Cut out up to five minutes of speech and bring those.")
    if reason == "cut":
        return _("This file was cut off: it says that it is longer than it is. Copy or export it once more.")
    if reason == "damaged":
        return _("This file is damaged: it cannot be opened to its end. Copy or export it once more.")
    if reason == "empty":
        return _("There is no sound in this file. Choose a recording of a voice.")
    return _("This is not a sound file, whatever its name says. Bring MP3, M4A, WAV, WebM, Ogg or FLAC.")


def _as_found(values: Any) -> Found | None:
    known = {each.name for each in fields(Found)}
    return Found(**{name: value for name, value in values.items() if name in known}) if values else None


def _check_format(found: Found, brought: Found) -> Check:
    changes = []
    if brought.size > MOST_BYTES:
        changes.append(_("it had %(size).1f MB and MiniMax takes 20") % {"size": brought.size / 1e6})
    if brought.channels > 1:
        changes.append(
            ngettext("it had %(count)d channel", "it had %(count)d channels", brought.channels)
            % {"count": brought.channels}
        )
    if brought.sample_rate > MOST_RATE:
        changes.append(_("it had %(rate)g kHz") % {"rate": brought.sample_rate / 1000})
    if brought.codec not in TAKEN.get(brought.demuxer, ()):
        changes.append(_("MiniMax does not know its format"))
    label = _("Format")
    plain = {
        "format": SUFFIXES.get(found.demuxer, found.demuxer).upper(),
        "rate": f"{found.sample_rate / 1000:g}",
        "size": f"{found.size / 1e6:.1f}",
    }
    if found is brought or not changes:
        return Check("format", label, "ok", _("%(format)s, %(rate)s kHz, %(size)s MB.") % plain)
    because = "; ".join(changes)
    sentence = _("Made into %(format)s with one channel, %(rate)s kHz, %(size)s MB: %(because)s.") % (
        plain | {"because": because}
    )
    return Check("format", label, "mended", sentence)


def _check_length(found: Found, purpose: Purpose) -> Check:
    least, most = LENGTHS_S[purpose]
    length, label = _clock(found.duration_s), _("Length")
    if purpose == "prompt":
        if found.duration_s >= most:
            said = _("%(length)s: the example has to be shorter than 8 seconds. Trim it with the handles.")
            return Check("length", label, "bad", said % {"length": length}, "trim")
        if found.duration_s < least:
            said = _("%(length)s: too short to be of use. Record one whole sentence.")
            return Check("length", label, "bad", said % {"length": length})
        return Check("length", label, "ok", _("%(length)s.") % {"length": length})
    if found.duration_s < least:
        said = _("%(length)s: MiniMax needs at least 10 seconds. Record again and read on a little longer.")
        return Check("length", label, "bad", said % {"length": length})
    if found.duration_s > most:
        said = _("%(length)s: MiniMax takes at most 5 minutes. Trim it with the handles.")
        return Check("length", label, "bad", said % {"length": length}, "trim")
    return Check("length", label, "ok", _("%(length)s.") % {"length": length})


def _check_loudness(found: Found) -> Check:
    label, lufs = _("Loudness"), found.loudness_lufs
    if lufs is None or lufs < QUIET_LUFS:
        return Check(
            "loudness",
            label,
            "warn",
            _("Very quiet. Make it louder here, or record closer to the microphone."),
            "normalise",
        )
    if lufs > LOUD_LUFS:
        return Check("loudness", label, "warn", _("Very loud. Bring it to a usual level here."), "normalise")
    return Check("loudness", label, "ok", _("A usual level (%(lufs).0f LUFS).") % {"lufs": lufs})


def _check_clipping(found: Found) -> Check:
    if found.clipped_share > CLIPPED_SHARE:
        said = _(
            "It is overdriven in places and sounds harsh there. That cannot be mended: record again, further away."
        )
        return Check("clipping", _("Overdrive"), "warn", said)
    return Check("clipping", _("Overdrive"), "ok", _("Nothing is overdriven."))


def _check_noise(found: Found) -> Check:
    distance = found.speech_dbfs - found.noise_dbfs
    if distance < NOTHING_DB and not found.is_music:
        return Check("noise", _("Background"), "bad", _("There is noise only: nobody can be heard. Record again."))
    if distance < NOISY_DB and not found.is_music:
        said = _(
            "Noise is only %(distance).0f dB below the voice. Find a quieter room, or switch noise reduction on below."
        )
        return Check("noise", _("Background"), "warn", said % {"distance": distance})
    return Check(
        "noise", _("Background"), "ok", _("Quiet: %(distance).0f dB below the voice.") % {"distance": distance}
    )


def _check_speech(found: Found, confirmed: bool) -> Check:
    label, share = _("Speech"), round(100 * found.speech_share)
    if found.is_music and not confirmed:
        said = _(
            "This sounds like music and not like somebody speaking. Use a recording with one voice and nothing else."
        )
        return Check("speech", label, "bad", said, "confirm")
    if found.speech_share < LITTLE_SPEECH:
        said = _("Somebody speaks in only %(share)d %% of it. Trim the pauses away, or record again.")
        return Check("speech", label, "warn", said % {"share": share}, "trim")
    return Check("speech", label, "ok", _("Somebody speaks in %(share)d %% of it.") % {"share": share})


def _clock(seconds: float) -> str:
    tenths = int(seconds * 10)  # 9.96 s are not 10
    whole = tenths // 10
    return f"{whole // 60}:{whole % 60:02d}" if whole >= 60 else f"{tenths / 10:.1f} s"
