import io
import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from apps.library.models import Asset
from tests.images.conftest import picture


@pytest.fixture
def bring(client, creator):
    client.force_login(creator.user)

    def send(content: bytes, name: str = "me.jpg", content_type: str = "image/jpeg"):
        file = SimpleUploadedFile(name, content, content_type)
        return client.post(reverse("images:upload", args=["night-shift"]), {"file": file})

    return send


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
        (b"MZ\x90\x00" + bytes(4000), "not a JPEG or PNG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a JPEG or PNG"),
        (picture(format="WEBP"), "not a JPEG or PNG"),
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
