from django.apps import AppConfig
from django.core import signals
from django.db import close_old_connections, reset_queries


class SandboxConfig(AppConfig):
    name = "apps.sandbox"

    def ready(self) -> None:
        # The database has one thread of its own (store.py), which keeps its connection. Django would otherwise start a
        # thread for every request, only to close connections that nobody opened.
        signals.request_started.disconnect(reset_queries)
        signals.request_started.disconnect(close_old_connections)
        signals.request_finished.disconnect(close_old_connections)
