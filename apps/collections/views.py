from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import Count, Prefetch, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from apps.collections import services
from apps.collections.covers import with_covers
from apps.collections.models import Collection, Item
from apps.collections.services import CollectionError
from apps.library import many
from apps.library.lookups import find_asset, is_fragment, parse_uuid
from apps.library.many_views import done, refuse, say
from apps.library.models import BulkAct
from apps.library.search.finding import fetch
from apps.library.views import favourites_among
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.models import Membership

PAGE = 48
OFFERED = 200


def find_collection(member: Membership, pk: object) -> Collection:
    return get_object_or_404(Collection.objects.visible_to(member).select_related("workspace", "parent"), pk=pk)


def in_order(member: Membership) -> Any:
    there = Q(items__asset__trashed_at=None, items__isnull=False)
    return Collection.objects.visible_to(member).annotate(size=Count("items", filter=there)).order_by("position", "id")


@require_GET
@member_required()
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    """All collections, each with those that lie in it."""
    nested = Prefetch("children", in_order(request.member), to_attr="inner")
    found = list(in_order(request.member).filter(parent=None).prefetch_related(nested)[: services.MOST_COLLECTIONS])
    with_covers(request.member, [*found, *(one for each in found for one in each.inner)])
    deleted = parse_uuid(request.GET.get("deleted", ""))
    context = {
        "collections": found,
        "can_create": request.member.may("create"),
        "deleted": Collection.objects.deleted_of(request.member).filter(pk=deleted).first() if deleted else None,
    }
    return render(request, "collections/index.html", context)


