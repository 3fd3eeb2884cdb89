from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

EXAMPLES = (
    (
        _("A podcast opening"),
        _("Good evening, and welcome back. Tonight: a lighthouse keeper who has not slept for thirty years."),
    ),
    (
        _("A bedtime story"),
        _("Once upon a time, in a house with a crooked chimney, there lived a mouse who collected the sounds of rain."),
    ),
    (
        _("An announcement"),
        _("The museum closes in fifteen minutes. Please bring your headphones back to the desk. Thank you."),
    ),
)


class SpeechConfig(AppConfig):
    name = "apps.speech"
    verbose_name = _("Speech")

    def ready(self) -> None:
        from apps.accounts.leaving import take_along
        from apps.library import destinations, details, kinds
        from apps.speech import leaving
        from apps.speech.relations import find_making
        from apps.speech.tray import takes_in_motion
        from apps.workspaces import navigation, tray

        kinds.register(kinds.Kind("speech", _("Speech"), "audio-lines", "speech:index"))
        navigation.register(
            navigation.Page(
                "speech",
                _("Speech"),
                "audio-lines",
                "speech:index",
                order=20,
                key="s",
                keywords=_("voice, say, text to speech"),
                ask=navigation.Ask(_("Type or paste what should be said…"), EXAMPLES),
            )
        )
        tray.register(takes_in_motion)
        destinations.register(
            destinations.Destination(_("Read it aloud"), "text", "speech:index", "read", icon="audio-lines")
        )
        details.register_making(find_making)
        take_along("speech", leaving.takes)
