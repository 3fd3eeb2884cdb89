from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

EXAMPLES = (
    (_("A city at night"), _("A rainy city street at night, neon signs reflected in puddles, cinematic, wide view")),
    (_("In the mountains"), _("A mountain lake at sunset, warm light, pine trees, watercolour")),
    (_("A storm at sea"), _("A lighthouse on a cliff above a stormy sea, lightning, oil painting")),
)


class ImagesConfig(AppConfig):
    name = "apps.images"
    verbose_name = _("Images")

    def ready(self) -> None:
        from apps.images.forms import REFERENCE
        from apps.images.generation import IMAGE
        from apps.jobs import kinds
        from apps.library import destinations, uploads
        from apps.minimax import catalogue
        from apps.workspaces import navigation

        kinds.register(IMAGE)
        uploads.register(uploads.Purpose(REFERENCE, catalogue.image.reference))
        destinations.register(
            destinations.Destination(_("Use as reference"), "image", "images:index", "reference", icon="user-round")
        )
        navigation.register(
            navigation.Page(
                "images",
                _("Images"),
                "image",
                "images:index",
                order=40,
                key="i",
                keywords=_("picture, photo, draw, paint, text to image"),
                ask=navigation.Ask(_("Describe the picture you want to see…"), EXAMPLES),
            )
        )
