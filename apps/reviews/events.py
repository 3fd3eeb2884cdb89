"""What open pages of the team learn without asking."""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.template.loader import render_to_string

from apps.library.models import Asset
from apps.sharing.models import Share
from apps.workspaces.events import publish


def publish_news(share: Share, asset: Asset | None) -> None:
    """Once the change is committed, let pages that show these notes fetch them anew: each as its own member sees them.

    Robust: the rows are kept, so a channel layer that is away costs only the moment.
    """
    transaction.on_commit(partial(_ring, share, asset), robust=True)


def _ring(share: Share, asset: Asset | None) -> None:
    context = {"slug": share.workspace.slug, "share": share, "asset": asset}
    publish(share.workspace_id, render_to_string("reviews/_signal.html", context))
