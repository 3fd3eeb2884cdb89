from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from smtplib import SMTPServerDisconnected

import pytest
from django.db import connection

from apps.jobs.models import Job
from apps.library.models import Asset
from apps.notifications.models import Notification
from apps.voices import reminding, services, tasks
from apps.voices.forms import PolicyForm
from apps.voices.models import Mode, Reminder, ReminderMail, State, Voice, VoiceIdentity, VoicePolicy
from tests.voices.conftest import START, work


@pytest.fixture(autouse=True)
def nobody_else(minimax):
    """Every test has a MiniMax of its own."""


def voice_of(member, name="Anna", made_at=START, **fields) -> Voice:
    """A temporary voice as it stands after it was made."""
    voice_id = f"studio-{uuid.uuid4().hex}"
    facts = {
        "origin": "design",
        "state": State.TEMPORARY,
        "voice_id": voice_id,
        "connection": f"custom {member.workspace.connection.base_url}",
        "made_at": made_at,
        "expires_at": made_at + timedelta(hours=168),
        "model": "speech-2.8-hd",
    }
    voice = Voice.objects.create(workspace=member.workspace, created_by=member.user, name=name, **facts | fields)
    VoiceIdentity.objects.create(bearer=voice, voice_id=voice_id, connection=voice.connection, made_at=made_at)
    return voice


def pass_time(clock, hours: float, *, step_minutes: float = 30, twice: bool = False) -> None:
    """Let time pass with a beat that comes now and then, and perhaps twice."""
    end = clock.now + timedelta(hours=hours)
    while clock.now < end:
        clock.move(minutes=step_minutes)
        for _each in range(1 + twice):
            tasks.sweep()


def policy(member, **wishes) -> VoicePolicy:
    return VoicePolicy.objects.create(workspace=member.workspace, **wishes)


def test_each_reminder_comes_once_to_the_maker_and_the_admins(clock, connected, owner, admin, viewer, mailoutbox):
    voice_of(connected)
    pass_time(clock, 168, step_minutes=60, twice=True)
    assert sorted(Reminder.objects.values_list("hours", flat=True)) == [2, 24, 72]
    for person in (connected, owner, admin):
        assert Notification.objects.filter(user=person.user).count() == 3
        assert sum(person.user.email in mail.to for mail in mailoutbox) == 3
    assert not Notification.objects.filter(user=viewer.user).exists()
    assert len(mailoutbox) == 9


def test_reminders_come_when_they_are_due_in_absolute_time_though_clocks_are_put_back(clock, connected, mailoutbox):
    """START is on 20 October; in Berlin 25 October has 25 hours."""
    connected.user.time_zone = "Europe/Berlin"
    connected.user.save()
    voice_of(connected)
    for hours in (72, 24, 2):
        clock.now = START + timedelta(hours=168 - hours, seconds=-1)
        tasks.sweep()
        before = len(mailoutbox)
        clock.move(seconds=1)
        tasks.sweep()
        assert len(mailoutbox) == before + 1
    said = next(line for line in mailoutbox[0].body.splitlines() if "Anna" in line)
    assert "27 October 2026 10:30 CET" in said  # 09:30 UTC, an hour less than on the day it was made


def test_a_clock_that_is_put_back_repeats_nothing(clock, connected, mailoutbox):
    voice_of(connected)
    clock.move(hours=100)
    tasks.sweep()
    clock.move(hours=-8)
    tasks.sweep()
    clock.move(hours=9)
    tasks.sweep()
    assert len(mailoutbox) == 1


def test_after_a_long_absence_one_reminder_says_how_little_is_left(clock, connected, mailoutbox):
    voice_of(connected)
    clock.move(hours=148)
    tasks.sweep()
    tasks.sweep()
    [mail] = mailoutbox
    assert mail.subject == "The voice “Anna” will be lost in 20 h unless somebody keeps it."
    assert list(Reminder.objects.filter(is_overtaken=True).values_list("hours", flat=True)) == [72]


def test_the_mail_has_one_link_and_it_leads_to_keep(clock, connected, mailoutbox, client, settings):
    settings.PUBLIC_URL = "https://studio.example.com"
    voice_of(connected)
    clock.move(hours=97)
    tasks.sweep()
    [link] = [line.strip() for line in mailoutbox[0].body.splitlines() if "://" in line]
    client.force_login(connected.user)
    assert client.get(link.removeprefix("https://studio.example.com")).status_code == 200
    assert Notification.objects.get().url == link.removeprefix("https://studio.example.com")


def test_many_voices_make_one_digest(clock, connected, mailoutbox):
    for number in range(5):
        voice_of(connected, f"Voice {number}", made_at=START + timedelta(minutes=20 * number))
    pass_time(clock, 171, step_minutes=20)
    assert Reminder.objects.count() == 15
    assert len([mail for mail in mailoutbox if "5 voices" in mail.subject]) == 2  # for 72 and 24 h; the last one by one
    assert Notification.objects.count() == len(mailoutbox)


def test_kept_voices_candidates_and_lost_ones_are_left_in_peace(clock, connected, mailoutbox):
    voice_of(connected, "Kept", state=State.KEPT)
    voice_of(connected, "Candidate", is_candidate=True)
    voice_of(connected, "Lost", state=State.GONE)
    pass_time(clock, 170, step_minutes=120)
    assert mailoutbox == []


