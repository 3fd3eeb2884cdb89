from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VoicesConfig(AppConfig):
    name = "apps.voices"
    verbose_name = _("Voices")

    def ready(self) -> None:
        from apps.accounts.leaving import erase_by
        from apps.jobs import kinds
        from apps.library import dependants, destinations, lineage, uploads
        from apps.library import kinds as library_kinds
        from apps.library.names import name_voices_by
        from apps.minimax import catalogue
        from apps.voices import leaving
        from apps.voices.bringing import KIND
        from apps.voices.generation import VOICE_AUDITION, VOICE_CLONE, VOICE_DESIGN, VOICE_KEEP
        from apps.voices.relations import (
            find_consents,
            find_origins,
            find_parents,
            find_voices,
            may_be_sample,
            proving_among,
            sampled_among,
        )
        from apps.voices.resolving import name_of
        from apps.voices.services import count_expiring
        from apps.workspaces import audit, navigation

        name_voices_by(name_of)
        for kind in (VOICE_CLONE, VOICE_DESIGN, VOICE_KEEP, VOICE_AUDITION):
            kinds.register(kind)
        destinations.register(
            destinations.Destination(
                _("Clone this voice"),
                "audio",
                "voices:sample_from",
                "asset",
                icon="mic",
                takes_post=True,
                suits=may_be_sample,
            )
        )
        lineage.register(find_parents)
        lineage.register_origins(find_origins)
        then = _("Once MiniMax forgets them, they cannot be made again.")
        dependants.register(_("Voices made from it"), find_voices, sampled_among, icon="audio-waveform", then=then)
        then = _("The proof that this person agreed would be lost.")
        dependants.register(_("Consent that it proves"), find_consents, proving_among, icon="file-signature", then=then)
        library_kinds.register(library_kinds.Kind(KIND, _("Voice sample"), "mic", recall=""))
        uploads.register(uploads.Purpose("voices.consent", catalogue.image.reference))
        navigation.register(
            navigation.Page(
                "voices",
                _("Voices"),
                "audio-waveform",
                "voices:index",
                order=25,
                key="o",
                keywords=_("voice, clone, design, record, microphone, speaker"),
            )
        )
        navigation.register_counter("voices", count_expiring)
        audit.describe(
            {
                "consent.recorded": _("recorded a person's consent to a cloned voice"),
                "consent.withdrawn": _("withdrew a person's consent to a cloned voice"),
                "voice.deleted": _("deleted a voice"),
                "voices.house_chosen": _("chose the voice that Speech begins with"),
                "voices.house_dropped": _("let Speech begin with the usual voice again"),
                "voices.policy_changed": _("changed what happens to voices before they are lost"),
            }
        )
        erase_by(leaving.erase)
