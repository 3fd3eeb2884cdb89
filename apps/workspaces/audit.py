"""The audit log: who, what, when, from where. Never a key, a password or a token."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from apps.accounts.addresses import client_ip
from apps.accounts.models import User
from apps.workspaces.happenings import announce
from apps.workspaces.models import AuditEntry, Membership, Workspace
from apps.workspaces.querysets import AppendOnlyQuerySet

# What an action is called on the page. Other apps add theirs with `describe` in their `ready()`.
ACTIONS: dict[str, str | Promise] = {
    "studio.set_up": _("set the studio up"),
    "signin.succeeded": _("signed in"),
    "signin.failed": _("tried to sign in and failed"),
    "signin.ended": _("signed out"),
    "password.changed": _("changed the password"),
    "password.reset": _("set a new password by e-mail"),
    "second_factor.added": _("added a second factor"),
    "second_factor.removed": _("removed a second factor"),
    "second_factor.codes": _("made new recovery codes"),
    "second_factor.failed": _("failed at the second factor"),
    "second_factor.demanded": _("demanded a second factor of everybody"),
    "second_factor.not_demanded": _("stopped demanding a second factor"),
    "workspace.created": _("created the workspace"),
    "connection.changed": _("changed the connection"),
    "connection.used": _("switched to the connection"),
    "connection.removed": _("removed the connection"),
    "connection.wallets": _("changed which key pays"),
    "connection.tested": _("tested the connection"),
    "chat_connection.changed": _("changed the server for chat"),
    "chat_connection.removed": _("took the server for chat away"),
    "member.joined": _("joined"),
    "member.left": _("left"),
    "member.removed": _("removed a member"),
    "member.role_changed": _("changed a role"),
    "member.suspended": _("suspended a member"),
    "member.restored": _("let a suspended member in again"),
    "workspace.handed_over": _("handed the workspace over"),
    "rights.changed": _("changed what somebody may do"),
    "invitation.created": _("made an invitation"),
    "invitation.revoked": _("revoked an invitation"),
}


def describe(actions: Mapping[str, str | Promise]) -> None:
    ACTIONS.update(actions)


def record(
    who: Membership | User | None,
    action: str,
    *,
    subject: str = "",
    request: HttpRequest | None = None,
    workspace: Workspace | None = None,
) -> AuditEntry:
    """Add one entry. `who` as a membership also says in which workspace; None: nobody we know.

    `subject` says what it was done to, in words that may be read by everyone who manages the workspace.
    """
    user = who.user if isinstance(who, Membership) else who
    if isinstance(who, Membership) and workspace is None:
        workspace = who.workspace
    if workspace:
        announce(workspace.pk, action, {"subject": subject[:200], "by": user.name if user else ""})
    return AuditEntry.objects.create(
        workspace=workspace,
        actor=user,
        actor_label=(user.name or __("A person without a name")) if user else "",
        action=action,
        subject=subject[:200],
        ip=client_ip(request) if request else None,
    )


def search(entries: AppendOnlyQuerySet, words: str) -> AppendOnlyQuerySet:
    """Those in which each word stands: in the name, in what it was done to, in what was done, or in the address."""
    for word in words.split():
        called = [action for action, text in ACTIONS.items() if word.lower() in str(text).lower()]
        entries = entries.filter(
            Q(actor_label__icontains=word)
            | Q(subject__icontains=word)
            | Q(action__in=called)
            | Q(action__icontains=word)
            | Q(ip__startswith=word)
        )
    return entries


def entries_for(member: Membership) -> AppendOnlyQuerySet:
    """What a manager may read: all that happened in the workspace, and its members' signing in since they joined."""
    was_member = Membership.everyone.filter(
        workspace_id=member.workspace_id, user=OuterRef("actor"), created_at__lte=OuterRef("at")
    )
    return (
        AuditEntry.objects.filter(Q(workspace_id=member.workspace_id) | Q(Exists(was_member), workspace=None))
        .select_related("actor")
        .order_by("-id")
    )
