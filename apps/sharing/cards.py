"""The picture of a link: drawn once, kept in storage, drawn anew when the title or the waveform changes."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models.fields.files import FieldFile
from django.utils import translation
from django.utils.translation import gettext as _

from apps.library.names import model_label
from apps.library.storing import delete_given_up_files, discard, give_up, store_file, take_over
from apps.library.waveform import resample
from apps.sharing import drawing
from apps.sharing.models import Share
from studio.config import ROOT

GEIST = ROOT / "node_modules/@fontsource-variable/geist/files"
LETTERS = ("latin", "latin-ext", "cyrillic", "cyrillic-ext", "vietnamese")
FONTS = [str(GEIST / f"geist-{letters}-wght-normal.woff2") for letters in LETTERS]
VERSION = "1"  # of the drawing
SECONDS_ALLOWED = 30


def find_or_draw_card(link: Share) -> FieldFile:
    """Return the picture as a stored file; `link.card_of` is then the hash of what is on it. Drawing takes a second."""
    asset = link.asset
    model = asset.model if asset else ""
    with translation.override(link.created_by.language or settings.LANGUAGE_CODE):  # not the guest's: it is drawn once
        label = " · ".join(filter(None, (_("Made with AI"), model_label(model))))
    bars = resample(asset.peaks if asset else [], drawing.BARS)
    order = {
        "title": link.headline,
        "label": label,
        "duration": _clock(asset.duration_s if asset else None),
        "bars": bars,
    }
    wanted = hashlib.sha256(json.dumps([VERSION, order]).encode()).hexdigest()
    if link.card_of != wanted:
        _draw(link, order, wanted)
    return link.card


def _clock(seconds: float | None) -> str:
    return f"{round(seconds) // 60}:{round(seconds) % 60:02}" if seconds is not None else ""


def _draw(link: Share, order: dict, wanted: str) -> None:
    with tempfile.TemporaryDirectory(prefix="studio-card-") as folder:
        path = Path(folder) / "card.png"
        subprocess.run(  # noqa: S603  (our own file, no shell; the order goes through the pipe)
            [sys.executable, "-I", drawing.__file__],
            input=json.dumps({**order, "fonts": FONTS, "path": str(path)}).encode(),
            timeout=SECONDS_ALLOWED,
            check=True,
        )
        stored = store_file(path, link.folder, path.suffix)
    before = link.card.name
    with transaction.atomic():
        is_ours = Share.objects.filter(pk=link.pk, card=before).update(card=stored.name, card_of=wanted)
        if is_ours:
            take_over(stored)
            given_up = give_up([before] if before else [])
    if is_ours:
        delete_given_up_files(given_up)
    else:  # somebody else drew it at the same moment
        discard(stored)
    link.refresh_from_db(fields=["card", "card_of"])
