from django.urls import path

from apps.reviews import views

app_name = "reviews"
urlpatterns = [
    path("share/<int:pk>/", views.share, name="share"),
    path("asset/<uuid:pk>/", views.asset, name="asset"),
    path("notes/<uuid:pk>/", views.note, name="note"),
    path("notes/<uuid:pk>/answer", views.answer, name="answer"),
    path("notes/<uuid:pk>/tick", views.tick, name="tick"),
    path("notes/<uuid:pk>/remove", views.remove, name="remove"),
]
