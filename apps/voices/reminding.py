"""Before a voice is lost: people are told, or the voice is kept for them. All times are absolute.

The rows decide: a reminder is its unique row, committed together with the sentence in the app and the mail that is to
be sent. So sweeps may come twice, late, or from several processes at once, and each reminder still happens once.
"""

from __future__ import annotations

import logging
import math
import uuid
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.jobs.models import Job, Status
from apps.notifications.choosing import choice_of
from apps.notifications.models import ByMail
from apps.notifications.services import notify
from apps.usage.models import Charged
from apps.voices import services
from apps.voices.models import Mode, Reminder, ReminderMail, State, Voice, VoiceIdentity, VoicePolicy
from apps.workspaces.happenings import announce
from apps.workspaces.models import ACTS, Membership, Workspace
from apps.workspaces.news import Kind, managers
from apps.workspaces.refusals import ActRefusedError

log = logging.getLogger(__name__)

DIGEST_ABOVE = 3  # voices; more are told of together
PULLED_FORWARD = 12  # a digest takes along what is due within this part of its hours: 6 h for 72, 10 min for 2
KEEP_BEFORE = timedelta(hours=24)  # early enough for several tries by people if it fails
MAIL_LEASE = timedelta(minutes=10)


# --- reminders --------------------------------------------------------------------------------------------------------


def remind(now: datetime) -> int:
    """Tell everybody concerned about the voices that are due to be told of. Returns how many those were."""
    policies = {policy.workspace_id: policy for policy in VoicePolicy.objects.all()}
    waiting: dict[int, list[Voice]] = defaultdict(list)
    for voice in Voice.objects.running_out().select_related("workspace", "created_by", "keeping"):
        waiting[voice.workspace_id].append(voice)
    told = 0
    for pk, voices in waiting.items():
        policy = policies.get(pk) or VoicePolicy(workspace_id=pk)
        if policy.mode != Mode.LET_GO and any(_due_hours(policy, voice, now) for voice in voices):
            told += _remind_workspace(voices[0].workspace, policy, [voice.pk for voice in voices], now)
    return told


def _due_hours(policy: VoicePolicy, voice: Voice, now: datetime, *, early: bool = False) -> list[int]:
    """Which of the policy's reminders are due for a voice; the last one is the one to send."""
    left = (voice.expires_at or now) - now
    stretch = 1 + 1 / PULLED_FORWARD if early else 1
    return [hours for hours in sorted(policy.hours, reverse=True) if left <= timedelta(hours=hours * stretch)]


def _remind_workspace(workspace: Workspace, policy: VoicePolicy, pks: list[uuid.UUID], now: datetime) -> int:
    with transaction.atomic():
        # Locked: what somebody else keeps or tells of at this moment is seen here as it is afterwards.
        locked = Voice.objects.select_for_update(of=("self",)).running_out().filter(pk__in=pks)
        voices = list(locked.select_related("workspace", "created_by", "keeping"))
        if policy.mode == Mode.KEEP:
            voices = [voice for voice in voices if not _will_be_kept(policy, voice, now)]
        due = [voice for voice in voices if _reminder_for(policy, voice, now)]
        if not due:
            return 0
        soon = [voice for voice in voices if _reminder_for(policy, voice, now, early=True)]
        is_early = len(soon) > DIGEST_ABOVE
        claimed = [voice for voice in (soon if is_early else due) if _claim(policy, voice, now, early=is_early)]
        _tell(workspace, claimed, now)
        return len(claimed)


def _reminder_for(policy: VoicePolicy, voice: Voice, now: datetime, *, early: bool = False) -> int:
    """The hours of the reminder that is to be sent now; 0: none."""
    hours = _due_hours(policy, voice, now, early=early)
    if not hours:
        return 0
    sent = Reminder.objects.filter(identity__in=_current_identity(voice), hours__lte=hours[-1])
    return 0 if sent.exists() else hours[-1]


