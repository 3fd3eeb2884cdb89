import socket

import httpx
import pytest

from apps.minimax.client import MiniMaxClient
from apps.minimax.connection import Endpoint
from apps.minimax.errors import (
    AuthenticationError,
    BrokenAnswerError,
    ContentRejectedError,
    InvalidRequestError,
    MiniMaxError,
    OutcomeUnknownError,
    RateLimitError,
    UnreachableError,
)
from apps.minimax.files import retrieve_file
from apps.minimax.voices import delete_voice, list_voices
from tests.conftest import free_port
from tests.minimax.servers import KEY, recorded, refusal

SUCCESS = {"base_resp": {"status_code": 0, "status_msg": "success"}}
HTML = b"<html><h1>502 Bad Gateway</h1></html>"


def failure(client) -> MiniMaxError:
    with pytest.raises(MiniMaxError) as caught:
        client.post("/v1/get_voice", {})
    return caught.value


def test_key_travels_as_bearer_and_the_trace_id_comes_back(client, minimax):
    minimax.answers(SUCCESS)
    assert client.post("/v1/get_voice", {"voice_type": "all"})["trace_id"] == "t-1"
    assert minimax.requests[0].headers["Authorization"] == f"Bearer {KEY}"
    assert minimax.requests[0].url == "https://api.minimax.io/v1/get_voice"


def test_failure_inside_http_200_is_an_error(client, minimax):
    minimax.answers(refusal(1026, "input new_sensitive"))
    error = failure(client)
    assert isinstance(error, ContentRejectedError)
    assert (error.code, error.charged, error.trace_id, error.detail) == (1026, "no", "t-1", "input new_sensitive")


def test_code_in_the_body_outweighs_the_status(client, minimax):
    minimax.answers(httpx.Response(500, json=refusal(1002)))
    assert isinstance(failure(client), RateLimitError)


def test_a_refusal_by_status_outweighs_a_vague_code(client, minimax):
    minimax.answers(httpx.Response(529, json=refusal(1000)))
    assert isinstance(failure(client), RateLimitError)


def test_error_object_with_a_code_at_its_end(client, minimax):
    told = {"type": "error", "error": {"type": "bad_request_error", "message": "invalid params, speed (2013)"}}
    minimax.answers(httpx.Response(400, json=told))
    error = failure(client)
    assert isinstance(error, InvalidRequestError)
    assert (error.code, error.detail) == (2013, "invalid params, speed")


def test_error_object_without_a_code_follows_the_status(client, minimax):
    told = {"error": {"message": "slow down", "type": "rate_limit_error", "code": None}, "request_id": "r-1"}
    minimax.answers(httpx.Response(429, json=told))
    error = failure(client)
    assert isinstance(error, RateLimitError)
    assert error.trace_id == "r-1"


@pytest.mark.parametrize("status", [200, 401, 403, 404, 408, 429, 500, 502, 503, 529])
@pytest.mark.parametrize("body", [HTML, b"", b"null", b"[]", b"{}", b'{"base_resp":null}', b"\xff\xfe", b'{"cut'])
def test_any_status_with_any_body_is_one_of_our_errors(client, minimax, status, body):
    minimax.answers(httpx.Response(status, content=body))
    error = failure(client)
    assert str(error)
    assert "minimax.io" not in str(error)
    assert KEY not in repr(error)


def test_html_with_http_200_is_a_broken_answer(client, minimax):
    minimax.answers(HTML)
    error = failure(client)
    assert isinstance(error, BrokenAnswerError)
    assert (error.charged, error.retryable) == ("unknown", False)


def test_success_without_base_resp_is_not_believed(client, minimax):
    minimax.answers({"data": {"audio": "00"}})
    assert isinstance(failure(client), BrokenAnswerError)


@pytest.mark.parametrize(
    ("exception", "kind", "charged", "retryable"),
    [
        (httpx.ConnectError("refused"), UnreachableError, "no", True),
        (httpx.ConnectTimeout("slow"), UnreachableError, "no", True),
        (httpx.PoolTimeout("full"), UnreachableError, "no", True),
        (httpx.ReadTimeout("silence"), OutcomeUnknownError, "unknown", False),
        (httpx.WriteTimeout("stuck"), OutcomeUnknownError, "unknown", False),
        (httpx.ReadError("reset"), OutcomeUnknownError, "unknown", False),
        (httpx.RemoteProtocolError("gone"), OutcomeUnknownError, "unknown", False),
    ],
)
def test_silence_after_sending_may_have_been_charged(client, minimax, exception, kind, charged, retryable):
    minimax.answers(exception)
    error = failure(client)
    assert isinstance(error, kind)
    assert (error.charged, error.retryable) == (charged, retryable)


