"""The sandbox is a program of its own: it shares the studio's command line, the wire's catalogue, and nothing else."""

from __future__ import annotations

import secrets

SECRET_KEY = secrets.token_urlsafe(32)  # nothing that is signed outlives the process
DEBUG = False
ALLOWED_HOSTS = ["*"]  # a client may call it by any name; there are no sessions and no cookies to protect
INSTALLED_APPS = ["apps.sandbox"]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "apps.sandbox.urls"
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024
LOGGING_CONFIG = None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": ":memory:",  # the command puts it into --data
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
        },
    }
}
