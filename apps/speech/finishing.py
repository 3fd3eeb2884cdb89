"""From the spool into the library, and what the rows say meanwhile. All of it blocks; the loop calls it in a thread."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.library.models import Asset
from apps.library.services import keep
from apps.minimax import catalogue
from apps.speech.encoding import EncodingError, encode
from apps.speech.models import SILENCE, Charged, Status, Take
from apps.speech.scripts import join_texts
from apps.speech.spool import Spool, delete_old_spools
from apps.speech.subtitles import lines_from_words
from apps.usage import budgets, ledger, prices
from apps.voices.lifecycle import record_use
from apps.voices.resolving import names_own_voice
from apps.workspaces import tray
from apps.workspaces.models import ConnectionKind, Membership
from apps.workspaces.storable import storable

LEASE = timedelta(minutes=5)  # longer than the slowest encoding of the longest take
SPOOL_KEPT_S = 15 * 60  # a browser that comes back so late still continues byte for byte


def add_text(pk: uuid.UUID, text: str) -> None:
    """Type-to-speak: put the next sentence on the row."""
    take = Take.objects.only("request").get(pk=pk)
    take.request["text"] = join_texts(take.request.get("text", ""), text)
    take.save(update_fields=["request"])


def beat(ids: Iterable[uuid.UUID], first_sounds: Mapping[uuid.UUID, int]) -> tuple[set[uuid.UUID], set[uuid.UUID]]:
    """Write that these takes live, and that some of them have begun to sound (ms from the click).

    Returns the takes somebody asked to stop, and those whose end is on the row already: written by ourselves, or by a
    sweeper that took us for dead.
    """
    ours, now = set(ids), timezone.now()
    Take.objects.moving().filter(pk__in=ours, heartbeat_at__lte=now).update(
        heartbeat_at=now
    )  # later: a sweeper's lease
    for pk, first_audio_ms in first_sounds.items():
        Take.objects.move_on(pk, from_status=(Status.STARTING,), status=Status.SPEAKING, first_audio_ms=first_audio_ms)
    speaking = dict(Take.objects.moving().filter(pk__in=ours, outcome="").values_list("pk", "stop_asked"))
    return {pk for pk, stop_asked in speaking.items() if stop_asked}, ours - speaking.keys()


def explain_early_end(status: str) -> dict[str, Any]:
    """What the row says when we ended the take. What MiniMax bills then is not documented, so it stays open."""
    if status == Status.STOPPED:
        sentence = _("Stopped. What had been spoken is kept.")
    else:
        sentence = _("The studio was restarted while this was spoken. What had arrived is kept.")
    return {"error": sentence, "charged": Charged.UNKNOWN, "next_step": _("MiniMax may bill the whole text.")}


def finish(pk: uuid.UUID, changes: dict[str, Any]) -> dict[str, Any]:
    """The stream is over: put the row to `saving`, the sound into the library, and return the socket's last message."""
    changes = _fitting(changes) | {"heartbeat_at": timezone.now()}
    Take.objects.move_on(pk, from_status=(Status.STARTING, Status.SPEAKING), **changes)
    return final_message(complete(pk))


def _fitting(changes: dict[str, Any]) -> dict[str, Any]:
    """What MiniMax said, as far as a row can hold it: a paid take must not be lost over an odd trace id."""
    changes = storable(changes)
    if "trace_id" in changes:
        changes["trace_id"] = changes["trace_id"][:64]
    if abs(changes.get("error_code") or 0) >= 1 << 31:
        changes["error_code"] = None
    return changes


def complete(pk: uuid.UUID) -> Take:
    """Move a take from `saving` to its outcome. Harmless when somebody else has done, or is doing, the same."""
    take = Take.objects.select_related("workspace", "created_by").get(pk=pk)
    if take.status != Status.SAVING:
        return take
    with prices.in_force(take.workspace_id, timezone.localdate(take.started_at)):
        return _complete(take)


def _complete(take: Take) -> Take:
    take.asset = _keep_sound(take)
    take.cost_usd = _cost(take)
    if take.connection_kind == ConnectionKind.SANDBOX:
        take.charged = Charged.NO
        if take.outcome in (Status.STOPPED, Status.INTERRUPTED):
            take.next_step = ""
    take.status, take.finished_at = take.outcome, timezone.now()
    names = ("status", "asset", "cost_usd", "charged", "finished_at", "next_step")
    if Take.objects.move_on(take.pk, from_status=(Status.SAVING,), **{name: getattr(take, name) for name in names}):
        _enter(take)
        _record_voices(take)
    tray.ring(take.workspace)
    return take


def _enter(take: Take) -> None:
    """Put the take into the book, unless MiniMax refused it before it did any work."""
    if take.status == Status.FAILED and take.charged == Charged.NO:
        return budgets.release(f"take:{take.pk}")
    ledger.record(
        f"take:{take.pk}",
        workspace=take.workspace,
        person=take.created_by,
        kind="speech",
        model=take.request["model"],
        connection_kind=take.connection_kind,
        route=take.route,
        estimate_usd=take.estimate_usd,
        actual_usd=take.cost_usd,
        usage=take.usage,
        charged=take.charged,
    )


