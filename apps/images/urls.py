from django.urls import path

from apps.images import views

app_name = "images"
urlpatterns = [
    path("", views.index, name="index"),
    path("create", views.create, name="create"),
    path("pictures", views.pictures, name="pictures"),
    path("upload", views.upload, name="upload"),
    path("<uuid:pk>/cull", views.cull, name="cull"),
]
