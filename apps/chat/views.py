from __future__ import annotations

import json
import uuid
from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.chat import exchange, services, showing, tree
from apps.chat.forms import FolderForm, TitleForm
from apps.chat.models import Conversation, Folder, Message
from apps.library.services import shorten
from apps.library.uploads import find_picture
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.storable import storable

PAGE = 40  # conversations at a time


# --- pages ------------------------------------------------------------------------------------------------------------


@require_GET
@member_required()
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    """A new conversation. `?text=` begins it, `?image=` attaches a picture of the library."""
    return _page(request, None)


@require_GET
@member_required()
def conversation(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    return _page(request, _find(request, pk))


def _page(request: MemberRequest, found: Conversation | None) -> HttpResponse:
    member = request.member
    context: dict[str, Any] = {
        "slug": member.workspace.slug,
        "conversation": found,
        "is_mine": member.may("create"),
        "text": request.GET.get("text", "")[:4000],
        "picture": find_picture(member, request.GET.get("image", "")),
        **showing.composer(member, found),
        **_list(request),
    }
    if found:
        context |= showing.thread(member, found)
    return render(request, "chat/index.html", context)


# --- fragments --------------------------------------------------------------------------------------------------------


@require_GET
@member_required()
def conversations(request: MemberRequest, workspace: str) -> HttpResponse:
    """The list: `?q=`, `?folder=`, `?archived=1`, `?page=`."""
    return render(request, "chat/_conversations.html", {"slug": workspace, **_list(request)})


def _list(request: MemberRequest) -> dict[str, Any]:
    member, given = request.member, request.GET
    q, archived = storable(given.get("q", "")).strip()[:200], given.get("archived") == "1"
    folder_id, number = _number(given.get("folder", "")), _number(given.get("page", "")) or 0
    found = services.find_conversations(member, q=q, folder_id=folder_id, archived=archived)
    found = found.select_related("created_by", "folder")
    first = number * PAGE
    rows = list(found[first : first + PAGE + 1])
    pinned = [] if number else list(found.filter(pinned_at__isnull=False, created_by=member.user)[:PAGE])
    shown = {row.pk for row in pinned}
    return {
        "pinned": pinned,
        "conversations": [row for row in rows[:PAGE] if row.pk not in shown],
        "next_page": number + 1 if len(rows) > PAGE else None,
        "is_first_page": number == 0,
        "q": q,
        "archived": archived,
        "folder_id": folder_id,
        "folders": Folder.objects.visible_to(member).filter(person=member.user),
        "reader": member.user,
    }


@require_GET
@member_required()
def thread(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    return render(request, "chat/_thread.html", showing.thread(request.member, _find(request, pk)))


@require_GET
@member_required()
def turn(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """The foot of one message, with what came of its calls; the page asks for it when a reply is over."""
    message = get_object_or_404(Message.objects.visible_to(request.member).select_related("conversation"), pk=pk)
    found = message.conversation
    context = showing.thread(request.member, found)
    wanted = next((shown for shown in context["turns"] if shown.message.pk == pk), None)
    if wanted is None:  # on another branch, as each column of a comparison but the first is
        same = message.conversation.messages.filter(parent_id=message.parent_id).order_by("pk")
        turns = [tree.Turn(message, list(same.values_list("pk", flat=True)))]
        wanted = showing.show(request.member, turns, is_mine=context["is_mine"])[0]
    return render(request, "chat/_over.html", {**context, "shown": wanted})


@require_GET
@member_required()
def source(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """What was said as it was written, for copying and for changing it."""
    message = get_object_or_404(Message.objects.visible_to(request.member), pk=pk)
    words = [block["text"] for block in message.blocks if block["type"] == "text"]
    return HttpResponse("\n\n".join(words), content_type="text/plain; charset=utf-8")


@require_GET
@member_required()
def map_of_branches(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    found = _find(request, pk)
    return render(request, "chat/_map.html", {"conversation": found, "nodes": tree.map_of(found), "slug": workspace})


# --- acts -------------------------------------------------------------------------------------------------------------


@require_POST
@member_required(can="create")
def show_branch(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    found = _find_own(request, pk)
    message = get_object_or_404(found.messages, pk=_posted_uuid(request, "message"))
    services.show_branch(found, message.pk)
    return render(request, "chat/_thread.html", showing.thread(request.member, found))


@require_http_methods(["GET", "POST"])
@member_required(can="create")
def rename(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    found = _find_own(request, pk)
    form = TitleForm(request.POST or None, initial={"title": found.title})
    if request.method == "POST" and form.is_valid():
        services.rename(found, form.cleaned_data["title"])
        return render(request, "chat/_renamed.html", {"conversation": found, "slug": workspace, **_list(request)})
    context = {"conversation": found, "form": form, "slug": workspace}
    return render(request, "chat/_rename.html", context, status=422 if form.errors else 200)


@require_POST
@member_required(can="create")
def pin(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    found = _find_own(request, pk)
    return _changed(request, found, pinned_at=None if found.pinned_at else timezone.now())


@require_POST
@member_required(can="create")
def archive(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    found = _find_own(request, pk)
    return _changed(request, found, archived_at=None if found.archived_at else timezone.now())


@require_POST
@member_required(can="create")
def move(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Into a folder of one's own, or out of it."""
    found = _find_own(request, pk)
    wanted = _number(request.POST.get("folder", ""))
    folder = None if wanted is None else get_object_or_404(_folders(request), pk=wanted)
    return _changed(request, found, folder=folder)


@require_POST
@member_required(can="create")
def set_open(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    """Let the workspace read it, or not any more."""
    found = _find_own(request, pk)
    found.is_open = request.POST.get("is_open") == "true"
    found.save(update_fields=["is_open"])
    said = _("Everybody in the workspace can read this conversation.") if found.is_open else _("Only you see it now.")
    response = render(request, "chat/_head.html", showing.thread(request.member, found))
    response["HX-Trigger"] = json.dumps({"toast": {"text": said, "tone": "ok"}})
    return response


@require_POST
@member_required(can="create")
def copy(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    twin = services.copy(request.member, _find(request, pk))
    return _go(request, reverse("chat:conversation", args=[workspace, twin.pk]))


@require_POST
@member_required(can="create")
def delete(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    found = _find_own(request, pk)
    found.trashed_at = timezone.now()
    found.save(update_fields=["trashed_at"])
    context = {"conversation": found, "slug": workspace}
    return render(request, "chat/_deleted.html", context)


@require_POST
@member_required(can="create")
def restore(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    member = request.member
    mine = Conversation.objects.filter(workspace=member.workspace, created_by=member.user)
    found = get_object_or_404(mine, pk=pk)
    found.trashed_at = None
    found.save(update_fields=["trashed_at"])
    return _go(request, reverse("chat:conversation", args=[workspace, pk]))


def _changed(request: MemberRequest, found: Conversation, **changes: Any) -> HttpResponse:
    for name, value in changes.items():
        setattr(found, name, value)
    found.save(update_fields=list(changes))
    return render(request, "chat/_conversations.html", {"slug": request.member.workspace.slug, **_list(request)})


# --- folders ----------------------------------------------------------------------------------------------------------


@require_POST
@member_required(can="create")
def add_folder(request: MemberRequest, workspace: str) -> HttpResponse:
    form = FolderForm(request.POST)
    if form.is_valid():
        name = shorten(form.cleaned_data["name"], 60)
        Folder.objects.get_or_create(workspace=request.member.workspace, person=request.member.user, name=name)
    return render(request, "chat/_conversations.html", {"slug": workspace, **_list(request)})


@require_http_methods(["DELETE"])
@member_required(can="create")
def folder(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    """Take a folder away; what was in it stays."""
    get_object_or_404(_folders(request), pk=pk).delete()
    return render(request, "chat/_conversations.html", {"slug": workspace, **_list(request)})


def _folders(request: MemberRequest) -> Any:
    return Folder.objects.visible_to(request.member).filter(person=request.member.user)


# --- out and in -------------------------------------------------------------------------------------------------------


@require_GET
@member_required()
def export(request: MemberRequest, workspace: str, pk: uuid.UUID, format: str) -> HttpResponse:
    found = _find(request, pk)
    response: HttpResponse
    if format == "md":
        response = HttpResponse(exchange.as_markdown(found), content_type="text/markdown; charset=utf-8")
    elif format == "json":
        response = JsonResponse(exchange.as_json(found), json_dumps_params={"indent": 1, "ensure_ascii": False})
    else:
        raise Http404
    name = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in found.title).split()
    response["Content-Disposition"] = f'attachment; filename="{"-".join(name)[:60] or "conversation"}.{format}"'
    return response


@require_POST
@member_required(can="create")
def import_conversation(request: MemberRequest, workspace: str) -> HttpResponse:
    file = request.FILES.get("file")
    try:
        if file is None:
            raise exchange.UnreadableError(_("Choose a file first."))
        if (file.size or 0) > exchange.MAX_BYTES:
            raise exchange.UnreadableError(_("The file is too large for a conversation."))
        made = exchange.from_json(request.member, file.read())
    except exchange.UnreadableError as exc:
        response = HttpResponse(status=204)
        response["HX-Trigger"] = json.dumps({"toast": {"text": str(exc), "tone": "bad"}})
        return response
    return _go(request, reverse("chat:conversation", args=[workspace, made.pk]))


# --- finding ----------------------------------------------------------------------------------------------------------


def _find(request: MemberRequest, pk: uuid.UUID) -> Conversation:
    visible = Conversation.objects.visible_to(request.member).select_related("workspace", "created_by")
    return get_object_or_404(visible, pk=pk)


def _find_own(request: MemberRequest, pk: uuid.UUID) -> Conversation:
    mine = Conversation.objects.of(request.member).select_related("workspace", "created_by")
    return get_object_or_404(mine, pk=pk)


def _posted_uuid(request: MemberRequest, name: str) -> uuid.UUID:
    try:
        return uuid.UUID(request.POST.get(name, ""))
    except ValueError as exc:
        raise Http404 from exc


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else None


def _go(request: MemberRequest, url: str) -> HttpResponse:
    if not request.htmx:
        return redirect(url)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = url
    return response
