"""The audition table: priced, heard, voted on."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.library.models import Asset
from apps.library.names import voice_label
from apps.minimax import catalogue
from apps.voices import auditions, services
from apps.voices.forms import AUDITION_CHARACTERS, AuditionForm
from apps.voices.generation import VOICE_AUDITION, is_free
from apps.voices.lifecycle import connection_of
from apps.voices.models import Audition, AuditionPart
from apps.voices.resolving import VoiceGoneError
from apps.workspaces.access import MemberRequest, member_required

OFFERED = 8  # voices to tick, before the picker is opened
EXAMPLE = gettext_lazy("Good morning. The train to the coast leaves in four minutes, so do hurry.")
EXAMPLE_VOICES = 3


@require_http_methods(["GET", "POST"])
@member_required()
def audition(request: MemberRequest, workspace: str) -> HttpResponse:
    """GET: the form (`?example=1` fills it, `?from=<asset id>` with the line of one) and the latest auditions.
    POST: to the table, or 422 and the form."""
    member = request.member
    if request.method == "GET":
        form = AuditionForm(member=member, initial=_beginning(request))
        return render(request, "voices/audition.html", _page(request, form))
    if not member.may("create"):
        raise PermissionDenied
    form = AuditionForm(request.POST, member=member)
    click = request.POST.get("click", "")[:36]
    if form.is_valid() and click:
        try:
            held = auditions.hold(member, form.cleaned_data, click=click)
        except services.RefusedError as error:
            form.add_error("voices", str(error))
        else:
            return redirect("voices:audition_table", workspace, held.pk)
    return render(request, "voices/audition.html", _page(request, form), status=422)


@require_GET
@member_required()
def price(request: MemberRequest, workspace: str) -> HttpResponse:
    """What stands on the button while the table is put together."""
    form = AuditionForm(request.GET, member=request.member)
    return render(request, "voices/_audition_price.html", {"price": _price(request, form)})


@require_GET
@member_required()
def table(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """One audition; only the table for htmx, which asks while something is still to come."""
    held = _find(request, pk)
    if request.htmx:
        return _table(request, held)
    response = render(request, "voices/audition_table.html", _table_context(request, held))
    response["Vary"] = "HX-Request"
    return response


@require_POST
@member_required()
def vote(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    held = _find(request, pk)
    refusal = ""
    try:
        auditions.vote(request.member, held, _part(request, held))
    except services.RefusedError as error:
        refusal = str(error)
    return _table(request, held, refusal)


@require_POST
@member_required(can="create")
def again(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Have said what could not be said."""
    held, refusal = _find(request, pk), ""
    try:
        auditions.hold_again(request.member, held)
    except services.RefusedError as error:
        refusal = str(error)
    return _table(request, held, refusal)


@require_POST
@member_required(can="manage")
def choose(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Speech begins with this voice and model from now on."""
    held = _find(request, pk)
    part = _part(request, held)
    auditions.begin_with(request.member, part.voice, part.model, request=request)
    return _table(request, held)


@require_POST
@member_required(can="manage")
def as_usual(request: MemberRequest, workspace: str) -> HttpResponse:
    """Speech begins with the usual voice again."""
    auditions.begin_as_usual(request.member, request=request)
    return redirect("voices:index", workspace)


def _find(request: MemberRequest, pk: uuid.UUID) -> Audition:
    found = Audition.objects.visible_to(request.member).select_related("workspace", "created_by")
    return get_object_or_404(found, pk=pk)


def _part(request: MemberRequest, held: Audition) -> AuditionPart:
    """By its place, which tells nothing about who speaks."""
    given = request.POST.get("part", "")
    if not (given.isascii() and given.isdigit() and len(given) <= 3):
        raise Http404
    return get_object_or_404(held.parts, place=int(given))


def _table(request: MemberRequest, held: Audition, refusal: str = "") -> HttpResponse:
    context = _table_context(request, held) | {"refusal": refusal}
    if not request.htmx:
        return render(request, "voices/audition_table.html", context, status=422 if refusal else 200)
    return render(request, "voices/_audition.html", context)


def _table_context(request: MemberRequest, held: Audition) -> dict[str, Any]:
    member = request.member
    shown = auditions.table_of(member, held)
    may_create = member.may("create")
    return {
        "audition": held,
        "table": shown,
        "again": auditions.price_again(held) if may_create and not shown.is_moving else None,
        "house": auditions.house_of(member.workspace),
        "can_create": may_create,
        "can_manage": member.may("manage"),
    }


def _beginning(request: MemberRequest) -> dict[str, Any]:
    if request.GET.get("example"):
        voices = [voice for voice, _name in _usual_voices()[:EXAMPLE_VOICES]]
        return {"line": str(EXAMPLE), "voices": voices}
    try:
        wanted = uuid.UUID(request.GET.get("from", ""))
    except ValueError:
        return {"voices": [voice.replace("\0", "")[:256] for voice in request.GET.getlist("voice")[:2]]}
    asset = Asset.objects.visible_to(request.member).filter(pk=wanted, kind=VOICE_AUDITION.name).first()
    if asset is None:
        return {}
    said = asset.request
    return {"line": said["text"], "voices": [said["voice"]], "models": [said["model"]]}


def _page(request: MemberRequest, form: AuditionForm) -> dict[str, Any]:
    member = request.member
    connection = connection_of(member.workspace)
    chosen = [str(voice) for voice in form["voices"].value() or ()]
    return {
        "form": form,
        "voices": _offered(request, chosen),
        "chosen": chosen,
        "models": form["models"].value() or [],
        "most_text": AUDITION_CHARACTERS,
        "price": _price(request, form),
        "auditions": auditions.list_auditions(member),
        "click": request.POST.get("click") or uuid.uuid4(),
        "is_connected": bool(connection),
        "is_free": is_free(connection),
        "can_create": member.may("create"),
    }


def _offered(request: MemberRequest, chosen: Sequence[str]) -> list[tuple[str, str]]:
    """Voices to tick: those that are chosen already, the workspace's own, favourites, and some of MiniMax's."""
    own = [(voice.alias, voice.name) for voice in services.usable_voices(request.member.workspace)]
    marked = [(voice, voice_label(voice)) for voice in services.favourites(request.member)]
    offered = dict([*own, *marked, *_usual_voices()][:OFFERED])
    return list(({voice: voice_label(voice) for voice in chosen} | offered).items())


def _usual_voices() -> list[tuple[str, str]]:
    """Some English ones, as unlike each other as their names tell."""
    english = [voice for voice in catalogue.voices.system.values() if voice.language == "English"]
    women = [voice for voice in english if voice.gender == "female"][: OFFERED // 2]
    men = [voice for voice in english if voice.gender == "male"][: OFFERED // 2]
    return [(voice.voice_id, voice.name) for pair in zip(women, men, strict=False) for voice in pair]


def _price(request: MemberRequest, form: AuditionForm) -> auditions.Price | None:
    """None while there is nothing that could be priced."""
    if not form.is_bound:
        form = AuditionForm({**form.initial, "models": form["models"].value() or []}, member=request.member)
    if not form.is_valid():
        return None
    cleaned, workspace = form.cleaned_data, request.member.workspace
    try:
        planned = auditions.plan(workspace, cleaned["line"], auditions.pairs_of(cleaned["voices"], cleaned["models"]))
    except VoiceGoneError:
        return None
    return auditions.price_of(workspace, cleaned["line"], planned)
