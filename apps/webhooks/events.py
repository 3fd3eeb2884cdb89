"""What a webhook can be told. The names are part of what receivers rely on: see docs/webhooks.md."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TEST = "webhook.test"  # sent by the button, to every webhook alike

EVENTS: dict[str, str | Promise] = {
    "job.succeeded": _("Something was made"),
    "job.failed": _("Something could not be made"),
    "asset.created": _("A file was kept in the library"),
    "asset.trashed": _("A file was moved to the trash"),
    "share.created": _("A link was shared"),
    "share.revoked": _("A shared link was ended"),
    "review.note": _("A note on a shared work"),
    "review.decision": _("A work was approved, or changes were asked for"),
    "voice.expiring": _("A voice is about to be lost"),
    "voice.deleted": _("A voice was deleted"),
    "budget.reached": _("A budget reached a level"),
    "connection.changed": _("The connection was changed"),
    "connection.failing": _("The connection stopped working"),
    "invitation.created": _("Somebody was invited"),
    "member.joined": _("Somebody joined"),
    "member.left": _("Somebody left"),
    "member.removed": _("Somebody was removed"),
    "member.role_changed": _("A role was changed"),
}


def describe(event: str) -> str:
    return str(_("Test")) if event == TEST else str(EVENTS.get(event, event))
