from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FilesConfig(AppConfig):
    name = "apps.files"
    verbose_name = _("Files")

    def ready(self) -> None:
        from apps.files import uses
        from apps.files.tasks import KIND
        from apps.library import destinations, kinds
        from apps.library.destinations import Destination
        from apps.workspaces import audit, navigation

        uses.register(uses.find_jobs)
        kinds.register(kinds.Kind(KIND, _("File from MiniMax"), "file", recall=""))
        to_minimax = _("Copy to MiniMax’s files")
        destinations.register(Destination(to_minimax, "audio", "files:send", "asset", icon="upload"))
        destinations.register(Destination(to_minimax, "text", "files:index", "asset", icon="upload"))  # leads on to it
        navigation.register(
            navigation.Page(
                "files",
                _("Files"),
                "folder",
                "files:index",
                order=85,
                key="f",
                keywords=_("upload, download, storage, capacity"),
            )
        )
        audit.describe({"file.deleted": _("deleted a file at MiniMax")})
