from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from apps.library.models import Asset
from apps.notifications.models import Notification
from apps.reviews import limits, services
from apps.reviews.forms import parse_time
from apps.reviews.models import Decision, Guest, Note
from apps.sharing.models import Share
from apps.sharing.services import revoke, share

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_counts() -> None:
    cache.clear()


def keep(member, **changes) -> Asset:
    values = {
        "title": "Evening",
        "file": default_storage.save("1/take.mp3", ContentFile(b"sound")),
        "content_type": "audio/mpeg",
        "duration_s": 67.2,
        "sha256": "ab" * 32,
        **changes,
    }
    made = {"workspace": member.workspace, "created_by": member.user, "kind": "speech", "size": 5, "status": "ready"}
    return Asset.objects.create(**made, **values)


@pytest.fixture
def link(creator) -> Share:
    made = share(creator, keep(creator))
    made.allow_review = True
    made.save()
    return made


@pytest.fixture
def picture_link(creator) -> Share:
    made = share(creator, keep(creator, content_type="image/png", duration_s=None, title="Harbour"))
    made.allow_review = True
    made.save()
    return made


@pytest.fixture
def guest() -> Client:
    return Client()


def write(client: Client, link: Share, path: str = "notes", **words):
    return client.post(f"/s/{link.token}/review/{path}", words)


def page(client: Client, link: Share) -> str:
    return client.get(f"/s/{link.token}/").content.decode()


# --- what a guest can do ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("65", 65),
        ("1:05", 65),
        ("1:05.5", 65.5),
        ("1:02:03", 3723),
        ("0:12,5", 12.5),
        ("soon", None),
        ("1:2:3:4", None),
    ],
)
def test_a_time_is_read_as_people_write_it(text, seconds):
    assert parse_time(text) == seconds


def test_a_guest_leaves_a_note_at_a_time_and_is_known_from_then_on(guest, link):
    assert 'name="name"' in page(guest, link)
    answer = write(guest, link, name=" Mia  B ", text="Too loud here", at="0:12.5")
    note = Note.objects.get()
    assert answer.headers["Location"] == f"/s/{link.token}/#note-{note.pk}"
    assert (note.text, note.at_s, note.guest.name, note.asset) == ("Too loud here", 12.5, "Mia B", link.asset)
    shown = page(guest, link)
    assert "Too loud here" in shown
    assert "?t=12.5" in shown
    assert "You write as Mia B." in shown
    write(guest, link, text="And here")
    assert Guest.objects.count() == 1


def test_the_page_has_no_review_where_none_is_asked_for(guest, link):
    Share.objects.update(allow_review=False)
    answer = guest.get(f"/s/{link.token}/")
    assert "review" not in answer.content.decode()
    assert "form-action 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers
    assert write(guest, link, name="Mia", text="Hello").status_code == 404


def test_forms_of_the_page_are_let_through_by_its_policy_and_carry_a_token(csrf_client, link):
    answer = csrf_client.get(f"/s/{link.token}/")
    assert "form-action 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert write(csrf_client, link, name="Mia", text="Hello").status_code == 403
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', answer.content.decode())[1]
    assert write(csrf_client, link, name="Mia", text="Hello", csrfmiddlewaretoken=token).status_code == 302


def test_a_note_on_a_picture_has_a_point(guest, picture_link):
    write(guest, picture_link, name="Mia", text="This boat", x="25.5", y="80")
    note = Note.objects.get()
    assert (note.x, note.y, note.at_s) == (25.5, 80, None)
    assert 'data-x="25.5" data-y="80.0"' in page(guest, picture_link)
    assert write(guest, picture_link, name="Mia", text="Out of it", x="101", y="1").status_code == 422


@pytest.mark.parametrize(
    "words",
    [
        {"name": "Mia", "text": ""},
        {"name": "Mia", "text": " \u202e \n"},
        {"name": "Mia", "text": "x" * 2001},
        {"name": "", "text": "Hello"},
        {"name": "M" * 61, "text": "Hello"},
        {"name": "Mia", "text": "Hello", "at": "later"},
        {"name": "Mia", "text": "Hello", "at": "9:59"},
    ],
    ids=["nothing", "nothing to see", "too long", "no name", "long name", "no time", "after the end"],
)
def test_what_cannot_be_taken_comes_back_with_what_is_wrong(guest, link, words):
    answer = write(guest, link, **words)
    assert answer.status_code == 422
    assert "field__error" in answer.content.decode()
    assert not Note.objects.exists()


def test_markup_and_tricks_with_direction_are_only_words(guest, link):
    write(guest, link, name="<b>Mia</b>", text="<script>x</script> a\u202eb\nnext")
    shown = page(guest, link)
    assert "&lt;script&gt;x&lt;/script&gt; ab<br>next" in shown
    assert "<b>Mia" not in shown


