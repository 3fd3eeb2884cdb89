"""What people can do about workspaces and the people in them."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from functools import partial

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.text import format_lazy, slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.accounts.services import create_person
from apps.workspaces import second_factor
from apps.workspaces.audit import record
from apps.workspaces.events import membership_changed
from apps.workspaces.models import ACTS, Invitation, Membership, Role, Workspace
from apps.workspaces.news import managers, tell
from apps.workspaces.sealing import seal
from apps.workspaces.tasks import send_invitation


class NotPossibleError(Exception):
    """The rules about roles forbid it; nothing was changed. `str(error)` may be shown."""


class InvitationOverError(Exception):
    """The invitation was used, revoked, or is past its end date."""


def create_workspace(user: User, name: str, request: HttpRequest | None = None) -> Membership:
    """Make a workspace owned by `user`, with an address made from its name."""
    stem = slugify(name)[:48].strip("-") or "workspace"
    for slug in [stem, *(f"{stem}-{secrets.token_hex(3)}" for _attempt in range(5))]:
        try:
            with transaction.atomic():
                workspace = Workspace.objects.create(name=name, slug=slug)
                member = Membership.objects.create(workspace=workspace, user=user, role=Role.OWNER)
                record(member, "workspace.created", subject=name, request=request)
                return member
        except IntegrityError:
            continue
    raise NotPossibleError(_("No free address was found for this name. Try another one."))


# --- members ----------------------------------------------------------------------------------------------------------


def roles_given_by(member: Membership) -> list[Role]:
    """The roles that `member` may give to others: nobody hands out more than they have."""
    if member.role == Role.OWNER:
        return list(Role)
    return [Role.ADMIN, Role.CREATOR, Role.VIEWER] if member.role == Role.ADMIN else []


def _lock(workspace_id: int) -> None:
    """Let changes to one workspace's owners happen one after another, so that two cannot both leave the last one."""
    Workspace.objects.select_for_update().get(pk=workspace_id)


def _check_owner_remains(target: Membership) -> None:
    others = Membership.objects.filter(workspace_id=target.workspace_id, role=Role.OWNER).exclude(pk=target.pk)
    if target.role == Role.OWNER and not others.exists():
        raise NotPossibleError(_("A workspace keeps at least one owner. Make somebody else an owner first."))


def _check_can_manage(target: Membership, role: Role) -> None:
    """A service account cannot sign in: a workspace that it owned would be nobody's."""
    if role in ACTS["manage"] and not target.user.is_active:
        raise NotPossibleError(_("Only people can manage a workspace, no programs."))


def _check_rank(member: Membership, target: Membership) -> None:
    if Role(target.role) not in roles_given_by(member):
        raise NotPossibleError(_("Only an owner may change or remove an owner."))


def _revoke_beyond(target: Membership, roles: list[Role]) -> None:
    """End the open invitations of somebody who may no longer give these roles: they still know the links."""
    theirs = Invitation.objects.open().filter(workspace_id=target.workspace_id, created_by_id=target.user_id)
    theirs.exclude(role__in=roles).update(revoked_at=timezone.now())


def suspend(member: Membership, target: Membership, request: HttpRequest | None = None) -> None:
    """Shut `target` out until they are restored; what they made and their place stay. Raises NotPossibleError."""
    with transaction.atomic():
        _lock(member.workspace_id)
        target = Membership.everyone.visible_to(member).select_related("user", "workspace").get(pk=target.pk)
        if target.pk == member.pk:
            raise NotPossibleError(_("You cannot suspend yourself. Leave the workspace instead."))
        _check_rank(member, target)
        _check_owner_remains(target)
        if not Membership.objects.filter(pk=target.pk).update(suspended_at=timezone.now()):
            return
        _revoke_beyond(target, [])
        record(member, "member.suspended", subject=str(target.user), request=request)
        transaction.on_commit(partial(membership_changed, target.user_id, target.workspace_id), robust=True)
    text = gettext_lazy("You are suspended in {workspace} for now.")
    tell([target.user], None, format_lazy(text, workspace=target.workspace.name))


