"""Which key pays: model × plan × what is left × region × what the workspace allows."""

from datetime import timedelta
from itertools import product

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.minimax.errors import error_for_code
from apps.workspaces import wallets
from apps.workspaces.connections import Choice, connect, endpoint_for, open_endpoint
from apps.workspaces.models import AuditEntry, Connection, Wallet
from apps.workspaces.tasks import retest_connections
from tests.workspaces.conftest import GLOBAL, KEY, MAINLAND, answer

PLAN_KEY = "sk-cp-0123456789abcdefghijklmnopqrstuvwxyzPLAN"
OTHER_KEY = "sk-api-9876543210abcdefghijklmnopqrstuvwxyOTHR"
MODELS = {
    "chat": "MiniMax-M2.7",
    "speech": "speech-2.8-hd",
    "image": "image-01",
    "music": "music-2.6",
    "video": "MiniMax-Hailuo-2.3",
}
PLANS = {  # the windows that each kind of plan reports
    "starter": ["MiniMax-M*"],
    "plus": ["MiniMax-M*", "speech-hd", "image-01"],
    "max": ["MiniMax-M*", "speech-*", "image-01", "music-*", "MiniMax-Hailuo-*"],
    "one bar for all": ["general"],
}
COVERED = {
    "starter": {"chat"},
    "plus": {"chat", "speech", "image"},
    "max": set(MODELS),
    "one bar for all": set(MODELS),
}
REGIONS = ["global", "mainland"]


def window(model, percent):
    ends = timezone.now() + timedelta(hours=2)
    return {
        "model_name": model,
        "end_time": int(ends.timestamp() * 1000),
        "current_interval_remaining_percent": percent,
        "current_interval_status": 1 if percent else 2,
        "current_weekly_status": 3,
    }


def both(member, region="global", plan="max", percent=60):
    """A pay-as-you-go key and the key of a plan, of one region."""
    balance = connect(member, Choice(region, KEY))
    account = {"plan": [window(model, percent) for model in PLANS[plan]]}
    connect(member, Choice(region, PLAN_KEY, wallet=Wallet.PLAN))
    Connection.every.filter(wallet="plan").update(account=account)
    return balance, Connection.every.get(wallet="plan")


@pytest.mark.parametrize(("plan", "region"), list(product(PLANS, REGIONS)))
def test_the_wallet_matrix(owner, plan, region):
    other = "mainland" if region == "global" else "global"
    connect(owner, Choice(other, OTHER_KEY))  # of another place: it must never be used
    balance, plan_key = both(owner, region, plan)
    workspace = owner.workspace
    for modality, percent, may_fail_over in product(MODELS, (60, 0), (False, True)):
        workspace.may_fail_over = may_fail_over
        workspace.save()
        plan_key.account = {"plan": [window(model, percent) for model in PLANS[plan]]}
        plan_key.save()
        route = wallets.route(workspace.pk, modality, MODELS[modality])
        case = (modality, percent, may_fail_over)
        if modality not in COVERED[plan]:
            expected = (balance.pk, "not_in_plan")
        elif percent:
            expected = (plan_key.pk, "covered")
        elif may_fail_over:
            expected = (balance.pk, "window_over")
        else:
            expected = (plan_key.pk, "held_back")
        assert (route.connection.pk, route.reason) == expected, case
        endpoint = open_endpoint(route.connection)
        assert endpoint.base_url == {"global": GLOBAL, "mainland": MAINLAND}[region], case
        assert endpoint.api_key == (PLAN_KEY if expected[0] == plan_key.pk else KEY), case
        assert wallets.explain(route.as_dict()), case
        assert route.is_covered == (expected[1] == "covered"), case


@pytest.mark.parametrize("code", [2056, 2061])
@pytest.mark.parametrize("may_fail_over", [False, True])
def test_a_refused_plan_lets_the_other_key_step_in_only_if_the_workspace_allows_it(owner, code, may_fail_over):
    balance, plan_key = both(owner)
    owner.workspace.may_fail_over = may_fail_over
    owner.workspace.save()
    wallets.note_refusal(plan_key.pk, error_for_code(code), "image-01")
    found = wallets.fail_over(owner.workspace_id, plan_key.pk, "image", "image-01")
    assert (found and found.connection.pk) == (balance.pk if may_fail_over else None)
    route = wallets.route(owner.workspace_id, "image", "image-01")
    assert route.connection.pk == (balance.pk if may_fail_over else plan_key.pk)
    untouched = wallets.route(owner.workspace_id, "music", "music-2.6")
    assert (untouched.connection.pk == plan_key.pk) == (code == 2061 or not may_fail_over)


def test_an_empty_balance_lets_the_plan_step_in_only_if_the_workspace_allows_it(owner):
    balance, plan_key = both(owner)
    owner.workspace.wallet_order = {"image": "balance"}
    owner.workspace.save()
    assert wallets.route(owner.workspace_id, "image", "image-01").connection.pk == balance.pk
    wallets.note_refusal(balance.pk, error_for_code(1008), "image-01")
    assert wallets.fail_over(owner.workspace_id, balance.pk, "image", "image-01") is None
    owner.workspace.may_fail_over = True
    owner.workspace.save()
    found = wallets.fail_over(owner.workspace_id, balance.pk, "image", "image-01")
    assert (found.connection.pk, found.reason) == (plan_key.pk, "balance_over")


