import re
import uuid

import pytest
from django.urls import reverse

from apps.jobs.models import Job
from apps.jobs.services import submit_job
from apps.music.generation import LYRICS
from apps.music.models import Writing
from tests.music.conftest import LYRICS as WORDS
from tests.music.conftest import SETTINGS, at


@pytest.fixture
def proposal(creator, paid):
    job = submit_job(
        creator, LYRICS, {"mode": "write_full_song", "prompt": "sea", "lyrics": "", "title": ""}, click="w"
    )
    Job.objects.filter(pk=job.pk).update(status="succeeded")
    Writing.objects.create(job=job, song_title="Low Tide", style_tags="folk", lyrics="[Verse]\nSand")
    return job


def test_a_press_makes_one_job_and_answers_with_its_card(press, paid):
    answer = press()
    job = Job.objects.get()
    assert f'id="job-{job.pk}"' in answer.content.decode()
    assert (job.kind, job.title, str(job.estimate_usd)) == ("music", "The tide goes out", "0.150000")
    assert (job.request["lyrics"], job.request["is_instrumental"]) == (WORDS, False)


def test_the_answer_carries_a_fresh_click(press, paid):
    click = str(uuid.uuid4())
    fresh = re.search(r'name="click" id="id_click" value="([^"]+)"', press(click=click).content.decode())[1]
    assert fresh != click


def test_the_same_click_twice_is_one_job(press, paid):
    click = str(uuid.uuid4())
    assert press(click=click).status_code == press(click=click).status_code == 200
    assert Job.objects.count() == 1


def test_what_cannot_be_sent_comes_back_with_a_sentence_and_makes_no_job(press, paid):
    answer = press(words="instrumental", prompt="")
    assert answer.status_code == 422
    assert answer["HX-Retarget"] == "#music"
    assert "Describe the music first" in answer.content.decode()
    assert not Job.objects.exists()


def test_missing_lyrics_are_said_once(press, paid):
    assert press(lyrics="").content.decode().count("A song needs lyrics") == 1
    assert press(lyrics="x" * 3501).content.decode().count("too long") == 1


def test_a_form_without_a_script_leads_back_to_the_page(client, creator, paid):
    client.force_login(creator.user)
    answer = client.post(at("create"), SETTINGS | {"click": "one"})
    assert answer.status_code == 302
    assert f"#job-{Job.objects.get().pk}" in answer["Location"]
    refused = client.post(at("create"), SETTINGS | {"lyrics": "", "click": "two"})
    assert refused.status_code == 422
    assert "<html" in refused.content.decode()


def test_the_page_shows_the_prices_and_the_sandbox_is_free(client, creator, paid):
    client.force_login(creator.user)
    page = client.get(at("index")).content.decode()
    button = re.search(r"data-price>([^<]+)<", page)[1]
    assert button == "$0.15"
    assert 'data-price="$0.03"' in page  # music-2.0
    assert 'data-price="Price unknown"' in page  # music-1.5
    assert "$0.01" in page  # lyrics
    paid.kind = "sandbox"
    paid.save()
    assert re.search(r"data-price>([^<]+)<", client.get(at("index")).content.decode())[1] == "Free"


def test_a_viewer_may_look_and_not_make(client, viewer, paid, proposal):
    client.force_login(viewer.user)
    assert client.get(at("index")).status_code == 200
    assert client.post(at("create"), SETTINGS | {"click": "one"}).status_code == 403
    assert client.post(at("write"), {"mode": "write_full_song", "click": "one"}).status_code == 403
    assert client.post(at("settle", proposal.pk)).status_code == 403


def test_a_stranger_finds_nothing(client, stranger, proposal, kept_song):
    song = kept_song()
    client.force_login(stranger.user)
    for name in ("index", "writings", "compare"):
        assert client.get(at(name)).status_code == 404
    for name in ("create", "check", "write"):
        assert client.post(at(name), SETTINGS).status_code == 404
    elsewhere = reverse("music:settle", args=["elsewhere", proposal.pk])
    assert client.post(at("settle", proposal.pk)).status_code == client.post(elsewhere).status_code == 404
    pair = reverse("music:compare", args=["elsewhere"])
    assert client.get(pair, {"a": song.pk, "b": song.pk}).status_code == 404
    assert client.get(reverse("music:writings", args=["elsewhere"])).content.decode().count("data-writing") == 0


def test_old_settings_fill_the_form_and_say_what_they_are_a_new_version_of(client, creator, kept_song):
    song = kept_song(request={"is_instrumental": True, "prompt": "jazz", "format": "wav", "bitrate": None})
    client.force_login(creator.user)
    answer = client.get(at("index"), {"from": song.pk})
    form = answer.context["form"]
    assert [form[name].value() for name in ("words", "prompt", "format")] == ["instrumental", "jazz", "wav"]
    assert f'id="id_remade_from" value="{song.pk}"' in answer.content.decode()


