from django.urls import path

from apps.collections import views

app_name = "collections"
urlpatterns = [
    path("", views.index, name="index"),
    path("create", views.create, name="create"),
    path("choose", views.choose, name="choose"),
    path("add", views.add, name="add"),
    path("<uuid:pk>/", views.collection, name="collection"),
    path("<uuid:pk>/change", views.change, name="change"),
    path("<uuid:pk>/delete", views.delete, name="delete"),
    path("<uuid:pk>/restore", views.restore, name="restore"),
    path("<uuid:pk>/remove", views.remove, name="remove"),
    path("<uuid:pk>/move", views.move, name="move"),
    path("<uuid:pk>/cover", views.cover, name="cover"),
]
