from __future__ import annotations

import uuid
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import reswap, retarget

from apps.jobs.models import Job
from apps.jobs.services import jobs_of
from apps.library import lookups
from apps.library.links import shared_among
from apps.library.models import Asset
from apps.library.uploads import find_picture
from apps.minimax import catalogue
from apps.voices import auditions, bringing, lifecycle, services, tasks
from apps.voices.checks import Purpose
from apps.voices.forms import CANDIDATES, CloneForm, DesignForm, MixForm, PolicyForm, RenameForm, TakeInForm
from apps.voices.generation import VOICE_CLONE, is_free
from apps.voices.ids import find_id_problem, suggest_id
from apps.voices.lifecycle import connection_of
from apps.voices.models import Origin, State, Voice
from apps.workspaces.access import MemberRequest, member_required

JOBS = 6
BATCHES = 4
STRANGERS = 12
PURPOSES: dict[str, Purpose] = {"sample": "sample", "prompt": "prompt"}
MOST_SECONDS = 24 * 3600.0
PREVIEW = gettext_lazy("Hello. This is my voice now, and I have a story to tell you.")
SCRIPT = gettext_lazy(
    "It was still dark when the baker opened her door. She liked this hour best: the street was quiet, the oven was "
    "warm, and nobody wanted anything yet. “What shall it be today?” she asked the cat, who had no opinion. Outside, "
    "the first tram rang its bell. By seven there would be a queue, and laughter, and the smell of fresh bread all the "
    "way down to the river."
)
# The catalogue's tags of MiniMax's voices, read from their names.
STYLES = (
    (
        gettext_lazy("Age"),
        (
            ("child", gettext_lazy("Child")),
            ("young", gettext_lazy("Young")),
            ("adult", gettext_lazy("Adult")),
            ("elder", gettext_lazy("Old")),
        ),
    ),
    (
        gettext_lazy("Style"),
        (
            ("warm", gettext_lazy("Warm")),
            ("bright", gettext_lazy("Bright")),
            ("calm", gettext_lazy("Calm")),
            ("cool", gettext_lazy("Cool")),
            ("serious", gettext_lazy("Serious")),
            ("narration", gettext_lazy("Narration")),
            ("character", gettext_lazy("Character")),
            ("deep", gettext_lazy("Deep")),
            ("whisper", gettext_lazy("Whisper")),
        ),
    ),
)
EXAMPLE = gettext_lazy("An old fisherman, deep and gravelly, slow, warm, with a Scottish accent")
CHIPS: tuple[tuple[Any, tuple[tuple[str, Any], ...]], ...] = (
    (
        gettext_lazy("Who"),
        (("a woman", gettext_lazy("Woman")), ("a man", gettext_lazy("Man")), ("a child", gettext_lazy("Child"))),
    ),
    (
        gettext_lazy("Age"),
        (("young", gettext_lazy("Young")), ("middle-aged", gettext_lazy("Middle-aged")), ("old", gettext_lazy("Old"))),
    ),
    (gettext_lazy("Pitch"), (("deep", gettext_lazy("Deep")), ("high", gettext_lazy("High")))),
    (gettext_lazy("Pace"), (("slow", gettext_lazy("Slow")), ("fast", gettext_lazy("Fast")))),
    (
        gettext_lazy("Mood"),
        (
            ("calm", gettext_lazy("Calm")),
            ("warm", gettext_lazy("Warm")),
            ("cheerful", gettext_lazy("Cheerful")),
            ("serious", gettext_lazy("Serious")),
            ("whispering", gettext_lazy("Whispering")),
        ),
    ),
    (
        gettext_lazy("Accent"),
        (
            ("British accent", gettext_lazy("British")),
            ("American accent", gettext_lazy("American")),
            ("Scottish accent", gettext_lazy("Scottish")),
            ("German accent", gettext_lazy("German")),
        ),
    ),
)


# --- my voices --------------------------------------------------------------------------------------------------------


@require_GET
@member_required()
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    """The workspace's voices, what runs out first before the rest. MiniMax's own are asked for by the page."""
    member = request.member
    tasks.look(member.workspace)
    voices = services.list_voices(member).exclude(is_candidate=True, state__in=(State.GONE, State.DELETED))
    voices = voices.order_by(F("expires_at").asc(nulls_last=True), "-created_at")
    spoken = dict.fromkeys(voice.language for voice in catalogue.voices.system.values() if voice.language)
    labels = {language.name: _(language.label) for language in catalogue.languages}
    context = {
        "voices": sorted(voices, key=lambda voice: voice.state_now != State.TEMPORARY),
        "languages": [(name, labels.get(name, name)) for name in spoken],
        "styles": STYLES,
        "policy": services.policy_of(member.workspace),
        "strangers": lifecycle.strangers_of(member.workspace)[:STRANGERS] if member.may("create") else [],
        "house": auditions.house_of(member.workspace),
        "can_manage": member.may("manage"),
    }
    return render(request, "voices/index.html", context | _situation(request))


