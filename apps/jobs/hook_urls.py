from django.urls import path

from apps.jobs import views

urlpatterns = [path("<str:secret>/", views.hook, name="hook")]
