from __future__ import annotations

import logging
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import reswap, trigger_client_event

from apps.workspaces import setup
from apps.workspaces.refusals import ActRefusedError

logger = logging.getLogger(__name__)


class RefusalMiddleware:
    """Shows the sentence of an ActRefusedError; what stands in the form stays."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, ActRefusedError):
            return None
        sentence = str(exception)
        if getattr(request, "htmx", False):
            response = reswap(HttpResponse(), "none")
            return trigger_client_event(response, "toast", {"text": sentence, "tone": "bad"})
        if not request.accepts("text/html"):
            return JsonResponse({"sentence": sentence}, status=422)
        url_name, label = exception.more or ("", "")
        context = {"sentence": sentence, "url_name": url_name, "label": label}
        return render(request, "workspaces/refused.html", context, status=422)


class SetupMiddleware:
    """Until the first person exists, every page leads to the setup page. Costs nothing once it has seen one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.is_set_up = False
        self.setup_path = reverse("setup")
        static = f"/{settings.STATIC_URL.lstrip('/')}"
        self.open_paths = (self.setup_path, static, reverse("healthz"), reverse("readyz"))
        self.link_shown = False

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self.is_set_up or request.path.startswith(self.open_paths):
            return self.get_response(request)
        if setup.is_done():
            self.is_set_up = True
            return self.get_response(request)
        if settings.SETUP_TOKEN_PATH and not self.link_shown:
            self.link_shown = True  # only who reads the server's log may become the owner
            logger.warning("To set up this studio, open %s", setup.link())
        return redirect(self.setup_path)
