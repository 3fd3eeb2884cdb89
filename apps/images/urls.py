from django.urls import path

from apps.images import views

app_name = "images"
urlpatterns = [
    path("", views.index, name="index"),
    path("create", views.create, name="create"),
    path("<uuid:pk>/cull", views.cull, name="cull"),
]