def test_a_refusal_ends_with_the_window(owner):
    _balance, plan_key = both(owner)
    wallets.note_refusal(plan_key.pk, error_for_code(2056), "image-01")
    plan_key.refresh_from_db()
    assert not wallets.state_of(plan_key, "image-01", timezone.now()).is_open
    assert wallets.state_of(plan_key, "image-01", timezone.now() + timedelta(hours=3)).is_open


def test_it_is_marked_as_disputed_while_minimax_reports_that_something_is_left(client, owner):
    _balance, plan_key = both(owner)
    client.force_login(owner.user)
    url = reverse("workspaces:connection", args=[owner.workspace.slug])
    assert "disputed" not in client.get(url).content.decode()
    wallets.note_refusal(plan_key.pk, error_for_code(2056), "image-01")
    assert "disputed" in client.get(url).content.decode()
    Connection.every.filter(pk=plan_key.pk).update(account={"plan": [window("general", 0)]})
    assert "disputed" not in client.get(url).content.decode()


# --- keeping several ------------------------------------------------------------------------------------------------


def test_a_second_wallet_stands_beside_the_one_in_use_and_another_place_takes_over(owner):
    both(owner)
    assert endpoint_for(owner.workspace).api_key == KEY
    connect(owner, Choice("mainland", OTHER_KEY))
    assert endpoint_for(owner.workspace).api_key == OTHER_KEY
    assert len(wallets.wallets_of(owner.workspace_id)) == 1
    assert Connection.every.kept().count() == 3


def test_another_key_of_the_same_place_retires_the_old_one_which_is_forgotten_after_a_week(owner, minimax):
    minimax["global"].mock(return_value=answer())
    old = connect(owner, Choice("global", KEY))
    new = connect(owner, Choice("global", OTHER_KEY))
    assert endpoint_for(owner.workspace).api_key == OTHER_KEY
    assert wallets.route(owner.workspace_id, "image").connection.pk == new.pk
    assert open_endpoint(Connection.every.get(pk=old.pk)).api_key == KEY  # for what is running
    Connection.every.filter(pk=old.pk).update(retired_at=timezone.now() - timedelta(days=8))
    retest_connections()
    assert not Connection.every.filter(pk=old.pk).exists()


def test_switching_and_removing(client, owner, admin, stranger):
    both(owner)
    other = connect(owner, Choice("mainland", OTHER_KEY))
    balance = Connection.every.get(kind="global", wallet="balance")
    client.force_login(admin.user)
    url = reverse("workspaces:use_connection", args=[owner.workspace.slug, balance.pk])
    client.post(url)
    assert endpoint_for(owner.workspace).api_key == KEY
    client.post(reverse("workspaces:remove_connection", args=[owner.workspace.slug, balance.pk]))
    assert endpoint_for(owner.workspace).api_key == PLAN_KEY  # the other wallet of the place
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {"connection.used", "connection.removed"}
    client.force_login(stranger.user)
    url = reverse("workspaces:remove_connection", args=[stranger.workspace.slug, other.pk])
    assert client.post(url).status_code == 404
    assert Connection.every.filter(pk=other.pk).exists()


def test_only_an_owner_decides_which_key_pays(client, owner, admin):
    both(owner)
    url = reverse("workspaces:set_wallets", args=[owner.workspace.slug])
    form = {f"order_{name}": "plan" for name in MODELS} | {"order_video": "only_balance", "may_fail_over": "on"}
    client.force_login(admin.user)
    assert client.post(url, form).status_code == 403
    client.force_login(owner.user)
    client.post(url, form)
    owner.workspace.refresh_from_db()
    assert (owner.workspace.may_fail_over, owner.workspace.wallet_order) == (True, {"video": "only_balance"})
    assert wallets.route(owner.workspace_id, "video", MODELS["video"]).connection.wallet == "balance"


# --- testing --------------------------------------------------------------------------------------------------------


def test_a_key_of_the_other_region_is_called_so_when_it_is_saved(client, owner, minimax):
    minimax["mainland"].mock(return_value=answer())
    client.force_login(owner.user)
    url = reverse("workspaces:connection", args=[owner.workspace.slug])
    page = client.post(url, {"connection": "key", "api_key": KEY, "region": "global"})
    assert page.status_code == 422
    assert "This key belongs to the other region: it works with MiniMax · mainland" in page.content.decode()
    assert not Connection.every.exists()


def test_once_a_day_each_key_is_tried_and_the_account_is_read(owner, minimax):
    balance, _plan_key = both(owner)
    minimax["mainland"].mock(return_value=answer())  # it is one of the other region
    retest_connections()
    balance.refresh_from_db()
    assert "belongs to the other region" in balance.status_text
    minimax["global"].mock(return_value=answer())
    minimax.get(f"{GLOBAL}/account/query_balance").respond(
        json={"available_amount": "9.50", "cash_balance": "9.50", "base_resp": {"status_code": 0, "status_msg": ""}}
    )
    asked = minimax["global"].call_count
    retest_connections()
    assert minimax["global"].call_count == asked  # not before a day is over
    Connection.every.update(tested_at=timezone.now() - timedelta(hours=25))
    retest_connections()
    balance.refresh_from_db()
    assert (balance.status, balance.account["balance"]["available_amount"]) == ("ok", "9.50")
