from __future__ import annotations

from django import template

from apps.music.lyrics import Section, read_sections

register = template.Library()


@register.filter
def sections(lyrics: str | None) -> list[Section]:
    """Lyrics as they are sung: section by section."""
    return read_sections(lyrics or "")
