import pytest
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy

from apps.notifications.services import count_unread, notify

URL = "/w/night-shift/notifications/"


@pytest.fixture
def told(owner):
    return notify(owner.user, owner.workspace, "Nils joined Night Shift.", "/w/night-shift/team/")


def test_the_bell_lists_what_a_person_was_told(client, owner, told):
    client.force_login(owner.user)
    fragment = client.get(URL, headers={"HX-Request": "true"}).content.decode()
    assert "Nils joined Night Shift." in fragment
    assert "<html" not in fragment
    assert "Nils joined Night Shift." in client.get(URL).content.decode()


def test_opening_one_marks_it_as_read_and_leads_to_it(client, owner, told):
    client.force_login(owner.user)
    response = client.post(f"{URL}{told.pk}/")
    assert response.headers["Location"] == "/w/night-shift/team/"
    assert count_unread(owner) == 0


def test_all_can_be_marked_as_read(client, owner, told):
    notify(owner.user, None, "You are no longer a member of Elsewhere.")
    client.force_login(owner.user)
    assert count_unread(owner) == 2
    assert client.post(f"{URL}read/", headers={"HX-Request": "true"}).status_code == 200
    assert count_unread(owner) == 0


def test_nobody_sees_or_opens_what_somebody_else_was_told(client, viewer, told):
    client.force_login(viewer.user)
    assert "Nils" not in client.get(URL).content.decode()
    assert client.post(f"{URL}{told.pk}/").status_code == 404
    client.post(f"{URL}read/")
    told.refresh_from_db()
    assert told.read_at is None


def test_news_of_one_workspace_stay_in_it(client, owner, stranger):
    stranger.workspace.memberships.create(user=owner.user, role="viewer")
    notify(owner.user, stranger.workspace, "The connection of Elsewhere does not work.")
    client.force_login(owner.user)
    assert "Elsewhere does" not in client.get(URL).content.decode()
    assert "Elsewhere does" in client.get("/w/elsewhere/notifications/").content.decode()


def test_the_list_goes_on_to_older_ones(client, owner):
    for number in range(45):
        notify(owner.user, owner.workspace, f"number {number:03}")
    client.force_login(owner.user)
    first = client.get(URL)
    second = client.get(URL, {"before": first.context["older"]})
    seen = first.content.decode() + second.content.decode()
    assert all(f"number {number:03}" in seen for number in range(45))
    assert client.get(URL, {"before": "x"}).status_code == 200


def test_a_lazy_text_is_put_into_the_persons_language(owner):
    owner.user.language = "zh-hans"
    notification = notify(owner.user, None, format_lazy(gettext_lazy("{count} days"), count=3))
    assert notification.text.startswith("3")


def test_what_somebody_is_called_cannot_break_out_of_the_page(client, owner):
    notify(owner.user, owner.workspace, "<script>alert(1)</script> joined.")
    client.force_login(owner.user)
    assert "<script>alert" not in client.get(URL).content.decode()
