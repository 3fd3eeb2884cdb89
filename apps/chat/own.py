"""A chat server of the workspace's own, as conversations see it: its models, its prices, its name.

It stands beside MiniMax: a turn's settings name the `server` that answers it, "own" or "minimax". Settings that name
none (of an import, or of a turn before the server was there) mean the own server where it lists the model. A page names
both with one key, so that its picker needs no second field: the model's id, for an own server's behind "own:".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from apps.minimax import catalogue
from apps.minimax.catalogue.schema import ChatPrice
from apps.minimax.chat import price_row
from apps.workspaces.models import ChatConnection

OWN = "own"  # Message.connection_kind of what such a server answered
MINIMAX = "minimax"
_PREFIX = f"{OWN}:"


class UnknownModelError(Exception):
    """`str(error)` is for the person."""


def find_own(workspace_id: int) -> ChatConnection | None:
    return ChatConnection.objects.filter(workspace_id=workspace_id).first()


def key_of(model: str, *, is_own: bool) -> str:
    return _PREFIX + model if is_own else model


def read_key(key: str) -> tuple[str, str]:
    """The model, and the server if the key tells it."""
    if key.startswith(_PREFIX):
        return key.removeprefix(_PREFIX), OWN
    return key, MINIMAX if key in catalogue.chat.models else ""


def label_of(key: str) -> str:
    model, server = read_key(key)
    known = None if server == OWN else catalogue.chat.models.get(model)
    return _("%(model)s · own server") % {"model": model} if server == OWN else known.label if known else model


def who_answers(settings: Mapping[str, Any], own: ChatConnection | None) -> ChatConnection | None:
    """The own server, if these settings mean it. Raises UnknownModelError if they do and there is none."""
    server, model = settings.get("server"), settings["model"]
    if own is None:
        if server == OWN:
            raise UnknownModelError(_("The server of your own is not there any more. Choose another model."))
        return None
    return own if server == OWN or (not server and listed(own, model)) else None


def price_row_of(own: ChatConnection | None, model: str, input_tokens: int, tier: str = "") -> ChatPrice | None:
    """What holds for a request with so much input, by the team's own prices where the server is its own."""
    if own is None:
        return price_row(model, input_tokens, tier)
    return ChatPrice(model=model, input=own.input_usd, output=own.output_usd)


def listed(own: ChatConnection, model: str) -> dict[str, Any] | None:
    return next((each for each in own.listed if each["id"] == model), None)


def window_of(own: ChatConnection, model: str) -> int:
    """Tokens of the model's window: as its server says, else as the catalogue has it for the same weights; else 0."""
    told = (listed(own, model) or {}).get("context")
    known = catalogue.chat.models.get(model.rpartition("/")[2])
    return told or (known.context_tokens if known else 0)


def fit(settings: Mapping[str, Any], own: ChatConnection | None) -> dict[str, Any]:
    """The settings of a turn as far as its server knows them. Raises UnknownModelError."""
    if own is None:
        if settings["model"] not in catalogue.chat.models:
            raise UnknownModelError(_("This model is not offered any more. Choose another one."))
        return {**settings, "server": MINIMAX}
    if listed(own, settings["model"]) is None:
        raise UnknownModelError(
            _("%(host)s does not list this model. Choose another one, or reload the page.") % {"host": own.host}
        )
    fitted = {**settings, "server": OWN, "surface": own.surface, "service_tier": "", "thinking": None}
    if window := window_of(own, settings["model"]):
        # such servers refuse a reply that could not fit beside what was said
        fitted["max_tokens"] = min(settings["max_tokens"], window // 2)
    return fitted
