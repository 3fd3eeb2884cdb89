import httpx
import pytest

from apps.minimax.check import check_endpoint, check_key
from apps.minimax.connection import Endpoint
from apps.minimax.errors import AuthenticationError, MiniMaxError, RateLimitError, UnreachableError
from tests.minimax.servers import KEY, refusal

SUCCESS = {"base_resp": {"status_code": 0, "status_msg": "success"}}


def by_host(minimax, **answers) -> None:
    """Answer per host: io = global, com = mainland."""

    def answer(request: httpx.Request) -> httpx.Response:
        told = answers[request.url.host.rsplit(".", 1)[1]]
        if isinstance(told, Exception):
            raise told
        return told if isinstance(told, httpx.Response) else httpx.Response(200, json=told)

    minimax.answers(answer)


def test_a_global_key_is_found_with_one_call(minimax):
    by_host(minimax, io=SUCCESS)
    assert check_key(KEY, transport=minimax.transport).region == "global"
    assert len(minimax.requests) == 1


def test_a_mainland_key_is_found_on_the_second(minimax):
    by_host(minimax, io=refusal(1004), com=SUCCESS)
    check = check_key(KEY, transport=minimax.transport)
    assert (check.region, check.error) == ("mainland", None)


def test_a_key_of_nowhere_is_an_authentication_error(minimax):
    by_host(minimax, io=refusal(2049, "invalid api key"), com=refusal(1004))
    check = check_key(KEY, transport=minimax.transport)
    assert check.region is None
    assert isinstance(check.error, AuthenticationError)
    assert "other region" in str(check.error)


def test_a_region_that_cannot_be_asked_leaves_the_question_open(minimax):
    by_host(minimax, io=refusal(2049), com=httpx.ConnectTimeout("slow"))
    assert isinstance(check_key(KEY, transport=minimax.transport).error, UnreachableError)


def test_a_region_that_cannot_be_asked_does_not_hide_the_right_one(minimax):
    by_host(minimax, io=httpx.ConnectError("refused"), com=SUCCESS)
    assert check_key(KEY, transport=minimax.transport).region == "mainland"


@pytest.mark.parametrize("code", [1008, 1002, 2056])
def test_a_key_without_balance_is_a_working_key(minimax, code):
    by_host(minimax, io=refusal(code))
    assert check_key(KEY, transport=minimax.transport).region == "global"


def test_a_gateways_429_says_nothing_about_the_key(minimax):
    minimax.answers(httpx.Response(429, text="slow down"))
    with pytest.raises(RateLimitError):
        check_endpoint(Endpoint("http://127.0.0.1:9", KEY), transport=minimax.transport)


def test_an_endpoint_that_is_no_minimax_is_told(minimax):
    minimax.answers(b"<html>hello</html>")
    with pytest.raises(MiniMaxError, match="not one that MiniMax gives"):
        check_endpoint(Endpoint("http://127.0.0.1:9", KEY), transport=minimax.transport)
