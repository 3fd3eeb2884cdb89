import re
import uuid

import pytest
from django.urls import reverse

from apps.jobs.models import Job
from apps.library.models import Asset
from apps.video.models import Film
from apps.video.tasks import join_clips, sweep
from tests.video.clips import BLUE, GREEN, RED, is_like, looks
from tests.video.conftest import SETTINGS


def at(name, *args):
    return reverse(f"video:{name}", args=["night-shift", *args])


@pytest.fixture
def make(client, creator, paid):
    client.force_login(creator.user)

    def press(*, click="", **changes):
        data = SETTINGS | {"click": click or str(uuid.uuid4())} | changes
        return client.post(at("create"), data, headers={"HX-Request": "true"})

    return press


@pytest.fixture
def rings(monkeypatch) -> list[str]:
    """The films a worker would have been told of."""
    heard: list[str] = []
    for module in ("apps.video.services", "apps.video.tasks"):
        monkeypatch.setattr(f"{module}.ring", lambda task, pk: heard.append(str(pk)))
    return heard


# --- the form ---


def test_a_press_makes_one_job_and_answers_with_its_card(make):
    answer = make(resolution="1080P")
    job = Job.objects.get()
    assert f'id="job-{job.pk}"' in answer.content.decode()
    assert (job.kind, job.title, job.request["resolution"]) == ("video", SETTINGS["prompt"], "1080P")
    assert str(job.estimate_usd) == "0.490000"


def test_the_same_click_twice_is_one_job_and_the_answer_carries_a_fresh_one(make):
    click = str(uuid.uuid4())
    first, _second = make(click=click), make(click=click)
    assert Job.objects.count() == 1
    assert re.search(r'name="click" id="id_click" value="([^"]+)"', first.content.decode())[1] != click


def test_each_mode_asks_for_what_it_needs_with_a_sentence(make):
    wanted = {
        "t2v": ("MiniMax-Hailuo-2.3", "Describe the video first."),
        "i2v": ("MiniMax-Hailuo-2.3", "Choose the picture that the video begins with."),
        "fl2v": ("MiniMax-Hailuo-02", "Choose the picture that the video ends with."),
        "s2v": ("S2V-01", "Choose a picture of the person."),
    }
    for mode, (model, sentence) in wanted.items():
        answer = make(mode=mode, model=model, prompt="")
        assert answer.status_code == 422
        assert answer["HX-Retarget"] == "#video"
        assert sentence in answer.content.decode()
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("size", "sentence"),
    [((300, 400), "the shorter side has 300 pixels"), ((1001, 400), "too wide"), ((320, 900), "too narrow")],
)
def test_a_frame_that_minimax_would_refuse_is_refused_here(make, kept_picture, size, sentence):
    answer = make(mode="i2v", first_frame_image=str(kept_picture(size=size).pk))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_a_frame_of_another_workspace_is_not_there(make, stranger, kept_picture):
    picture = kept_picture()
    Asset.objects.filter(pk=picture.pk).update(workspace=stranger.workspace)
    answer = make(mode="i2v", first_frame_image=str(picture.pk))
    assert "not in the library any more" in answer.content.decode()


def test_frames_of_another_mode_are_kept_in_the_form_and_not_sent(make, kept_picture):
    assert make(mode="t2v", first_frame_image=str(kept_picture().pk)).status_code == 200
    assert Job.objects.get().request["first_frame_image"] == ""


def test_the_price_follows_each_change(client, creator, paid):
    client.force_login(creator.user)
    assert "$0.28" in client.get(at("index")).content.decode()
    wanted = {"mode": "t2v", "model": "MiniMax-Hailuo-2.3", "resolution": "768P"}
    assert "$0.56" in client.get(at("mix"), wanted | {"duration": "10"}).content.decode()
    assert "Price unknown" in client.get(at("mix"), {"mode": "t2v", "model": "T2V-01"}).content.decode()


def test_a_draft_comes_back_whole(client, creator, paid, kept_picture):
    client.force_login(creator.user)
    picture = kept_picture(title="Harbour")
    wanted = {"mode": "i2v", "model": "MiniMax-Hailuo-02", "resolution": "512P", "duration": "10", "whole": "1"}
    page = client.get(at("mix"), wanted | {"first_frame_image": str(picture.pk)}).content.decode()
    assert "Harbour" in page
    assert re.search(r'value="512P" checked', page)
    assert re.search(r'value="10" checked', page)


