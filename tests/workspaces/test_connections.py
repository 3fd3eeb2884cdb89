import logging

import httpx
import pytest
from cryptography.fernet import Fernet
from django.urls import reverse

from apps.workspaces import outbound
from apps.workspaces.connections import Choice, NoConnectionError, connect, endpoint_for, report_failure
from apps.workspaces.models import AuditEntry, Connection
from apps.workspaces.sealing import seal, unseal
from tests.workspaces.conftest import KEY, WRONG_KEY, answer

URL = "/w/night-shift/team/connection/"
TEST_URL = "/w/night-shift/team/connection/test/"


@pytest.fixture
def connected(owner):
    return connect(owner, Choice("global", KEY))


def resolves_to(monkeypatch, *addresses):
    outbound._resolve.cache_clear()
    answers = [(2, 1, 6, "", (address, 443)) for address in addresses]
    monkeypatch.setattr(outbound.socket, "getaddrinfo", lambda *args, **kwargs: answers)


def test_a_new_key_is_tried_and_replaces_the_old_one(client, owner, connected, minimax):
    minimax["mainland"].mock(return_value=answer())
    client.force_login(owner.user)
    assert client.post(URL, {"connection": "key", "api_key": "sk-api-another-key-of-the-team-9876"}).status_code == 302
    endpoint = endpoint_for(owner.workspace)
    assert (endpoint.base_url, endpoint.api_key[-4:]) == ("https://api.minimaxi.com", "9876")


def test_a_wrong_key_leaves_the_connection_as_it_was(client, owner, connected, minimax):
    client.force_login(owner.user)
    response = client.post(URL, {"connection": "key", "api_key": "sk-api-wrong-wrong-wrong-0000"})
    assert response.status_code == 422
    assert "other region" in response.content.decode()
    assert "0000" not in response.content.decode()
    assert endpoint_for(owner.workspace).api_key == KEY


def test_the_key_appears_in_no_page_log_or_audit_entry(client, owner, minimax, caplog):
    caplog.set_level(logging.DEBUG)
    minimax["global"].mock(return_value=answer(1004, f"login fail for {KEY}"))
    minimax["mainland"].mock(return_value=answer())
    client.force_login(owner.user)
    pages = [client.post(URL, {"connection": "key", "api_key": KEY}, follow=True)]
    minimax["mainland"].mock(return_value=answer(1004, f"login fail for {KEY}"))
    pages.append(client.post(TEST_URL, follow=True))
    pages += [client.get(reverse(f"workspaces:{name}", args=["night-shift"])) for name in ["members", "audit"]]
    for page in pages:
        assert page.status_code == 200
        assert KEY not in page.content.decode()
    assert "WXYZ" in pages[0].content.decode()  # its end, so that it can be recognised
    assert KEY not in caplog.text
    assert KEY not in str(list(AuditEntry.objects.values())) + str(list(Connection.objects.values()))
    assert KEY not in repr(endpoint_for(owner.workspace))


@pytest.mark.parametrize("role", ["creator", "viewer"])
def test_who_does_not_manage_neither_sees_nor_changes_it(client, connected, creator, viewer, role):
    client.force_login({"creator": creator, "viewer": viewer}[role].user)
    assert client.get(URL).status_code == 403
    assert client.post(URL, {"connection": "key", "api_key": KEY}).status_code == 403
    assert client.post(TEST_URL).status_code == 403


def test_testing_it_keeps_the_result_as_a_sentence_and_tells_the_managers_once(
    client, owner, admin, connected, minimax
):
    client.force_login(owner.user)
    page = client.post(TEST_URL, headers={"HX-Request": "true"}).content.decode()
    assert "Does not work" in page
    assert "did not accept the key" in page
    client.post(TEST_URL)
    assert admin.user.notifications.count() == 1
    minimax["global"].mock(return_value=answer())
    assert "Works" in client.post(TEST_URL, headers={"HX-Request": "true"}).content.decode()
    assert Connection.objects.get().status_text == ""


def test_an_outcome_is_not_written_onto_a_key_that_came_in_the_meantime(owner, connected, minimax):
    from apps.minimax.errors import AuthenticationError

    def new_key_arrives(request):
        connect(owner, Choice("mainland", KEY + "2"))
        return WRONG_KEY

    minimax["global"].mock(side_effect=new_key_arrives)
    from apps.workspaces.connections import check

    check(owner)
    assert Connection.objects.get().status == "untested"
    report_failure(owner.workspace, AuthenticationError("The key was refused."))
    assert Connection.objects.get().status == "failing"


def test_a_silent_minimax_is_a_sentence(client, owner, minimax):
    minimax["global"].mock(side_effect=httpx.ConnectTimeout("silence"))
    client.force_login(owner.user)
    response = client.post(URL, {"connection": "key", "api_key": KEY})
    assert response.status_code == 422
    assert "could not be reached" in response.content.decode()


def test_without_a_connection_there_is_a_sentence(workspace):
    with pytest.raises(NoConnectionError, match="no connection yet"):
        endpoint_for(workspace)


