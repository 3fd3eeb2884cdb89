from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from apps.files import services
from apps.files.content import read_beginning, serve
from apps.files.listing import Row, Shelf, look
from apps.files.listing import refresh as ask
from apps.files.models import Transfer
from apps.files.purposes import PURPOSES, UPLOADABLE, Purpose, most_bytes, too_large
from apps.library.models import Asset, AssetStatus
from apps.minimax.client import MiniMaxClient
from apps.minimax.errors import MiniMaxError
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.bodies import takes_at_most
from apps.workspaces.connections import NoConnectionError, endpoint_for, explain

PAGE = 100
MANY = 500  # files at once
LONGEST_ID = 64
NOT_THERE = 2013  # MiniMax's code
CHANGED = "files:changed"  # the page asks for its list again


@require_GET
@member_required()
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    """Everything at MiniMax, as in `listing`. `?asset=` a file of the library leads on to where it is brought there."""
    if asset := request.GET.get("asset", ""):
        return redirect(f"{reverse('files:send', args=[workspace])}?{urlencode({'asset': asset})}")
    shelf = look(request.member)
    context = {
        "uploadable": list(UPLOADABLE.values()),
        "limits": {name: {"most": one.rules.max_bytes, "accept": one.accept} for name, one in UPLOADABLE.items()},
        "transfers": services.transfers_of(request.member),
    }
    return render(request, "files/index.html", context | _list(request, shelf))


@require_GET
@member_required()
def listing(request: MemberRequest, workspace: str) -> HttpResponse:
    """The list as it is known. `?purpose=`, `?q=` words in the name or id, `?count=` how many."""
    return _show(request, look(request.member))


@require_POST
@member_required()
def refresh(request: MemberRequest, workspace: str) -> HttpResponse:
    """Ask MiniMax, then show the list."""
    said = ask(request.member)
    if not request.htmx:
        return redirect("files:index", workspace)
    return _show(request, look(request.member), said)


def _show(request: MemberRequest, shelf: Shelf, said: list[str] | None = None) -> HttpResponse:
    asked = {"said": said or [], "was_asked": said is not None, "is_alone": True}
    return render(request, "files/_list.html", _list(request, shelf) | asked)


def _list(request: MemberRequest, shelf: Shelf) -> dict[str, Any]:
    asked = request.POST if request.method == "POST" else request.GET
    q = asked.get("q", "").replace("\0", "").strip()[:200]
    purpose = asked.get("purpose", "")
    wanted = asked.get("count", "")
    count = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 7 else PAGE
    words = q.casefold().split()
    matching = [row for row in shelf.rows if all(word in f"{row.filename} {row.file_id}".casefold() for word in words)]
    found = [row for row in matching if purpose not in PURPOSES or row.purpose.id == purpose]
    counts = [(one, sum(row.purpose is one for row in matching)) for one in PURPOSES.values()]
    return {
        "shelf": shelf,
        "rows": found[: max(count, PAGE)],
        "next": max(count, PAGE) + PAGE if len(found) > max(count, PAGE) else None,
        "found": len(found),
        "counts": [(one, number) for one, number in counts if number or one.id == purpose],
        "all": len(matching),
        "purpose": purpose if purpose in PURPOSES else "",
        "q": q,
        "is_empty": not shelf.rows and not q and not purpose,
        "can_create": request.member.may("create"),
        "can_manage": request.member.may("manage"),
    }


# --- one file ---------------------------------------------------------------------------------------------------------


@require_GET
@member_required()
def file(request: MemberRequest, workspace: str, file_id: str) -> HttpResponse:
    """What MiniMax says of a file now, and a look at it: in the drawer, or on a page of its own."""
    said = ""
    try:
        row = _ask_for(request, file_id)
    except services.GoneError as error:
        row, said = None, str(error)
    except MiniMaxError as error:
        row, said = look(request.member).find(file_id), explain(error)
    title = row.title if row else services.known_name(request.member, file_id) or file_id
    is_gone = row is None
    if is_gone and not said:
        raise Http404
    context = {"row": row, "said": said, "can_create": request.member.may("create")}
    response = _aside(request, "files/_file.html", title, context, status=404 if is_gone and not request.htmx else 200)
    return trigger_client_event(response, CHANGED) if is_gone else response


