import re
import uuid

import pytest
from django.urls import reverse

from apps.jobs.models import Job
from tests.agents.conftest import ADVERT, DIVING, LETTERS, RUN, WINTER, picture


def at(name, *args):
    return reverse(f"agents:{name}", args=["night-shift", *args])


@pytest.fixture
def signed_in(client, creator, paid):
    client.force_login(creator.user)
    return client


@pytest.fixture
def press(signed_in):
    def pressed(template_id, *, click="", **data):
        sent = {"click": click or str(uuid.uuid4()), **data}
        return signed_in.post(at("create", template_id), sent, headers={"HX-Request": "true"})

    return pressed


def test_a_press_makes_one_job_with_its_price_and_answers_with_its_card(press, kept_picture):
    rex = kept_picture()
    answer = press(RUN, picture=str(rex.pk), text="  Snow   leopard ")
    job = Job.objects.get()
    assert f'id="job-{job.pk}"' in answer.content.decode()
    assert (job.kind, job.title, str(job.estimate_usd)) == ("agent", "Run for Life · Snow leopard · Rex", "0.450000")
    assert job.request == {"template_id": RUN, "picture": str(rex.pk), "text": "Snow leopard", "subject": "Rex"}


def test_the_same_click_twice_is_one_job(press, kept_picture):
    rex, click = kept_picture(), str(uuid.uuid4())
    first, second = (press(DIVING, click=click, picture=str(rex.pk)) for _ in range(2))
    assert first.status_code == second.status_code == 200
    assert Job.objects.count() == 1
    fresh = re.search(r'name="click" id="id_click" value="([^"]+)"', first.content.decode())[1]
    assert fresh != click


@pytest.mark.parametrize(
    ("template_id", "data", "sentence"),
    [
        (DIVING, {}, "This template needs a picture. Any single subject."),
        (DIVING, {"picture": "x"}, "This is not the id of a picture"),
        (DIVING, {"picture": str(uuid.UUID(int=7))}, "not in the library any more"),
        (LETTERS, {"text": "  "}, "This template needs words."),
        (LETTERS, {"text": "a" * 2001}, "at most 2000 characters"),
        (WINTER, {"picture": str(uuid.UUID(int=7))}, "cannot be had on this connection"),
    ],
)
def test_what_a_template_lacks_is_said_and_makes_no_job(press, template_id, data, sentence):
    answer = press(template_id, **data)
    assert (answer.status_code, answer["HX-Retarget"]) == (422, "#agents")
    assert sentence in answer.content.decode()
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("size", "sentence"), [((300, 400), "too small"), ((1000, 380), "too wide"), ((380, 1000), "too narrow")]
)
def test_a_picture_that_minimax_would_refuse_is_refused_with_a_sentence(press, kept_picture, size, sentence):
    odd = kept_picture(picture(size=size), measurements={"width": size[0], "height": size[1]})
    assert sentence in press(DIVING, picture=str(odd.pk)).content.decode()


def test_what_a_template_does_not_use_is_left_out(press, kept_picture):
    press(LETTERS, picture=str(kept_picture().pk), text="Night Shift")
    assert Job.objects.get().request == {"template_id": LETTERS, "picture": "", "text": "Night Shift", "subject": ""}


def test_a_template_of_which_nobody_says_what_it_needs_takes_either(press, kept_picture):
    assert press(ADVERT, text="Lamp").status_code == 200
    assert press(ADVERT, picture=str(kept_picture().pk)).status_code == 200


def test_a_form_without_a_script_leads_back_to_the_page(signed_in):
    answer = signed_in.post(at("create", LETTERS), {"click": "one", "text": "Night"})
    assert answer.status_code == 302
    assert f"#job-{Job.objects.get().pk}" in answer["Location"]


def test_the_wall_shows_six_and_the_further_ones_and_none_of_the_mainland(signed_in):
    page = signed_in.get(at("index"))
    shown = page.content.decode()
    assert len(page.context["overview"]) == 6
    assert len(page.context["further"]) == 10
    assert "$0.45" in shown
    assert at("template", ADVERT) in shown
    assert at("template", WINTER) not in shown


