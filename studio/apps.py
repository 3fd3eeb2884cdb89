from django.apps import AppConfig


class StudioConfig(AppConfig):
    name = "studio"

    def ready(self) -> None:
        import studio.celery  # noqa: F401  (so that every process rings the same broker)
