"""Every address of the studio with real objects in it. A route that is not described here fails the walk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.isolation.world import Side

# Which row (or what else) the arguments of a route name: those of a namespace, or of one route where it differs.
ARGUMENTS: dict[str, dict[str, Any]] = {
    "agents": {"pk": "agents.Batch", "template_id": lambda side: "392753057216684038"},
    "books": {
        "pk": "books.Book",
        "chapter_pk": "books.Chapter",
        "segment_pk": "books.Segment",
        "take_pk": "books.SegmentTake",
        "edition_pk": "books.Edition",
        "revision_pk": "books.Revision",
        "left_pk": "books.LeftOut",
        "suffix": lambda side: "srt",
    },
    "chat": {"pk": "chat.Conversation", "number": lambda side: 1, "format": lambda side: "json"},
    "chat:folder": {"pk": "chat.Folder"},
    "chat:turn": {"pk": "chat.Message"},
    "chat:source": {"pk": "chat.Message"},
    "chat:comparison": {"pk": "chat.Comparison"},
    "chat:compare_board": {"pk": "chat.Comparison"},
    "chat:compare_vote": {"pk": "chat.Comparison"},
    "chat:compare_keep": {"pk": "chat.Comparison"},
    "chat:prompt": {"pk": "chat.Prompt"},
    "chat:use_prompt": {"pk": "chat.Prompt"},
    "chat:delete_prompt": {"pk": "chat.Prompt"},
    "chat:prompt_version": {"pk": "chat.Prompt"},
    "chat:restore_prompt": {"pk": "chat.Prompt"},
    "files": {"pk": "files.Transfer", "file_id": lambda side: side["files.KnownFile"].file_id},
    "gateway": {"pk": "gateway.ApiToken", "account": "gateway.ServiceAccount"},
    "webhooks": {"pk": "webhooks.Webhook", "delivery": "webhooks.Delivery"},
    "images": {"pk": "library.Asset"},
    "jobs": {"job": "jobs.Job"},
    "library": {"pk": "library.Asset", "tag": "library.Tag", "format": lambda side: "srt"},
    "library:share_search": {"pk": "library.SavedSearch"},
    "library:delete_search": {"pk": "library.SavedSearch"},
    "music": {"pk": "jobs.Job"},
    "notifications": {"pk": "notifications.Notification"},
    "reviews:share": {"pk": "sharing.Share"},
    "reviews:asset": {"pk": "library.Asset"},
    "reviews": {"pk": "reviews.Note"},
    "sharing": {"pk": "sharing.Share"},
    "collections": {"pk": "collections.Collection"},
    "provenance": {"pk": "provenance.CapsuleImport"},
    "provenance:pack": {"pk": "collections.Collection"},
    "usage": {"pk": "usage.Budget"},
    "speech": {"pk": "speech.Take"},
    "speech:dictionary_entry": {"pk": "speech.PronunciationEntry"},
    "video": {"pk": "video.Film"},
    "video:frame": {"pk": "library.Asset"},
    "voices": {"pk": "voices.Voice"},
    "voices:mend": {"pk": "library.Asset"},
    "voices:audition_table": {"pk": "voices.Audition"},
    "voices:audition_vote": {"pk": "voices.Audition"},
    "voices:audition_again": {"pk": "voices.Audition"},
    "voices:audition_choose": {"pk": "voices.Audition"},
    "workspaces:test_kept_connection": {"pk": "workspaces.Connection"},
    "workspaces:use_connection": {"pk": "workspaces.Connection"},
    "workspaces:remove_connection": {"pk": "workspaces.Connection"},
    "workspaces:account": {"pk": "workspaces.Connection"},
    "workspaces": {"pk": "workspaces.Membership"},
    "workspaces:audit_export": {"format": lambda side: "csv"},
    "workspaces:limit_role": {"role": lambda side: "creator"},
    "workspaces:revoke_invitation": {"pk": "workspaces.Invitation"},
    "public": {"token": lambda side: side["sharing.Share"].token, "pk": "library.Asset"},
    "guest": {"token": lambda side: side["sharing.Share"].token, "pk": "reviews.Note"},
}


@dataclass(frozen=True)
class Route:
    name: str
    arguments: tuple[str, ...]
    view: Any = field(repr=False)

    def __str__(self) -> str:
        return self.name

    @property
    def is_described(self) -> bool:
        return all(name == "workspace" or self._find(name) for name in self.arguments)

    @property
    def names_objects(self) -> bool:
        """Whether rows of a workspace are named, beside the workspace itself."""
        return any(isinstance(self._find(name), str) for name in self.arguments)

    @property
    def act(self) -> str:
        view = self.view
        while not hasattr(view, "act"):
            view = view.__wrapped__
        return view.act

    def _find(self, name: str) -> Any:
        namespace = self.name.partition(":")[0]
        for table in (self.name, namespace):
            if name in ARGUMENTS.get(table, {}):
                return ARGUMENTS[table][name]
        return None

    def path(self, side: Side, *, objects_of: Side | None = None) -> str:
        """The address in a workspace, naming rows of another if `objects_of` says so."""
        given = {}
        for name in self.arguments:
            if name == "workspace":
                given[name] = side.slug
                continue
            found = self._find(name)
            given[name] = (objects_of or side)[found].pk if isinstance(found, str) else found(objects_of or side)
        return reverse(self.name, kwargs=given)


def walk(resolver: URLResolver, namespace: str = "", inherited: tuple[str, ...] = ()) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        arguments = (*inherited, *entry.pattern.regex.groupindex)
        if isinstance(entry, URLPattern):
            name = f"{namespace}:{entry.name}" if namespace else str(entry.name)
            yield Route(name, arguments, entry.callback)
        else:
            yield from walk(entry, entry.namespace or namespace, arguments)


ROUTES = list(walk(get_resolver()))
OF_WORKSPACE = [route for route in ROUTES if "workspace" in route.arguments]
NOT_DESCRIBED = [route.name for route in OF_WORKSPACE if not route.is_described]
WALKED = [route for route in OF_WORKSPACE if route.is_described]
NAMING_OBJECTS = [route for route in WALKED if route.names_objects]
