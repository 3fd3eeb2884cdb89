import re
import uuid

import pytest
from django.urls import reverse

from apps.images.models import Cull
from apps.jobs.models import Job
from tests.images.conftest import SETTINGS


def at(name, *args):
    return reverse(f"images:{name}", args=["night-shift", *args])


@pytest.fixture
def make(client, creator, paid):
    client.force_login(creator.user)

    def press(*, click="", **changes):
        data = SETTINGS | {"click": click or str(uuid.uuid4())} | changes
        return client.post(at("create"), data, headers={"HX-Request": "true"})

    return press


def test_a_press_makes_one_job_and_answers_with_its_card(make):
    answer = make(seed=7)
    job = Job.objects.get()
    assert f'id="job-{job.pk}"' in answer.content.decode()
    assert (job.kind, job.title, job.request["n"], job.request["seed"]) == ("image", SETTINGS["prompt"], 2, 7)
    assert str(job.estimate_usd) == "0.007000"


def test_the_answer_carries_a_fresh_click(make):
    click = str(uuid.uuid4())
    fresh = re.search(r'name="click" id="id_click" value="([^"]+)"', make(click=click).content.decode())[1]
    assert fresh != click


def test_the_same_click_twice_is_one_job(make):
    click = str(uuid.uuid4())
    first, second = make(click=click), make(click=click)
    job = Job.objects.get()
    assert first.status_code == second.status_code == 200
    assert f"job-{job.pk}" in second.content.decode()


def test_what_cannot_be_sent_comes_back_with_a_sentence_and_makes_no_job(make):
    answer = make(aspect_ratio="own", width=513, height=512)
    assert answer.status_code == 422
    assert answer["HX-Retarget"] == "#images"
    assert "e.g. 512" in answer.content.decode()
    assert not Job.objects.exists()


def test_a_form_without_a_script_leads_back_to_the_page(client, creator, paid):
    client.force_login(creator.user)
    answer = client.post(at("create"), SETTINGS | {"click": "one"})
    assert answer.status_code == 302
    assert f"#job-{Job.objects.get().pk}" in answer["Location"]


def test_the_page_shows_the_price_and_the_sandbox_is_free(client, creator, paid):
    client.force_login(creator.user)
    assert "$0.0035" in client.get(at("index")).content.decode()
    paid.kind = "sandbox"
    paid.save()
    assert "Free" in client.get(at("index")).content.decode()


def test_a_viewer_may_look_and_not_make(client, viewer, paid):
    client.force_login(viewer.user)
    assert client.get(at("index")).status_code == 200
    assert client.post(at("create"), SETTINGS | {"click": "one"}).status_code == 403


def test_a_stranger_finds_nothing(client, stranger, workspace):
    client.force_login(stranger.user)
    assert client.get(at("index")).status_code == 404
    assert client.post(at("create"), SETTINGS).status_code == 404


def test_old_settings_fill_the_form_all_or_one_of_them(client, creator, kept_picture):
    request = SETTINGS | {"seed": 4242, "prompt": "A red kite", "aspect_ratio": "9:16"}
    asset = kept_picture(request=request)
    client.force_login(creator.user)
    everything = client.get(at("index"), {"from": asset.pk}).context["form"]
    seed = client.get(at("index"), {"from": asset.pk, "only": "seed"}).context["form"]
    assert (everything["prompt"].value(), everything["aspect_ratio"].value()) == ("A red kite", "9:16")
    assert (seed["prompt"].value(), seed["seed"].value(), seed["aspect_ratio"].value()) == (None, 4242, "1:1")


def test_a_stranger_cannot_recall_anothers_settings(client, stranger, kept_picture):
    asset = kept_picture(request=SETTINGS)
    client.force_login(stranger.user)
    form = client.get(reverse("images:index", args=["elsewhere"]), {"from": asset.pk}).context["form"]
    assert form["prompt"].value() is None


