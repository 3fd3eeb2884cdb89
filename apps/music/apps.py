from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

EXAMPLES = (
    (_("By the sea"), _("indie folk, calm, acoustic guitar, soft female vocal, waves in the distance")),
    (_("A night drive"), _("synthwave, driving, warm synthesizer bass, 100 BPM, neon and rain")),
    (_("Before it begins"), _("film score, hopeful, strings and piano, slow build, a city waking up")),
)


class MusicConfig(AppConfig):
    name = "apps.music"
    verbose_name = _("Music")

    def ready(self) -> None:
        from django.conf import settings

        from apps.jobs import kinds
        from apps.library import kinds as library_kinds
        from apps.music.generation import LYRICS, MUSIC
        from apps.workspaces import navigation

        kinds.register(MUSIC)
        kinds.register(LYRICS)
        if not settings.MUSIC:  # what was made stays, and there is no page that could make it again
            library_kinds.register(library_kinds.Kind(MUSIC.name, MUSIC.label, MUSIC.icon, recall=""))
            return
        navigation.register(
            navigation.Page(
                "music",
                _("Music"),
                "music",
                "music:index",
                order=50,
                key="m",
                keywords=_("song, lyrics, melody, instrumental, sing, soundtrack"),
                ask=navigation.Ask(_("Say how the song should sound: genre, mood, instruments…"), EXAMPLES),
            )
        )
