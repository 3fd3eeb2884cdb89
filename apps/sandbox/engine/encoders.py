"""The seven formats, made piece by piece: what comes out of `encode` and `finish`, put together, is the file."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any, Protocol

import av
import numpy as np
from numpy.typing import NDArray

_LARGEST_RIFF = 0xFFFFFFFF
OPUS_RATES = (8000, 12000, 16000, 24000, 48000)


class Encoder(Protocol):
    sample_rate: int  # what is really written
    lead_s: float  # silence that the format puts before the first sample
    samples: int  # written so far, per channel

    def encode(self, samples: NDArray[np.int16]) -> bytes: ...
    def finish(self) -> bytes: ...
    def bitrate(self, size: int) -> int: ...


def output_rate(audio_format: str, sample_rate: int) -> int:
    """The rate that the format can really carry."""
    if audio_format.startswith("pcmu"):
        return 8000
    if audio_format == "opus":
        return next((rate for rate in OPUS_RATES if rate >= sample_rate), 48000)
    return sample_rate


def open_encoder(
    audio_format: str,
    *,
    sample_rate: int,
    bitrate: int,
    channel: int,
    force_cbr: bool,
    whole: bool,
    header: bool,
    file: Any = None,
) -> Encoder:
    """`whole`: nothing leaves before the end, so the header can state the length. `file`: containers, which go back
    to their header, are written there instead of being handed out; it needs write, seek and tell."""
    if audio_format == "mp3":
        return Mp3Encoder(sample_rate, bitrate, channel, force_cbr)
    if audio_format in ("flac", "opus"):
        return ContainerEncoder(audio_format, sample_rate, channel, whole, file)
    return PlainEncoder(audio_format, sample_rate, channel, whole, header)


class _Frames:
    """Cuts a stream of samples into the frames of a codec."""

    def __init__(self, sample_rate: int, channel: int, size: int, form: str) -> None:
        self._rate, self._channel, self._size, self._form = sample_rate, channel, size, form
        self._left = np.zeros((0, channel), np.int16)
        self._place = 0

    def cut(self, samples: NDArray[np.int16], *, last: bool = False) -> list[av.AudioFrame]:
        self._left = np.concatenate([self._left, samples.reshape(-1, self._channel)])
        frames = []
        while len(self._left) >= self._size or (last and len(self._left)):
            part, self._left = self._left[: self._size], self._left[self._size :]
            planes = np.ascontiguousarray(part.T) if self._form == "s16p" else np.ascontiguousarray(part.reshape(1, -1))
            frame = av.AudioFrame.from_ndarray(
                planes, format=self._form, layout="mono" if self._channel == 1 else "stereo"
            )
            frame.sample_rate = self._rate
            frame.pts = self._place
            self._place += len(part)
            frames.append(frame)
        return frames


class Mp3Encoder:
    def __init__(self, sample_rate: int, bitrate: int, channel: int, force_cbr: bool) -> None:
        # MPEG-2 and 2.5 stop at 160 and 64 kbit/s; the answer reports what was really used.
        self._bitrate = min(bitrate, 64000 if sample_rate <= 8000 else 160000 if sample_rate <= 24000 else 320000)
        if sample_rate > 24000:
            self._bitrate = max(32000, self._bitrate)
        codec = av.CodecContext.create("libmp3lame", "w")
        codec.sample_rate, codec.bit_rate = sample_rate, self._bitrate
        codec.format, codec.layout = "s16p", "mono" if channel == 1 else "stereo"
        # Level 7 is twice as fast as the default. Without the reservoir every frame stands for itself.
        codec.options = {"compression_level": "7", "reservoir": "0" if force_cbr else "1"}
        codec.thread_count = 1
        codec.open()
        self._codec = codec
        self._frames = _Frames(sample_rate, channel, codec.frame_size, "s16p")
        self.sample_rate, self.samples = sample_rate, 0
        self.lead_s = 1105 / sample_rate  # encoder and decoder delay; a stream has no header that could take it back

    def encode(self, samples: NDArray[np.int16]) -> bytes:
        return b"".join(self._one(frame) for frame in self._frames.cut(samples))

    def finish(self) -> bytes:
        tail = b"".join(self._one(frame) for frame in self._frames.cut(np.zeros(0, np.int16), last=True))
        return tail + self._one(None)

    def _one(self, frame: av.AudioFrame | None) -> bytes:
        packets = self._codec.encode(frame)
        self.samples += len(packets) * self._codec.frame_size
        return b"".join(bytes(packet) for packet in packets)

    def bitrate(self, size: int) -> int:
        return self._bitrate


class _Growing:
    """A sink that can only be written to, and hands over what came in."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        data, self._parts = b"".join(self._parts), []
        return data


