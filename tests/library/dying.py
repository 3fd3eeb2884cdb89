"""A process that is killed in the middle of keeping or of deleting, at every step there is: for test_kills.py.

    python -m tests.library.dying keep|purge DATABASE MEDIA

It forks for each step (a statement, or a file that is written or deleted), and the fork kills itself there. What is
left must hold at once: every row has its file, and every file has a row or a note. After the sweep nothing but the
files of rows is left, and what was to be done can be done again. Prints how many steps were died at.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")


class Death:
    """Kills this very process at one of its steps."""

    def __init__(self, at: int) -> None:
        self.left = at

    def step(self) -> None:
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, act: Any) -> Any:
        def acting(*args: Any, **kwargs: Any) -> Any:
            self.step()
            done = act(*args, **kwargs)
            self.step()
            return done

        return acting

    def statement(self, execute: Any, *args: Any) -> Any:
        self.step()
        return execute(*args)


def dies(at: int, act: Any) -> bool:
    """Do `act` in a fork that is killed at the step `at`. False: it came to its end before."""
    from django.core.files.storage import default_storage
    from django.db import connection, connections

    connections.close_all()
    child = os.fork()
    if child == 0:
        death = Death(at)
        default_storage.save = death.around(default_storage.save)
        default_storage.delete = death.around(default_storage.delete)
        with connection.execute_wrapper(death.statement):
            act()
        os._exit(0)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the fork failed by itself"
    return os.WIFSIGNALED(status)


def main() -> None:
    what, database, media = sys.argv[1:]
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection

    settings.MEDIA_ROOT = media
    connection.settings_dict["NAME"] = database
    connection.settings_dict["OPTIONS"] = {
        name: value for name, value in connection.settings_dict["OPTIONS"].items() if name != "pool"
    }
    steps = {"keep": keep_everywhere, "purge": purge_everywhere}[what](Path(media))
    sys.stdout.write(f"{steps}\n")


def files(media: Path) -> set[str]:
    return {str(path.relative_to(media)) for path in media.rglob("*") if path.is_file()}


def owned() -> set[str]:
    from apps.library.models import Asset, Rendition

    names = {name for both in Asset.objects.values_list("file", "poster") for name in both if name}
    return names | set(Rendition.objects.exclude(file="").values_list("file", flat=True))


def check(media: Path) -> None:
    from apps.library.models import Arrival

    there, rows = files(media), owned()
    assert rows <= there, f"rows without files: {rows - there}"
    noted = set(Arrival.objects.values_list("name", flat=True))
    assert there <= rows | noted, f"files that nobody knows of: {there - rows - noted}"


def sweep(media: Path) -> None:
    from django.utils import timezone

    from apps.library.models import Arrival
    from apps.library.storing import delete_abandoned_files

    delete_abandoned_files(timezone.now() + timedelta(hours=2))
    assert files(media) == owned()
    assert not Arrival.objects.exists()


def keep_everywhere(media: Path) -> int:
    from apps.library import services
    from apps.library.models import Asset
    from apps.workspaces.models import Membership

    services.ring = lambda *args: None  # nobody is there to hear it
    member, source = Membership.objects.select_related("workspace", "user").get(), media.parent / "source.txt"
    for at in itertools.count():
        pk = uuid.uuid4()
        source.write_bytes(os.urandom(200_000))

        def keep(pk: uuid.UUID = pk) -> Asset:
            return services.keep(
                *(member,), kind="upload", title="Words", text="", source=source, filename="words.txt",
                content_type="text/plain", request={}, asset_id=pk,
            )  # fmt: skip

        was_killed = dies(at, keep)
        check(media)
        assert source.exists() or Asset.objects.filter(pk=pk).exists(), "what was brought is lost"
        keep()
        assert Asset.objects.get(pk=pk).file.size == 200_000
        assert not source.exists()
        sweep(media)
        if not was_killed:
            return at
    raise AssertionError


def purge_everywhere(media: Path) -> int:
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage
    from django.utils import timezone

    from apps.library import trash
    from apps.library.models import Asset, Rendition
    from apps.workspaces.models import Membership

    member = Membership.objects.select_related("workspace", "user").get()
    for at in itertools.count():
        for _one in range(2):
            asset = Asset(workspace=member.workspace, created_by=member.user, kind="image", size=9, sha256="0" * 64)
            asset.content_type, asset.title, asset.trashed_at = "image/png", "Owl", timezone.now()
            asset.file.name, asset.poster.name, wav = (
                f"{asset.folder}/{name}" for name in ("a.png", "b.webp", "c.wav")
            )
            for name in (asset.file.name, asset.poster.name, wav):
                default_storage.save(name, ContentFile(b"pixels..."))
            asset.save()
            Rendition.objects.create(asset=asset, format="wav", status="ready", file=wav)
        in_31_days = timezone.now() + timedelta(days=31)
        was_killed = dies(at, lambda moment=in_31_days: trash.purge(moment))
        check(media)
        assert trash.purge(timezone.now() + timedelta(days=29)) == 0
        trash.purge(in_31_days)
        assert not Asset.objects.exists()
        sweep(media)
        if not was_killed:
            return at
    raise AssertionError


if __name__ == "__main__":
    main()
