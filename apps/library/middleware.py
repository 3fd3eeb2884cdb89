from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django_htmx.http import reswap, trigger_client_event

from apps.library.storage_use import StorageFullError


class StorageFullMiddleware:
    """Says in one place, to pages, fragments and scripts alike, that there is no room for what was asked."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, StorageFullError):
            return None
        sentence = str(exception)
        if getattr(request, "htmx", False):
            response = reswap(HttpResponse(), "none")
            return trigger_client_event(response, "toast", {"text": sentence, "tone": "bad"})
        if not request.accepts("text/html"):
            return JsonResponse({"sentence": sentence}, status=422)
        return render(request, "library/full.html", {"sentence": sentence}, status=422)
