"""Webhooks over real sockets: what a receiver gets, checked as the Standard Webhooks specification says."""

import base64
import hashlib
import hmac
import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils import timezone

from apps.notifications.models import Notification
from apps.webhooks import delivering
from apps.webhooks.models import Delivery, Webhook
from apps.workspaces import services as workspaces
from apps.workspaces.happenings import announce

URL = "/w/night-shift/team/webhooks/"


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((dict(self.headers), body))
        status = self.server.answers.pop(0) if self.server.answers else 200
        self.send_response(status)
        self.send_header("Location", self.server.url + "/elsewhere")
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"thanks")

    def log_message(self, *args):
        pass


@pytest.fixture
def receiver(settings):
    settings.ALLOW_PRIVATE_ENDPOINTS = True  # the receiver of a test is on this machine
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        server.received, server.answers, server.url = [], [], f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def added(client, owner, receiver):
    """The webhook and its secret, made by the page."""
    client.force_login(owner.user)
    page = client.post(URL, {"url": receiver.url, "description": "Our bot", "events": []})
    return Webhook.objects.get(), page.context["new_secret"]


def work_off(at=None):
    now = at or timezone.now()
    for delivery in Delivery.objects.filter(next_at__lte=now):
        delivering.deliver(delivery.pk, now)


def is_signed(headers, body, secret):
    """As a receiver checks it."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{expected}" in headers["webhook-signature"].split(" ")


def test_what_happens_is_told_signed_and_its_answer_logged(client, owner, receiver, added):
    _webhook, secret = added
    workspaces.invite(owner, "viewer", days=3, note="Vera")
    work_off()
    headers, body = receiver.received[-1]
    told = json.loads(body)
    assert is_signed(headers, body, secret)
    assert (told["type"], told["workspace"]["slug"]) == ("invitation.created", "night-shift")
    assert "Vera" in told["data"]["subject"]
    page = client.get(f"{URL}{added[0].pk}/").content.decode()
    assert "thanks" in page
    assert "Delivered" in page
    assert secret not in page


def test_the_test_button_sends_one(client, receiver, added):
    assert client.post(f"{URL}{added[0].pk}/test/").status_code == 302
    work_off()
    assert json.loads(receiver.received[0][1])["type"] == "webhook.test"


def test_the_log_looks_again_until_the_try_that_is_under_way_is_over(client, owner, receiver, added):
    page = f"{URL}{added[0].pk}/log/"
    announce(owner.workspace_id, "job.failed", {"id": "1"})
    Delivery.objects.update(tries=1, next_at=timezone.now() + delivering.LEASE)  # a worker has it
    assert "every 2s" in client.get(page).content.decode()
    work_off(timezone.now() + timedelta(minutes=2))
    assert "every 2s" not in client.get(page).content.decode()


def test_only_the_chosen_events_are_sent(owner, receiver, added):
    Webhook.objects.update(events=["job.failed"])
    workspaces.invite(owner, "viewer", days=3)
    announce(owner.workspace_id, "job.failed", {"id": "1"})
    assert [delivery.event for delivery in Delivery.objects.all()] == ["job.failed"]


def test_a_refusal_is_tried_again_later_with_the_same_id(owner, receiver, added):
    receiver.answers = [500, 302, 200]
    announce(owner.workspace_id, "job.failed", {"id": "1"})
    for _try in range(3):
        work_off(Delivery.objects.get().next_at)
    work_off(timezone.now() + timedelta(days=1))
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.tries) == ("delivered", 3)
    assert len(receiver.received) == 3  # a redirect is no success, and is not followed
    assert len({headers["webhook-id"] for headers, _body in receiver.received}) == 1
    assert [attempt.status_code for attempt in delivery.attempts.all()] == [200, 302, 500]


def test_two_workers_send_a_delivery_once(owner, receiver, added):
    announce(owner.workspace_id, "job.failed", {"id": "1"})
    delivery, now = Delivery.objects.get(), timezone.now()
    receiver.answers = [500]
    delivering.deliver(delivery.pk, now)
    delivering.deliver(delivery.pk, now)
    assert len(receiver.received) == 1


def test_both_secrets_sign_while_they_are_exchanged(client, owner, receiver, added):
    webhook, old = added
    new = client.post(f"{URL}{webhook.pk}/secret/").context["new_secret"]
    announce(owner.workspace_id, "job.failed", {"id": "1"})
    work_off()
    headers, body = receiver.received[-1]
    assert is_signed(headers, body, old)
    assert is_signed(headers, body, new)
    Webhook.objects.update(old_secret_until=timezone.now())
    announce(owner.workspace_id, "job.failed", {"id": "2"})
    work_off()
    assert not is_signed(*receiver.received[-1], old)
    assert is_signed(*receiver.received[-1], new)


def test_after_failing_for_long_it_is_switched_off_and_the_managers_hear_of_it(client, owner, receiver, added):
    webhook, _secret = added
    receiver.answers = [500, 500]
    announce(owner.workspace_id, "job.failed", {"id": "1"})
    work_off()
    Webhook.objects.update(failing_since=timezone.now() - timedelta(days=4))
    work_off(timezone.now() + timedelta(minutes=1))
    webhook.refresh_from_db()
    assert not webhook.is_active
    assert "switched off" in Notification.objects.get(user=owner.user).text
    announce(owner.workspace_id, "job.failed", {"id": "2"})
    assert Delivery.objects.count() == 1
    form = {"url": receiver.url, "description": "", "events": [], "is_active": "on"}
    client.post(f"{URL}{webhook.pk}/", form)
    assert client.post(f"{URL}{webhook.pk}/deliveries/{Delivery.objects.get().pk}/again/").status_code == 302
    work_off()
    assert Delivery.objects.get().status == "delivered"


def test_a_receiver_that_is_gone_is_not_asked_again(owner, receiver, added):
    receiver.answers = [410]
    announce(owner.workspace_id, "job.failed", {"id": "1"})
    work_off()
    assert not Webhook.objects.get().is_active


def test_nothing_goes_to_a_private_address_not_even_to_a_named_one(client, owner, receiver, added, settings):
    settings.ALLOW_PRIVATE_ENDPOINTS, settings.PRIVATE_HOSTS = False, ("127.0.0.1",)
    for address in (receiver.url, "https://10.0.0.1/", "https://[::ffff:127.0.0.1]/", "https://169.254.169.254/"):
        assert client.post(URL, {"url": address}).status_code == 422
    announce(owner.workspace_id, "job.failed", {"id": "1"})  # one that was added before
    work_off()
    assert not receiver.received
    assert Delivery.objects.get().attempts.get().status_code is None


def test_only_who_manages_may_see_them_and_a_stranger_finds_nothing(client, creator, stranger, added):
    client.force_login(creator.user)
    assert client.get(URL).status_code == 403
    client.force_login(stranger.user)
    assert client.get(f"{URL}{added[0].pk}/").status_code == 404
