"""What an asset that came in a capsule says of where it comes from."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.library.lineage import Origin
from apps.library.models import Asset
from apps.provenance.models import Import
from apps.workspaces.models import Membership


def origins_of(member: Membership, asset: Asset) -> Iterator[Origin]:
    found = Import.objects.filter(asset=asset, workspace=member.workspace_id).first()
    if found and found.capsule_id:
        url = reverse("provenance:capsule", args=[member.workspace.slug, found.capsule_id])
        day = f" · {found.made_at[:10]}" if found.made_at else ""
        yield Origin(_("From a capsule of"), (found.origin_name or _("another studio")) + day, url, "package")