@pytest.mark.parametrize("value", ["x", "9" * 5000, "\0", "٦", "-6"])
def test_odd_queries_crash_nothing(client, creator, paid, value):
    client.force_login(creator.user)
    for name in ("mode", "model", "resolution", "duration", "first_frame_image", "from", "before", "subject"):
        for url in (at("mix"), at("index")):
            assert client.get(url, {name: value, "whole": "1"}).status_code == 200


# --- what other pages send here ---


@pytest.mark.parametrize(
    ("parameter", "field", "mode"),
    [
        ("first_frame_image", "first_frame_image", "i2v"),
        ("last_frame_image", "last_frame_image", "fl2v"),
        ("subject", "subject_reference", "s2v"),
    ],
)
def test_a_picture_is_handed_over_with_its_mode(client, creator, paid, kept_picture, parameter, field, mode):
    client.force_login(creator.user)
    picture = kept_picture()
    context = client.get(at("index"), {parameter: picture.pk}).context
    assert (context["pictures"][field], context["mix"].mode) == (picture, mode)


def test_a_picture_offers_to_be_animated(client, creator, kept_picture):
    client.force_login(creator.user)
    details = client.get(reverse("library:asset", args=["night-shift", kept_picture().pk])).content.decode()
    assert "Animate this" in details
    assert "?first_frame_image=" in details


def test_settings_come_back_only_from_videos_of_this_workspace(client, creator, stranger, kept_video):
    asset = kept_video(request=SETTINGS | {"resolution": "1080P"})
    client.force_login(creator.user)
    assert client.get(at("index"), {"from": asset.pk}).context["mix"].resolution == "1080P"
    client.force_login(stranger.user)
    elsewhere = client.get(reverse("video:index", args=["elsewhere"]), {"from": asset.pk}).context
    assert elsewhere["form"]["prompt"].value() is None


# --- roles ---


def test_a_viewer_may_look_and_not_make(client, viewer, paid, kept_video):
    client.force_login(viewer.user)
    assert client.get(at("index")).status_code == 200
    for url in (at("create"), at("join"), at("frame", kept_video().pk)):
        assert client.post(url).status_code == 403


def test_a_stranger_finds_nothing(client, creator, stranger, kept_video):
    asset = kept_video()
    film = Film.objects.create(workspace=creator.workspace, created_by=creator.user, click="1", title="x", clips=[])
    client.force_login(stranger.user)
    assert client.get(at("index")).status_code == 404
    assert client.post(reverse("video:frame", args=["elsewhere", asset.pk])).status_code == 404
    assert client.get(reverse("video:film", args=["elsewhere", film.pk])).status_code == 404
    assert client.post(reverse("video:join", args=["elsewhere"]), {"clip": [asset.pk] * 2}).status_code == 422


# --- frames ---


def test_the_last_frame_is_kept_once_with_the_video_it_is_from(client, creator, kept_video):
    client.force_login(creator.user)
    video = kept_video({"seconds": 2})
    first, again = client.post(at("frame", video.pk)), client.post(at("frame", video.pk))
    assert first.status_code == 201
    assert first.json()["id"] == again.json()["id"]
    picture = Asset.objects.get(kind="frame")
    assert picture.request == {"from_video": str(video.pk), "at_s": pytest.approx(47 / 24, abs=0.001)}
    assert (picture.measurements["width"], picture.content_type) == (320, "image/png")
    assert client.get(first.json()["src"]).status_code == 200


def test_a_frame_at_the_playhead_is_that_frame(client, creator, kept_video):
    client.force_login(creator.user)
    answer = client.post(at("frame", kept_video({"seconds": 2}).pk), {"at_s": "0.51"})
    assert Asset.objects.get(pk=answer.json()["id"]).request["at_s"] == 0.5


@pytest.mark.parametrize("at_s", ["x", "-1", "nan", "inf", "1e9"])
def test_a_place_that_is_none_is_refused_with_a_sentence(client, creator, kept_video, at_s):
    client.force_login(creator.user)
    answer = client.post(at("frame", kept_video().pk), {"at_s": at_s})
    assert (answer.status_code, answer.json()["sentence"]) == (422, "This is not a place in the video.")


