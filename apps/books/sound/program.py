"""The child that `apart` starts: a program of its own (`python program.py receive|join`)."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
NICENESS = 10


def _receive(path: str, folder: str, **wanted: Any) -> dict[str, Any]:
    from apps.books.sound.receiving import receive

    spoken = asdict(receive(Path(path), Path(folder), **wanted))
    spoken["received"]["audio"] = str(spoken["received"]["audio"])
    return spoken


def _join(
    pieces: list[list[Any]],
    target: str,
    marks: list[tuple[str, int]],
    cover: str | None,
    progress: str | None,
    **wanted: Any,
) -> dict[str, Any]:
    from apps.books.sound.joining import join
    from apps.books.sound.pieces import Mark, Piece, Silence

    def tell(percent: int) -> None:
        if progress:
            Path(progress).write_text(str(percent))

    joined = join(
        [Piece(Path(one[0]), one[1], one[2]) if len(one) > 1 else Silence(one[0]) for one in pieces],
        Path(target),
        marks=[Mark(title, start) for title, start in marks],
        cover=Path(cover).read_bytes() if cover else None,
        progress=tell,
        **wanted,
    )
    return asdict(joined)


ACTS: dict[str, Callable[..., dict[str, Any]]] = {"receive": _receive, "join": _join}


def main() -> None:
    os.nice(NICENESS)
    sys.path.append(str(ROOT))  # the process that opens files knows no package
    from apps.books.sound.pieces import SoundError

    order = json.loads(Path(json.load(sys.stdin)["order"]).read_text())
    try:
        answer = ACTS[sys.argv[1]](**order)
    except SoundError as exc:
        sys.exit(str(exc))
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
