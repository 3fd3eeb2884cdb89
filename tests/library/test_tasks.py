from __future__ import annotations

import io
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import av
import pytest
from django.urls import reverse
from django.utils import timezone

from apps.library import tasks
from apps.library.models import Asset, Rendition
from apps.library.services import find_or_order_rendition, keep, rename
from apps.library.tasks import make_rendition, measure, sweep
from tests.library.sounds import decoded_seconds, write_tone

pytestmark = pytest.mark.django_db(transaction=True)


def age(rows, seconds: float = 60) -> None:
    rows.update(created_at=timezone.now() - timedelta(seconds=seconds))


def keep_as_it_is(member, source: Path) -> Asset:
    return keep(
        member,
        kind="speech",
        title="A take",
        text="",
        source=source,
        filename="take.wav",
        content_type="audio/wav",
        request={},
    )


@pytest.mark.parametrize("format", ["mp3", "wav", "flac", "opus", "m4a"])
def test_length_and_shape_are_measured_from_the_decoded_sound(bring, rings, format):
    kept = bring(seconds=3.0, format=format)
    assert kept.status == "ready"
    assert kept.duration_s == pytest.approx(3.0, abs=0.08)
    assert 400 <= len(kept.peaks) <= 800
    assert max(kept.peaks) == 100
    assert min(kept.peaks) >= 0
    found = kept.measurements
    assert found["channels"] == 1
    assert found["sample_rate"] == (48_000 if format == "opus" else 32_000)
    assert found["peak_dbfs"] == pytest.approx(-6.0, abs=1)
    assert -20 < found["loudness_lufs"] < -8
    assert found["bit_rate"] == pytest.approx(kept.size * 8 / kept.duration_s, rel=0.01)


def test_louder_takes_measure_louder(creator, tmp_path, rings):
    levels = []
    for number, level in enumerate((0.05, 0.5)):
        tone = write_tone(tmp_path / f"{number}.wav", 2, level=level)
        kept = keep_as_it_is(creator, tone)
        measure(str(kept.pk))
        kept.refresh_from_db()
        levels.append(kept.measurements["loudness_lufs"])
    assert levels[1] - levels[0] == pytest.approx(20, abs=0.5)


def test_silence_has_no_loudness_and_a_flat_line(creator, tmp_path, rings):
    tone = write_tone(tmp_path / "silence.wav", 1, level=0)
    kept = keep_as_it_is(creator, tone)
    measure(str(kept.pk))
    kept.refresh_from_db()
    assert kept.status == "ready"
    assert kept.measurements["loudness_lufs"] is None
    assert set(kept.peaks) == {0}


@pytest.mark.parametrize("data", [b"", b"<html>502 Bad Gateway</html>" * 40, b"RIFF\x00\x00\x00\x00WAVEfmt "])
def test_file_that_cannot_be_opened_is_kept_and_marked(creator, tmp_path, rings, client, data):
    source = tmp_path / "broken.wav"
    source.write_bytes(data)
    kept = keep_as_it_is(creator, source)
    measure(str(kept.pk))
    kept.refresh_from_db()
    assert (kept.status, kept.file.read()) == ("damaged", data)
    client.force_login(creator.user)
    page = client.get(reverse("library:asset", args=["night-shift", kept.pk])).content.decode()
    assert "could not be opened" in page
    assert "<audio" not in page


def test_raw_sound_is_read_as_it_was_asked_for_and_played_as_wav(creator, tmp_path, rings, client):
    tone = write_tone(tmp_path / "tone.wav", 1.5, rate=24_000)
    source = tmp_path / "take.pcm"
    source.write_bytes(tone.read_bytes()[44:])
    kept = keep(
        creator,
        kind="speech",
        title="Raw",
        text="",
        source=source,
        filename="take.pcm",
        content_type="audio/L16",
        request={"format": "pcm", "sample_rate": 24_000, "channel": 1},
    )
    measure(str(kept.pk))
    kept.refresh_from_db()
    assert (kept.status, kept.duration_s, kept.measurements["sample_rate"]) == ("ready", 1.5, 24_000)

    client.force_login(creator.user)
    url = reverse("library:file", args=["night-shift", kept.pk])
    assert client.get(url).status_code == 503
    name, pk = rings[-1]
    assert name == "make_rendition"
    make_rendition(pk)
    response = client.get(url)
    assert response["Content-Type"] == "audio/wav"
    assert decoded_seconds(b"".join(response), tmp_path) == pytest.approx(1.5, abs=0.01)
    original = client.get(reverse("library:download", args=["night-shift", kept.pk]))
    assert original["Content-Type"] == "application/octet-stream"
    assert b"".join(original) == tone.read_bytes()[44:]


