"""Where a result goes on: what is made on the way there comes from the original, and is made once."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.urls import reverse

from apps.library import lineage
from apps.library.models import Asset
from apps.library.services import keep
from apps.library.tasks import measure
from tests.library.test_views import HTMX, url
from tests.video.clips import write_clip
from tests.voices import sounds

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def film(creator, tmp_path: Path, rings) -> Asset:
    source = write_clip(tmp_path / "clip.mp4", seconds=0.5)
    kept = keep(
        creator, kind="video", title="The sea", text="The sea", source=source, filename="clip.mp4",
        content_type="video/mp4", request={"prompt": "The sea"},
    )  # fmt: skip
    measure(str(kept.pk))
    return Asset.objects.get(pk=kept.pk)


@pytest.fixture
def speech(creator, tmp_path: Path, rings) -> Asset:
    source = sounds.write(tmp_path / "speech.wav", sounds.speech(12))
    return keep(
        creator, kind="speech", title="Good evening", text="Good evening", source=source, filename="speech.wav",
        content_type="audio/wav", request={"text": "Good evening"},
    )  # fmt: skip


def address_of(client, asset: Asset, name: str, parameter: str) -> str:
    address = f"{reverse(name, args=['night-shift'])}?{parameter}={asset.pk}"
    assert address in client.get(url("asset", asset), headers=HTMX).content.decode()
    return address


def test_video_goes_on_from_its_last_frame(client, creator, film):
    client.force_login(creator.user)
    address = address_of(client, film, "video:continue_from", "video")
    went = client.post(address)
    frame = Asset.objects.get(kind="frame")
    assert went.url == f"{reverse('video:index', args=['night-shift'])}?first_frame_image={frame.pk}"
    assert client.get(went.url).context["form"].initial["first_frame_image"] == str(frame.pk)
    assert [each.asset for each in lineage.family(creator, frame).parents] == [film]
    assert client.post(address).url == went.url


def test_video_is_the_first_of_those_that_are_joined(client, creator, film):
    client.force_login(creator.user)
    html = client.get(address_of(client, film, "video:index", "join")).content.decode()
    assert f'data-first="{film.pk}"' in html


def test_sound_becomes_the_recording_of_a_voice(client, creator, speech):
    client.force_login(creator.user)
    address = address_of(client, speech, "voices:sample_from", "asset")
    went = client.post(address)
    sample = Asset.objects.get(kind="voice_sample")
    assert went.url == f"{reverse('voices:clone', args=['night-shift'])}?sample={sample.pk}"
    assert f'value="{sample.pk}"' in client.get(went.url).content.decode()
    assert [each.asset for each in lineage.family(creator, sample).parents] == [speech]
    assert client.post(address).url == went.url
    assert Asset.objects.get(pk=speech.pk).trashed_at is None


def test_stranger_can_send_nothing_anywhere(client, stranger, film, speech):
    client.force_login(stranger.user)
    for name, parameter, asset in (("video:continue_from", "video", film), ("voices:sample_from", "asset", speech)):
        for workspace, status in (("night-shift", 404), (stranger.workspace.slug, 404)):
            address = f"{reverse(name, args=[workspace])}?{parameter}={asset.pk}"
            assert client.post(address).status_code == status
