from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UsageConfig(AppConfig):
    name = "apps.usage"
    verbose_name = _("Usage")

    def ready(self) -> None:
        from apps.workspaces.navigation import Page, register

        register(
            Page(
                "usage",
                _("Usage"),
                "receipt",
                "usage:index",
                order=10,
                place="foot",
                keywords=_("money, cost, bill, price"),
            )
        )
