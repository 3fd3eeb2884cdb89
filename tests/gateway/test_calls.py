"""What programs do over HTTP: looking, making, changing, and never in another workspace."""

import asyncio
import json
import uuid

import pytest
from django.test import AsyncClient

from apps.jobs.models import Job
from apps.library.files import PreparingError
from apps.library.models import Asset
from apps.music.models import Writing
from apps.speech import live, rows
from apps.speech.models import Take
from apps.usage.models import Budget
from tests.images.conftest import kept_picture, on_sandbox, paid  # noqa: F401  (fixtures)

ORDER = {"kind": "image", "settings": {"prompt": "A paper lighthouse", "model": "image-01", "n": 2}}


def test_a_job_is_made_as_the_page_makes_it_with_its_estimate(creator, calling, paid):  # noqa: F811
    caller = calling(creator)
    answer = caller.post("jobs", ORDER)
    job = Job.objects.get()
    assert (answer.status_code, answer.json()["id"], answer.json()["estimate_usd"]) == (201, str(job.pk), "0.007000")
    assert (job.created_by, job.request["n"], job.request["aspect_ratio"]) == (creator.user, 2, "1:1")
    assert caller.post("estimates", ORDER).json() == {"usd": "0.007000", "is_free": False}
    cancelled = caller.post(f"jobs/{job.pk}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert caller.post(f"jobs/{job.pk}/cancel").status_code == 409


def test_a_repeat_with_the_same_key_makes_nothing_twice(creator, calling, paid):  # noqa: F811
    caller, key = calling(creator), {"Idempotency-Key": "issue 8, picture 1"}
    first, second = caller.post("jobs", ORDER, **key), caller.post("jobs", ORDER, **key)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    other = caller.post("jobs", {"kind": "image", "settings": {"prompt": "Another"}}, **key)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "key_taken")
    assert Job.objects.count() == 1


def test_what_the_page_refuses_is_refused_with_a_sentence_at_its_field(creator, calling, paid):  # noqa: F811
    caller = calling(creator)
    wrong = caller.post("jobs", {"kind": "image", "settings": {"prompt": "A", "n": 99}})
    assert (wrong.status_code, list(wrong.json()["error"]["fields"])) == (422, ["n"])
    unknown = caller.post("jobs", {"kind": "image", "settings": {"prompt": "A", "colour": "red"}})
    assert list(unknown.json()["error"]["fields"]) == ["colour"]
    assert caller("POST", "jobs").json()["error"]["code"] == "invalid"
    Budget.objects.create(workspace=creator.workspace, period="month", limit_usd="0.001", is_hard=True)
    full = caller.post("jobs", ORDER)
    assert (full.status_code, full.json()["error"]["code"]) == (409, "refused")
    assert not Job.objects.exists()


def test_what_is_left_out_of_a_video_is_as_its_page_sets_it(creator, calling, paid):  # noqa: F811
    answer = calling(creator).post("jobs", {"kind": "video", "settings": {"prompt": "A boat leaves the harbour"}})
    assert answer.status_code == 201
    request = Job.objects.get().request
    assert (request["mode"], bool(request["model"]), request["duration"] > 0) == ("t2v", True, True)


def test_lyrics_come_with_their_job(creator, calling, paid):  # noqa: F811
    caller = calling(creator)
    made = caller.post("jobs", {"kind": "lyrics", "settings": {"prompt": "A song of the night shift"}}).json()
    assert made["lyrics"] is None
    Writing.objects.create(job_id=made["id"], song_title="Night Shift", style_tags="slow jazz", lyrics="[Verse]")
    known = {"title": "Night Shift", "style": "slow jazz", "lyrics": "[Verse]"}
    assert caller.get(f"jobs/{made['id']}").json()["lyrics"] == known
    assert caller.get("jobs?kind=lyrics").json()["items"][0]["lyrics"] == known


def test_a_reference_of_another_workspace_is_not_taken(stranger, calling, paid, kept_picture):  # noqa: F811
    picture = kept_picture()
    paid.workspace = stranger.workspace
    paid.save()
    order = {"kind": "image", "settings": {"prompt": "A", "reference": str(picture.pk)}}
    assert calling(stranger).post("jobs", order).status_code == 422


def test_jobs_are_paged_by_a_key(creator, calling, paid):  # noqa: F811
    caller = calling(creator)
    made = [caller.post("jobs", ORDER).json()["id"] for _ in range(3)]
    first = caller.get("jobs?limit=2").json()
    second = caller.get(f"jobs?limit=2&cursor={first['next']}").json()
    assert [job["id"] for job in first["items"] + second["items"]] == made[::-1]
    assert second["next"] is None
    assert caller.get("jobs?status=failed").json()["items"] == []


