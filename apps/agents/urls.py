from django.urls import path

from apps.agents import views

app_name = "agents"
urlpatterns = [
    path("", views.index, name="index"),
    path("<str:template_id>/", views.template, name="template"),
    path("<str:template_id>/create", views.create, name="create"),
]
