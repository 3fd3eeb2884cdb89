from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from apps.jobs.models import Job
from apps.sharing.services import share
from apps.usage.models import LedgerEntry
from apps.voices import lifecycle, services, tasks
from apps.voices.forms import CloneForm, DesignForm, MixForm
from apps.voices.models import Consent, State, Voice, VoiceIdentity
from apps.workspaces.models import AuditEntry
from tests.voices.conftest import START, clone_data, refusal, sample_of, work


def again(member, voice, **options) -> Job:
    return work(services.make_again(member, voice, click=str(uuid.uuid4()), **options))


def design(member, n=3) -> list[Voice]:
    form = DesignForm({"prompt": "An old fisherman", "preview_text": "Ahoy.", "n": n}, member=member)
    assert form.is_valid(), form.errors
    voices = services.design(member, form.cleaned_data, click="c" * 36)
    for voice in voices:
        work(voice.making)
        voice.refresh_from_db()
    return voices


# --- made -------------------------------------------------------------------------------------------------------------


def test_a_clone_is_temporary_for_168_hours_and_its_files_do_not_stay_at_minimax(anna, minimax):
    assert (anna.state, anna.expires_at) == (State.TEMPORARY, START + timedelta(hours=168))
    assert anna.voice_id in minimax.made
    assert minimax.files == {}
    assert anna.preview.duration_s
    assert anna.consent.person == "Anna Example"


def test_the_same_press_makes_one_voice_and_one_job(clock, connected, sample, minimax):
    form = CloneForm(clone_data(sample), member=connected)
    assert form.is_valid()
    first, second = (services.clone(connected, form.cleaned_data, click="one-click") for _each in range(2))
    assert first.pk == second.pk
    assert (Voice.objects.count(), Job.objects.count(), Consent.objects.count()) == (1, 1, 1)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"consent": ""}, "consent"),
        ({"consent_person": ""}, "consent_person"),
        ({"consent_how": "text"}, "consent_statement"),
        ({"consent_how": "file"}, "consent_file"),
        ({"voice_id": "1starts-with-a-digit"}, "voice_id"),
        ({"voice_id": "ends-with-a-hyphen-"}, "voice_id"),
        ({"voice_id": "short"}, "voice_id"),
        ({"sample": str(uuid.UUID(int=7))}, "sample"),
        ({"prompt_text": "Hello."}, "prompt_text"),
        ({"text": "x" * 1001}, "text"),
        ({"accuracy": "1.5"}, "accuracy"),
    ],
)
def test_what_minimax_would_refuse_is_refused_here(connected, sample, changes, field):
    form = CloneForm(clone_data(sample) | changes, member=connected)
    assert not form.is_valid()
    assert list(form.errors) == [field]


def test_a_recording_of_another_workspace_is_not_found(connected, stranger, tmp_path):
    form = CloneForm(clone_data(sample_of(stranger, tmp_path)), member=connected)
    assert list(form.errors) == ["sample"]


def test_an_example_recording_is_sent_with_its_words(clock, connected, sample, minimax, tmp_path):
    example = sample_of(connected, tmp_path, "prompt")
    data = clone_data(sample, prompt_audio=str(example.pk), prompt_text="Hello there", text="")
    form = CloneForm(data, member=connected)
    assert form.is_valid(), form.errors
    job = work(services.clone(connected, form.cleaned_data, click="c").making)
    [body] = minimax.calls("/v1/voice_clone")
    assert job.status == "succeeded"
    assert body["clone_prompt"]["prompt_text"] == "Hello there."
    assert (job.cost_usd, job.charged, "text" in body) == (Decimal(0), "yes", False)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (1043, "does not match the text"),
        (1044, "does not match the sample"),
        (2037, "10 seconds and 5 minutes"),
        (2038, "may not clone"),
        (2039, "exists already"),
        (2048, "shorter than 8 seconds"),
        (20132, "sample is not valid"),
    ],
)
def test_each_refusal_is_a_sentence_costs_nothing_and_can_be_tried_again(
    clock, connected, sample, minimax, code, words
):
    minimax.instead["/v1/voice_clone"] = [refusal(code)]
    form = CloneForm(clone_data(sample), member=connected)
    assert form.is_valid()
    voice = services.clone(connected, form.cleaned_data, click="c")
    job = work(voice.making)
    voice.refresh_from_db()
    assert words in job.error
    assert (job.charged, voice.state, VoiceIdentity.objects.count()) == ("no", State.NEW, 0)
    assert again(connected, voice).status == "succeeded"


