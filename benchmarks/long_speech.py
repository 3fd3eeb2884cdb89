"""What joining a book costs beside encoding it: `python benchmarks/long_speech.py [--hours 17] [--formats mp3 m4b …]`.

A book is made first: parts of half an hour, FLAC as `apps.books.sound.taking` writes them, with something like speech
in them (the parts repeat, the files are one on the disk), cut into sentences of six seconds. Every fiftieth sentence
is a second take out of another file, every fiftieth is followed by a pause. Then, in one run and each in a process of
its own, with the same samples each time:

encoder alone   reads the joined samples from a raw file, and does nothing but encode and write them
join            `apps.books.sound.joining.join`: finds every sentence, decodes, fades at joins, encodes, writes
with loudness   the same with --loudness: measured over the whole book first, then one gain and a limiter

Time is that of the process's CPU, and the clock's in brackets: the first says something also on a busy machine.
Memory is the greatest resident size of the process, decoders and numpy (some 60 MiB) included. Wanted: below 300 MiB
for 17 hours. On an idle machine one hour takes some five minutes, seventeen hours with `--formats flac` ten, and with
all formats an hour and a half; 17 hours need 7 GB in --folder.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

RATE = 32_000
PART_S = 1800
SENTENCE_S = 6
BITRATE = 64_000
LOUDNESS_LUFS = -18.0


def make_part(path: Path, seconds: int, seed: int) -> None:
    """A buzz and noise that open and close as a mouth does, with a pause after each sentence."""
    import av
    import numpy as np

    chance = np.random.default_rng(seed)
    with av.open(str(path), "w", format="flac") as made:
        out: Any = made.add_stream("flac", rate=RATE, layout="mono", options={"frame_size": "4608"})
        made.start_encoding()
        fifo = av.AudioFifo()
        for number in range(seconds // SENTENCE_S):
            moments = np.arange(SENTENCE_S * RATE) / RATE
            pitch = 110 + 25 * np.sin(2 * np.pi * chance.uniform(0.3, 0.8) * moments + number)
            phase = 2 * np.pi * np.cumsum(pitch) / RATE
            voice = sum(np.sin(step * phase) / step for step in range(1, 10))
            mouth = np.abs(np.sin(2 * np.pi * chance.uniform(1.8, 2.6) * moments)) * (moments < SENTENCE_S - 0.5)
            sound = 0.12 * (voice + 0.3 * chance.standard_normal(len(moments))) * mouth
            sound += 0.0003 * chance.standard_normal(len(moments))
            samples = np.rint(np.clip(sound, -1, 1) * 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate = RATE
            frame.pts = None
            fifo.write(frame)
            while (piece := fifo.read(4608)) is not None:
                made.mux(out.encode(piece))
        if (piece := fifo.read(0, partial=True)) is not None:
            made.mux(out.encode(piece))
        made.mux(out.encode(None))


def make_book(folder: Path, hours: float) -> list[list[Any]]:
    """Pieces as lists: [path, start, end], or [samples] of silence."""
    seconds = round(hours * 3600)
    make_part(folder / "first.flac", min(PART_S, seconds), 1)
    make_part(folder / "takes.flac", 600, 2)
    pieces: list[list[Any]] = []
    number = 0
    for part in range(-(-seconds // PART_S)):
        path = folder / f"part{part}.flac"
        os.link(folder / "first.flac", path)
        for start in range(0, min(PART_S, seconds - part * PART_S), SENTENCE_S):
            number += 1
            if number % 50 == 0:
                begins = (number * SENTENCE_S) % 590 * RATE
                pieces += [[str(folder / "takes.flac"), begins, begins + SENTENCE_S * RATE], [RATE // 2]]
            else:
                pieces.append([str(path), start * RATE, (start + SENTENCE_S) * RATE])
    return pieces


# --- in a process of its own ------------------------------------------------------------------------------------------


def join_pieces(order: dict[str, Any]) -> int:
    from apps.books.sound.joining import join
    from apps.books.sound.pieces import Mark, Piece, Silence

    listed = json.loads(Path(order["pieces"]).read_text())
    pieces = [Piece(Path(one[0]), one[1], one[2]) if len(one) > 1 else Silence(one[0]) for one in listed]
    samples = sum(piece.samples for piece in pieces)
    marks = [Mark(f"Chapter {start // (PART_S * RATE) + 1}", start) for start in range(0, samples, PART_S * RATE)]
    joined = join(
        pieces,
        Path(order["target"]),
        format=order["format"],
        bitrate=BITRATE,
        loudness_lufs=order["loudness"],
        marks=marks,
    )
    return joined.samples


def encode_only(order: dict[str, Any]) -> int:
    """The encoder with nothing around it but a file that is read and a file that is written."""
    from fractions import Fraction

    import av
    import numpy as np

    from apps.books.sound.joining import FORMATS

    wanted, written = FORMATS[order["format"]], 0
    with av.open(order["target"], "w", format=wanted.muxer, options=dict(wanted.options)) as made:
        out: Any = made.add_stream(wanted.codec, rate=RATE, layout="mono")
        if wanted.rates:
            out.bit_rate = BITRATE
        out.codec_context.format = wanted.samples
        made.start_encoding()
        size = out.codec_context.frame_size or 1 << 14
        for block in raw_blocks(Path(order["raw"]), size):
            if wanted.samples == "fltp":
                block = block.astype(np.float32) * np.float32(1 / 32768)
            frame = av.AudioFrame.from_ndarray(block.reshape(1, -1), format=wanted.samples, layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, written, Fraction(1, RATE)
            written += len(block)
            made.mux(out.encode(frame))
        made.mux(out.encode(None))
    return written


def raw_blocks(path: Path, size: int) -> Iterator[Any]:
    """The samples of a WAV file."""
    import numpy as np

    with path.open("rb", buffering=1 << 20) as file:
        file.seek(file.read(4096).index(b"data") + 8)
        while data := file.read(2 * size):
            yield np.frombuffer(data, np.int16)


def work(order: dict[str, Any]) -> dict[str, Any]:
    began, used = time.monotonic(), time.process_time()
    samples = {"join": join_pieces, "encode": encode_only}[order["act"]](order)
    return {
        "samples": samples,
        "clock_s": time.monotonic() - began,
        "cpu_s": time.process_time() - used,
        "peak_mib": peak_mib(),
    }


def peak_mib() -> float:
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)  # bytes on macOS
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


# --- the run ----------------------------------------------------------------------------------------------------------


def run(**order: Any) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, __file__, "--order", json.dumps(order)], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout)


def said(name: str, found: dict[str, Any], against: dict[str, Any] | None = None) -> str:
    speed = found["samples"] / RATE / found["cpu_s"]
    ratio = ""
    if against:
        cpu, clock = found["cpu_s"] / against["cpu_s"], found["clock_s"] / against["clock_s"]
        ratio = f"   {cpu:.2f} ({clock:.2f}) of the encoder"
    return (
        f"  {name:14} {found['cpu_s']:8.1f} s ({found['clock_s']:.1f} s)   {speed:6.0f}x real time"
        f"   {found['peak_mib']:5.0f} MiB{ratio}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--hours", type=float, default=1)
    parser.add_argument("--formats", nargs="+", default=["mp3", "m4b", "flac"])
    parser.add_argument("--join-only", action="store_true", help="without the encoder alone: half the time, no ratio")
    parser.add_argument("--loudness", action="store_true", help="also with one loudness for the book")
    parser.add_argument("--folder", help="where the files are made (default: the folder for temporary files)")
    parser.add_argument("--order", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.order:
        print(json.dumps(work(json.loads(given.order))))
        return
    with tempfile.TemporaryDirectory(dir=given.folder, prefix="long-speech-") as temporary:
        folder = Path(temporary)
        pieces = folder / "pieces.json"
        listed = make_book(folder, given.hours)
        pieces.write_text(json.dumps(listed))
        common = {"pieces": str(pieces), "loudness": None}
        raw = folder / "joined.wav"
        print(f"{given.hours:g} h, {len(listed)} pieces, {RATE} Hz, one channel", flush=True)
        if not given.join_only:
            wav = run(act="join", format="wav", target=str(raw), **common)
            print("wav", said("join", wav), sep="\n", flush=True)
        for format in given.formats:
            print(format, flush=True)
            target, alone = str(folder / f"book.{format}"), None
            if not given.join_only:
                alone = run(act="encode", format=format, target=target, raw=str(raw))
                print(said("encoder alone", alone), flush=True)
            print(said("join", run(act="join", format=format, target=target, **common), alone), flush=True)
            if given.loudness:
                found = run(act="join", format=format, target=target, **common | {"loudness": LOUDNESS_LUFS})
                print(said("with loudness", found, alone), flush=True)
            Path(target).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
