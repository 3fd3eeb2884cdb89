"""The work, and VIDEO, the kind of job it registers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.jobs.kinds import Errand, Finished, Kind, Result, StillRunning, Submitted
from apps.library.uploads import data_url
from apps.minimax import catalogue
from apps.minimax.video import create_video, query_video
from apps.video.forms import VideoForm
from apps.video.mixes import FIELDS, MODES
from apps.workspaces.models import Workspace


def price(request: Mapping[str, Any]) -> Decimal | None:
    resolution, duration = request.get("resolution") or "", request.get("duration") or 0
    return catalogue.price_of_video(str(request.get("model")), str(resolution), int(duration))


def title(request: Mapping[str, Any]) -> str:
    return str(request.get("prompt") or MODES.get(str(request.get("mode")), ""))


def submit(errand: Errand) -> Submitted:
    body = body_of(errand.job.request, errand.job.workspace)
    if errand.callback_url:
        body["callback_url"] = errand.callback_url
    task = create_video(errand.client, body)
    return Submitted(task.task_id, task.trace_id)


def poll(errand: Errand) -> StillRunning | Finished:
    state = query_video(errand.client, errand.job.minimax_task_id)
    if state.status == "running":
        return StillRunning(state.word)
    return Finished(
        results=[Result("video", file_id=state.file_id, lifetime_s=catalogue.lifetimes.video_download)],
        usage={"videos": 1, **({"width": state.width, "height": state.height} if state.width else {})},
    )


def body_of(request: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """The job's settings as the wire wants them. What the mode does not take, and what was left out, is not sent."""
    taken = FIELDS[request["mode"]]
    sent: dict[str, Any] = {"model": request["model"], "prompt_optimizer": bool(request["prompt_optimizer"])}
    if request.get("prompt"):
        sent["prompt"] = request["prompt"]
    for name in ("resolution", "duration"):
        if name in taken and request.get(name):
            sent[name] = request[name]
    if "fast_pretreatment" in taken and request.get("fast_pretreatment"):
        sent["fast_pretreatment"] = True
    for name in ("first_frame_image", "last_frame_image"):
        if name in taken and request.get(name):
            sent[name] = data_url(workspace.pk, request[name])
    if "subject_reference" in taken and request.get("subject_reference"):
        picture = data_url(workspace.pk, request["subject_reference"])
        sent["subject_reference"] = [{"type": "character", "image": [picture]}]
    return sent


VIDEO = Kind(
    name="video",
    label=_("Video"),
    icon="clapperboard",
    page="video:index",
    family="video",
    form=VideoForm,
    title=title,
    price=price,
    submit=submit,
    poll=poll,
    poll_every_s=catalogue.video.poll_s,
    takes_callback=True,
)
