from django.urls import path

from apps.workspaces import audit_views, connection_views, member_views, views

app_name = "workspaces"
urlpatterns = [
    path("", views.members, name="members"),
    path("members/<int:pk>/role/", views.change_role, name="change_role"),
    path("members/<int:pk>/remove/", views.remove_member, name="remove_member"),
    path("members/<int:pk>/", member_views.member, name="member"),
    path("members/<int:pk>/limits/", member_views.limit_person, name="limit_person"),
    path("members/<int:pk>/suspend/", member_views.suspend, name="suspend"),
    path("members/<int:pk>/restore/", member_views.restore, name="restore"),
    path("members/<int:pk>/hand-over/", member_views.hand_over, name="hand_over"),
    path("limits/<str:role>/", member_views.limit_role, name="limit_role"),
    path("second-factor/", views.demand_second_factor, name="demand_second_factor"),
    path("leave/", views.leave, name="leave"),
    path("invitations/", views.invite, name="invite"),
    path("invitations/<int:pk>/revoke/", views.revoke_invitation, name="revoke_invitation"),
    path("connection/", connection_views.connection, name="connection"),
    path("connection/test/", connection_views.test_connection, name="test_connection"),
    path("connection/wallets/", connection_views.set_wallets, name="set_wallets"),
    path("connection/<int:pk>/test/", connection_views.test_kept_connection, name="test_kept_connection"),
    path("connection/<int:pk>/use/", connection_views.use_connection, name="use_connection"),
    path("connection/<int:pk>/remove/", connection_views.remove_connection, name="remove_connection"),
    path("connection/<int:pk>/account/", connection_views.account, name="account"),
    path("connection/chat/", connection_views.chat_connection, name="chat_connection"),
    path("connection/chat/remove/", connection_views.remove_chat_connection, name="remove_chat_connection"),
    path("connection/chat/test/", connection_views.test_chat_connection, name="test_chat_connection"),
    path("audit/", audit_views.audit_log, name="audit"),
    path("audit/export.<str:format>", audit_views.export, name="audit_export"),
]
