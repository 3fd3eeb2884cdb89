"""The command palette: what it finds, and that it finds nothing of others."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.chat.models import Conversation
from apps.collections import services as collections
from apps.home.palette import fuzzy_score
from apps.voices.models import Origin, State, Voice
from tests.home.test_pages import make_asset


@pytest.fixture
def ask(client):
    """Ask as a member; returns {group: [labels]} and leaves the last answer on `.answer`."""

    def ask(member, q: str = "", **more: str) -> dict[str, list[str]]:
        client.force_login(member.user)
        ask.answer = client.get(reverse("home:palette", args=[member.workspace.slug]), {"q": q, **more})
        return {str(group.label): [str(hit.label) for hit in group.hits] for group in ask.answer.context["groups"]}

    return ask


def test_without_a_word_it_shows_every_page_the_role_may_open(ask, owner, viewer):
    assert {"Home", "Connection"} <= set(ask(owner)["Go to"])
    assert "Connection" not in ask(viewer)["Go to"]


def test_a_page_is_found_by_letters_in_order(ask, owner):
    assert "Audit log" in ask(owner, "adtlg")["Go to"]


def test_a_take_is_found_by_its_words_in_its_own_workspace_alone(ask, owner, stranger):
    make_asset(owner, title="Lighthouse", text="the keeper of the light")
    make_asset(stranger, title="Lighthouse of others")
    assert ask(owner, "keeper")["Made here"] == ["Lighthouse"]
    assert ask(owner, "lighthouse")["Made here"] == ["Lighthouse"]


def test_a_voice_leads_to_the_speech_page_with_that_voice(ask, client, creator):
    from apps.minimax import catalogue

    voice_id, voice = list(catalogue.voices.system.items())[-1]
    assert voice.name in ask(creator, voice.name)["Voices"]
    hit = next(hit for group in ask.answer.context["groups"] for hit in group.hits if hit.key == f"voice:{voice_id}")
    assert client.get(hit.url).context["form"]["voice_id"].value() == voice_id


def test_a_viewer_is_not_offered_voices(ask, viewer):
    assert "Voices" not in ask(viewer, "woman")


def test_what_was_chosen_lately_comes_first(ask, owner):
    asset = make_asset(owner, title="Lighthouse")
    assert ask(owner, recent=f"asset:{asset.pk},page:team")["Recent"] == ["Lighthouse", "Team"]


@pytest.mark.parametrize("key", ["asset:not-a-uuid", "page:nowhere", "voice:nobody", "spell:", "", "asset:" + "0" * 8])
def test_a_recent_key_that_makes_no_sense_is_left_out(ask, owner, key):
    assert "Recent" not in ask(owner, recent=key)


def test_a_recent_take_of_another_workspace_is_left_out(ask, owner, stranger):
    assert "Recent" not in ask(owner, recent=f"asset:{make_asset(stranger).pk}")


def test_nothing_found_is_said_and_the_word_is_escaped(ask, owner):
    assert ask(owner, "<zzqqxx>") == {}
    assert "“&lt;zzqqxx&gt;”" in ask.answer.content.decode()


def test_every_option_has_an_id_for_the_screen_reader(ask, owner):
    ask(owner)
    page = ask.answer.content.decode()
    assert page.count('role="option"') == page.count('id="option-')


@pytest.mark.parametrize(
    ("better", "worse"),
    [("Team", "Steam"), ("Speech", "Search speech page"), ("Library", "L i b r a r y")],
)
def test_a_closer_match_scores_higher(better, worse):
    word = better.lower()
    assert fuzzy_score(word, better) > fuzzy_score(word, worse)


def test_letters_far_apart_do_not_match():
    assert fuzzy_score("xyz", "x and many other words and y and at last z") == 0


def test_the_persons_other_workspaces_are_within_reach_and_those_of_others_are_not(ask, owner, stranger, workspace):
    from apps.workspaces.models import Membership, Workspace

    mine = Workspace.objects.create(name="Radio Atelier", slug="radio")
    Membership.objects.create(workspace=mine, user=owner.user, role="viewer")
    assert ask(owner)["Workspaces"] == ["Radio Atelier"]
    assert "Elsewhere" not in ask(owner, "elsewhere").get("Go to", [])


def test_a_theme_is_changed_in_place(ask, owner):
    assert ask(owner, "dark")["Go to"] == ["Dark theme"]
    assert 'data-set-theme="dark"' in ask.answer.content.decode()


def test_every_act_leads_to_where_it_begins_and_viewers_are_offered_what_they_may(ask, client, owner, viewer):
    acts = ask(owner)["Do"]
    assert {"Clone a voice", "New conversation", "Trash", "Invite somebody", "Keyboard shortcuts"} <= set(acts)
    for group in ask.answer.context["groups"]:
        for hit in group.hits:
            assert not hit.url or client.get(hit.url).status_code == 200, hit.label
    assert not {"Clone a voice", "Invite somebody", "New collection"} & set(ask(viewer)["Do"])
    assert 'data-open-dialog="shortcuts"' in ask.answer.content.decode()


def test_conversations_collections_and_own_voices_are_found_by_those_who_may_see_them(ask, owner, creator):
    talk = Conversation.objects.create(
        workspace=owner.workspace, created_by=owner.user, title="Marigold talk", moved_at=timezone.now()
    )
    one = collections.create(owner, "Marigold set")
    voice = Voice.objects.create(
        workspace=owner.workspace, created_by=owner.user, name="Marigold", origin=Origin.CLONE, state=State.KEPT
    )
    found = ask(owner, "marigold")
    assert (found["Collections"], found["Conversations"]) == (["Marigold set"], ["Marigold talk"])
    assert found["Voices"] == ["Marigold"]
    keys = f"talk:{talk.pk},collection:{one.pk},voice:{voice.alias},act:trash"
    assert ask(owner, recent=keys)["Recent"] == ["Marigold talk", "Marigold set", "Marigold", "Trash"]
    assert ask(creator, recent=keys)["Recent"] == ["Marigold set", "Marigold", "Trash"]  # the talk is the owner's own
