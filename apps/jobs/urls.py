from django.urls import path

from apps.jobs import views

app_name = "jobs"
urlpatterns = [
    path("<uuid:job>/", views.card, name="card"),
    path("<uuid:job>/cancel/", views.cancel, name="cancel"),
    path("<uuid:job>/pause/", views.pause, name="pause"),
    path("<uuid:job>/resume/", views.resume, name="resume"),
    path("<uuid:job>/first/", views.first, name="first"),
    path("<uuid:job>/last/", views.last, name="last"),
    path("<uuid:job>/again/", views.again, name="again"),
]
