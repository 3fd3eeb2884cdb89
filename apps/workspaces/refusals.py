"""Acts that the studio itself does not let through, said in one place to pages, fragments and scripts alike."""

from __future__ import annotations


class ActRefusedError(Exception):
    """Nothing was made, taken or charged. `str(error)` is a sentence for the person."""
