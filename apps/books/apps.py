from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BooksConfig(AppConfig):
    name = "apps.books"
    verbose_name = _("Long speech")

    def ready(self) -> None:
        from apps.books.forms import COVER
        from apps.books.generation import LONG_SPEECH
        from apps.books.relations import editions_among, find_books, find_origins
        from apps.books.tray import books_in_motion, editions_in_motion
        from apps.jobs import kinds
        from apps.library import dependants, lineage, uploads
        from apps.library import kinds as library_kinds
        from apps.workspaces import navigation, tray

        kinds.register(LONG_SPEECH)
        library_kinds.register(library_kinds.Kind("book", _("Long speech"), "book-audio", ""))
        tray.register(books_in_motion)
        tray.register(editions_in_motion)
        uploads.register(COVER)
        lineage.register_origins(find_origins)
        then = _("They would have to be put together again.")
        dependants.register(_("Long speech"), find_books, editions_among, icon="book-audio", then=then)
        navigation.register_room("books", "speech")
        navigation.register(
            navigation.Page(
                "books",
                _("Long speech"),
                "book-audio",
                "books:index",
                order=21,
                place="palette",
                keywords=_("book, audiobook, chapters, read aloud, long text"),
            )
        )
