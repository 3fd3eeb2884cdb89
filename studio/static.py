"""Static files under names that carry their content's hash, so that browsers keep them for ever."""

import re
from collections.abc import Callable
from typing import Any

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
