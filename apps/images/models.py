from __future__ import annotations

from django.db import models

from apps.library.models import Asset


class Cull(models.Model):
    """What the workspace thinks of a picture when it goes through many."""

    asset = models.OneToOneField(Asset, models.CASCADE, related_name="cull")
    rating = models.PositiveSmallIntegerField(default=0)  # 1 to 5; 0: none yet
    is_rejected = models.BooleanField(default=False)
    is_pinned = models.BooleanField(default=False)

    def __str__(self) -> str:
        return "rejected" if self.is_rejected else f"{self.rating} of 5"