def test_older_jobs_come_as_a_page_of_their_own(client, make, monkeypatch):
    monkeypatch.setattr("apps.images.services.PAGE", 2)
    for number in range(3):
        make(prompt=f"Kite {number}")
    page = client.get(at("index")).content.decode()
    older = re.search(r'href="([^"]+before=[^"]+)"', page)[1]
    rest = client.get(older, headers={"HX-Request": "true"}).content.decode()
    assert "Kite 2" in page
    assert "Kite 0" not in page
    assert "Kite 0" in rest
    assert "<html" not in rest


def test_a_picture_is_rated_pinned_and_rejected(client, creator, kept_picture):
    asset = kept_picture()
    client.force_login(creator.user)
    client.post(at("cull", asset.pk), {"rating": "4", "is_pinned": "true"})
    assert (Cull.objects.get().rating, Cull.objects.get().is_pinned) == (4, True)
    answer = client.post(at("cull", asset.pk), {"rating": "0", "is_rejected": "true", "is_pinned": "true"})
    assert answer.status_code == 204
    assert (Cull.objects.get().rating, Cull.objects.get().is_rejected, Cull.objects.get().is_pinned) == (0, True, False)


@pytest.fixture
def culled(kept_picture) -> dict[str, str]:
    """Pictures by what was thought of them, as their ids."""
    opinions = {"none": {}, "three": {"rating": 3}, "five": {"rating": 5}, "pinned": {"is_pinned": True}}
    opinions |= {"rejected": {"is_rejected": True}, "three, rejected": {"rating": 3, "is_rejected": True}}
    ids = {}
    for name, opinion in opinions.items():
        asset = kept_picture(request=SETTINGS)
        if opinion:
            Cull.objects.create(asset=asset, **opinion)
        ids[str(asset.pk)] = name
    return ids


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ({"rated": "3"}, {"three", "five", "three, rejected"}),
        ({"rated": "3", "rejected": "hide"}, {"three", "five"}),
        ({"rated": "4"}, {"five"}),
        ({"pinned": "1"}, {"pinned"}),
        ({"pinned": "1", "rated": "1"}, set()),
    ],
)
def test_a_filter_leaves_what_passes_it(client, creator, culled, query, left):
    client.force_login(creator.user)
    shown = client.get(at("index"), query, headers={"HX-Request": "true"}).content.decode()
    assert {culled[pk] for pk in re.findall(r'class="picture" data-asset="([^"]+)"', shown)} == left
    assert "<html" not in shown


def test_a_filter_goes_on_to_older_pictures(client, creator, culled, monkeypatch):
    monkeypatch.setattr("apps.images.services.PICTURES", 2)
    client.force_login(creator.user)
    page = client.get(at("index"), {"rated": "3"}).content.decode()
    older = re.search(r'href="([^"]+before=[^"]+)"', page)[1].replace("&amp;", "&")
    rest = client.get(older, headers={"HX-Request": "true"}).content.decode()
    first, second = (re.findall(r'class="picture" data-asset="([^"]+)"', shown) for shown in (page, rest))
    assert [culled[pk] for pk in first + second] == ["three, rejected", "five", "three"]


def test_jobs_stay_whole_while_rejected_pictures_are_hidden(client, make):
    make()
    shown = client.get(at("index"), {"rejected": "hide"}, headers={"HX-Request": "true"}).content.decode()
    assert "data-hides-rejected" in shown
    assert f"job-{Job.objects.get().pk}" in shown


def test_anothers_picture_cannot_be_rated(client, viewer, stranger, kept_picture):
    asset = kept_picture()
    client.force_login(viewer.user)
    assert client.post(at("cull", asset.pk), {"rating": "4"}).status_code == 403
    client.force_login(stranger.user)
    assert client.post(reverse("images:cull", args=["elsewhere", asset.pk]), {"rating": "4"}).status_code == 404