def test_own_notes_can_be_changed_and_taken_back_others_not(guest, link):
    write(guest, link, name="Mia", text="First")
    note = Note.objects.get()
    other = Client()
    write(other, link, name="Ben", text="Second")
    assert write(other, link, f"notes/{note.pk}/edit", text="Mine now").status_code == 404
    assert write(Client(), link, f"notes/{note.pk}/delete").status_code == 404
    assert write(guest, link, f"notes/{note.pk}/edit", text="").status_code == 422
    write(guest, link, f"notes/{note.pk}/edit", text="First, changed")
    note.refresh_from_db()
    assert note.text == "First, changed"
    assert note.edited_at
    write(guest, link, f"notes/{note.pk}/delete")
    assert [one.text for one in Note.objects.all()] == ["Second"]


def test_a_cookie_of_one_link_says_nothing_on_another(guest, link, picture_link):
    write(guest, link, name="Mia", text="First")
    assert "You write as" not in page(guest, picture_link)
    note = Note.objects.get()
    write(guest, picture_link, name="Mia", text="There")
    assert write(guest, picture_link, f"notes/{note.pk}/edit", text="x").status_code == 404
    for cookie in guest.cookies.values():
        cookie.set(cookie.key, cookie.value[:-2] + "xx", cookie.value[:-2] + "xx")
    assert "You write as" not in page(guest, link)


def test_a_guest_who_leaves_is_asked_for_a_name_again(guest, link):
    write(guest, link, name="Mia", text="First")
    write(guest, link, "leave")
    assert "You write as" not in page(guest, link)
    assert Note.objects.exists()


def test_guests_answer_each_other(guest, link):
    write(guest, link, name="Mia", text="First", at="0:03")
    thread = Note.objects.get()
    assert write(Client(), link, f"notes/{thread.pk}/answer", name="Ben", text="Yes").status_code == 302
    answer = Note.objects.get(answers_to=thread)
    assert (answer.guest.name, answer.asset, answer.at_s) == ("Ben", link.asset, None)
    assert write(guest, link, f"notes/{answer.pk}/answer", text="No").status_code == 404


# --- decisions --------------------------------------------------------------------------------------------------------


def test_a_decision_is_bound_to_the_file(guest, link):
    write(guest, link, name="Mia", verdict="changes", text="Slower, please")
    assert Note.objects.get().text == "Slower, please"
    write(guest, link, verdict="approved")
    assert [one.verdict for one in Decision.objects.all()] == ["approved"]
    assert "for an earlier version" not in page(guest, link)
    Asset.objects.update(sha256="cd" * 32)
    assert "for an earlier version" in page(guest, link)
    write(guest, link, verdict="changes")
    assert Decision.objects.count() == 2


def test_a_decision_needs_a_name_and_a_known_word(guest, link):
    assert write(guest, link, verdict="approved").status_code == 422
    assert write(guest, link, name="Mia", verdict="perhaps").status_code == 422
    assert not Decision.objects.exists()


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_who_writes_too_much_is_asked_to_wait(guest, link, monkeypatch):
    monkeypatch.setattr(limits, "FROM_ONE_ADDRESS", 2)
    assert [write(guest, link, name="Mia", text=str(n)).status_code for n in range(3)] == [302, 302, 429]
    assert Note.objects.count() == 2
    late = write(guest, link, text="kept in the form")
    assert "kept in the form" in late.content.decode()
    assert late.headers["Retry-After"]


def test_a_review_takes_only_so_many_notes_and_guests(guest, link, monkeypatch):
    monkeypatch.setattr(services, "GUESTS_OF_A_SHARE", 1)
    monkeypatch.setattr(services, "NOTES_OF_A_SHARE", 1)
    write(guest, link, name="Mia", text="One")
    assert write(guest, link, text="Two").status_code == 422
    assert write(Client(), link, name="Ben", text="Three").status_code == 422
    assert Note.objects.count() == Guest.objects.count() == 1


def test_an_ended_link_takes_nothing(guest, link, creator):
    revoke(creator, link)
    assert write(guest, link, name="Mia", text="One").status_code == 410
    assert guest.get(f"/s/{link.token}/review/").status_code == 410


# --- what the team hears ----------------------------------------------------------------------------------------------


def test_the_bell_rings_once_for_many_notes_and_for_each_decision(guest, link, creator):
    for n in range(3):
        write(guest, link, name="Mia", text=f"Note {n}", at="0:05")
    write(guest, link, verdict="approved")
    write(guest, link, verdict="approved")
    rung = Notification.objects.filter(user=creator.user).order_by("pk")
    assert [one.text for one in rung] == ["Mia on “Evening”: Note 0", "Mia approved “Evening”."]
    assert f"/library/{link.asset_id}/?t=5#note-" in rung[0].url
    Note.objects.update(created_at=timezone.now() - timedelta(hours=1))
    write(guest, link, text="Later")
    assert Notification.objects.filter(user=creator.user).count() == 3
