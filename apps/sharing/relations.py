"""Which public links show an asset."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from apps.library.dependants import MOST
from apps.library.models import Asset
from apps.sharing.models import Share
from apps.workspaces.models import Membership


def find_links(member: Membership, asset: Asset) -> Iterator[tuple[str, str]]:
    links = Share.objects.visible_to(member).open().filter(asset=asset).select_related("created_by").order_by("-id")
    for link in links[: MOST + 1]:
        since = date_format(localtime(link.created_at), "MONTH_DAY_FORMAT")
        label = _("Link of %(person)s since %(day)s") % {"person": link.created_by.name, "day": since}
        yield label, reverse("sharing:index", args=[member.workspace.slug])


def linked_among(member: Membership, ids: Sequence[uuid.UUID]) -> Iterable[uuid.UUID]:
    links = Share.objects.visible_to(member).open().filter(asset__in=ids)
    return (pk for pk in links.values_list("asset", flat=True) if pk)


def find_card_files(asset_ids: Sequence[uuid.UUID]) -> Iterable[str]:
    """The pictures of links to these assets: they go with them."""
    return Share.objects.filter(asset__in=asset_ids).exclude(card="").values_list("card", flat=True)
