"""Loaded before Django: the tests get an environment of their own."""

import os
import tempfile
from pathlib import Path

DATA = Path(tempfile.mkdtemp(prefix="studio-tests-"))

os.environ["STUDIO_DATA"] = str(DATA)
os.environ["STUDIO_URL"] = "http://testserver"
for name in ("STUDIO_SANDBOX_URL", "STUDIO_SANDBOX_KEY", "STUDIO_SECRET_KEY", "EMAIL_URL"):
    os.environ.pop(name, None)
