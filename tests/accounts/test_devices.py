import pytest

from apps.accounts.devices import describe

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (CHROME, "Chrome · Windows"),
        (f"{CHROME} Edg/140.0.0.0", "Edge · Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox · Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile/15E148 Safari/604.1",
            "Safari · iPhone",
        ),
        ("curl/8.0", "curl/8.0"),
        ("", ""),
    ],
)
def test_a_person_recognises_the_device(user_agent, name):
    assert describe(user_agent) == name
