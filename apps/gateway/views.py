from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.gateway import services
from apps.gateway.forms import AccountForm, TokenForm
from apps.gateway.models import ApiToken, ServiceAccount
from apps.workspaces.access import MemberRequest, member_required
from apps.workspaces.models import Membership


@never_cache
@member_required()
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    """The tokens in force; a new one's secret is in the answer to its form, and nowhere else."""
    form = TokenForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        token, secret = services.make_token(request.member, request.member, **form.cleaned_data, request=request)
        return _page(request, new_token=token, new_secret=secret)
    return _page(request, form=form, status=422 if form.is_bound else 200)


def _token_form(account: Membership, data: QueryDict | None = None) -> TokenForm:
    """For a service account; several of these stand on one page."""
    return TokenForm(data, auto_id=f"id_{account.pk}_%s")


def _page(
    request: MemberRequest, *, status: int = 200, refused: Mapping[int, TokenForm] | None = None, **context: Any
) -> HttpResponse:
    """`refused`: forms with their faults, by the person of the service account that they are for."""
    member, refused = request.member, refused or {}
    may_manage = member.may("manage")
    accounts = services.service_accounts_of(member) if may_manage else []
    context = {
        "form": TokenForm(),
        "account_form": AccountForm() if may_manage else None,
        "tokens": services.tokens_for(member),
        "accounts": [(each, refused.get(each.user_id) or _token_form(each)) for each in accounts],
        "opened": set(refused),
        "address": request.build_absolute_uri("/api/v1/"),
        "calls": services.CALLS,
    } | context
    return render(request, "gateway/index.html", context, status=status)


@require_POST
@member_required()
def end_token(request: MemberRequest, workspace: str, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken.objects.visible_to(request.member), pk=pk)
    if token.user_id != request.member.user_id and not request.member.may("manage"):
        raise PermissionDenied
    services.end_token(request.member, token, request)
    messages.success(request, _("“%(name)s” opens nothing any more.") % {"name": token.name})
    return redirect("gateway:index", workspace)


@never_cache
@member_required(can="manage")
@require_POST
def add_account(request: MemberRequest, workspace: str) -> HttpResponse:
    form = AccountForm(request.POST)
    if not form.is_valid():
        return _page(request, account_form=form, status=422)
    account = services.make_service_account(
        request.member, name=form.cleaned_data["account_name"], role=form.cleaned_data["role"], request=request
    )
    messages.success(request, _("“%(name)s” is a member now. Make a token for it.") % {"name": account})
    return redirect("gateway:index", workspace)


@never_cache
@member_required(can="manage")
@require_POST
def add_account_token(request: MemberRequest, workspace: str, account: int) -> HttpResponse:
    found = _account(request, account)
    whose = next((each for each in services.service_accounts_of(request.member) if each.user_id == found.user_id), None)
    if whose is None:  # suspended
        raise Http404
    form = _token_form(whose, request.POST)
    if not form.is_valid():
        return _page(request, status=422, refused={whose.user_id: form})
    token, secret = services.make_token(request.member, whose, **form.cleaned_data, request=request)
    return _page(request, new_token=token, new_secret=secret)


@require_POST
@member_required(can="manage")
def remove_account(request: MemberRequest, workspace: str, account: int) -> HttpResponse:
    found = _account(request, account)
    services.remove_service_account(request.member, found, request)
    messages.success(request, _("“%(name)s” is no member any more, and its tokens open nothing.") % {"name": found})
    return redirect("gateway:index", workspace)


def _account(request: MemberRequest, pk: int) -> ServiceAccount:
    return get_object_or_404(ServiceAccount.objects.visible_to(request.member).select_related("user"), pk=pk)
