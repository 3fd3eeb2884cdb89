"""Words for the style prompt. MiniMax reads them in English, so that is what is put in; a person reads the label."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Group:
    name: str
    label: str | Promise
    words: tuple[tuple[str, str | Promise], ...]  # (what is put into the prompt, label)
    is_sung: bool = False  # of no use to an instrumental


GROUPS = (
    Group(
        "genre",
        _("Genre"),
        (
            ("pop", _("Pop")),
            ("indie folk", _("Indie folk")),
            ("rock", _("Rock")),
            ("jazz", _("Jazz")),
            ("soul", _("Soul")),
            ("hip hop", _("Hip hop")),
            ("electronic", _("Electronic")),
            ("house", _("House")),
            ("ambient", _("Ambient")),
            ("lo-fi", _("Lo-fi")),
            ("country", _("Country")),
            ("reggae", _("Reggae")),
            ("bossa nova", _("Bossa nova")),
            ("classical", _("Classical")),
            ("film score", _("Film score")),
        ),
    ),
    Group(
        "mood",
        _("Mood"),
        (
            ("calm", _("Calm")),
            ("warm", _("Warm")),
            ("happy", _("Happy")),
            ("melancholic", _("Melancholic")),
            ("hopeful", _("Hopeful")),
            ("dreamy", _("Dreamy")),
            ("dark", _("Dark")),
            ("energetic", _("Energetic")),
            ("epic", _("Epic")),
            ("romantic", _("Romantic")),
        ),
    ),
    Group(
        "instruments",
        _("Instruments"),
        (
            ("acoustic guitar", _("Acoustic guitar")),
            ("electric guitar", _("Electric guitar")),
            ("piano", _("Piano")),
            ("strings", _("Strings")),
            ("synthesizer", _("Synthesizer")),
            ("bass", _("Bass")),
            ("drums", _("Drums")),
            ("brass", _("Brass")),
            ("flute", _("Flute")),
            ("organ", _("Organ")),
            ("hand claps", _("Hand claps")),
        ),
    ),
    Group(
        "voice",
        _("Voice"),
        (
            ("female vocal", _("Female voice")),
            ("male vocal", _("Male voice")),
            ("duet", _("Duet")),
            ("choir", _("Choir")),
            ("soft vocal", _("Soft voice")),
            ("powerful vocal", _("Powerful voice")),
            ("rap", _("Rap")),
        ),
        is_sung=True,
    ),
    Group(
        "tempo",
        _("Tempo"),
        (
            ("slow tempo", _("Slow")),
            ("mid-tempo", _("Medium")),
            ("upbeat", _("Upbeat")),
            ("fast tempo", _("Fast")),
            ("70 BPM", _("70 BPM")),
            ("100 BPM", _("100 BPM")),
            ("128 BPM", _("128 BPM")),
        ),
    ),
)
