from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

EXAMPLES = (
    (_("The sea"), _("Waves roll onto a beach at sunset, gulls cross the sky, warm light. [Truck right]")),
    (_("In the forest"), _("Fog drifts through a pine forest in the morning, sunbeams between the trees. [Push in]")),
    (_("A night in town"), _("Rain on a city street at night, neon lights mirrored in the puddles. [Pan left]")),
)


class VideoConfig(AppConfig):
    name = "apps.video"
    verbose_name = _("Video")

    def ready(self) -> None:
        from apps.jobs import kinds
        from apps.library import destinations, uploads
        from apps.library import kinds as library_kinds
        from apps.library.destinations import Destination
        from apps.video.forms import FRAME
        from apps.video.generation import VIDEO
        from apps.workspaces import navigation

        kinds.register(VIDEO)
        uploads.register(FRAME)
        library_kinds.register(library_kinds.Kind("frame", _("Frame of a video"), "image-down", ""))
        library_kinds.register(library_kinds.Kind("film", _("Joined video"), "combine", ""))
        page, word = VIDEO.page, "image"
        destinations.register(Destination(_("Animate this"), word, page, "first_frame_image", icon="clapperboard"))
        destinations.register(Destination(_("Use as last frame"), word, page, "last_frame_image", icon="step-forward"))
        destinations.register(Destination(_("Put this person in a video"), word, page, "subject", icon="user-round"))
        on = Destination(
            _("Continue from its last frame"), "video", "video:continue_from", "video", "skip-forward", takes_post=True
        )
        destinations.register(on)
        destinations.register(Destination(_("Join with others"), "video", page, "join", icon="combine"))
        navigation.register(
            navigation.Page(
                "video",
                _("Video"),
                "clapperboard",
                page,
                order=30,
                key="v",
                keywords=_("film, movie, clip, animate, camera, text to video"),
                ask=navigation.Ask(_("Describe what should happen in the video…"), EXAMPLES),
            )
        )
