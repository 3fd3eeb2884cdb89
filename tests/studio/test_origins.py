from __future__ import annotations

import pytest

from studio.origins import is_own_origin


@pytest.fixture(autouse=True)
def address(settings):
    settings.PUBLIC_URL = "https://studio.example"
    settings.ALLOWED_HOSTS = ["studio.example", "localhost", "127.0.0.1", "[::1]"]


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://studio.example", "studio.example"),
        ("https://studio.example", "web:8000"),  # a proxy that does not pass the name on
        ("https://localhost:8443", "localhost:8443"),
        ("https://[::1]:8443", "[::1]:8443"),
    ],
)
def test_a_page_of_the_studio_opens_its_socket(origin, host):
    assert is_own_origin(origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://evil.example", "studio.example"),
        ("https://evil.example", "evil.example"),  # a name that was pointed at our address
        ("https://studio.example:8443", "studio.example"),  # another program of the same host: it has the cookies
        ("http://studio.example", "studio.example"),
        ("http://localhost:3000", "localhost:8000"),
        ("https://127.0.0.1", "localhost"),
        ("null", "studio.example"),
        ("", "studio.example"),
        ("", ""),
        ("https://", ""),
    ],
)
def test_another_page_does_not(origin, host):
    assert not is_own_origin(origin, host)
