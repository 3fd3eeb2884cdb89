"""A conversation as a public page: what a guest reads, and what stays hidden."""

from __future__ import annotations

import json
import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.chat.models import Call, Conversation, Message
from apps.chat.rendering import markdown
from apps.library.models import Asset
from apps.library.services import keep
from apps.sharing.models import Share
from tests.chat.conftest import PNG

pytestmark = pytest.mark.django_db(transaction=True)


def say(conversation: Conversation, *blocks: dict, parent: Message | None = None, **fields) -> Message:
    message = Message.objects.create(
        conversation=conversation,
        parent=parent,
        created_by=conversation.created_by,
        click=str(uuid.uuid4()),
        blocks=list(blocks),
        html=[markdown.render(block["text"]) for block in blocks if block["type"] == "text"],
        html_version=markdown.VERSION,
        **{"role": "assistant" if parent and parent.role == "user" else "user"} | fields,
    )
    conversation.head = message
    conversation.save()
    return message


def words(text: str) -> dict:
    return {"type": "text", "text": text}


@pytest.fixture
def conversation(creator) -> Conversation:
    made = Conversation.objects.create(
        workspace=creator.workspace, created_by=creator.user, title="About lighthouses", moved_at=timezone.now()
    )
    question = say(made, {"type": "file", "name": "notes.txt", "text": "the secret notes"}, words("Why do they shine?"))
    say(
        made,
        {"type": "thinking", "thinking": "the hidden thought", "signature": "9f86"},
        words("So that **ships** see them. <script>alert(1)</script> [x](javascript:alert(1))"),
        {"type": "tool_use", "id": "call_1", "name": "search_library", "input": {"q": "the secret query"}},
        parent=question,
        model="MiniMax-M3",
        settings={"model": "MiniMax-M3", "system": "the secret system prompt"},
        trace_id="04ab5c0f1d",
        cost_usd="0.0038",
    )
    return made


@pytest.fixture
def share(conversation, creator, client) -> Share:
    return shared(client, creator, conversation)


def shared(client, member, conversation) -> Share:
    client.force_login(member.user)
    answer = client.post(at("create"), {"conversation": conversation.pk})
    return Share.objects.get(pk=re.search(r"/(\d+)/$", answer.headers["Location"])[1])


def at(name: str, *args) -> str:
    return reverse(f"sharing:{name}", args=["night-shift", *args])


def read(link: Share, client: Client | None = None) -> str:
    answer = (client or Client()).get(f"/s/{link.token}/")
    assert answer.status_code == 200
    assert "noindex" in answer.headers["X-Robots-Tag"]
    return answer.content.decode()


def test_a_guest_reads_it_without_a_script(share):
    page = read(share)
    assert "Why do they shine?" in page
    assert "<strong>ships</strong>" in page
    assert "MiniMax M3" in page
    assert "Written with AI" in page
    assert "Used a tool: Search the library" in page
    assert "<script" not in page
    assert "javascript:" not in page.replace("[x](javascript:alert(1))", "")


def test_thinking_the_system_prompt_and_everything_else_stay_hidden(share):
    page = read(share)
    for secret in (
        "the hidden thought",
        "the secret system prompt",
        "the secret notes",
        "the secret query",
        "04ab5c0f1d",
        "0.0038",
        "Carla",
        "night-shift",
        "Continue as a copy",
    ):
        assert secret not in page


def test_they_are_shown_when_it_is_wished(share, creator, client):
    client.force_login(creator.user)
    client.post(at("settings", share.pk), {"show_thinking": "on", "show_system": "on"})
    page = read(share)
    assert "the hidden thought" in page
    assert "the secret system prompt" in page


def test_what_is_said_later_does_not_come_into_it(share, conversation, creator, client):
    say(conversation, words("And a later question"), parent=conversation.head, role="user")
    conversation.title = "Renamed"
    conversation.save()
    assert "later question" not in read(share)
    assert "About lighthouses" in read(share)
    again = shared(client, creator, conversation)
    assert again.pk != share.pk
    assert "And a later question" in read(again)


def test_pressed_twice_it_is_the_same_link(share, conversation, creator, client):
    assert shared(client, creator, conversation).pk == share.pk


def test_only_the_branch_that_is_shown_is_shared(conversation, creator, client):
    question = conversation.messages.get(parent=None)
    say(conversation, words("Another answer"), parent=question, model="MiniMax-M2.7")
    page = read(shared(client, creator, conversation))
    assert "Another answer" in page
    assert "ships" not in page


def test_an_ended_link_says_that_it_is_gone(share, creator, client):
    client.force_login(creator.user)
    client.post(at("revoke", share.pk))
    answer = Client().get(f"/s/{share.token}/")
    assert answer.status_code == 410
    assert "Why do they shine?" not in answer.content.decode()
    assert client.get(at("continue", share.pk)).status_code == 404


def test_a_deleted_conversation_closes_its_links_until_it_comes_back(share, conversation):
    conversation.trashed_at = timezone.now()
    conversation.save()
    assert Client().get(f"/s/{share.token}/").status_code == 410
    conversation.trashed_at = None
    conversation.save()
    assert read(share)


