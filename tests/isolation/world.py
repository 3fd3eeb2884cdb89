"""Two workspaces with the same people and one row of every table in each; all words of the first hold its own name."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from PIL import Image, PngImagePlugin

from apps.accounts.models import User
from apps.library.models import SearchEntry
from apps.library.search import update
from apps.provenance.models import SigningIdentity
from apps.sharing.models import Share
from apps.workspaces.models import AuditEntry, Installation, Membership, Role, Workspace


def picture() -> bytes:
    """A real PNG."""
    written = io.BytesIO()
    Image.new("RGB", (8, 8), "navy").save(written, "PNG", pnginfo=PngImagePlugin.PngInfo())
    return written.getvalue()


# What cannot be any word: by "app.Model" and the field.
GIVEN: dict[str, dict[str, Any]] = {
    "library.Asset": {
        "kind": "image",
        "content_type": "image/png",
        "status": "ready",
        "sha256": "ab" * 32,
        "request": {},
    },
    "jobs.Job": {"kind": "image", "status": "queued", "request": {"n": 1}},
    "workspaces.Connection": {"kind": "sandbox", "base_url": ""},
    "chat.Message": {"role": "user"},
    "books.Manuscript": {"document": {"title": "", "author": "", "language": "", "blocks": []}},
    "books.Revision": {"chapters": [], "diff": []},
    "video.Film": {"clips": [str(uuid.UUID(int=1))], "asset": None},
    "agents.Batch": {"template_id": "392753057216684038"},
    "books.Edition": {"format": "mp3", "scope": "book"},
    "files.KnownFile": {"file_id": "4711", "purpose": "t2a_async_input"},
    "files.Transfer": {"purpose": "t2a_async_input", "file_id": "4711"},
    "library.Rendition": {"format": "mp3"},
    "webhooks.Webhook": {"url": "https://203.0.113.7/", "events": []},
    "webhooks.Delivery": {"event": "job.failed", "body": "{}", "status": "failed"},
    "usage.LedgerEntry": {"kind": "image"},
}
NOT_MADE = {
    SearchEntry,
    AuditEntry,
    Installation,
    SigningIdentity,
}  # written by the library itself; append-only; of the studio as a whole


@dataclass
class Side:
    """One workspace, its people and its rows."""

    workspace: Workspace
    secret: str  # stands in every word of it
    people: dict[str, Membership]
    rows: dict[type[models.Model], models.Model] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        return self.workspace.slug

    def __getitem__(self, label: str) -> Any:
        """The row of a table: side["library.Asset"]."""
        return self.rows[apps.get_model(label)]

    @property
    def owner(self) -> Membership:
        return self.people["owner"]


def own_models() -> Iterator[type[models.Model]]:
    for config in apps.get_app_configs():
        if config.name.startswith("apps.") and config.name not in ("apps.sandbox",):
            yield from (model for model in config.get_models() if model not in NOT_MADE)


def make_side(name: str) -> Side:
    slug = name.lower().replace(" ", "-")
    secret = f"hush{slug.replace('-', '')}"
    workspace = Workspace.objects.create(name=f"{name} {secret}", slug=slug)
    people = {}
    for role in Role.values:
        user = User.objects.create_user(f"{role}@{slug}.example", "correct horse battery", name=f"{role} {secret}")
        people[role] = Membership.objects.create(workspace=workspace, user=user, role=role)
    side = Side(workspace, secret, people)
    side.rows.update({Workspace: workspace, User: people["owner"].user, Membership: people["viewer"]})
    for model in own_models():
        _make(model, side)
    update([side["library.Asset"].pk])
    return side


def _make(model: type[models.Model], side: Side, under_way: tuple[type[models.Model], ...] = ()) -> models.Model:
    if model in side.rows:
        return side.rows[model]
    given = GIVEN.get(model._meta.label, {})
    values: dict[str, Any] = {}
    for one in model._meta.concrete_fields:
        if one.name in given:
            values[one.name] = given[one.name]
        elif isinstance(one, models.ForeignKey):
            target = one.related_model
            if one.null and (target in (model, *under_way) or _leaves_out(model, one.name)):
                continue
            values[one.name] = _make(target, side, (*under_way, model))
        elif one.primary_key or (one.has_default() and not isinstance(one, models.JSONField)) or one.null:
            continue
        else:
            values[one.name] = _value(one, side, model)
    if model is Share:
        made: models.Model = Share.with_new_token(
            **{key: value for key, value in values.items() if not key.startswith("token_")}
        )
    else:
        made = model(**values)
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError:  # some app has made the one row of its kind itself
        made = model._default_manager.get(**{key: values[key] for key in ("workspace", "person") if key in values})
    side.rows[model] = made
    return made


def _leaves_out(model: type[models.Model], name: str) -> bool:
    """A link shows one thing: the asset here; see `more_links`."""
    return (model is Share and name != "asset") or (model.__name__ == "Note" and name in ("member", "done_by"))


def _value(one: models.Field, side: Side, model: type[models.Model]) -> Any:
    if isinstance(one, models.FileField):
        return default_storage.save(f"{side.slug}/{model.__name__}.png", ContentFile(picture()))
    if isinstance(one, models.JSONField):
        return one.get_default() if one.has_default() else {}
    if isinstance(one, models.UUIDField):
        return uuid.uuid4()
    if isinstance(one, models.DateTimeField):
        return timezone.now()
    if isinstance(one, models.DateField):
        return timezone.localdate()
    if isinstance(one, models.BooleanField):
        return False
    if isinstance(one, models.IntegerField | models.FloatField | models.DecimalField):
        return 1
    if one.choices:
        return one.choices[0][0]
    if isinstance(one, models.GenericIPAddressField):
        return "192.0.2.1"
    word = f"{side.secret} {model.__name__} {one.name}" if (one.max_length or 999) >= 60 else side.secret
    return word[: one.max_length] if one.max_length else word
