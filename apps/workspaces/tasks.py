from datetime import timedelta

from celery import shared_task
from django.db.models import Q
from django.utils import timezone

from apps.workspaces.connections import retest
from apps.workspaces.models import Connection, ConnectionKind

EVERY = timedelta(days=1)
RETIRED_FOR = timedelta(days=7)  # longer than anything runs that MiniMax was asked for with an old key


@shared_task
def retest_connections() -> None:
    """Try each key once a day, and forget those that nothing runs with any more."""
    now = timezone.now()
    due = Connection.every.kept().filter(Q(tested_at=None) | Q(tested_at__lte=now - EVERY))
    for connection in due.exclude(kind=ConnectionKind.SANDBOX).select_related("workspace").iterator():
        retest(connection)
    Connection.every.filter(retired_at__lte=now - RETIRED_FOR).delete()
