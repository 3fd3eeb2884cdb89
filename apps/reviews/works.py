"""What a link shows, as a review sees it."""

from __future__ import annotations

import hashlib
import json

from apps.library.models import Asset
from apps.sharing.models import Share
from apps.sharing.showing import for_guests

MOST = 500  # works of a collection that can be reviewed


def assets_of(share: Share) -> list[Asset]:
    """The files that notes can be about; none for a conversation."""
    if share.collection:
        return [for_guests(share, asset) for asset in share.collection.assets_in_order()[:MOST]]
    return [share.asset] if share.asset else []


def fingerprint_of(share: Share) -> str:
    """The file's SHA-256, or one over all that is shown: another file, another fingerprint."""
    if share.asset:
        return share.asset.sha256
    if share.collection:
        sums = list(share.collection.assets_in_order().values_list("sha256", flat=True)[:MOST])
        return hashlib.sha256(json.dumps(sums).encode()).hexdigest()
    assert share.snapshot is not None  # the table allows nothing else
    words = json.dumps([share.snapshot.system, share.snapshot.messages], sort_keys=True)
    return hashlib.sha256(words.encode()).hexdigest()