# --- joining ---


@pytest.mark.django_db(transaction=True)
def test_videos_are_joined_in_the_order_that_was_asked_for(client, creator, kept_video, rings):
    client.force_login(creator.user)
    red, blue, green = (kept_video({"color": color}) for color in (RED, BLUE, GREEN))
    order = [blue.pk, red.pk, green.pk]
    card = client.post(at("join"), {"clip": order, "click": "one"}, headers={"HX-Request": "true"}).content.decode()
    again = client.post(at("join"), {"clip": order, "click": "one"})
    film = Film.objects.get()
    assert f'id="film-{film.pk}"' in card
    assert again.status_code == 200
    assert rings == [str(film.pk)]
    join_clips(rings[0])
    film.refresh_from_db()
    assert (film.status, film.percent) == ("ready", 100)
    asset = film.asset
    assert (asset.kind, asset.duration_s, asset.request) == ("film", 3.0, {"clips": [str(pk) for pk in order]})
    assert [is_like(looks(asset.file.path, 0.5 + n), color) for n, color in enumerate((BLUE, RED, GREEN))] == [True] * 3
    assert str(asset.pk) in client.get(at("index")).content.decode()
    join_clips(rings[0])  # heard twice
    assert Asset.objects.filter(kind="film").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_clip_that_is_gone_ends_with_a_sentence(creator, kept_video, rings):
    clips = [str(kept_video().pk), str(uuid.uuid4())]
    film = Film.objects.create(workspace=creator.workspace, created_by=creator.user, click="1", title="x", clips=clips)
    join_clips(str(film.pk))
    film.refresh_from_db()
    assert (film.status, film.error) == ("failed", "One of the videos is not in the library any more.")


def test_a_film_whose_worker_died_is_rung_for_again(creator, rings):
    film = Film.objects.create(workspace=creator.workspace, created_by=creator.user, click="1", title="x", clips=[])
    sweep()
    assert rings == []
    Film.objects.update(created_at=film.created_at.replace(year=2020))
    sweep()
    assert rings == [str(film.pk)]


def test_one_video_or_a_picture_or_anothers_cannot_be_joined(
    client, creator, stranger, kept_video, kept_picture, rings
):
    client.force_login(creator.user)
    video, others = kept_video(), kept_video()
    Asset.objects.filter(pk=others.pk).update(workspace=stranger.workspace)
    for clips in ([video.pk], [video.pk, kept_picture().pk], [video.pk, others.pk], [video.pk, "x"], [video.pk] * 21):
        answer = client.post(at("join"), {"clip": clips, "click": "one"})
        assert answer.status_code == 422
        assert answer.json()["sentence"]
    assert not Film.objects.exists()


def test_films_and_jobs_stand_in_one_line_of_time(client, creator, make, kept_video, monkeypatch):
    monkeypatch.setattr("apps.video.services.PAGE", 2)
    make(prompt="Oldest")
    Film.objects.create(workspace=creator.workspace, created_by=creator.user, click="1", title="Between", clips=["x"])
    make(prompt="Newest")
    page = client.get(at("index")).content.decode()
    assert page.index("Newest") < page.index("Between")
    assert "Oldest" not in page
    older = re.search(r'href="([^"]+before=[^"]+)"', page)[1]
    rest = client.get(older, headers={"HX-Request": "true"}).content.decode()
    assert "Oldest" in rest
    assert "<html" not in rest


def test_a_film_and_a_frame_lead_back_to_what_they_were_made_from(client, creator, stranger, kept_video):
    client.force_login(creator.user)
    video, others = kept_video(title="Red <kite>"), kept_video(title="Secret")
    Asset.objects.filter(pk=others.pk).update(workspace=stranger.workspace)
    film = kept_video(kind="film", request={"clips": [str(video.pk), str(others.pk)]})
    picture = client.post(at("frame", video.pk)).json()
    for pk in (film.pk, picture["id"]):
        details = client.get(reverse("library:asset", args=["night-shift", pk])).content.decode()
        assert f'<a href="{reverse("library:asset", args=["night-shift", video.pk])}">Red &lt;kite&gt;</a>' in details
        assert "Secret" not in details
    whole = client.get(reverse("library:asset", args=["night-shift", film.pk])).content.decode()
    assert "not in the library any more" in whole
