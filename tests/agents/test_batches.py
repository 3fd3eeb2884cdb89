"""A batch from the form to its last row. The upstream is a real socket; no film is made here."""

import csv
import io
import json
import uuid
import zipfile
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import AsyncClient
from django.urls import reverse
from django.utils import timezone

from apps.agents.feeding import AT_ONCE, feed
from apps.agents.models import Batch, BatchRow
from apps.agents.tasks import sweep
from apps.jobs.models import Job
from apps.workspaces.models import Connection
from tests.agents.conftest import DIVING, LETTERS, RUN, WINTER


def at(name, *args):
    return reverse(f"agents:{name}", args=["night-shift", *args])


@pytest.fixture
def signed_in(client, creator, paid):
    client.force_login(creator.user)
    return client


@pytest.fixture
def prepare(signed_in):
    def prepared(template_id=LETTERS, *, pictures=(), table=None, **data):
        sent = {"template": template_id, "click": str(uuid.uuid4()), "pictures": json.dumps(list(pictures)), **data}
        if table is not None:
            sent["table"] = SimpleUploadedFile("rows.csv", table.encode(), "text/csv")
        return signed_in.post(at("batch_prepare"), sent)

    return prepared


@pytest.fixture
def draft(prepare):
    def drafted(count=3):
        assert prepare(words="\n".join(f"Kite {number}" for number in range(1, count + 1))).status_code == 302
        return Batch.objects.latest("created_at")

    return drafted


@pytest.fixture
def running(signed_in, draft):
    def started(count=3, limit=""):
        batch = draft(count)
        answer = signed_in.post(at("batch_start", batch.pk), {"limit_usd": limit})
        assert answer.status_code == 302, answer.content.decode()
        feed(batch.pk)
        return batch

    return started


def finish(jobs, **changes):
    over = {"status": "succeeded", "charged": "yes", "finished_at": timezone.now(), **changes}
    Job.objects.filter(pk__in=[job.pk for job in jobs]).update(**over)


# --- prepared ---


def test_each_picture_becomes_a_row_and_nothing_is_sent(prepare, signed_in, kept_picture):
    rex, bello = kept_picture(), kept_picture(title="Bello")
    answer = prepare(RUN, pictures=[{"id": str(each.pk), "name": "x"} for each in (rex, bello)], text="Lion")
    batch = Batch.objects.get()
    assert answer["Location"] == at("batch", batch.pk)
    assert [row.request["subject"] for row in batch.rows.all()] == ["Rex", "Bello"]
    shown = signed_in.get(at("batch", batch.pk)).content.decode()
    assert "$0.90" in shown
    assert "Make 2 films" in shown
    assert not Job.objects.exists()


def test_a_table_names_pictures_by_file_name_or_id_and_each_wrong_row_says_what_is_wrong(
    prepare, signed_in, kept_picture, stranger
):
    rex, bello, twin = kept_picture(), kept_picture(title="Bello"), kept_picture(title="Twin")
    brought = [
        {"id": str(rex.pk), "name": "Rex.JPG"},
        {"id": str(bello.pk), "name": "twin.jpg"},
        {"id": str(twin.pk), "name": "twin.png"},
    ]
    foreign = kept_picture(member=stranger)
    names = ["rex.jpg", "C:\\photos\\REX", str(bello.pk), "twin", "cat.jpg", str(foreign.pk)]
    table = "picture,text\n" + "".join(f"{name},Lion\n" for name in names) + "rex.jpg,\n"
    assert prepare(RUN, pictures=brought, table=table).status_code == 302
    rows = list(Batch.objects.get().rows.all())
    assert [row.is_fine for row in rows] == [True, True, True, False, False, False, False]
    assert [row.request["picture"] for row in rows[:3]] == [str(rex.pk), str(rex.pk), str(bello.pk)]
    assert [row.problems for row in rows[3:]] == [
        ["Several of the pictures are called “twin”. Give one of them another name."],
        ["No picture called “cat.jpg” was brought along."],
        ["No picture of the library has this id."],
        ["This template needs words. The name of a wild beast."],
    ]
    shown = signed_in.get(at("batch", rows[0].batch_id)).content.decode()
    assert "4 rows cannot be made and are left out" in shown
    assert "$1.35" in shown


@pytest.mark.parametrize(
    ("template_id", "data", "sentence"),
    [
        (DIVING, {}, "Bring pictures or a table first"),
        (DIVING, {"pictures": ["odd", 7]}, "Bring pictures or a table first"),
        (LETTERS, {"words": " \n "}, "Write a line first"),
        (LETTERS, {"words": "a\n" * 1001}, "1,001 films; a batch takes 1,000"),
        (LETTERS, {"table": "title\nx"}, "no column “text”"),
        (WINTER, {}, "cannot be had on this connection"),
    ],
)
def test_what_makes_no_batch_comes_back_with_a_sentence(prepare, template_id, data, sentence):
    answer = prepare(template_id, **data)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Batch.objects.exists()


