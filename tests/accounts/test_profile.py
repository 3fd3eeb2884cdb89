import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from apps.accounts.models import User
from apps.workspaces import tray

PROFILE = {"name": "Olga", "time_zone": "Asia/Shanghai", "language": "", "theme": "dark"}


@pytest.fixture
def signed_in(client, owner):
    client.force_login(owner.user)
    return client


def test_a_person_changes_name_zone_language_and_theme(signed_in, owner):
    assert signed_in.post("/account/profile/", PROFILE | {"name": "Olga B."}).status_code == 302
    person = User.objects.get(pk=owner.user_id)
    assert (person.name, person.time_zone, person.theme) == ("Olga B.", "Asia/Shanghai", "dark")


@pytest.mark.parametrize("change", [{"time_zone": "Mars/Olympus"}, {"language": "xx"}, {"theme": "pink"}, {"name": ""}])
def test_what_does_not_exist_cannot_be_chosen(signed_in, owner, change):
    assert signed_in.post("/account/profile/", PROFILE | change).status_code == 422
    assert User.objects.get(pk=owner.user_id).time_zone == "UTC"


def test_pages_show_times_in_the_persons_zone(signed_in, owner):
    from datetime import UTC, datetime

    from apps.workspaces.models import AuditEntry

    AuditEntry.objects.create(
        workspace=owner.workspace, actor=owner.user, action="member.joined", at=datetime(2026, 1, 1, 20, tzinfo=UTC)
    )
    url = "/w/night-shift/team/audit/"
    assert "20:00:00" in signed_in.get(url).content.decode()
    User.objects.update(time_zone="Asia/Shanghai")
    assert "04:00:00" in signed_in.get(url).content.decode()


def test_pages_speak_the_persons_language(signed_in, owner):
    User.objects.update(language="zh-hans")
    response = signed_in.get("/account/profile/", headers={"Accept-Language": "en"})
    assert '<html lang="zh-hans"' in response.content.decode()
    signed_in.logout()
    assert '<html lang="en"' in signed_in.get("/account/login/").content.decode()


def test_the_theme_is_kept_without_a_page(signed_in, owner):
    assert signed_in.post("/account/theme/", {"theme": "light"}).status_code == 204
    assert User.objects.get(pk=owner.user_id).theme == "light"
    assert signed_in.post("/account/theme/", {"theme": "pink"}).status_code == 422
    assert signed_in.get("/account/theme/").status_code == 405


@pytest.mark.parametrize("path", ["profile/", "theme/", "sessions/", "sessions/end-others/", "sessions/1/end/"])
def test_the_signed_out_are_led_to_the_door(client, owner, path):
    for response in (client.get(f"/account/{path}"), client.post(f"/account/{path}")):
        assert response.status_code in {302, 405}
        assert response.status_code == 405 or response.headers["Location"].startswith("/account/login/")


# --- sessions ---------------------------------------------------------------------------------------------------------


def test_the_sessions_page_lists_and_ends_the_others(signed_in, owner):
    other = Client(headers={"User-Agent": "An old phone"})
    other.force_login(owner.user)
    other.get("/account/profile/")
    assert "An old phone" in signed_in.get("/account/sessions/").content.decode()
    assert signed_in.post("/account/sessions/end-others/").status_code == 302
    assert other.get("/account/profile/").status_code == 302
    assert signed_in.get("/account/profile/").status_code == 200


def test_one_session_can_be_ended_but_not_somebody_elses(signed_in, owner, viewer):
    theirs = Client()
    theirs.force_login(viewer.user)
    theirs.get("/account/profile/")
    session = UserSession.objects.get(user=viewer.user)
    assert signed_in.post(f"/account/sessions/{session.pk}/end/").status_code == 404
    assert theirs.post(f"/account/sessions/{session.pk}/end/").status_code == 302  # leads to the sign-out page
    assert UserSession.objects.filter(pk=session.pk).exists()


def test_activity_is_noted_without_writing_on_every_request(signed_in, owner, django_assert_max_num_queries):
    signed_in.get("/account/profile/")
    assert UserSession.objects.filter(user=owner.user).count() == 1
    with django_assert_max_num_queries(9 + len(tray._providers)) as queries:
        signed_in.get("/account/profile/")
    assert not [query for query in queries if query["sql"].startswith(("UPDATE", "INSERT"))]
    signed_in.get("/account/profile/", REMOTE_ADDR="192.0.2.9")
    assert UserSession.objects.get(user=owner.user).ip == "192.0.2.9"
