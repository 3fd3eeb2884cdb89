"""Runs our own programs that open strangers' files: apart from the process that has work to do, and with an end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class ChildError(Exception):
    """The program did not do what it was asked; the text is the last thing it said."""


def run_child(program: Path, *arguments: str, order: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
    """Run one of our files as a program; `order` goes in as JSON and so comes the answer. Blocks. Raises ChildError."""
    command = [sys.executable, "-I", str(program.resolve()), *arguments]
    try:
        done = subprocess.run(  # noqa: S603  (our own file, no shell; the order goes through the pipe)
            command, input=json.dumps(order).encode(), capture_output=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired as exc:
        raise ChildError(f"not done after {timeout_s:.0f} s") from exc
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or [f"ended with {done.returncode}"]
        raise ChildError(said[-1][:300])
    return json.loads(done.stdout)
