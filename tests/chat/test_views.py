"""The pages of chat: who finds what, and what a person can do with a conversation."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from apps.chat import showing, tree
from apps.chat.models import Conversation, Folder, Message
from tests.conftest import join


def said(conversation, text, *, parent=None, role="user", **fields) -> Message:
    message = Message.objects.create(
        conversation=conversation,
        parent=parent,
        role=role,
        created_by=conversation.created_by,
        blocks=[{"type": "text", "text": text}],
        text=text,
        html=[f"<p>{text}</p>"],
        html_version=1,
        click=str(uuid.uuid4()),
        model="MiniMax-M3" if role == "assistant" else "",
        **fields,
    )
    conversation.head = message
    conversation.save()
    return message


@pytest.fixture
def conversation(creator) -> Conversation:
    """Carla's, private: a question with two answers, the second of which was gone on with."""
    made = Conversation.objects.create(
        workspace=creator.workspace, created_by=creator.user, title="About lighthouses", moved_at=timezone.now()
    )
    question = said(made, "How high is a lighthouse?")
    said(made, "Forty metres.", parent=question, role="assistant")
    second = said(
        made, "It depends.", parent=question, role="assistant", usage={"input": 10, "output": 5}, cost_usd="0.002"
    )
    said(made, "On what?", parent=second)
    return made


@pytest.fixture
def signed_in(client):
    def sign_in(member):
        client.force_login(member.user)
        return client

    return sign_in


def at(conversation, name="conversation") -> str:
    return reverse(f"chat:{name}", args=[conversation.workspace.slug, conversation.pk])


# --- who finds it -----------------------------------------------------------------------------------------------------

READING = ["conversation", "thread", "map"]
CHANGING = ["rename", "pin", "archive", "move", "open", "delete", "restore", "branch"]


@pytest.mark.parametrize("name", READING)
def test_a_private_conversation_is_its_makers_alone(signed_in, conversation, creator, admin, owner, name):
    assert signed_in(creator).get(at(conversation, name)).status_code == 200
    for other in (admin, owner):
        assert signed_in(other).get(at(conversation, name)).status_code == 404


@pytest.mark.parametrize("name", READING)
def test_what_is_opened_is_read_by_members_and_not_by_strangers(signed_in, conversation, admin, viewer, stranger, name):
    conversation.is_open = True
    conversation.save()
    for member in (admin, viewer):
        assert signed_in(member).get(at(conversation, name)).status_code == 200
    assert signed_in(stranger).get(at(conversation, name)).status_code == 404


@pytest.mark.parametrize("name", CHANGING)
def test_nobody_changes_what_is_somebody_elses(signed_in, conversation, admin, name):
    conversation.is_open = True
    conversation.save()
    message = str(conversation.head_id)
    assert signed_in(admin).post(at(conversation, name), {"title": "Mine", "message": message}).status_code == 404
    conversation.refresh_from_db()
    assert conversation.title == "About lighthouses"


@pytest.mark.parametrize("name", ["turn", "source"])
def test_messages_are_found_like_their_conversation(signed_in, conversation, creator, admin, stranger, name):
    url = reverse(f"chat:{name}", args=[conversation.workspace.slug, conversation.head_id])
    assert signed_in(creator).get(url).status_code == 200
    for other in (admin, stranger):
        assert signed_in(other).get(url).status_code == 404


def test_the_list_and_the_search_hold_nobody_elses_secrets(signed_in, conversation, admin):
    url = reverse("chat:list", args=[conversation.workspace.slug])
    for q in ("", "lighthouse", "metres"):
        assert "lighthouses" not in signed_in(admin).get(url, {"q": q}).content.decode()


def test_somebody_who_reads_gets_no_buttons_to_write(signed_in, conversation, admin):
    conversation.is_open = True
    conversation.save()
    page = signed_in(admin).get(at(conversation)).content.decode()
    assert "Continue as a copy" in page
    for act in ("data-again", "data-edit=", "data-continue"):
        assert act not in page


# --- what is shown ----------------------------------------------------------------------------------------------------


def test_the_page_shows_the_branch_with_its_figures(signed_in, conversation, creator):
    page = signed_in(creator).get(at(conversation)).content.decode()
    assert "It depends." in page
    assert "Forty metres." not in page
    assert "2/2" in page
    assert "$0.002" in page
    assert "10 → 5" in page


def test_another_version_is_shown_and_remembered(signed_in, conversation, creator):
    first = conversation.messages.get(text="Forty metres.")
    page = signed_in(creator).post(at(conversation, "branch"), {"message": str(first.pk)}).content.decode()
    assert "Forty metres." in page
    assert "1/2" in page
    conversation.refresh_from_db()
    assert conversation.head_id == first.pk


def test_going_back_to_a_version_leads_to_its_newest_end(conversation):
    second = conversation.messages.get(text="It depends.")
    assert tree.newest_leaf(conversation, second.pk) == conversation.messages.get(text="On what?").pk


