from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.library.models import Asset, AssetQuerySet, new_id
from apps.workspaces.models import Workspace

if TYPE_CHECKING:
    from apps.workspaces.models import Membership

STEP = 1 << 20  # between two neighbours, so that most moves write one row


class CollectionQuerySet(models.QuerySet):
    def visible_to(self, member: Membership) -> Self:
        return self.filter(workspace_id=member.workspace_id, deleted_at=None)

    def deleted_of(self, member: Membership) -> Self:
        """What an undo can still bring back."""
        return self.filter(workspace_id=member.workspace_id, deleted_at__isnull=False)


class Collection(models.Model):
    """Assets that a team put together by hand, in an order of their own. One may lie in another, and no deeper."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="collections")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    name = models.CharField(_("name"), max_length=120)
    note = models.TextField(_("note"), blank=True, max_length=5000)
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")
    cover = models.ForeignKey(Asset, models.SET_NULL, null=True, related_name="+")  # None: its first picture
    position = models.BigIntegerField(default=0)  # among its neighbours
    deleted_at = models.DateTimeField(null=True)  # gone from every page; its assets are where they were

    picture: Asset | None  # what stands for it on a page; given by covers.with_covers

    objects: ClassVar = CollectionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["workspace", "parent", "position", "id"],
                name="collections_in_order",
                condition=models.Q(deleted_at=None),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def assets_in_order(self, member: Membership | None = None) -> AssetQuerySet:
        """As they were put by hand; nothing that lies in the trash. For `member`: only what is theirs to see."""
        found = Asset.objects.filter(workspace_id=self.workspace_id, trashed_at=None, collection_items__collection=self)
        if member is not None:
            found = found.filter(workspace_id=member.workspace_id)
        return found.order_by("collection_items__position", "collection_items__id")


class Item(models.Model):
    """That an asset is in a collection, and at which place."""

    collection = models.ForeignKey(Collection, models.CASCADE, related_name="items")
    asset = models.ForeignKey(Asset, models.CASCADE, related_name="collection_items")
    position = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["collection", "asset"], name="once_in_a_collection")]
        indexes = [models.Index(fields=["collection", "position", "id"], name="items_in_order")]

    def __str__(self) -> str:
        return f"{self.asset_id} in {self.collection_id}"
