from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "apps.jobs"
    verbose_name = _("Jobs")

    def ready(self) -> None:
        from apps.accounts.leaving import take_along
        from apps.jobs import leaving
        from apps.jobs.relations import awaited_among, find_making, find_moving
        from apps.jobs.services import tray_items
        from apps.library import dependants, details
        from apps.workspaces import tray

        tray.register(tray_items)
        details.register_making(find_making)
        then = _("They have yet to read it, and would fail.")
        dependants.register(_("Jobs on their way"), find_moving, awaited_among, icon="loader", then=then)
        take_along("jobs", leaving.jobs)
