from django.urls import path

from apps.music import views

app_name = "music"
urlpatterns = [
    path("", views.index, name="index"),
    path("create", views.create, name="create"),
    path("check", views.check, name="check"),
    path("compare", views.compare, name="compare"),
    path("lyrics/write", views.write, name="write"),
    path("lyrics/earlier", views.writings, name="writings"),
    path("lyrics/<uuid:pk>/settle", views.settle, name="settle"),
]
