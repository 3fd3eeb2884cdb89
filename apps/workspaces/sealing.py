"""API keys at rest. Whoever reads the database, or a copy of it, cannot use them without the server's secret."""

from __future__ import annotations

import base64
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class SealBrokenError(Exception):
    """The secret that sealed this is not among `settings.ENCRYPTION_KEYS`."""


@cache
def _fernet(secrets: tuple[str, ...]) -> MultiFernet:
    def derive(secret: str) -> Fernet:
        # A key of its own for this purpose, so that it is not the one that signs sessions. The secret has full entropy.
        kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"studio: connection keys, 1")
        return Fernet(base64.urlsafe_b64encode(kdf.derive(secret.strip().encode())))

    return MultiFernet([derive(secret) for secret in secrets])


def seal(text: str) -> str:
    return _fernet(tuple(settings.ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Return what was sealed with any of `settings.ENCRYPTION_KEYS`. Raises SealBrokenError."""
    try:
        return _fernet(tuple(settings.ENCRYPTION_KEYS)).decrypt(sealed.encode()).decode()
    except InvalidToken as exc:
        raise SealBrokenError from exc


def reseal(sealed: str) -> str:
    """Return the same, sealed with the first of `settings.ENCRYPTION_KEYS`. Raises SealBrokenError."""
    return seal(unseal(sealed))
