"""Pictures and films: opened, measured, shown."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from django.urls import reverse
from PIL import Image

from apps.library.services import keep
from apps.library.tasks import measure

pytestmark = pytest.mark.django_db(transaction=True)


def write_picture(path: Path, size: tuple[int, int] = (1200, 800), *, orientation: int = 1) -> Path:
    picture = Image.effect_noise(size, 90).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture.save(path, exif=exif)
    return path


def write_film(path: Path, frames: int = 50) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for number in range(frames):
            picture = np.full((180, 320, 3), number * 4, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode())
    return path


def kept(member, source: Path, content_type: str):
    asset = keep(
        member,
        kind="speech",
        title="A thing",
        text="",
        source=source,
        filename=source.name,
        content_type=content_type,
        request={},
    )
    measure(str(asset.pk))
    asset.refresh_from_db()
    return asset


def test_a_picture_is_measured_as_it_is_shown_and_gets_a_poster(creator, tmp_path):
    asset = kept(creator, write_picture(tmp_path / "a.jpg", orientation=6), "image/jpeg")
    assert asset.status == "ready"
    assert (asset.measurements["width"], asset.measurements["height"]) == (800, 1200)
    assert asset.duration_s is None
    with Image.open(asset.poster) as poster:
        assert (poster.format, max(poster.size)) == ("WEBP", 640)


def test_a_film_is_decoded_from_start_to_end(creator, tmp_path):
    asset = kept(creator, write_film(tmp_path / "a.mp4"), "video/mp4")
    assert asset.status == "ready"
    assert (asset.duration_s, asset.measurements["frames"], asset.measurements["fps"]) == (2.0, 50, 25.0)
    assert (asset.measurements["width"], asset.measurements["codec"]) == (320, "h264")


def test_a_picture_that_would_unpack_to_too_much_is_not_unpacked(creator, tmp_path):
    bomb = tmp_path / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(bomb)
    assert kept(creator, bomb, "image/png").status == "damaged"


def test_a_renamed_program_is_damaged(creator, tmp_path):
    program = tmp_path / "a.jpg"
    program.write_bytes(b"MZ" + bytes(4000))
    assert kept(creator, program, "image/jpeg").status == "damaged"


def test_members_see_the_picture_and_its_poster_and_a_stranger_finds_nothing(client, creator, stranger, tmp_path):
    asset = kept(creator, write_picture(tmp_path / "a.jpg"), "image/jpeg")
    poster = reverse("library:poster", args=[creator.workspace.slug, asset.pk])
    client.force_login(creator.user)
    assert client.get(poster)["Content-Type"] == "image/webp"
    page = client.get(reverse("library:index", args=[creator.workspace.slug])).content.decode()
    assert poster in page
    assert 'width="1200" height="800"' in page
    client.force_login(stranger.user)
    assert client.get(poster).status_code == 404


def test_sound_has_no_poster(client, creator, tmp_path):
    source = tmp_path / "a.mp3"
    source.write_bytes(b"ID3")
    asset = kept(creator, source, "audio/mpeg")
    client.force_login(creator.user)
    assert client.get(reverse("library:poster", args=[creator.workspace.slug, asset.pk])).status_code == 404
