"""Every setting that the environment may change, typed, with a safe default.

Standard library only: the launcher reads it too, and stays small.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

ROOT = Path(__file__).resolve().parent.parent
THIS_MACHINE = {"127.0.0.1", "localhost", "::1", "0.0.0.0", "::", ""}  # noqa: S104  (compared, never bound)


class ConfigError(Exception):
    """The environment asks for something that cannot be; the text is a sentence for whoever set it."""


@dataclass(frozen=True)
class Config:
    data: Path  # where everything that is kept lies
    debug: bool
    host: str
    port: int
    url: str  # public address, e.g. https://studio.example
    allowed_hosts: tuple[str, ...]  # more names the studio answers to
    secret_key: str
    encryption_key: (
        str  # seals API keys; several, separated by commas: the first seals, all open. Default: the secret key
    )
    trusted_proxies: int  # how many of our own stand in front and append to X-Forwarded-For
    allow_private_endpoints: bool  # whether a custom connection may lead into this network
    private_hosts: tuple[str, ...]  # host or host:port in this network that connections may lead to all the same
    database_url: str
    redis_url: str  # redis://, rediss:// or unix://
    storage_url: str  # s3://key:secret@host[:port]/bucket?region=…&tls=0; empty: files lie in the data folder
    storage_public_url: str  # where browsers reach the same server, e.g. https://s3.example; empty: they don't
    email_url: str  # smtp://, smtp+tls:// or smtps://user:password@host:port
    email_from: str
    sandbox: bool  # whether the launcher starts a sandbox
    sandbox_url: str  # set by the launcher, or where a sandbox runs already; empty: none is offered
    sandbox_key: str
    music: bool  # whether music is offered: MiniMax may close it for an account or a region
    signup_open: bool  # after the first visit, people join by invitation

    @property
    def public_url(self) -> str:
        """Address people use, without a trailing slash."""
        host = "localhost" if self.host in THIS_MACHINE else f"[{self.host}]" if ":" in self.host else self.host
        return (self.url or f"http://{host}:{self.port}").rstrip("/")

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def is_reachable(self) -> bool:
        """Whether others than this machine may be able to open the pages."""
        return bool(self.url) or self.host not in {"127.0.0.1", "localhost", "::1"}

    @property
    def callback_url(self) -> str:
        """Where MiniMax can send news of its tasks: the public address, if the world can reach it; else empty."""
        host = urlsplit(self.url).hostname or ""
        try:
            is_public = ip_address(host).is_global
        except ValueError:
            is_public = "." in host and not host.endswith((".localhost", ".local", ".internal"))
        return self.public_url if is_public else ""

    @property
    def broker_url(self) -> str:
        """The Redis URL as Celery spells it: a unix socket is `redis+socket://`, its database `virtual_host`."""
        if not self.redis_url:
            return "memory://"
        parts = urlsplit(self.redis_url)
        if parts.scheme != "unix":
            return self.redis_url
        query = dict(parse_qsl(parts.query))
        login = f":{quote(query.pop('password'))}@" if "password" in query else parts.netloc
        if "db" in query:
            query["virtual_host"] = query.pop("db")
        return f"redis+socket://{login}{parts.path}" + (f"?{urlencode(query)}" if query else "")

    def read_secret_key(self) -> str:
        """Return the key that signs sessions and seals API keys; make it at first start, readable by us alone."""
        return self.secret_key or read_or_make_secret(self.data / "secret.key")


def read_config(env: Mapping[str, str]) -> Config:
    """Read the environment. Raises ConfigError naming the variable that cannot be understood."""
    return Config(
        data=Path(env.get("STUDIO_DATA") or ROOT / "var").expanduser().absolute(),
        debug=flag(env, "STUDIO_DEBUG", default=False),
        host=env.get("STUDIO_HOST") or "127.0.0.1",
        port=number(env, "STUDIO_PORT", default=8000, largest=65_535, meaning="from 0 (any free port) to 65535"),
        url=address(env, "STUDIO_URL", "http", "https"),
        allowed_hosts=tuple(name.strip() for name in env.get("STUDIO_ALLOWED_HOSTS", "").split(",") if name.strip()),
        secret_key=env.get("STUDIO_SECRET_KEY", ""),
        encryption_key=env.get("STUDIO_ENCRYPTION_KEY", ""),
        trusted_proxies=number(env, "STUDIO_TRUSTED_PROXIES", default=0, largest=10, meaning="of proxies, 0 to 10"),
        allow_private_endpoints=flag(env, "STUDIO_ALLOW_PRIVATE_ENDPOINTS", default=False),
        private_hosts=tuple(
            name.strip().lower() for name in env.get("STUDIO_PRIVATE_HOSTS", "").split(",") if name.strip()
        ),
        database_url=address(env, "DATABASE_URL", "postgres", "postgresql"),
        redis_url=address(env, "REDIS_URL", "redis", "rediss", "unix"),
        storage_url=bucket_address(env, "STUDIO_STORAGE_URL"),
        storage_public_url=address(env, "STUDIO_STORAGE_PUBLIC_URL", "http", "https").rstrip("/"),
        email_url=address(env, "EMAIL_URL", "smtp", "smtp+tls", "smtps"),
        email_from=env.get("STUDIO_EMAIL_FROM") or "studio@localhost",
        sandbox=flag(env, "STUDIO_SANDBOX", default=True),
        sandbox_url=address(env, "STUDIO_SANDBOX_URL", "http", "https").rstrip("/"),
        sandbox_key=env.get("STUDIO_SANDBOX_KEY", ""),
        music=flag(env, "STUDIO_MUSIC", default=True),
        signup_open=flag(env, "STUDIO_SIGNUP_OPEN", default=False),
    )


def flag(env: Mapping[str, str], name: str, *, default: bool) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    value = env.get(name, "").strip().lower()
    if value and value not in words:
        raise ConfigError(f"{name} is {value!r}; it can be true or false.")
    return words[value] if value else default


def number(env: Mapping[str, str], name: str, *, default: int, largest: int, meaning: str) -> int:
    value = env.get(name, "").strip()
    if value and not (value.isascii() and value.isdigit() and int(value) <= largest):
        raise ConfigError(f"{name} is {value!r}; it must be a number {meaning}.")
    return int(value or default)


def address(env: Mapping[str, str], name: str, *schemes: str) -> str:
    value = env.get(name, "").strip()
    if value and value.partition("://")[0] not in schemes:
        # The value itself may hold a password and is not repeated.
        raise ConfigError(f"{name} must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}.")
    return value


def bucket_address(env: Mapping[str, str], name: str) -> str:
    value = address(env, name, "s3")
    if value and not (urlsplit(value).hostname and urlsplit(value).path.strip("/")):
        raise ConfigError(f"{name} must name a server and a bucket, as in s3://key:secret@s3.example/bucket.")
    return value


def read_bucket_address(url: str) -> dict[str, str]:
    """What `s3://key:secret@host[:port]/bucket[/folder]?region=…&tls=0` says, as django-storages names it.

    Without key and secret they come from where the S3 client looks by itself: its environment or the machine's role.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    scheme = "http" if query.get("tls") in {"0", "false", "no"} else "https"
    bucket, _, folder = parts.path.strip("/").partition("/")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    told = {
        "endpoint_url": f"{scheme}://{host}{f':{parts.port}' if parts.port else ''}",
        "bucket_name": bucket,
        "location": folder,
        "region_name": query.get("region", "us-east-1"),
    }
    if parts.username:
        told |= {"access_key": unquote(parts.username), "secret_key": unquote(parts.password or "")}
    return told


def read_or_make_secret(path: Path) -> str:
    """Return the secret in `path` (0600), made there if it is missing.

    Safe when several processes start at once: the first to link its file wins, and all read that one.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


@cache
def get_config() -> Config:
    return read_config(os.environ)
