"""One push message to one browser: encrypted for it (RFC 8291), signed by this installation (VAPID, RFC 8292)."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from functools import cache
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

RECORD = 4096  # bytes; RFC 8291 allows one record only
VALID_S = 12 * 3600  # of a signature
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of the curve P-256


def to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def to_bytes(text: str) -> bytes:
    """Raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


@cache
def _own_key(secret: str) -> ec.EllipticCurvePrivateKey:
    """This installation's, the same in each of its processes and on each of its machines."""
    kdf = HKDF(algorithm=hashes.SHA256(), length=40, salt=None, info=b"studio: web push, 1")
    return ec.derive_private_key(int.from_bytes(kdf.derive(secret.strip().encode())) % (ORDER - 1) + 1, ec.SECP256R1())


def public_key() -> str:
    """What a browser subscribes with, base64url."""
    return to_text(_point(_own_key(settings.SECRET_KEY)))


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def authorization(endpoint: str, contact: str) -> str:
    """The header that says who sends. contact: mailto: or https: address of whoever runs the studio."""
    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int(time.time()) + VALID_S, "sub": contact}
    head = {"typ": "JWT", "alg": "ES256"}
    signed = ".".join(to_text(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
    r, s = decode_dss_signature(_own_key(settings.SECRET_KEY).sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"vapid t={signed}.{to_text(r.to_bytes(32) + s.to_bytes(32))}, k={public_key()}"


def encrypt(
    message: bytes,
    p256dh: bytes,
    auth: bytes,
    *,
    key: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """The body of the request. key and salt: new for each message, given only by a test. Raises ValueError."""
    key, salt = key or ec.generate_private_key(ec.SECP256R1()), salt or secrets.token_bytes(16)
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), p256dh)
    shared = key.exchange(ec.ECDH(), theirs)
    secret = _derive(auth, shared, b"WebPush: info\0" + p256dh + _point(key), 32)
    content_key = _derive(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(salt, secret, b"Content-Encoding: nonce\0", 12)
    head = salt + RECORD.to_bytes(4) + bytes([65]) + _point(key)
    return head + AESGCM(content_key).encrypt(nonce, message + b"\x02", None)


def _derive(salt: bytes, material: bytes, info: bytes, length: int) -> bytes:
    extract = hmac.HMAC(salt, hashes.SHA256())
    extract.update(material)
    expand = hmac.HMAC(extract.finalize(), hashes.SHA256())
    expand.update(info + b"\x01")
    return expand.finalize()[:length]


def topic(name: str) -> str:
    """A later message with the same topic replaces one that was not shown yet."""
    return to_text(hashlib.sha256(name.encode()).digest())[:32]
