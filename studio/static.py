"""Static files under names that carry their content's hash, so that browsers keep them for ever."""

import re
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

VENDORED = ("django_htmx/", "npm/")  # whole files; the imports that their comments show lead nowhere


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    support_js_module_import_aggregation = True  # rewrites `import "./x.js"` inside our modules too
    manifest_strict = False

    def url_converter(
        self, name: str, hashed_files: dict[str, str], template: str | None = None
    ) -> Callable[[re.Match[str]], Any]:
        if name.startswith(VENDORED):
            return lambda match: match[0]
        return super().url_converter(name, hashed_files, template)


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """WhiteNoise answers with a stream; under ASGI Django would read that into memory all the same, and warn each time.

    Our static files are small, so they are read at once.
    """

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        answer = static_file.get_response(request.method, request.META)
        content = b""
        if answer.file is not None:
            with answer.file as file:
                content = file.read()
        response = HttpResponse(content, status=int(answer.status))
        del response["Content-Type"]  # WhiteNoise knows better
        for name, value in answer.headers:
            response[name] = value
        return response
