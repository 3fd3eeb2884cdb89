from __future__ import annotations

from decimal import Decimal

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.jobs.models import Job
from apps.voices import services
from apps.voices.models import Voice

register = template.Library()
DAY_H = 24


@register.filter
def left_number(voice: Voice) -> int:
    """What stands in the ring: whole days while there are two, then hours, then minutes."""
    minutes = int(voice.left.total_seconds() // 60)
    return minutes // 60 // DAY_H if minutes >= 2 * DAY_H * 60 else minutes // 60 if minutes >= 60 else minutes


@register.filter
def left_unit(voice: Voice) -> str:
    minutes = int(voice.left.total_seconds() // 60)
    return _("days") if minutes >= 2 * DAY_H * 60 else _("h") if minutes >= 60 else _("min")


@register.filter
def left_words(voice: Voice) -> str:
    """For those who read or hear it: days and hours."""
    hours = int(voice.left.total_seconds() // 3600)
    if not hours:
        minutes = max(1, int(voice.left.total_seconds() // 60))
        return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
    words = []
    if hours >= DAY_H:
        words.append(ngettext("%(count)d day", "%(count)d days", hours // DAY_H) % {"count": hours // DAY_H})
    if hours % DAY_H:
        words.append(ngettext("%(count)d hour", "%(count)d hours", hours % DAY_H) % {"count": hours % DAY_H})
    return " ".join(words)


@register.filter
def urgency(voice: Voice) -> str:
    hours = voice.left.total_seconds() / 3600
    return "urgent" if hours < DAY_H else "soon" if hours < 3 * DAY_H else "calm"


@register.simple_tag
def voice_of(job: Job) -> Voice | None:
    """The voice that this job made or keeps, while it is the last one that did."""
    wanted = {"voice_keep": "keeping"}.get(job.kind, "making")
    return Voice.objects.filter(**{wanted: job}).select_related("workspace").first()


@register.filter
def keep_usd(voice: Voice) -> Decimal | None:
    """What keeping it would cost now. None: not published."""
    return services.price_of_keeping(voice).usd
