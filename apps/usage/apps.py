from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UsageConfig(AppConfig):
    name = "apps.usage"
    verbose_name = _("Usage")

    def ready(self) -> None:
        from apps.accounts.leaving import erase_by, take_along
        from apps.usage import leaving
        from apps.workspaces import audit
        from apps.workspaces.navigation import Page, register

        audit.describe(
            {
                "budget.set": _("set a budget"),
                "budget.removed": _("removed a budget"),
                "budget.lifted": _("lifted a budget"),
                "price.changed": _("entered a price"),
                "currency.set": _("set the currency"),
                "invoice.entered": _("entered what MiniMax billed"),
                "budget.unlifted": _("put a budget back in force"),
            }
        )

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
        erase_by(leaving.erase)
        take_along("ledger", leaving.ledger)
