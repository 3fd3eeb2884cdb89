"""The ways into the studio, the home page, and what the shell shows around every page."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.urls import reverse

from apps.library import search
from apps.library.models import Asset
from apps.usage import ledger
from apps.workspaces import tray
from apps.workspaces.models import Membership
from tests.conftest import make_person


def home_of(member) -> str:
    return reverse("home:index", args=[member.workspace.slug])


def make_asset(member, **fields) -> Asset:
    made = Asset.objects.create(
        **{
            "workspace": member.workspace,
            "created_by": member.user,
            "kind": "speech",
            "title": "Lighthouse",
            "file": "a.mp3",
            "content_type": "audio/mpeg",
            "size": 1,
            "sha256": "0" * 64,
            **fields,
        }
    )
    search.update([made.pk])
    return made


def test_the_signed_out_are_led_to_sign_in_and_back(client, owner):
    answer = client.get("/")
    assert (answer.status_code, answer.url) == (302, f"{reverse('account_login')}?next=/")


def test_the_root_leads_to_the_only_workspace(client, owner):
    client.force_login(owner.user)
    assert client.get("/").url == home_of(owner)


def test_the_root_leads_back_to_the_workspace_of_the_last_visit(client, owner, stranger):
    elsewhere = Membership.objects.create(workspace=stranger.workspace, user=owner.user, role="viewer")
    client.force_login(owner.user)
    client.get(home_of(elsewhere))
    assert client.get("/").url == home_of(elsewhere)


def test_a_workspace_that_was_left_is_not_led_back_to(client, owner, stranger):
    client.force_login(owner.user)
    client.cookies["studio_workspace"] = stranger.workspace.slug
    assert client.get("/").url == home_of(owner)


def test_a_person_without_a_workspace_is_told_what_to_do(client, owner):
    client.force_login(make_person("Nora"))
    answer = client.get("/")
    assert answer.status_code == 200
    assert "invitation" in answer.content.decode()


@pytest.mark.parametrize("name", ["home:index", "home:palette", "home:tray", "home:make"])
def test_a_stranger_finds_nothing(client, workspace, owner, stranger, name):
    client.force_login(stranger.user)
    assert client.get(reverse(name, args=[workspace.slug])).status_code == 404


def test_the_box_leads_to_the_page_of_the_kind_with_the_words_in_it(client, creator):
    client.force_login(creator.user)
    answer = client.get(reverse("home:make", args=[creator.workspace.slug]), {"page": "speech", "text": "Rain & wind"})
    assert answer.url == reverse("speech:index", args=[creator.workspace.slug]) + "?text=Rain+%26+wind"


def test_a_kind_that_does_not_exist_is_not_found(client, creator):
    client.force_login(creator.user)
    assert client.get(reverse("home:make", args=[creator.workspace.slug]), {"page": "opera"}).status_code == 404


def test_a_viewer_is_offered_nothing_that_they_may_not_do(client, viewer):
    client.force_login(viewer.user)
    assert reverse("home:make", args=[viewer.workspace.slug]) not in client.get(home_of(viewer)).content.decode()
    assert client.get(reverse("home:make", args=[viewer.workspace.slug]), {"page": "speech"}).status_code == 403


def spend(member, usd: str) -> None:
    ledger.record(
        f"test:{uuid.uuid4()}",
        workspace=member.workspace,
        person=member.user,
        kind="speech",
        model="speech-2.8-hd",
        connection_kind="global",
        estimate_usd=None,
        actual_usd=Decimal(usd),
        usage={},
        charged="yes",
    )


def test_the_month_counts_only_this_workspace(client, owner, stranger):
    for member, usd in ((owner, "0.25"), (owner, "0.5"), (stranger, "7")):
        make_asset(member)
        spend(member, usd)
    client.force_login(owner.user)
    answer = client.get(home_of(owner))
    assert "$0.75" in answer.content.decode()
    assert answer.context["month"].made == 2


def test_what_was_made_in_other_months_is_not_counted(client, owner):
    make_asset(owner, id="01234567-0000-7000-8000-000000000000")  # of the year 2006
    client.force_login(owner.user)
    assert client.get(home_of(owner)).context["month"].made == 0


def test_the_home_page_needs_few_queries_however_much_there_is(client, owner, django_assert_max_num_queries):
    for number in range(12):
        make_asset(owner, title=f"Take {number}")
    client.force_login(owner.user)
    client.get(home_of(owner))
    # Two are for the voices that run out soon: their number in the rail, and the list. Two are for money: what the
    # ledger says, and in which currency. Each provider is asked once.
    with django_assert_max_num_queries(12 + len(tray._providers)):
        client.get(home_of(owner))


@pytest.fixture
def in_motion(monkeypatch):
    """Put items into the tray, by the workspace's slug."""
    items: list[tray.Item] = []
    monkeypatch.setattr(
        tray, "_providers", [lambda member: [i for i in items if i.id.startswith(member.workspace.slug)]]
    )

    def add(member, title: str) -> None:
        items.append(
            tray.Item(
                f"{member.workspace.slug}-{len(items)}", title, "mic", "Speaking", "/x", member.user, member.created_at
            )
        )

    return add


