from __future__ import annotations

import uuid

from django.http import Http404, HttpResponse, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.minimax import catalogue
from apps.speech import services
from apps.speech import voices as voice_list
from apps.speech.forms import LANGUAGES, PronunciationForm, SpeechForm, limits
from apps.speech.models import PronunciationEntry, Take
from apps.voices.auditions import house_of
from apps.voices.services import favourites as favourites_of
from apps.workspaces.access import MemberRequest, member_required


@require_GET
@member_required()
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    """The page. `?from=<asset id>` or `?take=<take id>` fills the form with old settings (`&only=` a part of
    them), `?text=` with a text, `?read=<asset id>` with what stands in a text file, `?voice_id=` with a voice.

    speech/index.html: form (SpeechForm, unbound, with initial values; include speech/_form.html), limits (for
    `json_script`; see forms.limits), voice (voices.Voice of the form's voice_id or None), takes and next (as in
    `takes`), price (as in `price`), is_free (bool: the sandbox), connected (bool: the workspace has a connection),
    can_speak (bool), socket_path ("/ws/w/<slug>/speech/"), max_takes (int), recalled (True when old settings were
    filled in), is_given (True when the address names the voice), house (voices.HouseVoice or None: what the workspace
    begins with).
    """
    member = request.member
    initial = services.recall_request(
        member,
        asset_id=request.GET.get("from", ""),
        take_id=request.GET.get("take", ""),
        text=request.GET.get("text", ""),
        only=request.GET.get("only", ""),
        read_id=request.GET.get("read", ""),
    )
    voice_id, house = request.GET.get("voice_id"), house_of(member.workspace)
    is_given = bool(voice_id and voice_list.find_voice(member.workspace, voice_id))
    if is_given:
        initial["voice_id"] = voice_id
    elif house and "voice_id" not in initial:
        initial |= {"voice_id": house.voice_id, "model": house.model}
    form = SpeechForm(initial=initial)
    page, cursor = services.list_takes(member)
    chosen = form["voice_id"].value()
    return render(
        request,
        "speech/index.html",
        {
            "form": form,
            "limits": limits(),
            "voice": voice_list.find_voice(member.workspace, chosen) if chosen else None,
            "takes": page,
            "next": cursor,
            "price": services.price_of(
                member.workspace, form["model"].value(), form["text"].value() or "", [chosen] if chosen else []
            ),
            "is_free": services.is_free(member.workspace),
            "connected": services.is_connected(member.workspace),
            "can_speak": member.may("create"),
            "socket_path": f"/ws/w/{member.workspace.slug}/speech/",
            "max_takes": services.MAX_TAKES,
            "recalled": bool(request.GET.get("from") or request.GET.get("take")),
            "is_given": is_given,
            "house": house,
        },
    )


@require_http_methods(["GET", "POST"])
@member_required()
def price(request: MemberRequest, workspace: str) -> HttpResponse:
    """What `text` costs with `model`, spoken by each `voice_id`; POST takes texts that are too long for an address.

    speech/_price.html: price = services.Price(characters, max_characters, billed_characters, usd (Decimal or None: not
    published), fee_usd (part of it: voices that are used for the first time), is_free, problems: tuple of
    scripts.TextProblem(sentence, start, end, blocking)).
    With `Accept: application/json` the same as JSON, usd as a string. `start` and `end` count code points of the text
    with newlines as one character; what is not `blocking` is a warning only.
    """
    fields = request.POST if request.method == "POST" else request.GET
    named = fields.getlist("voice_id")[: catalogue.speech.timbre_weights.max_items]
    voice_ids = [voice_id.replace("\0", "") for voice_id in named]  # PostgreSQL refuses NUL
    answer = services.price_of(request.member.workspace, fields.get("model", ""), fields.get("text", ""), voice_ids)
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse(answer.as_json())
    return render(request, "speech/_price.html", {"price": answer})


@require_GET
@member_required()
def takes(request: MemberRequest, workspace: str) -> HttpResponse:
    """My latest takes, newest first; `?before=<take id>` gives the next page.

    speech/_takes.html: takes (list of Take; each rendered with speech/_take.html), next (id for `before`, or None).
    """
    page, cursor = services.list_takes(request.member, before=_uuid(request.GET.get("before")))
    return render(request, "speech/_takes.html", {"takes": page, "next": cursor})


