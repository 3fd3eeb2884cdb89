from django.urls import path

from apps.webhooks import views

app_name = "webhooks"
urlpatterns = [
    path("", views.index, name="index"),
    path("<int:pk>/", views.webhook, name="webhook"),
    path("<int:pk>/log/", views.log, name="log"),
    path("<int:pk>/test/", views.test, name="test"),
    path("<int:pk>/secret/", views.renew_secret, name="renew_secret"),
    path("<int:pk>/remove/", views.remove, name="remove"),
    path("<int:pk>/deliveries/<uuid:delivery>/again/", views.send_again, name="send_again"),
]
