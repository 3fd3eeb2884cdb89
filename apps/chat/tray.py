from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse

from apps.chat.models import Message
from apps.workspaces.models import Membership
from apps.workspaces.tray import Item


def replies_in_motion(member: Membership) -> Iterator[Item]:
    """What is being written for the member, for the tray; others' conversations are not theirs to see."""
    replies = Message.objects.visible_to(member).running().select_related("created_by", "conversation")
    for reply in replies:
        yield Item(
            id=f"reply-{reply.pk}",
            title=reply.conversation.title,
            icon="message-circle",
            state=str(reply.get_status_display()),
            url=reverse("chat:conversation", args=[member.workspace.slug, reply.conversation_id]),
            person=reply.created_by,
            started_at=reply.created_at,
        )