def _record_voices(take: Take) -> None:
    """Speaking keeps the workspace's voices. Only an answer that came to its end is sure to count at MiniMax."""
    if take.asset is None and take.outcome != Status.KEPT:
        return
    used: dict[str, Any] = {
        "how": "speech",
        "source": f"take:{take.pk}",
        "trace_id": take.trace_id,
        "asset": take.asset,
    }
    used["at"] = take.finished_at
    for voice_id in (take.voice_id, *(part["voice_id"] for part in take.timbre_weights)):
        if names_own_voice(voice_id):
            record_use(take.workspace, voice_id, is_sure=take.outcome == Status.KEPT, **used)
    if take.spoken_by and not take.voice_id:  # a mix of the workspace: its parts are recorded above
        record_use(take.workspace, take.request["voice_id"], is_sure=False, **used)


def _cost(take: Take) -> Any:
    """US dollars as billed; None when only MiniMax knows."""
    if take.connection_kind == ConnectionKind.SANDBOX or take.route.get("covered") or take.charged == Charged.NO:
        return 0
    billed = take.usage.get("usage_characters")
    if take.charged == Charged.YES and billed is not None:
        return catalogue.price_of_speech(take.request["model"], billed)
    return None


def _keep_sound(take: Take) -> Asset | None:
    kept = Asset.objects.filter(pk=take.pk).first()
    spool = Spool(take.pk)
    if kept or not spool.open():
        return kept
    try:
        if not spool.size:
            return None
        draft, format = _make_file(take, spool)
    finally:
        spool.close()
    audio = catalogue.speech.formats[format]
    request = take.request
    return keep(
        # The person may have left the workspace meanwhile; the take is theirs all the same.
        Membership(workspace=take.workspace, user=take.created_by),
        kind="speech",
        title=_("%(title)s (incomplete)") % {"title": take.title} if take.is_partial else take.title,
        text=take.text,
        source=draft,
        filename=f"{_file_name(take)}.{audio.extension}",
        content_type=audio.media_type,
        request=request,
        model=request["model"],
        voice_id=take.voice_id,
        trace_id=take.trace_id,
        cost_usd=_cost(take),
        usage=take.usage | {"connection": take.connection_kind, "outcome": take.outcome},
        subtitles=take.subtitles,
        asset_id=take.pk,
    )


def _make_file(take: Take, spool: Spool) -> tuple[Path, str]:
    """Return a file for `keep` to take away, and its format. The spool stays, for whoever is still listening."""
    draft, format = spool.path.with_suffix(f".{uuid.uuid4().hex[:8]}"), take.request["format"]
    if take.stream["format"] == format:
        shutil.copyfile(spool.path, draft)
        return draft, format
    try:
        return draft, encode(
            spool.path, draft, streamed=take.stream, format=format, bitrate=take.request.get("bitrate") or 0
        )
    except EncodingError:  # keep it as it came
        shutil.copyfile(spool.path, draft)
        return draft, take.stream["format"]


def _file_name(take: Take) -> str:
    words = "".join(letter if letter.isalnum() else " " for letter in take.title).split()
    return "-".join(words)[:60].strip("-") or "speech"


def final_message(take: Take) -> dict[str, Any]:
    """The last thing a socket hears of a take."""
    card = render_card(take)
    if take.status in (Status.KEPT, Status.STOPPED):
        asset = str(take.asset_id) if take.asset_id else None
        return {"type": "finished", "take": str(take.pk), "status": take.status, "asset": asset, "card": card}
    error = {
        "code": take.error_code,
        "sentence": take.error,
        "next_step": take.next_step,
        "charged": take.charged,
        "trace_id": take.trace_id,
    }
    return {"type": "failed", "take": str(take.pk), "error": error, "card": card}


def render_card(take: Take) -> str:
    with translation.override(take.created_by.language or translation.get_language() or settings.LANGUAGE_CODE):
        return render_to_string("speech/_take.html", {"take": take})


# --- takes whose process went away ------------------------------------------------------------------------------------


def sweep() -> int:
    """Close every take that nobody makes any more, and keep what had arrived. Several sweepers do no harm.

    Returns how many were closed.
    """
    now, closed = timezone.now(), 0
    for take in Take.objects.moving().filter(heartbeat_at__lt=now - SILENCE).only("status", "heartbeat_at"):
        # Whoever moves the heartbeat has the take; the others find another time than the one they read.
        mine = Take.objects.filter(pk=take.pk, status=take.status, heartbeat_at=take.heartbeat_at)
        if take.status == Status.SAVING:
            is_ours = mine.update(heartbeat_at=now + LEASE)
        else:
            changes = {"status": Status.SAVING, "outcome": Status.INTERRUPTED} | explain_early_end(Status.INTERRUPTED)
            is_ours = mine.update(heartbeat_at=now + LEASE, **changes, **storable(_look_at_spool(take.pk)))
        if is_ours:
            complete(take.pk)
            closed += 1
    delete_old_spools(SPOOL_KEPT_S, keep=Take.objects.moving().values_list("pk", flat=True))
    return closed


def _look_at_spool(pk: uuid.UUID) -> dict[str, Any]:
    spool = Spool(pk)
    if not spool.open():
        return {}
    try:
        words = spool.read_all_words()
        return {
            "bytes_received": spool.size,
            "received_ms": words[-1][2] if words else 0,
            "subtitles": lines_from_words(words),
            "words_are_exact": bool(words),
        }
    finally:
        spool.close()
