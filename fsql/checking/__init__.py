"""What a write would make of data, told before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from fsql.checking.columns import Columns
from fsql.checking.repeats import Repeats
from fsql.checking.report import ColumnReport, Report
from fsql.checking.spans import Span
from fsql.errors import InvalidData, StorageError
from fsql.fitting import Fitting, Problems
from fsql.model import FeatureGroup
from fsql.storage import Storage
from fsql.writer.inputs import open_source

__all__ = ["ColumnReport", "Report", "check", "examine"]


def check(fg: FeatureGroup, data: Any) -> Report:
    """Say, column by column, what `FeatureStore.write` would do with data; writes nothing.

    It is the write's own code that looks at the rows, so what is refused here is refused there,
    in the same words. Rows that a write takes and that are odd all the same are counted: those
    whose key and event time stand in the data before.

    Args:
        fg: the group to write to.
        data: what `FeatureStore.write` takes, but for s3:// URIs. A stream is used up.

    Raises:
        ConfigError: an s3:// URI, or a folder of files of several formats.
        TypeError: `data` is no frame and no path.
    """
    return examine(fg, data)


def examine(group: FeatureGroup, data: Any, storage: Storage | None = None) -> Report:
    """As `check`.

    Args:
        storage: where s3:// URIs lead.
    """
    look = _Look(group)
    try:
        source = open_source(data, group, storage, look.problems)
        for lane in source.lanes:
            for first_row, table in lane:
                look.at(table, first_row)
    except InvalidData as error:
        look.problems.include(error.problems)
    except StorageError as error:
        look.problems.add(None, str(error))
    return look.report()


class _Look:
    """What has been seen of the data so far."""

    def __init__(self, group: FeatureGroup) -> None:
        self._group = group
        self.problems = Problems(group.name, group.columns.keys())
        self._fittings: dict[pa.Schema, Fitting] = {}
        self._rows = 0
        self._columns = Columns(group)
        self._repeats = Repeats([*group.keys, *self._times()])
        self._span = Span(group.event_time)

    def _times(self) -> Iterator[str]:
        if self._group.event_time is not None:
            yield self._group.event_time

    def at(self, table: pa.Table, first_row: int) -> None:
        fitting = self._fittings.get(table.schema)
        if fitting is None:
            fitting = Fitting(self._group, table.schema, self.problems)
            self._fittings[table.schema] = fitting
        fitted = fitting.fit_columns(table, first_row)
        self._rows += len(table)
        good = {name: c for name, c in fitted.items() if not self.problems.concern(name)}
        self._columns.add(table, good)
        self._repeats.add(fitted, first_row)
        self._span.add(fitted)

    def report(self) -> Report:
        problems = self.problems.sorted()
        return Report(
            group=self._group.name,
            rows=self._rows,
            columns=self._columns.reports(problems),
            problems=tuple(problems),
            keys=self._group.keys,
            event_time=self._group.event_time,
            repeated=self._repeats.found(),
            event_times=self._span.ends(),
        )
