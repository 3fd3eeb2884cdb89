from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

EXAMPLES = (
    (_("What can this studio do?"), _("What can this studio do?")),
    (_("A small poem"), _("Write a small poem about the night shift.")),
    (_("Models and prices"), _("Which models are there, and what do they cost?")),
)


class ChatConfig(AppConfig):
    name = "apps.chat"
    verbose_name = _("Chat")

    def ready(self) -> None:
        from apps.accounts.leaving import erase_by, take_along
        from apps.chat import leaving
        from apps.chat.forms import PICTURE
        from apps.chat.relations import find_conversations, find_origins, shown_among
        from apps.chat.tray import replies_in_motion
        from apps.library import dependants, destinations, kinds, lineage, uploads
        from apps.workspaces import navigation, tray

        kinds.register(kinds.Kind("chat", _("Chat"), "message-circle", "", has_files=False))
        uploads.register(PICTURE)
        lineage.register_origins(find_origins)
        then = _("They go on, without it.")
        dependants.register(
            _("Conversations that show it"), find_conversations, shown_among, icon="message-circle", then=then
        )
        destinations.register(
            destinations.Destination(_("Ask about this picture"), "image", "chat:index", "image", icon="message-circle")
        )
        navigation.register(
            navigation.Page(
                "chat",
                _("Chat"),
                "message-circle",
                "chat:index",
                order=10,
                key="c",
                keywords=_("conversation, talk, language model, ask, prompt"),
                ask=navigation.Ask(_("Ask anything…"), EXAMPLES),
            )
        )
        tray.register(replies_in_motion)
        erase_by(leaving.erase)
        take_along("conversations", leaving.conversations)
        take_along("prompts", leaving.prompts)
