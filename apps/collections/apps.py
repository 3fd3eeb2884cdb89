from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CollectionsConfig(AppConfig):
    name = "apps.collections"
    verbose_name = _("Collections")

    def ready(self) -> None:
        from apps.collections import relations, services
        from apps.library import dependants, many
        from apps.library.search import register_filter
        from apps.workspaces.navigation import register_room

        register_room("collections", "library")
        register_filter("collection", _("Collection"), relations.ids_in, relations.choices_for)
        dependants.register(
            _("Collections"),
            relations.find_collections,
            relations.collected_among,
            icon="folder",
            then=_("It is shown there no more."),
        )
        many.register_undo("uncollect", services.undo_add, changes_lists=True)
        many.register_undo("recollect", services.undo_remove, changes_lists=True)
        many.register_undo("transfer_back", services.undo_transfer, changes_lists=True)
