from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader

from apps.workspaces import setup

ONE_AT_A_TIME = 7_305_521  # any number, as long as every host uses the same

UNUSED = ["django_htmx/*-4.js", "django_htmx/*-4.min.js"]  # htmx 4, a beta; compressing it takes seconds


class Command(BaseCommand):
    help = "Bring the database and the static files up to this version of the studio."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            connection.ensure_connection()
        except DatabaseError as error:
            raise CommandError(f"The database does not answer: {str(error).strip().splitlines()[0]}") from error
        with only_one():
            refuse_a_newer_database()
            call_command("migrate", interactive=False, verbosity=1)
        call_command("collectstatic", interactive=False, verbosity=0, clear=True, ignore_patterns=UNUSED)
        put_the_setup_link_in_place()


def refuse_a_newer_database() -> None:
    loader = MigrationLoader(connection)
    known = set(loader.disk_migrations) | {key for one in loader.disk_migrations.values() for key in one.replaces}
    unknown = sorted(set(loader.applied_migrations) - known)
    if unknown:
        raise CommandError(
            f"The database was made by a newer version of the studio (it has {'.'.join(unknown[0])}, which is unknown "
            "here). Update the studio, or choose another data folder with DATA=folder."
        )


def put_the_setup_link_in_place() -> None:
    """The launcher prints the link that makes the first owner, where strangers could otherwise be quicker."""
    if settings.SETUP_TOKEN_PATH and not setup.is_done():
        setup.link()
    else:
        (settings.DATA / "setup.token").unlink(missing_ok=True)


@contextmanager
def only_one() -> Iterator[None]:
    """Several hosts may start at once on one PostgreSQL; SQLite belongs to one host, and its launcher holds a lock."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ONE_AT_A_TIME])
