"""The page of connections: which there are, which is used, which key pays for what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from apps.minimax.errors import MiniMaxError
from apps.workspaces import accounts, audit, chat_connections, connections, wallets
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.forms import ChatConnectionForm, ConnectionForm, WalletsForm
from apps.workspaces.models import ChatConnection, Connection, ConnectionKind
from apps.workspaces.outbound import AddressRefusedError

FRESH = timedelta(seconds=30)  # MiniMax is not asked about an account more often


@never_cache
@member_required(can="manage")
@sensitive_post_parameters("api_key")
@require_http_methods(["GET", "HEAD", "POST"])
def connection(request: MemberRequest, workspace: str) -> HttpResponse:
    current = Connection.objects.visible_to(request.member).first()
    form = ConnectionForm(request.POST if request.method == "POST" else None, initial=_as_initial(current))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            choice = connections.choose(
                data["connection"],
                data["api_key"],
                data["base_url"],
                region=data["region"],
                wallet=data["wallet"],
            )
        except MiniMaxError as exc:
            form.add_error("api_key", connections.explain(exc))
        except connections.OtherRegionError as exc:
            form.add_error("region", str(exc))
        except AddressRefusedError as exc:
            form.add_error("base_url", str(exc))
        else:
            connected = connections.connect(request.member, choice, request)
            if connected.is_active:
                messages.success(request, _("The connection was changed."))
            else:
                messages.success(request, _("The key is kept beside the one in use. Below stands which one pays."))
            return redirect("workspaces:connection", workspace)
    return _connection_page(request, form, status=422 if form.is_bound else 200)


def _connection_page(
    request: MemberRequest, form: ConnectionForm, *, chat_form: ChatConnectionForm | None = None, status: int = 200
) -> HttpResponse:
    chat = ChatConnection.objects.visible_to(request.member).first()
    kept = accounts.kept_for(request.member)
    context = {
        "kept": kept,
        "has_two_wallets": len(wallets.wallets_of(request.member.workspace_id)) > 1,
        "wallets_form": WalletsForm(workspace=request.member.workspace),
        "form": form,
        "chat": chat,
        "chat_form": chat_form or ChatConnectionForm(initial=_chat_as_initial(chat)),
        "may_be_private": settings.ALLOW_PRIVATE_ENDPOINTS,
    }
    return render(request, "workspaces/connection.html", context, status=status)


def _chat_as_initial(chat: ChatConnection | None) -> dict[str, Any]:
    if chat is None:
        return {}
    return {name: getattr(chat, name) for name in ("base_url", "surface", "input_usd", "output_usd")}


@never_cache
@member_required(can="manage")
@sensitive_post_parameters("chat_key")
@require_POST
def chat_connection(request: MemberRequest, workspace: str) -> HttpResponse:
    """Send chat to a server of the team's own."""
    form = ChatConnectionForm(request.POST)
    if form.is_valid():
        try:
            chat_connections.connect(request.member, **form.cleaned_data, request=request)
        except MiniMaxError as exc:
            form.add_error("base_url", chat_connections.explain(exc, form.cleaned_data["base_url"]))
        except chat_connections.NoModelsError as exc:
            form.add_error("base_url", str(exc))
        except AddressRefusedError as exc:
            form.add_error("base_url", str(exc))
        else:
            messages.success(request, _("Chat goes to your own server now."))
            return redirect("workspaces:connection", workspace)
    current = Connection.objects.visible_to(request.member).first()
    return _connection_page(request, ConnectionForm(initial=_as_initial(current)), chat_form=form, status=422)


@member_required(can="manage")
@require_POST
def remove_chat_connection(request: MemberRequest, workspace: str) -> HttpResponse:
    if chat_connections.disconnect(request.member, request):
        messages.success(request, _("Chat goes over the workspace's connection again."))
    return redirect("workspaces:connection", workspace)


@member_required(can="manage")
@require_POST
def test_chat_connection(request: MemberRequest, workspace: str) -> HttpResponse:
    tested = chat_connections.check(request.member)
    if not request.htmx:
        return redirect("workspaces:connection", workspace)
    return render(request, "workspaces/_chat_connection.html", {"chat": tested})


def _as_initial(current: Connection | None) -> dict[str, str]:
    if current is None:
        return {}
    known = {ConnectionKind.SANDBOX: ConnectionForm.SANDBOX, ConnectionKind.CUSTOM: ConnectionForm.CUSTOM}
    return {"connection": known.get(ConnectionKind(current.kind), ConnectionForm.KEY), "base_url": current.base_url}


@member_required(can="manage")
@require_POST
def test_connection(request: MemberRequest, workspace: str) -> HttpResponse:
    connections.check(request.member, request)
    return _tested(request)


@member_required(can="manage")
@require_POST
def test_kept_connection(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    connections.check(request.member, request, _find(request, pk).pk)
    return _tested(request)


def _tested(request: MemberRequest) -> HttpResponse:
    if not request.htmx:
        return redirect("workspaces:connection", request.member.workspace.slug)
    return render(request, "workspaces/_connection_status.html", {"kept": accounts.kept_for(request.member)})


@member_required(can="manage")
@require_POST
def use_connection(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    connections.use(request.member, _find(request, pk), request)
    messages.success(request, _("Everything new goes over this connection. What is running keeps its own."))
    return redirect("workspaces:connection", workspace)


@member_required(can="manage")
@require_POST
def remove_connection(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    connections.remove(request.member, _find(request, pk), request)
    messages.success(request, _("The connection and its key are gone."))
    return redirect("workspaces:connection", workspace)


@never_cache
@member_required(can="manage")
@require_POST
def account(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    """Ask MiniMax what is left, unless it was asked a moment ago."""
    found = _find(request, pk)
    if found.account_at is None or timezone.now() - found.account_at > FRESH:
        connections.look_into_account(found)
    return render(request, "workspaces/_account.html", {"account": accounts.account_of(found)})


@member_required(can="own")
@require_POST
def set_wallets(request: MemberRequest, workspace: str) -> HttpResponse:
    """Which key pays for what, and whether the other may step in: an owner decides about money."""
    form = WalletsForm(request.POST, workspace=request.member.workspace)
    if form.is_valid():
        form.save()
        audit.record(request.member, "connection.wallets", subject=form.in_words(), request=request)
        messages.success(request, _("Saved. It holds for what is asked for from now on."))
    return redirect("workspaces:connection", workspace)


def _find(request: MemberRequest, pk: int) -> Connection:
    return get_object_or_404(Connection.every.kept().visible_to(request.member).select_related("workspace"), pk=pk)