def test_an_answer_that_got_lost_is_asked_for_under_the_same_id_and_found(clock, connected, sample, minimax):
    minimax.instead["/v1/voice_clone"] = [None]
    form = CloneForm(clone_data(sample), member=connected)
    assert form.is_valid()
    voice = services.clone(connected, form.cleaned_data, click="c")
    job = work(voice.making)
    voice.refresh_from_db()
    assert (job.status, job.charged, voice.state) == ("failed", "unknown", State.NEW)
    clock.move(hours=1)
    assert again(connected, voice).status == "succeeded"
    voice.refresh_from_db()
    assert len(minimax.made) == 1
    assert (voice.state, voice.made_at) == (State.TEMPORARY, START)


def test_candidates_are_jobs_with_a_price_each_and_the_rest_run_out_by_themselves(clock, connected, minimax):
    voices = design(connected)
    assert [voice.state for voice in voices] == [State.TEMPORARY] * 3
    assert all(voice.is_candidate and voice.preview for voice in voices)
    assert Job.objects.filter(kind="voice_design", estimate_usd=Decimal("0.0005")).count() == 3
    services.choose(connected, voices[1], "Ahab")
    assert [voice.name for voice in services.expiring(connected, within_h=200)] == ["Ahab"]


# --- kept -------------------------------------------------------------------------------------------------------------


def test_a_preview_leaves_the_countdown_and_keep_ends_it_with_exactly_one_synthesis(anna, minimax, press_keep):
    tasks.sweep()
    anna.refresh_from_db()
    assert (anna.state, minimax.calls("/v1/t2a_v2")) == (State.TEMPORARY, [])
    job = press_keep(anna)
    anna.refresh_from_db()
    assert (job.status, anna.state, anna.fee_usd) == ("succeeded", State.KEPT, Decimal("1.5"))
    assert anna.verified_at
    assert len(minimax.calls("/v1/t2a_v2")) == 1
    assert job.cost_usd == Decimal("1.5") + Decimal("0.0001") * len(services.KEEP_TEXT)
    with pytest.raises(services.RefusedError, match="kept already"):
        press_keep(anna)
    assert LedgerEntry.objects.filter(kind="voice_keep").get().actual_usd == job.cost_usd


def test_two_people_who_keep_at_once_share_one_job(anna, connected, admin):
    first = services.keep(connected, anna, click="a")
    assert services.keep(admin, anna, click="b") == first


def test_keeping_whose_answer_got_lost_is_looked_up_and_never_repeated(anna, minimax, press_keep):
    minimax.instead["/v1/t2a_v2"] = [None]
    job = press_keep(anna)
    assert (job.status, job.charged) == ("failed", "unknown")
    second = press_keep(anna)
    anna.refresh_from_db()
    job.refresh_from_db()
    assert (second.status, second.cost_usd, anna.state) == ("succeeded", Decimal(0), State.KEPT)
    assert (job.charged, job.cost_usd) == ("yes", job.estimate_usd)
    assert len(minimax.calls("/v1/t2a_v2")) == 1


def test_keeping_that_never_reached_the_voice_speaks_after_a_look(anna, minimax, press_keep):
    minimax.instead["/v1/t2a_v2"] = [refusal(1013)]
    assert press_keep(anna).charged == "unknown"
    assert press_keep(anna).status == "succeeded"
    assert len(minimax.used) == 1


def test_a_voice_that_was_used_elsewhere_is_noticed(anna, minimax, clock):
    minimax.used.add(anna.voice_id)
    clock.move(minutes=20)
    tasks.check(anna.workspace_id)
    anna.refresh_from_db()
    assert anna.state == State.KEPT
    assert LedgerEntry.objects.get(kind="voice_clone", source__startswith="voice:").actual_usd == Decimal("1.5")


