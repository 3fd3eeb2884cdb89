from django.urls import path

from apps.gateway import views

app_name = "gateway"
urlpatterns = [
    path("", views.index, name="index"),
    path("tokens/<int:pk>/end/", views.end_token, name="end_token"),
    path("accounts/", views.add_account, name="add_account"),
    path("accounts/<int:account>/token/", views.add_account_token, name="add_account_token"),
    path("accounts/<int:account>/remove/", views.remove_account, name="remove_account"),
]
