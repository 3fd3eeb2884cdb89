"""The ids that voices have at MiniMax: which are allowed, and which are free."""

from __future__ import annotations

import re
import secrets
import unicodedata

from django.utils.translation import gettext as _

from apps.minimax import catalogue
from apps.voices.models import VoiceIdentity
from apps.workspaces.models import Workspace

_PATTERN = re.compile(catalogue.speech.cloning.voice_id_pattern)
SHORTEST, LONGEST = 8, 256
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # none that looks like another


def find_id_problem(workspace: Workspace, voice_id: str) -> str:
    """What is wrong with an id for a new voice, as a sentence; empty: nothing that can be known here."""
    if not SHORTEST <= len(voice_id) <= LONGEST:
        return _("An id has %(least)d to %(most)d characters.") % {"least": SHORTEST, "most": LONGEST}
    if not re.match("[A-Za-z]", voice_id):
        return _("An id begins with a letter from A to Z.")
    if voice_id[-1] in "-_":
        return _("An id does not end with a hyphen or an underscore.")
    if not _PATTERN.fullmatch(voice_id):
        return _("An id has only the letters A to Z, digits, hyphens and underscores.")
    if voice_id in catalogue.voices.everything:
        return _("One of MiniMax's own voices has this id.")
    # Also of voices that were deleted: MiniMax never gives an id twice.
    if VoiceIdentity.objects.filter(voice_id=voice_id, bearer__workspace=workspace).exists():
        return _("A voice of this workspace has or had this id; no id is given twice.")
    return ""


def suggest_id(name: str) -> str:
    """An id that says what it is and that nobody else has."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub("[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")
    ending = "".join(secrets.choice(_LETTERS) for _each in range(8))
    return f"studio-{words}-{ending}" if words else f"studio-{ending}"
