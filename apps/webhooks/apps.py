from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebhooksConfig(AppConfig):
    name = "apps.webhooks"
    verbose_name = _("Webhooks")

    def ready(self) -> None:
        from apps.webhooks.services import pass_on
        from apps.workspaces.audit import describe
        from apps.workspaces.happenings import listen_by
        from apps.workspaces.navigation import Page, register

        listen_by(pass_on)
        describe(
            {
                "webhook.added": _("added a webhook"),
                "webhook.changed": _("changed a webhook"),
                "webhook.removed": _("removed a webhook"),
                "webhook.secret": _("made a new secret for a webhook"),
            }
        )
        register(Page("webhooks", _("Webhooks"), "webhook", "webhooks:index", order=23, place="palette", can="manage"))
