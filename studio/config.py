"""Every setting that the environment may change, typed, with a safe default.

No Django here: the launcher reads it too.
"""

import os
import secrets
from functools import cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class Config(BaseSettings):
    """Read once from the environment; names are `STUDIO_<FIELD>` unless said otherwise."""

    model_config = SettingsConfigDict(env_prefix="STUDIO_", extra="ignore", populate_by_name=True)

    data: Path = ROOT / "var"  # where everything that is kept lies
    debug: bool = False
    host: str = "127.0.0.1"
    port: int = 8000
    url: str = ""  # public address, e.g. https://studio.example; default: the local one
    allowed_hosts: list[str] = []  # more names the studio answers to; JSON list
    secret_key: str = ""  # default: made at first start, kept in <data>/secret.key
    database_url: str = Field("", alias="DATABASE_URL")  # default: SQLite in <data>
    redis_url: str = Field("", alias="REDIS_URL")  # default: a Valkey of our own on a unix socket
    email_url: str = Field("", alias="EMAIL_URL")  # smtp://user:password@host:port; default: written to the log
    email_from: str = "studio@localhost"
    sandbox_url: str = ""  # set by the launcher; empty: no sandbox is offered
    sandbox_key: str = ""
    signup_open: bool = False  # after the first visit, people join by invitation

    @property
    def public_url(self) -> str:
        """Address people use, without a trailing slash."""
        return (self.url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")

    def read_secret_key(self) -> str:
        """Return the key that signs sessions and seals API keys; make it at first start, readable by us alone."""
        return self.secret_key or read_or_make_secret(self.data / "secret.key")


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
    return Config()