def test_the_library_is_searched_changed_and_downloaded(creator, calling, kept_picture):  # noqa: F811
    picture, caller = kept_picture(), calling(creator)
    [found] = caller.get("assets?q=lighthouse").json()["items"]
    assert found["id"] == str(picture.pk)
    changed = caller("PATCH", f"assets/{picture.pk}", {"title": "Beacon", "add_tags": ["Night"], "rating": 4}).json()
    assert (changed["title"], changed["tags"], changed["rating"]) == ("Beacon", ["Night"], 4)
    assert caller("PATCH", f"assets/{picture.pk}", {"remove_tags": ["night"]}).json()["tags"] == []
    whole = caller.get(f"assets/{picture.pk}/file")
    body = b"".join(whole.streaming_content)
    part = caller.get(f"assets/{picture.pk}/file", Range="bytes=2-5")
    assert (whole.status_code, part.status_code) == (200, 206)
    assert b"".join(part.streaming_content) == body[2:6]
    assert caller("DELETE", f"assets/{picture.pk}").status_code == 204
    assert caller.get(f"assets/{picture.pk}").status_code == 404
    assert caller.post(f"assets/{picture.pk}/restore").status_code == 200
    assert Asset.objects.get().title == "Beacon"


def test_a_large_file_that_is_being_marked_is_asked_for_again(creator, calling, kept_picture, monkeypatch):  # noqa: F811
    def not_yet(*args, **kwargs):
        raise PreparingError

    monkeypatch.setattr("apps.gateway.endpoints.assets.download_of", not_yet)
    answer = calling(creator).get(f"assets/{kept_picture().pk}/file")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "preparing")
    assert int(answer["Retry-After"]) > 0


def test_a_token_of_another_workspace_finds_nothing(creator, stranger, calling, paid, kept_picture):  # noqa: F811
    picture, job = kept_picture(), calling(creator).post("jobs", ORDER).json()["id"]
    calls = [
        ("GET", f"assets/{picture.pk}"),
        ("GET", f"assets/{picture.pk}/file"),
        ("PATCH", f"assets/{picture.pk}"),
        ("DELETE", f"assets/{picture.pk}"),
        ("POST", f"assets/{picture.pk}/restore"),
        ("GET", f"jobs/{job}"),
        ("POST", f"jobs/{job}/cancel"),
        ("GET", f"speech/{uuid.uuid4()}"),
    ]
    caller = calling(stranger)
    answers = [caller(method, path, {} if method == "PATCH" else None) for method, path in calls]
    assert {answer.status_code for answer in answers} == {404}
    assert caller.get("assets").json()["items"] == caller.get("jobs").json()["items"] == []
    assert caller.get("nowhere").json()["error"]["code"] == "not_found"


def test_what_there_is_to_ask_for_is_told(creator, calling, paid):  # noqa: F811
    caller = calling(creator)
    kinds = {kind["kind"]: {each["name"]: each for each in kind["settings"]} for kind in caller.get("kinds").json()}
    assert set(kinds) >= {"speech", "image", "video", "music"}
    assert "image-01" in kinds["image"]["model"]["choices"]
    assert caller.get("voices?q=narrator&language=English").json()["items"]
    assert caller.get("usage").json()["acts"] == 0
    answer = caller.get("me")
    assert not answer.cookies  # a program has no use for them


@pytest.mark.django_db(transaction=True)
async def test_a_text_is_spoken_and_lies_in_the_library(calling, creator, on_sandbox):  # noqa: F811
    caller = await asyncio.to_thread(calling, creator)
    client, headers = AsyncClient(), {"Authorization": f"Bearer {caller.secret}", "Idempotency-Key": "one"}
    order = json.dumps({"settings": {"text": "The night shift begins."}})
    try:
        answers = [
            await client.post("/api/v1/speech", order, content_type="application/json", headers=headers)
            for _ in range(2)
        ]
        assert [answer.status_code for answer in answers] == [201, 200]
        take = answers[0].json()
        assert (take["estimate_usd"], answers[1].json()["id"]) == ("0.000000", take["id"])
        for _ in range(300):
            if take["status"] in ("kept", "failed"):
                break
            await asyncio.sleep(0.1)
            take = (await client.get(f"/api/v1/speech/{take['id']}", headers=headers)).json()
        assert (take["status"], take["error"]) == ("kept", "")
        asset = (await client.get(f"/api/v1/assets/{take['asset']}", headers=headers)).json()
        assert (asset["kind"], asset["text"]) == ("speech", "The night shift begins.")
        assert await Take.objects.acount() == 1
    finally:
        await live.shut_down()
        await asyncio.to_thread(rows.close_connections)
