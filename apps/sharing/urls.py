from django.urls import path

from apps.sharing import views

app_name = "sharing"
urlpatterns = [
    path("", views.index, name="index"),
    path("create", views.create, name="create"),
    path("<int:pk>/", views.panel, name="panel"),
    path("<int:pk>/settings", views.settings, name="settings"),
    path("<int:pk>/revoke", views.revoke, name="revoke"),
    path("<int:pk>/continue", views.go_on, name="continue"),
    path("<int:pk>/qr.svg", views.qr, name="qr"),
]
