from django.apps import AppConfig
from django.db.models.signals import pre_delete
from django.utils.translation import gettext_lazy as _


class SharingConfig(AppConfig):
    name = "apps.sharing"
    verbose_name = _("Sharing")

    def ready(self) -> None:
        from apps.library import dependants, links, trash
        from apps.sharing.models import Share
        from apps.sharing.relations import find_card_files, find_links, linked_among
        from apps.sharing.services import end_links_of, leave_note, shared_among
        from apps.workspaces import audit
        from apps.workspaces.navigation import Page, register

        pre_delete.connect(leave_note, sender=Share, dispatch_uid="sharing.leave_note")
        register(Page("sharing", _("Shares"), "share-2", "sharing:index", order=90, keywords=_("links, public")))
        then = _("Whoever opens them is told that it is gone.")
        dependants.register(_("Public links"), find_links, linked_among, icon="share-2", then=then)
        trash.register_files(find_card_files)
        links.register(links.Links(shared=shared_among, end=end_links_of))
        audit.describe(
            {
                "share.created": _("made a public link"),
                "share.revoked": _("ended a public link"),
                "share.renewed": _("gave a public link another address"),
                "share.policy": _("changed the rules for public links"),
            }
        )
