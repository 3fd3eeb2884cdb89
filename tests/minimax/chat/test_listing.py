import json

import pytest

from apps.minimax.chat import ChatRequest, ListedModel, count_tokens, list_models
from apps.minimax.errors import AuthenticationError, MiniMaxError
from apps.minimax.speech import new_http
from tests.minimax.servers import serving

HELLO = ChatRequest("MiniMax-M3", [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}], 100, system="Short.")


def answering(*payloads: dict, status: int = 200):
    asked, left = [], list(payloads)

    async def handle(line):
        asked.append((line.headers.split()[1].decode(), line.body))
        await line.whole(json.dumps(left.pop(0)).encode(), status)

    return handle, asked


async def test_all_pages_of_the_models_are_read():
    def page(*ids, more):
        rows = [{"id": name, "display_name": name.upper(), "type": "model"} for name in ids]
        return {"data": rows, "has_more": more, "last_id": ids[-1]}

    handle, asked = answering(page("a", "b", more=True), page("c", more=False))
    async with serving(handle) as endpoint, new_http() as http:
        models = await list_models(http, endpoint, "anthropic")
    assert models == [ListedModel("a", "A"), ListedModel("b", "B"), ListedModel("c", "C")]
    assert [path for path, _body in asked] == ["/anthropic/v1/models", "/anthropic/v1/models?after_id=b"]


async def test_models_of_the_other_surface_have_no_names_of_their_own():
    handle, asked = answering({"object": "list", "data": [{"id": "MiniMax-M3", "object": "model"}]})
    async with serving(handle) as endpoint, new_http() as http:
        assert await list_models(http, endpoint, "openai") == [ListedModel("MiniMax-M3", "MiniMax-M3")]
    assert asked[0][0] == "/v1/models"


async def test_tokens_are_counted_without_the_settings_of_a_turn():
    handle, asked = answering({"input_tokens": 123})
    async with serving(handle) as endpoint, new_http() as http:
        assert await count_tokens(http, endpoint, HELLO) == 123
    path, body = asked[0]
    assert path == "/anthropic/v1/messages/count_tokens"
    assert set(json.loads(body)) == {"model", "messages", "system"}


@pytest.mark.parametrize("question", [lambda *a: list_models(*a, "openai"), lambda *a: count_tokens(*a, HELLO)])
@pytest.mark.parametrize("status", [200, 404, 500])
async def test_a_question_that_fails_has_cost_nothing(question, status):
    handle, _asked = answering({"base_resp": {"status_code": 1000, "status_msg": "oops"}}, status=status)
    async with serving(handle) as endpoint, new_http() as http:
        with pytest.raises(MiniMaxError) as caught:
            await question(http, endpoint)
    assert caught.value.charged == "no"


async def test_a_bad_key_is_told():
    handle, _asked = answering(
        {"type": "error", "error": {"type": "authentication_error", "message": "no"}}, status=401
    )
    async with serving(handle) as endpoint, new_http() as http:
        with pytest.raises(AuthenticationError):
            await list_models(http, endpoint, "anthropic")
