import io

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.core.management.base import CommandError

from apps.workspaces.models import Connection
from apps.workspaces.resealing import sealed_columns
from apps.workspaces.sealing import seal, unseal


@pytest.fixture
def kept(owner, settings):
    """A connection and a second factor, sealed with the old secret."""
    settings.ENCRYPTION_KEYS = ["old"]
    row = Connection.objects.create(workspace=owner.workspace, kind="global", key_sealed=seal("sk-api-kept"))
    data = {"secret": seal("JBSWY3DPEHPK3PXP")}
    factor = Authenticator.objects.create(user=owner.user, type=Authenticator.Type.TOTP, data=data)
    return row, factor


def test_what_was_sealed_opens_without_the_old_secret_afterwards(kept, settings):
    settings.ENCRYPTION_KEYS = ["new", "old"]
    call_command("rotate_secrets", stdout=io.StringIO())
    settings.ENCRYPTION_KEYS = ["new"]
    for row in kept:
        row.refresh_from_db()
    assert (unseal(kept[0].key_sealed), unseal(kept[1].data["secret"])) == ("sk-api-kept", "JBSWY3DPEHPK3PXP")


def test_what_nothing_opens_is_named_and_left_while_the_rest_goes_on(kept, settings):
    lost, before = kept[0], kept[0].key_sealed
    settings.ENCRYPTION_KEYS = ["other"]
    Authenticator.objects.update(data={"secret": seal("JBSWY3DPEHPK3PXP")})
    settings.ENCRYPTION_KEYS = ["new", "other"]
    with pytest.raises(CommandError, match=f"workspaces.Connection {lost.pk}"):
        call_command("rotate_secrets", stdout=io.StringIO())
    lost.refresh_from_db()
    settings.ENCRYPTION_KEYS = ["new"]
    assert lost.key_sealed == before
    assert unseal(Authenticator.objects.get().data["secret"]) == "JBSWY3DPEHPK3PXP"


def test_every_app_that_seals_is_found():
    found = {f"{model._meta.app_label}.{name}" for model, name in sealed_columns()}
    assert {"workspaces.key_sealed", "sharing.token_sealed", "provenance.key_sealed"} <= found