@require_GET
@member_required()
def content(request: MemberRequest, workspace: str, file_id: str) -> HttpResponseBase:
    """The bytes, through the studio. `?download=1` under the file's name."""
    try:
        row = _find(request, file_id)
        return serve(request, endpoint_for(request.member.workspace), row, download="download" in request.GET)
    except services.GoneError as error:
        sentence, status = str(error), 404
    except NoConnectionError as error:
        sentence, status = str(error), 502
    except MiniMaxError as error:
        sentence, status = explain(error), 404 if error.code == NOT_THERE else 502
    if status == 404:
        services.forget_known(request.member, file_id)
    page = {"title": _("This file cannot be had"), "body": "files/_fault.html", "said": sentence}
    return render(request, "files/page.html", page, status=status)


@require_GET
@member_required()
def text(request: MemberRequest, workspace: str, file_id: str) -> HttpResponse:
    """The beginning of a text."""
    try:
        row = _find(request, file_id)
        beginning, has_more = read_beginning(endpoint_for(request.member.workspace), row)
    except (services.GoneError, NoConnectionError) as error:
        return render(request, "files/_fault.html", {"said": str(error)})
    except MiniMaxError as error:
        return render(request, "files/_fault.html", {"said": explain(error)})
    return render(request, "files/_text.html", {"text": beginning, "has_more": has_more, "row": row})


def _find(request: MemberRequest, file_id: str) -> Row:
    """A file of the list, or else one that MiniMax knows. Raises Http404, GoneError, MiniMaxError."""
    if len(file_id) > LONGEST_ID:
        raise Http404
    return look(request.member, with_uses=False).find(file_id) or _ask_for(request, file_id)


def _ask_for(request: MemberRequest, file_id: str) -> Row:
    """Raises Http404, GoneError, MiniMaxError."""
    if len(file_id) > LONGEST_ID:
        raise Http404
    try:
        with MiniMaxClient(endpoint_for(request.member.workspace)) as client:
            row = services.find_file(request.member, client, file_id)
    except NoConnectionError as error:
        raise Http404 from error
    if row is None:
        raise Http404
    return row


# --- to MiniMax -------------------------------------------------------------------------------------------------------


def _most_bytes(parameters: QueryDict) -> int:
    purpose = UPLOADABLE.get(parameters.get("purpose", ""))
    return most_bytes(purpose) if purpose else 0


@takes_at_most(_most_bytes)
@require_POST
@member_required(can="create")
def upload(request: MemberRequest, workspace: str) -> HttpResponse:
    """One file as the request's body; `?name=`, `?purpose=`. Its card, or 422 and {sentence}: nothing was sent."""
    purpose = _uploadable(request.GET.get("purpose", ""))
    announced = request.META.get("CONTENT_LENGTH") or ""
    size = int(announced) if announced.isdigit() else 0
    try:
        if sentence := too_large(purpose, size):
            raise services.RefusedError(sentence)
        sent = services.take_upload(request.member, request, name=request.GET.get("name", ""), purpose=purpose)
    except services.RefusedError as error:
        return JsonResponse({"sentence": str(error)}, status=422)
    return render(request, "files/_transfer.html", {"transfer": sent, "can_create": True}, status=201)


@require_http_methods(["GET", "POST"])
@member_required(can="create")
def send(request: MemberRequest, workspace: str) -> HttpResponse:
    """Bring a file of the library to MiniMax: GET asks what for, POST does it. `asset`, `purpose`."""
    values = request.POST if request.method == "POST" else request.GET
    asset, refused, chosen = _asset(request, values.get("asset", "")), "", values.get("purpose", "")
    if asset is None:
        raise Http404
    if request.method == "POST":
        try:
            services.send_asset(request.member, asset, _uploadable(chosen))
        except services.RefusedError as error:
            refused = str(error)
        else:
            return redirect("files:index", workspace)
    context = {"asset": asset, "uploadable": list(UPLOADABLE.values()), "refused": refused, "chosen": chosen}
    return _aside(request, "files/_send.html", _("Copy to MiniMax"), context, status=422 if refused else 200)