def restore(member: Membership, target: Membership, request: HttpRequest | None = None) -> None:
    """Let a suspended person in again, with the role that they had. Raises NotPossibleError."""
    with transaction.atomic():
        _lock(member.workspace_id)
        target = Membership.everyone.visible_to(member).select_related("user", "workspace").get(pk=target.pk)
        _check_rank(member, target)
        suspended = Membership.everyone.filter(pk=target.pk).exclude(suspended_at=None)
        if not suspended.update(suspended_at=None):
            return
        record(member, "member.restored", subject=str(target.user), request=request)
    workspace = target.workspace
    text = gettext_lazy("You may work in {workspace} again.")
    tell([target.user], workspace, format_lazy(text, workspace=workspace.name), f"/w/{workspace.slug}/")


def hand_over(member: Membership, target: Membership, request: HttpRequest | None = None) -> None:
    """Make `target` an owner and the owner `member` an admin, in one step. Raises NotPossibleError."""
    with transaction.atomic():
        _lock(member.workspace_id)
        member = Membership.objects.select_related("user", "workspace").get(pk=member.pk)
        target = Membership.objects.visible_to(member).select_related("user", "workspace").get(pk=target.pk)
        if member.role != Role.OWNER or target.pk == member.pk:
            raise NotPossibleError(_("Only an owner hands a workspace over, and to somebody else."))
        _check_can_manage(target, Role.OWNER)
        Membership.objects.filter(pk=target.pk).update(role=Role.OWNER)
        Membership.objects.filter(pk=member.pk).update(role=Role.ADMIN)
        member.role = Role.ADMIN
        _revoke_beyond(member, roles_given_by(member))
        record(member, "workspace.handed_over", subject=str(target.user), request=request)
        for user_id in (target.user_id, member.user_id):
            transaction.on_commit(partial(membership_changed, user_id, member.workspace_id), robust=True)
    workspace = target.workspace
    text = gettext_lazy("{person} handed {workspace} over to you: you are its owner now.")
    where = reverse("workspaces:members", args=[workspace.slug])
    tell([target.user], workspace, format_lazy(text, person=str(member.user), workspace=workspace.name), where)


def change_role(member: Membership, target: Membership, role: str, request: HttpRequest | None = None) -> Membership:
    """Give `target` another role in the workspace of `member`. Raises NotPossibleError."""
    with transaction.atomic():
        _lock(member.workspace_id)
        target = Membership.objects.visible_to(member).select_related("user", "workspace").get(pk=target.pk)
        _check_rank(member, target)
        if Role(role) not in roles_given_by(member):
            raise NotPossibleError(_("You cannot give a role above your own."))
        _check_can_manage(target, Role(role))
        if role == target.role:
            return target
        _check_owner_remains(target)
        before = target.get_role_display()
        target.role = role
        target.save(update_fields=["role"])
        _revoke_beyond(target, roles_given_by(target))
        change = f"{target.user}: {before} → {target.get_role_display()}"
        record(member, "member.role_changed", subject=change, request=request)
        transaction.on_commit(partial(membership_changed, target.user_id, target.workspace_id), robust=True)
    if target.user_id != member.user_id:
        workspace = target.workspace
        tell(
            [target.user],
            workspace,
            format_lazy(
                gettext_lazy("Your role in {workspace} is now {role}."), workspace=workspace.name, role=Role(role).label
            ),
            reverse("workspaces:members", args=[workspace.slug]),
        )
    return target


def remove_member(member: Membership, target: Membership, request: HttpRequest | None = None) -> None:
    """Take `target` out of the workspace of `member`. What they made stays. Raises NotPossibleError."""
    with transaction.atomic():
        _lock(member.workspace_id)
        target = Membership.everyone.visible_to(member).select_related("user", "workspace").get(pk=target.pk)
        if target.pk != member.pk:
            _check_rank(member, target)
        _check_owner_remains(target)
        left = target.pk == member.pk
        if left:
            record(member, "member.left", request=request)
        else:
            record(member, "member.removed", subject=str(target.user), request=request)
        Membership.everyone.filter(pk=target.pk).delete()
        _revoke_beyond(target, [])
        transaction.on_commit(partial(membership_changed, target.user_id, target.workspace_id), robust=True)
    workspace, person = target.workspace, str(target.user)
    if left:
        text = format_lazy(gettext_lazy("{person} left {workspace}."), person=person, workspace=workspace.name)
    else:
        removed = gettext_lazy("{person} was removed from {workspace}.")
        text = format_lazy(removed, person=person, workspace=workspace.name)
        tell(
            [target.user],
            None,
            format_lazy(gettext_lazy("You are no longer a member of {workspace}."), workspace=workspace.name),
        )
    others = managers(workspace).exclude(pk=member.user_id)
    tell(others, workspace, text, reverse("workspaces:members", args=[workspace.slug]))


