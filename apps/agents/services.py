"""What a person can do with templates."""

from __future__ import annotations

import uuid
from typing import Any

from apps.agents.forms import TemplateForm
from apps.agents.gallery import Template
from apps.agents.generation import AGENT
from apps.library import recalling
from apps.library.models import Asset
from apps.workspaces.connections import Situation
from apps.workspaces.models import Membership

PAGE = 12  # films


def recall(member: Membership, asset_id: str, only: str = "") -> dict[str, Any]:
    """Return initial values for the form: what made a film of this workspace. Empty when it made none."""
    try:
        asset = Asset.objects.visible_to(member).filter(pk=uuid.UUID(asset_id), kind=AGENT.name).first()
    except ValueError:
        asset = None
    if asset is None:
        return {}
    return {"template_id": asset.request["template_id"]} | recalling.recall(
        asset.request, TemplateForm.base_fields, only
    )


def is_fitting(template: Template, situation: Situation) -> bool:
    """Whether the template can be had where the workspace sends its requests."""
    return ("mainland" if situation.is_mainland else "global") in template.row.regions
