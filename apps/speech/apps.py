from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SpeechConfig(AppConfig):
    name = "apps.speech"
    verbose_name = _("Speech")

    def ready(self) -> None:
        from apps.library import kinds
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
            )
        )
        tray.register(takes_in_motion)