def demand_second_factor(member: Membership, demanded: bool, request: HttpRequest | None = None) -> None:
    """Let nobody into the workspace who has only a password, or end that. Raises NotPossibleError.

    Who has none loses their open pages at once, and is shown the way to one when they come back.
    """
    if demanded and not second_factor.has_one(member.user):
        raise NotPossibleError(_("Add a second factor to your own account first, or you would lock yourself out."))
    with transaction.atomic():
        changed = Workspace.objects.filter(pk=member.workspace_id).exclude(demands_second_factor=demanded)
        if not changed.update(demands_second_factor=demanded):
            return
        record(member, f"second_factor.{'' if demanded else 'not_'}demanded", request=request)
        if demanded:
            for user_id in Membership.objects.visible_to(member).values_list("user_id", flat=True):
                transaction.on_commit(partial(membership_changed, user_id, member.workspace_id), robust=True)


# --- invitations ------------------------------------------------------------------------------------------------------


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def invite(
    member: Membership, role: str, *, days: int, note: str = "", email: str = "", request: HttpRequest | None = None
) -> tuple[Invitation, str]:
    """Make an invitation; the token for its link is returned once and kept nowhere. Raises NotPossibleError."""
    if Role(role) not in roles_given_by(member):
        raise NotPossibleError(_("You cannot give a role above your own."))
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        workspace=member.workspace,
        role=role,
        note=note,
        email=email,
        token_hash=_hash(token),
        created_by=member.user,
        expires_at=timezone.now() + timedelta(days=days),
    )
    record(member, "invitation.created", subject=_describe(invitation), request=request)
    if email:
        sealed = seal(token)  # the broker keeps what it carries
        transaction.on_commit(lambda: send_invitation.delay(invitation.pk, sealed), robust=True)
    return invitation, token


def _describe(invitation: Invitation) -> str:
    whom = invitation.note or invitation.email
    return f"{invitation.get_role_display()}{f' · {whom}' if whom else ''}"


def revoke(member: Membership, invitation: Invitation, request: HttpRequest | None = None) -> None:
    """End an invitation that nobody has used yet. Doing it twice is harmless."""
    if Invitation.objects.visible_to(member).open().filter(pk=invitation.pk).update(revoked_at=timezone.now()):
        record(member, "invitation.revoked", subject=_describe(invitation), request=request)


def find_invitation(token: str) -> Invitation | None:
    return Invitation.objects.select_related("workspace", "created_by").filter(token_hash=_hash(token)).first()


def accept(invitation: Invitation, user: User, request: HttpRequest | None = None) -> Membership:
    """Use the invitation up and let `user` in. Raises InvitationOverError, also when somebody else was quicker.

    Who is a member already stays as they are, and the invitation stays open for whom it was meant.
    """
    workspace = invitation.workspace
    with transaction.atomic():
        member = Membership.everyone.filter(workspace=workspace, user=user).first()
        if member and member.suspended_at:
            raise InvitationOverError
        if member:
            return member
        used = Invitation.objects.open().filter(pk=invitation.pk)
        if not used.update(accepted_at=timezone.now(), accepted_by=user):
            raise InvitationOverError
        member = Membership.objects.create(workspace=workspace, user=user, role=invitation.role)
        record(member, "member.joined", subject=member.get_role_display(), request=request)
    tell(
        managers(workspace).exclude(pk=user.pk),
        workspace,
        format_lazy(
            gettext_lazy("{person} accepted the invitation and joined {workspace} as {role}."),
            person=str(user),
            workspace=workspace.name,
            role=Role(invitation.role).label,
        ),
        reverse("workspaces:members", args=[workspace.slug]),
    )
    return member


def accept_as_new_person(
    invitation: Invitation,
    *,
    name: str,
    email: str,
    password: str,
    time_zone: str = "UTC",
    request: HttpRequest | None = None,
) -> User:
    """Make an account and let it in. Raises EmailTakenError, InvitationOverError; nothing is made then."""
    with transaction.atomic():
        user = create_person(name=name, email=email, password=password, time_zone=time_zone)
        accept(invitation, user, request)
    return user
