"""What a link shows, as a review sees it."""

from __future__ import annotations

import hashlib
import json

from apps.library.models import Asset
from apps.sharing.models import Share


def assets_of(share: Share) -> list[Asset]:
    """The files that notes can be about; none for a conversation."""
    return [share.asset] if share.asset else []


def fingerprint_of(share: Share) -> str:
    """The file's SHA-256, or one over all that is shown: another file, another fingerprint."""
    if share.asset:
        return share.asset.sha256
    assert share.snapshot is not None  # the table allows nothing else
    words = json.dumps([share.snapshot.system, share.snapshot.messages], sort_keys=True)
    return hashlib.sha256(words.encode()).hexdigest()