def test_nobody_listening_is_free():
    with MiniMaxClient(Endpoint(f"http://127.0.0.1:{free_port()}", KEY)) as client:
        error = failure(client)
    assert isinstance(error, UnreachableError)
    assert error.retryable


@pytest.mark.parametrize("key", ["", "   ", "schlüssel", "two\nlines"])
def test_a_key_that_cannot_be_sent_is_refused_here(minimax, key):
    client = MiniMaxClient(Endpoint("https://api.minimax.io", key), minimax.transport)
    assert isinstance(failure(client), AuthenticationError)
    assert minimax.requests == []


@pytest.mark.parametrize(
    "address", ["", "api.minimax.io", "ftp://api.minimax.io", "https://", "http://[::1", "http://a:b"]
)
def test_an_address_that_is_none_is_refused_here(minimax, address):
    client = MiniMaxClient(Endpoint(address, KEY), minimax.transport)
    assert isinstance(failure(client), InvalidRequestError)
    assert minimax.requests == []


def test_a_slash_at_the_end_of_the_address_does_no_harm(minimax):
    minimax.answers(SUCCESS)
    MiniMaxClient(Endpoint("http://127.0.0.1:9/", KEY), minimax.transport).post("/v1/get_voice", {})
    assert minimax.requests[0].url.path == "/v1/get_voice"


def test_half_a_surrogate_pair_is_refused_here(client, minimax):
    with pytest.raises(InvalidRequestError):
        client.post("/v1/t2a_v2", {"text": "\ud800"})
    assert minimax.requests == []


def test_the_key_is_not_in_the_representation_of_a_connection():
    assert KEY not in repr(Endpoint("https://api.minimax.io", KEY))


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_used_for_minimax_but_not_for_this_machine(monkeypatch, variable):
    monkeypatch.setenv(variable, "http://proxy.example:3128")
    http = MiniMaxClient(Endpoint("https://api.minimax.io", KEY))._http

    def is_direct(url):
        return http._transport_for_url(httpx.URL(url)) is http._transport

    assert is_direct("http://127.0.0.1:8000/x")
    assert is_direct("http://localhost:8000/x")
    assert is_direct("http://[::1]:8000/x")
    assert not is_direct("http://api.minimax.io/x")


# --- voices and files -------------------------------------------------------------------------------------------------


def test_voices_are_listed_as_they_are_sent(client, minimax):
    minimax.answers(recorded("get_voice.json"))
    system, cloned = list_voices(client)
    assert (system.voice_id, system.name, system.kind) == (
        "Cantonese_ProfessionalHost（F)",
        "Professional Host",
        "system",
    )
    assert (cloned.voice_id, cloned.name, cloned.kind, cloned.created) == (
        "studio_voice_01",
        "",
        "voice_cloning",
        "2026-05-01",
    )
    assert minimax.body == {"voice_type": "all"}


def test_nulls_in_the_list_of_voices_are_survived(client, minimax):
    row = {"voice_id": "v", "voice_name": None, "description": None, "created_time": None}
    minimax.answers({"system_voice": [row, None, {}], "voice_cloning": None} | SUCCESS)
    (voice,) = list_voices(client, "system")
    assert (voice.voice_id, voice.name, voice.description) == ("v", "", ())


def test_deleting_a_voice_names_its_kind(client, minimax):
    minimax.answers({"voice_id": "v"} | SUCCESS)
    delete_voice(client, "voice_cloning", "v")
    assert minimax.body == {"voice_type": "voice_cloning", "voice_id": "v"}


def test_file_ids_become_text(client, minimax):
    minimax.answers(recorded("retrieve.json"))
    file = retrieve_file(client, "206843190098765")
    assert file.file_id == "206843190098765"
    assert file.download_url == "https://cdn.example/x.mp4"
    assert minimax.requests[0].url.params["file_id"] == "206843190098765"


def test_a_file_that_is_not_there_is_no_file(client, minimax):
    minimax.answers({"file": None} | SUCCESS)
    with pytest.raises(BrokenAnswerError):
        retrieve_file(client, "1")


def test_downloads_carry_no_key(client, minimax):
    minimax.answers(b"bytes")
    assert client.download("https://cdn.example/a") == b"bytes"
    assert "Authorization" not in minimax.requests[0].headers


def test_a_silent_server_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = Endpoint(f"http://127.0.0.1:{silent.getsockname()[1]}", KEY)
        with MiniMaxClient(endpoint, read_s=0.1) as client:
            error = failure(client)
    assert isinstance(error, OutcomeUnknownError)
    assert "in time" in str(error)
