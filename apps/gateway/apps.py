from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GatewayConfig(AppConfig):
    name = "apps.gateway"
    verbose_name = _("API")

    def ready(self) -> None:
        from apps.accounts.leaving import erase_by
        from apps.gateway import (
            leaving,
            receivers,  # noqa: F401  (it listens from then on)
        )
        from apps.workspaces.audit import describe
        from apps.workspaces.navigation import Page, register

        describe(
            {
                "token.made": _("made an API token"),
                "token.ended": _("ended an API token"),
                "service_account.made": _("made a service account"),
                "service_account.removed": _("removed a service account"),
            }
        )
        register(
            Page(
                "api",
                _("API tokens"),
                "key-round",
                "gateway:index",
                order=24,
                place="palette",
                keywords=_("API, token, script, service account"),
            )
        )
        erase_by(leaving.erase)