@require_GET
@member_required()
def take(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """One take's card.

    speech/_take.html: take (Take with .workspace and .asset; see the model for its states: take.is_moving,
    take.is_partial, take.error, take.next_step, take.get_charged_display, take.title, take.price_usd). It is also
    rendered without a request, for the socket, so it uses nothing but `take`. Its element has the id `take-<id>`, and
    while take.is_moving it polls this address every few seconds.
    """
    one = get_object_or_404(Take.objects.visible_to(request.member).select_related("workspace", "asset"), pk=pk)
    return render(request, "speech/_take.html", {"take": one})


@require_POST
@member_required(can="create")
def stop(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Stop a take without a socket, e.g. from its card. Renders speech/_take.html; it stops within half a second."""
    one = get_object_or_404(Take.objects.visible_to(request.member).select_related("workspace", "asset"), pk=pk)
    services.ask_to_stop(one)
    return render(request, "speech/_take.html", {"take": one})


@require_http_methods(["GET", "POST"])
@member_required()
def dictionary(request: MemberRequest, workspace: str) -> HttpResponse:
    """The workspace's pronunciations; POST (source, replacement, language) adds one.

    speech/_dictionary.html: entries (PronunciationEntry list), form (PronunciationForm), can_edit (bool), languages
    (list of (language_boost, label)). A refused POST answers 422 with the same fragment, form.errors filled.
    """
    member = request.member
    form = PronunciationForm()
    status = 200
    if request.method == "POST":
        if not member.may("create"):
            return HttpResponse(status=403)
        form = PronunciationForm(request.POST)
        if form.is_valid():
            services.add_pronunciation(member, form)
            form = PronunciationForm()
        else:
            status = 422
    return _dictionary(request, form, status)


@require_http_methods(["DELETE"])
@member_required(can="create")
def dictionary_entry(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    """Forget one pronunciation. Renders speech/_dictionary.html as `dictionary` does."""
    get_object_or_404(PronunciationEntry.objects.visible_to(request.member), pk=pk).delete()
    return _dictionary(request, PronunciationForm())


@require_GET
@member_required()
def voices(request: MemberRequest, workspace: str) -> HttpResponse:
    """The voice picker's list. `?q=`, `?language=`, `?gender=female|male`, `?chosen=<voice_id>`, `?page=2`.

    speech/_voices.html: voices (list of voices.Voice(voice_id, name, language, gender, tags,
    group: "system"|"cloned"|"designed", sample_state: "ready" (GET voice_sample plays it at once) | "free" (making it
    costs nothing) | "paid" (the person agrees to sample_usd first))), sample_usd (Decimal or None: not published),
    languages (list of (value, label) that have voices), q, language, gender, chosen, total, next_page (int or None).
    """
    fields = request.GET
    query = voice_list.VoiceQuery(
        q=fields.get("q", ""),
        language=fields.get("language", ""),
        gender=fields.get("gender", ""),
        page=fields.get("page", ""),
    )
    found = voice_list.search_voices(request.member.workspace, query)
    return render(
        request,
        "speech/_voices.html",
        {
            "voices": found.voices,
            "total": found.total,
            "next_page": found.next_page,
            "languages": found.languages,
            "sample_usd": voice_list.sample_price(request.member.workspace),
            "own": voice_list.find_own(request.member, query),
            "q": query.q,
            "language": query.language,
            "gender": query.gender,
            "chosen": fields.get("chosen", ""),
        },
    )


@require_GET
@member_required()
def browse(request: MemberRequest, workspace: str) -> HttpResponse:
    """MiniMax's own voices on the Voices page. As in `voices`; also `?style=` and `?only=favourite|recent`."""
    member, fields = request.member, request.GET
    favourites, only = favourites_of(member), fields.get("only", "")
    among = {"favourite": frozenset(favourites), "recent": voice_list.used_lately(member.workspace)}
    query = voice_list.VoiceQuery(
        q=fields.get("q", ""),
        language=fields.get("language", ""),
        gender=fields.get("gender", ""),
        page=fields.get("page", ""),
        style=fields.get("style", ""),
        among=among.get(only),
        own=False,
    )
    found = voice_list.search_voices(member.workspace, query)
    following = fields.copy()
    following.pop("page", None)
    context = {
        "voices": found.voices,
        "total": found.total,
        "next_page": found.next_page,
        "query": following.urlencode(),
        "is_first": query.page in ("", "1"),
        "only": only,
        "favourites": favourites,
        "sample_usd": voice_list.sample_price(member.workspace),
        "can_create": member.may("create"),
    }
    return render(request, "voices/_system.html", context)


@require_http_methods(["GET", "POST"])
@member_required()
def voice_sample(request: MemberRequest, workspace: str) -> HttpResponseBase:
    """A voice's sample sentence as audio/mpeg. `voice_id` is a parameter, because ids hold spaces and parentheses.

    GET plays a sample that exists, else 404. POST makes it first, and pays for that (voices.sample_price) unless it
    exists; a refusal is 409 with JSON {"sentence", "next_step"}.
    """
    member = request.member
    if request.method == "GET":
        sample = voice_list.find_sample(member.workspace, _voice_id(request.GET))
        if sample is None:
            raise Http404
    else:
        if not member.may("create"):
            return HttpResponse(status=403)
        try:
            sample = voice_list.make_sample(member, _voice_id(request.POST))
        except voice_list.NoSampleError as refusal:
            return JsonResponse({"sentence": str(refusal), "next_step": refusal.next_step}, status=409)
    with sample.file.open("rb") as sound:  # a few seconds of sound
        response = HttpResponse(sound.read(), content_type="audio/mpeg")
    response["Cache-Control"] = "private, max-age=86400"
    return response


def _dictionary(request: MemberRequest, form: PronunciationForm, status: int = 200) -> HttpResponse:
    context = {
        "entries": PronunciationEntry.objects.visible_to(request.member),
        "form": form,
        "can_edit": request.member.may("create"),
        "languages": LANGUAGES,
    }
    return render(request, "speech/_dictionary.html", context, status=status)


def _voice_id(fields: QueryDict) -> str:
    return fields.get("voice_id", "").replace("\0", "")  # PostgreSQL refuses NUL


def _uuid(value: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(value or "")
    except ValueError:
        return None
