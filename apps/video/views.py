from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import reswap, retarget

from apps.jobs.services import submit_job
from apps.video import mixes, services
from apps.video.camera import MOVES
from apps.video.forms import VideoForm
from apps.video.generation import VIDEO, price
from apps.video.mixes import FIELDS, MODES, video
from apps.video.models import Film
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.connections import Situation, situation_of

A_DAY_S = 86_400


@require_GET
@member_required()
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    """The page. `?from=<asset>` fills the form as that video was made; `?first_frame_image=`, `?last_frame_image=` and
    `?subject=` bring a picture, `?text=` words; `?join=<video>` begins to choose what is joined; `?before=<job>` gives
    older videos.
    """
    member = request.member
    cards, older = services.list_cards(member, before=_uuid(request.GET.get("before", "")))
    if request.htmx and "before" in request.GET and not request.htmx.history_restore_request:
        return render(request, "video/_cards.html", {"cards": cards, "next": older})
    initial = services.recall(member, request.GET.get("from", ""), request.GET.get("only", ""))
    initial |= services.handed_over(member, request.GET)
    if request.GET.get("text"):
        initial["prompt"] = request.GET["text"][: video.prompt_characters]
    form = VideoForm(initial=initial, member=member)
    joined = services.find_video(member, request.GET.get("join", ""))
    context = _composer(request, form) | {
        "cards": cards,
        "next": older,
        "is_sent_here": bool(initial),
        "joined": joined,
    }
    response = render(request, "video/index.html", context)
    response["Vary"] = "HX-Request"
    return response


@require_GET
@member_required()
def mix(request: MemberRequest, workspace: str) -> HttpResponse:
    """What can be set now that something else was: the settings that depend on each other, and the price.

    With `?whole=1` the pictures too, e.g. for a draft that comes back.
    """
    form = VideoForm(
        initial={
            **request.GET.dict(),
            "fast_pretreatment": "fast_pretreatment" in request.GET,
            "prompt_optimizer": "prompt_optimizer" in request.GET,
        },
        member=request.member,
    )
    name = "video/_settings.html" if "whole" in request.GET else "video/_mix.html"
    return render(request, name, _composer(request, form) | {"oob": False, "brings_price": True})


@require_POST
@member_required(can="create")
def create(request: MemberRequest, workspace: str) -> HttpResponse:
    """One press of the button: the new job's card, or 422 and the form with a sentence at each field that is wrong."""
    form = VideoForm(request.POST, member=request.member)
    click = request.POST.get("click", "")[:36]
    if not form.is_valid() or not click:
        if not request.htmx:
            cards, older = services.list_cards(request.member)
            context = _composer(request, form) | {"cards": cards, "next": older, "is_sent_here": True}
            return render(request, "video/index.html", context, status=422)
        response = render(request, "video/_refused.html", _composer(request, form), status=422)
        return reswap(retarget(response, "#video"), "outerHTML")
    job = submit_job(request.member, VIDEO, form.cleaned_data, click=click)
    if not request.htmx:
        return redirect(f"{reverse('video:index', args=[workspace])}#job-{job.pk}")
    return render(request, "video/_started.html", {"job": job, "click": uuid.uuid4()})


@require_POST
@member_required(can="create")
def frame(request: MemberRequest, workspace: str, pk: uuid.UUID) -> JsonResponse:
    """Keep a picture of a video: `at_s` seconds from its start, or without it the last one. {id, title, src, url}."""
    asset = services.find_video(request.member, str(pk))
    if asset is None:
        raise Http404
    try:
        at_s = float(request.POST["at_s"]) if request.POST.get("at_s") else None
        if at_s is not None and not 0 <= at_s < A_DAY_S:
            raise ValueError
    except ValueError:
        return JsonResponse({"sentence": _("This is not a place in the video.")}, status=422)
    try:
        picture = services.keep_frame(request.member, asset, at_s)
    except services.NotCutError as error:
        return JsonResponse({"sentence": str(error)}, status=422)
    src = reverse("library:file", args=[workspace, picture.pk])
    url = reverse("library:asset", args=[workspace, picture.pk])
    return JsonResponse({"id": str(picture.pk), "title": picture.title, "src": src, "url": url}, status=201)


@require_POST
@member_required(can="create")
def continue_from(request: MemberRequest, workspace: str) -> HttpResponse:
    """Keep the last picture of `?video=<asset>` and go on to the page with it as the first frame."""
    asset = services.find_video(request.member, request.GET.get("video", ""))
    if asset is None:
        raise Http404
    try:
        picture = services.keep_frame(request.member, asset, None)
    except services.NotCutError as error:
        messages.error(request, str(error))
        return redirect("library:asset", workspace, asset.pk)
    return redirect(f"{reverse('video:index', args=[workspace])}?{urlencode({'first_frame_image': picture.pk})}")


@require_POST
@member_required(can="create")
def join(request: MemberRequest, workspace: str) -> HttpResponse:
    """Join the videos `clip`, in order, into one file: the new film's card, or 422 and {sentence}."""
    click = request.POST.get("click", "")[:36] or str(uuid.uuid4())
    try:
        made = services.join(request.member, request.POST.getlist("clip"), click=click)
    except services.NotCutError as error:
        return JsonResponse({"sentence": str(error)}, status=422)
    return render(request, "video/_film.html", {"film": made, "oob": False})


@require_GET
@member_required()
def film(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """The card of a film that is being joined, as it stands now."""
    films = Film.objects.visible_to(request.member).select_related("workspace", "created_by", "asset")
    return render(request, "video/_film.html", {"film": get_object_or_404(films, pk=pk), "oob": False})


def _composer(request: MemberRequest, form: VideoForm, situation: Situation | None = None) -> dict[str, Any]:
    """What video/_settings.html, _mix.html and _prompt.html show."""
    situation = situation or situation_of(request.member)
    set_to = form.mix
    return {
        "form": form,
        "video": video,
        "modes": MODES.items(),
        "fields": {mode: " ".join(sorted(fields)) for mode, fields in FIELDS.items()},
        "mix": set_to,
        "model": mixes.MODELS[set_to.model],
        "about": mixes.ABOUT.get(set_to.model, ""),
        "model_choices": mixes.model_choices(set_to),
        "resolution_choices": mixes.resolution_choices(set_to),
        "duration_choices": mixes.duration_choices(set_to),
        "why_not_fast": mixes.why_not_fast(set_to),
        "moves": MOVES,
        "why_no_camera": mixes.why_no_camera(set_to.model),
        "price": price({"model": set_to.model, "resolution": set_to.resolution, "duration": set_to.duration}),
        "is_free": situation.is_free,
        "is_connected": bool(situation.kind),
        "pictures": services.pictures_of(request.member, form),
        "can_create": request.member.may("create"),
        "can_publish": request.member.may("publish"),
        "click": str(request.POST.get("click") or uuid.uuid4())[:36],
    }


def _uuid(value: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(value)
    except ValueError:
        return None
