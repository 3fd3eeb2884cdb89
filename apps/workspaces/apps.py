from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkspacesConfig(AppConfig):
    name = "apps.workspaces"
    verbose_name = _("Workspaces")

    def ready(self) -> None:
        import apps.workspaces.receivers  # noqa: F401  (listens to allauth)
        from apps.workspaces.navigation import Page, register

        register(Page("team", _("Team"), "users", "workspaces:members", order=20, place="foot", key="t"))
        register(
            Page(
                "connection", _("Connection"), "plug", "workspaces:connection", order=21, place="palette", can="manage"
            )
        )
        register(
            Page("audit", _("Audit log"), "scroll-text", "workspaces:audit", order=22, place="palette", can="manage")
        )
