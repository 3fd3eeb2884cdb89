"""`manage.py up`: start every part, wait until each is healthy, print one URL, stop them in order.

Standard library only. It supervises for days, so it stays small, and nothing that breaks Django can break it.
"""

from studio.launcher.command import main

__all__ = ["main"]
