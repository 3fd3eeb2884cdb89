"""What an asset was made from, what became of it, and the same thing made again.

Most parents are named in the request, under a field of ROLES. Where a request names them by way of something else, e.g.
a voice that was cloned from a recording, its app finds them: `lineage.register(find_parents)`, in its `ready()`.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.library.kinds import get_kind
from apps.library.models import Asset, Derivation, Version
from apps.workspaces.models import Membership

# The fields of requests that name assets, by one id or a list of them, and what the named one is to the new one.
ROLES: dict[str, str | Promise] = {
    "reference": _("Reference picture"),
    "picture": _("Picture"),
    "first_frame_image": _("First frame"),
    "last_frame_image": _("Last frame"),
    "subject_reference": _("Person"),
    "from_video": _("Taken from"),
    "clips": _("Joined from"),
    "taken_from": _("Recording"),
    "remade_from": _("A new version of"),
    "voice": _("Voice"),
}
FIELDS = [
    name for name in ROLES if name != "voice"
]  # what a request calls its voice is the name of a voice, not of an asset
MOST_NEAR, MOST_FAR, MOST_VERSIONS = 8, 3, 12


@dataclass(frozen=True)
class Origin:
    """What an asset comes from that is no asset itself: a conversation, a book, a voice."""

    label: str | Promise  # what it is
    title: str
    url: str
    icon: str  # a name at lucide.dev


Parents = Iterable[tuple[uuid.UUID, str]]
_finders: list[Callable[[Asset], Parents]] = []
_origins: list[Callable[[Membership, Asset], Iterable[Origin]]] = []


def register(find_parents: Callable[[Asset], Parents]) -> None:
    """`find_parents(asset)` gives (id of an asset, role); it must not raise: what was made is being kept."""
    if find_parents not in _finders:
        _finders.append(find_parents)


def register_origins(find: Callable[[Membership, Asset], Iterable[Origin]]) -> None:
    """`find(member, asset)` gives the origins that the member may see."""
    if find not in _origins:
        _origins.append(find)


def named_in(request: Mapping[str, Any]) -> list[tuple[uuid.UUID, str]]:
    """The ids of the assets that a request names, in its own order, each with the field."""
    named = []
    for name in (each for each in FIELDS if each in request):
        value = request[name]
        for each in value if isinstance(value, list) else [value]:
            try:
                named.append((uuid.UUID(str(each)), name))
            except ValueError:
                continue  # empty, or not from the library
    return named


# --- written down when an asset is kept -------------------------------------------------------------------------------


def record(asset: Asset) -> None:
    """Write down where the asset comes from. To be called in the transaction that keeps it."""
    record_all([asset])


def record_all(assets: Sequence[Asset]) -> None:
    """For assets in the order they were made in; what is known already stays."""
    named = {asset.pk: list(dict.fromkeys([*named_in(asset.request), *_found_for(asset)])) for asset in assets}
    wanted = {pk for each in named.values() for pk, _role in each}
    homes = dict(Asset.objects.filter(pk__in=wanted).values_list("pk", "workspace_id")) if wanted else {}
    rows = [
        Derivation(child_id=asset.pk, parent_id=pk, role=role)
        for asset in assets
        for pk, role in named[asset.pk]
        if homes.get(pk) == asset.workspace_id and pk != asset.pk
    ]
    Derivation.objects.bulk_create(rows, ignore_conflicts=True)
    remade = {asset.pk: pk for asset in assets for pk, role in named[asset.pk] if role == "remade_from" and pk in homes}
    families = dict(Version.objects.filter(asset__in=remade.values()).values_list("asset", "family")) if remade else {}
    for asset in assets:
        before = remade.get(asset.pk)
        if family := (families.get(before) if before else "") or family_of(asset):
            families[asset.pk] = family
    made = [Version(asset_id=asset.pk, family=families[asset.pk]) for asset in assets if asset.pk in families]
    Version.objects.bulk_create(made, ignore_conflicts=True)


def _found_for(asset: Asset) -> list[tuple[uuid.UUID, str]]:
    return [found for find in _finders for found in find(asset)]


def family_of(asset: Any) -> str:
    """What all versions of an asset have in common: its prompt, or the chapter that is read. Empty: it has none."""
    request = asset.request
    if request.get("book"):
        same = f"{request['book']} {request.get('chapter', '')}"
    elif asset.text and get_kind(asset.kind).recall:
        same = " ".join(asset.text.split())
    else:
        return ""
    of = f"{asset.workspace_id}\0{asset.kind}\0{same}"
    return hashlib.sha256(of.encode(errors="replace")).hexdigest()[:32]


# --- shown ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Relative:
    """An asset and what joins it to the one it hangs on."""

    asset: Asset
    roles: Sequence[str | Promise]
    further: Sequence[Relative] = ()
    hidden: int = 0  # how many more hang on it; the count ends at one beyond what is asked for


@dataclass(frozen=True)
class Family:
    """An asset in the middle, its parents and their parents above, its children and their children below."""

    parents: Sequence[Relative] = ()
    children: Sequence[Relative] = ()
    more_parents: bool = False
    more_children: bool = False
    versions: Sequence[Asset] = field(default_factory=list)  # the asset among them, oldest first
    more_versions: bool = False
    origins: Sequence[Origin] = ()

    def __bool__(self) -> bool:
        return bool(self.parents or self.children or self.origins)


def family(member: Membership, asset: Asset) -> Family:
    """Bounded in every direction: a voice's sample may have thousands of children."""
    parents, more_parents = _near(member, asset, up=True)
    children, more_children = _near(member, asset, up=False)
    versions, more_versions = _versions(member, asset)
    origins = [origin for find in _origins for origin in find(member, asset)]
    return Family(parents, children, more_parents, more_children, versions, more_versions, origins)


