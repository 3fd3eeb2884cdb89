import io
import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from apps.library import uploads
from apps.library.models import Asset
from apps.library.uploads import Purpose
from apps.minimax.catalogue.schema import PictureRules
from tests.images.conftest import picture


@pytest.fixture
def bring(client, creator):
    client.force_login(creator.user)

    def send(
        content: bytes, name: str = "me.jpg", content_type: str = "image/jpeg", *, purpose: str = "images.reference"
    ):
        file = SimpleUploadedFile(name, content, content_type)
        return client.post(reverse("library:upload", args=["night-shift"]), {"file": file, "purpose": purpose})

    return send


def at(name: str, *args: object) -> str:
    return reverse(f"library:{name}", args=["night-shift", *args])


def kept() -> Image.Image:
    with Asset.objects.get().file.open("rb") as file:
        return Image.open(io.BytesIO(file.read()))


def bomb() -> bytes:
    """A PNG of a few bytes that says it has 30,000 × 30,000 pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")


def test_a_picture_is_kept_in_the_library(bring):
    answer = bring(picture(size=(300, 200)), "Portrait of Ada.jpg")
    asset = Asset.objects.get()
    assert answer.status_code == 201
    assert answer.json()["id"] == str(asset.pk)
    assert (asset.kind, asset.title, asset.content_type, kept().size) == (
        "upload",
        "Portrait of Ada",
        "image/jpeg",
        (300, 200),
    )


def test_it_is_turned_upright_and_place_and_camera_are_gone(bring):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    exif[0x010F] = "Camera of Carla"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (48.0, 12.0, 30.0)
    bring(picture(size=(300, 200), exif=exif, comment=b"Home, 12 Elm Street"))
    result = kept()
    assert result.size == (200, 300)
    assert not result.getexif()
    assert not result.info.get("comment")
    with Asset.objects.get().file.open("rb") as file:
        content = file.read()
    assert b"Camera of Carla" not in content
    assert b"Elm Street" not in content


def test_a_png_keeps_its_transparency(bring):
    file = io.BytesIO()
    Image.new("RGBA", (60, 40), (200, 30, 30, 90)).save(file, "PNG")
    bring(file.getvalue(), "glass.png", "image/png")
    assert (kept().format, kept().mode, kept().getpixel((5, 5))) == ("PNG", "RGBA", (200, 30, 30, 90))


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"MZ\x90\x00" + bytes(4000), "not a JPEG, PNG or WebP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a JPEG, PNG or WebP"),
        (picture(format="GIF"), "not a JPEG, PNG or WebP"),
        (b"\x89PNG\r\n\x1a\n" + b"not really", "damaged"),
        (picture()[:3000], "damaged"),
        (bomb(), "64 million pixels"),
    ],
)
def test_what_only_calls_itself_a_picture_is_refused_with_a_sentence(bring, content, word):
    answer = bring(content)
    assert answer.status_code == 422
    assert word in answer.json()["sentence"]
    assert not Asset.objects.exists()


def test_a_file_that_is_too_large_is_refused_before_it_is_opened(bring):
    answer = bring(picture() + bytes(10 << 20))
    assert answer.status_code == 422
    assert "10 MB" in answer.json()["sentence"]


def test_a_webp_is_kept_as_something_that_minimax_takes(bring):
    bring(picture(format="WEBP"), "photo.webp", "image/webp")
    assert Asset.objects.get().content_type == "image/jpeg"


def test_what_was_brought_before_is_found_again(bring):
    content = picture()
    first, second = bring(content), bring(content, "another name.jpg")
    assert first.json() == second.json()
    assert Asset.objects.count() == 1


def test_a_purpose_that_nobody_registered_is_not_found(bring):
    assert bring(picture(), purpose="images.nothing").status_code == 404


# --- purposes that ask for more ---------------------------------------------------------------------------------------


@pytest.fixture
def frame(monkeypatch) -> Purpose:
    rules = PictureRules(
        types=("image/jpeg", "image/png"),
        extensions=("jpg", "png"),
        below_bytes=1 << 20,
        short_side_above_px=100,
        min_aspect_ratio=0.4,
        max_aspect_ratio=2.5,
    )
    purpose = Purpose("test.frame", rules)
    monkeypatch.setitem(uploads._purposes, purpose.name, purpose)
    return purpose


@pytest.mark.parametrize(
    ("size", "word"),
    [((100, 120), "more than 100"), ((130, 400), "too narrow"), ((400, 130), "between 2:5 and 5:2")],
)
def test_a_picture_of_the_wrong_shape_is_refused(bring, frame, size, word):
    answer = bring(picture(size=size), purpose=frame.name)
    assert answer.status_code == 422
    assert word in answer.json()["sentence"]
    assert not Asset.objects.exists()


def test_only_what_fits_the_purpose_can_be_picked(client, bring, frame):
    fits, small = (bring(picture(size=size)).json()["id"] for size in ((200, 200), (90, 200)))
    shown = client.get(at("pick"), {"purpose": frame.name}).content.decode()
    assert fits in shown
    assert small not in shown


def test_the_picker_searches_and_shows_older_pictures(client, bring, monkeypatch):
    monkeypatch.setattr("apps.library.upload_views.PICKS", 1)
    older, newer = (bring(picture(), f"{name}.jpg").json()["id"] for name in ("Harbour", "Meadow"))
    first = client.get(at("pick"), {"purpose": "images.reference"}).content.decode()
    assert newer in first
    assert older not in first
    assert f"before={newer}" in first
    assert older in client.get(at("pick"), {"purpose": "images.reference", "before": newer}).content.decode()
    found = client.get(at("pick"), {"purpose": "images.reference", "q": "harb"}).content.decode()
    assert older in found
    assert newer not in found


def test_an_asset_that_is_dragged_onto_a_field_is_taken_where_it_fits(client, bring, frame):
    fits, small = (bring(picture(size=size)).json()["id"] for size in ((200, 200), (90, 200)))
    taken = client.get(at("choose", fits), {"purpose": frame.name})
    assert (taken.status_code, taken.json()["id"]) == (200, fits)
    refused = client.get(at("choose", small), {"purpose": frame.name})
    assert (refused.status_code, "too small" in refused.json()["sentence"]) == (422, True)


def test_a_viewer_may_not_bring_and_a_stranger_finds_nothing(client, bring, viewer, stranger):
    mine = bring(picture()).json()["id"]
    client.force_login(viewer.user)
    assert client.post(at("upload")).status_code == 403
    client.force_login(stranger.user)
    for name, *args in (("pick",), ("choose", mine)):
        assert client.get(at(name, *args), {"purpose": "images.reference"}).status_code == 404
    elsewhere = reverse("library:choose", args=["elsewhere", mine])
    assert client.get(elsewhere, {"purpose": "images.reference"}).status_code == 404


def test_a_result_is_offered_to_the_forms_that_take_it(client, bring, creator, viewer):
    one = bring(picture()).json()["id"]
    offer = f'href="/w/night-shift/images/?reference={one}"'
    assert offer in client.get(at("asset", one)).content.decode()
    client.force_login(viewer.user)
    assert offer not in client.get(at("asset", one)).content.decode()
