from __future__ import annotations

import pytest
from channels.db import database_sync_to_async
from django.utils import timezone

from apps.chat.models import Conversation, Message
from apps.reviews import services
from apps.reviews.models import Note
from apps.sharing import conversations
from tests.reviews.test_guests import guest, keep, link, no_counts, page, picture_link, write  # noqa: F401
from tests.sockets import open_socket

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def note(link) -> Note:  # noqa: F811
    return services.add_note(link, services.welcome(link, "Mia"), text="Too <b>loud</b>", asset=link.asset, at_s=12.5)


def details(client, note):
    return client.get(f"/w/night-shift/library/{note.asset_id}/").content.decode()


def test_notes_stand_among_the_details_of_the_work(client, viewer, note):
    client.force_login(viewer.user)
    shown = details(client, note)
    assert "Too &lt;b&gt;loud&lt;/b&gt;" in shown
    assert f'?t=12.5#note-{note.pk}"' in shown
    assert f"{note.pk}/tick" not in shown
    assert client.post(f"/w/night-shift/reviews/notes/{note.pk}/tick").status_code == 403
    assert client.post(f"/w/night-shift/reviews/notes/{note.pk}/answer", {"text": "x"}).status_code == 403


def test_a_note_leads_to_its_place(client, viewer, note):
    client.force_login(viewer.user)
    answer = client.get(f"/w/night-shift/reviews/notes/{note.pk}/")
    assert answer.headers["Location"] == f"/w/night-shift/library/{note.asset_id}/?t=12.5#note-{note.pk}"


def test_members_answer_as_the_team_and_tick_off(client, creator, guest, note):  # noqa: F811
    client.force_login(creator.user)
    client.post(f"/w/night-shift/reviews/notes/{note.pk}/answer", {"text": "Mended"})
    client.post(f"/w/night-shift/reviews/notes/{note.pk}/tick")
    note.refresh_from_db()
    assert (note.done_by, note.answers.get().member) == (creator.user, creator.user)
    seen = page(guest, note.share)
    assert "Mended" in seen
    assert "The team" in seen
    assert "Carla" not in seen
    client.post(f"/w/night-shift/reviews/notes/{note.pk}/tick", {"open": "1"})
    note.refresh_from_db()
    assert note.done_at is None


def test_members_take_notes_away(client, creator, viewer, note):
    client.force_login(viewer.user)
    assert client.post(f"/w/night-shift/reviews/notes/{note.pk}/remove").status_code == 403
    client.force_login(creator.user)
    answer = client.post(f"/w/night-shift/reviews/notes/{note.pk}/remove", headers={"HX-Request": "true"})
    assert "loud" not in answer.content.decode()
    assert not Note.objects.exists()


def test_a_conversation_is_reviewed_on_the_page_of_its_link(client, creator, guest):  # noqa: F811

    talk = Conversation.objects.create(
        workspace=creator.workspace, created_by=creator.user, title="Plans", moved_at=timezone.now()
    )
    said = Message.objects.create(
        conversation=talk,
        created_by=creator.user,
        role="user",
        blocks=[{"type": "text", "text": "Hello"}],
        text="Hello",
    )
    Conversation.objects.filter(pk=talk.pk).update(head=said)
    talk.refresh_from_db()
    shared = conversations.share(creator, talk)
    shared.allow_review = True
    shared.save()
    assert 'name="at"' not in page(guest, shared)
    write(guest, shared, name="Mia", text="Good plan", verdict="approved")
    client.force_login(creator.user)
    shown = client.get(f"/w/night-shift/reviews/share/{shared.pk}/").content.decode()
    assert "Good plan" in shown
    assert "Approved" in shown


def test_what_lies_in_the_trash_is_not_shown(client, creator, note):
    note.asset.trashed_at = note.created_at
    note.asset.save()
    client.force_login(creator.user)
    assert client.get(f"/w/night-shift/reviews/notes/{note.pk}/").status_code == 404
    assert "loud" not in client.get(f"/w/night-shift/reviews/share/{note.share_id}/").content.decode()


async def test_a_note_reaches_open_pages_of_the_workspace_and_nobody_else(creator, stranger, link):  # noqa: F811
    inside, outside = await open_socket(creator), await open_socket(stranger)
    mia = await database_sync_to_async(services.welcome)(link, "Mia")
    await database_sync_to_async(services.add_note)(link, mia, text="Hello", asset=link.asset)
    pushed = [await inside.read(), await inside.read()]
    assert any(f'id="notes-signal-{link.asset_id}"' in html for html in pushed)
    assert await outside.receive_nothing()
    await inside.close()
    await outside.close()
