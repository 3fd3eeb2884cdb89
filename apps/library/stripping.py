"""Sound and films that people bring: opened in a process apart, put into a plain container, freed of what they tell.

A program of its own, like `apps.library.audio`: decoders are native code that reads whatever somebody sent. What is
heard and seen stays bit for bit; place, camera, names, covers and whatever else a file says of itself do not.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class NotAMediumError(Exception):
    """The file is not taken; `reason` is "type", "codec" or "damaged"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Stripped:
    suffix: str
    content_type: str


def strip_medium(source: Path, target: Path, *, timeout_s: float) -> Stripped:
    """Write `source` to `target` without what it says of itself. Blocks.

    The name of the file counts for nothing, its content decides. Raises NotAMediumError.
    """
    from apps.library.children import ChildError, run_child  # the child itself knows no package

    order = {"source": str(source), "target": str(target)}
    try:
        answer = run_child(Path(__file__), order=order, timeout_s=timeout_s)
    except ChildError as exc:
        raise NotAMediumError("damaged") from exc
    if answer.get("reason"):
        raise NotAMediumError(answer["reason"])
    return Stripped(**answer)


# --- in the child process ---------------------------------------------------------------------------------------------

READ = ["mp3", "wav", "flac", "ogg", "mov", "matroska", "aac"]
AS_THEY_ARE = {
    "mp3": ("mp3", ".mp3", "audio/mpeg"),
    "wav": ("wav", ".wav", "audio/wav"),
    "flac": ("flac", ".flac", "audio/flac"),
    "ogg": ("ogg", ".opus", "audio/ogg"),
}
MP4 = ("mp4", ".mp4", "video/mp4")
WEBM = ("webm", ".webm", "video/webm")
M4A = ("ipod", ".m4a", "audio/mp4")
IN_MP4 = {"h264", "hevc", "av1", "vp9", "mpeg4", "aac", "mp3", "ac3", "eac3", "opus", "alac"}
IN_WEBM = {"vp8", "vp9", "av1", "opus", "vorbis"}
IN_M4A = {"aac", "alac"}
SOUND_IN = {"mp3": {"mp3"}, "flac": {"flac"}, "ogg": {"opus", "vorbis", "flac"}}


def _strip(source: str, target: str) -> dict[str, Any]:
    import av

    try:
        given: Any = av.open(source, metadata_errors="replace")
    except (av.error.FFmpegError, ValueError):
        return {"reason": "type"}
    with given:
        names = set(given.format.name.split(","))
        if not names & set(READ):
            return {"reason": "type"}
        streams = [*given.streams.video[:1], *given.streams.audio[:1]]
        streams = [each for each in streams if not each.disposition & av.stream.Disposition.attached_pic]
        chosen = _choose(names, [(each.type, each.codec_context.name) for each in streams])
        if chosen is None:
            return {"reason": "codec" if streams else "type"}
        muxer, suffix, content_type = chosen
        try:
            _copy(given, streams, target, muxer)
            _look_into(target)
        except (av.error.FFmpegError, ValueError, StopIteration):
            return {"reason": "damaged"}
    return {"suffix": suffix, "content_type": content_type}


def _choose(names: set[str], streams: list[tuple[str, str]]) -> tuple[str, str, str] | None:
    """The container that takes these streams and that browsers play: muxer, suffix, type."""
    codecs = {_plain(codec) for _type, codec in streams}
    has_film = any(kind == "video" for kind, _codec in streams)
    if has_film:
        if "matroska" in names and codecs <= IN_WEBM:
            return WEBM
        return MP4 if codecs <= IN_MP4 and not names & {"ogg"} else None
    for name, found in AS_THEY_ARE.items():
        if name in names and streams and codecs <= SOUND_IN.get(name, codecs):
            return found
    if streams and codecs <= IN_M4A:
        return M4A
    return (WEBM[0], ".webm", "audio/webm") if streams and codecs <= IN_WEBM else None


def _plain(codec: str) -> str:
    """The codec, whichever library decodes it."""
    return {"libopus": "opus", "libvorbis": "vorbis", "libvpx": "vp8", "libvpx-vp9": "vp9", "mp3float": "mp3"}.get(
        codec, "av1" if "av1" in codec or "dav1d" in codec else codec
    )


def _copy(given: Any, streams: list[Any], target: str, muxer: str) -> None:
    import av

    options = {"fflags": "+bitexact"} | ({"movflags": "faststart"} if muxer in ("mp4", "ipod") else {})
    with av.open(target, "w", format=muxer, options=options) as made:
        out = {each.index: made.add_stream_from_template(each) for each in streams}
        for stream in out.values():
            stream.metadata.clear()
        for packet in given.demux(streams):
            if packet.dts is None and packet.size == 0:  # the end of a stream
                continue
            packet.stream = out[packet.stream.index]
            made.mux(packet)


def _look_into(target: str) -> None:
    """One picture or a moment of sound has to come out. Raises StopIteration."""
    import av

    with av.open(target) as made:
        next(made.decode(made.streams.best("video") or made.streams.best("audio")))


def main() -> None:
    json.dump(_strip(**json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    main()
