"""How rare words are among the items, counted now and then and kept in the process."""

from __future__ import annotations

import threading

from django.db import connection

from weimin.kernel.catalogue.rules import ranking, searching

#: Of very many items the newest are counted: a rarity is an estimate.
_COUNTED_AT_MOST = 5000
_IN_FORCE = (
    "FROM catalogue_itemversion v JOIN catalogue_item i ON i.id = v.item_id"
    " WHERE v.status = 'in_force' AND i.list_code = 'service'"
)
_NEWEST = f"SELECT v.search {_IN_FORCE} AND v.search IS NOT NULL ORDER BY v.id DESC"
_lock = threading.Lock()
_kept: tuple[int, dict[str, float]] | None = None


def rarities() -> dict[str, float]:
    """The rarity of every word of the items in force; words that no item has are missing.

    Counted again once the newest version's number has grown by a twentieth: a rarity changes slowly.

    Cost:   one small query; one over up to 5,000 items each time that they are counted
    """
    global _kept
    newest = _newest()
    kept = _kept
    if kept and kept[0] <= newest <= kept[0] * ranking.GROWTH:
        return kept[1]
    with _lock:
        _kept = (newest, _count())
        return _kept[1]


def forget_rarities() -> None:
    """Count anew at the next question."""
    global _kept
    _kept = None


def _newest() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM catalogue_itemversion")
        return int(cursor.fetchone()[0])


def _count() -> dict[str, float]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {_IN_FORCE}")
        documents = min(int(cursor.fetchone()[0]), _COUNTED_AT_MOST)
        cursor.execute(
            "SELECT word, ndoc FROM ts_stat(%s) WHERE word NOT LIKE %s",
            [f"{_NEWEST} LIMIT {_COUNTED_AT_MOST}", searching.PINYIN + "%"],
        )
        return {word: ranking.rarity(documents, holding) for word, holding in cursor.fetchall()}
