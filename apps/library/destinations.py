"""Where a result can be handed on to: "Animate this", "Use as reference". Registered once, in an app's `ready()`.

    destinations.register(Destination(_("Animate this"), "image", "video:index", "first_frame_image", icon="film"))

The details, a card's menu and the lightbox offer it then, to members who may create. The page that is named reads the
asset's id from its query, here `?first_frame_image=<asset>`, and looks it up again: `uploads.check_choice`. Where the
way there makes something, e.g. a still of a film, it is a view that `takes_post` and leads on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise

from apps.library.models import Asset, AssetStatus


@dataclass(frozen=True)
class Destination:
    label: str | Promise
    media: str  # what it takes: "audio", "image", "video" or "text"
    url_name: str  # takes the workspace's slug
    parameter: str
    icon: str = "send"  # a name at lucide.dev
    takes_post: bool = False
    suits: Callable[[Asset], bool] | None = None  # where the medium does not say enough

    def address(self, workspace: str, asset: object = "") -> str:
        """The page that takes the asset; without one, everything up to its id."""
        return f"{reverse(self.url_name, args=[workspace])}?{urlencode({self.parameter: asset})}"


_destinations: dict[tuple[str, str], Destination] = {}


def register(destination: Destination) -> None:
    _destinations[destination.url_name, destination.parameter] = destination


def destinations_of(medium: str) -> list[Destination]:
    """Those that take every asset of the medium, at an address."""
    return [each for each in _destinations.values() if each.media == medium and not (each.takes_post or each.suits)]


def offers_for(asset: Asset) -> list[tuple[Destination, str]]:
    """What can be done next with an asset, and where. Nothing with a file that cannot be opened."""
    if asset.status == AssetStatus.DAMAGED:
        return []
    suitable = (each for each in _destinations.values() if each.media == asset.medium)
    return [
        (each, each.address(asset.workspace.slug, asset.pk))
        for each in suitable
        if each.suits is None or each.suits(asset)
    ]
