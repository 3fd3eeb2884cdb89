from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import reswap, retarget

from apps.images import services
from apps.images.forms import OWN_SIZE, REFERENCE, ImageForm, image
from apps.images.generation import IMAGE, price
from apps.images.services import Filter
from apps.jobs.services import page_of_jobs, submit_job
from apps.library.models import Asset
from apps.library.uploads import find_picture
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.connections import Situation, situation_of


@require_GET
@member_required()
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    """The page. `?from=<asset>` fills the form as that picture was made, `&only=prompt` or `&only=seed` with that
    alone, `?reference=<asset>` with a reference, `?text=` with words. `?rated=`, `?pinned=` and `?rejected=` filter
    what was made; `?before=` gives what is older than a job, or than a picture where a filter leaves those.
    """
    member = request.member
    made = _made(request)
    if request.htmx and not request.htmx.boosted and not request.htmx.history_restore_request:
        is_older = "before" in request.GET
        name = (
            "images/_made.html"
            if not is_older
            else "images/_found.html"
            if made["filter"].picks
            else "images/_jobs.html"
        )
        return render(request, name, made)
    situation = situation_of(member)
    initial = services.recall(member, request.GET.get("from", ""), request.GET.get("only", ""))
    if "reference" in request.GET and find_picture(member, request.GET["reference"]):
        initial["reference"] = request.GET["reference"]
    if request.GET.get("text"):
        initial["prompt"] = request.GET["text"][: image.prompt_characters]
    form = ImageForm(initial=initial, member=member, connection_kind=situation.kind)
    response = render(request, "images/index.html", _composer(request, form, situation) | made)
    response["Vary"] = "HX-Request"
    return response


@require_POST
@member_required(can="create")
def create(request: MemberRequest, workspace: str) -> HttpResponse:
    """One press of the button: the new job's card, or 422 and the form with a sentence at each field that is wrong."""
    situation = situation_of(request.member)
    form = ImageForm(request.POST, member=request.member, connection_kind=situation.kind)
    click = request.POST.get("click", "")[:36]
    if not form.is_valid() or not click:
        if not request.htmx:
            return render(
                request, "images/index.html", _composer(request, form, situation) | _made(request), status=422
            )
        response = render(request, "images/_refused.html", _composer(request, form, situation), status=422)
        return reswap(retarget(response, "#images"), "outerHTML")
    job = submit_job(request.member, IMAGE, form.cleaned_data, click=click)
    if not request.htmx:
        return redirect(f"{reverse('images:index', args=[workspace])}#job-{job.pk}")
    return render(request, "images/_started.html", {"job": job, "click": uuid.uuid4()})


def _made(request: MemberRequest) -> dict[str, Any]:
    """What images/_made.html shows: jobs, or the pictures that a filter leaves."""
    chosen = Filter.read(request.GET)
    before = _uuid(request.GET.get("before", ""))
    here = reverse("images:index", args=[request.member.workspace.slug])
    context: dict[str, Any] = {
        "filter": chosen,
        "older": f"{here}?{chosen.query}{'&' if chosen.query else ''}before=",
        "stars": range(1, 6),
    }
    if chosen.picks:
        context["pictures"], context["next"] = services.list_pictures(request.member, chosen, before=before)
    else:
        context["jobs"], context["next"] = page_of_jobs(request.member, IMAGE.name, services.PAGE, before=before)
    return context


def _composer(request: MemberRequest, form: ImageForm, situation: Situation) -> dict[str, Any]:
    """What images/_settings.html and images/_prompt.html show."""
    model = str(form["model"].value() or image.default_model)
    n = form["n"].value()
    each = services.price_each(model)
    count = int(n) if str(n).isdigit() else 1
    return {
        "form": form,
        "image": image,
        "own_size": OWN_SIZE,
        "purpose": REFERENCE,
        "model_rules": {
            each.id: {"own_size": each.own_size, "styles": each.styles, "without": each.without_ratios}
            for each in form.models
        },
        "has_styles": any(each.styles for each in form.models),
        "prices": services.prices(),
        "price": None if each is None else price({"model": model, "n": count}),
        "is_free": situation.is_free,
        "is_connected": bool(situation.kind),
        "reference": find_picture(request.member, form["reference"].value()),
        "can_create": request.member.may("create"),
        "can_publish": request.member.may("publish"),
        "click": str(request.POST.get("click") or uuid.uuid4())[:36],
    }


@require_POST
@member_required(can="create")
def cull(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Keep what somebody thinks of a picture: `rating` 0 to 5, `is_rejected`, `is_pinned`."""
    asset = get_object_or_404(Asset.objects.visible_to(request.member), pk=pk, kind=IMAGE.name)
    rating = request.POST.get("rating", "")
    services.cull(
        asset,
        rating=int(rating) if rating in {"1", "2", "3", "4", "5"} else 0,
        is_rejected=request.POST.get("is_rejected") == "true",
        is_pinned=request.POST.get("is_pinned") == "true",
    )
    return HttpResponse(status=204)


def _uuid(value: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(value)
    except ValueError:
        return None
