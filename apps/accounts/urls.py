from django.urls import path

from apps.accounts import views

app_name = "accounts"
urlpatterns = [
    path("profile/", views.profile, name="profile"),
    path("theme/", views.theme, name="theme"),
    path("data/", views.data, name="data"),
    path("data/export.zip", views.export, name="export"),
    path("leave/", views.leave, name="leave"),
    path("sessions/", views.sessions, name="sessions"),
    path("sessions/end-others/", views.end_other_sessions, name="end_other_sessions"),
    path("sessions/<int:pk>/end/", views.end_session, name="end_session"),
]
