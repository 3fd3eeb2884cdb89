#!/usr/bin/env python
"""The studio's command line. `manage.py up` starts everything."""

import os
import sys


def main() -> None:
    if sys.argv[1:2] == ["up"]:
        # The launcher supervises for days: it stays free of Django to stay small.
        from studio.launcher import main as launch

        raise SystemExit(launch(sys.argv[2:]))
    if sys.argv[1:2] == ["sandbox"]:
        # Another program with its own settings and tables; it only shares the command line.
        os.environ["DJANGO_SETTINGS_MODULE"] = "apps.sandbox.settings"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
