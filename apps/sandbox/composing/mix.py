"""From the tape to a record: room, ducking, colour, loudness and a ceiling."""

from __future__ import annotations

from fractions import Fraction

import av
import av.filter
import numpy as np
from numpy.typing import NDArray

from apps.sandbox.composing.band import Tape
from apps.sandbox.composing.style import Style
from apps.sandbox.composing.synth import RATE, noise

LOUDNESS = -14.5  # LUFS
VOICE_DB = -0.5  # of the singing above the band
CEILING = 0.84  # -1.5 dBFS: a lossy encoder adds some again
_BLOCK = 1 << 17

Stereo = NDArray[np.float32]


def _impulse(seconds: float, seed: int) -> Stereo:
    """A room's answer: noise that gets duller as it fades, different in each ear."""
    sides = []
    for side in range(2):
        size = int(seconds * 1.3 * RATE)
        time = np.arange(size, dtype=np.float32) / RATE
        bright = noise(seconds * 1.3, seed + side)
        spectrum = np.fft.rfft(bright)
        frequency = np.fft.rfftfreq(size, 1 / RATE)
        dark = np.fft.irfft(spectrum / (1 + (frequency / 1800) ** 2), size).astype(np.float32)
        middle = np.fft.irfft(spectrum / (1 + (frequency / 6000) ** 4), size).astype(np.float32)
        wave = middle * np.exp(-time * 14 / seconds) * 0.5 + dark * np.exp(-time * 6.9 / seconds)
        before = int(0.018 * RATE)
        wave = np.concatenate([np.zeros(before, np.float32), wave])
        sides.append(wave / np.sqrt(np.sum(wave**2)))
    return np.stack(sides).astype(np.float32)


def convolve(wave: NDArray[np.float32], impulse: Stereo) -> Stereo:
    """One channel into two, block by block."""
    size = 1 << int(_BLOCK + impulse.shape[1]).bit_length()
    step = size - impulse.shape[1]
    answer = np.fft.rfft(impulse, size)
    out = np.zeros((2, len(wave) + size), np.float32)
    for begin in range(0, len(wave), step):
        part = np.fft.rfft(wave[begin : begin + step], size)
        out[:, begin : begin + size] += np.fft.irfft(part * answer, size).astype(np.float32)
    return out[:, : len(wave)]


def chain(samples: Stereo, steps: list[tuple[str, str]]) -> Stereo:
    """FFmpeg's filters over a whole recording; the delay of a limiter is made up for by itself."""
    graph = av.filter.Graph()
    graph.threads = 1
    step = graph.add_abuffer(sample_rate=RATE, format="fltp", layout="stereo", time_base=Fraction(1, RATE))
    for name, options in [*steps, ("aformat", "sample_fmts=fltp:channel_layouts=stereo")]:
        following = graph.add(name, options)
        step.link_to(following)
        step = following
    sink = graph.add("abuffersink")
    step.link_to(sink)
    graph.configure()
    parts: list[Stereo] = []

    def pull() -> None:
        while True:
            try:
                parts.append(graph.pull().to_ndarray().astype(np.float32))
            except (av.error.BlockingIOError, av.error.EOFError):
                return

    for begin in range(0, samples.shape[1], 65536):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[:, begin : begin + 65536]), "fltp", "stereo")
        frame.sample_rate, frame.pts = RATE, begin
        graph.push(frame)
        pull()
    graph.push(None)
    pull()
    out = np.concatenate(parts, axis=1) if parts else samples
    return out[:, : samples.shape[1]]


def loudness(samples: Stereo) -> float:
    """LUFS by ITU-R BS.1770: weighted power of 400 ms, gated absolutely and relatively."""
    block, hop = int(0.4 * RATE), int(0.2 * RATE)
    frequency = np.maximum(np.fft.rfftfreq(block, 1 / RATE), 1e-3)
    low_cut = 1 / (1 + (38 / frequency) ** 4)
    shelf = 1 + 1.51 / (1 + (1680 / frequency) ** 3)
    weights = low_cut * shelf
    power = []
    for begin in range(0, max(1, samples.shape[1] - block), hop):
        spectrum = np.abs(np.fft.rfft(samples[:, begin : begin + block], block)) ** 2
        power.append(float(np.sum(spectrum @ weights)) * 2 / block**2)
    values = np.array(power)
    heard = values[values > 10 ** ((-70 + 0.691) / 10)]
    if not len(heard):
        return -70.0
    heard = heard[heard > heard.mean() / 10]
    return float(-0.691 + 10 * np.log10(heard.mean()))


def _duck(tape: Tape, depth: float, beat_s: float) -> None:
    """Each kick pushes the others down for half a beat."""
    dip = 1 - depth * np.linspace(1, 0, int(beat_s * 0.55 * RATE), dtype=np.float32) ** 1.6
    gain = np.ones(tape.size, np.float32)
    for at in tape.kicks:
        begin = max(0, int(at * RATE))
        part = dip[: max(0, tape.size - begin)]
        gain[begin : begin + len(part)] = np.minimum(gain[begin : begin + len(part)], part)
    tape.ducked *= gain