def _current_identity(voice: Voice) -> QuerySet[VoiceIdentity]:
    return voice.identities.filter(voice_id=voice.voice_id, connection=voice.connection)


def _claim(policy: VoicePolicy, voice: Voice, now: datetime, *, early: bool) -> bool:
    """Write the reminder down. Those that were due before it and never were sent are overtaken by it."""
    identity = _current_identity(voice).first()
    if identity is None:
        return False
    *overtaken, last = _due_hours(policy, voice, now, early=early)
    for hours in overtaken:
        Reminder.objects.get_or_create(identity=identity, hours=hours, defaults={"at": now, "is_overtaken": True})
    return Reminder.objects.get_or_create(identity=identity, hours=last, defaults={"at": now})[1]


def _tell(workspace: Workspace, voices: list[Voice], now: datetime) -> None:
    """In the app now, by mail as soon as the rows are committed: the makers about theirs, the managers about all."""
    managing = {person.pk for person in managers(workspace)}
    makers = {voice.created_by_id for voice in voices}
    people = User.objects.filter(is_active=True, memberships__workspace=workspace, pk__in=managing | makers)
    for voice in voices:
        announce(workspace.pk, "voice.expiring", {"id": voice.pk, "name": voice.name, "expires_at": voice.expires_at})
    for person in people.order_by("pk"):
        theirs = [voice for voice in voices if person.pk in managing or voice.created_by_id == person.pk]
        groups = [theirs] if len(theirs) > DIGEST_ABOVE else [[voice] for voice in theirs]
        for group in groups:
            notify(person, workspace, _sentence(group, now), _path(workspace, group), Kind.VOICE)
            ReminderMail.objects.create(
                workspace=workspace, user=person, voices=[str(voice.pk) for voice in group], created_at=now, next_at=now
            )


def _sentence(voices: list[Voice], now: datetime) -> Any:
    first, hours = voices[0], hours_left(voices[0], now)
    if len(voices) == 1:
        return format_lazy(
            gettext_lazy("The voice “{name}” will be lost in {hours} h unless somebody keeps it."),
            name=first.name,
            hours=hours,
        )
    return format_lazy(
        gettext_lazy("{count} voices will be lost unless somebody keeps them, “{name}” in {hours} h."),
        count=len(voices),
        name=first.name,
        hours=hours,
    )


def hours_left(voice: Voice, now: datetime) -> int:
    """Whole hours, never more than there are; 1 in the last one."""
    return max(1, math.floor(((voice.expires_at or now) - now) / timedelta(hours=1) + 0.02))


def _path(workspace: Workspace, voices: list[Voice]) -> str:
    """Where keeping is one press away."""
    if len(voices) == 1:
        return reverse("voices:keep", args=[workspace.slug, voices[0].pk])
    return f"{reverse('voices:index', args=[workspace.slug])}?state={State.TEMPORARY}"


# --- mails ------------------------------------------------------------------------------------------------------------


def send_mails(now: datetime) -> int:
    """Send what waits. Whoever moves `next_at` has the mail; a process that dies leaves it to be sent after the lease.

    Should it have died between sending and writing that down, the second copy has the Message-ID of the first.
    """
    sent = 0
    for mail in ReminderMail.objects.filter(sent_at=None, next_at__lte=now).select_related("workspace", "user"):
        mine = ReminderMail.objects.filter(pk=mail.pk, sent_at=None, next_at=mail.next_at)
        if not mine.update(next_at=now + MAIL_LEASE, attempts=F("attempts") + 1):
            continue
        try:
            sent += _send(mail, now)
        except (SMTPException, OSError) as error:
            log.warning("a reminder could not be mailed: %s", error)
            continue
        ReminderMail.objects.filter(pk=mail.pk).update(sent_at=now)
    return sent


