"""One prompt to several columns: streams, figures, the blind vote and what is kept."""

from __future__ import annotations

import asyncio
import json
import uuid
from decimal import Decimal

import pytest
from django.urls import reverse

from apps.chat.models import Candidate, Comparison, Conversation, Message
from apps.speech.rows import in_thread
from apps.workspaces.models import Connection, ConnectionKind, Membership
from tests.chat.conftest import SETTINGS, Page, Seen, Upstream, answers

pytestmark = pytest.mark.django_db(transaction=True)

M3 = SETTINGS
M27 = SETTINGS | {"model": "MiniMax-M2.7"}


async def compare(page: Page, *settings, text: str = "Hello", blind: bool = False, click: str = "", **fields) -> dict:
    given = {"conversation": None, "parent": None} | fields
    click = click or str(uuid.uuid4())
    await page.send("compare", click=click, text=text, settings=list(settings), blind=blind, **given)
    return await page.expect("started")


async def see_all(page: Page, started: dict) -> dict[str, Seen]:
    """Watch every column to its end."""
    columns = {pk: Seen(message=pk) for pk in started["replies"]}
    while not all(seen.status for seen in columns.values()):
        message = await page.receive()
        if message.get("m") in columns:
            columns[message["m"]].take(message)
    return columns


async def answer_by_model(line) -> None:
    await line.say(f"I am {line.body['model']}.")
    await line.end()


async def compared(upstream: Upstream, page: Page, *settings, **fields) -> Comparison:
    upstream.answer = answer_by_model
    started = await compare(page, *(settings or (M3, M27)), **fields)
    await see_all(page, started)
    return await in_thread(Comparison.objects.select_related("conversation", "question").get, pk=pk_of(started))


def pk_of(started: dict) -> str:
    return started["url"].rstrip("/").rpartition("/")[2]


def at(name: str, member: Membership, *args) -> str:
    return reverse(f"chat:{name}", args=[member.workspace.slug, *args])


async def get(client, member, url: str) -> str:
    await in_thread(client.force_login, member.user)
    answer = await in_thread(client.get, url)
    assert answer.status_code == 200
    return answer.content.decode()


async def post(client, member, url: str, **data):
    await in_thread(client.force_login, member.user)
    return await in_thread(client.post, url, data)


async def candidates(comparison: Comparison) -> list[Candidate]:
    return await in_thread(lambda: list(comparison.candidates.select_related("message")))


async def test_all_columns_are_asked_at_once_and_each_streams_its_own_reply(upstream, creator, open_page):
    page = await open_page(creator)
    started = await compare(page, M3, M27, M3 | {"temperature": 0.2})
    lines = [await asyncio.wait_for(upstream.lines.get(), 10) for _column in range(3)]  # all wait: none has an answer
    assert sorted(line.body["model"] for line in lines) == ["MiniMax-M2.7", "MiniMax-M3", "MiniMax-M3"]
    assert sorted(line.body.get("temperature", 1) for line in lines) == [0.2, 1, 1]
    for number, line in enumerate(lines):
        await line.say(f"Answer {number}.")
        await line.end()
    columns = await see_all(page, started)
    assert sorted(seen.text for seen in columns.values()) == ["Answer 0.", "Answer 1.", "Answer 2."]


async def test_the_columns_are_siblings_in_the_conversation(upstream, creator, open_page):
    page = await open_page(creator)
    comparison = await compared(upstream, page, text="Who are you?")
    rows = [candidate.message for candidate in await candidates(comparison)]
    assert {row.parent_id for row in rows} == {comparison.question_id}
    assert comparison.question.text == "Who are you?"
    assert {row.text for row in rows} == {"I am MiniMax-M3.", "I am MiniMax-M2.7."}


