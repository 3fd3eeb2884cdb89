from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ImagesConfig(AppConfig):
    name = "apps.images"
    verbose_name = _("Images")

    def ready(self) -> None:
        from apps.images.generation import IMAGE
        from apps.jobs import kinds
        from apps.library import kinds as library_kinds
        from apps.workspaces import navigation

        kinds.register(IMAGE)
        library_kinds.register(library_kinds.Kind("upload", _("Upload"), "upload", ""))
        navigation.register(
            navigation.Page(
                "images",
                _("Images"),
                "image",
                "images:index",
                order=40,
                key="i",
                keywords=_("picture, photo, draw, paint, text to image"),
            )
        )