def _uploadable(name: str) -> Purpose:
    purpose = UPLOADABLE.get(name)
    if purpose is None:
        raise Http404
    return purpose


def _asset(request: MemberRequest, value: str) -> Asset | None:
    try:
        found = Asset.objects.visible_to(request.member).filter(pk=uuid.UUID(value))
    except ValueError:
        return None
    return found.exclude(status=AssetStatus.DAMAGED).select_related("workspace").first()


# --- under way --------------------------------------------------------------------------------------------------------


@require_GET
@member_required()
def transfer(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    return _card(request, _transfer(request, pk))


@require_POST
@member_required(can="create")
def cancel(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    found = _own_transfer(request, pk)
    services.cancel(found)
    return _card(request, found)


@require_POST
@member_required(can="create")
def again(request: MemberRequest, workspace: str, pk: uuid.UUID) -> HttpResponse:
    found = _own_transfer(request, pk)
    services.begin_again(found)
    return _card(request, found)


def _card(request: MemberRequest, found: Transfer) -> HttpResponse:
    found.refresh_from_db()
    if not request.htmx:
        return redirect("files:index", request.member.workspace.slug)
    response = render(request, "files/_transfer.html", {"transfer": found, "can_create": request.member.may("create")})
    return response if found.is_moving else trigger_client_event(response, CHANGED)


def _transfer(request: MemberRequest, pk: uuid.UUID) -> Transfer:
    return get_object_or_404(Transfer.objects.visible_to(request.member).select_related("workspace", "asset"), pk=pk)


def _own_transfer(request: MemberRequest, pk: uuid.UUID) -> Transfer:
    found = _transfer(request, pk)
    if found.created_by_id != request.member.user_id and not request.member.may("manage"):
        raise PermissionDenied
    return found


# --- many at once -----------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@member_required(can="create")
def delete(request: MemberRequest, workspace: str) -> HttpResponse:
    """GET says what would be lost and what needs it; POST deletes the files named by `file`, for good."""
    rows = _named(request)
    if not rows:
        raise Http404
    if request.method == "GET":
        context = {"rows": rows, "used": [row for row in rows if row.uses], "may": any(row.may_delete for row in rows)}
        return _aside(request, "files/_delete.html", _("Delete at MiniMax"), context)
    if not any(row.may_delete for row in rows):
        raise PermissionDenied
    outcome = services.delete(request.member, rows, request=request)
    response = _aside(request, "files/_deleted.html", _("Deleted at MiniMax"), {"outcome": outcome})
    return trigger_client_event(response, CHANGED)


@require_POST
@member_required(can="create")
def keep(request: MemberRequest, workspace: str) -> HttpResponse:
    """Copy the files named by `file` into the library."""
    rows = _named(request)
    if not rows:
        raise Http404
    try:
        begun = services.copy_to_library(request.member, rows)
    except services.RefusedError as error:
        return trigger_client_event(HttpResponse(status=204), "toast", {"text": str(error), "tone": "bad"})
    if not request.htmx:
        return redirect("files:index", workspace)
    return render(request, "files/_transfers.html", {"transfers": begun, "can_create": True})


def _named(request: MemberRequest) -> list[Row]:
    """The files that a request names, as far as they are the workspace's to see."""
    values = request.POST if request.method == "POST" else request.GET
    shelf = look(request.member)
    ids = dict.fromkeys(values.getlist("file")[:MANY])
    return [row for file_id in ids if (row := shelf.find(file_id))]


def _aside(
    request: MemberRequest, body: str, title: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """In the drawer for htmx, otherwise as a page of its own."""
    frame = "files/drawer.html" if request.htmx else "files/page.html"
    response = render(request, frame, context | {"title": title, "body": body}, status=status)
    response["Vary"] = "HX-Request"
    return response
