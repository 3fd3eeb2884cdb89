import threading

import pytest
from django.db import connection as database
from django.urls import reverse

from apps.accounts.models import User
from apps.workspaces import setup
from apps.workspaces.connections import Choice, endpoint_for
from apps.workspaces.models import AuditEntry, Connection, Membership, Workspace
from tests.workspaces.conftest import KEY, answer

URL = "/setup/"
FORM = {
    "name": "Nora",
    "email": "Nora@Example.com",
    "password": "a long quiet evening",
    "workspace": "Night Shift",
    "connection": "sandbox",
    "api_key": "",
}


@pytest.fixture(autouse=True)
def local_studio(settings, sandbox_offered):
    settings.SETUP_TOKEN_PATH = None


@pytest.mark.django_db
def test_every_page_leads_to_the_setup_page_until_there_is_an_owner(client):
    for path in ["/", "/account/login/", "/w/night-shift/", "/w/night-shift/team/", "/s/abc/", "/anything"]:
        response = client.get(path)
        assert (response.status_code, response.headers["Location"]) == (302, URL)
    assert client.get("/healthz").status_code == 200
    assert client.get(URL).status_code == 200


@pytest.mark.django_db
def test_the_first_visit_makes_owner_workspace_and_connection_and_signs_in(client):
    response = client.post(URL, FORM)
    assert response.status_code == 302
    assert response.headers["Location"] == reverse("home:index", args=["night-shift"])
    member = Membership.objects.select_related("user", "workspace").get()
    assert (member.role, member.user.email, member.workspace.name) == ("owner", "nora@example.com", "Night Shift")
    assert client.session["_auth_user_id"] == str(member.user_id)
    assert endpoint_for(member.workspace).api_key == "sandbox-key"
    actions = AuditEntry.objects.values_list("action", flat=True)
    assert {"studio.set_up", "workspace.created", "connection.changed", "signin.succeeded"} <= set(actions)


@pytest.mark.django_db
def test_the_setup_page_is_gone_afterwards(client, owner):
    assert client.get(URL).status_code == 404
    assert client.post(URL, FORM).status_code == 404
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_after_the_first_visit_the_check_costs_no_query(client, owner, django_assert_num_queries):
    client.get("/healthz")
    client.get("/account/login/")
    with django_assert_num_queries(0):
        client.get("/account/login/")


@pytest.mark.django_db
@pytest.mark.parametrize("region", ["global", "mainland"])
def test_a_key_is_tried_on_both_regions_and_the_right_one_is_kept(client, minimax, region):
    minimax[region].mock(return_value=answer())
    assert client.post(URL, FORM | {"connection": "key", "api_key": KEY}).status_code == 302
    connection = Connection.objects.get()
    assert (connection.kind, connection.status, connection.key_last4) == (region, "ok", "WXYZ")
    assert KEY not in connection.key_sealed
    assert endpoint_for(connection.workspace).api_key == KEY


@pytest.mark.django_db
def test_a_wrong_key_names_both_causes_and_keeps_what_was_typed_but_no_secret(client, minimax):
    response = client.post(URL, FORM | {"connection": "key", "api_key": KEY})
    page = response.content.decode()
    assert response.status_code == 422
    assert "wrong" in page
    assert "other region" in page
    assert "Nora" in page
    assert "Night Shift" in page
    assert KEY not in page
    assert FORM["password"] not in page
    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("said", "kept"), [("Asia/Shanghai", "Asia/Shanghai"), ("", "UTC"), ("Mars/Olympus", "UTC")])
def test_the_browser_says_in_which_zone_the_owner_lives(client, said, kept):
    client.post(URL, FORM | {"time_zone": said})
    assert User.objects.get().time_zone == kept


@pytest.mark.django_db
def test_a_weak_password_is_explained_and_nothing_is_made(client):
    response = client.post(URL, FORM | {"password": "nora"})
    assert response.status_code == 422
    assert "too short" in response.content.decode()
    assert not User.objects.exists()


@pytest.mark.django_db
def test_the_sandbox_is_only_offered_where_one_runs(client, settings):
    assert 'value="sandbox"' in client.get(URL).content.decode()
    settings.SANDBOX_URL = ""
    assert 'value="sandbox"' not in client.get(URL).content.decode()
    assert client.post(URL, FORM).status_code == 422


@pytest.mark.django_db
def test_setting_up_wants_a_csrf_token(csrf_client):
    assert csrf_client.post(URL, FORM).status_code == 403
    assert not User.objects.exists()


@pytest.mark.django_db
def test_a_studio_that_others_can_reach_wants_the_token_from_its_log(client, settings, tmp_path, caplog):
    settings.SETUP_TOKEN_PATH = tmp_path / "setup.token"
    client.get("/")
    link = setup.link()
    assert link in caplog.text
    assert settings.SETUP_TOKEN_PATH.stat().st_mode & 0o777 == 0o600
    assert client.get(URL).status_code == 403
    assert client.post(URL, FORM).status_code == 403
    assert client.post(f"{URL}?token=wrong", FORM).status_code == 403
    path = link.removeprefix(settings.PUBLIC_URL)
    assert client.get(path).status_code == 200
    assert client.post(path, FORM).status_code == 302
    assert not settings.SETUP_TOKEN_PATH.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_set_up_at_once_only_one_wins(rf):
    gate, outcomes = threading.Barrier(2), []

    def visit(name: str) -> None:
        gate.wait()
        try:
            setup.set_up(
                name=name,
                email=f"{name}@example.com",
                password="a long quiet evening",
                workspace=name,
                choice=Choice(),
                request=rf.get("/"),
            )
            outcomes.append("won")
        except setup.AlreadySetUpError:
            outcomes.append("lost")
        finally:
            database.close()

    people = [threading.Thread(target=visit, args=[name]) for name in ["nora", "omar"]]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert sorted(outcomes) == ["lost", "won"]
    assert (User.objects.count(), Workspace.objects.count()) == (1, 1)