def _in_front(voice: Stereo, band: Stereo) -> Stereo:
    """The voice as loud as the band, which steps back by 2.5 dB while somebody sings."""
    step = RATE // 20
    blocks = voice.shape[1] // step
    power = (voice[:, : blocks * step] ** 2).mean(axis=0).reshape(blocks, step).mean(axis=1)
    sings = (power > power.max() * 0.01).astype(np.float32)
    if not sings.any():
        return voice
    smooth = np.convolve(np.pad(sings, 4, mode="edge"), np.full(9, 1 / 9, np.float32), mode="valid")
    depth = np.interp(np.arange(voice.shape[1]), (np.arange(blocks) + 0.5) * step, smooth).astype(np.float32)
    band *= 1 - np.float32(0.25) * depth
    where = np.repeat(sings > 0, step)
    heard = [sound[:, : len(where)][:, where] for sound in (voice, band)]
    return voice * np.float32(10 ** ((loudness(heard[1]) + VOICE_DB - loudness(heard[0])) / 20))


def _dust(size: int, amount: float) -> NDArray[np.float32]:
    """Crackle and hiss of an old record."""
    rng = np.random.default_rng(77)
    wave = (rng.standard_normal(size) * 0.0012).astype(np.float32)
    places = rng.integers(0, size, int(size / RATE * 9))
    wave[places] += rng.uniform(-0.12, 0.12, len(places)).astype(np.float32)
    return wave * np.float32(amount)


def master(tape: Tape, style: Style, voice: Stereo | None, *, fade: bool) -> Stereo:
    """The finished stereo sound at 44.1 kHz. `voice` is the dry singing; it stands in front of the band."""
    if style.pump and tape.kicks:
        _duck(tape, style.pump, 60 / style.bpm)
    mixed = tape.firm
    mixed += tape.ducked
    room = tape.room
    if voice is not None:
        voice = _in_front(voice, mixed)
        mixed += voice
        sent = voice.mean(axis=0)
        room += sent * np.float32(0.16 + 0.5 * style.room)
        delay = int(60 / style.bpm * 0.75 * RATE)
        if delay < tape.size:
            room[delay:] += sent[: tape.size - delay] * np.float32(0.08)
    mixed += convolve(room, _impulse(style.room_s, 900)) * np.float32(0.5)
    if style.dust:
        mixed += _dust(tape.size, style.dust)
    if style.drive:
        mixed = np.tanh(mixed * np.float32(1 + style.drive)) / np.float32(1 + style.drive * 0.6)
    steps = [
        ("highpass", "f=34"),
        ("lowshelf", "f=110:g=-1.5"),
        ("equalizer", "f=300:t=q:w=0.9:g=-1.5"),
        ("highshelf", "f=5000:g=3.5"),
        ("acompressor", "threshold=0.18:ratio=2:attack=18:release=180:knee=6"),
    ]
    if style.top_hz < 15000:
        steps.append(("lowpass", f"f={style.top_hz:.0f}"))
    mixed = chain(mixed, steps)
    _edges(mixed, fade)
    for _ in range(2):  # what the limiter takes is given back once
        mixed *= np.float32(10 ** ((LOUDNESS - loudness(mixed)) / 20))
        mixed = _limited(mixed)
    return mixed


def _limited(mixed: Stereo) -> Stereo:
    """Nothing above the ceiling; the gain moves before the peak comes. FFmpeg's alimiter takes ten times as long."""
    step, reach = 64, 9  # samples; blocks looked ahead and behind, 13 ms
    blocks = -(-mixed.shape[1] // step)
    padded = np.pad(np.abs(mixed).max(axis=0), (0, blocks * step - mixed.shape[1]))
    peaks = padded.reshape(blocks, step).max(axis=1)
    edged = np.pad(peaks, reach, mode="edge")
    highest = np.lib.stride_tricks.sliding_window_view(edged, 2 * reach + 1).max(axis=1)
    needed = np.minimum(1, CEILING / np.maximum(highest, 1e-6))
    window = np.hanning(2 * reach + 1)  # within the reach, so that the mean is never above what is needed
    smooth = np.convolve(np.pad(needed, reach - 1, mode="edge"), window[1:-1] / window[1:-1].sum(), mode="valid")
    gain = np.interp(np.arange(mixed.shape[1]), (np.arange(blocks) + 0.5) * step, smooth).astype(np.float32)
    return np.clip(mixed * gain, -CEILING, CEILING)


def _edges(mixed: Stereo, fade: bool) -> None:
    begin, end = int(0.01 * RATE), int((6.0 if fade else 1.2) * RATE)
    mixed[:, :begin] *= np.linspace(0, 1, begin, dtype=np.float32)
    end = min(end, mixed.shape[1])
    mixed[:, -end:] *= np.linspace(1, 0, end, dtype=np.float32) ** 1.5
