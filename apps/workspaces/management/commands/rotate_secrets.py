from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.workspaces.resealing import reseal_everything


class Command(BaseCommand):
    help = (
        "Seal every stored key anew with the first secret of STUDIO_ENCRYPTION_KEY. Set it to new,old first and "
        "restart the studio; when this has succeeded, the old one can be left out."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        count, lost = reseal_everything()
        self.stdout.write(f"{count} secrets are sealed with the newest key.")
        if lost:
            raise CommandError(f"No known key opens these, they stay as they were: {', '.join(lost)}")
