"""Cuts films: takes a picture out of one, or joins several into one file.

A program of its own like `apps.library.pictures`, for the same reason: decoders are native code that reads whatever
came over the network. FFmpeg and Pillow are imported by the child alone. It goes through films picture by picture, so
a long one takes no more memory than a short one.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

SOUND_RATE = 48_000  # Hz
MOST_FPS = 60
NICENESS = 10  # joining is nobody's emergency


class CutError(Exception):
    """The film cannot be opened; the text says what the decoder said."""


@dataclass
class Frame:
    width: int  # pixels
    height: int
    at_s: float  # where it really stood


@dataclass
class Joined:
    is_encoded: bool  # False: the pictures were copied as they are
    frames: int


def take_frame(path: Path, target: Path, *, at_s: float | None, timeout_s: float = 120) -> Frame:
    """Write the picture that is seen at `at_s` (None: the last one) to `target`, a PNG; blocks. Raises CutError."""
    order = {"path": str(path), "target": str(target), "at_s": at_s}
    return Frame(**_run("frame", order, timeout_s))


def join_films(paths: Sequence[Path], target: Path, progress: Path, *, timeout_s: float = 3600) -> Joined:
    """Write `paths`, one after the other, to `target`, an mp4; blocks. `progress` holds the percent meanwhile.

    Films of the same kind are copied. Otherwise all are encoded anew in the size of the first, the others with bars
    where their shape differs, at the highest of their frame rates. Raises CutError.
    """
    order = {"paths": [str(path) for path in paths], "target": str(target), "progress": str(progress)}
    return Joined(**_run("join", order, timeout_s))


def _run(act: str, order: dict[str, Any], timeout_s: float) -> dict[str, Any]:
    from apps.library.children import ChildError, run_child  # the child itself knows no package

    try:
        return run_child(Path(__file__), act, order=order, timeout_s=timeout_s)
    except ChildError as exc:
        raise CutError(str(exc)) from exc


# --- in the child process ---------------------------------------------------------------------------------------------


def _frame(path: str, target: str, at_s: float | None) -> dict[str, Any]:
    import av

    with av.open(path) as container:
        stream: Any = container.streams.video[0]
        shown = None
        if container.duration:  # from the key picture before it, instead of from the beginning
            wanted = container.duration / av.time_base if at_s is None else at_s
            container.seek(max(0, int((wanted - 0.001) * av.time_base)))
        for frame in _pictures(container, stream):
            if at_s is not None and shown is not None and frame.time > at_s + 1e-4:
                break
            shown = frame
        if shown is None:
            container.seek(0)
            for frame in _pictures(container, stream):
                shown = frame
        if shown is None:
            raise CutError("not one picture of it can be decoded")
        shown.to_image().save(target, "PNG")
        return asdict(Frame(shown.width, shown.height, round(float(shown.time or 0), 4)))


def _pictures(container: Any, stream: Any) -> Iterator[Any]:
    """Everything that can be decoded, in the order in which it is seen."""
    import av

    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            continue


@dataclass
class _Clip:
    path: str
    width: int
    height: int
    fps: Fraction
    seconds: float
    video: tuple[Any, ...]  # equal tuples can be copied into one stream
    sound: tuple[Any, ...] | None


def _look(path: str) -> _Clip:
    import av

    with av.open(path) as container:
        if not container.streams.video:
            raise CutError("there is no picture in it")
        stream: Any = container.streams.video[0]
        codec = stream.codec_context
        fps = Fraction(stream.average_rate or 25)
        kind = (
            codec.name,
            codec.width,
            codec.height,
            codec.pix_fmt,
            fps,
            stream.time_base,
            bytes(codec.extradata or b""),
        )
        sound = None
        if container.streams.audio:
            heard: Any = container.streams.audio[0]
            inner = heard.codec_context
            sound = (inner.name, inner.sample_rate, inner.layout.name, heard.time_base, bytes(inner.extradata or b""))
        seconds = (container.duration or 0) / av.time_base
        return _Clip(path, codec.width, codec.height, fps, seconds, kind, sound)


def _join(paths: list[str], target: str, progress: str) -> dict[str, Any]:
    os.nice(NICENESS)
    clips = [_look(path) for path in paths]
    whole = sum(clip.seconds for clip in clips) or 1.0

    said = -1

    def tell(seconds: float) -> None:
        nonlocal said
        percent = min(99, int(100 * seconds / whole))
        if percent > said:
            said = percent
            Path(progress).write_text(str(percent))

    can_copy = len({clip.video for clip in clips}) == 1 and len({clip.sound for clip in clips}) == 1
    frames = (_copy if can_copy else _encode)(clips, target, tell)
    if not frames:
        raise CutError("not one picture can be decoded")
    return asdict(Joined(not can_copy, frames))


def _copy(clips: list[_Clip], target: str, tell: Callable[[float], None]) -> int:
    import av

    frames, start_s = 0, Fraction(0)
    with av.open(target, "w", format="mp4", options={"movflags": "+faststart"}) as made:
        outs: dict[str, Any] = {}
        for clip in clips:
            with av.open(clip.path) as given:
                streams = [*given.streams.video[:1], *given.streams.audio[:1]]
                for stream in streams:
                    if stream.type not in outs:
                        outs[stream.type] = made.add_stream_from_template(stream)
                end_s = start_s
                for packet in given.demux(streams):
                    if packet.dts is None or packet.pts is None:
                        continue
                    kind, base = packet.stream.type, packet.time_base
                    shift = round(start_s / base)
                    ends = start_s + (packet.pts + (packet.duration or 0)) * base
                    if kind == "video":
                        frames += 1
                        end_s = max(end_s, ends)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = outs[kind]
                    made.mux(packet)
                    tell(float(end_s))
            start_s = end_s
    return frames


def _encode(clips: list[_Clip], target: str, tell: Callable[[float], None]) -> int:
    import av

    width, height = clips[0].width // 2 * 2, clips[0].height // 2 * 2
    fps = min(max(clip.fps for clip in clips), Fraction(MOST_FPS)).limit_denominator(1001)
    frames = 0
    with av.open(target, "w", format="mp4", options={"movflags": "+faststart"}) as made:
        out: Any = made.add_stream("libx264", rate=fps, options={"crf": "17", "preset": "veryfast"})
        out.width, out.height, out.pix_fmt = width, height, "yuv420p"
        base = 1 / fps
        out.codec_context.time_base = base
        sound = _Sound(made) if any(clip.sound for clip in clips) else None
        for clip in clips:
            with av.open(clip.path) as given:
                for picture in _fitted(given, width, height, fps):
                    picture.pts, picture.time_base = frames, base
                    picture.pict_type = 0  # the encoder decides
                    frames += 1
                    made.mux(out.encode(picture))
                    tell(float(frames * base))
            if sound:
                sound.add(clip, until=round(frames * base * SOUND_RATE))
        made.mux(out.encode(None))
        if sound:
            sound.end()
    return frames


def _fitted(given: Any, width: int, height: int, fps: Fraction) -> Iterator[Any]:
    """The pictures of one film in another size, with bars where the shape differs, and at another rate."""
    import av

    stream = given.streams.video[0]
    graph = av.filter.Graph()
    steps = [
        graph.add_buffer(template=stream),
        graph.add("scale", f"{width}:{height}:force_original_aspect_ratio=decrease:force_divisible_by=2:flags=bicubic"),
        graph.add("pad", f"{width}:{height}:(ow-iw)/2:(oh-ih)/2"),
        graph.add("setsar", "1"),
        graph.add("fps", f"fps={fps}:start_time=0"),
        graph.add("format", "yuv420p"),
        graph.add("buffersink"),
    ]
    for step, following in pairwise(steps):
        step.link_to(following)
    graph.configure()
    source, sink = steps[0], steps[-1]

    def pull() -> Iterator[Any]:
        while True:
            try:
                yield sink.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return

    for frame in _pictures(given, stream):
        source.push(frame)
        yield from pull()
    source.push(None)
    yield from pull()


class _Sound:
    """The sound of all films as one stream; films without any are silent, and each is as long as its pictures."""

    def __init__(self, made: Any) -> None:
        import av

        self.made = made
        self.out: Any = made.add_stream("aac", rate=SOUND_RATE, layout="stereo")
        self.fifo = av.AudioFifo()
        self.written = 0  # samples, into the fifo
        self.encoded = 0

    def add(self, clip: _Clip, *, until: int) -> None:
        import av

        if clip.sound:
            resampler = av.AudioResampler(format="fltp", layout="stereo", rate=SOUND_RATE)
            with av.open(clip.path) as given:
                for frame in _pictures(given, given.streams.audio[0]):
                    frame.pts = None
                    for piece in resampler.resample(frame):
                        self._write(piece.to_ndarray(), until)
        while self.written < until:
            self._silence(min(SOUND_RATE, until - self.written), until)

    def _silence(self, samples: int, until: int) -> None:
        import numpy as np

        self._write(np.zeros((2, samples), np.float32), until)

    def _write(self, samples: Any, until: int) -> None:
        import av
        import numpy as np

        samples = samples[:, : max(0, until - self.written)]
        if not samples.shape[1]:
            return
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout="stereo")
        frame.sample_rate = SOUND_RATE
        frame.pts = None
        self.fifo.write(frame)
        self.written += samples.shape[1]
        self._encode(partial=False)

    def _encode(self, *, partial: bool) -> None:
        size = self.out.codec_context.frame_size or 1024
        while (frame := self.fifo.read(size, partial)) is not None:
            frame.pts, frame.time_base = self.encoded, Fraction(1, SOUND_RATE)
            self.encoded += frame.samples
            self.made.mux(self.out.encode(frame))

    def end(self) -> None:
        self._encode(partial=True)
        self.made.mux(self.out.encode(None))


def main() -> None:
    order = json.load(sys.stdin)
    acts: dict[str, Callable[..., dict[str, Any]]] = {"frame": _frame, "join": _join}
    try:
        answer = acts[sys.argv[1]](**order)
    except Exception as exc:
        sys.exit(f"{type(exc).__name__}: {exc}")
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
