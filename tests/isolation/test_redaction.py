"""What a link does not show is in nothing that the link gives out: pages, files, tags within files, cards."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import get_resolver, reverse
from PIL import Image

from apps.collections.models import Collection, Item
from apps.library.kinds import get_kind
from apps.library.models import Asset
from apps.provenance.models import Marking
from apps.sharing.models import Share
from apps.sharing.services import share
from tests.isolation.asking import everything_in
from tests.isolation.routes import walk
from tests.isolation.world import picture
from tests.library.sounds import write_tone

HIDDEN = "unspeakableprompt"
PUBLIC = [route for route in walk(get_resolver()) if route.name.startswith(("public:", "guest:"))]


def texts_in(body: bytes) -> bytes:
    """A file as it is, and the words that are packed or spelled otherwise within it."""
    found = [body, body.replace(b"\0", b"")]  # UTF-16, as ID3 has it
    _head, sign, picture = body.partition(b"\x89PNG")
    if sign:
        opened = Image.open(io.BytesIO(sign + picture))
        found.append(f"{opened.info} {dict(opened.getexif())}".encode())  # packed or not
    return b"\n".join(found)


@pytest.fixture(params=["image", "audio"])
def link(request, creator, tmp_path: Path) -> Share:
    is_picture = request.param == "image"
    data = picture() if is_picture else write_tone(tmp_path / "take.wav", 0.2).read_bytes()
    kept = Asset.objects.create(
        workspace=creator.workspace,
        created_by=creator.user,
        kind="image" if is_picture else "speech",
        title=HIDDEN,
        model="image-01" if is_picture else "speech-2.8-hd",  # what a model made is marked when it is taken away
        text=HIDDEN,
        note=HIDDEN,
        trace_id=HIDDEN,
        request={"prompt": HIDDEN, "text": HIDDEN},
        file=default_storage.save("1/made.png" if is_picture else "1/made.wav", ContentFile(data)),
        poster=default_storage.save("1/poster.png", ContentFile(picture())),
        content_type="image/png" if is_picture else "audio/wav",
        size=len(data),
        sha256="ab" * 32,
        status="ready",
        duration_s=None if is_picture else 1.0,
    )
    Marking.objects.create(workspace=creator.workspace, signs_prompt=True)
    made = share(creator, kept)
    made.allow_review = made.allow_download = True
    made.save()
    return made


def test_a_hidden_prompt_is_in_nothing_that_is_given_out(link):
    guest, given = Client(), 0
    for route in PUBLIC:
        if set(route.arguments) != {"token"}:
            continue
        answer = guest.get(reverse(route.name, args=[link.token]))
        given += answer.status_code == 200
        assert HIDDEN.encode() not in texts_in(everything_in(answer)), route.name
    assert given >= 4
    assert f"<title>{get_kind(link.asset.kind).label}</title>" in guest.get(f"/s/{link.token}/").content.decode()
    taken = everything_in(guest.get(reverse("public:download", args=[link.token])))
    assert b"c2pa" in taken  # it was marked,
    assert b'"text_hidden":true' in taken  # and says what it does not say
    Share.objects.update(show_text=True)
    assert HIDDEN.encode() in texts_in(everything_in(guest.get(reverse("public:download", args=[link.token]))))
    assert HIDDEN in guest.get(f"/s/{link.token}/").content.decode()


def test_a_hidden_prompt_is_in_nothing_of_a_shared_collection(link, creator):
    shelf = Collection.objects.create(workspace=creator.workspace, created_by=creator.user, name="Evenings")
    Item.objects.create(collection=shelf, asset=link.asset, position=1)
    shared = share(creator, shelf)
    shared.allow_review = shared.show_settings = True
    shared.save()
    guest, given = Client(), 0
    for route in PUBLIC:
        if set(route.arguments) <= {"token", "pk"} and "token" in route.arguments:
            values = {"token": shared.token, "pk": link.asset.pk}
            answer = guest.get(reverse(route.name, kwargs={name: values[name] for name in route.arguments}))
            given += answer.status_code == 200
            assert HIDDEN.encode() not in texts_in(everything_in(answer)), route.name
    assert given >= 5


def test_a_token_that_was_never_given_opens_nothing(link):
    guest = Client()
    for route in PUBLIC:
        if set(route.arguments) == {"token"}:
            path = reverse(route.name, args=["x" * len(link.token)])
            assert {guest.get(path).status_code, guest.post(path).status_code} <= {404, 405}, route.name
