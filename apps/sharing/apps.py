from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SharingConfig(AppConfig):
    name = "apps.sharing"
    verbose_name = _("Sharing")

    def ready(self) -> None:
        from apps.library import links
        from apps.sharing.services import end_links_of, shared_among
        from apps.workspaces import audit
        from apps.workspaces.navigation import Page, register

        register(Page("sharing", _("Shares"), "share-2", "sharing:index", order=90, keywords=_("links, public")))
        links.register(links.Links(shared=shared_among, end=end_links_of))
        audit.describe({"share.created": _("made a public link"), "share.revoked": _("ended a public link")})
