"""A process is really killed, at every step of keeping a file and of emptying the trash."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.db import connection

from studio.config import ROOT


@pytest.mark.slow
@pytest.mark.parametrize(("what", "least"), [("keep", 10), ("purge", 20)])
def test_wherever_it_dies_no_file_is_left_without_a_row_and_no_row_without_a_file(
    transactional_db, creator, tmp_path, what, least
):
    media = tmp_path / "media"
    media.mkdir()
    told = [sys.executable, "-m", "tests.library.dying", what, connection.settings_dict["NAME"], str(media)]
    done = subprocess.run(told, cwd=ROOT, env={**os.environ}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) > least, "steps at which it was killed"