def test_on_the_mainland_only_what_runs_there_is_shown(signed_in, paid):
    paid.kind = "mainland"
    paid.save()
    page = signed_in.get(at("index"))
    ids = [each.id for each in page.context["overview"] + page.context["further"]]
    assert len(ids) == 11
    assert WINTER in ids
    assert DIVING not in ids
    assert "Price unknown" in page.content.decode()


def test_on_the_sandbox_every_film_is_free(signed_in, paid):
    paid.kind = "sandbox"
    paid.save()
    assert "$0.45" not in signed_in.get(at("index")).content.decode()
    assert "Free" in signed_in.get(at("template", RUN)).content.decode()


def test_the_form_follows_what_the_template_wants(signed_in):
    run = signed_in.get(at("template", RUN)).content.decode()
    letters = signed_in.get(at("template", LETTERS)).content.decode()
    assert 'name="picture"' in run
    assert "The name of a wild beast" in run
    assert "less than 20 MB" in run
    assert 'name="picture"' not in letters
    assert signed_in.get(at("template", "1")).status_code == 404


def test_every_scene_can_be_drawn(signed_in, paid):
    pages = [signed_in.get(at("index")).content.decode()]
    paid.kind = "mainland"
    paid.save()
    pages.append(signed_in.get(at("index")).content.decode())
    assert [page.count("data-scene") for page in pages] == [16, 11]


def test_a_picture_is_handed_on_to_the_wall_and_the_form(signed_in, kept_picture):
    rex = kept_picture()
    wall = signed_in.get(at("index"), {"media": rex.pk}).content.decode()
    assert f"{at('template', DIVING)}?media={rex.pk}" in wall
    assert f"{at('template', LETTERS)}?media" not in wall
    form = signed_in.get(at("template", DIVING), {"media": rex.pk}).content.decode()
    assert f'form="agents" value="{rex.pk}"' in form


def test_a_film_recalls_the_form_that_made_it(signed_in, kept_picture):
    rex = kept_picture()
    request = {"template_id": RUN, "picture": str(rex.pk), "text": "Bear", "subject": "Rex"}
    film = kept_picture(kind="agent", request=request)
    answer = signed_in.get(at("index"), {"from": film.pk})
    assert answer["Location"] == f"{at('template', RUN)}?from={film.pk}"
    form = signed_in.get(answer["Location"]).context["form"]
    assert (form["picture"].value(), form["text"].value()) == (str(rex.pk), "Bear")


def test_older_films_come_as_a_page_of_their_own(signed_in, press, monkeypatch):
    monkeypatch.setattr("apps.agents.services.PAGE", 2)
    for number in range(3):
        press(LETTERS, text=f"Kite {number}")
    page = signed_in.get(at("index")).content.decode()
    older = re.search(r'href="([^"]+before=[^"]+)"', page)[1]
    rest = signed_in.get(older, headers={"HX-Request": "true"}).content.decode()
    assert ("Kite 2" in page, "Kite 0" in page, "Kite 0" in rest, "<html" in rest) == (True, False, True, False)


def test_a_viewer_may_look_and_not_make(client, viewer, paid):
    client.force_login(viewer.user)
    assert client.get(at("index")).status_code == 200
    assert client.get(at("template", RUN)).status_code == 200
    assert client.post(at("create", RUN), {"click": "one"}).status_code == 403


def test_a_stranger_finds_nothing(client, stranger, workspace):
    client.force_login(stranger.user)
    assert client.get(at("index")).status_code == 404
    assert client.get(at("template", RUN)).status_code == 404
    assert client.post(at("create", RUN), {"click": "one"}).status_code == 404


def test_a_stranger_cannot_use_anothers_picture_or_settings(client, stranger, kept_picture):
    rex = kept_picture(kind="agent", request={"template_id": LETTERS, "text": "Secret"})
    client.force_login(stranger.user)
    made = client.post(
        reverse("agents:create", args=["elsewhere", DIVING]),
        {"click": "one", "picture": str(rex.pk)},
        HTTP_HX_REQUEST="true",
    )
    assert made.status_code == 422
    assert client.get(reverse("agents:index", args=["elsewhere"]), {"from": rex.pk}).status_code == 200
