"""Does the work of this package in a process of its own, at low priority: decoders are native code that reads what came
over the network, and an hour of encoding is nobody's emergency.

Each function blocks, and does what the one of the same name in `receiving` or `joining` does.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from apps.books.sound.pieces import Cue, Joined, Mark, Piece, Received, Silence, SoundError, Spoken
from apps.library.children import ChildError, run_child

PROGRAM = Path(__file__).with_name("program.py")


def receive(
    path: Path,
    folder: Path,
    *,
    text: str,
    ends: Sequence[int],
    sample_rate: int | None = None,
    channels: int | None = None,
    format: str = "",
    timeout_s: float = 3600,
) -> Spoken:
    """Raises SoundError."""
    order = {"path": str(path), "folder": str(folder), "text": text, "ends": list(ends), "format": format}
    said = _run("receive", order | {"sample_rate": sample_rate, "channels": channels}, timeout_s)
    received = said.pop("received")
    received["audio"] = Path(received["audio"])
    received["subtitles"] = [Cue(**cue) for cue in received["subtitles"]]
    return Spoken(Received(**received), **said)


def join(
    pieces: Sequence[Piece | Silence],
    target: Path,
    *,
    format: str,
    bitrate: int = 64_000,
    loudness_lufs: float | None = None,
    marks: Sequence[Mark] = (),
    cover: Path | None = None,
    tags: Mapping[str, str] | None = None,
    progress: Path | None = None,
    timeout_s: float = 6 * 3600,
) -> Joined:
    """`progress` is a file that holds the percent meanwhile. Raises SoundError."""
    order = {
        "pieces": _as_lists(pieces),
        "target": str(target),
        "format": format,
        "bitrate": bitrate,
        "loudness_lufs": loudness_lufs,
        "marks": [[mark.title, mark.start_sample] for mark in marks],
        "cover": cover and str(cover),
        "tags": dict(tags or {}),
        "progress": progress and str(progress),
    }
    return Joined(**_run("join", order, timeout_s))


def _as_lists(pieces: Sequence[Piece | Silence]) -> list[list[Any]]:
    return [[one.samples] if isinstance(one, Silence) else [str(one.path), one.start, one.end] for one in pieces]


def _run(act: str, order: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:  # a book's pieces are too many for the pipe
        json.dump(order, file)
        file.flush()
        try:
            return run_child(PROGRAM, act, order={"order": file.name}, timeout_s=timeout_s)
        except ChildError as exc:
            raise SoundError(str(exc)) from exc