def test_a_resent_form_leads_to_the_same_draft(prepare):
    click = str(uuid.uuid4())
    first, second = (prepare(words="Kite", click=click) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert BatchRow.objects.count() == 1


def test_a_draft_can_be_thrown_away_and_a_batch_that_ran_cannot(signed_in, draft, running):
    begun, unwanted = running(1), draft()
    for batch in (begun, unwanted):
        signed_in.post(at("batch_discard", batch.pk))
    assert list(Batch.objects.all()) == [begun]


# --- let go ---


def test_rows_go_a_few_at_a_time_and_each_once(signed_in, running):
    batch = running(AT_ONCE + 3)
    for _ in range(3):
        sweep()
    signed_in.post(at("batch_start", batch.pk))  # the form again
    assert Job.objects.count() == AT_ONCE
    finish(Job.objects.all())
    sweep()
    assert Job.objects.count() == AT_ONCE + 3
    assert sorted(Job.objects.values_list("title", flat=True)) == sorted(
        f"Art lettering · Kite {number}" for number in range(1, AT_ONCE + 4)
    )
    finish(Job.objects.all())
    sweep()
    batch.refresh_from_db()
    assert batch.status == "done"


def test_a_worker_that_dies_between_job_and_row_makes_no_second_job(running):
    batch = running(2)
    BatchRow.objects.update(job=None)  # as if the note on the row had been lost
    feed(batch.pk)
    assert Job.objects.count() == 2
    assert BatchRow.objects.exclude(job=None).count() == 2


def test_no_row_goes_when_the_sum_would_pass_the_limit(signed_in, running):
    batch = running(5, limit="1.00")  # 0.35 each
    sweep()
    assert Job.objects.filter(status="queued").count() == 2
    finish(Job.objects.all())
    sweep()
    batch.refresh_from_db()
    assert (Job.objects.count(), batch.status, batch.stop_reason) == (2, "stopped", "limit")
    shown = signed_in.get(at("batch", batch.pk)).content.decode()
    assert "the next film would have passed the limit" in shown
    assert "$1.05" in shown  # the three that are left


def test_what_certainly_cost_nothing_does_not_count_against_the_limit(running):
    batch = running(3, limit="0.40")
    finish(Job.objects.all(), status="failed", charged="no")
    sweep()
    finish([Job.objects.latest("created_at")], cost_usd=Decimal("0.35"))
    sweep()
    batch.refresh_from_db()
    assert (Job.objects.count(), batch.stop_reason) == (2, "limit")


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [("0.20", "Not even one film"), ("-1", "greater than or equal to 0.01"), ("much", "a sum in dollars")],
)
def test_a_limit_that_cannot_be_kept_is_refused_and_nothing_starts(signed_in, draft, limit, sentence):
    batch = draft()
    answer = signed_in.post(at("batch_start", batch.pk), {"limit_usd": limit})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    batch.refresh_from_db()
    assert batch.status == "draft"


def test_a_limit_needs_a_price(signed_in, paid, prepare, kept_picture):
    paid.kind = "mainland"
    paid.save()
    prepare(WINTER, pictures=[{"id": str(kept_picture().pk), "name": "x"}])
    answer = signed_in.post(at("batch_start", Batch.objects.get().pk), {"limit_usd": "5"})
    assert "no limit can be kept" in answer.content.decode()


def test_a_stop_calls_back_what_is_not_sent_and_is_honest_about_the_rest(signed_in, running):
    batch = running(4)
    sent = Job.objects.order_by("pk").first()
    Job.objects.filter(pk=sent.pk).update(status="waiting", minimax_task_id="1", charged="yes")
    signed_in.post(at("batch_stop", batch.pk))
    batch.refresh_from_db()
    assert (batch.status, batch.stop_reason) == ("stopped", "person")
    assert sorted(Job.objects.values_list("status", flat=True)) == ["cancelled"] * 3 + ["waiting"]
    shown = signed_in.get(at("batch", batch.pk)).content.decode()
    assert "1 film is at MiniMax and goes on" in shown
    assert "Make the rest" in shown
    sweep()
    assert Job.objects.count() == 4


def test_a_stopped_batch_goes_on_with_the_rest(signed_in, running):
    batch = running(3)
    signed_in.post(at("batch_stop", batch.pk))
    signed_in.post(at("batch_start", batch.pk), {"limit_usd": ""})
    feed(batch.pk)
    assert Job.objects.filter(status="queued").count() == 3
    assert BatchRow.objects.filter(job__status="queued").count() == 3