@require_GET
@member_required()
def card(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """One voice, while it is being made or kept."""
    return _card(request, _find(request, pk))


@require_GET
@member_required()
def voice(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Everything about one voice, in a drawer or as a page."""
    found = _find(request, pk)
    context = {"voice": found, "identities": found.identities.order_by("-asked_at")}
    return _aside(request, "voices/_details.html", found.name, context)


@require_http_methods(["GET", "POST"])
@member_required(can="create")
def keep(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """GET says what it costs; POST has it speak once. Mails link here."""
    found, refusal = _find(request, pk), ""
    if request.method == "POST":
        try:
            services.keep(request.member, found, click=_click(request))
        except services.RefusedError as error:
            refusal = str(error)
        else:
            return _to_card(found)
    price = services.price_of_keeping(found)
    context = {
        "voice": found,
        "text": services.KEEP_TEXT,
        "fee_usd": price.fee,
        "speech_usd": price.characters,
        "keep_usd": price.usd,
        "is_free": price.is_free,
        "refusal": refusal,
        "click": uuid.uuid4(),
    }
    title = _("Keep %(name)s") % {"name": found.name}
    return _aside(request, "voices/_keep.html", title, context, status=422 if refusal else 200)


@require_http_methods(["GET", "POST"])
@member_required(can="create")
def again(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Make a voice again from what is stored of it: GET says what it costs."""
    found, refusal = _find(request, pk), ""
    if request.method == "POST":
        try:
            services.make_again(request.member, found, click=_click(request))
        except services.RefusedError as error:
            refusal = str(error)
        else:
            return _to_card(found)
    price = (
        services.price_of_design(request.member.workspace, found.preview_text, 1)
        if found.origin == Origin.DESIGN
        else services.price_of_clone(request.member.workspace, found.model, found.preview_text)
    )
    context = {
        "voice": found,
        "again_usd": price.now,
        "fee_usd": price.fee,
        "is_free": price.is_free,
        "refusal": refusal,
        "click": uuid.uuid4(),
    }
    title = _("Make %(name)s again") % {"name": found.name}
    return _aside(request, "voices/_again.html", title, context, status=422 if refusal else 200)


@require_http_methods(["GET", "POST"])
@member_required(can="create")
def rename(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Give it another name. A candidate that gets one is chosen: people are reminded of it from then on."""
    found = _find_own(request, pk)
    form = RenameForm(request.POST if request.method == "POST" else None, instance=found)
    if form.is_valid():
        if found.is_candidate:
            services.choose(request.member, found, form.cleaned_data["name"])
        else:
            services.rename(request.member, found, form.cleaned_data["name"])
        return _to_card(found)
    title = _("Take this one") if found.is_candidate else _("Rename")
    status = 422 if form.is_bound else 200
    return _aside(request, "voices/_rename.html", title, {"voice": found, "form": form}, status=status)


@require_POST
@member_required(can="create")
def delete(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    found = _find_own(request, pk)
    services.delete(request.member, found, request=request)
    if not request.htmx:
        return _to_card(found)
    return _card(request, _find(request, pk))


@require_http_methods(["GET", "POST"])
@member_required(can="create")
def withdraw(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """The person takes their consent back; what was made with the voice can be unshared or trashed then, or later."""
    found = _find_own(request, pk)
    if found.consent is None:
        raise Http404
    if request.method == "POST":
        wanted, then = request.POST.getlist("asset"), request.POST.get("then", "")
        services.withdraw(request.member, found, request=request)
        if then == "unshare":
            services.unshare_assets(request.member, found, wanted, request=request)
        elif then == "trash":
            services.trash_assets(request.member, found, wanted, request=request)
        return _to_card(found)
    assets = list(services.assets_of(request.member, found))
    context = {"voice": found, "assets": assets, "shared": shared_among(assets)}
    return _aside(request, "voices/_withdraw.html", _("Consent withdrawn"), context)


@require_http_methods(["GET", "POST"])
@member_required(can="manage")
def policy(request: MemberRequest, workspace: str) -> HttpResponse:
    """What happens before a voice is lost."""
    form = PolicyForm(request.POST or None, instance=services.policy_of(request.member.workspace))
    if form.is_valid():
        services.save_policy(request.member, form.save(commit=False), request=request)
        return redirect("voices:index", workspace)
    title = _("Before a voice is lost")
    return _aside(request, "voices/_policy.html", title, {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@member_required(can="create")
def take_in(request: MemberRequest, workspace: str) -> HttpResponse:
    """Give a voice that MiniMax lists and nobody knows here a name; of a cloned one, say whose it is."""
    given = request.POST if request.method == "POST" else request.GET
    listed = {stranger.voice_id: stranger for stranger in lifecycle.strangers_of(request.member.workspace)}
    stranger = listed.get(given.get("voice_id", ""))
    if stranger is None:
        raise Http404
    is_clone = stranger.origin == Origin.CLONE
    form = TakeInForm(
        request.POST if request.method == "POST" else None,
        member=request.member,
        is_clone=is_clone,
        initial={"name": stranger.voice_id[:80], "consent_how": "tick"},
    )
    if form.is_valid():
        try:
            return _to_card(services.take_in(request.member, stranger, form.cleaned_data))
        except services.RefusedError as error:
            form.add_error("name", str(error))
    context = {"stranger": stranger, "form": form, "is_clone": is_clone}
    status = 422 if form.is_bound else 200
    return _aside(request, "voices/_take_in.html", _("Take a voice in"), context, status=status)


@require_POST
@member_required()
def favourite(request: MemberRequest, workspace: str) -> HttpResponse:
    """Mark a voice, or take the mark away: what is there becomes the other."""
    voice_id = request.POST.get("voice_id", "").replace("\0", "")[:256]
    known = catalogue.voices.everything.get(voice_id)
    if known is None:
        raise Http404
    is_wanted = voice_id not in services.favourites(request.member)
    services.set_favourite(request.member, voice_id, is_wanted=is_wanted)
    return render(request, "voices/_star.html", {"voice_id": voice_id, "name": known.name, "is_favourite": is_wanted})


# --- cloning ----------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@member_required()
def clone(request: MemberRequest, workspace: str) -> HttpResponse:
    """GET: the page, with `?sample=<asset>` for a recording. POST: the job's card, or 422 and the form with a sentence
    at each field that is wrong.
    """
    member = request.member
    if request.method == "GET":
        initial = {"text": str(PREVIEW), "consent_how": "tick"}
        if _chosen(request, request.GET.get("sample"), "sample"):
            initial["sample"] = request.GET["sample"]
        form = CloneForm(member=member, initial=initial)
        jobs = jobs_of(member, kind=VOICE_CLONE.name)[:JOBS]
        return render(request, "voices/clone.html", _clone_page(request, form) | {"jobs": jobs})
    if not member.may("create"):
        raise PermissionDenied
    form = CloneForm(request.POST, member=member)
    if not form.is_valid() or not _click(request):
        context = _clone_page(request, form)
        if not request.htmx:
            jobs = jobs_of(member, kind=VOICE_CLONE.name)[:JOBS]
            return render(request, "voices/clone.html", context | {"jobs": jobs}, status=422)
        return reswap(retarget(render(request, "voices/_clone_form.html", context, status=422), "#clone"), "outerHTML")
    made = services.clone(member, form.cleaned_data, click=_click(request))
    if not request.htmx:
        return redirect("voices:clone", workspace)
    job = Job.objects.visible_to(member).for_cards().get(pk=str(made.making_id))
    return render(request, "voices/_cloning.html", {"job": job, "click": uuid.uuid4()})


@require_GET
@member_required()
def clone_price(request: MemberRequest, workspace: str) -> HttpResponse:
    """What stands on the button, while the preview is written."""
    text = request.GET.get("text", "")
    price = services.price_of_clone(request.member.workspace, request.GET.get("model", ""), text)
    return render(request, "voices/_price.html", {"price": price.now, "is_free": price.is_free})


@require_GET
@member_required()
def check_id(request: MemberRequest, workspace: str) -> HttpResponse:
    """What is to be said about an id while it is typed, and a free one that suits the name."""
    return render(request, "voices/_id_says.html", _say_id(request, request.GET))


@require_POST
@member_required(can="create")
def sample(request: MemberRequest, workspace: str) -> HttpResponse:
    """Take a recording in and say what is to be said of it. Nothing is sent to MiniMax."""
    file, purpose = request.FILES.get("file"), PURPOSES.get(request.POST.get("purpose", ""))
    if purpose is None:
        raise Http404
    if file is None:
        return _refused_sample(request, _("No file arrived. Try again."))
    try:
        asset = bringing.take_sample(request.member, file, purpose)
    except bringing.SampleRefusedError as refusal:
        return _refused_sample(request, str(refusal))
    return render(request, "voices/_sample.html", _sample_field(asset, purpose), status=201)


@require_POST
@member_required(can="create")
def sample_from(request: MemberRequest, workspace: str) -> HttpResponse:
    """Take a sound of the library, `?asset=`, as a recording of a voice, and go on to cloning it."""
    wanted = lookups.parse_uuid(request.GET.get("asset", ""))
    asset = get_object_or_404(Asset.objects.visible_to(request.member), pk=wanted, content_type__startswith="audio/")
    try:
        made = bringing.take_asset(request.member, asset, "sample")
    except bringing.SampleRefusedError as refusal:
        messages.error(request, str(refusal))
        return redirect("library:asset", workspace, asset.pk)
    return redirect(f"{reverse('voices:clone', args=[workspace])}?{urlencode({'sample': made.pk})}")


@require_POST
@member_required(can="create")
def mend(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Trim a recording, bring it to a usual level, or say that somebody does speak in it."""
    asset = get_object_or_404(Asset.objects.visible_to(request.member), pk=pk, kind=bringing.KIND)
    purpose = PURPOSES.get(asset.request.get("purpose", ""), "sample")
    wanted = request.POST
    try:
        made = bringing.mend_sample(
            request.member,
            asset,
            start_s=_seconds(wanted.get("start_s", "")) or 0,
            end_s=_seconds(wanted.get("end_s", "")),
            normalise="normalise" in wanted,
            confirm="confirm" in wanted,
        )
    except bringing.SampleRefusedError as refusal:
        return _refused_sample(request, str(refusal))
    return render(request, "voices/_sample.html", _sample_field(made, purpose))


def _clone_page(request: MemberRequest, form: CloneForm) -> dict[str, Any]:
    """What voices/_clone_form.html shows."""
    price = services.price_of_clone(
        request.member.workspace, str(form["model"].value() or ""), str(form["text"].value() or "")
    )
    return {
        "form": form,
        "script": SCRIPT,
        "most_text": catalogue.speech.cloning.demo_characters,
        "sample": _chosen(request, form["sample"].value(), "sample"),
        "prompt": _chosen(request, form["prompt_audio"].value(), "prompt"),
        "proof": find_picture(request.member, form["consent_file"].value()),
        "price": price.now,
        "fee_usd": lifecycle.fee_for(Origin.CLONE),
        "click": request.POST.get("click") or uuid.uuid4(),
        **_say_id(request, request.POST),
        **_situation(request),
        "can_create": request.member.may("clone"),
    }


def _say_id(request: MemberRequest, values: Any) -> dict[str, Any]:
    given = values.get("voice_id", "").replace("\0", "")
    problem = find_id_problem(request.member.workspace, given) if given else ""
    return {
        "problem": problem,
        "is_given": bool(given),
        "suggestion": suggest_id(values.get("name", "")) if problem or not given else "",
    }


def _sample_field(asset: Asset, purpose: Purpose) -> dict[str, Any]:
    found, checks, refused = bringing.read_sample(asset)
    return {
        "asset": asset,
        "found": found,
        "checks": checks,
        "refused": refused,
        "name": "sample" if purpose == "sample" else "prompt_audio",
        "form_id": "clone",
    }


def _chosen(request: MemberRequest, pk: Any, purpose: Purpose) -> dict[str, Any]:
    """A recording that a refused form names already."""
    try:
        found = Asset.objects.visible_to(request.member).filter(pk=uuid.UUID(str(pk)), kind=bringing.KIND).first()
        return _sample_field(found, purpose) if found else {}
    except ValueError:
        return {}


def _refused_sample(request: MemberRequest, sentence: str) -> HttpResponse:
    return render(request, "voices/_sample.html", {"refusal": sentence}, status=422)


def _seconds(value: str) -> float | None:
    try:
        seconds = float(value)
    except ValueError:
        return None
    return seconds if 0 <= seconds <= MOST_SECONDS else None


# --- designing --------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@member_required()
def design(request: MemberRequest, workspace: str) -> HttpResponse:
    """GET: the page (`?example=1` fills it). POST: the candidates' cards, or 422 and the form."""
    member = request.member
    if request.method == "GET":
        example = str(EXAMPLE) if request.GET.get("example") else request.GET.get("text", "").replace("\0", "")[:2000]
        form = DesignForm(member=member, initial={"preview_text": str(PREVIEW), "prompt": example})
        return render(request, "voices/design.html", _design_page(request, form) | {"batches": _batches(request)})
    if not member.may("create"):
        raise PermissionDenied
    form = DesignForm(request.POST, member=member)
    if not form.is_valid() or not _click(request):
        context = _design_page(request, form)
        if not request.htmx:
            return render(request, "voices/design.html", context | {"batches": _batches(request)}, status=422)
        response = render(request, "voices/_design_form.html", context, status=422)
        return reswap(retarget(response, "#design"), "outerHTML")
    made = services.design(member, form.cleaned_data, click=_click(request))
    if not request.htmx:
        return redirect("voices:design", workspace)
    batch = services.candidates_beside(made[0])
    return render(request, "voices/_designing.html", {"batch": batch, "click": uuid.uuid4()} | _situation(request))


@require_GET
@member_required()
def design_price(request: MemberRequest, workspace: str) -> HttpResponse:
    count = request.GET.get("n", "")
    n = int(count) if count.isascii() and count.isdigit() and 1 <= int(count[:2]) <= CANDIDATES else 1
    price = services.price_of_design(request.member.workspace, request.GET.get("preview_text", ""), n)
    return render(request, "voices/_price.html", {"price": price.now, "is_free": price.is_free})


def _design_page(request: MemberRequest, form: DesignForm) -> dict[str, Any]:
    count = form["n"].value()
    n = int(count) if str(count).isdigit() else 1
    price = services.price_of_design(
        request.member.workspace, str(form["preview_text"].value() or ""), min(max(n, 1), CANDIDATES)
    )
    return {
        "form": form,
        "chips": CHIPS,
        "counts": range(1, CANDIDATES + 1),
        "price": price.now,
        "fee_usd": lifecycle.fee_for(Origin.DESIGN),
        "click": request.POST.get("click") or uuid.uuid4(),
        **_situation(request),
    }


def _batches(request: MemberRequest) -> list[list[Voice]]:
    """What was designed lately, newest first, the candidates of one press together."""
    lately = services.list_voices(request.member).filter(origin=Origin.DESIGN).exclude(batch=None)
    voices = list(lately[: BATCHES * CANDIDATES])
    together = [list(group)[::-1] for _batch, group in groupby(voices, key=lambda each: each.batch)]
    return together[:BATCHES]


# --- mixing -----------------------------------------------------------------------------------------------------------


@require_POST
@member_required(can="create")
def mix(request: MemberRequest, workspace: str) -> JsonResponse:
    """Keep the mix of the speech page as a voice: 201 {voice_id, name, meta}, or 422 {sentence}."""
    form = MixForm(request.POST, member=request.member)
    if not form.is_valid():
        return JsonResponse({"sentence": str(form.errors[next(iter(form.errors))][0])}, status=422)
    try:
        made = services.mix(request.member, form.cleaned_data)
    except services.RefusedError as error:
        return JsonResponse({"sentence": str(error)}, status=422)
    answer = {"voice_id": made.alias, "name": made.name, "meta": str(made.get_origin_display())}
    return JsonResponse(answer, status=201)


# --- what all share ---------------------------------------------------------------------------------------------------


def _find(request: MemberRequest, pk: uuid.UUID) -> Voice:
    found = services.find_voice(request.member, pk)
    if found is None:
        raise Http404
    return found


def _find_own(request: MemberRequest, pk: uuid.UUID) -> Voice:
    """One that the member may change."""
    found = _find(request, pk)
    if not services.may_change(request.member, found):
        raise PermissionDenied
    return found


def _situation(request: MemberRequest) -> dict[str, Any]:
    connection = connection_of(request.member.workspace)
    return {
        "is_connected": bool(connection),
        "is_free": is_free(connection),
        "can_create": request.member.may("create"),
    }


def _card(request: MemberRequest, found: Voice) -> HttpResponse:
    return render(request, "voices/_card.html", {"voice": found} | _situation(request))


def _aside(
    request: MemberRequest, body: str, title: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """In the drawer for htmx, otherwise as a page of its own."""
    frame = "voices/drawer.html" if request.htmx else "voices/page.html"
    shown = {"can_create": request.member.may("create")} | context | {"title": title, "body": body}
    response = render(request, frame, shown, status=status)
    response["Vary"] = "HX-Request"
    return response


def _to_card(found: Voice) -> HttpResponse:
    return redirect(f"{reverse('voices:index', args=[found.workspace.slug])}#voice-{found.pk}")


def _click(request: MemberRequest) -> str:
    return request.POST.get("click", "")[:36]
