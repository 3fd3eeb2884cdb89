from django.urls import path

from apps.video import views

app_name = "video"
urlpatterns = [
    path("", views.index, name="index"),
    path("mix", views.mix, name="mix"),
    path("create", views.create, name="create"),
    path("continue", views.continue_from, name="continue_from"),
    path("join", views.join, name="join"),
    path("films/<uuid:pk>", views.film, name="film"),
    path("<uuid:pk>/frame", views.frame, name="frame"),
]
