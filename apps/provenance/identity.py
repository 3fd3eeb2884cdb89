"""What this studio signs with: a key of its own, sealed as connection keys are."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.provenance.certificates import make_chain
from apps.provenance.models import SigningIdentity
from apps.workspaces.sealing import SealBrokenError, seal, unseal

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Signer:
    fingerprint: str
    chain: str  # PEM: for files, then the root
    key: str  # PEM


def find_or_make_signer() -> Signer:
    """A key whose seal is broken signs nothing any more: another one is made, and its certificate stays known."""
    for _attempt in range(2):
        found = SigningIdentity.objects.filter(is_active=True).first() or _make()
        try:
            return Signer(found.fingerprint, found.certificate + found.root, unseal(found.key_sealed))
        except SealBrokenError:
            log.warning("The key that this studio signs with cannot be opened any more; a new one is made.")
            SigningIdentity.objects.filter(pk=found.pk).update(is_active=False)
    raise SealBrokenError


def _make() -> SigningIdentity:
    name = urlsplit(settings.PUBLIC_URL).hostname or "studio"
    made = make_chain(name, timezone.now())
    try:
        with transaction.atomic():
            return SigningIdentity.objects.create(
                name=name[:64],
                certificate=made.certificate,
                root=made.root,
                key_sealed=seal(made.key),
                fingerprint=made.fingerprint,
            )
    except IntegrityError:  # somebody else was first
        return SigningIdentity.objects.get(is_active=True)


def roots() -> str:
    """All that this studio ever signed with, as PEM."""
    return "".join(SigningIdentity.objects.order_by("pk").values_list("root", flat=True))
