from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.usage import currencies, prices


class MoneyMiddleware:
    """On the pages of a workspace prices and amounts are that workspace's. Nothing is looked up before it is needed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        parts = request.path_info.split("/", 3)  # "", "w", the slug, the rest
        if len(parts) < 4 or parts[1] != "w":
            return self.get_response(request)
        with prices.in_force_at(parts[2]), currencies.shown_at(parts[2]):
            return self.get_response(request)
