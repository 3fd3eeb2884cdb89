"""Acts that the studio itself does not let through, said in one place to pages, fragments and scripts alike."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise


class ActRefusedError(Exception):
    """Nothing was made, taken or charged. `str(error)` is a sentence for the person."""

    more: ClassVar[tuple[str, str | Promise] | None] = (
        None  # URL name (takes the workspace) and label of what tells more
    )
