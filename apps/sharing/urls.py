from django.urls import path

from apps.sharing import views

app_name = "sharing"
urlpatterns = [
    path("", views.index, name="index"),
    path("create", views.create, name="create"),
    path("policy", views.policy, name="policy"),
    path("end", views.revoke_many, name="revoke_many"),
    path("<int:pk>/", views.panel, name="panel"),
    path("<int:pk>/settings", views.settings, name="settings"),
    path("<int:pk>/revoke", views.revoke, name="revoke"),
    path("<int:pk>/renew", views.renew, name="renew"),
    path("<int:pk>/continue", views.go_on, name="continue"),
    path("<int:pk>/qr.svg", views.qr, {"kind": "svg"}, name="qr"),
    path("<int:pk>/qr.png", views.qr, {"kind": "png"}, name="qr_png"),
]
