"""Reads a document that somebody brought, in a child process: parsers of other people's files may not end.

A program like `apps.video.cutting`. Only the child imports what reads documents, and nothing of Django.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NICENESS = 5
LONGEST_S = 180.0
REFUSED = "refused: "


class UnreadableError(Exception):
    """`sentence` says why, in English; empty: the program broke off."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.sentence = said.removeprefix(REFUSED) if said.startswith(REFUSED) else ""


def read_document(path: Path, filename: str) -> tuple[dict[str, Any], bytes | None]:
    """The document of apps.books.text.readers as a dictionary, and its cover; blocks. Raises UnreadableError."""
    from apps.library.children import ChildError, run_child  # the child itself knows no package

    with tempfile.TemporaryDirectory(prefix="studio-document-") as folder:
        answer = Path(folder) / "answer"
        order = {"path": str(path), "filename": filename, "answer": str(answer)}
        try:
            run_child(Path(__file__), "read", order=order, timeout_s=LONGEST_S)
        except ChildError as exc:
            raise UnreadableError(str(exc)) from exc
        found = json.loads(answer.read_text())
    cover = found.pop("cover")
    return found, None if cover is None else base64.b64decode(cover)


# --- in the child process ---------------------------------------------------------------------------------------------


def _read(path: str, filename: str, answer: str) -> None:
    from apps.books.text.readers import UnreadableDocumentError, read_document

    try:
        document = read_document(Path(path), filename)
    except UnreadableDocumentError as error:
        sys.exit(f"{REFUSED}{error}")
    cover = document.cover
    found = {name: value for name, value in asdict(document).items() if name != "cover"}
    found["cover"] = None if cover is None else base64.b64encode(cover).decode()
    Path(answer).write_text(json.dumps(found))


def main() -> None:
    os.nice(NICENESS)
    sys.path.insert(0, str(ROOT))
    _read(**json.load(sys.stdin))
    json.dump({}, sys.stdout)


if __name__ == "__main__":
    main()