@require_GET
@member_required()
def collection(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """One collection in its own order; `?after=` leads to its next page."""
    member = request.member
    one = find_collection(member, pk)
    items, following = page_of(one, request.GET.get("after", ""))
    assets = fetch(member, [item.asset_id for item in items])
    context: dict[str, Any] = {
        "collection": one,
        "assets": assets,
        "next": following,
        "favourites": favourites_among(member, assets),
        "can_create": member.may("create"),
        "can_publish": member.may("publish"),
    }
    if is_fragment(request) and "after" in request.GET:
        return render(request, "collections/_page.html", context)
    context["inner"] = with_covers(member, list(in_order(member).filter(parent=one)))
    context["parents"] = Collection.objects.visible_to(member).filter(parent=None).exclude(pk=one.pk)[:OFFERED]
    return render(request, "collections/collection.html", context)


def page_of(one: Collection, after: str) -> tuple[list[Item], str]:
    """Its items from the cursor `after` on, and the cursor of the next page."""
    items = Item.objects.filter(collection=one, asset__trashed_at=None).order_by("position", "pk")
    position, _colon, pk = after.partition(":")
    if position.lstrip("-").isdigit() and pk.isdigit():
        beyond = Q(position=int(position), pk__gt=int(pk)) | Q(position__gt=int(position))
        items = items.filter(beyond, position__gte=int(position))
    found = list(items[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    return found[:PAGE], f"{last.position}:{last.pk}" if last else ""


@require_POST
@member_required(can="create")
def create(request: MemberRequest, workspace: str) -> HttpResponse:
    """A new collection, with the assets that are chosen, if any are; `parent` names the one it lies in."""
    member, parent = request.member, request.POST.get("parent", "")
    try:
        ids = many.choose(member, request.POST)
        inside = find_collection(member, parse_uuid(parent) or uuid.UUID(int=0)) if parent else None
        made = services.create(member, request.POST.get("name", ""), parent=inside)
        act = _put(request, made, ids) if ids else None
    except CollectionError as error:
        return _refuse(request, error)
    except many.TooManyError as error:
        return refuse(request, error)
    address = reverse("collections:collection", args=[workspace, made.pk])
    if not request.htmx:
        return redirect(address)
    if act is None:
        return HttpResponseClientRedirect(address)
    return _added(request, made, act)


@require_POST
@member_required(can="create")
def change(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    one, parent = find_collection(request.member, pk), request.POST.get("parent", "")
    inside = find_collection(request.member, parse_uuid(parent) or uuid.UUID(int=0)) if parent else None
    try:
        services.change(one, name=request.POST.get("name", ""), note=request.POST.get("note", ""), parent=inside)
    except CollectionError as error:
        return _refuse(request, error)
    return redirect("collections:collection", workspace, pk)


@require_POST
@member_required(can="create")
def delete(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Its assets stay in the library. The page that follows offers the way back."""
    one = find_collection(request.member, pk)
    services.delete(one)
    return redirect(f"{reverse('collections:index', args=[workspace])}?deleted={one.pk}")


@require_POST
@member_required(can="create")
def restore(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    one = get_object_or_404(Collection.objects.deleted_of(request.member), pk=pk)
    services.restore(one)
    return redirect("collections:collection", workspace, pk)


@require_POST
@member_required(can="create")
def choose(request: MemberRequest, workspace: str) -> HttpResponse:
    """For the drawer: into which collection with what is chosen? The answer goes to `add` or `create`.

    `?from=<collection>`: they are taken out of that one, if the person says so. `?share=1`: its link is the next step.
    """
    try:
        ids = many.choose(request.member, request.POST)
    except many.TooManyError as error:
        return refuse(request, error)
    if not ids:
        raise Http404
    held = Item.objects.filter(asset=ids[0])
    source = parse_uuid(request.GET.get("from", ""))
    context = {
        "to_share": "share" in request.GET,
        "source": find_collection(request.member, source) if source else None,
        "count": len(ids),
        "chosen": [] if request.POST.get("all") else ids,
        "params": request.POST.get("params", "") if request.POST.get("all") else None,
        "collections": with_covers(request.member, list(in_order(request.member).select_related("parent")[:OFFERED])),
        "held_by": set(held.values_list("collection_id", flat=True)) if len(ids) == 1 else set(),
    }
    return render(request, "collections/_choose.html", context)


@require_POST
@member_required(can="create")
def add(request: MemberRequest, workspace: str) -> HttpResponse:
    """Put what is chosen into the collection named by `collection`."""
    one = find_collection(request.member, parse_uuid(request.POST.get("collection", "")) or uuid.UUID(int=0))
    try:
        act = _put(request, one, many.choose(request.member, request.POST))
    except CollectionError as error:
        return _refuse(request, error)
    except many.TooManyError as error:
        return refuse(request, error)
    if not request.htmx:
        return redirect("collections:collection", workspace, one.pk)
    return _added(request, one, act)


def _put(request: MemberRequest, one: Collection, ids: list[uuid.UUID]) -> BulkAct:
    """Into it, and with `move` out of the collection `from`."""
    if not request.POST.get("move"):
        return services.add(request.member, one, ids)
    source = find_collection(request.member, parse_uuid(request.POST.get("from", "")) or uuid.UUID(int=0))
    return services.transfer(request.member, source, one, ids)


def _sharing(request: MemberRequest) -> dict[str, bool]:
    return {"can_publish": request.member.may("publish"), "to_share": "share" in request.POST}


def _added(request: MemberRequest, one: Collection, act: BulkAct) -> HttpResponse:
    fresh, slug = len(act.payload["assets"]), request.member.workspace.slug
    response = render(request, "collections/_added.html", {"collection": one, "fresh": fresh} | _sharing(request))
    text = ngettext("%(n)d is in “%(name)s” now.", "%(n)d are in “%(name)s” now.", fresh) % {
        "n": fresh,
        "name": one.name,
    }
    if not fresh:
        text = _("“%(name)s” held all of it already.") % {"name": one.name}
    news: dict[str, Any] = {"text": text, "tone": "ok"}
    if fresh:
        news["undo"] = {"url": reverse("library:undo_many", args=[slug, act.pk])}
    if act.undo == "transfer_back":
        trigger_client_event(response, "library:stale", {})
    return trigger_client_event(response, "toast", news)


@require_POST
@member_required(can="create")
def remove(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Take what is named by `asset` out of the collection; it stays in the library."""
    one = find_collection(request.member, pk)
    ids = [asset for value in request.POST.getlist("asset")[: many.MOST] if (asset := parse_uuid(value))]
    act = services.remove(request.member, one, ids)
    if not request.htmx:
        return redirect("collections:collection", workspace, pk)
    count = len(act.payload["assets"])
    text = ngettext("%(n)d is taken out.", "%(n)d are taken out.", count) % {"n": count}
    response = done(request, [], text, act)
    return trigger_client_event(response, "library:stale", {})


@require_POST
@member_required(can="create")
def move(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Put `asset` in front of `before` or behind `after`, at the end without either, or `by` a place: −1 or 1."""
    one, asset_id = find_collection(request.member, pk), parse_uuid(request.POST.get("asset", ""))
    if asset_id is None:
        raise Http404
    if request.POST.get("by") in ("-1", "1"):
        services.step(one, asset_id, by=int(request.POST["by"]))
    else:
        before, after = (parse_uuid(request.POST.get(name, "")) for name in ("before", "after"))
        services.move(one, asset_id, before=before, after=after)
    if not request.htmx:
        return redirect("collections:collection", workspace, pk)
    return HttpResponse(status=204)


@require_POST
@member_required(can="create")
def cover(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Let `asset`, which has to be in the collection, stand for it; without one its first picture does."""
    one, asset_id = find_collection(request.member, pk), parse_uuid(request.POST.get("asset", ""))
    asset = find_asset(request.member, asset_id) if asset_id else None
    if asset and not Item.objects.filter(collection=one, asset=asset).exists():
        raise Http404
    services.set_cover(one, asset)
    if not request.htmx:
        return redirect("collections:collection", workspace, pk)
    return say(request, _("This is the cover now."))


def _refuse(request: MemberRequest, error: CollectionError) -> HttpResponse:
    if request.htmx:
        return say(request, str(error), tone="bad")
    messages.error(request, str(error))
    return redirect("collections:index", request.member.workspace.slug)