def children_of(member: Membership, asset: Asset) -> Iterable[tuple[str, str]]:
    """For what depends on the asset."""
    slug = member.workspace.slug
    for each in _visible(member, "child").filter(parent=asset).select_related("child").order_by("-child")[:MOST_NEAR]:
        yield each.child.title, reverse("library:asset", args=[slug, each.child_id])


def parents_among(member: Membership, ids: Sequence[uuid.UUID]) -> Iterable[uuid.UUID]:
    """Those that something was made from which is not among them itself."""
    found = _visible(member, "child").filter(parent__in=ids).values_list("parent", "child")
    return {parent for parent, child in found if child not in set(ids)} if ids else ()


def _near(member: Membership, asset: Asset, *, up: bool) -> tuple[list[Relative], bool]:
    here, there = ("child", "parent") if up else ("parent", "child")
    found = _visible(member, there).filter(**{here: asset}).select_related(there).order_by("-child", "pk")
    rows = list(found[: MOST_NEAR * 2 + 1])  # one asset may have two roles
    near = _by_asset(rows, there)
    far = _far(member, here, there, [each.pk for each, _roles in near[:MOST_NEAR]], but=asset)
    relatives = [Relative(each, roles, *far.get(each.pk, ((), 0))) for each, roles in near[:MOST_NEAR]]
    return relatives, len(near) > MOST_NEAR


def _far(
    member: Membership, here: str, there: str, pks: Sequence[uuid.UUID], *, but: Asset
) -> dict[uuid.UUID, tuple[list[Relative], int]]:
    """The relatives of relatives, a few of each."""
    if not pks:
        return {}
    place = Window(RowNumber(), partition_by=[F(f"{here}_id")], order_by=[F(f"{there}_id").desc(), F("pk").asc()])
    found = _visible(member, there).filter(**{f"{here}__in": pks}).exclude(**{there: but})
    rows = list(found.annotate(place=place).filter(place__lte=MOST_FAR + 1).select_related(there).order_by("place"))
    of: dict[uuid.UUID, list[Derivation]] = defaultdict(list)
    for row in rows:
        of[getattr(row, f"{here}_id")].append(row)
    far = {}
    for pk, its in of.items():
        near = _by_asset(its, there)
        relatives = [Relative(each, roles) for each, roles in near[:MOST_FAR]]
        far[pk] = relatives, max(0, len(near) - MOST_FAR)
    return far


def _visible(member: Membership, there: str) -> Any:
    return Derivation.objects.filter(**{f"{there}__workspace": member.workspace_id, f"{there}__trashed_at": None})


def _by_asset(rows: Iterable[Derivation], there: str) -> list[tuple[Asset, list[str | Promise]]]:
    found: dict[uuid.UUID, tuple[Asset, list[str | Promise]]] = {}
    for row in rows:
        one: Asset = getattr(row, there)
        found.setdefault(one.pk, (one, []))[1].append(ROLES.get(row.role, row.role))
    return list(found.values())


def _versions(member: Membership, asset: Asset) -> tuple[list[Asset], bool]:
    """Those that were made shortly before and after it."""
    mine = Version.objects.filter(asset=asset).first()
    if mine is None:
        return [], False
    kin = Asset.objects.visible_to(member).filter(version__family=mine.family)
    older = list(kin.filter(pk__lt=asset.pk).order_by("-pk")[: MOST_VERSIONS + 1])
    newer = list(kin.filter(pk__gt=asset.pk).order_by("pk")[: MOST_VERSIONS + 1])
    if not older and not newer:
        return [], False
    room = MOST_VERSIONS - 1
    after = min(len(newer), max(room // 2, room - len(older)))
    before = min(len(older), room - after)
    return [*reversed(older[:before]), asset, *newer[:after]], before < len(older) or after < len(newer)
