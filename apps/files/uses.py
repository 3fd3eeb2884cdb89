"""What names a file at MiniMax: a voice, a job, a book. Each app says so itself; registered once, in its `ready()`.

    uses.register(find_uses)      # find_uses(member, file_ids) -> {file_id: [Use(label, url, icon)]}

Whoever uploads a file for work of its own says so with `services.remember(…, job=job)`: then the job is found without
more ado.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse

from apps.files.models import KnownFile
from apps.jobs.models import Job
from apps.workspaces.models import Membership


@dataclass(frozen=True)
class Use:
    label: str
    url: str
    icon: str = "link"  # a name at lucide.dev


Finder = Callable[[Membership, Sequence[str]], Mapping[str, Iterable[Use]]]
_finders: list[Finder] = []


def register(finder: Finder) -> None:
    if finder not in _finders:
        _finders.append(finder)


def find_uses(member: Membership, file_ids: Sequence[str]) -> dict[str, list[Use]]:
    """What in the member's workspace names these files. A few queries, however many there are."""
    found: dict[str, list[Use]] = defaultdict(list)
    if file_ids:
        for finder in _finders:
            for file_id, uses in finder(member, file_ids).items():
                found[file_id] += [use for use in uses if use not in found[file_id]]
    return dict(found)


def find_jobs(member: Membership, file_ids: Sequence[str]) -> dict[str, list[Use]]:
    """Jobs that made a file, and jobs that it was uploaded for."""
    found: dict[str, list[Use]] = defaultdict(list)
    made = Job.objects.visible_to(member).filter(results__0__file_id__in=list(file_ids)).order_by("-id")
    for job in made.only("kind", "title", "results"):
        found[job.results[0]["file_id"]].append(_use(member, job))
    known = KnownFile.objects.visible_to(member).filter(file_id__in=file_ids).exclude(job=None).select_related("job")
    for file in known:
        if file.job:
            found[file.file_id].append(_use(member, file.job))
    return found


def _use(member: Membership, job: Job) -> Use:
    page = reverse(job.modality.page, args=[member.workspace.slug])
    return Use(f"{job.modality.label}: {job.title}", f"{page}#job-{job.pk}", job.modality.icon)