def test_the_tray_shows_what_moves_in_this_workspace_alone(client, owner, creator, stranger, in_motion):
    for member in (owner, creator, stranger):
        in_motion(member, f"By {member.user.name}")
    client.force_login(owner.user)
    page = client.get(reverse("home:tray", args=[owner.workspace.slug])).content.decode()
    assert "By Olga" in page
    assert "By Carla" in page
    assert "By Sam" not in page


def test_the_tray_can_leave_out_what_others_started(client, owner, creator, in_motion):
    in_motion(owner, "By Olga")
    in_motion(creator, "By Carla")
    client.force_login(owner.user)
    answer = client.get(reverse("home:tray", args=[owner.workspace.slug]), {"mine": "1"})
    assert [item.title for item in answer.context["shown"]] == ["By Olga"]
    assert '<span class="count" id="tray-count" hx-swap-oob="true">2</span>' in answer.content.decode()


@pytest.mark.parametrize(("role", "leads"), [("admin", True), ("viewer", False)])
def test_the_connection_badge_leads_on_only_for_those_who_may_change_it(client, workspace, request, role, leads):
    from apps.workspaces.models import Connection

    member = request.getfixturevalue(role)
    Connection.objects.create(workspace=workspace, kind="global", status="failing")
    client.force_login(member.user)
    page = client.get(home_of(member)).content.decode()
    assert "MiniMax · global" in page
    assert (f'href="{reverse("workspaces:connection", args=[workspace.slug])}"' in page) is leads


def test_the_layout_of_the_last_visit_is_drawn_by_the_server(client, owner):
    client.force_login(owner.user)
    client.cookies["studio_layout"] = "rail.composer"
    page = client.get(home_of(owner)).content.decode()
    assert 'data-rail="folded"' in page
    assert 'data-composer="folded"' in page


def test_the_theme_of_the_person_is_drawn_by_the_server(client, owner):
    owner.user.theme = "dark"
    owner.user.save()
    client.force_login(owner.user)
    assert '<html lang="en" dir="ltr" data-theme="dark">' in client.get(home_of(owner)).content.decode()


def test_the_design_page_shows_every_group_in_both_themes(client, owner):
    client.force_login(owner.user)
    answer = client.get(reverse("home:design"))
    page = answer.content.decode()
    assert page.count('data-theme="light"') == page.count('data-theme="dark"') == len(answer.context["groups"]) + 1


def test_a_page_that_does_not_exist_says_so_in_the_studios_own_words(client, owner):
    client.force_login(owner.user)
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert "Nothing here" in answer.content.decode()


def test_the_page_for_a_broken_studio_needs_neither_request_nor_database():
    from django.template.loader import get_template

    assert "Something went wrong" in get_template("500.html").render()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["account_login", "account_reset_password", "account_signup"])
def test_signed_out_pages_stand_on_the_design(client, owner, name):
    answer = client.get(reverse(name))
    assert answer.status_code == 200
    assert 'class="plain__card"' in answer.content.decode()


@pytest.mark.parametrize("name", ["account_change_password", "account_email", "account_logout"])
def test_a_persons_own_pages_stand_on_the_design(client, owner, name):
    client.force_login(owner.user)
    answer = client.get(reverse(name), follow=True)
    assert answer.status_code == 200
    assert "css/tokens" in answer.content.decode()
