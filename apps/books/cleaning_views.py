"""What was taken out of a text before it is spoken, kind by kind."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from apps.books import services
from apps.books.models import Book
from apps.books.showing import (
    find_book,
    frame,
)
from apps.workspaces.access import MemberRequest, member_required

CHANGES = 80  # shown of a clean-up; the switches count all


@dataclass(frozen=True)
class Cleaning:
    """A kind of change, with its switch."""

    name: str
    label: str
    count: int
    is_on: bool


@require_GET
@member_required(can="create")
def cleanup(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """What was taken out of the document, kind by kind, each with a switch."""
    one = find_book(request.member, pk)
    return render(request, "books/cleanup.html", frame(request, one) | _cleanup(one))


@require_POST
@member_required(can="create")
def set_cleanup(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    one = find_book(request.member, pk)
    known = {change.kind for change in services.cleanup_of(one)}
    refusal = ""
    try:
        services.set_cleanup(one, [kind for kind in request.POST.getlist("kinds") if kind in known])
    except services.RefusedError as error:
        refusal = str(error)
    one = find_book(request.member, pk)
    context = frame(request, one) | _cleanup(one) | {"refusal": refusal}
    return render(request, "books/_cleanup.html" if request.htmx else "books/cleanup.html", context)


def _cleanup(one: Book) -> dict[str, Any]:
    found = services.cleanup_of(one)
    on = set(one.cleanup)
    kinds: dict[str, Cleaning] = {}
    for change in found:
        count = change.count + (kinds[change.kind].count if change.kind in kinds else 0)
        kinds[change.kind] = Cleaning(change.kind, change.label, count, change.kind in on)
    shown = [
        _marked(each.before, each.after) | {"label": each.label, "count": each.count, "is_on": each.kind in on}
        for each in found[:CHANGES]
    ]
    return {"kinds": list(kinds.values()), "changes": shown, "more": max(0, len(found) - CHANGES)}


def _marked(before: str, after: str) -> dict[str, str]:
    """What is taken out and what comes in its place, between what stays as it is: {lead, cut, put, tail}."""
    lead = _alike(before, after)
    tail = min(_alike(before[::-1], after[::-1]), min(len(before), len(after)) - lead)
    cut, put = before[lead : len(before) - tail], after[lead : len(after) - tail]
    return {
        "lead": before[:lead],
        "cut": cut if cut.strip() else "␣" * len(cut),
        "put": put if put.strip() else "␣" * len(put),
        "tail": before[len(before) - tail :],
    }


def _alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