def test_the_map_has_every_message(signed_in, conversation, creator):
    page = signed_in(creator).get(at(conversation, "map")).content.decode()
    for text in ("How high", "Forty metres", "It depends", "On what?"):
        assert text in page
    columns = [node.column for node in tree.map_of(conversation)]
    assert sorted(set(columns)) == [0, 1]


def test_history_is_the_way_to_one_message_and_no_other(conversation):
    texts = [part.blocks[0]["text"] for part in tree.history(conversation.head_id)]
    assert texts == ["How high is a lighthouse?", "It depends.", "On what?"]


def test_the_meter_tells_the_window_and_one_more_turn(creator, conversation):
    context = showing.thread(creator, conversation)
    assert (context["meter"].used, context["meter"].window) == (15, 1_000_000)
    assert context["meter"].next_usd > 0
    assert context["totals"].tokens == 15


def test_html_of_an_older_renderer_is_made_anew(signed_in, conversation, creator):
    Message.objects.filter(text="It depends.").update(html=["<script>old</script>"], html_version=0)
    page = signed_in(creator).get(at(conversation)).content.decode()
    assert "<script>old" not in page
    assert "It depends." in page


# --- the list ---------------------------------------------------------------------------------------------------------


def listed(client, conversation, **query) -> str:
    return client.get(reverse("chat:list", args=[conversation.workspace.slug]), query).content.decode()


@pytest.mark.parametrize(("q", "is_found"), [("metres", True), ("LIGHTHOUSE depends", True), ("submarine", False)])
def test_search_reads_all_branches_of_all_conversations(signed_in, conversation, creator, q, is_found):
    assert ("About lighthouses" in listed(signed_in(creator), conversation, q=q)) is is_found


def test_pinned_ones_stand_above(signed_in, conversation, creator):
    newer = Conversation.objects.create(
        workspace=creator.workspace,
        created_by=creator.user,
        title="Newer",
        moved_at=timezone.now() + timedelta(minutes=1),
    )
    client = signed_in(creator)
    page = listed(client, conversation)
    assert page.index(newer.title) < page.index(conversation.title)
    page = client.post(at(conversation, "pin")).content.decode()
    assert page.index(conversation.title) < page.index(newer.title)
    client.post(at(conversation, "pin"))
    conversation.refresh_from_db()
    assert conversation.pinned_at is None


def test_archived_ones_are_out_of_the_way_and_found_again(signed_in, conversation, creator):
    client = signed_in(creator)
    assert conversation.title not in client.post(at(conversation, "archive")).content.decode()
    assert conversation.title in listed(client, conversation, archived="1")


def test_what_is_renamed_keeps_its_name(signed_in, conversation, creator):
    signed_in(creator).post(at(conversation, "rename"), {"title": "  Towers  "})
    conversation.refresh_from_db()
    assert conversation.title == "Towers"
    assert signed_in(creator).post(at(conversation, "rename"), {"title": " "}).status_code == 422


def test_what_was_deleted_comes_back(signed_in, conversation, creator):
    client = signed_in(creator)
    assert "Undo" in client.post(at(conversation, "delete")).content.decode()
    assert client.get(at(conversation)).status_code == 404
    client.post(at(conversation, "restore"))
    assert client.get(at(conversation)).status_code == 200


def test_a_folder_goes_and_what_was_in_it_stays(signed_in, conversation, creator, admin):
    client, slug = signed_in(creator), conversation.workspace.slug
    client.post(reverse("chat:folders", args=[slug]), {"name": "Towers"})
    folder = Folder.objects.get()
    client.post(at(conversation, "move"), {"folder": folder.pk})
    assert conversation.title in listed(client, conversation, folder=folder.pk)
    assert signed_in(admin).delete(reverse("chat:folder", args=[slug, folder.pk])).status_code == 404
    signed_in(creator).delete(reverse("chat:folder", args=[slug, folder.pk]))
    conversation.refresh_from_db()
    assert (conversation.folder, Folder.objects.exists()) == (None, False)


def test_nobody_puts_a_conversation_into_somebody_elses_folder(signed_in, conversation, creator, admin):
    folder = Folder.objects.create(workspace=admin.workspace, person=admin.user, name="Adam's")
    assert signed_in(creator).post(at(conversation, "move"), {"folder": folder.pk}).status_code == 404


def test_a_page_of_the_list_leads_to_the_next(signed_in, conversation, creator):
    for number in range(45):
        Conversation.objects.create(
            workspace=creator.workspace, created_by=creator.user, title=f"Talk {number:02}", moved_at=timezone.now()
        )
    client = signed_in(creator)
    assert "page=1" in listed(client, conversation)
    assert "About lighthouses" in listed(client, conversation, page="1")


# --- opened, copied ---------------------------------------------------------------------------------------------------


