"""What a person chose is what they get: in the app, by mail (over a real SMTP server), by push (to a real socket)."""

import base64
import email
import email.policy
import re
import threading
from datetime import UTC, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core import mail
from django.utils import timezone

from apps.notifications import mailing, pushing, web_push
from apps.notifications.choosing import choice_of, mail_at
from apps.notifications.models import ByMail, Choice, Device, Notification, Timing
from apps.notifications.services import count_unread, notify
from apps.workspaces.news import Kind
from tests.conftest import free_port

URL = "/account/notifications/"


def chosen(owner, kind=Kind.DONE, **fields):
    return Choice.objects.create(user=owner.user, kind=kind, **fields)


def form(**changes):
    """The page's form as it comes, with changes: done__by_mail="daily"."""
    told = {f"{kind}-in_app": "on" for kind in Kind.values}
    told |= {f"{kind}-by_mail": choice_of_default(kind) for kind in Kind.values}
    told |= {"quiet_from": "", "quiet_until": "", "daily_at": "08:00"}
    return told | {name.replace("__", "-"): value for name, value in changes.items()}


def choice_of_default(kind):
    return {"voice": "at_once", "budget": "at_once", "connection": "at_once"}.get(kind, "never")


def test_the_page_keeps_what_is_chosen(client, owner):
    client.force_login(owner.user)
    assert client.get(URL).status_code == 200
    assert client.post(URL, form(done__by_mail="daily", quiet_from="22:00", quiet_until="07:00")).status_code == 302
    assert choice_of(owner.user, Kind.DONE).by_mail == ByMail.DAILY
    assert choice_of(owner.user, Kind.TEAM).by_mail == ByMail.NEVER
    assert Timing.objects.get(user=owner.user).quiet_from == time(22)
    assert client.post(URL, form(quiet_from="22:00")).status_code == 422


def test_what_is_not_wanted_in_the_app_is_not_in_the_bell(owner):
    chosen(owner, in_app=False, by_mail=ByMail.HOURLY)
    notify(owner.user, owner.workspace, "Done: a lighthouse", kind=Kind.DONE)
    assert count_unread(owner) == 0
    assert Notification.objects.get().mail_at
    Choice.objects.update(by_mail=ByMail.NEVER)
    assert notify(owner.user, owner.workspace, "Done: a boat", kind=Kind.DONE) is None


NOON = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)  # 20:30 in Shanghai


@pytest.mark.parametrize(
    ("by_mail", "quiet", "hour"),
    [
        (ByMail.AT_ONCE, (None, None), "12:30"),
        (ByMail.AT_ONCE, (time(20), time(7)), "23:00"),  # until 7 in Shanghai
        (ByMail.AT_ONCE, (time(13), time(20)), "12:30"),
        (ByMail.HOURLY, (None, None), "13:00"),
        (ByMail.HOURLY, (time(21), time(6, 30)), "22:30"),
        (ByMail.DAILY, (None, None), "01:00"),  # at 9 there
        (ByMail.NEVER, (None, None), None),
    ],
)
def test_mails_wait_for_their_hour_and_for_the_end_of_the_quiet(by_mail, quiet, hour):
    timing = Timing(quiet_from=quiet[0], quiet_until=quiet[1], daily_at=time(9))
    due = mail_at(Choice(by_mail=by_mail), timing, "Asia/Shanghai", NOON)
    assert (due and f"{due:%H:%M}") == hour


class Letters:
    def __init__(self):
        self.kept = []

    async def handle_DATA(self, server, session, envelope):
        self.kept.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"


@pytest.fixture
def letters(settings):
    kept = Letters()
    server = Controller(kept, hostname="127.0.0.1", port=free_port())
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_HOST_USER = "127.0.0.1", server.port, ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    yield kept.kept
    server.stop()


def test_what_came_in_a_day_is_one_letter_as_text_and_html(client, owner, letters):
    chosen(owner, by_mail=ByMail.DAILY)
    for title in ("a lighthouse", "<b>a boat</b>"):
        notify(owner.user, owner.workspace, f"Done: {title}", "/w/night-shift/images/", Kind.DONE)
    mailing.send_due(timezone.now())
    assert not letters
    tomorrow = timezone.now() + timedelta(days=1, minutes=1)
    mailing.send_due(tomorrow)
    mailing.send_due(tomorrow + timedelta(hours=1))
    (letter,) = letters
    assert (letter["To"], letter["Subject"]) == ("olga@example.com", "2 pieces of news")
    text = letter.get_body(("plain",)).get_content()
    html = letter.get_body(("html",)).get_content()
    assert "Done: a lighthouse" in text
    assert "/w/night-shift/images/" in text
    assert "&lt;b&gt;a boat" in html
    assert "prefers-color-scheme: dark" in html


