"""What an ear would notice, measured."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import av
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Heard:
    samples: NDArray[np.float64]  # one row for each channel, -1 to 1
    rate: int

    @property
    def seconds(self) -> float:
        return self.samples.shape[1] / self.rate

    @property
    def channels(self) -> int:
        return self.samples.shape[0]

    @property
    def mono(self) -> NDArray[np.float64]:
        return self.samples.mean(axis=0)

    @property
    def peak(self) -> float:
        return float(np.abs(self.samples).max())

    @property
    def rms(self) -> float:
        return float(np.sqrt(np.mean(self.mono**2)))

    @property
    def centroid(self) -> float:
        """Middle of the spectrum, Hz: higher is brighter."""
        power = np.abs(np.fft.rfft(self.mono)) ** 2
        return float(np.sum(power * np.fft.rfftfreq(self.samples.shape[1], 1 / self.rate)) / power.sum())

    def share(self, low: float, high: float) -> float:
        """Part of the energy between two frequencies."""
        power = np.abs(np.fft.rfft(self.mono)) ** 2
        hertz = np.fft.rfftfreq(self.samples.shape[1], 1 / self.rate)
        return float(power[(hertz >= low) & (hertz < high)].sum() / power.sum())

    def pitches(self) -> NDArray[np.float64]:
        """F0 of the voiced frames, by autocorrelation."""
        size, found = int(self.rate * 0.06), []
        loud = self.rms
        for start in range(0, self.samples.shape[1] - size, size // 2):
            part = self.mono[start : start + size]
            if np.sqrt(np.mean(part**2)) < loud * 0.6:
                continue
            spectrum = np.fft.rfft(part - part.mean(), size * 2)
            echo = np.fft.irfft(np.abs(spectrum) ** 2)[:size]
            low, high = int(self.rate / 480), int(self.rate / 55)
            best = low + int(echo[low:high].argmax())
            if echo[best] > 0.45 * echo[0]:
                found.append(self.rate / best)
        return np.array(found)

    @property
    def pitch(self) -> float:
        found = self.pitches()
        return float(np.median(found)) if len(found) else 0.0

    def silences(self, threshold: float = 0.003) -> list[tuple[float, float]]:
        """Begin and length, in seconds, of what is silent for 50 ms or more."""
        silent = np.concatenate([[False], np.abs(self.mono) < threshold, [False]])
        edges = np.flatnonzero(np.diff(silent.astype(int)))
        spans = [(int(begin), int(end)) for begin, end in zip(edges[::2], edges[1::2], strict=True)]
        return [
            (begin / self.rate, (end - begin) / self.rate) for begin, end in spans if end - begin > self.rate * 0.05
        ]


def listen(content: bytes, raw_rate: int = 0, channels: int = 1) -> Heard:
    """Decode a file; `raw_rate`: it is bare 16-bit samples."""
    if raw_rate:
        samples = np.frombuffer(content, "<i2").reshape(-1, channels).T / 32768
        return Heard(samples, raw_rate)
    with av.open(BytesIO(content)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="fltp", layout=stream.layout, rate=stream.rate)
        parts = [
            part.to_ndarray()
            for frame in container.decode(stream)
            for part in resampler.resample(frame)
            if part.samples
        ]
        return Heard(np.concatenate(parts, axis=1).astype(np.float64), stream.rate)
