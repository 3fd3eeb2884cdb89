from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HomeConfig(AppConfig):
    name = "apps.home"
    verbose_name = _("Home")

    def ready(self) -> None:
        from apps.workspaces.navigation import Page, register

        register(Page("home", _("Home"), "house", "home:index", order=0, key="h"))
