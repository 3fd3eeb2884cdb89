from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LibraryConfig(AppConfig):
    name = "apps.library"
    verbose_name = _("Library")

    def ready(self) -> None:
        from apps.accounts.leaving import erase_by, take_along
        from apps.library import dependants, kinds, leaving, lineage
        from apps.library.search import builtin
        from apps.workspaces import audit
        from apps.workspaces.navigation import Page, register

        kinds.register(kinds.Kind("upload", _("Upload"), "upload", ""))
        builtin.register()
        then = _("They stay. What they came from can no longer be looked at.")
        dependants.register(_("Made from it"), lineage.children_of, lineage.parents_among, icon="git-branch", then=then)
        register(Page("library", _("Library"), "library", "library:index", order=80, key="l"))
        audit.describe(
            {
                "asset.trashed": _("moved to the trash"),
                "asset.restored": _("took out of the trash"),
                "asset.deleted": _("deleted for ever"),
                "trash.emptied": _("emptied the trash"),
                "storage.quota": _("changed how much may be stored"),
            }
        )
        erase_by(leaving.erase)
        take_along("library", leaving.assets)
