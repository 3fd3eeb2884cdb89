"""What live speech knows of an asset that it made."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.library.details import Making
from apps.library.models import Asset
from apps.speech.models import Charged, Take
from apps.workspaces.models import ConnectionKind
from apps.workspaces.wallets import explain


def find_making(asset: Asset) -> Making | None:
    take = Take.objects.filter(asset=asset).first() if asset.kind == "speech" else None
    if take is None:
        return None
    began, ended = take.started_at, take.finished_at
    return Making(
        estimate_usd=take.estimate_usd,
        charged=_("It may have been charged.") if take.charged == Charged.UNKNOWN else "",
        is_on_sandbox=take.connection_kind == ConnectionKind.SANDBOX,
        wallet="" if take.connection_kind == ConnectionKind.SANDBOX else explain(take.route),
        took_s=(ended - began).total_seconds() if began and ended else None,
        first_ms=take.first_audio_ms,
    )
