"""Keys are tried once a day; mails that invite are sent by a worker, so that a slow server keeps nobody waiting."""

from __future__ import annotations

from datetime import timedelta
from smtplib import SMTPException

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.workspaces.connections import retest
from apps.workspaces.models import Connection, ConnectionKind, Invitation
from apps.workspaces.sealing import unseal

EVERY = timedelta(days=1)
RETIRED_FOR = timedelta(days=7)  # longer than anything runs that MiniMax was asked for with an old key


@shared_task
def retest_connections() -> None:
    """Try each key once a day, and forget those that nothing runs with any more."""
    now = timezone.now()
    due = Connection.every.kept().filter(Q(tested_at=None) | Q(tested_at__lte=now - EVERY))
    for connection in due.exclude(kind=ConnectionKind.SANDBOX).select_related("workspace").iterator():
        retest(connection)
    Connection.every.filter(retired_at__lte=now - RETIRED_FOR).delete()


@shared_task(autoretry_for=(SMTPException, OSError), max_retries=5, retry_backoff=30)
def send_invitation(pk: int, token_sealed: str) -> None:
    """Mail the link of an invitation that is still open to its address."""
    invitation = Invitation.objects.open().select_related("workspace", "created_by").filter(pk=pk).first()
    if invitation is None or not invitation.email:
        return
    url = settings.PUBLIC_URL + reverse("join", args=[unseal(token_sealed)])
    context = {"invitation": invitation, "workspace": invitation.workspace, "url": url}
    # A name is typed by people; a subject has one line.
    name = " ".join(invitation.workspace.name.split())
    message = EmailMultiAlternatives(
        subject=_("Invitation to %(workspace)s") % {"workspace": name},
        body=render_to_string("workspaces/mail/invitation.txt", context),
        to=[invitation.email],
    )
    message.attach_alternative(render_to_string("workspaces/mail/invitation.html", context), "text/html")
    message.send()
