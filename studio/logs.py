"""What must not be read in the log."""

from __future__ import annotations

import logging
import re

# Invitations, shared pages, mails, password resets, MiniMax's news: whoever knows the address may come in.
SECRET_ADDRESS = re.compile(r"(/join/|/s/|/hooks/|/mails/off/|/password/reset/key/)[^/\s?]+")


class WithoutSecretAddresses(logging.Filter):
    """Django logs the path of every request that it refuses; this leaves out the part that is a key."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if SECRET_ADDRESS.search(message):
            record.msg, record.args = SECRET_ADDRESS.sub(r"\1…", message), ()
        return True
