"""Addresses without a workspace in them: what a guest may open. A title and a dot may stand before the token."""

from django.urls import path

from apps.sharing import public_views as views
from apps.sharing.oembed import oembed

app_name = "public"
urlpatterns = [
    path("oembed", oembed, name="oembed"),
    path("s/<str:token>/", views.page, name="page"),
    path("s/<str:token>/enter", views.enter, name="enter"),
    path("s/<str:token>/file", views.file, name="file"),
    path("s/<str:token>/poster", views.poster, name="poster"),
    path("s/<str:token>/download", views.download, name="download"),
    path("s/<str:token>/subtitles.vtt", views.subtitles, name="subtitles"),
    path("s/<str:token>/all.zip", views.archive, name="archive"),
    path("s/<str:token>/part/<uuid:pk>", views.part, name="part"),
    path("s/<str:token>/part/<uuid:pk>/poster", views.part_poster, name="part_poster"),
    path("s/<str:token>/part/<uuid:pk>/subtitles.vtt", views.part_subtitles, name="part_subtitles"),
    path("s/<str:token>/part/<uuid:pk>/download", views.part_download, name="part_download"),
    path("s/<str:token>/card.png", views.card, name="card"),
    path("s/<str:token>/embed", views.embed, name="embed"),
]
