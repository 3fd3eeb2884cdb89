"""Keeps the index right. Whoever changes what is found about an asset calls `update` within the same transaction."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connections, transaction

from apps.library.models import Asset, SearchEntry, Tagging
from apps.library.names import voice_label
from apps.library.search import terms

WORDS_IN_REQUEST = ("text", "prompt", "lyrics", "title")  # names in a request that hold a person's own words
EPOCH_MS = 1_577_836_800_000  # 2020
TITLE_LENGTH = SearchEntry._meta.get_field("title").max_length or 0
TOGETHER = 200
BIGGEST = 2**62

COSTS = (("free", 0), ("1c", 10_000), ("10c", 100_000), ("1usd", 1_000_000), ("more", BIGGEST))  # up to, in $ / 10⁶
SIZES = (("100kb", 100_000), ("1mb", 10**6), ("10mb", 10**7), ("100mb", 10**8), ("more", BIGGEST))  # bytes
LENGTHS = (("10s", 10_000), ("1min", 60_000), ("10min", 600_000), ("more", BIGGEST))  # ms


def number_of(asset_id: uuid.UUID) -> int:
    """63 bits in the order of the ids: their time, then what follows it within a millisecond."""
    return number_at(asset_id.int >> 80) | (asset_id.int >> 32) & 0x3FFFFF


def number_at(time_ms: int) -> int:
    """The first number of that moment."""
    return min(max(time_ms - EPOCH_MS, 0), 2**41 - 1) << 22


def level(levels: Sequence[tuple[str, int]], amount: int) -> str:
    return next(name for name, most in levels if amount <= most)


def update(asset_ids: Iterable[uuid.UUID]) -> None:
    """Write the entries of these assets anew from what the database holds now."""
    wanted = list(asset_ids)
    for start in range(0, len(wanted), TOGETHER):
        with transaction.atomic():
            _update(wanted[start : start + TOGETHER])


def _update(asset_ids: list[uuid.UUID]) -> None:
    # The lock comes first: of two who change different things, the second reads what the first has written.
    held = SearchEntry.objects.select_for_update(of=("self",)).filter(asset__in=asset_ids).order_by("number")
    known = dict(held.values_list("asset_id", "number"))
    assets = list(Asset.objects.filter(pk__in=asset_ids).defer("peaks", "subtitles", "measurements", "usage"))
    tags: dict[uuid.UUID, list[tuple[int, str]]] = defaultdict(list)
    for asset_id, tag_id, name in Tagging.objects.filter(asset__in=assets).values_list(
        "asset_id", "tag_id", "tag__name"
    ):
        tags[asset_id].append((tag_id, name))
    for asset in assets:
        values = describe(asset, tags[asset.pk])
        if asset.pk in known:
            SearchEntry.objects.filter(pk=known[asset.pk]).update(**values)
        else:
            _create(asset, values)


def _create(asset: Asset, values: Mapping[str, Any]) -> None:
    number = number_of(asset.pk)
    while True:
        try:
            with transaction.atomic():
                SearchEntry.objects.create(number=number, asset=asset, **values)
        except IntegrityError:
            if SearchEntry.objects.filter(asset=asset).exists():
                return
            number += 1  # another of the same instant has it
        else:
            return


def describe(asset: Asset, tags: Iterable[tuple[int, str]] = ()) -> dict[str, Any]:
    """The columns of an asset's entry."""
    tags = list(tags)
    cost = int((asset.cost_usd or Decimal(0)) * 1_000_000)
    duration = round((asset.duration_s or 0) * 1000)
    own = [str(asset.request[name]) for name in WORDS_IN_REQUEST if asset.request.get(name)]
    voice = f"{asset.voice_id} {voice_label(asset.voice_id)}" if asset.voice_id else ""
    words = terms.words_of(
        [asset.title, *(name for _pk, name in tags), asset.note, voice, asset.model, asset.trace_id, asset.text, *own]
    )
    facts = [
        terms.fact(terms.KIND, asset.kind),
        terms.fact(terms.PERSON, asset.created_by_id),
        terms.fact(terms.SIZE, level(SIZES, asset.size)),
        *(terms.fact(terms.TAG, pk) for pk, _name in tags),
        *(terms.fact(terms.RATING, stars) for stars in range(1, asset.rating + 1)),
    ]
    if asset.model:
        facts.append(terms.fact(terms.MODEL, asset.model))
    if asset.voice_id:
        facts.append(terms.fact(terms.VOICE, asset.voice_id))
    if asset.cost_usd is not None:
        facts.append(terms.fact(terms.COST, level(COSTS, cost)))
    if asset.duration_s:
        facts.append(terms.fact(terms.LENGTH, level(LENGTHS, duration)))
    space = terms.space_of(asset.workspace_id, trashed=asset.trashed_at is not None)
    return {
        "space": space,
        "title": terms.normalise(asset.title)[:TITLE_LENGTH],
        "cost": cost,
        "size": asset.size,
        "duration": duration,
        "words": [*(space + fact for fact in facts), *(f"{space}{terms.WORD}{word}" for word in words)],
    }


def rebuild(*, only_missing: bool = False) -> int:
    """Write every entry anew, or those that are missing; return how many."""
    assets = Asset.objects.filter(entry=None) if only_missing else Asset.objects.all()
    done, last = 0, uuid.UUID(int=0)
    while ids := list(assets.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:TOGETHER]):
        update(ids)
        done, last = done + len(ids), ids[-1]
    if not only_missing:
        _tidy()
    return done


def _tidy() -> None:
    connection = connections[SearchEntry.objects.db]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("INSERT INTO library_words (library_words) VALUES ('rebuild')")
            cursor.execute("INSERT INTO library_words (library_words) VALUES ('optimize')")
        else:
            cursor.execute("ANALYZE library_searchentry")