def test_finding_the_endpoint_takes_one_query(owner, connected, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert endpoint_for(owner.workspace).base_url == "https://api.minimax.io"


def test_a_choice_that_is_not_offered_is_refused(client, owner, settings):
    settings.SANDBOX_URL = ""
    client.force_login(owner.user)
    assert client.post(URL, {"connection": "sandbox"}).status_code == 422
    assert client.post(URL, {"connection": "key", "api_key": "two\nlines of a key"}).status_code == 422
    assert not Connection.objects.exists()


# --- an address of one's own ------------------------------------------------------------------------------------------


def test_an_own_public_address_is_tried_and_kept(client, owner, minimax, monkeypatch):
    resolves_to(monkeypatch, "93.184.216.34")
    asked = minimax.post("https://93.184.216.34/v1/get_voice").mock(return_value=answer())  # where it was looked at
    client.force_login(owner.user)
    form = {"connection": "custom", "api_key": KEY, "base_url": "https://gateway.example.com/"}
    assert client.post(URL, form).status_code == 302
    assert endpoint_for(owner.workspace).base_url == "https://gateway.example.com"
    sent = asked.calls.last.request
    assert (sent.headers["Host"], sent.extensions["sni_hostname"]) == ("gateway.example.com", "gateway.example.com")


@pytest.mark.parametrize(
    ("url", "addresses"),
    [
        ("https://10.0.0.8", ["10.0.0.8"]),
        ("https://localhost:8443", ["127.0.0.1"]),
        ("https://rebound.example.com", ["93.184.216.34", "192.168.1.1"]),
        ("https://metadata.example.com", ["169.254.169.254"]),
        ("https://six.example.com", ["::1"]),
        ("https://mapped.example.com", ["::ffff:10.0.0.1"]),
        ("https://sixtofour.example.com", ["2002:7f00:1::1"]),
        ("https://carrier.example.com", ["100.64.0.1"]),
        ("https://translated.example.com", ["64:ff9b::a00:1"]),
        ("https://compatible.example.com", ["::7f00:1"]),
        ("https://site.example.com", ["fec0::1"]),
        ("https://gateway.example.com/?to=10.0.0.1", ["93.184.216.34"]),
        ("http://gateway.example.com", ["93.184.216.34"]),
        ("https://user:secret@gateway.example.com", ["93.184.216.34"]),
    ],
)
def test_an_address_inside_a_network_or_unprotected_is_refused(client, owner, minimax, monkeypatch, url, addresses):
    resolves_to(monkeypatch, *addresses)
    client.force_login(owner.user)
    response = client.post(URL, {"connection": "custom", "api_key": KEY, "base_url": url})
    assert response.status_code == 422
    assert not Connection.objects.exists()
    assert not minimax.calls


def test_links_in_the_answers_of_an_own_address_lead_to_public_places_only(owner, monkeypatch):
    resolves_to(monkeypatch, "93.184.216.34")
    connect(owner, Choice("custom", KEY, "https://gateway.example.com"))
    endpoint = endpoint_for(owner.workspace)
    assert endpoint.may_follow("https://files.example.com/a.json?Expires=1&Signature=abc")
    resolves_to(monkeypatch, "169.254.169.254")
    assert not endpoint.may_follow("https://files.example.com/a.json")
    assert not endpoint.may_follow("http://127.0.0.1:6379/")


def test_a_name_that_moved_inside_later_is_refused_when_it_is_used(owner, monkeypatch):
    connect(owner, Choice("custom", KEY, "https://gateway.example.com"))
    resolves_to(monkeypatch, "10.0.0.8")
    with pytest.raises(NoConnectionError, match="private network"):
        endpoint_for(owner.workspace)


def test_whoever_runs_the_studio_may_allow_private_addresses(owner, settings, monkeypatch):
    settings.ALLOW_PRIVATE_ENDPOINTS = True
    connect(owner, Choice("custom", KEY, "http://127.0.0.1:9000"))
    assert endpoint_for(owner.workspace).base_url == "http://127.0.0.1:9000"


# --- sealing ----------------------------------------------------------------------------------------------------------


def test_a_key_sealed_with_an_older_secret_still_opens(settings):
    settings.ENCRYPTION_KEYS = ["old"]
    sealed = seal(KEY)
    settings.ENCRYPTION_KEYS = ["new", "old"]
    assert unseal(sealed) == KEY
    assert unseal(seal(KEY)) == KEY
    assert seal(KEY) != seal(KEY)


def test_a_key_that_cannot_be_opened_is_a_sentence_not_a_crash(client, owner, connected, settings):
    Connection.objects.update(key_sealed=Fernet(Fernet.generate_key()).encrypt(b"else").decode())
    with pytest.raises(NoConnectionError, match="Enter it again"):
        endpoint_for(owner.workspace)
    client.force_login(owner.user)
    assert "Enter it again" in client.post(TEST_URL, follow=True).content.decode()
