from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProvenanceConfig(AppConfig):
    name = "apps.provenance"
    verbose_name = _("Provenance")

    def ready(self) -> None:
        from apps.library import files, lineage, parts, recalling, trash, uploads
        from apps.provenance import brought, marking, origins
        from apps.provenance.models import MarkedCopy
        from apps.workspaces import audit
        from apps.workspaces.navigation import Page, register, register_room

        files.register_marker(marking.Marks())
        uploads.register_reader(brought.read)
        recalling.register_sayings(brought.said_by)
        recalling.register_drafts(brought.find_draft)
        lineage.register_origins(origins.origins_of)
        parts.register(parts.Part("brought-settings", "provenance/_brought.html", brought.show))
        register_room("provenance", "library")
        register(Page("provenance", _("Check a file’s origin"), "badge-check", "provenance:index", place="palette"))
        register(Page("capsules", _("Capsules"), "package", "provenance:capsules", place="palette", can="create"))
        audit.describe(
            {
                "marks.changed": _("changed what downloads carry"),
                "capsule.taken_in": _("took in a capsule"),
            }
        )
        trash.register_files(
            lambda ids: MarkedCopy.objects.filter(asset__in=ids).values_list("file", flat=True),
        )
