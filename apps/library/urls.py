from django.urls import path, register_converter

from apps.library import views
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
    path("many/download", views.download_many, name="download_many"),
    path("many/trash", views.trash_many, name="trash_many"),
    path("many/restore", views.restore_many, name="restore_many"),
    path("upload", views.upload, name="upload"),
    path("pick", views.pick, name="pick"),
    path("<uuid:pk>/", views.asset, name="asset"),
    path("<uuid:pk>/choose", views.choose, name="choose"),
    path("<uuid:pk>/menu", views.menu, name="menu"),
    path("<uuid:pk>/card", views.card, name="card"),
    path("<uuid:pk>/file", views.file, name="file"),
    path("<uuid:pk>/poster", views.poster, name="poster"),
    path("<uuid:pk>/download", views.download, name="download"),
    path("<uuid:pk>/subtitles.<subtitle_format:format>", views.subtitles, name="subtitles"),
    path("<uuid:pk>/rename", views.rename, name="rename"),
    path("<uuid:pk>/trash", views.trash, name="trash"),
    path("<uuid:pk>/restore", views.restore, name="restore"),
]