async def test_a_repeated_click_makes_no_second_comparison(upstream, creator, open_page):
    upstream.answer = answer_by_model
    page, click = await open_page(creator), str(uuid.uuid4())
    first = await compare(page, M3, M27, click=click, blind=True)
    again = await compare(page, M3, M27, click=click, blind=True)
    await see_all(page, first)
    assert (again["url"], again["replies"]) == (first["url"], first["replies"])
    assert await in_thread(Comparison.objects.count) == 1
    assert len(upstream.requests) == 2


async def test_tools_stay_out_of_a_comparison(upstream, creator, open_page):
    await compared(upstream, await open_page(creator), M3 | {"tools": ["search_library"]}, M27)
    assert not any(request.get("tools") for request in upstream.requests)


@pytest.mark.parametrize("count", [1, 5])
async def test_fewer_than_two_or_more_than_four_columns_are_refused(upstream, creator, open_page, count):
    page = await open_page(creator)
    await page.send("compare", click=str(uuid.uuid4()), text="Hello", settings=[M3] * count)
    assert "understand" in await page.expect_refusal()
    assert not upstream.requests


async def test_a_viewer_is_refused(upstream, viewer, open_page):
    page = await open_page(viewer)
    await page.send("compare", click=str(uuid.uuid4()), text="Hello", settings=[M3, M27])
    assert "role" in await page.expect_refusal()
    assert not upstream.requests


async def test_each_column_shows_its_figures(upstream, creator, open_page, client):
    comparison = await compared(upstream, await open_page(creator))
    html = await get(client, creator, at("comparison", creator, comparison.pk))
    assert html.count("First token") == html.count("Keep this one") == 2
    assert "129 → 7" in html
    assert "All together" in html


async def test_the_same_model_with_other_settings_says_what_differs(upstream, creator, open_page, client):
    comparison = await compared(
        upstream, await open_page(creator), M3, M3 | {"temperature": 0.2, "system": "Be brief."}
    )
    html = await get(client, creator, at("comparison", creator, comparison.pk))
    assert "temperature 0.2" in html
    assert "system prompt: Be brief." in html


async def test_a_failing_column_leaves_the_others_alone(upstream, creator, open_page, client):
    async def answer(line) -> None:
        if line.body["model"] == "MiniMax-M3":
            line.writer.close()
        else:
            await answer_by_model(line)

    upstream.answer = answer
    page = await open_page(creator)
    started = await compare(page, M3, M27)
    columns = await see_all(page, started)
    assert sorted(seen.status for seen in columns.values()) == ["done", "failed"]


async def test_a_reload_in_the_middle_shows_the_columns_and_their_streams(upstream, creator, open_page, client):
    first = await open_page(creator)
    started = await compare(first, M3, M27)
    lines = [await asyncio.wait_for(upstream.lines.get(), 10) for _column in range(2)]
    html = await get(client, creator, started["url"])
    assert html.count('data-status="running"') == 2
    second = await open_page(creator)
    for line in lines:
        await line.say("Here.")
    columns = {pk: Seen(message=pk) for pk in started["replies"]}
    for pk in columns:
        await second.send("watch", message=pk)
    while not all(seen.text == "Here." for seen in columns.values()):
        message = await second.receive()
        columns[message["m"]].take(message)
    for line in lines:
        await line.end()


# --- what is kept -----------------------------------------------------------------------------------------------------


async def test_the_one_that_is_kept_is_the_branch_and_nothing_is_lost(upstream, creator, open_page, client):
    comparison = await compared(upstream, await open_page(creator))
    winner = next(each.message for each in await candidates(comparison) if each.model == "MiniMax-M2.7")
    answer = await post(client, creator, at("compare_keep", creator, comparison.pk), message=str(winner.pk))
    assert answer.headers["HX-Redirect"] == at("conversation", creator, comparison.conversation_id)
    conversation = await in_thread(Conversation.objects.get, pk=comparison.conversation_id)
    assert (conversation.head_id, conversation.settings["model"]) == (winner.pk, "MiniMax-M2.7")
    assert await in_thread(conversation.messages.count) == 3


