"""What things cost here, since when, and in which currency it is shown."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.minimax import catalogue
from apps.usage import prices
from apps.usage.forms import CurrencyForm, PriceForm
from apps.workspaces import audit
from apps.workspaces.access import MemberRequest, member_required


@require_GET
@member_required()
def index(request: MemberRequest, workspace: str) -> HttpResponse:
    return _page(request, PriceForm(member=request.member), CurrencyForm(member=request.member))


def _page(
    request: MemberRequest, price_form: PriceForm, currency_form: CurrencyForm, *, status: int = 200
) -> HttpResponse:
    changes = prices.changes_of(request.member.workspace_id).select_related("created_by")
    context = {
        "groups": prices.table(request.member),
        "history": [(change, prices.label_of(change.item)) for change in changes[:200]],
        "listed": catalogue.listed_prices(),
        "may_change": request.member.may("own"),
        "price_form": price_form,
        "currency_form": currency_form,
    }
    return render(request, "usage/prices.html", context, status=status)


@require_POST
@member_required(can="own")
def change(request: MemberRequest, workspace: str) -> HttpResponse:
    form = PriceForm(request.POST, member=request.member)
    if not form.is_valid():
        return _page(request, form, CurrencyForm(member=request.member), status=422)
    changed = form.save()
    subject = f"{prices.label_of(changed.item)}: {changed.price_usd.normalize():f} USD, {changed.from_date}"
    audit.record(request.member, "price.changed", subject=subject, request=request)
    messages.success(request, _("The price is entered. What was asked for before its day keeps the old one."))
    return redirect("usage:prices", workspace)


@require_POST
@member_required(can="own")
def set_currency(request: MemberRequest, workspace: str) -> HttpResponse:
    form = CurrencyForm(request.POST, member=request.member)
    if not form.is_valid():
        return _page(request, PriceForm(member=request.member), form, status=422)
    currency = form.save()
    subject = f"{currency.code} {currency.per_usd.normalize():f}" if currency else "USD"
    audit.record(request.member, "currency.set", subject=subject, request=request)
    messages.success(request, _("Amounts are shown so from now on. They are kept in US dollars."))
    return redirect("usage:prices", workspace)
