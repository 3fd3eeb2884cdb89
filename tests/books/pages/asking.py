"""A book's pages, asked for by request."""

from __future__ import annotations

import base64
import uuid

from django.urls import reverse

from apps.books.models import Segment

TEXT = (
    "Chapter 1\n\nThe lamp was dark. Nobody had told her. She saw it from the ferry.\n\n"
    "[Anna] Turn around, please.\n\nThe ferryman said nothing.\n\n"
    "Chapter 2\n\nThe stairs were steep. She counted them all. At the top she found a door."
)
HTMX = {"HX-Request": "true"}
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=="
)


def at(name, *args):
    return reverse(f"books:{name}", args=["night-shift", *args])


def page(client, name, *args, **query):
    answer = client.get(at(name, *args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def sentences(book):
    return list(Segment.objects.in_script().filter(book=book).order_by("chapter__position", "position"))


def post_new(client, **changes):
    settings = {"model": "speech-2.8-hd", "voice_id": "English_expressive_narrator", "sample_rate": 32000, "channel": 1}
    return client.post(at("create"), {"click": str(uuid.uuid4()), "text": "", **settings, **changes})
