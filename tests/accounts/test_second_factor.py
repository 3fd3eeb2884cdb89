import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.urls import reverse

from apps.workspaces.models import AuditEntry

LOGIN, STEP = "/account/login/", "/account/2fa/authenticate/"
RIGHT = {"login": "olga@example.com", "password": "correct horse battery"}
HOME = "/w/night-shift/"


@pytest.fixture(autouse=True)
def no_earlier_tries():
    cache.clear()
    yield
    cache.clear()


def code_of(secret, *, steps_later=0):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps_later))


def sign_in(client, **changes):
    return client.post(LOGIN, RIGHT | changes)


def confirm(client):
    """What is sensitive asks for the password once more."""
    client.post(reverse("account_reauthenticate"), {"password": RIGHT["password"]})


def is_signed_in(client):
    return "_auth_user_id" in client.session


@pytest.fixture
def secret(client, owner, django_capture_on_commit_callbacks):
    """The owner has set an app up, as a person does; signed out again."""
    sign_in(client)
    confirm(client)
    page = client.get(reverse("mfa_activate_totp")).content.decode()
    found = re.search(r'id="secret" value="([A-Z2-7]+)"', page)[1]
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(reverse("mfa_activate_totp"), {"code": code_of(found)}).status_code == 302
    client.post(reverse("account_logout"))
    cache.clear()  # a code counts once, and the next test step may fall into the same half minute
    return found


def recovery_codes(client):
    page = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    return re.findall(r"<li>(\d{8})</li>", page)


def test_a_password_alone_opens_nothing_any_more(client, secret):
    assert sign_in(client)["Location"].startswith(STEP)
    assert not is_signed_in(client)
    assert client.get(HOME).status_code == 302
    client.post(STEP, {"code": code_of(secret)})
    assert is_signed_in(client)
    assert client.get(HOME).status_code == 200


def test_a_wrong_code_is_said_written_down_and_throttled(client, secret, owner):
    sign_in(client)
    assert "did not fit" in client.post(STEP, {"code": "000000"}).content.decode()
    assert AuditEntry.objects.filter(action="second_factor.failed", actor=owner.user).exists()
    for _try in range(6):
        client.post(STEP, {"code": "000000"})
    client.post(STEP, {"code": code_of(secret)})
    assert not is_signed_in(client)


def test_a_code_counts_once(client, secret):
    code = code_of(secret)
    sign_in(client)
    client.post(STEP, {"code": code})
    client.post(reverse("account_logout"))
    sign_in(client)
    client.post(STEP, {"code": code})
    assert not is_signed_in(client)


def test_a_recovery_code_stands_in_for_the_phone_once(client, secret):
    sign_in(client)
    client.post(STEP, {"code": code_of(secret)})
    assert "Is it you?" in client.get(reverse("mfa_view_recovery_codes"), follow=True).content.decode()
    confirm(client)
    first, *others = recovery_codes(client)
    assert len(others) == 9
    assert client.get(reverse("mfa_download_recovery_codes")).content.decode().split() == [first, *others]
    client.post(reverse("account_logout"))
    for is_let_in in (True, False):
        sign_in(client)
        client.post(STEP, {"code": first})
        assert is_signed_in(client) is is_let_in
        client.post(reverse("account_logout"))


def test_no_secret_lies_open_in_the_database(client, secret):
    kept = Authenticator.objects.get(type=Authenticator.Type.TOTP).data
    assert secret not in str(kept)


def test_removing_it_takes_the_password_and_a_code_and_is_written_down(client, secret, owner):
    sign_in(client)
    client.post(STEP, {"code": code_of(secret)})
    confirm(client)
    assert client.post(reverse("mfa_deactivate_totp")).status_code == 302
    assert not Authenticator.objects.filter(user=owner.user).exists()
    assert list(AuditEntry.objects.filter(action__startswith="second_factor").values_list("action", flat=True)) == [
        "second_factor.added",
        "second_factor.removed",
    ]


def test_a_workspace_that_demands_it_shows_the_way_and_opens_nothing_else(client, secret, owner, creator):
    demand = reverse("workspaces:demand_second_factor", args=["night-shift"])
    sign_in(client)
    client.post(STEP, {"code": code_of(secret)})
    assert client.post(demand, {"demanded": "1"}).status_code == 302
    client.force_login(creator.user)
    for way in ("library/", "chat/", "team/"):
        assert client.get(f"{HOME}{way}")["Location"] == reverse("mfa_index")
    fragment = client.get(f"{HOME}library/", headers={"HX-Request": "true"})
    assert fragment["HX-Redirect"] == reverse("mfa_index")
    assert b"night" not in fragment.content.lower()
    assert "lets in only people with a second factor" in client.get(reverse("mfa_index")).content.decode()
    client.force_login(owner.user)
    assert client.get(HOME).status_code == 200
    client.post(demand)
    client.force_login(creator.user)
    assert client.get(f"{HOME}library/").status_code == 200


def test_an_owner_without_one_cannot_demand_it_and_others_never(client, owner, admin):
    demand = reverse("workspaces:demand_second_factor", args=["night-shift"])
    client.force_login(owner.user)
    assert "lock yourself out" in client.post(demand, {"demanded": "1"}, follow=True).content.decode()
    assert client.get(HOME).status_code == 200
    client.force_login(admin.user)
    assert client.post(demand, {"demanded": "1"}).status_code == 403


def test_a_stranger_is_told_of_no_demand(client, owner, stranger):
    owner.workspace.demands_second_factor = True
    owner.workspace.save()
    client.force_login(stranger.user)
    assert client.get(HOME).status_code == 404