class ContainerEncoder:
    """FLAC and Ogg/Opus, through FFmpeg's muxers."""

    def __init__(self, audio_format: str, sample_rate: int, channel: int, whole: bool, file: Any) -> None:
        self._whole = BytesIO() if whole and not file else None
        self._sink = _Growing()
        muxer, codec, options = {
            "flac": ("flac", "flac", {}),
            "opus": ("ogg", "libopus", {"page_duration": "100000", "serial_offset": "1", "fflags": "+bitexact"}),
        }[audio_format]
        self._container = av.open(file or self._whole or self._sink, "w", format=muxer, options=options)
        stream = self._container.add_stream(codec, rate=sample_rate)
        if not isinstance(stream, av.AudioStream):
            raise TypeError(f"{codec} does not encode sound")
        self._stream = stream
        self._stream.layout = "mono" if channel == 1 else "stereo"
        self._stream.codec_context.format = "s16"
        if file and codec == "flac":
            self._stream.codec_context.options = {"frame_size": "4608"}  # nobody waits for a frame: twice as quick
        if codec == "libopus":
            self._stream.bit_rate = 48000 * channel
            self._stream.codec_context.options = {"application": "voip"}
        self._stream.codec_context.thread_count = 1
        self._stream.codec_context.open()
        self._frames = _Frames(sample_rate, channel, self._stream.codec_context.frame_size or 4096, "s16")
        self.sample_rate, self.samples, self.lead_s = sample_rate, 0, 0.0

    def encode(self, samples: NDArray[np.int16]) -> bytes:
        self._mux(self._frames.cut(samples))
        return self._sink.take()

    def finish(self) -> bytes:
        self._mux(self._frames.cut(np.zeros(0, np.int16), last=True))
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._whole.getvalue() if self._whole else self._sink.take()

    def _mux(self, frames: list[av.AudioFrame]) -> None:
        for frame in frames:
            self.samples += frame.samples
            self._container.mux(self._stream.encode(frame))

    def bitrate(self, size: int) -> int:
        return round(size * 8 * self.sample_rate / self.samples) if self.samples else 0


def _mu_law_table() -> NDArray[np.uint8]:
    """G.711, for every 16-bit sample."""
    linear = np.arange(-32768, 32768)
    magnitude = np.minimum(np.abs(linear), 32635) + 132
    exponent = np.floor(np.log2(magnitude)).astype(int) - 7
    mantissa = (magnitude >> (exponent + 3)) & 15
    return (~((linear < 0) * 128 + exponent * 16 + mantissa) & 0xFF).astype(np.uint8)


class PlainEncoder:
    """Samples as they are, or as mu-law, with or without a RIFF header."""

    def __init__(self, audio_format: str, sample_rate: int, channel: int, whole: bool, header: bool) -> None:
        self._table = _mu_law_table() if audio_format.startswith("pcmu") else None
        self._width = 1 if self._table is not None else 2
        self._riff = audio_format in ("wav", "pcmu_wav") and header
        self._channel = channel
        self._waiting: list[bytes] | None = [] if whole else None
        self._begun = False
        self.sample_rate, self.samples, self.lead_s = sample_rate, 0, 0.0

    def encode(self, samples: NDArray[np.int16]) -> bytes:
        self.samples += len(samples) // self._channel
        if self._table is not None:
            data = self._table[samples.astype(np.int32) + 32768].tobytes()
        else:
            data = samples.astype("<i2").tobytes()
        if self._waiting is not None:
            self._waiting.append(data)
            return b""
        if self._riff and not self._begun and data:
            self._begun = True
            return self.header(0xFFFFFFFF - 128) + data  # a stream does not know its length
        return data

    def finish(self) -> bytes:
        if self._waiting is None:
            return b""
        data = b"".join(self._waiting)
        return (self.header(len(data)) if self._riff else b"") + data

    def header(self, size: int, *, roomy: bool = False) -> bytes:
        """Of `size` bytes of sound. `roomy`: with room for the numbers of a file above 4 GiB, which then is RF64."""
        block = self._channel * self._width
        kind = 7 if self._table is not None else 1
        fmt = struct.pack(
            "<HHIIHH", kind, self._channel, self.sample_rate, self.sample_rate * block, block, 8 * self._width
        )
        chunks = b"fmt " + struct.pack("<I", len(fmt)) + fmt
        if kind == 7:
            chunks = b"fmt " + struct.pack("<I", 18) + fmt + b"\0\0" + b"fact" + struct.pack("<II", 4, size // block)
        total = 4 + len(chunks) + 8 + size
        name = b"RIFF"
        if roomy:
            total += 36
            if total > _LARGEST_RIFF:
                name, large = b"RF64", struct.pack("<QQQI", total, size, size // block, 0)
                total = size = _LARGEST_RIFF
                chunks = b"ds64" + struct.pack("<I", 28) + large + chunks
            else:
                chunks = b"JUNK" + struct.pack("<I", 28) + bytes(28) + chunks
        return name + struct.pack("<I", total) + b"WAVE" + chunks + b"data" + struct.pack("<I", size)

    def bitrate(self, size: int) -> int:
        return self.sample_rate * self._channel * self._width * 8
