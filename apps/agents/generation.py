"""The work, and AGENT, the kind of job it registers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.agents.forms import TemplateForm
from apps.agents.gallery import find_template
from apps.jobs.kinds import Errand, Finished, Kind, Result, StillRunning, Submitted
from apps.library.uploads import data_url
from apps.minimax import catalogue
from apps.minimax.video_templates import create_template_video, query_template_video


def price(request: Mapping[str, Any]) -> Decimal | None:
    return catalogue.price_of_template(str(request.get("template_id")))


def title(request: Mapping[str, Any]) -> str:
    template = find_template(str(request["template_id"]))
    words = [template.name if template else "", str(request.get("text") or ""), str(request.get("subject") or "")]
    return " · ".join(word for word in words if word)


def submit(errand: Errand) -> Submitted:
    request = errand.job.request
    task = create_template_video(
        errand.client,
        str(request["template_id"]),
        media=[data_url(errand.job.workspace_id, request["picture"])] if request.get("picture") else [],
        texts=[request["text"]] if request.get("text") else [],
        callback_url=errand.callback_url,
    )
    return Submitted(task.task_id, task.trace_id)


def poll(errand: Errand) -> StillRunning | Finished:
    state = query_template_video(errand.client, errand.job.minimax_task_id)
    if state.status == "running":
        return StillRunning(state.word)
    film = Result("video", url=state.video_url, lifetime_s=catalogue.lifetimes.template_video)
    return Finished([film], trace_id=state.trace_id, usage={"videos": 1})


AGENT = Kind(
    name="agent",
    label=_("Template film"),
    icon="drama",
    page="agents:index",
    family="video",
    form=TemplateForm,
    title=title,
    price=price,
    submit=submit,
    poll=poll,
    poll_every_s=catalogue.video.poll_s,
    takes_callback=True,
)
