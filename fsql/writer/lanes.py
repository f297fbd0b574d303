"""The threads that check, encode and write rows."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

import pyarrow as pa

from fsql.fitting import Fitting, Problems, encode_table
from fsql.model import FeatureGroup
from fsql.writer.sources import Lane, Source

__all__ = ["Upload", "run"]

Write = Callable[[int, int, pa.Table], None]
"""Takes the lane's number, how many rows of the data came before, and rows in storage types."""


@dataclass
class Upload:
    """Rows on their way to a group, and what is wrong with them."""

    group: FeatureGroup
    source: Source
    problems: Problems
    show: Callable[[int], None]
    _fittings: dict[pa.Schema, Fitting] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fit(self, table: pa.Table, first_row: int) -> pa.Table | None:
        """The rows as they are stored; None as soon as any row is known not to fit."""
        with self._lock:
            fitting = self._fittings.get(table.schema)
            if fitting is None:
                fitting = Fitting(self.group, table.schema, self.problems)
                self._fittings[table.schema] = fitting
        fitted = fitting.fit(table, first_row)
        return None if self.problems else encode_table(self.group, fitted)


def run(upload: Upload, write: Write) -> int:
    """Send every lane's rows through `write`, each lane in its own thread.

    From the first problem on, rows are only checked, so that all problems come to light.

    Returns:
        How many rows there were.
    """
    stop = threading.Event()
    lanes = upload.source.lanes
    with ThreadPoolExecutor(max(1, len(lanes)), "fsql-write") as pool:
        futures = [
            pool.submit(_drive, number, lane, upload, write, stop)
            for number, lane in enumerate(lanes)
        ]
        try:
            return sum(future.result() for future in as_completed(futures))
        except BaseException:
            stop.set()  # the pool waits for the others, which have to know
            raise


def _drive(number: int, lane: Lane, upload: Upload, write: Write, stop: threading.Event) -> int:
    rows = 0
    for first_row, table in lane:
        if stop.is_set():
            break
        fitted = upload.fit(table, first_row)
        if fitted is not None and len(fitted):
            write(number, first_row, fitted)
        rows += len(table)
        upload.show(len(table))
    return rows
