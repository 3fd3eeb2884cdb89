from django.urls import path

from apps.agents import batch_views, views

app_name = "agents"
urlpatterns = [
    path("", views.index, name="index"),
    path("batch/", batch_views.new, name="batch_new"),
    path("batch/prepare", batch_views.prepare, name="batch_prepare"),
    path("batch/<uuid:pk>/", batch_views.batch, name="batch"),
    path("batch/<uuid:pk>/progress", batch_views.progress, name="batch_progress"),
    path("batch/<uuid:pk>/start", batch_views.start, name="batch_start"),
    path("batch/<uuid:pk>/stop", batch_views.stop, name="batch_stop"),
    path("batch/<uuid:pk>/discard", batch_views.discard, name="batch_discard"),
    path("batch/<uuid:pk>/sheet", batch_views.sheet, name="batch_sheet"),
    path("batch/<uuid:pk>/zip", batch_views.archive, name="batch_zip"),
    path("<str:template_id>/", views.template, name="template"),
    path("<str:template_id>/create", views.create, name="create"),
]
