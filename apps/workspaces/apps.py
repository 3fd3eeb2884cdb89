from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkspacesConfig(AppConfig):
    name = "apps.workspaces"
    verbose_name = _("Workspaces")

    def ready(self) -> None:
        import apps.workspaces.receivers  # noqa: F401  (listens to allauth)
        from apps.accounts.leaving import erase_by, object_by, take_along
        from apps.workspaces import leaving
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
        object_by(leaving.objections)
        erase_by(leaving.erase)
        take_along("memberships", leaving.memberships)
        take_along("audit", leaving.audit)
