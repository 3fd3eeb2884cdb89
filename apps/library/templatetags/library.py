from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.library.names import model_label, voice_label
from apps.library.waveform import bars_path

register = template.Library()
register.filter(model_label)
register.filter(voice_label)


@register.simple_tag
def waveform(peaks: Sequence[float], bars: int = 90) -> SafeString:
    """Draw peaks (0 to 100) as bars that fill whatever box they stand in."""
    return format_html(
        '<svg viewBox="0 0 {} 100" preserveAspectRatio="none" fill="none" stroke="currentColor" stroke-width="2"'
        ' stroke-linecap="round" aria-hidden="true" focusable="false">'
        '<path vector-effect="non-scaling-stroke" d="{}"/></svg>',
        bars,
        bars_path(peaks or [], bars),
    )
