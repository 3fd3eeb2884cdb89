"""What a person can do with templates."""

from __future__ import annotations

import uuid
from typing import Any

from apps.agents.forms import TemplateForm
from apps.agents.gallery import Template
from apps.agents.generation import AGENT
from apps.library.models import Asset
from apps.workspaces.connections import Situation
from apps.workspaces.models import Membership

PAGE = 12  # films


def recall(member: Membership, asset_id: str) -> dict[str, Any]:
    """Return initial values for the form: what made a film of this workspace. Empty when it made none."""
    try:
        asset = Asset.objects.visible_to(member).filter(pk=uuid.UUID(asset_id), kind=AGENT.name).first()
    except ValueError:
        asset = None
    if asset is None:
        return {}
    return {name: value for name, value in asset.request.items() if name in TemplateForm.base_fields and value}


def is_fitting(template: Template, situation: Situation) -> bool:
    """Whether the template can be had where the workspace sends its requests."""
    return ("mainland" if situation.is_mainland else "global") in template.row.regions