def test_memory_stays_flat_while_a_long_file_is_measured(tmp_path):
    child = Path(tasks.__file__).with_name("audio.py")
    sizes = []
    for number, minutes in enumerate((1, 20)):
        with (tmp_path / f"{number}.wav").open("wb") as file:  # sparse: silence that takes no disk
            file.write(write_tone(tmp_path / "head.wav", 0).read_bytes()[:40] + (0xFFFFFFF0).to_bytes(4, "little"))
            file.truncate(minutes * 60 * 64_000)
        script = (
            "import resource, runpy, sys; sys.argv[1:] = ['measure'];"
            f"runpy.run_path({str(child)!r}, run_name='__main__');"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
        )
        order = f'{{"path": "{tmp_path / str(number)}.wav", "raw": null}}'
        done = subprocess.run([sys.executable, "-c", script], input=order, capture_output=True, text=True, check=True)
        sizes.append(int(done.stderr.split()[-1]))
    assert sizes[1] - sizes[0] < 8 * 1024, "KiB"


def test_sweep_rings_for_what_nobody_measured(bring, rings):
    kept = bring(measured=False)
    rings.clear()
    sweep()
    assert rings == [], "the first ring may still be on its way"
    age(Asset.objects.all())
    sweep()
    assert rings == [("measure", str(kept.pk))]


def test_sweep_leaves_alone_what_a_worker_is_at_and_takes_over_when_it_died(bring, rings):
    kept = bring(measured=False)
    age(Asset.objects.all())
    rings.clear()
    Asset.objects.update(leased_until=timezone.now() + timedelta(minutes=1))
    sweep()
    measure(str(kept.pk))
    kept.refresh_from_db()
    assert (rings, kept.status) == ([], "saved")
    Asset.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    sweep()
    assert rings == [("measure", str(kept.pk))]


def test_file_that_takes_its_worker_down_is_given_up_after_three_times(bring, rings):
    kept = bring(measured=False)
    Asset.objects.update(attempts=3)
    measure(str(kept.pk))
    kept.refresh_from_db()
    assert kept.status == "damaged"


def test_measuring_twice_changes_nothing(bring, rings):
    kept = bring()
    Asset.objects.update(title="Renamed")
    measure(str(kept.pk))
    kept.refresh_from_db()
    assert (kept.status, kept.title, kept.attempts) == ("ready", "Renamed", 1)


def test_measuring_what_is_gone_is_quiet():
    measure("018f2c5e-0000-7000-8000-000000000000")
    make_rendition("999")


@pytest.mark.parametrize(
    ("format", "codec"), [("wav", "pcm_s16le"), ("flac", "flac"), ("opus", "opus"), ("m4a", "aac")]
)
def test_rendition_decodes_to_the_same_length_and_says_what_it_is(bring, rings, tmp_path, format, codec):
    kept = bring(seconds=2.5, title="Grüße, 你好")
    rendition = find_or_order_rendition(kept, format)
    make_rendition(str(rendition.pk))
    rendition.refresh_from_db()
    assert rendition.status == "ready"
    data = rendition.file.read()
    assert len(data) == rendition.size
    assert decoded_seconds(data, tmp_path) == pytest.approx(2.5, abs=0.08)
    with av.open(io.BytesIO(data)) as file:
        stream = file.streams.audio[0]
        assert stream.codec_context.name == codec
        tags = {name.lower(): value for name, value in {**file.metadata, **stream.metadata}.items()}
    assert tags["title"] == "Grüße, 你好"
    assert tags["artist"] == "English_CalmWoman"
    assert "Made with AI" in tags["comment"]


def test_rendition_that_fails_says_so_and_can_be_tried_again(bring, rings):
    kept = bring()
    kept.file.storage.delete(kept.file.name)
    rendition = find_or_order_rendition(kept, "flac")
    make_rendition(str(rendition.pk))
    rendition.refresh_from_db()
    assert rendition.status == "failed"
    rings.clear()
    assert find_or_order_rendition(kept, "flac").status == "failed"
    assert rings == []
    assert find_or_order_rendition(kept, "flac", again=True).status == "waiting"
    assert rings == [("make_rendition", str(rendition.pk))]


def test_rendition_is_made_once(bring, rings):
    kept = bring()
    first, second = find_or_order_rendition(kept, "flac"), find_or_order_rendition(kept, "flac")
    assert first.pk == second.pk
    assert [name for name, _pk in rings].count("make_rendition") == 1
    make_rendition(str(first.pk))
    make_rendition(str(first.pk))
    assert Rendition.objects.get().attempts == 1


def test_download_after_a_rename_carries_the_new_title(bring, rings):
    kept = bring()
    make_rendition(str(find_or_order_rendition(kept, "flac").pk))
    old = kept.renditions.get().file.name
    rename(kept, "Another title")
    assert not kept.file.storage.exists(old)
    make_rendition(str(find_or_order_rendition(kept, "flac").pk))
    with av.open(io.BytesIO(kept.renditions.get().file.read())) as file:
        assert file.metadata["title"] == "Another title"


def test_sweep_rings_for_renditions_whose_worker_died(bring, rings):
    rendition = find_or_order_rendition(bring(), "flac")
    age(Rendition.objects.all())
    rings.clear()
    sweep()
    assert rings == [("make_rendition", str(rendition.pk))]


def test_neither_web_nor_worker_loads_a_decoder():
    script = (
        "import django, os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'studio.settings'; django.setup();"
        "import studio.urls, apps.library.tasks, apps.sharing.public_views;"
        "print([name for name in ('av', 'numpy', 'PIL') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
