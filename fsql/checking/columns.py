"""What becomes of each column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from fsql.checking.report import ColumnReport, Outcome
from fsql.conversion import decode, python_value, stored
from fsql.errors import Problem
from fsql.fitting import cut_to_milliseconds
from fsql.model import FeatureGroup
from fsql.rebuilding import takeable
from fsql.types import InstantType, plain_type

__all__ = ["Columns"]


@dataclass
class _Seen:
    """One column of the data so far."""

    given: list[pa.DataType] = field(default_factory=list)
    example: tuple[object, object] | None = None
    emptied: int = 0
    cut: int = 0
    changed: int = 0


class Columns:
    """What becomes of each column, gathered over tables.

    Args:
        group: what they are fitted to.
    """

    def __init__(self, group: FeatureGroup) -> None:
        self._group = group
        self._schema = group.arrow_schema
        self._seen: dict[str, _Seen] = {}

    def add(self, table: pa.Table, fitted: Mapping[str, pa.ChunkedArray]) -> None:
        """See a table, and what those of its columns that fit were cast to."""
        for field_ in table.schema:
            seen = self._seen.setdefault(field_.name, _Seen())
            if field_.type not in seen.given:
                seen.given.append(field_.type)
        for name, column in fitted.items():
            self._add_cast(self._seen[name], table.column(name), column)

    def _add_cast(self, seen: _Seen, given: pa.ChunkedArray, fitted: pa.ChunkedArray) -> None:
        seen.emptied += max(0, fitted.null_count - given.null_count)
        is_shown, shown = isinstance(fitted.type, InstantType), fitted
        if is_shown or (self._group.definition.truncate and pa.types.is_timestamp(given.type)):
            kept = pa.table([stored(fitted)], [""])
            kept = cut_to_milliseconds(self._group, kept).column(0)
            seen.cut += _cut(given, kept)
            shown = decode(kept, pa.field("", fitted.type)) if is_shown else fitted
        if not given.type.equals(shown.type):
            seen.example = seen.example or _example(given, shown, shown.is_valid())
        elif is_shown:
            layout = takeable(given.type)
            changed = pc.fill_null(pc.not_equal(given.cast(layout), shown.cast(layout)), False)
            seen.changed += pc.sum(changed, min_count=0).as_py()
            seen.example = seen.example or _example(given, shown, changed)

    def reports(self, problems: Sequence[Problem]) -> tuple[ColumnReport, ...]:
        """All columns, of the group in its order and then of the data."""
        names = dict.fromkeys([*self._schema.names, *self._seen])
        wrong: dict[str, list[Problem]] = {}
        for problem in problems:
            if problem.column is not None:
                wrong.setdefault(problem.column, []).append(problem)
        known = [name for name in names if name in self._seen or name in wrong]
        return tuple(self._report(name, wrong.get(name, [])) for name in known)

    def _report(self, name: str, problems: list[Problem]) -> ColumnReport:
        seen = self._seen.get(name, _Seen())
        known = name in self._schema.names
        exact = plain_type(self._schema.field(name).type) if known else None
        outcome = _outcome(seen, exact, problems)
        return ColumnReport(
            name=name,
            outcome=outcome,
            given=tuple(seen.given),
            exact=self._schema.field(name).type if known else None,
            problems=tuple(problems),
            example=seen.example if outcome == "cast" else None,
            notes=() if problems else _notes(seen),
        )


def _outcome(seen: _Seen, exact: pa.DataType | None, problems: Sequence[Problem]) -> Outcome:
    if problems:
        return "refused"
    if all(pa.types.is_null(type_) for type_ in seen.given):
        return "filled"
    same = all(type_.equals(exact) for type_ in seen.given)
    return "stored" if same and not seen.changed else "cast"


def _notes(seen: _Seen) -> tuple[str, ...]:
    emptied = f"{seen.emptied:,} NaN become NULL" if seen.emptied else ""
    cut = f"{seen.cut:,} times are cut" if seen.cut else ""
    changed = f"{seen.changed:,} values are spelled otherwise" if seen.changed else ""
    return tuple(filter(None, (emptied, cut, changed)))


def _cut(given: pa.ChunkedArray, kept: pa.ChunkedArray) -> int:
    """How many times are stored less fine than they are."""
    if not pa.types.is_timestamp(given.type):
        return 0
    unit = pa.timestamp(given.type.unit)
    differ = pc.not_equal(given.cast(unit), kept.cast(unit, safe=False))
    return int(pc.sum(differ, min_count=0).as_py())


def _example(
    given: pa.ChunkedArray, shown: pa.ChunkedArray, which: pa.ChunkedArray
) -> tuple[object, object] | None:
    """The first value of `which`, before and after."""
    place = pc.index(which, True).as_py()
    if place < 0:
        return None
    before, after = given.slice(place, 1), shown.slice(place, 1)
    return python_value(before.chunk(0), 0), python_value(after.chunk(0), 0)
