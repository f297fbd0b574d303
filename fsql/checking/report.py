"""What a check found, for people and for programs."""

from __future__ import annotations

import datetime as dt
import html
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import pandas as pd
import pyarrow as pa

from fsql.checking.repeats import Repeated
from fsql.errors import InvalidData, Problem

__all__ = ["ColumnReport", "Outcome", "Report"]

Outcome: TypeAlias = Literal["stored", "cast", "filled", "refused"]

HEADINGS = ("column", "outcome", "given", "stored as", "what")
WIDEST = (40, 8, 40, 40, 100)
LONGEST_VALUE = 40


@dataclass(frozen=True)
class ColumnReport:
    """What becomes of one column.

    Attributes:
        name: of the group, or of the data.
        outcome: "stored" as it is; "cast", which loses nothing; "filled" with NULL, for the data
            holds nothing else; or "refused".
        given: the types that the data has it in; none where it is missing.
        exact: the group's type; None for a column that the group has not.
        problems: why it is refused.
        example: of a cast, a value before and after.
        notes: what happens to some of its values.
    """

    name: str
    outcome: Outcome
    given: tuple[pa.DataType, ...]
    exact: pa.DataType | None
    problems: tuple[Problem, ...] = ()
    example: tuple[object, object] | None = None
    notes: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        """The problems, or an example and what else there is to say."""
        if self.problems:
            return "; ".join(_said(problem) for problem in self.problems)
        values = list(map(_shown, self.example or ()))
        # A string in another of Arrow's layouts looks no different.
        example = " -> ".join(values) if len(set(values)) > 1 else ""
        return "; ".join(filter(None, (example, *self.notes)))


@dataclass(frozen=True)
class Report:
    """What a write would do with data.

    Attributes:
        group: the name of the group's table.
        rows: how many the data has.
        columns: those of the group in their order, then strangers.
        problems: why it would be refused, in the words of the write; empty if it would not.
        keys, event_time: the columns that say whose features a row holds, and since when.
        repeated: rows whose key and event time stand in the data before. An append stores them
            all, an upsert the last one.
        event_times: the first and the last event time.
    """

    group: str
    rows: int
    columns: tuple[ColumnReport, ...]
    problems: tuple[Problem, ...]
    keys: tuple[str, ...]
    event_time: str | None
    repeated: Repeated
    event_times: tuple[object, object] | None

    @property
    def ok(self) -> bool:
        """Whether a write would take it."""
        return not self.problems

    def raise_for_problems(self) -> None:
        """Raise what a write would raise.

        Raises:
            InvalidData: there are problems.
        """
        if self.problems:
            raise InvalidData(self.group, self.problems)

    def to_frame(self) -> pd.DataFrame:
        """One row for each column."""
        return pd.DataFrame(
            {
                "column": [column.name for column in self.columns],
                "outcome": [column.outcome for column in self.columns],
                "given": [_types(column.given) for column in self.columns],
                "stored as": [_types([column.exact]) for column in self.columns],
                "what": [column.what for column in self.columns],
                "rows": [_row_count(column) for column in self.columns],
            }
        )

    @property
    def summary(self) -> str:
        """What there is to say of the data as a whole, line by line."""
        return "\n".join([self._verdict(), *self._remarks()])

    def _verdict(self) -> str:
        rows = f"{self.rows:,} row{'' if self.rows == 1 else 's'}"
        if self.ok and not self.rows:
            return f"{self.group}: the data has no rows; nothing would be written."
        if self.ok:
            return f"{self.group}: {rows} can be written."
        refused = sum(column.outcome == "refused" for column in self.columns)
        of = f"; {refused} of {len(self.columns)} columns are refused" if refused else ""
        return f"{self.group}: {rows} would be refused, nothing would be written{of}."

    def _remarks(self) -> Iterator[str]:
        for problem in self.problems:
            if problem.column is None:
                yield str(problem)
        if self.repeated.count:
            yield self._repeats()
        if self.event_times is not None:
            first, last = map(str, self.event_times)
            yield f"event times: {first} to {last}"

    def _repeats(self) -> str:
        names = ", ".join([*self.keys, *([self.event_time] if self.event_time else [])])
        count, rows = self.repeated.count, ", ".join(map(str, self.repeated.rows))
        if count == 1:
            return f"1 row repeats the {names} of an earlier one (row {rows})"
        more = ", …" if count > len(self.repeated.rows) else ""
        return f"{count:,} rows repeat the {names} of an earlier one (rows {rows}{more})"

    def __str__(self) -> str:
        lines = [HEADINGS, *map(_cells, self.columns)]
        return f"{self.summary}\n\n{_table(lines)}" if self.columns else self.summary

    def _repr_html_(self) -> str:
        said = "<br>".join(map(html.escape, self.summary.splitlines()))
        head = _html_row(HEADINGS, "th")
        rows = "".join(_html_row(_cells(column), "td") for column in self.columns)
        return f"<p>{said}</p><table><thead>{head}</thead><tbody>{rows}</tbody></table>"


def _cells(column: ColumnReport) -> tuple[str, ...]:
    return (
        column.name,
        column.outcome,
        _types(column.given) or "missing",
        _types([column.exact]) or "unknown",
        column.what,
    )


def _html_row(cells: Sequence[str], tag: str) -> str:
    return f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)}</tr>"


def _types(types: Sequence[pa.DataType | None]) -> str:
    return " or ".join(str(type_) for type_ in types if type_ is not None)


def _said(problem: Problem) -> str:
    values = [_shown(value) for value in problem.values if value is not None]
    return f"{problem.told}: {', '.join(values)}" if values else problem.told


def _shown(value: object) -> str:
    text = str(value) if isinstance(value, dt.date | dt.time | dt.timedelta) else repr(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def _row_count(column: ColumnReport) -> int:
    return max((problem.count for problem in column.problems), default=0)


def _table(lines: Sequence[Sequence[str]]) -> str:
    """Columns beside each other, each as wide as it has to be, long texts on several lines."""
    widths = [
        min(most, max(len(line[place]) for line in lines)) for place, most in enumerate(WIDEST)
    ]
    return "\n".join(row for line in lines for row in _wrapped(line, widths))


def _wrapped(line: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    parts = [textwrap.wrap(cell, width) or [""] for cell, width in zip(line, widths, strict=True)]
    for place in range(max(map(len, parts))):
        cells = [part[place] if place < len(part) else "" for part in parts]
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        yield "  ".join(padded).rstrip()