def test_a_use_is_recorded_once_and_the_fee_is_in_the_book_once(anna):
    for _each in range(2):
        lifecycle.record_use(anna.workspace, anna.alias, how="speech", source="take:1", trace_id="t")
    anna.refresh_from_db()
    assert (anna.state, anna.uses.count()) == (State.KEPT, 1)
    assert LedgerEntry.objects.filter(source__startswith="voice:").count() == 1


# --- lost and found ---------------------------------------------------------------------------------------------------


def test_it_is_gone_at_168_hours_and_comes_back_under_the_same_alias(anna, connected, minimax, clock):
    old = anna.voice_id
    clock.move(hours=168, seconds=-1)
    tasks.sweep()
    assert services.resolve(anna.workspace, anna.alias) == old
    clock.move(seconds=1)
    with pytest.raises(services.VoiceGoneError, match="Make it again"):
        services.resolve(anna.workspace, anna.alias)
    tasks.sweep()
    anna.refresh_from_db()
    assert anna.state == State.GONE
    assert again(connected, anna).status == "succeeded"
    anna.refresh_from_db()
    assert services.resolve(anna.workspace, anna.alias) == anna.voice_id != old
    assert anna.expires_at == clock.now + timedelta(hours=168)
    assert list(anna.identities.order_by("pk").values_list("why", flat=True)) == ["expired", ""]


def test_one_that_our_clock_took_for_lost_comes_back_when_minimax_lists_it(anna, minimax, clock):
    minimax.instead["/v1/get_voice"] = [refusal(1013)]
    minimax.used.add(anna.voice_id)
    clock.move(hours=169)
    tasks.sweep()
    anna.refresh_from_db()
    assert anna.state == State.GONE
    tasks.check(anna.workspace_id)
    anna.refresh_from_db()
    assert anna.state == State.KEPT


def test_a_deleted_voice_is_deleted_at_minimax_and_made_again_under_another_id(anna, connected, minimax, press_keep):
    press_keep(anna)
    old = anna.voice_id
    services.delete(connected, anna)
    tasks.sweep()
    assert minimax.deleted == {old}
    assert AuditEntry.objects.filter(action="voice.deleted").exists()
    with pytest.raises(services.RefusedError, match="no id is given twice"):
        again(connected, anna, voice_id=old)
    assert again(connected, anna).status == "succeeded"
    assert services.resolve(anna.workspace, anna.alias) != old


def test_deleting_is_tried_again_while_minimax_has_trouble(anna, connected, minimax, press_keep, clock):
    press_keep(anna)
    minimax.instead["/v1/delete_voice"] = [refusal(1013)]
    services.delete(connected, anna)
    tasks.sweep()
    assert minimax.deleted == set()
    clock.move(minutes=61)
    tasks.sweep()
    tasks.sweep()
    assert len(minimax.deleted) == 1
    assert len(minimax.calls("/v1/delete_voice")) == 2


def test_withdrawn_consent_ends_the_voice_for_good(anna, connected, minimax, press_keep):
    job = press_keep(anna)
    anna.refresh_from_db()
    old = anna.voice_id
    listed = services.withdraw(connected, anna)
    assert set(job.assets.all()) | {anna.sample, anna.preview} == set(listed)
    for name in (anna.alias, old):
        with pytest.raises(services.VoiceGoneError, match="consent"):
            services.resolve(anna.workspace, name)
    with pytest.raises(services.RefusedError, match="never made again"):
        again(connected, anna)
    tasks.sweep()
    assert minimax.deleted == {old}
    assert AuditEntry.objects.get(action="consent.withdrawn").subject == "Anna Example: Anna"
    assert services.trash_assets(connected, anna, [str(asset.pk) for asset in listed]) == 3
    assert not services.assets_of(connected, anna).exists()


def test_consent_that_is_withdrawn_while_the_voice_is_made_ends_it_too(clock, connected, sample, minimax):
    form = CloneForm(clone_data(sample), member=connected)
    assert form.is_valid()
    voice = services.clone(connected, form.cleaned_data, click="c")
    services.withdraw(connected, voice)
    assert work(voice.making).status == "failed"
    assert minimax.made == {}


