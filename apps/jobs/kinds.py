"""What a modality tells the rest of the studio about its jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from django import forms

from apps.library import kinds as library_kinds

if TYPE_CHECKING:
    from apps.jobs.models import Job
    from apps.minimax.client import MiniMaxClient

Media = Literal["image", "audio", "video"]


@dataclass(frozen=True)
class Result:
    """One file that MiniMax made and that is to be kept. One of `url`, `file_id` and `path` says where it lies."""

    media: Media
    url: str = ""  # a link that expires
    file_id: str = ""  # at MiniMax: a fresh link is asked for when it is fetched
    path: str = ""  # already on our disk, in the job's spool folder
    lifetime_s: int = 0  # of the link; 0: does not expire


@dataclass(frozen=True)
class Submitted:
    """MiniMax took the request and works on it."""

    minimax_task_id: str
    trace_id: str = ""
    usage: Mapping[str, Any] = field(default_factory=dict)  # where MiniMax reports it with its first answer


@dataclass(frozen=True)
class StillRunning:
    minimax_status: str = ""  # MiniMax's own word


@dataclass(frozen=True)
class Finished:
    """MiniMax is done. `results` may be fewer than asked for; `notice` then says so."""

    results: Sequence[Result]
    trace_id: str = ""
    usage: Mapping[str, Any] = field(default_factory=dict)  # as MiniMax reported it
    cost_usd: Decimal | None = None  # None: as estimated
    notice: str = ""


@dataclass(frozen=True)
class Errand:
    """One job on its way to MiniMax: what `submit` and `poll` get.

    callback_url: where MiniMax may send news of the task. Empty unless the kind `takes_callback` and MiniMax can reach
    this studio; so a `submit` sends it if there is one and leaves the field out if not:

        body = {..., **({"callback_url": errand.callback_url} if errand.callback_url else {})}

    Nothing else is to be done: the challenge is answered by apps.jobs.hooks, and news only make the job due for a poll.
    """

    job: Job
    client: MiniMaxClient
    spool: Path  # a folder for bytes that come with the answer
    callback_url: str = field(default="", repr=False)  # whoever knows it may say that there is news

    def keep(self, audio_or_picture: bytes, media: Media) -> Result:
        """Put bytes that came with the answer on the disk, before anything else can go wrong."""
        self.spool.mkdir(parents=True, exist_ok=True)
        path = self.spool / f"{len(list(self.spool.iterdir()))}.result"
        path.write_bytes(audio_or_picture)
        return Result(media=media, path=path.name)


@dataclass(frozen=True)
class Kind:
    """A kind of job. Registered once, in the modality's `ready()`.

    submit, poll: raise a MiniMaxError; whether the job may go back to the queue is decided by the error alone.
    """

    name: str
    label: Any  # lazy translation
    icon: str  # a name at lucide.dev
    page: str  # URL name of its page, taking the workspace's slug; `?from=<asset id>` fills the form again
    family: str  # whose rate limit it counts against: a key of the catalogue's rate limits
    form: type[forms.Form]
    title: Callable[[Mapping[str, Any]], str]
    price: Callable[[Mapping[str, Any]], Decimal | None]  # USD, before it runs; None: not known
    submit: Callable[[Errand], Submitted | Finished]
    poll: Callable[[Errand], StillRunning | Finished] | None = None  # None: the answer comes at once
    poll_every_s: float = 10
    has_files: bool = True  # False: what it makes is text that its app keeps
    is_once: bool = False  # what it made cannot be made a second time: it runs again only after a failure
    takes_callback: bool = False  # its create endpoint knows `callback_url` (reference 12.6: videos and templates)
    query_family: str = ""  # whose rate limit each `poll` counts against, where questions are limited too
    is_part: bool = False  # one of many that its app shows as one: not in the tray, and no news of its own
    # Called when a part is over: what its person is told of the whole, and where that is. None: it is not over yet.
    whole: Callable[[Job], tuple[Any, str] | None] | None = None
    # What becomes of a result, given as a file and a way to say that it still goes on; it may be called again after a
    # crash. Raises saving.LostResultError for one that is of no use. None: each result is kept in the library.
    take_in: Callable[[Job, Path, Callable[[], bool]], None] | None = None


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind known to the queue, and to the library for what comes out of it."""
    _kinds[kind.name] = kind
    library_kinds.register(library_kinds.Kind(kind.name, kind.label, kind.icon, kind.page, kind.has_files))


def get_kind(name: str) -> Kind:
    return _kinds[name]


def names_in_family(family: str) -> list[str]:
    """The kinds that share one rate limit."""
    return [kind.name for kind in _kinds.values() if kind.family == family]


def names_of_parts() -> list[str]:
    return [kind.name for kind in _kinds.values() if kind.is_part]
