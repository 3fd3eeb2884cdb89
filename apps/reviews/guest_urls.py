"""Addresses without a workspace in them: what a guest may do on a shared page."""

from django.urls import path

from apps.reviews import guest_views as views

app_name = "guest"
urlpatterns = [
    path("s/<str:token>/review/", views.show, name="review"),
    path("s/<str:token>/review/notes", views.add, name="add"),
    path("s/<str:token>/review/notes/<uuid:pk>/answer", views.answer, name="answer"),
    path("s/<str:token>/review/notes/<uuid:pk>/edit", views.edit, name="edit"),
    path("s/<str:token>/review/notes/<uuid:pk>/delete", views.delete, name="delete"),
    path("s/<str:token>/review/leave", views.leave, name="leave"),
]
