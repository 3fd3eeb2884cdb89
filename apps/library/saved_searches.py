"""Searches worth a name: a person's own, or for the whole workspace."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.library.models import SavedSearch
from apps.library.search import Query
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.models import Membership

SHOWN = 50
NAME_LENGTH = SavedSearch._meta.get_field("name").max_length or 0
PARAMS_LENGTH = SavedSearch._meta.get_field("params").max_length or 0


def saved_searches_of(member: Membership) -> list[SavedSearch]:
    """Those that the member made, and those that others share here."""
    theirs = Q(created_by=member.user_id) | Q(is_shared=True)
    return list(SavedSearch.objects.filter(theirs, workspace=member.workspace_id).order_by("name", "pk")[:SHOWN])


@require_POST
@member_required()
def save(request: MemberRequest, workspace: str) -> HttpResponse:
    """Keep the search with the address `params` under `name`; one of the same name is replaced."""
    params = Query.from_params(QueryDict(request.POST.get("params", "")[:PARAMS_LENGTH])).as_params().urlencode()
    name = " ".join(request.POST.get("name", "").replace("\0", "").split())[:NAME_LENGTH]
    if name and len(params) <= PARAMS_LENGTH:
        SavedSearch.objects.update_or_create(
            workspace=request.member.workspace, created_by=request.user, name=name, defaults={"params": params}
        )
        messages.success(request, _("“%(name)s” is among your searches.") % {"name": name})
    else:
        messages.error(request, _("Give the search a name."))
    return redirect(f"{reverse('library:index', args=[workspace])}?{params}")


@require_POST
@member_required(can="create")
def share(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Show it to everybody in the workspace (`on` is 1) or to its maker only."""
    one = _find_own(request, pk)
    one.is_shared = request.POST.get("on") == "1"
    one.save(update_fields=["is_shared"])
    return redirect(f"{reverse('library:index', args=[workspace])}?{one.params}")


@require_POST
@member_required()
def delete(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    one = _find_own(request, pk)
    one.delete()
    messages.success(request, _("“%(name)s” is forgotten. What it finds is untouched.") % {"name": one.name})
    return redirect(f"{reverse('library:index', args=[workspace])}?{one.params}")


def _find_own(request: MemberRequest, pk: uuid.UUID) -> SavedSearch:
    return get_object_or_404(SavedSearch, pk=pk, workspace=request.member.workspace, created_by=request.user)
