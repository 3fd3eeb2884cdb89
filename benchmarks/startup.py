"""How long the studio takes to be ready, and how much memory all its parts hold while nothing happens.

    .venv/bin/python benchmarks/startup.py [--starts 5] [--settle 20]

Starts `manage.py up` on a folder of its own: once anew, then again and again. Ready means that the launcher has said
so: every part has answered. PSS counts a page that several processes share once; RSS counts it for each.
"""

from __future__ import annotations

import argparse
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
MIB = 1 << 20


def start(data: Path) -> tuple[subprocess.Popen[str], float]:
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up", "--port", "0", "--data", str(data)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = []
    for line in process.stdout or []:
        said.append(line)
        if "The studio is ready" in line:
            return process, time.monotonic() - began
    raise SystemExit("It did not start:\n" + "".join(said))


def stop(process: subprocess.Popen[str]) -> float:
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate()
    return time.monotonic() - began


def name_of(process: psutil.Process, data: Path) -> str:
    files = {int(path.read_text().split()[0]): path.stem for path in (data / "run").glob("*.pid")}
    names = [files.get(one.pid) for one in (process, *process.parents())]
    return next((name for name in names if name), "launcher")


def memory(launcher: psutil.Process, data: Path) -> dict[str, tuple[float, float]]:
    """PSS and RSS in MiB of each part, with everything it started."""
    totals: dict[str, tuple[float, float]] = {}
    for process in (launcher, *launcher.children(recursive=True)):
        used = process.memory_full_info()
        name = name_of(process, data)
        pss, rss = totals.get(name, (0.0, 0.0))
        totals[name] = (pss + used.pss / MIB, rss + used.rss / MIB)
    return totals


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--settle", type=float, default=20, help="seconds before memory is read")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        data = Path(folder)
        process, first = start(data)
        time.sleep(options.settle)
        parts = memory(psutil.Process(process.pid), data)
        cpu_before = sum(sum(one.cpu_times()[:2]) for one in everyone(process))
        time.sleep(10)
        cpu = sum(sum(one.cpu_times()[:2]) for one in everyone(process)) - cpu_before
        stops = [stop(process)]
        starts = []
        for _ in range(options.starts):
            process, seconds = start(data)
            starts.append(seconds)
            stops.append(stop(process))

    print(f"first start (new data folder)   {first:6.2f} s")
    print(f"second start, median of {len(starts)}       {statistics.median(starts):6.2f} s   (worst {max(starts):.2f})")
    print(f"stop, median of {len(stops)}               {statistics.median(stops):6.2f} s   (worst {max(stops):.2f})")
    print(f"idle CPU, all parts             {cpu * 10:6.2f} % of one core")
    print("\nidle memory, MiB         PSS    RSS")
    for name, (pss, rss) in sorted(parts.items()):
        print(f"{name:<20} {pss:7.1f}{rss:7.1f}")
    print(f"{'all':<20} {sum(pss for pss, _ in parts.values()):7.1f}{sum(rss for _, rss in parts.values()):7.1f}")


def everyone(process: subprocess.Popen[str]) -> list[psutil.Process]:
    launcher = psutil.Process(process.pid)
    return [launcher, *launcher.children(recursive=True)]


if __name__ == "__main__":
    main()
