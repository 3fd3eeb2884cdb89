"""How long something lasts, in figures."""

from __future__ import annotations

from typing import Any


def duration(seconds: Any) -> str:
    """3.24 → "0:03.2", 65 → "1:05", 3723 → "1:02:03". Under ten seconds a tenth counts."""
    if seconds is None or seconds == "":
        return ""
    tenths = round(float(seconds) * 10)
    if tenths == 0:
        return "0:00"
    if tenths < 100:
        return f"0:{tenths / 10:04.1f}"
    minutes, rest = divmod(round(tenths / 10), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
