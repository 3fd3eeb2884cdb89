"""Storage in an S3-compatible bucket: read by ranges, written in parts, never a whole file in memory or on disk.

What django-storages leaves open: its file reads an object whole before it gives the first byte, and its faults are not
the ones that a disk has.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import boto3.session
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.cache import cache
from django.core.files.base import File
from storages.backends.s3 import S3Storage

PART = 8 << 20  # bytes in memory while a file is written; S3 allows 10,000 parts
DIRECT_S = 3600  # an address that leads into the bucket ends after this long
SAME_ADDRESS_S = DIRECT_S // 2  # as long a browser is given the same one, so that it finds what it has kept
MISSING = {"404", "NoSuchKey", "NotFound"}


class BucketError(OSError):
    """The bucket did not do it. A kind of OSError, as a full disk would be."""


@contextmanager
def faults(name: str) -> Iterator[None]:
    """Raise what a folder would: FileNotFoundError, or BucketError, which tells neither key nor address."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in MISSING:
            raise FileNotFoundError(name) from error
        raise BucketError(f"the bucket answered {code or 'with an error'}") from error
    except BotoCoreError as error:
        raise BucketError(f"the bucket does not answer ({type(error).__name__})") from error


class Bucket(S3Storage):
    """Options: those of django-storages, and `public_url`, where browsers reach the same bucket (empty: they don't)."""

    def __init__(self, **options: Any) -> None:
        self.public_url = str(options.pop("public_url", ""))
        client_config = Config(
            signature_version="s3v4",
            s3={"addressing_style": options.get("addressing_style", "path")},
            connect_timeout=5,
            read_timeout=30,
            retries={"mode": "standard", "max_attempts": 4},
            # Checksums that S3 alone knows are left out: other makers' servers refuse them.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        parts = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, use_threads=False)
        super().__init__(**options, client_config=client_config, transfer_config=parts, default_acl=None)

    def _open(self, name: str, mode: str = "rb") -> File:
        if mode != "rb":
            raise ValueError("What lies in the bucket is read or replaced, never changed in place.")
        return File(io.BufferedReader(ObjectReader(self, name), 1 << 16), name)

    def _save(self, name: str, content: File) -> str:
        with faults(name):
            return str(super()._save(name, content))

    def delete(self, name: str) -> None:
        with faults(name):
            super().delete(name)

    def exists(self, name: str) -> bool:
        with faults(name):
            return bool(super().exists(name))

    def size(self, name: str) -> int:
        with faults(name):
            return int(super().size(name))

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        with faults(name):
            folders, files = super().listdir(name)
        return folders, files

    def read_from(self, name: str, start: int) -> Any:
        """A stream of the object's bytes from `start` on."""
        with faults(name):
            key = self._normalize_name(name)
            return self.bucket.Object(key).get(Range=f"bytes={start}-")["Body"]

    def direct_url(self, name: str, content_type: str, disposition: str) -> str:
        """An address in the bucket that a browser may read for an hour. Only with a `public_url`."""
        told = "\n".join((self.public_url, name, content_type, disposition))
        key = f"bucket-address:{hashlib.sha256(told.encode()).hexdigest()}"
        if known := cache.get(key):
            return str(known)
        parameters = {
            "Bucket": self.bucket.name,
            "Key": self._normalize_name(name),
            "ResponseContentType": content_type,
            "ResponseContentDisposition": disposition,
            "ResponseCacheControl": f"private, max-age={DIRECT_S}, immutable",
        }
        url = str(self._signer.generate_presigned_url("get_object", Params=parameters, ExpiresIn=DIRECT_S))
        cache.set(key, url, SAME_ADDRESS_S)
        return url

    @cached_property
    def _signer(self) -> Any:
        """Signs for the host that the browser will name; it never connects."""
        return boto3.session.Session().client(
            "s3",
            endpoint_url=self.public_url,
            region_name=self.region_name,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=self.client_config,
        )


class ObjectReader(io.RawIOBase):
    """An object as a file: each seek that is followed by a read asks for the rest from there."""

    def __init__(self, bucket: Bucket, name: str) -> None:
        self.bucket, self.name = bucket, name
        self.length = bucket.size(name)
        self.position = 0
        self.body: Any = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self.position, io.SEEK_END: self.length}[whence]
        target = max(0, start + offset)
        if target != self.position:
            self._let_go()
        self.position = target
        return target

    def readinto(self, buffer: Any) -> int:
        if self.position >= self.length:
            return 0
        if self.body is None:
            self.body = self.bucket.read_from(self.name, self.position)
        try:
            with faults(self.name):
                block = self.body.read(len(buffer))
        except BucketError:
            self._let_go()
            raise
        if not block:
            raise BucketError(f"the bucket gave {self.position} of {self.length} bytes")
        buffer[: len(block)] = block
        self.position += len(block)
        return len(block)

    def close(self) -> None:
        self._let_go()
        super().close()

    def _let_go(self) -> None:
        if self.body is not None:
            self.body.close()
            self.body = None
