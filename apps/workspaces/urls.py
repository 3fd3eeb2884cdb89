from django.urls import path

from apps.workspaces import views

app_name = "workspaces"
urlpatterns = [
    path("", views.members, name="members"),
    path("members/<int:pk>/role/", views.change_role, name="change_role"),
    path("members/<int:pk>/remove/", views.remove_member, name="remove_member"),
    path("second-factor/", views.demand_second_factor, name="demand_second_factor"),
    path("leave/", views.leave, name="leave"),
    path("invitations/", views.invite, name="invite"),
    path("invitations/<int:pk>/revoke/", views.revoke_invitation, name="revoke_invitation"),
    path("connection/", views.connection, name="connection"),
    path("connection/test/", views.test_connection, name="test_connection"),
    path("connection/chat/", views.chat_connection, name="chat_connection"),
    path("connection/chat/remove/", views.remove_chat_connection, name="remove_chat_connection"),
    path("connection/chat/test/", views.test_chat_connection, name="test_chat_connection"),
    path("audit/", views.audit_log, name="audit"),
]
