"""How long the sound of a part should be: by its text, and by how quick its voice was with others."""

from __future__ import annotations

from dataclasses import dataclass

from apps.books.models import Part
from apps.books.text.lasting import spoken_s

TELLING_S = 30  # a text that takes less says little about its pace
COMPARED = 5  # parts
# Of the usual length, the least that is taken for whole; the second where it ends in the middle of something loud.
LEAST = (0.4, 0.7)
LEAST_OF_KNOWN = (0.55, 0.8)


@dataclass(frozen=True)
class Length:
    seconds: float
    is_known: bool  # the voice has read other parts of the book at the same settings

    def is_not_reached(self, seconds: float, *, ends_abruptly: bool) -> bool:
        """Whether some of it is missing though nothing says so, e.g. MP3 that was cut between two frames.

        A voice that is only quick is let through: what came was paid for.
        """
        least = LEAST_OF_KNOWN if self.is_known else LEAST
        return self.seconds >= TELLING_S and seconds < least[ends_abruptly] * self.seconds


def usual_length(part: Part) -> Length:
    speed = part.settings["speed"]
    others = Part.objects.filter(book=part.book_id, settings_hash=part.settings_hash, sample_rate__gt=0)
    latest = others.exclude(pk=part.pk).order_by("-pk").values_list("text", "samples", "sample_rate")[:COMPARED]
    came = usual = 0.0
    for text, samples, rate in latest:
        usual_s = spoken_s(text, speed=speed)
        if usual_s >= TELLING_S:
            came, usual = came + samples / rate, usual + usual_s
    pace = came / usual if usual else 1.0
    return Length(pace * spoken_s(part.text, speed=speed), bool(usual))
