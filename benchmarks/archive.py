"""What a ZIP file of many assets takes of memory while it is sent: `python benchmarks/archive.py --files 1000 --mb 4`.

In a folder of its own: that many sounds (WAV, each with its settings written into it on the way out), then the archive
of all of them, block by block, as a download would read it. Told are the process's resident memory before the first
block and at its highest; what signs (`--sign`) are processes of their own and not in it. A process keeps what it once
had, so the archive is written by a fresh one, and a short archive of five files goes before, for what is loaded once.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def highest_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def set_up() -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "studio.settings"
    django.setup()


def fill(files: int, mb: float, *, sign: bool) -> None:
    import hashlib

    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage
    from django.core.management import call_command

    from apps.accounts.models import User
    from apps.library.models import Asset
    from apps.provenance.models import Marking
    from apps.workspaces.models import Workspace

    call_command("migrate", verbosity=0, stdout=io.StringIO())
    person = User.objects.create(email="p@example.com", name="P")
    workspace = Workspace.objects.create(name="W", slug="w")
    Marking.objects.create(workspace=workspace, signs=sign)
    dice = random.Random(1)
    for number in range(files):
        sound = io.BytesIO()
        with wave.open(sound, "wb") as written:
            written.setnchannels(1)
            written.setsampwidth(2)
            written.setframerate(32_000)
            written.writeframes(dice.randbytes(int(mb * 1e6) // 2 * 2))
        data = sound.getvalue()
        Asset.objects.create(
            workspace=workspace,
            created_by=person,
            kind="speech",
            title=f"Sound {number}",
            text="spoken words " * 20,
            request={"text": "spoken words", "speed": 1.0},
            model="speech-2.8-hd",
            file=default_storage.save(f"w/{number}.wav", ContentFile(data)),
            content_type="audio/wav",
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            status="ready",
            peaks=[50] * 800,
        )


def write() -> None:
    from apps.library.archive import write_archive
    from apps.library.models import Asset

    ids = list(Asset.objects.order_by("pk").values_list("pk", flat=True))
    for _block in write_archive(ids[:5]):
        pass
    before, sent, largest, began = resident_mb(), 0, 0, time.monotonic()
    for block in write_archive(ids):
        sent += len(block)
        largest = max(largest, len(block))
    took = time.monotonic() - began
    print(
        f"{len(ids):,} files, {sent / 1e6:,.0f} MB in {took:.0f} s; largest block {largest / 1e6:.2f} MB; resident"
        f" {before:.0f} MB before, {highest_mb():.0f} MB at its highest (+{highest_mb() - before:.1f})",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=1_000)
    parser.add_argument("--mb", type=float, default=1.0, help="of each file")
    parser.add_argument("--sign", action="store_true", help="sign them, too: a child process for each")
    parser.add_argument("--inside", choices=["fill", "write"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        set_up()
        if arguments.inside == "fill":
            fill(arguments.files, arguments.mb, sign=arguments.sign)
        else:
            write()
        return
    folder = tempfile.mkdtemp(prefix="studio-archive-")
    try:
        for step in ("fill", "write"):
            subprocess.run(
                [sys.executable, __file__, *sys.argv[1:], "--inside", step],
                check=True,
                cwd=ROOT,
                env={**os.environ, "STUDIO_DATA": folder, "DATABASE_URL": ""},
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
