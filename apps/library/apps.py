from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LibraryConfig(AppConfig):
    name = "apps.library"
    verbose_name = _("Library")

    def ready(self) -> None:
        from apps.library import kinds
        from apps.library.search import builtin
        from apps.workspaces import audit
        from apps.workspaces.navigation import Page, register

        kinds.register(kinds.Kind("upload", _("Upload"), "upload", ""))
        builtin.register()
        register(Page("library", _("Library"), "library", "library:index", order=80, key="l"))
        audit.describe({"asset.trashed": _("moved to the trash"), "asset.restored": _("took out of the trash")})