async def test_a_comparison_goes_on_with_a_conversation(upstream, creator, open_page):
    upstream.answer = answers("One.")
    page = await open_page(creator)
    await page.say("First")
    first = await page.see()
    await compared(upstream, page, conversation=first.started["conversation"], parent=first.message)
    assert all(request["messages"][0]["content"][0]["text"] == "First" for request in upstream.requests)
    assert await in_thread(Message.objects.filter(parent_id=first.message).count) == 1


async def test_only_a_column_of_the_comparison_can_be_kept(upstream, creator, open_page, client):
    comparison = await compared(upstream, await open_page(creator))
    url = at("compare_keep", creator, comparison.pk)
    assert (await post(client, creator, url, message=str(comparison.question_id))).status_code == 404
    assert (await post(client, creator, url, message="nonsense")).status_code == 404


# --- the blind vote ---------------------------------------------------------------------------------------------------


async def test_names_and_figures_are_hidden_until_the_vote(upstream, creator, open_page, client):
    async def answer(line) -> None:
        await line.say("Fine.")
        await line.end()

    upstream.answer = answer
    page = await open_page(creator)
    started = await compare(page, M3, M27, blind=True)
    await see_all(page, started)
    for hidden in (started["html"], await get(client, creator, started["url"])):
        assert "MiniMax-M" not in hidden
        assert "First token" not in hidden
        assert "Keep this one" not in hidden
    vote = at("compare_vote", creator, pk_of(started))
    shown = await post(client, creator, vote, winner=started["replies"][0])
    assert "First token" in shown.content.decode()
    assert shown.content.decode().count("Winner") == 1


async def test_the_order_of_a_blind_vote_is_left_to_chance(upstream, creator, open_page, monkeypatch):
    monkeypatch.setattr("apps.chat.comparing._shuffle", lambda columns: columns.reverse())
    comparison = await compared(upstream, await open_page(creator), blind=True)
    assert [each.model for each in await candidates(comparison)] == ["MiniMax-M2.7", "MiniMax-M3"]


async def test_votes_are_counted_for_the_workspace(upstream, creator, viewer, open_page, client):
    page = await open_page(creator)
    for winner in ("MiniMax-M3", "MiniMax-M3", ""):
        comparison = await compared(upstream, page, blind=True)
        chosen = [str(each.message_id) for each in await candidates(comparison) if each.model == winner]
        await post(client, creator, at("compare_vote", creator, comparison.pk), winner="".join(chosen))
    await compared(upstream, page)  # in the open: no vote
    answer = await in_thread(client.get, at("compare_tally", creator))
    scores = {score.model: (score.won, score.shown, score.tied) for score in answer.context["scores"]}
    assert scores == {"MiniMax-M3": (2, 3, 1), "MiniMax-M2.7": (0, 3, 1)}
    assert "67 %" in await get(client, viewer, at("compare_tally", viewer))


async def test_only_the_first_vote_counts(upstream, creator, open_page, client):
    comparison = await compared(upstream, await open_page(creator), blind=True)
    first, second = await candidates(comparison)
    url = at("compare_vote", creator, comparison.pk)
    await post(client, creator, url, winner=str(first.message_id))
    await post(client, creator, url, winner=str(second.message_id))
    assert [each.has_won for each in await candidates(comparison)] == [True, False]


async def test_nobody_votes_before_every_column_is_written(upstream, creator, open_page, client):
    page = await open_page(creator)
    started = await compare(page, M3, M27, blind=True)
    answer = await post(client, creator, at("compare_vote", creator, pk_of(started)), winner=started["replies"][0])
    assert "Wait until" in answer.headers["HX-Trigger"]
    assert not await in_thread(Candidate.objects.filter(has_won=True).exists)


