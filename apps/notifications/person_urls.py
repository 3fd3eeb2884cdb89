from django.urls import path

from apps.notifications import person_views

urlpatterns = [
    path("account/notifications/", person_views.choices, name="notifications_of_person"),
    path("account/notifications/devices/", person_views.add_device, name="add_device"),
    path("account/notifications/devices/<int:pk>/remove/", person_views.remove_device, name="remove_device"),
    path("push-worker.js", person_views.worker, name="push_worker"),
    path("mails/off/<str:token>/", person_views.unsubscribe, name="unsubscribe"),
]
