from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "apps.notifications"
    verbose_name = _("Notifications")

    def ready(self) -> None:
        from apps.accounts.leaving import erase_by, take_along
        from apps.notifications import leaving
        from apps.notifications.services import count_unread, notify
        from apps.workspaces.navigation import register_counter
        from apps.workspaces.news import deliver_by

        deliver_by(notify)
        register_counter("notifications", count_unread)
        erase_by(leaving.erase)
        take_along("notifications", leaving.notifications)
