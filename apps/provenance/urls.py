from django.urls import path

from apps.provenance import capsule_views, views

app_name = "provenance"
urlpatterns = [
    path("provenance/", views.index, name="index"),
    path("provenance/check", views.check, name="check"),
    path("provenance/marks", views.set_marks, name="set_marks"),
    path("provenance/certificate.pem", views.certificate, name="certificate"),
    path("capsules/", capsule_views.capsules, name="capsules"),
    path("capsules/bring", capsule_views.bring, name="bring_capsule"),
    path("capsules/<uuid:pk>/", capsule_views.capsule, name="capsule"),
    path("capsules/of/<uuid:pk>", capsule_views.pack, name="pack"),
]
