"""What came from elsewhere, made fit for a row."""

from __future__ import annotations

import re
from typing import Any

UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # NUL and half characters: PostgreSQL and a request refuse them


def storable(value: Any) -> Any:
    """The same without what a database refuses, for what came from elsewhere; also inside lists and dictionaries."""
    if isinstance(value, str):
        return UNSTORABLE.sub("", str(value))
    if isinstance(value, dict):
        return {key: storable(part) for key, part in value.items()}
    return [storable(part) for part in value] if isinstance(value, list) else value
