"""SELECT: translation, kept while the tables stay as they are, and the CSV of its rows."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sized
from dataclasses import dataclass
from typing import TypeVar

from fsql.local.athena.results import write_csv, write_small_csv
from fsql.local.columns import ResultColumn
from fsql.local.statements.context import Context, Outcome
from fsql.local.statements.nodes import Query, Select
from fsql.local.tables.resolver import Binding, types_of
from fsql.local.text import athena_text
from fsql.local.transpile import translate
from fsql.local.transpile import types as tt

__all__ = ["Ready", "Translations", "run_select"]

T = TypeVar("T", bound=Sized)

_KEPT = 500
_SMALL_BYTES = 1 << 20
_ROWS_IN_MEMORY = 999  # with the header, a full page of GetQueryResults


@dataclass(frozen=True)
class Ready:
    """A query in DuckDB's SQL, and its columns with their Trino types in full.

    Attributes:
        small: whether few rows are to be expected. Right or wrong, the result is the same.
    """

    sql: str
    columns: tuple[ResultColumn, ...]
    types: tuple[tt.Type, ...]
    small: bool


class Translations:
    """Translated queries, each good as long as the tables it names have not changed."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str | None], tuple[Binding, Ready]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, context: Context, query: Query) -> Ready:
        """A query ready to run; TrinoError for what Athena would refuse."""
        key = query.text, context.database
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and kept[0].current():
            return kept[1]
        binding = Binding(context.tables, context.database, context.session)
        ready = _translate(context, query, binding)
        with self._lock:
            self._kept[key] = binding, ready
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return ready


def _translate(context: Context, query: Query, binding: Binding) -> Ready:
    translated = translate(query.parse(), binding)
    types = tuple(types_of(translated, context.session.types_of))
    names = [column.name for column in translated.columns]
    columns = tuple(ResultColumn(n, str(t)) for n, t in zip(names, types, strict=True))
    return Ready(translated.sql, columns, types, binding.size < _SMALL_BYTES)


def run_select(context: Context, statement: Select, translations: Translations) -> Outcome:
    """Run a query and write its rows to the output."""
    ready = translations.get(context, statement.query)
    names, sql = [column.name for column in ready.columns], as_text(ready)
    counts: list[int] = []
    with context.file() as path:
        if ready.small:
            chunks = _counted(context.session.chunks(sql), counts)
            rows = write_small_csv(path, names, chunks, _ROWS_IN_MEMORY)
        else:
            batches = _counted(context.session.stream(sql), counts)
            rows = write_csv(path, names, batches, _ROWS_IN_MEMORY)
        size = path.stat().st_size
    count = sum(counts)
    return Outcome(ready.columns, rows, header=True, update_count=0, count=count, size=size)


def _counted(pieces: Iterator[T], counts: list[int]) -> Iterator[T]:
    for piece in pieces:
        counts.append(len(piece))
        yield piece


def as_text(ready: Ready) -> str:
    """The query with every column as Athena prints it; names don't matter and may repeat."""
    names = [f"c{position}" for position in range(len(ready.columns))]
    texts = ", ".join(
        f"{athena_text(name, type_)} AS {name}"
        for name, type_ in zip(names, ready.types, strict=True)
    )
    return f"SELECT {texts} FROM ({ready.sql}) AS result_({', '.join(names)})"