def _send(mail: ReminderMail, now: datetime) -> int:
    """0: everything that it is about was kept, or lost, before it could be sent."""
    voices = list(Voice.objects.running_out().filter(pk__in=mail.voices).select_related("workspace"))
    person, workspace = mail.user, mail.workspace
    wanted = choice_of(person, Kind.VOICE).by_mail == ByMail.AT_ONCE  # else it comes with other news, or not at all
    if not voices or not wanted or not Membership.objects.filter(user=person, workspace=workspace).exists():
        return 0
    with translation.override(person.language or settings.LANGUAGE_CODE), timezone.override(person.time_zone):
        context = {
            "person": person,
            "workspace": workspace,
            "voices": [(voice, hours_left(voice, now)) for voice in voices],
            "url": settings.PUBLIC_URL + _path(workspace, voices),
        }
        EmailMessage(
            subject=str(_sentence(voices, now)),
            body=render_to_string("voices/mail/reminder.txt", context),
            to=[person.email],
            headers={"Message-ID": f"<voices-{mail.pk}@{urlsplit(settings.PUBLIC_URL).hostname or 'studio'}>"},
        ).send()
    return 1


# --- keeping automatically --------------------------------------------------------------------------------------------


def keep_automatically(now: datetime) -> int:
    """Keep what is about to be lost where a workspace wants that and its budget of the month allows it."""
    kept = 0
    for policy in VoicePolicy.objects.filter(mode=Mode.KEEP).select_related("workspace"):
        due = Voice.objects.running_out().filter(workspace=policy.workspace, expires_at__lte=now + KEEP_BEFORE)
        for voice in due.select_related("workspace", "created_by", "keeping"):
            kept += _keep_within_budget(policy, voice, now)
    return kept


def _keep_within_budget(policy: VoicePolicy, voice: Voice, now: datetime) -> bool:
    member = _acting_member(voice)
    if member is None:
        return False
    with transaction.atomic():
        VoicePolicy.objects.select_for_update().get(pk=policy.pk)  # one after the other: they share the budget
        if voice.is_being_kept or _was_tried(voice) or not _is_affordable(policy, voice, now):
            return False
        try:
            services.keep(member, voice, click=_click(voice), is_automatic=True)
        except (services.RefusedError, ActRefusedError) as refusal:
            log.info("voice %s was not kept: %s", voice.pk, refusal)
            return False
    return True


def _acting_member(voice: Voice) -> Membership | None:
    """On whose behalf it is kept: the maker's, else the first manager's."""
    may = Membership.objects.filter(workspace=voice.workspace, user__is_active=True).select_related("workspace", "user")
    makers = may.filter(user=voice.created_by, role__in=ACTS["create"])
    return makers.first() or may.filter(role__in=ACTS["manage"]).order_by("pk").first()


def _click(voice: Voice) -> str:
    """One automatic try for each life of a voice, however many sweeps there are."""
    return str(uuid.uuid5(voice.pk, f"kept automatically: {voice.connection} {voice.voice_id}"))


def _was_tried(voice: Voice) -> bool:
    return Job.objects.filter(workspace=voice.workspace, click=_click(voice)).exists()


def _will_be_kept(policy: VoicePolicy, voice: Voice, now: datetime) -> bool:
    """Whether people need not be told, as it is, or will be, kept for them."""
    return voice.is_being_kept or (not _was_tried(voice) and _is_affordable(policy, voice, now))


def _is_affordable(policy: VoicePolicy, voice: Voice, now: datetime) -> bool:
    price = services.price_of_keeping(voice).usd
    return price is not None and spent_this_month(policy.workspace, now) + price <= policy.budget_usd


def spent_this_month(workspace: Workspace, now: datetime) -> Decimal:
    """US dollars of automatic keeping since the first of the month (UTC), with what is under way or not known."""
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    jobs = Job.objects.filter(workspace=workspace, kind="voice_keep", created_at__gte=first, request__automatic=True)
    free = Q(status__in=(Status.FAILED, Status.CANCELLED), charged=Charged.NO)
    return sum((job.price_usd or Decimal(0) for job in jobs.exclude(free)), Decimal(0))
