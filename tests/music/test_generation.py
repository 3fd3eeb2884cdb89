"""From a press of the button to a song in the library, or to lyrics as a proposal. MiniMax is a server on a socket."""

import uuid
from decimal import Decimal

import pytest

from apps.jobs.models import Job
from apps.jobs.tasks import run_job
from apps.library.services import find_assets
from apps.music.models import Writing
from apps.usage.models import LedgerEntry
from tests.jobs.conftest import OK, refusal
from tests.minimax.mp3_files import MP3
from tests.music.conftest import LYRICS, WRITTEN, at, samples, song, wav


def behind_link(upstream, content, **info):
    """The song lies behind a link."""

    def answer(method, path, body):
        return content if method == "GET" else song(f"{upstream.url}/song", **info)

    upstream.answer = answer


def read(asset):
    with asset.file.open("rb") as file:
        return file.read()


def test_an_mp3_comes_in_hex_and_is_kept_byte_for_byte(make, upstream):
    job = make()
    assert job.status == "succeeded", job.error
    method, path, sent = upstream.seen[0]
    assert (method, path) == ("POST", "/v1/music_generation")
    assert sent["output_format"] == "hex"
    assert sent["audio_setting"] == {"sample_rate": 44100, "bitrate": 256000, "format": "mp3"}
    assert "is_instrumental" not in sent
    [asset] = job.kept_assets
    assert read(asset) == MP3
    assert asset.duration_s == pytest.approx(2, abs=0.2)
    assert asset.peaks
    assert (job.trace_id, job.usage, str(job.cost_usd)) == ("0a", {"songs": 1, "music_duration_ms": 2000}, "0.150000")


def test_a_song_is_called_by_its_title_or_its_first_line_or_its_style(make):
    assert make(title="Low Tide").title == "Low Tide"
    assert make().title == "The tide goes out"
    assert make(words="instrumental").title == "indie folk, calm"


def test_a_wav_comes_as_a_link_that_is_fetched_at_once(make, upstream):
    behind_link(upstream, wav())
    job = make(format="wav")
    assert job.status == "succeeded", job.error
    assert upstream.seen[0][2]["output_format"] == "url"
    assert "bitrate" not in upstream.seen[0][2]["audio_setting"]
    assert read(job.kept_assets[0]) == wav()


def test_a_link_under_its_other_name_is_fetched_too(make, upstream):
    def answer(method, path, body):
        if method == "GET":
            return wav()
        return {"data": {"audio_url": f"{upstream.url}/song", "status": 2}, **OK}

    upstream.answer = answer
    assert make(format="wav").status == "succeeded"


def test_pcm_gets_a_container_with_the_same_samples(make, upstream):
    upstream.answer = lambda method, path, body: song(samples().hex(), music_sample_rate=32000, music_channel=2)
    job = make(format="pcm")
    assert job.status == "succeeded", job.error
    [asset] = job.kept_assets
    assert (asset.content_type, read(asset)) == ("audio/wav", wav())


def test_pcm_behind_a_link_gets_one_too(make, upstream):
    behind_link(upstream, samples(), music_sample_rate=32000, music_channel=2)
    assert read(make(format="pcm").kept_assets[0]) == wav()


def test_pcm_that_cannot_be_fetched_was_paid_and_is_not_asked_for_again(make, upstream):
    behind_link(upstream, None)
    job = make(format="pcm")
    assert (job.status, job.charged, upstream.creates()) == ("failed", "yes", 1)


@pytest.mark.parametrize(
    ("told", "charged"),
    [
        (song(""), "unknown"),
        (song(MP3.hex(), music_size=len(MP3) + 1), "yes"),
        ({"data": {"audio": MP3.hex(), "status": 1}, **OK}, "unknown"),
        ({"data": None, **OK}, "unknown"),
        (refusal(1026), "no"),
        (refusal(1008), "no"),
        (None, "unknown"),
    ],
)
def test_a_failure_says_what_it_cost_and_is_never_repeated_unseen(make, upstream, told, charged):
    upstream.answer = lambda method, path, body: told
    job = make()
    assert (job.status, job.charged, upstream.creates()) == ("failed", charged, 1)
    assert job.error
    assert not job.kept_assets


def test_what_is_no_sound_is_not_called_a_song(make, upstream):
    upstream.answer = lambda method, path, body: song(b"<html>not a song</html>".hex())
    assert make().status == "failed"


def test_a_song_is_found_by_its_style_and_by_its_lyrics(make, creator):
    [asset] = make().kept_assets
    for word in ("folk", "gull"):
        assert list(find_assets(creator, q=word)) == [asset]


def test_older_models_are_asked_in_the_words_they_know(make, upstream):
    job = make(model="music-1.5", prompt="indie folk, calm, slow")
    assert job.status == "succeeded", job.error
    assert set(upstream.seen[0][2]) == {"model", "prompt", "lyrics", "audio_setting", "output_format"}


# --- lyrics -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def write(client, connected, upstream):
    client.force_login(connected.user)
    upstream.answer = lambda method, path, body: WRITTEN

    def written(**changes) -> Job:
        data = {"mode": "write_full_song", "prompt": "the sea", "click": str(uuid.uuid4())} | changes
        answer = client.post(at("write"), data, headers={"HX-Request": "true"})
        assert answer.status_code == 200, answer.content.decode()
        job = Job.objects.latest("id")
        run_job(str(job.pk))
        job.refresh_from_db()
        return job

    return written


def test_lyrics_are_written_kept_and_put_in_the_book(write, upstream):
    job = write()
    assert (job.status, job.error) == ("succeeded", "")
    writing = Writing.objects.get(job=job)
    assert (writing.song_title, writing.style_tags) == ("Low Tide", "folk, calm")
    assert writing.lyrics == "[Verse]\nSand\n[Chorus]\nSea"
    assert upstream.seen[0][1:] == ("/v1/lyrics_generation", {"mode": "write_full_song", "prompt": "the sea"})
    assert LedgerEntry.objects.get().actual_usd == Decimal("0.01")


def test_lyrics_that_are_to_be_changed_go_along(write, upstream):
    write(mode="edit", prompt="shorter", lyrics=LYRICS)
    assert upstream.seen[0][2] == {"mode": "edit", "prompt": "shorter", "lyrics": LYRICS}


def test_the_card_offers_what_was_written(client, write):
    card = client.get(f"/w/night-shift/jobs/{write().pk}/").content.decode()
    assert "[Verse]\nSand" in card
    assert 'data-take="lyrics"' in card


def test_a_refused_theme_costs_nothing_and_keeps_nothing(write, upstream):
    upstream.answer = lambda method, path, body: refusal(1026)
    job = write()
    assert (job.status, job.charged) == ("failed", "no")
    assert not Writing.objects.exists()


def test_written_words_that_no_row_can_hold_lose_only_what_is_unstorable(write, upstream):
    upstream.answer = lambda method, path, body: WRITTEN | {"lyrics": "[Verse]\nSa\0nd\ud800", "song_title": "x" * 999}
    assert write().status == "succeeded"
    assert Writing.objects.get().lyrics == "[Verse]\nSand"
