"""Names that somebody typed in: what is connected to is what was looked at, whatever the name says a moment later."""

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from apps.minimax.client import MiniMaxClient
from apps.minimax.connection import Endpoint
from apps.minimax.errors import UnreachableError
from apps.minimax.pinning import PinnedTransport
from apps.minimax.speech import new_http
from apps.workspaces import outbound
from apps.workspaces.outbound import AddressRefusedError, check_address, resolve


class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.hosts.append(self.headers["Host"])
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", f"http://inside.example:{self.server.server_port}/secret")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = json.dumps({"base_resp": {"status_code": 0}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        running.hosts = []
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def names(monkeypatch):
    """What each name says, one answer after the other, the last for good; 127.0.0.1 counts as public, 127.0.0.2 not."""
    outbound._resolve.cache_clear()
    real, real_judge, said = outbound.socket.getaddrinfo, outbound._is_public, {}

    def look_up(host, port, *args, **kwargs):
        host = host.decode() if isinstance(host, bytes) else host
        if host not in said:
            return real(host, port, *args, **kwargs)
        addresses = said[host].pop(0) if len(said[host]) > 1 else said[host][0]
        return [(2, 1, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    monkeypatch.setattr(outbound, "_is_public", lambda address: address == "127.0.0.1" or real_judge(address))
    yield said
    outbound._resolve.cache_clear()


def test_a_name_that_moves_between_the_look_and_the_call_gains_nothing(server, names):
    names["moving.example"] = [["127.0.0.1"], ["127.0.0.2"]]
    endpoint = Endpoint(f"http://moving.example:{server.server_port}", "key", resolve=resolve)
    with MiniMaxClient(endpoint) as client:
        client.get("/v1/anything", {})
    assert server.hosts == [f"moving.example:{server.server_port}"]


def test_a_stream_goes_to_the_address_that_was_looked_at(server, names):
    names["moving.example"] = [["127.0.0.1"], ["127.0.0.2"]]

    async def ask():
        async with new_http() as http:
            url = f"http://moving.example:{server.server_port}/"
            return await http.send(http.build_request("GET", url, extensions={"resolve": resolve}))

    assert asyncio.run(ask()).status_code == 200
    assert server.hosts == [f"moving.example:{server.server_port}"]


@pytest.mark.parametrize("addresses", [["127.0.0.2"], ["127.0.0.1", "10.0.0.8"], ["::ffff:127.0.0.1"], ["fd00::1"]])
def test_a_name_with_one_private_address_is_not_called_at_all(server, names, addresses):
    names["inside.example"] = [addresses]
    endpoint = Endpoint(f"http://inside.example:{server.server_port}", "key", resolve=resolve)
    with MiniMaxClient(endpoint) as client, pytest.raises(UnreachableError):
        client.get("/v1/anything", {})
    assert not server.hosts


def test_each_hop_of_a_redirect_is_looked_at(server, names):
    names["outside.example"], names["inside.example"] = [["127.0.0.1"]], [["127.0.0.2"]]
    with (
        httpx.Client(transport=PinnedTransport(resolve), follow_redirects=True) as http,
        pytest.raises(httpx.ConnectError),
    ):
        http.get(f"http://outside.example:{server.server_port}/away")
    assert server.hosts == [f"outside.example:{server.server_port}"]


def test_a_dead_address_is_passed_over_for_the_next(server, names, monkeypatch):
    names["two.example"] = [["127.0.0.1", "127.0.0.3"]]
    monkeypatch.setattr(outbound, "_check_host", lambda host, port: ["127.0.0.3", "127.0.0.1"])
    with httpx.Client(transport=PinnedTransport(resolve)) as http:
        assert http.get(f"http://two.example:{server.server_port}/").status_code == 200


@pytest.mark.parametrize("address", ["http://[::1]/", "https://0.0.0.0/", "https://2130706433/", "https://0x7f.1/"])
def test_other_spellings_of_this_machine_are_refused(address):
    with pytest.raises(AddressRefusedError):
        check_address(address)


def test_only_the_hosts_that_were_named_may_be_private(settings, names):
    settings.PRIVATE_HOSTS = ("llm.lan:11434", "10.0.0.5")
    names["llm.lan"] = [["192.168.1.7"]]
    check_address("http://llm.lan:11434")
    check_address("http://10.0.0.5:8080")
    assert resolve("llm.lan", 11434) == []
    for other in ("http://llm.lan:22", "https://llm.lan", "https://10.0.0.6"):
        with pytest.raises(AddressRefusedError):
            check_address(other)
    with pytest.raises(AddressRefusedError):
        check_address("http://llm.lan:11434", knows_private_hosts=False)
