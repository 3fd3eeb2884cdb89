"""From raw samples to a pleasant, even, safe signal at the rate that was asked for. FFmpeg's filters do the work."""

from __future__ import annotations

from fractions import Fraction

import av
import av.filter
import numpy as np
from numpy.typing import NDArray

from apps.sandbox.engine.characters import Character
from apps.sandbox.engine.espeak import SAMPLE_RATE

BEFORE = -12.8  # LUFS before the chain, which gives about -18 after it at vol 1
_MAKE_UP = 2.6  # dB that the compressor took
_HEADROOM = 0.80  # -1.9 dBFS: a lossy encoder adds up to one decibel again

_FRAME = 1024
_HERTZ = np.fft.rfftfreq(_FRAME, 1 / SAMPLE_RATE)
# Loudness weighting after ITU-R BS.1770, in its essence: a low cut at 60 Hz and a shelf of 4 dB above 1.7 kHz.
_WEIGHTS = (1 / (1 + (60 / np.maximum(_HERTZ, 1)) ** 4)) * (1 + 1.51 / (1 + (1700 / np.maximum(_HERTZ, 1)) ** 3))
_WINDOW = np.hanning(_FRAME)


def loudness(samples: NDArray[np.float32]) -> float:
    """LUFS, near enough, of what is not silence."""
    if len(samples) < _FRAME:
        samples = np.pad(samples, (0, _FRAME - len(samples)))
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME) * _WINDOW
    power = (np.abs(np.fft.rfft(frames, axis=1)) ** 2 @ _WEIGHTS) * 2 / (_FRAME * float(np.sum(_WINDOW**2)))
    loud = power[power > power.max() * 1e-3]
    return float(-0.691 + 10 * np.log10(loud.mean() + 1e-12))


class Mastering:
    """One chain of filters for one file; push samples, get samples."""

    def __init__(self, *, character: Character, sample_rate: int, channel: int, vol: float, effect: str | None) -> None:
        chain = [
            ("highpass", "f=65"),
            ("equalizer", f"f=220:t=q:w=0.8:g={1.5 + character.low_db:.2f}"),
            ("equalizer", f"f=1500:t=q:w=0.9:g={character.mid_db:.2f}"),
            ("equalizer", "f=3300:t=q:w=1.1:g=-3"),  # espeak-ng's harsh region
            ("highshelf", f"f=4500:g={character.high_db - 1.5:.2f}"),
            ("acompressor", "threshold=0.11:ratio=2.2:attack=6:release=140:knee=4"),
            *EFFECTS[effect],
        ]
        gain = 20 * float(np.log10(vol)) + character.gain_db
        chain.append(("volume", f"{_MAKE_UP + gain:.3f}dB"))
        if gain > 6:
            chain.append(("asoftclip", "type=tanh:threshold=0.8"))
        layout = "mono" if channel == 1 else "stereo"
        chain += [
            ("aresample", f"{sample_rate}"),
            ("alimiter", f"limit={_HEADROOM}:attack=4:release=60:level=disabled:latency=1"),
            ("pan", "mono|c0=c0" if channel == 1 else "stereo|c0=c0|c1=c0"),
            ("aformat", f"sample_fmts=s16:channel_layouts={layout}"),
        ]
        self._channel = channel
        self._graph = av.filter.Graph()
        self._graph.threads = 1  # with threads of its own each chain would cost 1.3 MiB, and a fork must not have any
        step = self._graph.add_abuffer(
            sample_rate=SAMPLE_RATE, format="flt", layout="mono", time_base=Fraction(1, SAMPLE_RATE)
        )
        for name, options in chain:
            following = self._graph.add(name, options)
            step.link_to(following)
            step = following
        sink = self._graph.add("abuffersink")
        step.link_to(sink)
        self._graph.configure()
        self._pushed = 0

    def push(self, samples: NDArray[np.float32] | None) -> NDArray[np.int16]:
        """Interleaved samples, as many as are ready. None ends the signal and gives what is left, echoes included."""
        if samples is None:
            self._graph.push(None)
        else:
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None, :]), format="flt", layout="mono")
            frame.sample_rate = SAMPLE_RATE
            frame.pts = self._pushed
            self._pushed += len(samples)
            self._graph.push(frame)
        out = []
        while True:
            try:
                ready = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                break
            out.append(ready.to_ndarray().reshape(-1))
        return np.concatenate(out) if out else np.zeros(0, np.int16)


EFFECTS: dict[str | None, list[tuple[str, str]]] = {
    None: [],
    "spacious_echo": [("aecho", "0.85:0.75:190|390|600:0.42|0.24|0.13"), ("volume", "2.5dB")],
    "auditorium_echo": [
        ("aecho", "0.8:0.8:31|53|83|127|179|241|313:0.38|0.33|0.28|0.23|0.18|0.13|0.09"),
        ("volume", "2dB"),
    ],
    "lofi_telephone": [
        ("highpass", "f=420:p=2"),
        ("highpass", "f=420:p=2"),
        ("lowpass", "f=2900:p=2"),
        ("lowpass", "f=2900:p=2"),
        ("acrusher", "bits=7:mode=log:mix=0.35:aa=1"),
        ("volume", "4dB"),
    ],
    "robotic": [("aecho", "0.8:0.8:7|14|21:0.7|0.5|0.35"), ("tremolo", "f=55:d=0.75"), ("volume", "2dB")],
}
