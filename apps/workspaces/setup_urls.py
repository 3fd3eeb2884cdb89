"""What lies outside any workspace: the first visit, an invitation, one more workspace."""

from django.urls import path

from apps.workspaces import setup_views as views

urlpatterns = [
    path("setup/", views.setup, name="setup"),
    path("join/<str:token>/", views.join, name="join"),
    path("workspaces/new/", views.new_workspace, name="new_workspace"),
]
