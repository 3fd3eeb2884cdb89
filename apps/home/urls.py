from django.urls import path

from apps.home import views

app_name = "home"
urlpatterns = [
    path("", views.enter, name="enter"),
    path("design/", views.design, name="design"),
    path("w/<slug:workspace>/", views.index, name="index"),
    path("w/<slug:workspace>/make/", views.make, name="make"),
    path("w/<slug:workspace>/palette/", views.palette, name="palette"),
    path("w/<slug:workspace>/tray/", views.tray, name="tray"),
]
