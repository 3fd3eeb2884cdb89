"""Who is let in by a token, for how long, and to do what."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.gateway import services
from apps.gateway.models import ApiToken, ServiceAccount
from apps.workspaces import services as workspaces
from apps.workspaces.models import AuditEntry, Membership
from tests.gateway.conftest import Caller

PAGE = "/w/night-shift/team/api/"
FORM = {"name": "Night script", "scopes": ["read"], "days": "30"}


def code_of(answer):
    return answer.json()["error"]["code"]


def test_a_token_is_made_on_the_page_shown_once_and_only_its_hash_is_kept(client, creator):
    client.force_login(creator.user)
    page = client.post(PAGE, FORM)
    secret = page.context["new_secret"]
    assert secret in page.content.decode()
    assert secret not in client.get(PAGE).content.decode()
    token = ApiToken.objects.get()
    assert secret not in str(vars(token))
    assert token.beginning in client.get(PAGE).content.decode()
    me = Caller(secret, token).get("me").json()
    assert (me["workspace"], me["role"], me["scopes"]) == ("night-shift", "creator", ["read"])
    assert AuditEntry.objects.filter(action="token.made", actor=creator.user).exists()


def test_without_a_token_or_with_a_wrong_one_nothing_is_told(client, creator, calling):
    client.force_login(creator.user)  # a session is not a token
    answer = client.get("/api/v1/me")
    assert (answer.status_code, code_of(answer), answer["WWW-Authenticate"]) == (401, "no_token", "Bearer")
    caller = calling(creator)
    caller.secret += "x"
    assert caller.get("me").status_code == 401


def test_it_ends_by_hand_by_its_date_and_with_the_membership(client, creator, admin, calling):
    ended, past, removed = calling(creator), calling(creator, days=1), calling(creator)
    assert [each.get("me").status_code for each in (ended, past, removed)] == [200, 200, 200]
    client.force_login(creator.user)
    client.post(reverse("gateway:end_token", args=["night-shift", ended.token.pk]))
    ApiToken.objects.filter(pk=past.token.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert [each.get("me").status_code for each in (ended, past, removed)] == [401, 401, 200]
    workspaces.remove_member(admin, creator)
    assert removed.get("me").status_code == 401
    Membership.objects.create(workspace=creator.workspace, user=creator.user, role="creator")
    assert removed.get("me").status_code == 401  # coming back does not bring it back


def test_the_scopes_and_the_role_both_have_to_allow_it(creator, admin, calling):
    reading, making = calling(creator, "read"), calling(creator, "read", "make")
    assert code_of(reading.post("jobs", {"kind": "image", "settings": {"prompt": "A"}})) == "scope_missing"
    order = {"kind": "image", "settings": {"prompt": "A lighthouse"}}
    assert making.post("jobs", order).status_code == 409  # there is no connection, but it may
    workspaces.change_role(admin, creator, "viewer")
    assert (making.post("jobs", order).status_code, code_of(making.post("jobs", order))) == (403, "role_too_low")
    assert making.get("me").json()["role"] == "viewer"


def test_who_is_suspended_is_out_at_once_and_in_again_afterwards(creator, admin, calling):
    caller = calling(creator)
    workspaces.suspend(admin, creator)
    assert caller.get("assets").status_code == 401
    workspaces.restore(admin, creator)
    assert caller.get("assets").status_code == 200


def test_a_workspace_that_demands_a_second_factor_demands_it_here_too(creator, calling):
    caller = calling(creator)
    creator.workspace.demands_second_factor = True
    creator.workspace.save()
    answer = caller.get("me")
    assert (answer.status_code, code_of(answer)) == (403, "second_factor_missing")


def test_the_last_use_is_kept_at_most_once_a_minute(creator, calling, django_assert_max_num_queries):
    caller = calling(creator)
    caller.get("me")
    first = ApiToken.objects.get().last_used_at
    caller.get("me")
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    caller.get("me")
    assert ApiToken.objects.get().last_used_at >= first


def test_too_many_calls_are_told_when_to_go_on(creator, calling, monkeypatch):
    monkeypatch.setattr(services, "CALLS", 3)
    monkeypatch.setattr(services, "FAILURES", 2)
    monkeypatch.setattr(services, "WINDOW_S", 10**9)  # no window ends meanwhile
    caller, other = calling(creator), calling(creator)
    assert [caller.get("me").status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = caller.get("me")
    assert code_of(answer) == "too_fast"
    assert int(answer["Retry-After"]) > 0
    assert other.get("me").status_code == 200
    wrong = [Client().get("/api/v1/me", headers={"Authorization": "Bearer studio_x"}).status_code for _ in range(3)]
    assert wrong == [401, 401, 429]
    cache.clear()


@pytest.mark.parametrize("role", ["viewer", "creator"])
def test_only_who_manages_sees_the_tokens_of_others_and_makes_accounts(role, client, request, owner, calling):
    theirs = calling(owner)
    client.force_login(request.getfixturevalue(role).user)
    assert client.get(PAGE).context["tokens"] == []
    assert client.post(reverse("gateway:end_token", args=["night-shift", theirs.token.pk])).status_code == 403
    assert client.post(f"{PAGE}accounts/", {"account_name": "Bot", "role": "creator"}).status_code == 403
    assert theirs.get("me").status_code == 200


def test_a_service_account_works_with_its_token_and_cannot_sign_in(client, admin):
    client.force_login(admin.user)
    client.post(f"{PAGE}accounts/", {"account_name": "Release bot", "role": "creator"})
    account = ServiceAccount.objects.get()
    page = client.post(reverse("gateway:add_account_token", args=["night-shift", account.pk]), FORM)
    caller = Caller(page.context["new_secret"], page.context["new_token"])
    assert (caller.get("me").json()["name"], caller.get("me").json()["role"]) == ("Release bot", "creator")
    admin.workspace.demands_second_factor = True
    admin.workspace.save()
    assert caller.get("me").status_code == 200  # it has no password that a factor could stand beside
    assert not account.user.is_active
    assert not account.user.has_usable_password()
    admin.workspace.demands_second_factor = False
    admin.workspace.save()
    client.post(reverse("gateway:remove_account", args=["night-shift", account.pk]))
    assert caller.get("me").status_code == 401
    assert not Membership.everyone.filter(user=account.user_id).exists()
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert actions >= {"service_account.made", "token.made", "service_account.removed"}


def test_a_service_account_is_given_no_role_that_manages(client, admin, owner):
    bot = services.make_service_account(admin, name="Release bot", role="creator")
    member = Membership.objects.get(user=bot.user)
    for act in (lambda: workspaces.hand_over(owner, member), lambda: workspaces.change_role(owner, member, "admin")):
        with pytest.raises(workspaces.NotPossibleError):
            act()
    assert Membership.objects.get(pk=owner.pk).role == "owner"
    workspaces.remove_member(admin, member)
    client.force_login(admin.user)
    assert client.post(f"{PAGE}accounts/", {"account_name": "Bot", "role": "owner"}).status_code == 422
    assert not ServiceAccount.objects.exists()
