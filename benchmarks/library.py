"""The library with a million assets, on both databases: `python benchmarks/library.py`.

For each case, in one run: the bare SQL that finds the page (`sql`), the page's assets as objects (`found`), the answer
to htmx (`cards`) and the whole page (`page`), the last two through all of Django with a signed-in person. Every round
asks something else: another word, another voice, another depth. Times are the clock's; `cpu` is this process's own part
of the whole page, which says more on a busy machine (PostgreSQL's is not in it).

The assets are one team's (nine of ten; the others are another's, which must not slow it down), over three years, most
of them sounds with 800 peaks. Their words follow Zipf's law over 30,000 words, some of them Chinese; 20,000 different
assets are repeated, one after the other, until there are enough. Rows are written in bulk, the index as
`manage.py rebuild_search` leaves it; nothing is cached between the rounds but what the databases do.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SPAN = timedelta(days=3 * 365)
KINDS = [("speech", 60), ("image", 18), ("music", 12), ("video", 6), ("upload", 4)]
MODELS = {
    "speech": ["speech-2.8-hd", "speech-2.8-turbo", "speech-2.6-hd", "speech-02-hd"],
    "image": ["image-01", "image-01-live"],
    "music": ["music-2.6", "music-2.0"],
    "video": ["MiniMax-Hailuo-2.3", "MiniMax-Hailuo-02", "T2V-01"],
    "upload": [""],
}
PEOPLE, VOICES, TAGS, VOCABULARY = 8, 120, 40, 30_000
DIFFERENT = 20_000  # assets that are thought up; the others are copies, later in time
COMMON, RARE = 30, 8_000  # places in the vocabulary: words of every third asset, and of one in some thousand


def make_words() -> list[str]:
    """The most frequent first."""
    dice = random.Random(1)
    parts = [a + b for a in "bdfghklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "il", "os")]
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        if len(words) % 25 == 24:
            words["".join(chr(dice.randrange(0x4E00, 0x5E00)) for _ in range(dice.randint(2, 5)))] = None
        else:
            words["".join(dice.choices(parts, k=dice.randint(2, 4)))] = None
    return list(words)


# --- the rows ---------------------------------------------------------------------------------------------------------


def fill(number: int) -> None:
    from django.contrib.auth.hashers import make_password
    from django.db import connection

    from apps.accounts.models import User
    from apps.library.models import Asset, Favourite, SearchEntry, Tag, Tagging
    from apps.library.search import index
    from apps.workspaces.models import Connection, Membership, Workspace

    password = make_password(None)
    people = [
        User.objects.create(email=f"p{n}@example.com", name=f"Person {n}", password=password) for n in range(PEOPLE)
    ]
    ours, theirs = (Workspace.objects.create(name=name, slug=name) for name in ("ours", "theirs"))
    for person in people:
        Membership.objects.create(workspace=ours, user=person, role="owner")
    Connection.objects.create(workspace=ours, kind="sandbox")
    tags = [Tag.objects.create(workspace=ours, name=f"tag {n}", key=f"tag {n}") for n in range(TAGS)]

    dice, words = random.Random(2), make_words()
    weights, total = [], 0.0
    for place in range(VOCABULARY):
        weights.append(total := total + 1 / (place + 10))
    kinds, shares = zip(*KINDS, strict=True)
    peaks = [int(abs(100 * random.Random(n).random())) for n in range(800)]
    start_ms, span_ms = int((NOW - SPAN).timestamp() * 1000), int(SPAN.total_seconds() * 1000)

    def rows() -> Iterator[tuple[Asset, dict[str, Any], list[Tag]]]:
        last = 0
        for n in range(min(number, DIFFERENT)):
            kind = dice.choices(kinds, shares)[0]
            is_sound, at_ms = kind in ("speech", "music"), start_ms + span_ms * n // number
            pk = uuid.UUID(int=at_ms << 80 | 7 << 76 | dice.getrandbits(12) << 64 | 2 << 62 | dice.getrandbits(62))
            text = " ".join(dice.choices(words, cum_weights=weights, k=dice.randint(8, 40)))
            asset = Asset(
                id=pk,
                workspace=theirs if n % 10 == 9 else ours,
                created_by=people[int(PEOPLE * dice.random() ** 2)],
                created_at=datetime.fromtimestamp(at_ms / 1000, UTC),
                kind=kind,
                title=text[:60],
                text=text,
                request={"text": text, "speed": 1.0},
                model=dice.choice(MODELS[kind]),
                voice_id=f"voice-{int(VOICES * dice.random() ** 3)}" if kind == "speech" else "",
                cost_usd=Decimal(dice.randint(1, 400_000)) / 1_000_000,
                status="ready",
                file=f"x/{n}.mp3",
                content_type={"image": "image/png", "video": "video/mp4"}.get(kind, "audio/mpeg"),
                size=int(10 ** dice.uniform(4, 8.2)),
                sha256=f"{n:064x}",
                duration_s=None if kind == "image" else round(10 ** dice.uniform(0, 2.8), 2),
                measurements={} if is_sound else {"width": 1280, "height": 720},
                poster="" if is_sound else f"x/{n}.webp",
                peaks=peaks if is_sound else [],
                rating=dice.choices([0, 3, 4, 5], [90, 5, 3, 2])[0],
            )
            put = [tags[int(TAGS * dice.random() ** 3)]] if n % 5 == 0 and asset.workspace is ours else []
            entry = index.describe(asset, [(tag.pk, tag.name) for tag in put])
            last = max(last + 1, index.number_of(pk))
            yield asset, {"number": last, "asset_id": pk, **entry}, put

    asset_columns = list(Asset._meta.concrete_fields)
    entry_columns = ["number", "asset_id", "space", "title", "cost", "size", "duration", "words"]
    peaks_json = json.dumps(peaks)

    def asset_row(asset: Asset) -> list[Any]:
        values = []
        for field in asset_columns:
            if field.attname == "peaks":
                values.append(peaks_json if asset.peaks else "[]")
            elif field.get_internal_type() == "JSONField":
                values.append(json.dumps(getattr(asset, field.attname)))
            else:
                value = field.get_db_prep_save(getattr(asset, field.attname), connection)
                values.append(str(value) if isinstance(value, uuid.UUID | Decimal) else value)
        return values

    names = ", ".join(f'"{field.column}"' for field in asset_columns)
    is_sqlite = connection.vendor == "sqlite"
    taggings: list[Tagging] = []
    stars: list[uuid.UUID] = []
    with contextlib.ExitStack() as stack:
        cursor = stack.enter_context(connection.cursor())
        if is_sqlite:
            cursor.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'library_searchentry'"
            )
            triggers = cursor.fetchall()
            for name, _sql in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
            cursor.execute("PRAGMA journal_mode = OFF")
            cursor.execute("BEGIN")
        else:
            cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'library_words'")
            gin = cursor.fetchone()[0]
            cursor.execute("DROP INDEX library_words")
        batch: list[tuple[list[Any], list[Any]]] = []

        def flush() -> None:
            if is_sqlite:
                marks = ", ".join(["%s"] * len(asset_columns))
                cursor.executemany(f"INSERT INTO library_asset ({names}) VALUES ({marks})", [a for a, _e in batch])
                marks = ", ".join(["%s"] * len(entry_columns))
                cursor.executemany(
                    f"INSERT INTO library_searchentry ({', '.join(entry_columns)}) VALUES ({marks})",
                    [e for _a, e in batch],
                )
            else:
                with cursor.copy(f"COPY library_asset ({names}) FROM STDIN") as copy:
                    for row, _entry in batch:
                        copy.write_row(row)
                with cursor.copy(f"COPY library_searchentry ({', '.join(entry_columns)}) FROM STDIN") as copy:
                    for _row, entry in batch:
                        copy.write_row(entry)
            batch.clear()

        for asset, entry, put in rows():
            terms = entry["words"]
            entry["words"] = (
                f" {' '.join(terms)} " if is_sqlite else " ".join(f"'{term}'" for term in sorted(set(terms)))
            )
            pk = asset.pk.hex if is_sqlite else str(asset.pk)
            batch.append((asset_row(asset), [pk if name == "asset_id" else entry[name] for name in entry_columns]))
            taggings += [Tagging(tag=tag, asset_id=asset.pk) for tag in put]
            if len(taggings) % 400 == 1 and asset.workspace is ours and len(stars) < 2000:
                stars.append(asset.pk)
            if len(batch) == 5000:
                flush()
        flush()
        rows_of_tags = [(put.tag_id, put.asset_id.hex if is_sqlite else str(put.asset_id)) for put in taggings]
        cursor.executemany("INSERT INTO library_tagging (tag_id, asset_id) VALUES (%s, %s)", rows_of_tags)
        repeat(cursor, number, start_ms, span_ms)
        if is_sqlite:
            for _name, sql in triggers:
                cursor.execute(sql)
            cursor.execute("COMMIT")
            cursor.execute("PRAGMA journal_mode = WAL")
        else:
            cursor.execute("SET maintenance_work_mem = '1GB'")
            cursor.execute(gin)
    Favourite.objects.bulk_create([Favourite(user=people[0], asset_id=pk) for pk in stars], batch_size=2000)
    index._tidy()
    if not is_sqlite:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    assert SearchEntry.objects.count() == number


def repeat(cursor: Any, number: int, start_ms: int, span_ms: int) -> None:
    """Copy what is there, later and later, until there are `number` assets."""
    from django.db import connection

    from apps.library.models import Asset
    from apps.library.search import index

    is_sqlite = connection.vendor == "sqlite"
    cursor.execute(
        "CREATE TEMPORARY TABLE base AS SELECT row_number() OVER (ORDER BY number) - 1 AS n, asset_id AS base_id,"
        " number AS base_number FROM library_searchentry"
    )
    cursor.execute("CREATE INDEX base_ids ON base (base_id)")
    names = [field.column for field in Asset._meta.concrete_fields]
    for start in range(DIFFERENT, number, DIFFERENT):
        at = f"(CAST({start_ms} AS bigint) + CAST({span_ms} AS bigint) * ({start} + n) / {number})"
        if is_sqlite:
            new_id, moment = f"printf('%012x', {at}) || substr(base_id, 13)", f"datetime({at} / 1000, 'unixepoch')"
        else:
            new_id = f"(lpad(to_hex({at}), 12, '0') || substr(replace(base_id::text, '-', ''), 13))::uuid"
            moment = f"to_timestamp({at} / 1000)"
        new = {"id": new_id, "created_at": moment}
        for table, columns, joined in (
            ("library_asset", {f'"{name}"': new.get(name, f'"{name}"') for name in names}, "id"),
            (
                "library_searchentry",
                {
                    "number": f"(({at} - {index.EPOCH_MS}) << 22) | (base_number & 4194303)",
                    "asset_id": new_id,
                    **{name: name for name in ("space", "title", "cost", "size", "duration", "words")},
                },
                "asset_id",
            ),
            ("library_tagging", {"tag_id": "tag_id", "asset_id": new_id}, "asset_id"),
        ):
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(columns.values())}"
                f" FROM base JOIN {table} ON {joined} = base_id WHERE n < {number - start} ORDER BY n"
            )


# --- the cases --------------------------------------------------------------------------------------------------------


def cases() -> list[tuple[str, Callable[[random.Random], str]]]:
    """What is asked: name, and the address for a round. `deep` is put in as a place in the order."""
    words = make_words()
    plain = [word for word in words if word.isascii()]
    chinese = [word for word in words if not word.isascii()]

    def word(low: int, high: int) -> Callable[[random.Random], str]:
        return lambda dice: plain[dice.randrange(low, high)]

    common, rare = word(0, COMMON), word(RARE, VOCABULARY * 9 // 10)
    kinds = [kind for kind, _share in KINDS]

    def day(dice: random.Random, days: int) -> str:
        since = date(2024, 1, 1) + timedelta(days=dice.randrange(900))
        return f"since={since}&until={since + timedelta(days=days)}"

    return [
        ("first page", lambda dice: ""),
        ("deep page", lambda dice: "deep"),
        ("oldest first", lambda dice: "sort=oldest"),
        ("one kind", lambda dice: f"kind={dice.choice(kinds)}"),
        ("one kind, deep", lambda dice: f"kind={dice.choice(kinds)}&deep"),
        ("kind and person", lambda dice: f"kind=video&person={dice.randint(1, PEOPLE)}"),
        ("model that the kind has not", lambda dice: "kind=music&model=speech-2.8-hd"),
        ("voice", lambda dice: f"voice=voice-{dice.randrange(VOICES)}"),
        ("tag", lambda dice: f"tag={dice.randint(1, TAGS)}"),
        ("tag, kind, stars", lambda dice: f"tag={dice.randint(1, TAGS)}&kind=video&rating=4"),
        ("favourites", lambda dice: "favourite=1"),
        ("favourites of one kind", lambda dice: "favourite=1&kind=music"),
        ("a month", lambda dice: day(dice, 30)),
        ("a day, one kind", lambda dice: f"{day(dice, 0)}&kind=image"),
        (
            "cost from to, narrow",
            lambda dice: f"cost_from={(low := dice.uniform(0, 0.39)):.4f}&cost_to={low + 0.0004:.4f}",
        ),
        (
            "size from to, one kind",
            lambda dice: f"size_from={(low := dice.uniform(1, 100)):.1f}&size_to={low * 1.3:.1f}&kind=video",
        ),
        ("by cost", lambda dice: "sort=cost"),
        ("by size, deep", lambda dice: "sort=size&deep"),
        ("by title, one kind", lambda dice: f"sort=title&kind={dice.choice(kinds)}"),
        ("by length, rare voice", lambda dice: f"sort=duration&voice=voice-{dice.randrange(100, VOICES)}"),
        ("by cost, a day", lambda dice: f"sort=cost&{day(dice, 0)}"),
        ("word, common", lambda dice: f"q={common(dice)}+"),
        ("word, rare", lambda dice: f"q={rare(dice)}+"),
        ("two words", lambda dice: f"q={common(dice)}+{rare(dice)}+"),
        ("three common words", lambda dice: f"q={common(dice)}+{common(dice)}+{common(dice)}+"),
        ("two letters", lambda dice: f"q={common(dice)[:2]}"),
        ("five letters", lambda dice: f"q={rare(dice)[:5]}"),
        ("Chinese", lambda dice: f"q={dice.choice(chinese)}"),
        ("word nowhere", lambda dice: f"q=xq{dice.randrange(10**6)}x"),
        ("words, kind, month", lambda dice: f"q={common(dice)}+&kind=music&{day(dice, 30)}"),
        ("common word, deep", lambda dice: f"q={common(dice)}+&deep"),
        ("common word by cost", lambda dice: f"q={common(dice)}+&sort=cost"),
        ("rare word by size", lambda dice: f"q={rare(dice)}+&sort=size"),
        ("two words by length", lambda dice: f"q={common(dice)}+{rare(dice)}+&sort=duration"),
    ]


def spread(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    return f"{statistics.median(ordered) * 1000:6.1f} {ordered[int(len(ordered) * 0.95)] * 1000:6.1f}"


def measure(rounds: int, only: str) -> None:
    from django.db import connection
    from django.http import QueryDict
    from django.test import Client

    from apps.library import search
    from apps.library.models import Asset, SearchEntry
    from apps.library.search.filters import all_filters
    from apps.library.views import PAGE
    from apps.workspaces.models import Membership

    member = Membership.objects.select_related("workspace", "user").get(user__email="p0@example.com")
    client = Client()
    client.force_login(member.user)
    dice = random.Random(3)
    numbers = list(SearchEntry.objects.order_by("number").values_list("number", flat=True)[:: max(1, rounds // 40)])
    statements: list[tuple[str, Any]] = []

    def remember(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("SELECT", "WITH")):
            statements.append((sql, params))
        return execute(sql, params, many, context)

    def cursor_for(query: search.Query) -> str:
        """Somewhere in the middle of what would be a long scroll."""
        number = dice.choice(numbers)
        entry = SearchEntry.objects.select_related("asset").get(number=number)
        if not query.is_narrowed and query.sort == "newest":
            return str(entry.asset_id)
        return f"{number}.{number if query.sort == 'newest' else getattr(entry, query.sort)}"

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")  # connected
    print(f"\n{connection.vendor}: {Asset.objects.count():,} assets, {rounds} rounds each; p50 and p95 in ms")
    print(f"{'':28}{'sql':>13}{'found':>15}{'cards':>15}{'page':>15}{'cpu':>15}")
    worst: dict[str, float] = {}
    for name, ask in cases():
        if only and only not in name:
            continue
        bare, found, cards, page, cpu = [], [], [], [], []
        for turn in range(rounds + 2):
            address = ask(dice)
            is_deep, address = "deep" in address, address.replace("&deep", "").replace("deep", "")
            query = search.Query.from_params(QueryDict(address))
            after = cursor_for(query) if is_deep else ""
            statements.clear()
            began = time.perf_counter()
            search.find(member, query, after=after, limit=PAGE)
            took = time.perf_counter() - began
            with connection.execute_wrapper(remember):
                search.find(member, query, after=after, limit=PAGE)
            begun = time.perf_counter()
            with connection.cursor() as cursor:
                for sql, params in statements:
                    cursor.execute(sql, params)
                    cursor.fetchall()
            bare_took = time.perf_counter() - begun
            url = f"/w/ours/library/?{address}" + (f"&before={after}" if after else "")
            begun = time.perf_counter()
            answer = client.get(url, headers={"HX-Request": "true"})
            cards_took = time.perf_counter() - begun
            begun, cpu_begun = time.perf_counter(), time.process_time()
            answer = client.get(url)
            page_took, cpu_took = time.perf_counter() - begun, time.process_time() - cpu_begun
            assert answer.status_code == 200
            if turn < 2:
                continue
            for times, seconds in (
                (bare, bare_took),
                (found, took),
                (cards, cards_took),
                (page, page_took),
                (cpu, cpu_took),
            ):
                times.append(seconds)
        worst[name] = sorted(page)[int(len(page) * 0.95)]
        print(f"{name:28}{spread(bare)}  {spread(found)}  {spread(cards)}  {spread(page)}  {spread(cpu)}", flush=True)
    offered = []
    for _round in range(rounds):
        began = time.perf_counter()
        for filter in all_filters():
            filter.choices(member)
        offered.append(time.perf_counter() - began)
    print(f"{'all choices of all filters':28}{'':15}{spread(offered)}")
    with connection.cursor() as cursor:
        for what, sql in (
            (
                "for comparison, count(*)",
                "SELECT count(*) FROM library_asset WHERE workspace_id = %s AND trashed_at IS NULL",
            ),
            (
                "for comparison, OFFSET",
                "SELECT id FROM library_asset WHERE workspace_id = %s AND trashed_at IS NULL ORDER BY id DESC LIMIT 24"
                f" OFFSET {len(numbers) // 2}",
            ),
        ):
            times = []
            for _round in range(5):
                began = time.perf_counter()
                cursor.execute(sql, [member.workspace_id])
                cursor.fetchall()
                times.append(time.perf_counter() - began)
            print(f"{what:28}{spread(times)}")
    slow = {name: round(seconds * 1000) for name, seconds in worst.items() if seconds > 0.03}
    print(f"pages with a p95 over 30 ms: {slow or 'none'}; load of the machine {os.getloadavg()[0]:.1f}", flush=True)


# --- the run ----------------------------------------------------------------------------------------------------------


def inside(arguments: argparse.Namespace) -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "studio.settings"
    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    from apps.library.models import Asset

    settings.ALLOWED_HOSTS = ["testserver"]
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    call_command("migrate", verbosity=0, stdout=io.StringIO())
    if not Asset.objects.exists():
        began = time.monotonic()
        fill(arguments.assets)
        print(f"{connection.vendor}: {arguments.assets:,} rows in {time.monotonic() - began:.0f} s", flush=True)
    measure(arguments.rounds, arguments.only)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--assets", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], help="one of them only")
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--keep", type=Path, help="a folder for SQLite's file: the next run finds it filled")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        inside(arguments)
        return
    from tests.services import postgres

    for engine in [arguments.engine] if arguments.engine else ["sqlite", "postgresql"]:
        folder = arguments.keep or Path(tempfile.mkdtemp(prefix="studio-library-"))
        try:
            with contextlib.ExitStack() as stack:
                url = (
                    os.environ.get("BENCHMARK_DATABASE_URL") or stack.enter_context(postgres())
                    if engine != "sqlite"
                    else ""
                )
                subprocess.run(
                    [sys.executable, __file__, "--inside", *sys.argv[1:]],
                    check=True,
                    cwd=ROOT,
                    env={**os.environ, "STUDIO_DATA": str(folder), "DATABASE_URL": url},
                )
        finally:
            if not arguments.keep:
                shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
