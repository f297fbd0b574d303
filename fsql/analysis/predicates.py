"""Filters over stored columns, apart from any engine.

A predicate tells for which rows a WHERE clause is TRUE. SQL's third value is settled
where the tree is built: no node negates another one, so that a NULL may count as no
anywhere in the tree. Arrow's expressions are one visitor, Iceberg's another one
(`fsql.analysis.pruning`).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

__all__ = [
    "And",
    "Compare",
    "CompareColumns",
    "Constant",
    "IsNaN",
    "IsNull",
    "Match",
    "MemberOf",
    "NotNull",
    "Or",
    "Predicate",
    "to_arrow",
]

Path = tuple[str, ...]


@dataclass(frozen=True)
class Constant:
    """All rows or none."""

    value: bool


@dataclass(frozen=True)
class And:
    """Rows for which all of `parts` hold."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True)
class Or:
    """Rows for which any of `parts` holds."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True)
class IsNull:
    """The value is NULL, or what it is nested in."""

    path: Path


@dataclass(frozen=True)
class NotNull:
    """The value is not NULL."""

    path: Path


@dataclass(frozen=True)
class IsNaN:
    """The value is a floating point NaN."""

    path: Path


@dataclass(frozen=True)
class Compare:
    """``path op value``; `op` is one of = <> < <= > >= and `value` has the storage type.

    As in Trino a NaN is unequal to everything and neither less nor greater.
    """

    op: str
    path: Path
    value: pa.Scalar


@dataclass(frozen=True)
class CompareColumns:
    """``left op right`` for two columns of one storage type."""

    op: str
    left: Path
    right: Path


@dataclass(frozen=True)
class MemberOf:
    """The value is (or, `negated`, is not NULL and is not) among `values`; no floats."""

    path: Path
    values: pa.Array
    negated: bool = False


@dataclass(frozen=True)
class Match:
    """A text begins with, ends with, or contains `text`, or is LIKE it (no escapes)."""

    kind: str
    path: Path
    text: str
    negated: bool = False


Predicate = (
    Constant | And | Or | IsNull | NotNull | IsNaN | Compare | CompareColumns | MemberOf | Match
)

_OPERATORS: dict[str, Callable[[pc.Expression, pc.Expression], pc.Expression]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def to_arrow(predicate: Predicate) -> pc.Expression:
    """The predicate for `pyarrow.dataset` scanners and `Table.filter`, over stored columns."""
    return _VISITORS[type(predicate)](predicate)


def _constant(node: Constant) -> pc.Expression:
    return pc.scalar(node.value)


def _and(node: And) -> pc.Expression:
    return reduce(operator.and_, map(to_arrow, node.parts))


def _or(node: Or) -> pc.Expression:
    return reduce(operator.or_, map(to_arrow, node.parts))


def _is_null(node: IsNull) -> pc.Expression:
    return pc.field(*node.path).is_null()


def _not_null(node: NotNull) -> pc.Expression:
    return pc.field(*node.path).is_valid()


def _is_nan(node: IsNaN) -> pc.Expression:
    return _despite_statistics(pc.field(*node.path).is_nan())


def _compare(node: Compare) -> pc.Expression:
    compared = _OPERATORS[node.op](pc.field(*node.path), pc.scalar(node.value))
    holds_for_nan = node.op == "<>" and pa.types.is_floating(node.value.type)
    return _despite_statistics(compared) if holds_for_nan else compared


def _despite_statistics(condition: pc.Expression) -> pc.Expression:
    """The same condition, for which Arrow leaves no row group of a Parquet file out.

    The minimum and maximum of a row group know nothing of NaN
    (https://github.com/apache/parquet-format, ColumnOrder). Arrow 26 takes [5, NaN] for
    all fives and skips it even for `is_nan(x)`. What it cannot know beforehand keeps it
    from that; only a call that depends on nothing is such, and Arrow offers no public way
    to write one.
    """
    never = pc.Expression._call("random", [], pc.RandomOptions()) < 0.0
    return condition | never


def _compare_columns(node: CompareColumns) -> pc.Expression:
    return _OPERATORS[node.op](pc.field(*node.left), pc.field(*node.right))


def _member_of(node: MemberOf) -> pc.Expression:
    column = pc.field(*node.path)
    found = column.isin(node.values)
    return column.is_valid() & ~found if node.negated else found


def _match(node: Match) -> pc.Expression:
    kinds: dict[str, Callable[[pc.Expression, str], pc.Expression]] = {
        "prefix": pc.starts_with,
        "suffix": pc.ends_with,
        "substring": pc.match_substring,
        "like": pc.match_like,
    }
    matched = kinds[node.kind](pc.field(*node.path), node.text)
    return ~matched if node.negated else matched


_VISITORS: dict[type, Callable[..., pc.Expression]] = {
    Constant: _constant,
    And: _and,
    Or: _or,
    IsNull: _is_null,
    NotNull: _not_null,
    IsNaN: _is_nan,
    Compare: _compare,
    CompareColumns: _compare_columns,
    MemberOf: _member_of,
    Match: _match,
}
