from django.urls import path, register_converter

from apps.library import (
    asset_views,
    facets,
    many_views,
    marking_views,
    media_views,
    saved_searches,
    storage_views,
    upload_views,
    views,
)
from apps.library.subtitles import WRITERS


class SubtitleFormat:
    regex = "|".join(WRITERS)

    def to_python(self, value: str) -> str:
        return value

    to_url = to_python


register_converter(SubtitleFormat, "subtitle_format")

app_name = "library"
urlpatterns = [
    path("", views.index, name="index"),
    path("filters", facets.filters, name="filters"),
    path("many/download", many_views.download_many, name="download_many"),
    path("many/trash", many_views.trash_many, name="trash_many"),
    path("many/restore", many_views.restore_many, name="restore_many"),
    path("many/tag", many_views.tag_many, name="tag_many"),
    path("many/count", many_views.count_many, name="count_many"),
    path("many/undo/<uuid:pk>", many_views.undo_many, name="undo_many"),
    path("trash/empty", many_views.empty_trash, name="empty_trash"),
    path("storage/", storage_views.storage, name="storage"),
    path("storage/quota", storage_views.set_quota, name="set_quota"),
    path("searches", saved_searches.save, name="save_search"),
    path("searches/<uuid:pk>/share", saved_searches.share, name="share_search"),
    path("searches/<uuid:pk>/delete", saved_searches.delete, name="delete_search"),
    path("upload", upload_views.upload, name="upload"),
    path("bring", upload_views.bring, name="bring"),
    path("pick", upload_views.pick, name="pick"),
    path("<uuid:pk>/", asset_views.asset, name="asset"),
    path("<uuid:pk>/choose", upload_views.choose, name="choose"),
    path("<uuid:pk>/menu", asset_views.menu, name="menu"),
    path("<uuid:pk>/card", asset_views.card, name="card"),
    path("<uuid:pk>/file", media_views.file, name="file"),
    path("<uuid:pk>/poster", media_views.poster, name="poster"),
    path("<uuid:pk>/download", media_views.download, name="download"),
    path("<uuid:pk>/subtitles.<subtitle_format:format>", media_views.subtitles, name="subtitles"),
    path("<uuid:pk>/rename", asset_views.rename, name="rename"),
    path("<uuid:pk>/tags", marking_views.tag, name="tag"),
    path("<uuid:pk>/tags/<int:tag>/remove", marking_views.untag, name="untag"),
    path("<uuid:pk>/favourite", marking_views.favourite, name="favourite"),
    path("<uuid:pk>/rating", marking_views.rate, name="rate"),
    path("<uuid:pk>/note", marking_views.note, name="note"),
    path("<uuid:pk>/trash", asset_views.trash, name="trash"),
    path("<uuid:pk>/restore", asset_views.restore, name="restore"),
    path("<uuid:pk>/delete", many_views.delete_for_ever, name="delete_for_ever"),
]
