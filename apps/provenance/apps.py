from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProvenanceConfig(AppConfig):
    name = "apps.provenance"
    verbose_name = _("Provenance")

    def ready(self) -> None:
        from apps.library import files, trash
        from apps.provenance import marking
        from apps.provenance.models import MarkedCopy

        files.register_marker(marking.Marks())
        trash.register_files(
            lambda ids: MarkedCopy.objects.filter(asset__in=ids).values_list("file", flat=True),
        )
