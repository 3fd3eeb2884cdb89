from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReviewsConfig(AppConfig):
    name = "apps.reviews"
    verbose_name = _("Reviews")

    def ready(self) -> None:
        from apps.library import parts
        from apps.reviews.guest_views import describe_part
        from apps.reviews.views import describe_asset
        from apps.sharing import public_parts
        from apps.workspaces import audit

        parts.register(parts.Part("reviews", "reviews/_of_asset.html", describe_asset))
        public_parts.register(
            public_parts.PublicPart("reviews", "reviews/_review.html", describe_part, head="reviews/_head.html")
        )
        audit.describe({"review.note_removed": _("took a note away")})
