"""Which conversations an asset came from, and which show it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator, Sequence

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.chat.models import Call, Conversation, Message, Role
from apps.library.dependants import MOST
from apps.library.lineage import Origin
from apps.library.models import Asset
from apps.workspaces.models import Membership

LOOKED_AT = 2000
UUIDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def find_origins(member: Membership, asset: Asset) -> Iterator[Origin]:
    """Where a model had it made, if the member may read that."""
    for conversation in Conversation.objects.visible_to(member).filter(pk__in=_asked_for(asset))[:1]:
        yield Origin(_("Conversation"), conversation.title, _url(member, conversation), "message-circle")


def find_conversations(member: Membership, asset: Asset) -> Iterator[tuple[str, str]]:
    """Where it is shown: as the result of a call, or as a picture that was attached."""
    showing = Q(pk__in=_asked_for(asset))
    if asset.medium == "image":
        said = Message.objects.filter(
            conversation__workspace=asset.workspace_id, role=Role.USER, created_at__gte=asset.created_at
        )
        attached = said.annotate(written=Cast("blocks", TextField())).filter(written__contains=str(asset.pk))
        showing |= Q(pk__in=attached.values("conversation"))
    found = Conversation.objects.filter(showing, workspace=asset.workspace_id, trashed_at=None).order_by("-moved_at")
    readable = set(
        Conversation.objects.visible_to(member).filter(pk__in=found.values("pk")).values_list("pk", flat=True)
    )
    for conversation in found[: MOST + 1]:
        if conversation.pk in readable:
            yield conversation.title, _url(member, conversation)
        else:
            yield _("Somebody’s own conversation"), ""


def shown_among(member: Membership, ids: Sequence[uuid.UUID]) -> Iterable[uuid.UUID]:
    """What was made in a conversation, or attached to one of the last LOOKED_AT messages with a picture."""
    there = Call.objects.filter(message__conversation__workspace=member.workspace_id)
    there = there.filter(message__conversation__trashed_at=None)
    yield from there.filter(job__assets__in=ids).values_list("job__assets", flat=True)
    yield from there.filter(take__asset__in=ids).values_list("take__asset", flat=True)
    said = Message.objects.filter(conversation__workspace=member.workspace_id, role=Role.USER)
    said = said.filter(conversation__trashed_at=None).annotate(written=Cast("blocks", TextField()))
    for written in (
        said.filter(written__contains="asset").order_by("-created_at").values_list("written", flat=True)[:LOOKED_AT]
    ):
        yield from (uuid.UUID(pk) for pk in UUIDS.findall(written))


def _asked_for(asset: Asset) -> QuerySet:
    return Call.objects.filter(Q(job__assets=asset) | Q(take__asset=asset)).values("message__conversation")


def _url(member: Membership, conversation: Conversation) -> str:
    return reverse("chat:conversation", args=[member.workspace.slug, conversation.pk])