def test_one_press_in_the_mail_program_ends_the_mails_of_that_kind_alone(csrf_client, owner, letters):
    chosen(owner, by_mail=ByMail.AT_ONCE)
    notify(owner.user, owner.workspace, "Done: a lighthouse", kind=Kind.DONE)
    mailing.send_due(timezone.now())
    assert letters[0]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = "/mails/off/" + re.search(r"/mails/off/([^>]+)>", letters[0]["List-Unsubscribe"])[1]
    assert csrf_client.get(path).status_code == 200  # a program that only looks changes nothing
    assert choice_of(owner.user, Kind.DONE).by_mail == ByMail.AT_ONCE
    assert csrf_client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert choice_of(owner.user, Kind.DONE).by_mail == ByMail.NEVER
    assert choice_of(owner.user, Kind.BUDGET).by_mail == ByMail.AT_ONCE
    assert csrf_client.post(path[:-3] + "xx/").status_code == 404


def test_what_was_read_or_is_no_longer_theirs_to_know_is_not_mailed(owner):
    chosen(owner, by_mail=ByMail.HOURLY)
    notify(owner.user, owner.workspace, "Done: a lighthouse", kind=Kind.DONE)
    Notification.objects.update(read_at=timezone.now())
    notify(owner.user, owner.workspace, "Done: a boat", kind=Kind.DONE)
    owner.delete()
    mailing.send_due(timezone.now() + timedelta(hours=2))
    assert not mail.outbox
    assert not Notification.objects.exclude(mail_at=None).exists()


def test_a_mail_server_that_is_away_costs_no_mail(owner, settings, letters):
    chosen(owner, by_mail=ByMail.AT_ONCE)
    notify(owner.user, owner.workspace, "Done: a lighthouse", kind=Kind.DONE)
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, free_port()
    mailing.send_due(timezone.now())
    settings.EMAIL_PORT = port
    mailing.send_due(timezone.now() + timedelta(minutes=11))
    assert len(letters) == 1


# --- push -------------------------------------------------------------------------------------------------------------


def test_a_message_is_encrypted_as_the_example_of_rfc_8291():
    sender = ec.derive_private_key(
        int.from_bytes(web_push.to_bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")), ec.SECP256R1()
    )
    body = web_push.encrypt(
        b"When I grow up, I want to be a watermelon",
        web_push.to_bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
        web_push.to_bytes("BTBZMqHH6r4Tts7J_aSIgg"),
        key=sender,
        salt=web_push.to_bytes("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert web_push.to_text(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
        "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


class PushService(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.received.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def push_service(settings):
    settings.ALLOW_PRIVATE_ENDPOINTS = True  # the service of a test is on this machine
    with ThreadingHTTPServer(("127.0.0.1", 0), PushService) as server:
        server.received, server.status = [], 201
        server.url = f"http://127.0.0.1:{server.server_port}/device"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def subscription(endpoint):
    point = (
        ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    )
    keys = {"p256dh": web_push.to_text(point), "auth": base64.urlsafe_b64encode(b"x" * 16).decode()}
    return {"endpoint": endpoint, "keys": keys}


def add(client, endpoint):
    return client.post(f"{URL}devices/", subscription(endpoint), content_type="application/json").status_code


def test_a_browser_that_was_added_gets_news_except_in_the_quiet_hours(client, owner, push_service):
    client.force_login(owner.user)
    assert add(client, push_service.url) == 204
    chosen(owner, by_push=True)
    news = notify(owner.user, owner.workspace, "Done: a lighthouse", kind=Kind.DONE)
    assert pushing.push(news, timezone.now()) == 1
    headers, body = push_service.received[0]
    assert headers["Content-Encoding"] == "aes128gcm"
    assert headers["Authorization"].startswith("vapid t=")
    assert b"lighthouse" not in body
    Timing.objects.create(user=owner.user, quiet_from=time(0), quiet_until=time(23, 59, 59))
    assert pushing.push(news, timezone.now()) == 0


def test_a_browser_that_is_gone_is_forgotten(client, owner, push_service):
    client.force_login(owner.user)
    add(client, push_service.url)
    push_service.status = 410
    pushing.push(notify(owner.user, owner.workspace, "Hello"), timezone.now())
    assert not Device.objects.exists()


@pytest.mark.parametrize(
    "endpoint", ["https://127.0.0.1/x", "http://push.example.com/x", "https://[::1]/", "file:///x"]
)
def test_a_push_address_inside_a_network_is_refused(client, owner, endpoint):
    client.force_login(owner.user)
    assert add(client, endpoint) == 422
    assert not Device.objects.exists()


def test_a_browser_is_removed_by_its_person_alone(client, owner, stranger, push_service):
    client.force_login(owner.user)
    add(client, push_service.url)
    path = f"{URL}devices/{Device.objects.get().pk}/remove/"
    client.force_login(stranger.user)
    assert client.post(path).status_code == 404
    client.force_login(owner.user)
    assert client.post(path).status_code == 302
