"""Django's settings: wiring only. What may differ between machines comes from `studio.config`."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import dj_database_url
from csp.constants import NONE, SELF

from studio.config import ROOT, get_config, read_bucket_address

config = get_config()
DATA: Path = config.data.resolve()

SECRET_KEY = config.read_secret_key()
ENCRYPTION_KEYS = [*filter(None, config.encryption_key.split(",")), SECRET_KEY]  # the first seals, all open
SETUP_TOKEN_PATH = DATA / "setup.token" if config.is_reachable else None
TRUSTED_PROXIES = config.trusted_proxies
ALLOW_PRIVATE_ENDPOINTS = config.allow_private_endpoints
PRIVATE_HOSTS = config.private_hosts
DEBUG = config.debug
PUBLIC_URL = config.public_url
CALLBACK_URL = config.callback_url
ALLOWED_HOSTS = sorted({urlsplit(PUBLIC_URL).hostname or "", "localhost", "127.0.0.1", "[::1]", *config.allowed_hosts})
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",  # its widgets are templates like all others
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "channels",
    "django_htmx",
    "csp",
    "studio",
    "apps.accounts",
    "apps.workspaces",
    "apps.notifications",
    "apps.webhooks",
    "apps.library",
    "apps.usage",
    "apps.collections",
    "apps.provenance",
    "apps.jobs",
    "apps.files",
    "apps.voices",
    "apps.speech",
    "apps.books",
    "apps.chat",
    "apps.images",
    "apps.music",
    "apps.video",
    "apps.agents",
    "apps.sharing",
    "apps.reviews",
    "apps.home",
    "apps.gateway",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",  # so far out that refusals of those below carry it too
    "studio.static.StaticFilesMiddleware",
    "studio.compression.PageGZipMiddleware",
    "apps.workspaces.middleware.SetupMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.accounts.middleware.SessionActivityMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.accounts.middleware.PreferencesMiddleware",
    "apps.home.last_workspace.LastWorkspaceMiddleware",
    "apps.usage.middleware.MoneyMiddleware",
    "apps.workspaces.middleware.RefusalMiddleware",
]

ROOT_URLCONF = "studio.urls"
ASGI_APPLICATION = "studio.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.home.context.shell",
            ],
            "builtins": ["apps.home.templatetags.components"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- what is kept -----------------------------------------------------------------------------------------------------

SQLITE_OPTIONS = {  # WAL, IMMEDIATE and a long timeout: without any one of them, "database is locked"
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA mmap_size=134217728;"
        "PRAGMA cache_size=-20000;PRAGMA journal_size_limit=27103364;"
    ),
}
if config.database_url:
    # A pool, not lasting connections: under ASGI each request has a thread, and such a connection would stay with it.
    DATABASES = {"default": dj_database_url.parse(config.database_url, conn_health_checks=True)}
    DATABASES["default"]["OPTIONS"] = {
        **DATABASES["default"].get("OPTIONS", {}),
        "pool": {"min_size": 1, "max_size": 16, "timeout": 10},
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(DATA / "studio.sqlite3"),
            "OPTIONS": SQLITE_OPTIONS,
            "TEST": {"NAME": DATA / "test.sqlite3"},  # one in memory cannot be shared by threads
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MEDIA_ROOT = DATA / "media"
SPOOL_ROOT = DATA / "spool"  # what is on its way in, a folder for each app
STATIC_ROOT = DATA / "static"
STATIC_URL = "static/"
STATICFILES_DIRS = [
    ROOT / "static",
    ("npm/geist", ROOT / "node_modules/@fontsource-variable/geist/files"),
    ("npm/geist-mono", ROOT / "node_modules/@fontsource-variable/geist-mono/files"),
    ("npm/idiomorph", ROOT / "node_modules/idiomorph/dist"),
]
BUCKET_PUBLIC_URL = config.storage_public_url if config.storage_url else ""
STORAGES = {
    "default": {
        "BACKEND": "apps.library.bucket.Bucket",
        "OPTIONS": {**read_bucket_address(config.storage_url), "public_url": BUCKET_PUBLIC_URL},
    }
    if config.storage_url
    else {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "studio.static.HashedStaticFilesStorage"},
}
FILE_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
FILE_UPLOAD_PERMISSIONS = 0o640

# --- broker, cache and channel layer ----------------------------------------------------------------------------------

REDIS_URL = config.redis_url
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            # The default capacity of 100 drops messages without a word.
            # A socket waits for news as long as it takes: redis-py's own limit of 5 s would end every one of them. Each
            # has a connection of its own meanwhile: redis-py's own limit of 100 would be that of all open pages.
            "CONFIG": {
                "hosts": [{"address": REDIS_URL, "socket_timeout": None, "max_connections": 10_000}],
                "capacity": 2000,
                "expiry": 30,
                "prefix": "studio",
            },
        }
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

CELERY_BROKER_URL = config.broker_url
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "io"
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA / "run" / "timetable")
CELERY_BEAT_SCHEDULE = {
    "measure-what-was-kept": {"task": "apps.library.tasks.sweep", "schedule": timedelta(seconds=15)},
    "forget-deleted-collections": {"task": "apps.collections.tasks.purge", "schedule": timedelta(hours=6)},
    "let-go-of-marked-copies": {"task": "apps.provenance.tasks.purge", "schedule": timedelta(hours=6)},
    "take-in-capsules": {"task": "apps.provenance.tasks.sweep", "schedule": timedelta(seconds=15)},
    "empty-old-trash": {"task": "apps.library.tasks.purge", "schedule": timedelta(minutes=10)},
    "look-at-jobs-that-are-due": {"task": "apps.jobs.tasks.sweep", "schedule": timedelta(seconds=2)},
    "join-films-that-wait": {"task": "apps.video.tasks.sweep", "schedule": timedelta(seconds=15)},
    "write-editions-that-wait": {"task": "apps.books.tasks.sweep", "schedule": timedelta(seconds=15)},
    "let-batches-go-on": {"task": "apps.agents.tasks.sweep", "schedule": timedelta(seconds=3)},
    "carry-files": {"task": "apps.files.tasks.sweep", "schedule": timedelta(seconds=5)},
    "look-after-voices": {"task": "apps.voices.tasks.sweep", "schedule": timedelta(seconds=60)},
    "close-abandoned-takes": {"task": "apps.speech.tasks.sweep", "schedule": timedelta(seconds=15)},
    "close-abandoned-replies": {"task": "apps.chat.tasks.sweep", "schedule": timedelta(seconds=10)},
    "mail-news": {"task": "apps.notifications.tasks.sweep", "schedule": timedelta(seconds=30)},
    "deliver-to-webhooks": {"task": "apps.webhooks.tasks.sweep", "schedule": timedelta(seconds=5)},
    "shorten-logs-of-webhooks": {"task": "apps.webhooks.tasks.purge", "schedule": timedelta(hours=6)},
    "test-connections-once-a-day": {
        "task": "apps.workspaces.tasks.retest_connections",
        "schedule": timedelta(minutes=30),
    },
    "forget-old-sessions": {"task": "apps.accounts.tasks.clear_sessions", "schedule": timedelta(hours=6)},
}

# --- people -----------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_ADAPTER = "apps.accounts.adapter.AccountAdapter"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if config.is_https else "http"
MFA_ADAPTER = "apps.workspaces.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # a studio without a mail server verifies none
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be half a minute off
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not config.is_https  # browsers offer passkeys there on this machine only
ACCOUNT_RATE_LIMITS = {"login_failed": "20/m/ip,5/5m/key", "login": "60/m/ip", "reset_password": "20/m/ip,5/m/key"}
USERSESSIONS_TRACK_ACTIVITY = True
SIGNUP_OPEN = config.signup_open
MUSIC = config.music

# --- languages --------------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LOCALE_PATHS = [ROOT / "locale"]
# In their own words. One is offered once its catalogue is complete: only then is it compiled, see scripts/messages.py.
LANGUAGES = [
    ("en", "English"),
    *(
        (code, name)
        for code, name, folder in [("zh-hans", "简体中文", "zh_Hans")]
        if (ROOT / "locale" / folder / "LC_MESSAGES" / "django.mo").exists()
    ),
]
USE_TZ = True
TIME_ZONE = "UTC"

# --- safety -----------------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:", *filter(None, [BUCKET_PUBLIC_URL])],
        "media-src": [SELF, "blob:", *filter(None, [BUCKET_PUBLIC_URL])],
        "connect-src": [SELF],
        "font-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]  # the domain's owner and the proxy decide
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_NAME = "studio_session"
CSRF_COOKIE_NAME = "studio_csrf"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = config.is_https
CSRF_COOKIE_HTTPONLY = True
if config.is_https:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000

# --- messages out -----------------------------------------------------------------------------------------------------

DEFAULT_FROM_EMAIL = SERVER_EMAIL = config.email_from
# Without a mail server, mails are files: in the log, a reset link would be there for all who read it.
EMAIL_BACKEND, EMAIL_FILE_PATH = "django.core.mail.backends.filebased.EmailBackend", DATA / "mail"
if config.email_url:
    _mail = urlsplit(config.email_url)
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _mail.hostname or "localhost", _mail.port or 25
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_mail.username or ""), unquote(_mail.password or "")
    EMAIL_TIMEOUT = 20
    EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.scheme == "smtp+tls", _mail.scheme == "smtps"

SANDBOX_URL = config.sandbox_url
SANDBOX_KEY = config.sandbox_key

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{levelname:<7} {name}: {message}", "style": "{"}},
    "filters": {"secrets": {"()": "studio.logs.WithoutSecretAddresses"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["secrets"]}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "httpx": {"level": "WARNING"},  # both would log upstream URLs
        "httpcore": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},  # one line for every tick, by day and by night
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "uvicorn.error": {"level": "WARNING"},  # it announces addresses; the launcher says the one that counts
    },
}
