"""Finding things in the library: one query, one index, one result on both databases.

`find(member, query)` gives a page, `matching(member, query)` everything as a queryset; `Query.from_params` reads an
address. Whoever changes an asset's title, words, tags, note, rating or whether it is in the trash calls
`update([asset.pk])` in the same transaction. Apps add a filter with `register_filter`.
"""

from apps.library.search.filters import Choice, Filter, register_filter
from apps.library.search.finding import Found, fetch, find, matching
from apps.library.search.index import update
from apps.library.search.query import SORTS, Query

__all__ = ["SORTS", "Choice", "Filter", "Found", "Query", "fetch", "find", "matching", "register_filter", "update"]