def test_words_from_another_page_become_the_style(client, creator):
    client.force_login(creator.user)
    assert client.get(at("index"), {"text": "slow jazz"}).context["form"]["prompt"].value() == "slow jazz"


def test_a_stranger_cannot_recall_anothers_settings(client, stranger, kept_song):
    song = kept_song()
    client.force_login(stranger.user)
    form = client.get(reverse("music:index", args=["elsewhere"]), {"from": song.pk}).context["form"]
    assert form["prompt"].value() is None


def test_older_jobs_come_as_a_page_of_their_own(client, press, paid, monkeypatch):
    monkeypatch.setattr("apps.music.services.PAGE", 2)
    for number in range(3):
        press(title=f"Song {number}")
    page = client.get(at("index")).content.decode()
    rest = client.get(
        re.search(r'href="([^"]+before=[^"]+)"', page)[1], headers={"HX-Request": "true"}
    ).content.decode()
    assert "Song 2" in page
    assert "Song 0" not in page
    assert "Song 0" in rest
    assert "<html" not in rest


def test_lyrics_are_looked_at_while_they_are_written(client, viewer):
    client.force_login(viewer.user)
    said = client.post(
        at("check"), {"lyrics": "[Verse]\r\nla\r\n[Refrain]\r\nla", "model": "music-2.6"}
    ).content.decode()
    assert "no section that MiniMax names" in said
    assert [int(line) for line in re.findall(r'class="check-line__go" type="button" data-line="(\d+)"', said)] == [3]
    assert said.count("outline__part") == 2


def test_nobody_is_told_off_before_anything_is_written(client, creator, paid):
    client.force_login(creator.user)
    assert "needs lyrics" not in client.post(at("check"), {"lyrics": " ", "model": "music-2.6"}).content.decode()
    assert "needs lyrics" not in client.get(at("index")).content.decode()


def test_markup_in_lyrics_stays_text(client, creator):
    client.force_login(creator.user)
    said = client.post(at("check"), {"lyrics": "[<b>x</b>]\nla\n[<i>]\nla", "model": "music-2.6"}).content.decode()
    assert "<b>" not in said


def test_a_proposal_waits_for_its_author_until_it_is_settled(client, creator, viewer, proposal):
    card = f'id="job-{proposal.pk}"'
    client.force_login(viewer.user)
    assert card not in client.get(at("index")).content.decode()
    client.force_login(creator.user)
    assert card in client.get(at("index")).content.decode()
    assert client.post(at("settle", proposal.pk)).status_code == 200
    assert card not in client.get(at("index")).content.decode()
    assert "[Verse]\nSand" in client.get(at("writings")).content.decode()


def test_the_writer_refuses_with_a_sentence_and_sends_nothing(client, creator, paid):
    client.force_login(creator.user)
    answer = client.post(at("write"), {"mode": "edit", "lyrics": "", "click": "one"}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert answer["HX-Retarget"] == "#lyrics-writer-form"
    assert "no lyrics to change" in answer.content.decode()
    assert not Job.objects.exists()


def test_two_versions_stand_side_by_side_with_what_differs(client, creator, kept_song):
    a = kept_song(title="First")
    changed = {"lyrics": WORDS.replace("gull", "kite"), "sample_rate": 16000}
    b = kept_song(title="Second", request=changed)
    client.force_login(creator.user)
    shown = client.get(at("compare"), {"a": a.pk, "b": b.pk}).content.decode()
    assert shown.count("<audio") == 2
    assert re.findall(r'class="sung__changed">([^<]+)<', shown) == ["A gull calls once", "A kite calls once"]
    assert "44,100 Hz" in shown
    assert "16,000 Hz" in shown


def test_a_song_that_is_gone_cannot_be_compared(client, creator, kept_song):
    song = kept_song()
    client.force_login(creator.user)
    for other in (uuid.uuid4(), "nonsense", ""):
        assert client.get(at("compare"), {"a": song.pk, "b": other}).status_code == 404


def test_where_music_is_switched_off_there_is_no_page_and_nothing_is_sent(client, creator, paid, settings, kept_song):
    settings.MUSIC = False
    song = kept_song()
    client.force_login(creator.user)
    assert client.get(at("index")).status_code == 404
    assert client.post(at("create"), SETTINGS | {"click": "one"}).status_code == 404
    assert client.post(at("write"), {"mode": "write_full_song", "click": "two"}).status_code == 404
    assert not Job.objects.exists()
    assert client.get(reverse("library:asset", args=["night-shift", song.pk])).status_code == 200
