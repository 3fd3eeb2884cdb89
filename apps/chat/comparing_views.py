from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.chat import comparing, showing
from apps.chat.forms import FILE_CHARACTERS, FILES, IMAGES, MAX_TOKENS, TEXT_CHARACTERS, ChatForm
from apps.chat.models import Comparison, Conversation, Message
from apps.chat.own import UnknownModelError
from apps.chat.services import RefusedError
from apps.workspaces.access import MemberRequest, member_required

FIELDS = ("model", "thinking", "temperature", "top_p", "max_tokens", "system")


@require_GET
@member_required()
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    """New columns. `?conversation=` they go on with it; `?from=` the columns of an earlier comparison; `?text=`."""
    member = request.member
    conversation = _named(request, "conversation", Conversation.objects.of(member))
    earlier = _named(request, "from", Comparison.objects.visible_to(member))
    composer = showing.composer(member, conversation)
    context = {
        "conversation": conversation,
        "last": conversation.head_id if conversation else None,
        "text": request.GET.get("text", "")[:4000],
        "forms": _presets(composer, earlier, conversation),
        "recent": comparing.recent(member),
        "slug": workspace,
        "default_tokens": MAX_TOKENS,
        **composer,
    }
    return render(request, "chat/compare/index.html", context)


def _presets(
    composer: Mapping[str, Any], earlier: Comparison | None, conversation: Conversation | None
) -> list[dict[str, Any]]:
    """What the columns' fields hold to begin with: four, of which the first ones are in use."""
    models = composer["models"]
    by_server = [group[0]["id"] for _name, group in composer["groups"] if group]  # one of each, where there are two
    first, second = (by_server if len(by_server) > 1 else [model["id"] for model in (models * 2)[:2]])[:2]
    given: list[dict[str, Any]] = []
    if earlier:
        candidates = earlier.candidates.select_related("message")
        given = [candidate.message.settings for candidate in candidates if candidate.message]
        given = [{**settings, "model": showing.pick(models, settings)} for settings in given]
        given.sort(key=lambda settings: str(settings["model"]))  # their order would tell what a blind vote hides
    elif conversation:
        model = composer["given"]["model"]
        other = second if model == first else first
        given = [{**conversation.settings, "model": model}, {**conversation.settings, "model": other}]
    while len(given) < 2:
        given.append({"model": [first, second][len(given)]})
    used = len(given)
    given += [given[0]] * (len(comparing.LETTERS) - used)
    return [
        {
            "letter": letter,
            "is_used": at < used,
            "can_go": at >= 2,
            **{name: given[at].get(name) for name in FIELDS},
        }
        for at, letter in enumerate(comparing.LETTERS)
    ]


@require_GET
@member_required()
def comparison(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    return render(request, "chat/compare/comparison.html", comparing.board(request.member, _find(request, pk)))


@require_GET
@member_required()
def board(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """The columns; the page asks for them when a reply is over."""
    return render(request, "chat/compare/_board.html", comparing.board(request.member, _find(request, pk)))


@require_POST
@member_required(can="create")
def price(request: MemberRequest, workspace: str) -> HttpResponse:
    """The most that the columns can cost together: `settings` (a JSON list), `text`, `conversation`; of what is
    attached, `bytes` of text and `pictures`.
    """
    try:
        given = json.loads(request.POST.get("settings", "[]"))
    except ValueError:
        given = []
    forms = [ChatForm(each) for each in given if isinstance(each, dict)] if isinstance(given, list) else []
    if len(forms) not in comparing.COLUMNS:
        raise Http404
    conversation = None
    if request.POST.get("conversation"):
        conversation = get_object_or_404(
            Conversation.objects.of(request.member), pk=_uuid(request.POST["conversation"])
        )
    wrong = next((form for form in forms if not form.is_valid()), None)
    context: dict[str, Any] = {"count": len(forms), "error": _first_error(wrong) if wrong else ""}
    if not wrong:
        settings = [form.cleaned_data for form in forms]
        text = request.POST.get("text", "")[:TEXT_CHARACTERS]
        try:
            context["most"] = comparing.most_it_costs(
                request.member,
                settings,
                said_bytes=len(text.encode()) + _count(request, "bytes", FILES * FILE_CHARACTERS * 4),
                pictures=_count(request, "pictures", IMAGES),
                conversation=conversation,
            )
        except (UnknownModelError, RefusedError) as exc:
            context["error"] = str(exc)
    return render(request, "chat/compare/_price.html", context)


def _count(request: MemberRequest, name: str, most: int) -> int:
    given = request.POST.get(name, "")
    return min(int(given), most) if given.isascii() and given.isdigit() and len(given) < 12 else 0


@require_POST
@member_required(can="create")
def vote(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """`winner`: the reply that was best; empty: a tie."""
    found = _find(request, pk)
    winner = None
    if request.POST.get("winner"):
        winner = get_object_or_404(found.candidates, message_id=_uuid(request.POST["winner"])).message_id
    try:
        comparing.vote(found, winner)
    except comparing.TooEarlyError as exc:
        return _toast(str(exc))
    return render(request, "chat/compare/_board.html", comparing.board(request.member, found))


@require_POST
@member_required(can="create")
def keep(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Go on with the reply `message`."""
    found = _find(request, pk)
    candidate = get_object_or_404(found.candidates, message_id=_uuid(request.POST.get("message", "")))
    message = get_object_or_404(
        Message.objects.of(request.member).select_related("conversation"), pk=candidate.message_id
    )
    conversation = comparing.keep(found, message)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = reverse("chat:conversation", args=[workspace, conversation.pk])
    return response


@require_GET
@member_required()
def tally(request: MemberRequest, workspace: str) -> HttpResponse:
    context = {"scores": comparing.tally(request.member), "slug": workspace}
    return render(request, "chat/compare/tally.html", context)


def _find(request: MemberRequest, pk: uuid.UUID) -> Comparison:
    visible = Comparison.objects.visible_to(request.member).select_related("conversation", "question__conversation")
    return get_object_or_404(visible, pk=pk)


def _named(request: MemberRequest, name: str, rows: Any) -> Any:
    return get_object_or_404(rows, pk=_uuid(request.GET[name])) if request.GET.get(name) else None


def _uuid(value: str) -> uuid.UUID:
    try:
        return uuid.UUID(value)
    except ValueError as exc:
        raise Http404 from exc


def _first_error(form: ChatForm) -> str:
    return str(next(iter(form.errors.values()))[0])


def _toast(text: str) -> HttpResponse:
    response = HttpResponse(status=204)
    response["HX-Trigger"] = json.dumps({"toast": {"text": text, "tone": "warn"}})
    return response