def test_a_voice_of_another_connection_is_not_sent_to_this_one(anna, connected):
    connected.workspace.connection.delete()
    with pytest.raises(services.VoiceGoneError, match="another connection"):
        services.resolve(anna.workspace, anna.alias)


def test_a_mix_is_a_voice_of_the_workspace(anna, connected):
    parts = [{"voice_id": anna.alias, "weight": 60}, {"voice_id": "English_Graceful_Lady", "weight": 40}]
    form = MixForm({"name": "Both", "timbre_weights": parts}, member=connected)
    assert form.is_valid(), form.errors
    mixed = services.mix(connected, form.cleaned_data)
    spoken = services.resolve_request(anna.workspace, mixed.alias, [])
    assert (spoken.voice_id, spoken.timbre_weights[0]["voice_id"]) == ("", anna.voice_id)


# --- strangers --------------------------------------------------------------------------------------------------------


def test_a_stranger_finds_nothing(anna, stranger, client):
    client.force_login(stranger.user)
    for name in ("voice", "keep"):
        assert client.get(reverse(f"voices:{name}", args=["night-shift", anna.pk])).status_code == 404
    with pytest.raises(services.VoiceGoneError, match="not in the workspace"):
        services.resolve(stranger.workspace, anna.alias)
    assert services.find_voice(stranger, anna.pk) is None


def test_the_price_of_speaking_holds_the_fee_until_it_is_paid(client, anna):
    client.force_login(anna.created_by)
    query = {"model": "speech-2.8-hd", "text": "Hello", "voice_id": anna.alias}

    def price() -> tuple[Decimal, Decimal]:
        address = reverse("speech:price", args=[anna.workspace.slug])
        told = client.get(address, query, headers={"Accept": "application/json"}).json()
        return Decimal(told["fee_usd"]), Decimal(told["usd"])

    assert price() == (Decimal("1.5"), Decimal("1.5005"))
    lifecycle.record_use(anna.workspace, anna.alias, how="speech", source="take:1", trace_id="t")
    assert price() == (0, Decimal("0.0005"))


def test_a_voice_that_was_made_is_not_made_again_by_its_card(client, anna):
    client.force_login(anna.created_by)
    job = Job.objects.get(kind="voice_clone")
    again = reverse("jobs:again", args=[anna.workspace.slug, job.pk])
    answer = client.post(again, {"click": str(uuid.uuid4())})
    assert "Run again" not in answer.content.decode()
    assert Job.objects.count() == 1


@pytest.mark.parametrize(("then", "is_trashed", "is_shared"), [("trash", True, True), ("unshare", False, False)])
def test_what_was_made_with_a_withdrawn_voice_is_trashed_or_only_unshared(
    anna, connected, owner, client, then, is_trashed, is_shared
):
    assets = list(services.assets_of(connected, anna))
    links = [share(member, assets[0]) for member in (connected, owner)]
    client.force_login(connected.user)
    address = reverse("voices:withdraw", args=["night-shift", anna.pk])
    assert client.get(address).text.count("Shared") == 1
    client.post(address, {"then": then, "asset": [str(asset.pk) for asset in assets]})
    for row in [*assets, *links, anna]:
        row.refresh_from_db()
    assert anna.state == State.WITHDRAWN
    assert all((asset.trashed_at is not None) is is_trashed for asset in assets)
    assert all((link.revoked_at is None) is is_shared for link in links)


def test_what_stayed_after_a_withdrawal_can_be_unshared_later(anna, connected, client):
    services.withdraw(connected, anna)
    [asset, *_rest] = services.assets_of(connected, anna)
    link = share(connected, asset)
    client.force_login(connected.user)
    address = reverse("voices:withdraw", args=["night-shift", anna.pk])
    assert "took their consent back" in client.get(address).text
    client.post(address, {"then": "unshare", "asset": [str(asset.pk)]})
    link.refresh_from_db()
    assert link.revoked_at is not None
