"""A server for chat alone: open-weight models of the team's own, or any other that speaks OpenAI's or Anthropic's API.

A private address is as forbidden here as for every address that somebody types in, unless whoever runs the
installation allows them (`outbound.check_address`).
"""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from urllib.parse import urlsplit

from asgiref.sync import async_to_sync
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.minimax.chat import ListedModel, Surface, list_models
from apps.minimax.connection import Endpoint
from apps.minimax.errors import AuthenticationError, MiniMaxError
from apps.minimax.speech import new_http
from apps.workspaces.audit import record
from apps.workspaces.connections import NoConnectionError, unseal_known
from apps.workspaces.models import ChatConnection, ConnectionStatus, Membership
from apps.workspaces.outbound import AddressRefusedError, check_address, check_base_address, resolve
from apps.workspaces.sealing import SealBrokenError, seal

MOST_MODELS = 200


class NoModelsError(Exception):
    """The server answers, and offers no model. `str(error)` is for the person."""


def explain(error: MiniMaxError, base_url: str) -> str:
    """Say in the person's language what happened and what to do next."""
    return " ".join(told(error, base_url)).strip()


def told(error: MiniMaxError, base_url: str) -> tuple[str, str]:
    """What happened, with the server's own name where the sentence says MiniMax, and what to do next."""
    host = urlsplit(base_url).netloc
    if isinstance(error, AuthenticationError):
        return _("%(host)s did not accept the key.") % {"host": host}, _("Look at it under Team, Connection.")
    return error.sentence_in(_).replace("MiniMax", host), _(error.next_step).replace("MiniMax", host)


def open_endpoint(chat: ChatConnection) -> Endpoint:
    """Where to send what is said, with its key. Raises NoConnectionError."""
    try:
        check_address(chat.base_url)
        key = unseal_known(chat.key_sealed) if chat.key_sealed else ""
    except AddressRefusedError as exc:
        raise NoConnectionError(str(exc)) from exc
    except SealBrokenError as exc:
        raise NoConnectionError(_("This server cannot read the key any more. Enter it again.")) from exc
    return Endpoint(chat.base_url, key, resolve=resolve, needs_key=False)


def connect(
    member: Membership,
    *,
    base_url: str,
    surface: str,
    chat_key: str,
    input_usd: Decimal,
    output_usd: Decimal,
    request: HttpRequest | None = None,
) -> ChatConnection:
    """Ask the server for its models and send chat there from now on.

    Without a new key the one that is kept goes on, as long as the server is the same. Raises AddressRefusedError,
    MiniMaxError, NoModelsError; nothing is changed then.
    """
    check_base_address(base_url)
    known = ChatConnection.objects.visible_to(member).first()
    sealed, last4 = "", ""
    if chat_key:
        sealed, last4 = seal(chat_key), chat_key[-4:] if len(chat_key) >= 16 else ""
    elif known and known.base_url == base_url:
        sealed, last4 = known.key_sealed, known.key_last4
    row = ChatConnection(base_url=base_url, surface=surface, key_sealed=sealed)
    models = _models_of(row)
    with transaction.atomic():
        connected, _created = ChatConnection.objects.update_or_create(
            workspace=member.workspace,
            defaults={
                "base_url": base_url,
                "surface": surface,
                "key_sealed": sealed,
                "key_last4": last4,
                "listed": [asdict(model) for model in models],
                "input_usd": input_usd,
                "output_usd": output_usd,
                "status": ConnectionStatus.OK,
                "status_text": "",
                "tested_at": timezone.now(),
            },
        )
        record(member, "chat_connection.changed", subject=connected.host, request=request)
    return connected


def disconnect(member: Membership, request: HttpRequest | None = None) -> bool:
    """Take the server and its key away. False if there is none."""
    chat = ChatConnection.objects.visible_to(member).first()
    if chat is None:
        return False
    with transaction.atomic():
        chat.delete()
        record(member, "chat_connection.removed", subject=chat.host, request=request)
    return True


def check(member: Membership) -> ChatConnection | None:
    """Ask again for the models, and keep them and the outcome. None: there is no such server."""
    chat = ChatConnection.objects.visible_to(member).first()
    if chat is None:
        return None
    try:
        chat.listed = [asdict(model) for model in _models_of(chat)]
    except MiniMaxError as exc:
        chat.status, chat.status_text = ConnectionStatus.FAILING, explain(exc, chat.base_url)
    except (NoConnectionError, NoModelsError) as exc:
        chat.status, chat.status_text = ConnectionStatus.FAILING, str(exc)
    else:
        chat.status, chat.status_text = ConnectionStatus.OK, ""
    chat.tested_at = timezone.now()
    # The row may have become another server's meanwhile: then this outcome says nothing about it.
    same = ChatConnection.objects.filter(pk=chat.pk, base_url=chat.base_url, key_sealed=chat.key_sealed)
    same.update(listed=chat.listed, status=chat.status, status_text=chat.status_text, tested_at=chat.tested_at)
    return chat


def report_failure(workspace_id: int, base_url: str, error: MiniMaxError) -> None:
    """Note that a reply failed because of the server's key."""
    ChatConnection.objects.filter(workspace_id=workspace_id, base_url=base_url).update(
        status=ConnectionStatus.FAILING, status_text=explain(error, base_url), tested_at=timezone.now()
    )


def _models_of(chat: ChatConnection) -> list[ListedModel]:
    surface: Surface = "anthropic" if chat.surface == "anthropic" else "openai"
    found = async_to_sync(_list)(open_endpoint(chat), surface)
    usable = [model for model in found if 0 < len(model.id) <= 120 and model.id.isprintable()][:MOST_MODELS]
    if not usable:
        raise NoModelsError(_("The server answers, but it lists no models."))
    return usable


async def _list(endpoint: Endpoint, surface: Surface) -> list[ListedModel]:
    async with new_http() as http:
        return await list_models(http, endpoint, surface, is_plain=True)
