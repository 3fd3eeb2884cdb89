"""The transport of the live streams, over real sockets."""

import asyncio

import httpx
import pytest

from apps.minimax.speech import new_http
from tests.minimax.servers import serving


async def fetch(handle, *, times: int = 1, **options) -> list[bytes]:
    async with serving(handle) as endpoint, new_http() as http:
        return [(await http.post(endpoint.url("/x?a=1"), content=b"body", **options)).content for _ in range(times)]


async def test_the_request_is_written_in_one_piece():
    seen = []

    async def handle(line):
        seen.append((line.headers.split(b"\r\n")[0], line.body))
        await line.whole(b"yes")

    assert await fetch(handle) == [b"yes"]
    assert seen == [(b"POST /x?a=1 HTTP/1.1", b"body")]


async def test_a_connection_is_used_again():
    ports = set()

    async def handle(line):
        ports.add(line.writer.get_extra_info("peername"))
        await line.whole(b"yes")

    assert await fetch(handle, times=3) == [b"yes"] * 3
    assert len(ports) == 1


@pytest.mark.parametrize("politely", [True, False])
async def test_a_connection_that_was_closed_meanwhile_is_not_used_again(politely):
    async def handle(line):
        extra = ("Connection: close",) if politely else ()
        await line.head(200, "text/plain", "Content-Length: 3", *extra)
        await line.raw(b"yes")
        line.writer.close()

    async with serving(handle) as endpoint, new_http() as http:
        for _ in range(3):
            assert (await http.get(endpoint.url("/x"))).content == b"yes"
            await asyncio.sleep(0.01)  # the farewell must have arrived


async def test_an_answer_without_length_ends_with_the_connection():
    async def handle(line):
        await line.head(200, "text/plain")
        await line.raw(b"all of it")
        line.writer.close()

    assert await fetch(handle) == [b"all of it"]


async def test_continue_is_passed_over():
    async def handle(line):
        await line.raw(b"HTTP/1.1 100 Continue\r\nX-Old: 1\r\n\r\n")
        await line.whole(b"yes")

    assert await fetch(handle) == [b"yes"]


async def test_redirects_are_not_followed_with_the_key():
    async def handle(line):
        await line.head(302, "text/plain", "Location: http://elsewhere.example/", "Content-Length: 0")

    async with serving(handle) as endpoint, new_http() as http:
        assert (await http.get(endpoint.url("/x"), headers=endpoint.headers)).status_code == 302


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"SSH-2.0-OpenSSH\r\n", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ncut", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000, httpx.RemoteProtocolError),
        (b"", httpx.RemoteProtocolError),
    ],
    ids=["ssh", "short body", "short chunk", "bad chunk", "endless head", "nothing"],
)
async def test_answers_that_are_none(answer, error):
    async def handle(line):
        await line.raw(answer)
        line.writer.close()

    with pytest.raises(error):
        await fetch(handle)


async def test_a_silent_server_is_a_read_timeout():
    async def handle(line):
        await line.wait_for_hangup()

    with pytest.raises(httpx.ReadTimeout):
        await fetch(handle, timeout=0.05)


async def test_a_name_that_does_not_exist_is_a_connect_error():
    async with new_http() as http:
        with pytest.raises(httpx.ConnectError):
            await http.get("http://nobody.invalid/")


async def test_a_server_without_tls_is_a_connect_error():
    async def talk_plain(reader, writer):
        writer.write(b"HTTP/1.1 400 no TLS here\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(talk_plain, "127.0.0.1", 0) as server, new_http() as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")


async def test_a_proxy_of_the_environment_is_used(monkeypatch):
    seen = []

    async def handle(line):
        seen.append(line.headers.split(b"\r\n")[0])
        await line.whole(b"through the proxy")

    async with serving(handle) as proxy:
        monkeypatch.setenv("http_proxy", proxy.base_url)
        monkeypatch.setenv("no_proxy", "direct.example")
        async with new_http() as http:
            assert (await http.get("http://api.example/x")).content == b"through the proxy"
            assert (await http.get(proxy.url("/y"))).content == b"through the proxy"
    assert seen == [b"GET http://api.example/x HTTP/1.1", b"GET /y HTTP/1.1"]
