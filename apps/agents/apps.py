from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AgentsConfig(AppConfig):
    name = "apps.agents"
    verbose_name = _("Agents")

    def ready(self) -> None:
        from apps.agents.forms import PICTURE
        from apps.agents.generation import AGENT
        from apps.jobs import kinds
        from apps.library import destinations, uploads
        from apps.workspaces import navigation

        kinds.register(AGENT)
        uploads.register(PICTURE)
        destinations.register(
            destinations.Destination(_("Use in a template"), "image", "agents:index", "media", icon="drama")
        )
        navigation.register(
            navigation.Page(
                "agents",
                _("Agents"),
                "drama",
                "agents:index",
                order=35,
                key="a",
                keywords=_("template, film, pet, batch, try-on, advert"),
            )
        )