async def test_the_vote_still_counts_when_the_conversation_is_gone(upstream, creator, open_page, client):
    comparison = await compared(upstream, await open_page(creator), blind=True)
    first, _second = await candidates(comparison)
    await post(client, creator, at("compare_vote", creator, comparison.pk), winner=str(first.message_id))
    await in_thread(lambda: Conversation.objects.get(pk=comparison.conversation_id).delete())
    answer = await in_thread(client.get, at("compare_tally", creator))
    assert sum(score.won for score in answer.context["scores"]) == 1


async def test_strangers_and_other_members_do_not_find_it(upstream, creator, admin, stranger, open_page, client):
    comparison = await compared(upstream, await open_page(creator))
    for other in (admin, stranger):
        await in_thread(client.force_login, other.user)
        for name in ("comparison", "compare_board"):
            assert (await in_thread(client.get, at(name, creator, comparison.pk))).status_code == 404
        for name in ("compare_vote", "compare_keep"):
            assert (await in_thread(client.post, at(name, creator, comparison.pk))).status_code == 404


async def test_every_column_gets_what_is_attached(upstream, creator, open_page):
    attached = [{"name": "notes.txt", "text": "The kite is red."}]
    page = await open_page(creator)
    await compared(upstream, page, attachments=attached)
    assert len(upstream.requests) == 2
    for body in upstream.requests:
        assert "The kite is red." in json.dumps(body["messages"][-1])


# --- the price --------------------------------------------------------------------------------------------------------


@pytest.fixture
def paid(workspace):
    return Connection.objects.create(workspace=workspace, kind=ConnectionKind.GLOBAL)


def ask_price(client, member, *settings, **data):
    client.force_login(member.user)
    return client.post(at("compare_price", member), {"settings": json.dumps(settings), **data})


def test_the_most_it_can_cost_is_stated_before_sending(client, creator, paid):
    answer = ask_price(client, creator, M3 | {"max_tokens": 5000}, M3, text="x" * 950)
    # 0.30 dollars a million tokens in, 1.20 out; the text has at most 950 tokens, what surrounds it at most 50
    assert answer.context["most"] == (2 * 1000 * Decimal("0.30") + 6000 * Decimal("1.20")) / 1_000_000
    assert "2 replies, at most $" in answer.content.decode()


def test_the_sandbox_is_free(client, creator, workspace):
    Connection.objects.create(workspace=workspace, kind=ConnectionKind.SANDBOX)
    assert "3 replies, free" in ask_price(client, creator, M3, M3, M27).content.decode()


def test_what_is_attached_counts_and_must_be_taken_by_every_model(client, creator, paid):
    def most(**attached) -> float:
        page = ask_price(client, creator, M3, M3, text="Hi", **attached).content.decode()
        return float(page.partition("$")[2].partition("<")[0].strip())

    assert most() < most(bytes=40_000) < most(bytes=40_000, pictures=4)
    assert most(bytes="nonsense", pictures="-1") == most()
    assert "takes no pictures" in ask_price(client, creator, M3, M27, pictures=1).content.decode()


def test_a_wrong_setting_is_named_instead_of_a_price(client, creator, paid):
    assert "less than or equal to 2" in ask_price(client, creator, M3 | {"temperature": 7}, M3).content.decode()
    assert ask_price(client, creator, M3).status_code == 404
    assert ask_price(client, creator, "nonsense", None).status_code == 404


# --- the page ---------------------------------------------------------------------------------------------------------


def test_the_page_offers_two_columns_and_room_for_four(client, creator, paid):
    client.force_login(creator.user)
    html = client.get(at("compare", creator)).content.decode()
    assert html.count("data-column") == 4
    assert html.count("data-column hidden") == 2


async def test_the_same_columns_again(upstream, creator, open_page, client):
    comparison = await compared(upstream, await open_page(creator), M27, M27 | {"system": "Sing."}, M3)
    html = await get(client, creator, f"{at('compare', creator)}?from={comparison.pk}")
    assert html.count("data-column hidden") == 1
    assert "Sing." in html
    assert "Your comparisons" in html
