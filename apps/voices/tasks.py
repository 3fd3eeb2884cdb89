"""The sweep: whatever is due is done, and what was done before is not done again."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from celery import shared_task
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from apps.jobs.lifecycle import client_for
from apps.minimax.errors import InvalidRequestError, MiniMaxError, VoiceError
from apps.minimax.voices import delete_voice
from apps.voices import lifecycle, reminding
from apps.voices.models import State, Voice, VoiceIdentity
from apps.workspaces.connections import NoConnectionError, endpoint_for
from apps.workspaces.models import Workspace

log = logging.getLogger(__name__)

SWEEP_EXPIRES_S = 50  # the next one does the same
COMPARED_EVERY_S = 900
KEPT_COMPARED_EVERY_S = 6 * 3600  # where nothing waits: whether what is kept is still there
LOOKED_EVERY_S = 600
JUST_LOST = timedelta(days=2)  # so long a voice that MiniMax lists after all comes back
REMOVE_AGAIN = timedelta(hours=1)
REMOVED_AT_LAST = timedelta(days=30)


@shared_task(expires=SWEEP_EXPIRES_S)
def sweep() -> None:
    now = timezone.now()
    compare_all(now)
    lifecycle.run_out(now)
    reminding.keep_automatically(now)
    reminding.remind(now)
    reminding.send_mails(now)
    remove_what_ended(now)


@shared_task
def check(workspace_id: int) -> None:
    """Ask MiniMax now which of the workspace's voices are kept: somebody wants to know."""
    compare(Workspace.objects.get(pk=workspace_id))


def look(workspace: Workspace) -> None:
    """Somebody opened the page: have MiniMax asked, a few times an hour at most, without waiting for it."""
    if cache.add(f"voices.looked.{workspace.pk}", True, LOOKED_EVERY_S):
        transaction.on_commit(lambda: check.apply_async((workspace.pk,), retry=False), robust=True)


def compare_all(now: datetime) -> None:
    """Every quarter of an hour, and right before a voice is given up: it may have been used elsewhere. Where all are
    kept, a few times a day: one may have been deleted in MiniMax's own console."""
    temporary = Voice.objects.filter(state=State.TEMPORARY)
    ending = set(temporary.filter(expires_at__lte=now).values_list("workspace", flat=True))
    open_ = Voice.objects.filter(state=State.KEPT, verified_at=None).exclude(voice_id="") | Voice.objects.filter(
        state=State.GONE, expires_at__gt=now - JUST_LOST
    )
    missed = Voice.objects.filter(state=State.KEPT).exclude(missed_at=None)
    kept = Voice.objects.filter(state=State.KEPT).exclude(voice_id="")
    waiting = {
        *missed.values_list("workspace", flat=True),
        *temporary.values_list("workspace", flat=True),
        *open_.values_list("workspace", flat=True),
    }
    resting = set(kept.values_list("workspace", flat=True)) - waiting
    for workspace in Workspace.objects.filter(pk__in=resting).order_by("pk"):
        if cache.add(f"voices.kept_compared.{workspace.pk}", True, KEPT_COMPARED_EVERY_S):
            compare(workspace)
    for workspace in Workspace.objects.filter(pk__in=waiting | ending).order_by("pk"):
        if cache.add(f"voices.compared.{workspace.pk}", True, COMPARED_EVERY_S) or workspace.pk in ending:
            compare(workspace)


def compare(workspace: Workspace) -> None:
    """Free. When MiniMax cannot be asked, the clock alone decides, and a later look corrects it."""
    try:
        client = client_for(endpoint_for(workspace))
        lifecycle.compare(workspace, lifecycle.connection_of(workspace), client)
    except (MiniMaxError, NoConnectionError) as error:
        log.info("voices of workspace %s could not be compared: %s", workspace.pk, error)


def remove_what_ended(now: datetime) -> None:
    """Tell MiniMax to delete what people deleted, or took their consent back for. What it never listed runs out."""
    due = VoiceIdentity.objects.filter(removed_at=None, removal_due_at__lte=now)
    for identity in due.select_related("bearer__workspace"):
        later = now + REMOVE_AGAIN
        mine = VoiceIdentity.objects.filter(pk=identity.pk, removal_due_at=identity.removal_due_at)
        if mine.update(removal_due_at=later):
            is_removed = _remove(identity) or (identity.ended_at or now) < now - REMOVED_AT_LAST
            VoiceIdentity.objects.filter(pk=identity.pk, removed_at=None).update(removed_at=now if is_removed else None)


def _remove(identity: VoiceIdentity) -> bool:
    voice = identity.bearer
    if identity.connection != lifecycle.connection_of(voice.workspace):
        return False  # it may come back
    try:
        client = client_for(endpoint_for(voice.workspace))
        delete_voice(client, lifecycle.MINIMAX_TYPES[voice.origin], identity.voice_id)
    except (InvalidRequestError, VoiceError):  # it is not there
        return True
    except (MiniMaxError, NoConnectionError) as error:
        log.info("voice %s could not be deleted yet: %s", identity.voice_id, error)
        return False
    return True
