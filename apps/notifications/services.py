"""Telling people what they should know: kept until they read it, and shown at once on the pages they have open."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.text import Truncator

from apps.accounts.models import User
from apps.notifications import tasks
from apps.notifications.choosing import choice_of, mail_at, timing_of
from apps.notifications.models import ByMail, Notification
from apps.workspaces.events import publish_to_person
from apps.workspaces.models import Membership, Workspace
from apps.workspaces.news import Kind


def notify(
    user: User, workspace: Workspace | None, text: Any, url: str = "", kind: Kind = Kind.TEAM
) -> Notification | None:
    """Keep a sentence for `user`, ring their bell, and mail or push it as they chose. None: they want to hear nothing.

    A lazy `text` is put into the person's own language.
    """
    choice = choice_of(user, kind)
    due = mail_at(choice, timing_of(user), user.time_zone, timezone.now())
    if kind == Kind.VOICE and choice.by_mail == ByMail.AT_ONCE:
        due = None  # `apps.voices` writes a mail of its own, with a row for each voice
    if not (choice.in_app or due or choice.by_push):
        return None
    with translation.override(user.language or settings.LANGUAGE_CODE):
        sentence = Truncator(str(text)).chars(500)
        notification = Notification.objects.create(
            user=user,
            workspace=workspace,
            text=sentence,
            url=url,
            kind=kind,
            is_shown=choice.in_app,
            mail_at=due,
        )
    # Robust: the row is kept, so a channel layer that is away costs only the moment.
    if choice.in_app:
        transaction.on_commit(partial(_ring, notification), robust=True)
    if choice.by_push:
        transaction.on_commit(partial(tasks.ring_push, notification), robust=True)
    if due and choice.by_mail == ByMail.AT_ONCE:
        transaction.on_commit(tasks.ring_mails, robust=True)
    return notification


def _ring(notification: Notification) -> None:
    """Put the new number on the bells that the person has open; what belongs to no workspace counts in each."""
    members = Membership.objects.filter(user_id=notification.user_id)
    if notification.workspace_id:
        members = members.filter(workspace_id=notification.workspace_id)
    for member in members:
        context = {"unread_count": count_unread(member), "text": notification.text}
        html = render_to_string("notifications/_signal.html", context)
        publish_to_person(member.user_id, member.workspace_id, html)


def count_unread(member: Membership) -> int:
    return Notification.objects.for_member(member).unread().count()


def mark_read(member: Membership, pk: int | None = None) -> int:
    """Mark one notification, or all that the member sees here, as read. Returns how many were not."""
    unread = Notification.objects.for_member(member).unread()
    if pk is not None:
        unread = unread.filter(pk=pk)
    return unread.update(read_at=timezone.now())