def test_a_voice_that_was_made_again_is_reminded_of_again(clock, connected, mailoutbox):
    voice = voice_of(connected)
    clock.move(hours=97)
    tasks.sweep()
    VoiceIdentity.objects.create(bearer=voice, voice_id="studio-another", connection=voice.connection)
    changes = {"voice_id": "studio-another", "expires_at": clock.now + timedelta(hours=168)}
    Voice.objects.filter(pk=voice.pk).update(**changes)
    clock.move(hours=97)
    tasks.sweep()
    assert len(mailoutbox) == 2


def test_a_mail_that_could_not_be_sent_goes_later_and_once(clock, connected, mailoutbox, monkeypatch):
    voice_of(connected)
    clock.move(hours=97)

    def broken(*_args):
        raise SMTPServerDisconnected("away")

    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.EmailMessage.send", broken)
        tasks.sweep()
    assert ReminderMail.objects.get().sent_at is None
    tasks.sweep()  # somebody may still be at it
    assert mailoutbox == []
    clock.move(minutes=11)
    tasks.sweep()
    tasks.sweep()
    assert len(mailoutbox) == 1
    assert mailoutbox[0].extra_headers["Message-ID"].startswith(f"<voices-{ReminderMail.objects.get().pk}@")


def test_a_worker_that_died_before_its_mail_leaves_it_to_the_next_one(clock, connected, mailoutbox):
    voice_of(connected)
    clock.move(hours=97)
    reminding.remind(clock.now)  # and here it dies
    tasks.sweep()
    assert len(mailoutbox) == 1


def test_the_mail_is_not_sent_when_the_voice_was_kept_meanwhile(clock, connected, mailoutbox):
    voice = voice_of(connected)
    clock.move(hours=97)
    reminding.remind(clock.now)
    Voice.objects.filter(pk=voice.pk).update(state=State.KEPT)
    tasks.sweep()
    assert mailoutbox == []


def test_a_workspace_chooses_its_own_hours(clock, connected, mailoutbox):
    form = PolicyForm({"mode": "remind", "hours": "12, 48"}, instance=services.policy_of(connected.workspace))
    assert form.is_valid(), form.errors
    services.save_policy(connected, form.save(commit=False))
    voice_of(connected)
    pass_time(clock, 168, step_minutes=60)
    assert sorted(Reminder.objects.values_list("hours", flat=True)) == [12, 48]


@pytest.mark.parametrize("hours", ["0", "168", "-4", "soon", "1,2,3,4,5,6,7", "٣", ""])
def test_hours_that_make_no_sense_are_refused(connected, hours):
    form = PolicyForm({"mode": "remind", "hours": hours}, instance=services.policy_of(connected.workspace))
    assert list(form.errors) == ["hours"]


def test_who_lets_voices_go_is_not_reminded(clock, connected, mailoutbox):
    policy(connected, mode=Mode.LET_GO)
    voice = voice_of(connected)
    pass_time(clock, 169, step_minutes=120)
    voice.refresh_from_db()
    assert (mailoutbox, voice.state) == ([], State.GONE)


# --- automatically ----------------------------------------------------------------------------------------------------


def test_voices_are_kept_automatically_once_and_nobody_is_bothered(clock, connected, minimax, mailoutbox):
    policy(connected, mode=Mode.KEEP, budget_usd=Decimal("5"))
    voice = voice_of(connected)
    minimax.made[voice.voice_id] = "voice_generation"
    pass_time(clock, 145, step_minutes=60, twice=True)
    job = Job.objects.get()
    assert work(job).status == "succeeded"
    pass_time(clock, 30, step_minutes=60)
    voice.refresh_from_db()
    assert (voice.state, len(minimax.calls("/v1/t2a_v2")), mailoutbox) == (State.KEPT, 1, [])
    assert Job.objects.count() == 1


def test_the_budget_of_the_month_is_not_exceeded_and_the_rest_is_reminded_of(clock, connected, mailoutbox):
    policy(connected, mode=Mode.KEEP, budget_usd=Decimal("6.2"))
    for number in range(3):
        voice_of(connected, f"Voice {number}")
    pass_time(clock, 150, step_minutes=60)
    assert Job.objects.count() == 2
    assert reminding.spent_this_month(connected.workspace, clock.now) <= Decimal("6.2")
    assert {mail.subject.partition("”")[0] for mail in mailoutbox} == {"The voice “Voice 2"}
    clock.now = datetime(2026, 11, 1, tzinfo=UTC)
    assert reminding.spent_this_month(connected.workspace, clock.now) == 0


def test_what_could_not_be_kept_automatically_is_reminded_of(clock, connected, mailoutbox):
    policy(connected, mode=Mode.KEEP, budget_usd=Decimal("5"))
    voice_of(connected)  # this MiniMax does not know it
    pass_time(clock, 145, step_minutes=60)
    assert work(Job.objects.get()).status == "failed"
    tasks.sweep()
    assert len(mailoutbox) == 1


# --- at once ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_the_same_moment_remind_once(clock, connected, mailoutbox):
    voice_of(connected)
    clock.move(hours=97)
    start = threading.Barrier(3)

    def sweep() -> None:
        start.wait()
        try:
            tasks.sweep()
        finally:
            connection.close()

    threads = [threading.Thread(target=sweep) for _each in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(mailoutbox), Reminder.objects.count(), Notification.objects.count()) == (1, 1, 1)
    assert Asset.objects.count() == 0
