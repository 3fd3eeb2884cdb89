from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import reswap, retarget

from apps.jobs.models import Job
from apps.jobs.services import page_of_jobs, submit_job
from apps.music import services
from apps.music.forms import LONGEST_PROMPT, LyricsForm, MusicForm, music
from apps.music.generation import LYRICS, MUSIC, lyrics_price, price
from apps.music.lyrics import INSTRUMENTAL, MODELS, OPTIMIZER, OWN, Checked, check_lyrics, normalise, texts_of
from apps.music.styles import GROUPS
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.connections import Situation, situation_of

OFTEN = {"Intro", "Verse", "Pre Chorus", "Chorus", "Bridge", "Outro"}  # the other sections are in a menu
WRITER_ID = "id_writer_%s"  # both forms stand on one page


def where_offered(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """There is no such page where whoever runs the studio has switched music off."""

    @wraps(view)
    def offered(request: MemberRequest, workspace: str, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.MUSIC:
            raise Http404
        return view(request, workspace, *args, **kwargs)

    return offered


@require_GET
@member_required()
@where_offered
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    """The page. `?from=<asset>` fills the form as that song was made, `?text=` its style; `?before=<job>` more."""
    member = request.member
    jobs, older = page_of_jobs(member, MUSIC.name, services.PAGE, before=_uuid(request.GET.get("before", "")))
    if request.htmx and "before" in request.GET and not request.htmx.history_restore_request:
        return render(request, "music/_jobs.html", {"jobs": jobs, "next": older})
    initial = services.recall(member, request.GET.get("from", ""), request.GET.get("only", ""))
    if text := request.GET.get("text", "").replace("\0", "").strip():
        initial["prompt"] = text[:LONGEST_PROMPT]
    form = MusicForm(initial=initial)
    context = _composer(request, form, situation_of(member)) | _page(request) | {"jobs": jobs, "next": older}
    response = render(request, "music/index.html", context | {"is_recalled": bool(initial)})
    response["Vary"] = "HX-Request"
    return response


@require_POST
@member_required(can="create")
@where_offered
def create(request: MemberRequest, workspace: str) -> HttpResponse:
    """One press of the button: the new job's card, or 422 and the form with a sentence at each field that is wrong."""
    form = MusicForm(request.POST)
    click = request.POST.get("click", "")[:36]
    if not form.is_valid() or not click:
        context = _composer(request, form, situation_of(request.member))
        if not request.htmx:
            jobs, older = page_of_jobs(request.member, MUSIC.name, services.PAGE)
            context |= _page(request) | {"jobs": jobs, "next": older, "is_recalled": True}
            return render(request, "music/index.html", context, status=422)
        response = render(request, "music/_refused.html", context, status=422)
        return reswap(retarget(response, "#music"), "outerHTML")
    job = submit_job(request.member, MUSIC, form.cleaned_data, click=click)
    if not request.htmx:
        return redirect(f"{reverse('music:index', args=[workspace])}#job-{job.pk}")
    return render(request, "music/_started.html", {"job": job, "click": uuid.uuid4()})


@require_POST
@member_required()
@where_offered
def check(request: MemberRequest, workspace: str) -> HttpResponse:
    """What is to be said about lyrics while they are written: problems, sections. Costs nothing and keeps nothing."""
    return render(request, "music/_checked.html", {"checked": _check(MusicForm(request.POST))})


@require_POST
@member_required(can="create")
@where_offered
def write(request: MemberRequest, workspace: str) -> HttpResponse:
    """Have lyrics written: the card of the job, which becomes a proposal; or 422 and the form with its sentences."""
    form = LyricsForm(request.POST, auto_id=WRITER_ID)
    click = request.POST.get("click", "")[:36]
    if not form.is_valid() or not click:
        context = _writer(form, situation_of(request.member)) | {"writer_click": click or uuid.uuid4()}
        response = render(request, "music/_writer.html", context, status=422)
        return reswap(retarget(response, "#lyrics-writer-form"), "outerHTML")
    job = submit_job(request.member, LYRICS, form.cleaned_data, click=click)
    return render(request, "music/_writing.html", {"job": job, "writer_click": uuid.uuid4()})


@require_POST
@member_required(can="create")
@where_offered
def settle(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """A proposal was taken or left."""
    services.settle(get_object_or_404(Job.objects.visible_to(request.member), pk=pk, kind=LYRICS.name))
    return HttpResponse("")


@require_GET
@member_required()
@where_offered
def writings(request: MemberRequest, workspace: str) -> HttpResponse:
    """Lyrics that were written earlier."""
    return render(request, "music/_writings.html", {"writings": services.list_writings(request.member)})


@require_GET
@member_required()
@where_offered
def compare(request: MemberRequest, workspace: str) -> HttpResponse:
    """Two songs side by side: `?a=<asset>&b=<asset>`."""
    a, b = (services.find_song(request.member, request.GET.get(name)) for name in "ab")
    if a is None or b is None:
        raise Http404
    return render(request, "music/_compare.html", {"comparison": services.compare(a, b)})


def _composer(request: MemberRequest, form: MusicForm, situation: Situation) -> dict[str, Any]:
    """What music/_form.html and music/_settings.html show."""
    model = str(form["model"].value() or music.default_model)
    return {
        "form": form,
        "music": music,
        "models": [(each, price({"model": each.id})) for each in MODELS.values()],
        "price": price({"model": model}),
        "groups": GROUPS,
        "often": [tag for tag in music.section_tags if tag in OFTEN],
        "checked": _check(form),
        "longest_lyrics": max(texts.lyrics[1] for texts in music.texts.values() if texts.lyrics),
        "remade_from": services.find_song(request.member, form["remade_from"].value()),
        "is_free": situation.is_free,
        "is_connected": bool(situation.kind),
        "can_create": request.member.may("create"),
        "click": str(request.POST.get("click") or uuid.uuid4())[:36],
    }


def _page(request: MemberRequest) -> dict[str, Any]:
    """What else stands on the page: the writer, its proposals, and the rules for the script."""
    return {
        "rules": rules(),
        "proposals": services.proposals(request.member),
        **_writer(LyricsForm(auto_id=WRITER_ID), situation_of(request.member)),
        "writer_click": uuid.uuid4(),
    }


def _writer(form: LyricsForm, situation: Situation) -> dict[str, Any]:
    return {
        "writer": form,
        "writer_rules": music.lyrics_writer,
        "lyrics_price": lyrics_price({}),
        "is_free": situation.is_free,
    }


def rules() -> dict[str, Any]:
    """What the page's script has to know about each model; everything else it asks for (`check`)."""
    return {
        model.id: {
            words: dict(zip(("prompt", "lyrics"), texts_of(model, words), strict=True))
            for words, is_known in (
                (OWN, True),
                (OPTIMIZER, model.lyrics_optimizer),
                (INSTRUMENTAL, model.instrumental),
            )
            if is_known
        }
        for model in MODELS.values()
    }


def _check(form: MusicForm) -> Checked:
    """What is to be said while somebody writes. That nothing stands there yet is said when the button is pressed."""
    model = MODELS.get(str(form["model"].value())) or MODELS[music.default_model]
    words = form["words"].value()
    lyrics = normalise(str(form["lyrics"].value() or ""))
    return check_lyrics(lyrics, model, words if words in (OPTIMIZER, INSTRUMENTAL) else OWN) if lyrics else Checked(0)


def _uuid(value: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(value)
    except ValueError:
        return None
