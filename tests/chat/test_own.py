"""A chat server of the team's own: named on the connection page, spoken to over a real socket, with its quirks."""

from __future__ import annotations

import asyncio
import json
import threading
import uuid
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from apps.chat import comparing
from apps.chat.models import Comparison, Message
from apps.minimax.chat import ChatRequest
from apps.speech.rows import in_thread
from apps.usage.models import LedgerEntry
from apps.workspaces.models import AuditEntry, ChatConnection, Connection, ConnectionKind
from apps.workspaces.sealing import seal, unseal
from tests.chat.conftest import SETTINGS, answers

pytestmark = pytest.mark.django_db(transaction=True)

URL = "/w/night-shift/team/connection/"
CHAT_URL = URL + "chat/"
KEY = "own-key-0123456789-WXYZ"
MODEL = "MiniMaxAI/MiniMax-M2"


def part(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"id": "c-1", "model": MODEL, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


class OwnServer:
    """Speaks OpenAI's API as open servers do: no ping, no usage unless told, `data:` without a space."""

    def __init__(self) -> None:
        self.models: list[dict[str, Any]] = [{"id": MODEL, "max_model_len": 131072}, {"id": "qwen3:8b"}]
        self.key = ""
        self.is_done_said = True
        self.finish: str | None = "stop"
        self.usage: dict[str, int] | None = None
        self.deltas: list[dict[str, Any]] = [
            {"reasoning_content": "Let me "},
            {"reasoning_content": "see."},
            {"content": "Good **evening**"},
            {"content": "."},
        ]
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def _handler(owner) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_args: Any) -> None:
                pass

            def do_GET(self) -> None:
                owner.note(self, None)
                if not owner.lets_in(self):
                    return
                self.answer(200, {"object": "list", "data": owner.models})

            def do_POST(self) -> None:
                owner.note(self, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                if not owner.lets_in(self):
                    return
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                for line in owner.lines():
                    self.wfile.write(f"data:{line}\n\n".encode())

            def answer(self, status: int, body: dict[str, Any]) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        return Handler

    def note(self, handler: Any, body: Any) -> None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.requests.append((handler.path, headers, body))

    def lets_in(self, handler: Any) -> bool:
        if self.key and handler.headers.get("Authorization") != f"Bearer {self.key}":
            handler.answer(401, {"error": {"message": "Unauthorized", "type": "invalid_request_error"}})
            return False
        return True

    def lines(self) -> list[str]:
        parts = [part({"role": "assistant", "content": ""}), *(part(delta) for delta in self.deltas)]
        if self.finish:
            parts.append(part({}, self.finish))
        if self.usage:
            parts.append({"choices": [], "usage": self.usage})
        return [*map(json.dumps, parts), *(["[DONE]"] if self.is_done_said else [])]


@pytest.fixture
def own_server(settings) -> Iterator[OwnServer]:
    settings.ALLOW_PRIVATE_ENDPOINTS = True
    server = OwnServer()
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.http.shutdown()
    server.http.server_close()
    thread.join()


def given(server: OwnServer, **changes: Any) -> dict[str, Any]:
    return {"base_url": server.url, "surface": "openai", "chat_key": "", "input_usd": "0", "output_usd": "0"} | changes


@pytest.fixture
def own(workspace, own_server) -> ChatConnection:
    """The workspace's chat goes there; it has no other connection."""
    return ChatConnection.objects.create(
        workspace=workspace, base_url=own_server.url, listed=[{"id": MODEL, "label": MODEL, "context": 131072}]
    )


@pytest.fixture
def upstream_named(workspace) -> Connection:
    """The workspace has a key for MiniMax as well."""
    return Connection.objects.create(
        workspace=workspace, kind=ConnectionKind.GLOBAL, key_sealed=seal("sk-api-0123456789")
    )


OWN_SETTINGS = SETTINGS | {"model": MODEL}


# --- naming it --------------------------------------------------------------------------------------------------------


def test_a_server_is_named_asked_for_its_models_and_its_key_is_never_shown_again(client, owner, own_server):
    own_server.key = KEY
    client.force_login(owner.user)
    answer = client.post(CHAT_URL, given(own_server, base_url=own_server.url + "/v1/", chat_key=KEY), follow=True)
    page = answer.content.decode()
    assert answer.redirect_chain
    assert own_server.requests[0][0] == "/v1/models"
    assert MODEL in page
    assert "····WXYZ" in page
    assert KEY not in page
    kept = ChatConnection.objects.get()
    assert (kept.base_url, kept.listed[0]["context"]) == (own_server.url, 131072)
    assert KEY not in str(ChatConnection.objects.values().get())
    assert unseal(kept.key_sealed) == KEY
    entry = AuditEntry.objects.get(action="chat_connection.changed")
    assert KEY not in str(entry.subject)


def test_a_private_address_is_refused_unless_the_installation_allows_it(client, owner, own_server, settings):
    client.force_login(owner.user)
    settings.ALLOW_PRIVATE_ENDPOINTS = False
    for address in (own_server.url, "https://127.0.0.1:8000", "https://169.254.169.254"):
        answer = client.post(CHAT_URL, given(own_server, base_url=address))
        assert answer.status_code == 422
    assert "private network" in answer.content.decode()
    assert "STUDIO_ALLOW_PRIVATE_ENDPOINTS" in answer.content.decode()
    assert not own_server.requests
    assert not ChatConnection.objects.exists()


def test_nothing_said_goes_to_a_private_address_once_it_is_forbidden(client, own, owner, settings, own_server):
    settings.ALLOW_PRIVATE_ENDPOINTS = False
    client.force_login(owner.user)
    answer = client.post(URL + "chat/test/", headers={"HX-Request": "true"})
    assert "begin with https" in answer.content.decode()
    assert not own_server.requests


@pytest.mark.parametrize(("name", "status"), [("creator", 403), ("viewer", 403), ("stranger", 404)])
def test_only_who_manages_the_workspace_names_tests_and_removes_it(client, request, own, own_server, name, status):
    client.force_login(request.getfixturevalue(name).user)
    assert client.post(CHAT_URL, given(own_server)).status_code == status
    assert client.post(CHAT_URL + "remove/").status_code == status
    assert client.post(CHAT_URL + "test/").status_code == status
    assert ChatConnection.objects.exists()


def test_a_wrong_key_and_an_empty_list_are_sentences_and_change_nothing(client, owner, own_server):
    client.force_login(owner.user)
    own_server.key = KEY
    answer = client.post(CHAT_URL, given(own_server, chat_key="own-key-wrong-wrong-0000"))
    assert answer.status_code == 422
    assert "did not accept the key" in answer.content.decode()
    assert "wrong-0000" not in answer.content.decode()
    own_server.key, own_server.models = "", []
    answer = client.post(CHAT_URL, given(own_server))
    assert "it lists no models" in answer.content.decode()
    assert not ChatConnection.objects.exists()


def test_an_unreachable_server_is_called_by_its_name(client, owner, own_server):
    client.force_login(owner.user)
    answer = client.post(CHAT_URL, given(own_server, base_url="http://127.0.0.1:9"))
    assert "127.0.0.1:9 could not be reached" in answer.content.decode()


def test_a_key_stays_when_the_prices_change_and_goes_with_another_server(client, owner, own_server):
    client.force_login(owner.user)
    client.post(CHAT_URL, given(own_server, chat_key=KEY))
    client.post(CHAT_URL, given(own_server, input_usd="0.5"))
    kept = ChatConnection.objects.get()
    assert (unseal(kept.key_sealed), kept.input_usd) == (KEY, Decimal("0.5"))
    client.post(CHAT_URL, given(own_server, base_url=own_server.url.replace("127.0.0.1", "localhost")))
    assert ChatConnection.objects.get().key_sealed == ""


def test_asking_again_takes_over_the_models_that_are_new(client, own, owner, own_server):
    client.force_login(owner.user)
    own_server.models = [{"id": "new-one"}]
    answer = client.post(CHAT_URL + "test/", headers={"HX-Request": "true"})
    assert "new-one" in answer.content.decode()
    assert [each["id"] for each in ChatConnection.objects.get().listed] == ["new-one"]


def test_the_pages_offer_its_models_and_after_its_removal_minimaxs(client, own, owner, own_server):
    client.force_login(owner.user)
    for url in ("/w/night-shift/chat/", "/w/night-shift/chat/compare/"):
        page = client.get(url).content.decode()
        assert MODEL in page
        assert "MiniMax-M3" not in page.partition("<select")[2].partition("</select>")[0]
    client.post(CHAT_URL + "remove/")
    assert '"MiniMax-M3"' in client.get("/w/night-shift/chat/").content.decode()


def test_columns_on_it_cost_what_the_team_reckons(client, own, owner):
    client.force_login(owner.user)
    settings = json.dumps([OWN_SETTINGS, OWN_SETTINGS])
    answer = client.post("/w/night-shift/chat/compare/price", {"settings": settings, "text": "Hi"})
    assert "free" in answer.content.decode()
    ChatConnection.objects.update(output_usd=2)
    answer = client.post("/w/night-shift/chat/compare/price", {"settings": settings, "text": "Hi"})
    assert "at most $0.004" in answer.content.decode()


# --- talking to it ----------------------------------------------------------------------------------------------------


async def reply_of(page, text="Hi", settings=OWN_SETTINGS, **fields) -> tuple[Any, Message]:
    await page.say(text, settings=settings, **fields)
    seen = await page.see()
    return seen, await in_thread(Message.objects.get, pk=seen.message)


async def test_a_reply_without_ping_usage_or_spaces_is_seen_kept_and_free(own, own_server, creator, open_page):
    seen, reply = await reply_of(await open_page(creator))
    assert (seen.status, seen.thought, seen.text) == ("done", "Let me see.", "Good evening.")
    path, headers, body = own_server.requests[0]
    assert path == "/v1/chat/completions"
    assert "authorization" not in headers
    assert (body["model"], body["max_tokens"], body["stream"]) == (MODEL, 1000, True)
    assert not {"reasoning_split", "thinking", "service_tier", "max_completion_tokens"} & body.keys()
    assert (reply.charged, reply.cost_usd, reply.usage, reply.connection_kind) == ("no", 0, {}, "own")
    entry = await in_thread(LedgerEntry.objects.get)
    assert (entry.actual_usd, entry.connection_kind, entry.model) == (0, "custom", MODEL)


async def test_a_stream_that_ends_with_done_alone_is_whole(own, own_server, creator, open_page):
    own_server.finish = None
    seen, reply = await reply_of(await open_page(creator))
    assert (seen.status, reply.stop_reason) == ("done", "end_turn")


async def test_a_stream_that_ends_without_any_end_is_not_taken_for_whole(own, own_server, creator, open_page):
    own_server.finish, own_server.is_done_said = None, False
    seen, reply = await reply_of(await open_page(creator))
    assert seen.status == "failed"
    assert reply.text == "Good **evening**."
    assert reply.charged == "no"


async def test_its_key_is_sent_and_its_price_counted_where_it_tells_the_tokens(own, own_server, creator, open_page):
    own_server.key, own_server.usage = KEY, {"prompt_tokens": 1000, "completion_tokens": 500}
    await in_thread(ChatConnection.objects.update, key_sealed=seal(KEY), input_usd=1, output_usd=4)
    page = await open_page(creator)
    seen, reply = await reply_of(page)
    assert seen.status == "done"
    assert (reply.charged, reply.cost_usd) == ("yes", Decimal("0.003"))
    own_server.usage = None
    _seen, reply = await reply_of(page)
    assert reply.cost_usd is None  # it has a price, and only the server knows the tokens


async def test_a_refused_key_is_told_with_the_servers_name_and_noted(own, own_server, creator, open_page):
    own_server.key = KEY
    seen, reply = await reply_of(await open_page(creator))
    assert seen.status == "failed"
    assert "did not accept the key" in reply.error
    assert "MiniMax" not in reply.error + reply.next_step
    assert (await in_thread(ChatConnection.objects.get)).status == "failing"


async def test_a_model_that_it_does_not_list_is_refused_before_anything_is_sent(own, own_server, creator, open_page):
    page = await open_page(creator)
    await page.say("Hi", settings=SETTINGS | {"model": "own:gone"})
    assert "does not list this model" in await page.expect_refusal()
    await page.say("Hi", settings=SETTINGS)
    assert "no connection" in await page.expect_refusal()  # to MiniMax, whose model this is
    assert not own_server.requests


async def over(reply: str) -> None:
    for _ in range(200):
        if await in_thread(Message.objects.filter(pk=reply, status="done").exists):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it is still being written")


async def test_it_answers_beside_minimax_and_each_is_named_paid_and_counted_for_itself(
    upstream, own, own_server, creator, open_page
):
    await in_thread(ChatConnection.objects.update, listed=[{"id": "MiniMax-M3", "label": "MiniMax-M3", "context": 0}])
    upstream.answer = answers("From far away.")
    page = await open_page(creator)
    columns = [SETTINGS | {"model": "own:MiniMax-M3"}, SETTINGS, SETTINGS | {"model": "MiniMax-M3"}]
    click = str(uuid.uuid4())
    await page.send("compare", click=click, conversation=None, parent=None, text="Hi", settings=columns, blind=True)
    started = await page.expect("started")
    for reply in started["replies"]:
        await over(reply)
    rows = {row.connection_kind: row for row in await in_thread(lambda: list(Message.objects.filter(role="assistant")))}
    assert (rows["own"].text, rows["own"].settings["server"]) == ("Good **evening**.", "own")
    assert (rows["custom"].text, rows["custom"].cost_usd > 0) == ("From far away.", True)
    assert (len(own_server.requests), len(upstream.requests)) == (1, 2)
    comparison = await in_thread(Comparison.objects.get)
    await in_thread(comparing.vote, comparison, rows["own"].pk)
    told = [(score.label, score.shown, score.won) for score in await in_thread(comparing.tally, creator)]
    assert told == [("MiniMax-M3 · own server", 1, 1), ("MiniMax M3", 2, 0)]
    assert rows["own"].settings["model"] == "MiniMax-M3"


def test_pickers_offer_both_and_new_columns_have_one_of_each(client, own, owner, upstream_named):
    client.force_login(owner.user)
    page = client.get("/w/night-shift/chat/").content.decode()
    picker = page.partition('id="id_model"')[2].partition("</select>")[0]
    assert f'<option value="own:{MODEL}" selected>' in picker
    assert '<optgroup label="MiniMax">' in picker
    compare = client.get("/w/night-shift/chat/compare/").content.decode()
    second = compare.partition('id="model-B"')[2].partition("</select>")[0]
    assert '<option value="MiniMax-M3" selected>' in second
    settings = json.dumps([OWN_SETTINGS | {"model": f"own:{MODEL}"}, SETTINGS])
    price = client.post("/w/night-shift/chat/compare/price", {"settings": settings, "text": "Hi"}).content.decode()
    assert "2 replies, at most $" in price


async def test_minimax_answers_again_when_the_server_is_gone_and_its_models_are_refused(
    upstream, own, creator, open_page
):
    await in_thread(ChatConnection.objects.all().delete)
    upstream.answer = answers("Back.")
    page = await open_page(creator)
    await page.say("Hi", settings=OWN_SETTINGS)
    assert "not offered any more" in await page.expect_refusal()
    seen, reply = await reply_of(page, settings=SETTINGS)
    assert (seen.text, reply.connection_kind) == ("Back.", "custom")


async def test_what_it_thought_is_sent_back_where_its_template_looks_for_it(own, own_server, creator, open_page):
    page = await open_page(creator)
    first, _reply = await reply_of(page)
    await reply_of(page, "And now?", conversation=first.started["conversation"], parent=first.message)
    said = own_server.requests[1][2]["messages"][1]
    assert said == {"role": "assistant", "content": "Good **evening**.", "reasoning_content": "Let me see."}


async def test_its_calls_of_the_functions_go_on_with_what_a_person_types(own, own_server, creator, open_page):
    call = {"index": 0, "id": "call_1", "function": {"name": "get_time", "arguments": '{"zone": "UTC"}'}}
    own_server.deltas, own_server.finish = [{"tool_calls": [call]}], "tool_calls"
    functions = [{"name": "get_time", "description": "", "input_schema": {"type": "object", "properties": {}}}]
    page = await open_page(creator)
    _seen, reply = await reply_of(page, settings=OWN_SETTINGS | {"functions": json.dumps(functions)})
    waiting = await in_thread(reply.calls.get)
    own_server.deltas, own_server.finish = [{"content": "Noon."}], "stop"
    await page.send("results", results=[{"call": str(waiting.pk), "text": "12:00"}])
    for _ in range(200):
        if await in_thread(Message.objects.filter(text="Noon.", status="done").exists):
            break
        await asyncio.sleep(0.05)
    assert own_server.requests[1][2]["messages"][-1] == {
        "role": "tool",
        "tool_call_id": "call_1",
        "content": "12:00",
    }


async def test_a_reply_never_asks_for_more_than_half_of_its_window(own, own_server, creator, open_page):
    await in_thread(ChatConnection.objects.update, listed=[{"id": MODEL, "label": MODEL, "context": 4096}])
    await reply_of(await open_page(creator), settings=OWN_SETTINGS | {"max_tokens": 16384})
    assert own_server.requests[0][2]["max_tokens"] == 2048


def test_the_other_surface_goes_to_the_plain_path_with_both_headers():
    from apps.minimax.connection import Endpoint

    request = ChatRequest("m", [], max_tokens=5, is_plain=True)
    headers = request.headers(Endpoint("https://x.example", KEY, needs_key=False), "anthropic")
    assert request.path("anthropic") == "/v1/messages"
    assert headers == {"Authorization": f"Bearer {KEY}", "anthropic-version": "2023-06-01", "x-api-key": KEY}
    assert request.headers(Endpoint("https://x.example", "", needs_key=False), "openai") == {}