def test_opening_and_closing(signed_in, conversation, creator, admin):
    client = signed_in(creator)
    client.post(at(conversation, "open"), {"is_open": "true"})
    assert signed_in(admin).get(at(conversation)).status_code == 200
    signed_in(creator).post(at(conversation, "open"))
    assert signed_in(admin).get(at(conversation)).status_code == 404


def test_a_reader_goes_on_with_a_copy(signed_in, conversation, admin):
    conversation.is_open = True
    conversation.save()
    signed_in(admin).post(at(conversation, "copy"))
    twin = Conversation.objects.get(created_by=admin.user)
    assert [turn.message.text for turn in tree.branch(twin)] == ["How high is a lighthouse?", "It depends.", "On what?"]
    assert twin.is_open is False
    assert conversation.messages.count() == 4


# --- out and in -------------------------------------------------------------------------------------------------------


def exported(client, conversation, format) -> bytes:
    url = reverse("chat:export", args=[conversation.workspace.slug, conversation.pk, format])
    response = client.get(url)
    assert f".{format}" in response["Content-Disposition"]
    return response.content


def test_markdown_holds_the_branch_that_is_shown(signed_in, conversation, creator):
    text = exported(signed_in(creator), conversation, "md").decode()
    assert text.startswith("# About lighthouses\n")
    assert "## MiniMax M3\n\nIt depends." in text
    assert "Forty metres" not in text


def brought(client, workspace, content: bytes):
    file = SimpleUploadedFile("c.json", content, "application/json")
    return client.post(reverse("chat:import", args=[workspace.slug]), {"file": file})


def test_json_goes_out_and_comes_back_with_every_branch(signed_in, conversation, creator):
    client = signed_in(creator)
    conversation.archived_at = timezone.now()
    conversation.save()
    content = exported(client, conversation, "json")
    brought(client, creator.workspace, content)
    twin = Conversation.objects.exclude(pk=conversation.pk).get()
    assert twin.title == conversation.title
    assert twin.archived_at
    assert twin.messages.count() == 4
    assert [turn.message.text for turn in tree.branch(twin)] == [
        turn.message.text for turn in tree.branch(conversation)
    ]
    again = json.loads(exported(client, twin, "json"))
    assert [message["blocks"] for message in again["messages"]] == [
        message["blocks"] for message in json.loads(content)["messages"]
    ]


def one_message(**changes) -> bytes:
    row = {"id": "a", "parent": "", "role": "user", "blocks": []} | changes
    return json.dumps({"format": "minimax-studio-conversation", "messages": [row]}).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no json",
        b"[]",
        b'{"format": "other"}',
        b'{"format": "minimax-studio-conversation", "messages": [{}]}',
        one_message(parent="b"),
        one_message(role="root"),
        one_message(blocks=[{"type": "text", "text": {"a": 1}}]),
        one_message(blocks=[{"text": "a"}]),
    ],
)
def test_a_file_that_is_no_conversation_is_a_sentence(signed_in, creator, content):
    response = brought(signed_in(creator), creator.workspace, content)
    assert "toast" in response["HX-Trigger"]
    assert not Conversation.objects.exists()


def test_what_is_imported_is_rendered_here_and_not_believed(signed_in, creator):
    row = {"id": "a", "parent": "", "role": "assistant", "html": ["<script>x</script>"], "cost_usd": "9"}
    row["blocks"] = [{"type": "text", "text": "<script>alert(1)</script>"}, {"type": "image", "asset": "x"}]
    content = {"format": "minimax-studio-conversation", "version": 1, "title": "T", "messages": [row]}
    client = signed_in(creator)
    brought(client, creator.workspace, json.dumps(content).encode())
    made = Conversation.objects.get()
    assert "<script>alert" not in client.get(at(made)).content.decode()
    message = made.messages.get()
    assert (message.cost_usd, [block["type"] for block in message.blocks]) == (None, ["text"])


def test_a_picture_of_the_library_may_be_asked_about(signed_in, creator):
    page = signed_in(creator).get(reverse("chat:index", args=[creator.workspace.slug]), {"image": str(uuid.uuid4())})
    assert page.status_code == 200
    assert "data-first" not in page.content.decode()


def test_a_viewer_sees_a_page_that_says_why_nothing_can_be_written(signed_in, viewer):
    page = signed_in(viewer).get(reverse("chat:index", args=[viewer.workspace.slug])).content.decode()
    assert "Your role lets you read here" in page


def test_replies_in_motion_are_in_their_makers_tray_only(conversation, creator, workspace):
    from apps.workspaces import tray

    said(conversation, "", parent=conversation.head, role="assistant", status="running", heartbeat_at=timezone.now())
    other = join(workspace, "Otto", "admin")
    assert [item.title for item in tray.items_for(creator)] == ["About lighthouses"]
    assert tray.items_for(other) == []
