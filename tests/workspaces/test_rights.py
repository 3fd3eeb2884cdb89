from decimal import Decimal

import pytest
from django.urls import reverse

from apps.usage import budgets
from apps.usage.models import Hold
from apps.workspaces.models import AuditEntry, Membership

ALL = {"creator-clone": "1", "creator-publish": "1", "creator-spend_usd": ""}


def url(name, *args):
    return reverse(f"workspaces:{name}", args=["night-shift", *args])


def again(member):
    return Membership.objects.select_related("workspace", "user").get(pk=member.pk)


def test_a_role_loses_an_act_and_one_person_gets_it_back(client, owner, creator):
    client.force_login(owner.user)
    client.post(url("limit_role", "creator"), ALL | {"creator-publish": "0"})
    theirs = type(client)()
    theirs.force_login(creator.user)
    made = reverse("sharing:create", args=["night-shift"])
    assert theirs.post(made).status_code == 403
    client.post(url("limit_person", creator.pk), {"publish": "1", "clone": "", "spend_usd": ""})
    assert theirs.post(made).status_code != 403
    assert again(creator).may("publish")
    assert AuditEntry.objects.filter(action="rights.changed").count() == 2


def test_who_may_not_clone_is_told_so_and_nothing_is_asked_for(client, owner, creator):
    client.force_login(owner.user)
    client.post(url("limit_role", "creator"), ALL | {"creator-clone": "0"})
    assert (again(creator).may("clone"), again(creator).may("create"), again(owner).may("clone")) == (False, True, True)
    client.force_login(creator.user)
    assert "disabled" in client.get(reverse("voices:clone", args=["night-shift"])).content.decode()


def test_one_act_costs_no_more_than_the_person_may_spend(client, owner, creator):
    client.force_login(owner.user)
    client.post(url("limit_role", "creator"), ALL | {"creator-spend_usd": "2.50"})
    bare = Membership(workspace_id=creator.workspace_id, user_id=creator.user_id, role="creator")  # of a live page
    for member in (again(creator), bare):
        with pytest.raises(budgets.BudgetReachedError, match=r"up to \$2.50"):
            budgets.hold("job:1", member, kind="image", amount_usd=Decimal("2.51"))
    assert not Hold.objects.exists()
    budgets.hold("job:1", again(creator), kind="image", amount_usd=Decimal("2.50"))
    budgets.hold("job:2", again(owner), kind="image", amount_usd=Decimal("900"))
    assert Hold.objects.count() == 2


def test_only_an_owner_sets_limits_and_not_for_owners(client, owner, admin, creator):
    client.force_login(admin.user)
    assert client.post(url("limit_role", "creator"), ALL).status_code == 403
    assert client.post(url("limit_person", creator.pk), {}).status_code == 403
    client.force_login(owner.user)
    assert client.post(url("limit_role", "owner"), ALL).status_code == 404
    assert client.post(url("limit_person", creator.pk), {"spend_usd": "much"}).status_code == 422