def test_a_connection_that_does_not_work_stops_the_batch(running):
    batch = running(AT_ONCE + 1)
    finish(Job.objects.all(), status="failed", charged="no", error_code=1004)
    Connection.objects.update(status="failing")
    sweep()
    batch.refresh_from_db()
    assert (Job.objects.count(), batch.stop_reason) == (AT_ONCE, "connection")


def test_somebody_who_left_starts_nothing_more(creator, draft):
    batch = draft()
    Batch.objects.update(status="running", started_at=timezone.now())
    creator.delete()
    feed(batch.pk)
    batch.refresh_from_db()
    assert (Job.objects.count(), batch.stop_reason) == (0, "gone")


# --- looked at ---


def test_the_progress_brings_the_state_and_only_the_rows_that_changed(signed_in, running):
    batch = running(AT_ONCE)
    finish(Job.objects.order_by("pk")[:1], finished_at=timezone.now() - timezone.timedelta(hours=1))
    Job.objects.update(created_at=timezone.now() - timezone.timedelta(hours=2))
    answer = signed_in.get(at("batch_progress", batch.pk), {"since": timezone.now().isoformat()}).content.decode()
    assert f"1 of {AT_ONCE} films are made" in answer
    assert answer.count('hx-swap-oob="true"') == AT_ONCE - 1
    assert 'hx-trigger="every 3s"' in answer
    assert signed_in.get(at("batch_progress", batch.pk), {"since": "2026-13-45"}).status_code == 200


def test_the_sheet_and_the_zip_hold_every_film_with_its_input(signed_in, running, kept_picture):
    batch = running(2)
    first = Job.objects.order_by("pk").first()
    film = kept_picture(b"\0\0\0\x20ftypisom" + b"film" * 99, kind="agent", filename="x.mp4", content_type="video/mp4")
    first.assets.add(film)
    finish([first])
    BatchRow.objects.filter(number=2).update(request={"text": "=SUM(1)", "subject": ""})
    assert "Kite 1" in signed_in.get(at("batch_sheet", batch.pk)).content.decode()
    answer = signed_in.get(at("batch_zip", batch.pk))
    assert answer["Content-Disposition"].startswith('attachment; filename="Art lettering')
    archive = zipfile.ZipFile(io.BytesIO(answer.getvalue()))
    assert archive.testzip() is None
    assert archive.namelist() == ["films.csv", "0001 Kite 1.mp4"]
    assert archive.read("0001 Kite 1.mp4").endswith(b"film")
    table = list(csv.reader(io.StringIO(archive.read("films.csv").decode("utf-8-sig"))))
    assert [row[2:4] for row in table[1:]] == [["Kite 1", "succeeded"], ["'=SUM(1)", "queued"]]


@pytest.mark.django_db(transaction=True)
async def test_the_zip_is_streamed_where_the_server_is_asynchronous(creator, paid):
    batch = await Batch.objects.acreate(workspace=creator.workspace, created_by=creator.user, template_id=LETTERS)
    client = AsyncClient()
    await client.aforce_login(creator.user)
    answer = await client.get(at("batch_zip", batch.pk))
    assert answer.is_async
    content = b"".join([piece async for piece in answer.streaming_content])
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == ["films.csv"]


# --- who may ---


def test_a_viewer_may_look_and_not_act(client, viewer, draft):
    batch = draft()
    client.force_login(viewer.user)
    for name in ("batch", "batch_progress", "batch_sheet", "batch_zip"):
        assert client.get(at(name, batch.pk)).status_code == 200
    for name in ("batch_start", "batch_stop", "batch_discard"):
        assert client.post(at(name, batch.pk)).status_code == 403
    assert client.post(at("batch_prepare")).status_code == 403


def test_a_stranger_finds_no_batch_by_either_address(client, stranger, draft):
    batch = draft()
    client.force_login(stranger.user)
    for slug in ("night-shift", "elsewhere"):
        for name in ("batch", "batch_progress", "batch_sheet", "batch_zip"):
            assert client.get(reverse(f"agents:{name}", args=[slug, batch.pk])).status_code == 404
        for name in ("batch_start", "batch_stop", "batch_discard"):
            assert client.post(reverse(f"agents:{name}", args=[slug, batch.pk])).status_code == 404
    assert client.get(at("batch_new")).status_code == 404
    assert client.post(at("batch_prepare")).status_code == 404


def test_the_id_of_anothers_batch_in_the_form_makes_a_batch_of_ones_own(client, stranger, draft):
    batch = draft()
    client.force_login(stranger.user)
    sent = {"template": LETTERS, "click": str(batch.pk), "words": "Kite"}
    answer = client.post(reverse("agents:batch_prepare", args=["elsewhere"]), sent)
    assert str(batch.pk) not in answer["Location"]
    assert Batch.objects.count() == 2
