"""An S3-compatible server of our own, for the tests: on a free port, in memory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import httpx

from tests.services import free_port, wait_for

KEY, SECRET = "studio-key", "studio-secret"


@contextmanager
def bucket_server(bucket: str = "studio") -> Iterator[str]:
    """Run one with an empty bucket; gives STUDIO_STORAGE_URL."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port, process)
        empty_buckets(f"http://127.0.0.1:{port}", bucket)
        yield f"s3://{KEY}:{SECRET}@127.0.0.1:{port}/{bucket}?tls=0"
    finally:
        process.kill()
        process.wait(10)


def empty_buckets(address: str, bucket: str = "studio") -> None:
    """Begin anew with one empty bucket."""
    httpx.post(f"{address}/moto-api/reset").raise_for_status()
    boto3.client(
        "s3", endpoint_url=address, aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name="us-east-1"
    ).create_bucket(Bucket=bucket)
