"""Addresses without a workspace in them: what a guest may open."""

from django.urls import path

from apps.sharing import public_views as views

app_name = "public"
urlpatterns = [
    path("s/<str:token>/", views.page, name="page"),
    path("s/<str:token>/file", views.file, name="file"),
    path("s/<str:token>/poster", views.poster, name="poster"),
    path("s/<str:token>/download", views.download, name="download"),
    path("s/<str:token>/subtitles.vtt", views.subtitles, name="subtitles"),
    path("s/<str:token>/part/<uuid:pk>", views.part, name="part"),
    path("s/<str:token>/part/<uuid:pk>/poster", views.part_poster, name="part_poster"),
    path("s/<str:token>/card.png", views.card, name="card"),
]
