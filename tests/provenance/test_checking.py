"""The page that says of any file what made it, and whether it was changed since."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.library.models import Asset
from apps.provenance.models import Marking, SigningIdentity
from apps.workspaces.models import AuditEntry
from tests.provenance.conftest import PROMPT
from tests.provenance.media import write_media


@pytest.fixture
def taken(client, creator, keep_made) -> bytes:
    client.force_login(creator.user)
    return b"".join(client.get(reverse("library:download", args=["night-shift", keep_made().pk])))


def check(client: Client, data: bytes, workspace: str = "night-shift", **headers) -> str:
    file = SimpleUploadedFile("owl.png", data)
    answer = client.post(reverse("provenance:check", args=[workspace]), {"file": file}, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_ones_own_file_is_known_and_its_settings_fill_the_form(client, taken):
    page = check(client, taken)
    asset = Asset.objects.get()
    assert "Signed by this studio, and not changed since" in page
    assert "the very same file" in page
    assert reverse("library:asset", args=["night-shift", asset.pk]) in page
    address = page.partition('href="/w/night-shift/images/?from=')[2].partition('"')[0]
    form = client.get(f"/w/night-shift/images/?from={address}")
    assert PROMPT in form.content.decode()


def test_settings_that_were_looked_at_are_ones_own(client, taken, stranger):
    address = check(client, taken).partition('href="/w/night-shift/images/?from=')[2].partition('"')[0]
    other = Client()
    other.force_login(stranger.user)
    assert PROMPT not in other.get(f"/w/elsewhere/images/?from={address}").content.decode()


def test_a_changed_file_is_said_to_be_changed(client, taken):
    data = bytearray(taken)
    data[-40] ^= 1
    page = check(client, bytes(data), hx_request="true")
    assert "The signature does not hold" in page
    assert "was changed after it was signed" in page
    assert "what this file says it was" in page
    assert "<html" not in page


def test_a_file_of_another_studio_says_whose_and_leads_nowhere(client, taken):
    SigningIdentity.objects.all().delete()
    Asset.objects.all().delete()
    page = check(client, taken)
    assert "This studio does not know that key" in page
    assert "/library/0" not in page


def test_a_file_without_a_note_is_blamed_for_nothing(client, creator, tmp_path: Path):
    client.force_login(creator.user)
    assert "No signed note of origin" in check(client, write_media(tmp_path, "jpg").read_bytes())
    assert "No signed note of origin" in check(client, b"MZ is a program")
    assert "No signed note of origin" in check(client, b"")


def test_a_stranger_learns_nothing_of_what_the_workspace_has(client, taken, stranger):
    other = Client()
    other.force_login(stranger.user)
    file = SimpleUploadedFile("owl.png", taken)
    assert other.post(reverse("provenance:check", args=["night-shift"]), {"file": file}).status_code == 404
    assert "the very same file" not in check(other, taken, "elsewhere")


def test_an_admin_says_what_downloads_carry_and_it_is_written_down(client, admin, creator):
    path = reverse("provenance:set_marks", args=["night-shift"])
    client.force_login(creator.user)
    assert client.post(path, {"signs": "on"}).status_code == 403
    client.force_login(admin.user)
    client.post(path, {"signs": "on"})
    row = Marking.objects.get()
    assert (row.embeds_settings, row.signs, row.signs_prompt) == (False, True, False)
    assert AuditEntry.objects.filter(action="marks.changed", subject="origin").exists()


def test_the_certificate_can_be_had_and_the_key_cannot(client, taken):
    answer = client.get(reverse("provenance:certificate", args=["night-shift"]))
    assert answer.content.startswith(b"-----BEGIN CERTIFICATE")
    assert b"PRIVATE" not in answer.content
