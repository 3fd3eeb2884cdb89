"""A chat server of the workspace's own, as conversations see it: its models, its prices, its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from apps.minimax import catalogue
from apps.minimax.catalogue.schema import ChatPrice
from apps.minimax.chat import price_row
from apps.workspaces.models import ChatConnection

OWN = "own"  # Message.connection_kind of what such a server answered


class UnknownModelError(Exception):
    """`str(error)` is for the person."""


def find_own(workspace_id: int) -> ChatConnection | None:
    return ChatConnection.objects.filter(workspace_id=workspace_id).first()


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
        return dict(settings)
    if listed(own, settings["model"]) is None:
        raise UnknownModelError(
            _("%(host)s does not list this model. Choose another one, or reload the page.") % {"host": own.host}
        )
    fitted = {**settings, "surface": own.surface, "service_tier": "", "thinking": None}
    if window := window_of(own, settings["model"]):
        # such servers refuse a reply that could not fit beside what was said
        fitted["max_tokens"] = min(settings["max_tokens"], window // 2)
    return fitted
