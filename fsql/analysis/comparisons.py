"""One stored column against one constant, with Trino's coercions worked out beforehand.

Trino brings both sides to a common type and compares there. Where the column's values
lie on a grid (integers, decimals, dates, timestamps) that is the comparison of exact
numbers, so the constant is moved to the grid and the column is left as it is stored.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import pyarrow as pa

from fsql.analysis.literals import DAY, Literal, to_double
from fsql.analysis.predicates import (
    And,
    Compare,
    Constant,
    IsNaN,
    MemberOf,
    NotNull,
    Or,
    Path,
    Predicate,
)
from fsql.types import MAX_DECIMAL_DIGITS

__all__ = ["NEGATED", "Stored", "Untranslatable", "compare", "member_of"]

BIGINT_DIGITS = 19
NEGATED = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


class Untranslatable(Exception):
    """The condition has no exact counterpart over stored columns."""


@dataclass(frozen=True)
class Stored:
    """A stored column or nested field: its path and its storage type."""

    path: Path
    type: pa.DataType

    @property
    def floating(self) -> bool:
        """Whether it can be NaN."""
        return bool(pa.types.is_floating(self.type))

    @property
    def comparable(self) -> bool:
        """Whether values of its type can be compared here at all."""
        return self.floating or bool(pa.types.is_string(self.type)) or _grid(self.type) is not None


def compare(op: str, column: Stored, literal: Literal, negated: bool) -> Predicate:
    """The rows for which ``column op literal`` is TRUE; or, `negated`, is FALSE.

    Raises:
        Untranslatable: Trino would compare in a type that rounds, or would refuse.
    """
    if literal.kind == "null":
        return Constant(False)
    if negated and column.floating and op not in ("=", "<>"):
        # No comparison with NaN holds, so every negated one does.
        return Or((_compare(NEGATED[op], column, literal), IsNaN(column.path)))
    return _compare(NEGATED[op] if negated else op, column, literal)


def member_of(column: Stored, literals: Sequence[Literal], negated: bool) -> Predicate:
    """The rows for which ``column IN (literals)`` is TRUE; or, `negated`, is FALSE.

    Raises:
        Untranslatable: see `compare`.
    """
    given = [literal for literal in literals if literal.kind != "null"]
    if negated and len(given) < len(literals):
        return Constant(False)
    if column.floating:
        parts = tuple(compare("=", column, literal, negated) for literal in given)
        nothing = NotNull(column.path) if negated else Constant(False)
        return (And(parts) if negated else Or(parts)) if parts else nothing
    if any(literal.kind == "double" for literal in given):
        raise Untranslatable("a double among values makes Trino compare in double")
    return MemberOf(column.path, _values(column, given), negated)


def _values(column: Stored, literals: Sequence[Literal]) -> pa.Array:
    """Those of the constants that the column can equal."""
    grid = _grid(column.type)
    if grid is not None:
        places = [grid.place(literal) for literal in literals]
        return grid.array([int(place) for place in places if grid.has(place)])
    if not (pa.types.is_string(column.type) and all(each.kind == "varchar" for each in literals)):
        raise Untranslatable(f"{column.type} among constants")
    return pa.array([literal.value for literal in literals], column.type)


def _compare(op: str, column: Stored, literal: Literal) -> Predicate:
    grid = _grid(column.type)
    if pa.types.is_boolean(column.type) and op not in ("=", "<>"):
        raise Untranslatable("an order of booleans")
    if grid is not None:
        return _on_grid(op, column.path, grid, grid.place(literal))
    if column.floating:
        return Compare(op, column.path, _float(column.type, literal))
    if not (pa.types.is_string(column.type) and literal.kind == "varchar"):
        raise Untranslatable(f"{column.type} and {literal.kind}")
    return Compare(op, column.path, pa.scalar(literal.value, column.type))


# --- values on a grid --------------------------------------------------------------------------


@dataclass(frozen=True)
class _Grid:
    """A type whose values are the integers from `low` to `high` times a unit."""

    type: pa.DataType
    low: int
    high: int
    kinds: frozenset[str]

    def place(self, literal: Literal) -> Fraction:
        """Where a constant lies, in units; not always on the grid.

        Raises:
            Untranslatable: the common type is not one of exact numbers.
        """
        if literal.kind not in self.kinds:
            raise Untranslatable(f"{self.type} and {literal.kind}")
        if literal.kind == "boolean":
            return Fraction(bool(literal.value))
        if pa.types.is_temporal(self.type):
            return _place_time(self.type, literal)
        self._check_number(literal)
        return literal.number * 10**self.scale if self.scale else literal.number

    def has(self, place: Fraction) -> bool:
        """Whether a value of the type lies there."""
        return place.denominator == 1 and self.low <= place <= self.high

    def array(self, places: Sequence[int]) -> pa.Array:
        """The values at these places."""
        if pa.types.is_decimal(self.type):
            return pa.array([Decimal(place).scaleb(-self.scale) for place in places], self.type)
        if pa.types.is_boolean(self.type):
            return pa.array([bool(place) for place in places], self.type)
        return pa.array(places, self.type)

    @property
    def scale(self) -> int:
        """Digits after the point."""
        return int(self.type.scale) if pa.types.is_decimal(self.type) else 0

    def _check_number(self, literal: Literal) -> None:
        if literal.kind == "double":
            # bigint is rounded to double, which keeps the order with what is below 2**53.
            if pa.types.is_decimal(self.type) or abs(literal.number) >= 2**53:
                raise Untranslatable("a comparison in double")
        elif literal.kind == "decimal" or pa.types.is_decimal(self.type):
            whole = literal.digits - literal.scale if literal.kind == "decimal" else BIGINT_DIGITS
            whole = max(len(str(self.high)) - self.scale, whole)
            if whole + max(self.scale, literal.scale) > MAX_DECIMAL_DIGITS:
                raise Untranslatable("no decimal type holds both")


def _place_time(type_: pa.DataType, literal: Literal) -> Fraction:
    if pa.types.is_date(type_):
        return literal.number if literal.kind == "date" else literal.number / DAY
    return literal.number * DAY if literal.kind == "date" else literal.number


_NUMBERS = frozenset({"integer", "decimal", "double"})
_TIMES = frozenset({"date", "timestamp"})


def _grid(type_: pa.DataType) -> _Grid | None:
    if pa.types.is_integer(type_):
        return _Grid(type_, -(2 ** (type_.bit_width - 1)), 2 ** (type_.bit_width - 1) - 1, _NUMBERS)
    if pa.types.is_decimal128(type_):
        return _Grid(type_, 1 - 10**type_.precision, 10**type_.precision - 1, _NUMBERS)
    if pa.types.is_date32(type_):
        return _Grid(type_, -(2**31), 2**31 - 1, _TIMES)
    if type_ == pa.timestamp("us"):
        return _Grid(type_, -(2**63), 2**63 - 1, _TIMES)
    if pa.types.is_boolean(type_):
        return _Grid(type_, 0, 1, frozenset({"boolean"}))
    return None


def _on_grid(op: str, path: Path, grid: _Grid, place: Fraction) -> Predicate:
    if op in ("=", "<>"):
        if grid.has(place):
            return Compare(op, path, grid.array([int(place)])[0])
        return Constant(False) if op == "=" else NotNull(path)
    upward = op in (">", ">=")
    if place.denominator != 1:
        op = ">=" if upward else "<="
    units = math.ceil(place) if upward else math.floor(place)
    if grid.low <= units <= grid.high:
        return Compare(op, path, grid.array([units])[0])
    return NotNull(path) if (units < grid.low) == upward else Constant(False)


# --- floats ------------------------------------------------------------------------------------


def _float(type_: pa.DataType, literal: Literal) -> pa.Scalar:
    if literal.kind not in _NUMBERS:
        raise Untranslatable(f"{type_} and {literal.kind}")
    double = to_double(literal)
    if double is None:
        raise Untranslatable("the last bit of a double is not certain")
    value = float(double.number)
    if pa.types.is_float32(type_) and (double.number != literal.number or not _is_single(value)):
        raise Untranslatable("a comparison of real and a number that is none")
    return pa.scalar(value, type_)


def _is_single(value: float) -> bool:
    try:
        return bool(struct.unpack("f", struct.pack("f", value))[0] == value)
    except OverflowError:
        return False
