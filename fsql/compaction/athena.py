"""Athena's OPTIMIZE and VACUUM, as often as it takes until nothing is left to do."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable

from fsql.catalog import Catalog, Entry
from fsql.dbapi import connect
from fsql.errors import CommitConflict, InvalidQuery, QueryFailed
from fsql.planning import Planner

__all__ = ["THRESHOLD", "optimize", "set_threshold", "vacuum"]

THRESHOLD = "optimize_rewrite_data_file_threshold"
"""The table property that says how many small files of a partition OPTIMIZE wants at least."""

RUNS = 500  # OPTIMIZE takes 100 partitions at a time, VACUUM 20,000 files
ATTEMPTS = 4
MORE = "MORE_RUNS_NEEDED"  # with ICEBERG_OPTIMIZE_ or ICEBERG_VACUUM_ before it
OVERTAKEN = "ICEBERG_COMMIT_ERROR"
_PLAIN = re.compile(r"[a-z][a-z0-9_]*")


def optimize(catalog: Catalog, entry: Entry, where: str | None, show: Callable[[int], None]) -> int:
    """Run OPTIMIZE until it is done; how many times that took.

    Raises:
        CommitConflict: other writers were always quicker.
        InvalidQuery, QueryFailed, QueryCancelled: Athena did not do it.
    """
    condition, name = "" if where is None else f" WHERE {where}", _name(entry, '"')
    sql = f"OPTIMIZE {name} REWRITE DATA USING BIN_PACK{condition}"
    return _until_done(catalog, entry, sql, show)


def vacuum(catalog: Catalog, entry: Entry, show: Callable[[int], None]) -> int:
    """Run VACUUM until it is done; how many times that took. Raises as `optimize` does."""
    return _until_done(catalog, entry, f"VACUUM {_name(entry, '`')}", show)


def set_threshold(catalog: Catalog, entry: Entry, files: int) -> None:
    """Set `THRESHOLD` of a table, if it is another one. Raises as `optimize` does."""
    if entry.parameters.get(THRESHOLD) != str(files):
        name = f"`{entry.database}`.`{entry.name}`"
        _attempted(
            catalog, entry, f"ALTER TABLE {name} SET TBLPROPERTIES ('{THRESHOLD}'='{files}')"
        )


def _until_done(catalog: Catalog, entry: Entry, sql: str, show: Callable[[int], None]) -> int:
    for run in range(1, RUNS + 1):
        done = _attempted(catalog, entry, sql)
        show(1)
        if done:
            return run
    raise QueryFailed(f"After {RUNS} runs there is more to do yet. Run it again: {sql}")


def _attempted(catalog: Catalog, entry: Entry, sql: str) -> bool:
    """Run a statement; whether nothing is left to do."""
    failure: Exception | None = None
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(random.uniform(0.5, 1) * 0.2 * 2**attempt)
        try:
            with connect(planner=Planner(catalog)) as connection, connection.cursor() as cursor:
                cursor.execute(sql)
            return True
        except (InvalidQuery, QueryFailed) as error:
            if MORE in str(error):
                return False
            if OVERTAKEN not in str(error):
                raise
            failure = error
    raise CommitConflict(
        f"Other writers to {entry.name!r} were quicker {ATTEMPTS} times over. Its rows are the same"
        " as before; compact it again when there are fewer of them."
    ) from failure


def _name(entry: Entry, quote: str) -> str:
    """A table's name; quoted where it must be, for Athena's grammars differ in how."""
    parts = (entry.database, entry.name)
    return ".".join(part if _PLAIN.fullmatch(part) else f"{quote}{part}{quote}" for part in parts)
