from django.urls import path

from apps.files import views

app_name = "files"
urlpatterns = [
    path("", views.index, name="index"),
    path("list", views.listing, name="list"),
    path("refresh", views.refresh, name="refresh"),
    path("upload", views.upload, name="upload"),
    path("send", views.send, name="send"),
    path("delete", views.delete, name="delete"),
    path("keep", views.keep, name="keep"),
    path("transfers/<uuid:pk>/", views.transfer, name="transfer"),
    path("transfers/<uuid:pk>/cancel", views.cancel, name="cancel"),
    path("transfers/<uuid:pk>/again", views.again, name="again"),
    path("<slug:file_id>/", views.file, name="file"),
    path("<slug:file_id>/content", views.content, name="content"),
    path("<slug:file_id>/text", views.text, name="text"),
]
