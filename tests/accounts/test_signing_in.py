import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.utils import timezone

from apps.accounts.models import User

LOGIN = "/account/login/"
RIGHT = {"login": "olga@example.com", "password": "correct horse battery"}
WRONG = RIGHT | {"password": "wrong"}


@pytest.fixture(autouse=True)
def no_earlier_tries():
    cache.clear()
    yield
    cache.clear()


def is_signed_in(client):
    return "_auth_user_id" in client.session


def test_a_person_signs_in_with_the_address_in_any_case(client, owner):
    assert client.post(LOGIN, RIGHT | {"login": "Olga@Example.COM"}).status_code == 302
    assert is_signed_in(client)


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client, owner):
    answers = [client.post(LOGIN, WRONG), client.post(LOGIN, WRONG | {"login": "nobody@example.com"})]
    texts = [re.sub(r'value="[^"]*"', "", answer.content.decode()) for answer in answers]
    assert texts[0] == texts[1]
    assert not is_signed_in(client)


def test_after_five_failures_even_the_right_password_has_to_wait(client, owner):
    for _try in range(5):
        client.post(LOGIN, WRONG)
    response = client.post(LOGIN, RIGHT)
    assert "Too many failed login attempts" in response.content.decode()
    assert not is_signed_in(client)


def test_somebody_else_is_not_locked_out_by_that(client, owner, viewer):
    for _try in range(6):
        client.post(LOGIN, WRONG)
    client.post(LOGIN, RIGHT | {"login": "victor@example.com"}, REMOTE_ADDR="192.0.2.77")
    assert is_signed_in(client)


def test_one_address_trying_many_accounts_gets_429_with_a_sentence(client, owner, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login": "3/m/ip"}
    for number in range(3):
        client.post(LOGIN, WRONG | {"login": f"person{number}@example.com"})
    response = client.post(LOGIN, RIGHT)
    assert response.status_code == 429
    assert "Too many tries" in response.content.decode()
    assert not is_signed_in(client)


def test_a_forged_forwarded_header_does_not_get_around_it(client, owner, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login": "3/m/ip"}
    for number in range(4):
        response = client.post(LOGIN, WRONG, headers={"X-Forwarded-For": f"203.0.113.{number}"})
    assert response.status_code == 429


def test_signing_in_wants_a_csrf_token(csrf_client, owner):
    assert csrf_client.post(LOGIN, RIGHT).status_code == 403


def test_signing_in_does_not_lead_to_another_site(client, owner):
    response = client.post(f"{LOGIN}?next=https://evil.example/", RIGHT)
    assert "evil" not in response.headers["Location"]


def test_a_forgotten_password_is_set_anew_by_a_link_that_works_once(client, owner, settings):
    client.post("/account/password/reset/", {"email": "olga@example.com"})
    assert mail.outbox[0].to == ["olga@example.com"]
    link = re.search(rf"{settings.PUBLIC_URL}(\S+)", mail.outbox[0].body)[1]
    form = client.get(link, follow=True).request["PATH_INFO"]
    new = {"password1": "another quiet evening", "password2": "another quiet evening"}
    assert client.post(form, new).status_code == 302
    assert User.objects.get(pk=owner.user_id).check_password("another quiet evening")
    again = type(client)().get(link, follow=True)
    assert 'name="password1"' not in again.content.decode()


def test_whoever_asks_for_a_reset_does_not_choose_where_its_link_leads(client, owner, settings):
    settings.PUBLIC_URL = "https://studio.example"
    for email in ("olga@example.com", "nobody@example.com"):
        client.post("/account/password/reset/", {"email": email}, headers={"host": "localhost:1337"})
    assert "https://studio.example/account/password/reset/key/" in mail.outbox[0].body
    assert "1337" not in "".join(sent.subject + sent.body for sent in mail.outbox)


def test_a_reset_for_an_unknown_address_tells_nothing(client, owner):
    known = client.post("/account/password/reset/", {"email": "olga@example.com"})
    unknown = client.post("/account/password/reset/", {"email": "nobody@example.com"})
    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])


def test_a_person_who_was_shut_out_cannot_sign_in(client, owner):
    User.objects.filter(pk=owner.user_id).update(is_active=False)
    client.post(LOGIN, RIGHT)
    assert not is_signed_in(client)


def test_old_sessions_are_swept(client, owner):
    from django.contrib.sessions.models import Session

    from apps.accounts.tasks import clear_sessions

    client.force_login(owner.user)
    Session.objects.update(expire_date=timezone.now())
    clear_sessions.apply()
    assert not Session.objects.exists()
