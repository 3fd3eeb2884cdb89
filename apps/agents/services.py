"""What a person can do with templates."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.agents.forms import TemplateForm
from apps.agents.gallery import Template
from apps.agents.generation import AGENT
from apps.library import recalling
from apps.workspaces.connections import Situation
from apps.workspaces.models import Membership

PAGE = 12  # films


def recall(member: Membership, asset_id: str, only: str = "") -> dict[str, Any]:
    """Return initial values for the form: what made a film of this workspace. Empty when it made none."""
    known = dict(TemplateForm.base_fields)
    request = recalling.request_of(
        member, asset_id, AGENT.name, known | {"template_id": forms.RegexField(r"^\w{1,64}$")}
    )
    if "template_id" not in request:
        return {}
    return {"template_id": request["template_id"]} | recalling.recall(request, known, only)


def is_fitting(template: Template, situation: Situation) -> bool:
    """Whether the template can be had where the workspace sends its requests."""
    return ("mainland" if situation.is_mainland else "global") in template.row.regions