def test_there_are_no_files_behind_it_but_a_picture_for_chats(share):
    for name in ("file", "download", "poster", "subtitles.vtt"):
        assert Client().get(f"/s/{share.token}/{name}").status_code == 404
    card = Client().get(f"/s/{share.token}/card.png")
    assert card.headers["Content-Type"] == "image/png"


@pytest.fixture
def with_media(conversation, creator, tmp_path) -> dict[str, str]:
    """A tool made a picture, a film and a song, and a picture was attached; ids by what they are."""
    ids = {}
    for name, content_type in (
        ("made", "image/png"),
        ("film", "video/mp4"),
        ("song", "audio/mpeg"),
        ("own", "image/png"),
    ):
        source = tmp_path / name
        source.write_bytes(PNG + name.encode())
        asset = keep(
            creator,
            kind="image",
            title=f"The {name}",
            text="the secret prompt",
            source=source,
            filename=f"{name}.png",
            content_type=content_type,
            request={},
        )
        ids[name] = str(asset.pk)
    question = say(
        conversation, {"type": "image", "asset": ids["own"], "title": "own"}, parent=conversation.head, role="user"
    )
    reply = say(
        conversation,
        {"type": "tool_use", "id": "c7", "name": "make_image", "input": {"prompt": "the secret prompt"}},
        parent=question,
        model="MiniMax-M3",
    )
    made = [ids["made"], ids["film"], ids["song"]]
    Call.objects.create(message=reply, call_id="c7", name="make_image", status="done", assets=made)
    return ids


def test_pictures_films_and_sound_of_a_conversation_are_shown_and_can_be_opened(
    with_media, conversation, creator, client
):
    link = shared(client, creator, conversation)
    page = read(link)
    for tag, name in (("<img", "made"), ("<video", "film"), ("<audio", "song"), ("<img", "own")):
        url = f"/s/{link.token}/part/{with_media[name]}"
        assert re.search(rf'{tag} [^>]*src="{url}"', page)
        answer = Client().get(url)
        assert answer.status_code == 200
        assert b"".join(answer.streaming_content).startswith(PNG[:8])
    assert "Make pictures" in page
    assert "the secret prompt" not in page


def test_nothing_else_of_the_library_can_be_opened_with_the_link(share, with_media, conversation, creator, client):
    url = f"/s/{share.token}/part/{with_media['made']}"  # a link to what was said before it was made
    assert Client().get(url).status_code == 404
    link = shared(client, creator, conversation)
    assert Client().get(f"/s/{link.token}/part/{uuid.uuid4()}").status_code == 404
    assert Client().get(f"/s/{link.token}/part/{with_media['made']}/poster").status_code == 404
    Asset.objects.filter(pk=with_media["made"]).update(trashed_at=timezone.now())
    assert Client().get(f"/s/{link.token}/part/{with_media['made']}").status_code == 404
    assert "Used a tool" in read(link)
    assert f"/part/{with_media['film']}" in read(link)
    link.revoked_at = timezone.now()
    link.save()
    assert Client().get(f"/s/{link.token}/part/{with_media['film']}").status_code == 410


def test_a_reply_that_is_being_written_is_not_shared(conversation, creator, client):
    say(conversation, words("More"), parent=conversation.head, role="user")
    say(conversation, parent=conversation.head, status="running", heartbeat_at=timezone.now())
    client.force_login(creator.user)
    answer = client.post(at("create"), {"conversation": conversation.pk}, headers={"HX-Request": "true"})
    assert "Wait until" in json.loads(answer.headers["HX-Trigger"])["toast"]["text"]
    assert not Share.objects.exists()


@pytest.mark.parametrize("who", ["owner", "viewer", "stranger"])
def test_nobody_shares_the_conversation_of_somebody_else(conversation, client, who, request):
    client.force_login(request.getfixturevalue(who).user)
    answer = client.post(at("create"), {"conversation": conversation.pk})
    assert answer.status_code == (403 if who == "viewer" else 404)
    assert not Share.objects.exists()


# --- continue as a copy -----------------------------------------------------------------------------------------------


def test_a_member_goes_on_with_a_copy_of_their_own(share, owner, conversation):
    member = Client()
    member.force_login(owner.user)
    assert at("continue", share.pk) in read(share, member)
    assert "About lighthouses" in member.get(at("continue", share.pk)).content.decode()
    answer = member.post(at("continue", share.pk))
    copy = Conversation.objects.get(created_by=owner.user)
    assert answer.headers["Location"].endswith(f"/chat/{copy.pk}/")
    assert [message.blocks for message in copy.messages.all()] == [
        message.blocks for message in conversation.messages.all()
    ]
    assert "<strong>ships</strong>" in member.get(answer.headers["Location"]).content.decode()
    assert conversation.messages.count() == 2


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("stranger", 404)])
def test_others_cannot(share, who, status, request):
    person = Client()
    person.force_login(request.getfixturevalue(who).user)
    assert "Continue as a copy" not in read(share, person)
    assert person.post(at("continue", share.pk)).status_code == status
    assert Conversation.objects.count() == 1


def test_it_stands_in_the_list_of_links(share, creator, client):
    client.force_login(creator.user)
    html = client.get(at("index")).content.decode()
    assert "About lighthouses" in html
    panel = client.get(at("panel", share.pk)).content.decode()
    assert "Show what the model thought" in panel
    assert "download the file" not in panel
