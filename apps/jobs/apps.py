from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "apps.jobs"
    verbose_name = _("Jobs")

    def ready(self) -> None:
        from apps.jobs.services import tray_items
        from apps.workspaces import tray

        tray.register(tray_items)
