"""What `fsql.fitting` checks of rows that come in, asked of rows that Athena has staged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa

from fsql.errors import InvalidData, Problem
from fsql.formatting import ParameterFormatter, literal
from fsql.hivekeys import NULL_FOLDER
from fsql.inserts.matching import required
from fsql.inserts.queries import quoted
from fsql.model import FeatureGroup
from fsql.notes import categories_of, noted
from fsql.types import TypeVisitor, storage_type
from fsql.types.instants import EpochType

__all__ = ["Check", "check_sql", "checks", "refuse"]

Refused: TypeAlias = list[tuple[str, str]]
"""Pairs of what is wrong with a value, and the SQL that is true if it is."""

LONGEST_TEXT = 200  # bytes, see `fsql.fitting.hive`
# The highest count up to which a float of that size has every integer.
_COUNTED = {16: "2048e0", 32: "16777216e0", 64: "9007199254740992e0"}


@dataclass(frozen=True)
class Check:
    """Something that no row may show: what it is, and the SQL that is true where one does."""

    column: str
    what: str
    sql: str


def checks(group: FeatureGroup, counted: frozenset[str]) -> list[Check]:
    """All that can be wrong with rows that are stored in the right types.

    Args:
        counted: columns of floats that were integers.
    """
    return [
        Check(field.name, what, sql)
        for field in noted(group.arrow_schema)
        for what, sql in _of_column(field, group, field.name in counted)
    ]


def _of_column(field: pa.Field, group: FeatureGroup, counted: bool) -> Iterator[tuple[str, str]]:
    sql = quoted(field.name)
    if field.name in required(group):
        number = pa.types.is_floating(field.type) and field.name in group.keys
        yield "is NULL, and must not be", f"{sql} IS NULL" + (f" OR is_nan({sql})" * number)
    if counted:
        limit = _COUNTED[field.type.bit_width]
        yield f"is out of the range that {field.type} counts", f"abs({sql}) >= {limit}"
    known = categories_of(field) if pa.types.is_dictionary(field.type) else None
    if known is not None and field.type.ordered:
        yield "is none of the categories", f"{sql} NOT IN ({_listed(known.to_pylist())})"
    hive = group.definition.table_format == "hive"
    yield from _Refused(sql, milliseconds=hive).visit(field.type)
    if hive and any(p.column == field.name for p in group.definition.partition_by):
        yield from _of_folder(sql, storage_type(field.type))


def _of_folder(sql: str, type_: pa.DataType) -> Refused:
    """What the name of a folder cannot spell, see `fsql.fitting.hive`."""
    if pa.types.is_date(type_):
        outside = f"{sql} < DATE '0001-01-01' OR {sql} > DATE '9999-12-31'"
        return [("is no date of the years 1 to 9999, as a folder's name needs", outside)]
    if not pa.types.is_string(type_):
        return []
    strange = f"{sql} = '{NULL_FOLDER}' OR strpos({sql}, chr(0)) > 0"
    return [
        ("is an empty text, which the name of a folder cannot tell from NULL", f"{sql} = ''"),
        (
            "cannot be spelled by the name of a folder",
            f"{strange} OR length(to_utf8({sql})) > {LONGEST_TEXT}",
        ),
    ]


def _listed(values: list[Any]) -> str:
    formatter = ParameterFormatter()
    return ", ".join(literal(value, formatter) for value in values)


def check_sql(table: str, found: list[Check]) -> str:
    """A query of one row: how many rows show each of the problems."""
    counts = ", ".join(f"count_if({check.sql})" for check in found)
    return f"SELECT {counts} FROM {table}"


def refuse(group: FeatureGroup, found: list[Check], counts: tuple[int, ...]) -> None:
    """Raise what the rows showed.

    Raises:
        InvalidData: any of the counts is not 0.
    """
    problems = [
        Problem(check.column, f"{check.what} ({count:,} row{'' if count == 1 else 's'})")
        for check, count in zip(found, counts, strict=True)
        if count
    ]
    if problems:
        raise InvalidData(group.name, problems)


class _Refused(TypeVisitor[Refused]):
    """For an exact type, the values of its storage type that it cannot hold."""

    def __init__(self, sql: str, depth: int = 0, *, milliseconds: bool = False) -> None:
        self.sql, self.depth = sql, depth
        # Athena reads no more of a Hive table.
        self.milliseconds = milliseconds

    def unsupported(self, type_: pa.DataType) -> Refused:
        return []

    boolean = decimal = text = date = duration = unsupported

    def _part(self, sql: str, depth: int) -> _Refused:
        return _Refused(sql, depth, milliseconds=self.milliseconds)

    def integer(self, type_: pa.DataType) -> Refused:
        signed = pa.types.is_signed_integer(type_)
        if signed and type_.bit_width >= 32:
            return []
        bits = type_.bit_width - signed
        low, high = -(2**bits) if signed else 0, 2**bits - 1
        # As a bigint, this one's highest value would be out of range itself.
        most = f"DECIMAL '{high}'" if bits == 64 else str(high)
        what = f"is out of the range of {type_}, {low} to {high}"
        return [(what, f"{self.sql} < {low} OR {self.sql} > {most}")]

    def floating(self, type_: pa.DataType) -> Refused:
        if type_.bit_width > 16:
            return []
        value = f"CAST({self.sql} AS double)"
        # Veltkamp's split rounds a double to the 11 bits of a half; 2**-24 is the least step.
        rounded = f"{value} * 4398046511105e0 - ({value} * 4398046511105e0 - {value})"
        finer = f"{value} * 16777216e0 <> floor({value} * 16777216e0)"
        bad = f"{rounded} <> {value} OR {finer} OR abs({value}) > 65504e0"
        finite = f"NOT (is_nan({value}) OR is_infinite({value}))"
        return [(f"would be rounded to fit {type_}", f"{finite} AND ({bad})")]

    def binary(self, type_: pa.DataType) -> Refused:
        if not pa.types.is_fixed_size_binary(type_):
            return []
        size = type_.byte_width
        return [(f"does not have {size} bytes", f"length({self.sql}) <> {size}")]

    def time(self, type_: pa.DataType) -> Refused:
        most = 86_400 * {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[type_.unit]
        what = f"is no time of day, expected 0 to {most - 1} as {type_}"
        return [(what, f"{self.sql} < 0 OR {self.sql} >= {most}")]

    def timestamp(self, type_: pa.DataType) -> Refused:
        return self._instant(type_, type_.unit)

    def extension(self, type_: pa.DataType) -> Refused:
        if isinstance(type_, EpochType):
            return [*self._instant(type_, type_.unit), *self._counted(type_)]
        return self.visit(type_.storage_type)

    def _instant(self, type_: pa.DataType, unit: str) -> Refused:
        found: Refused = []
        whole = {"s": "second", "ms": "millisecond"}.get(unit)
        if whole is not None:
            finer = f"date_trunc('{whole}', {self.sql}) <> {self.sql}"
            found.append((f"is finer than {type_} holds", finer))
        elif self.milliseconds:
            finer = f"date_trunc('millisecond', {self.sql}) <> {self.sql}"
            found.append(("is finer than milliseconds, as Athena reads Hive-style tables", finer))
        if unit == "ns":
            first, last = "1677-09-21 00:12:43.145225", "2262-04-11 23:47:16.854775"
            outside = f"{self.sql} < TIMESTAMP '{first}' OR {self.sql} > TIMESTAMP '{last}'"
            found.append((f"is beyond what {type_} holds", outside))
        return found

    def _counted(self, type_: EpochType) -> Refused:
        """Times whose counts are out of the range of the integers that they are shown as."""
        plain, per_second = type_.plain, {"s": 1, "ms": 1000}.get(type_.unit)
        if per_second is None or plain.bit_width > 32:
            return []
        signed = pa.types.is_signed_integer(plain)
        bits = plain.bit_width - signed
        low, high = -(2**bits) if signed else 0, 2**bits - 1
        counts = f"to_unixtime({self.sql}) * {per_second}"
        what = f"is out of the range of {type_} as {plain}"
        return [(what, f"{counts} < {low} OR {counts} > {high}")]

    def dictionary(self, type_: pa.DataType) -> Refused:
        return self.visit(type_.value_type)

    def list(self, type_: pa.DataType) -> Refused:
        inside = self._items(self.sql, type_.value_field, "an item")
        if not pa.types.is_fixed_size_list(type_):
            return inside
        size = type_.list_size
        return [(f"does not have {size} items", f"cardinality({self.sql}) <> {size}"), *inside]

    def map(self, type_: pa.DataType) -> Refused:
        return [
            *self._items(f"map_keys({self.sql})", type_.key_field, "a key"),
            *self._items(f"map_values({self.sql})", type_.item_field, "a value"),
        ]

    def _items(self, sql: str, field: pa.Field, whose: str) -> Refused:
        name = f"e{self.depth}"
        found = self._part(name, self.depth + 1).visit(field.type)
        if not field.nullable:
            found = [(_NULL, f"{name} IS NULL"), *found]
        return [(f"{whose} {what}", f"any_match({sql}, {name} -> {bad})") for what, bad in found]

    def struct(self, type_: pa.DataType) -> Refused:
        found: Refused = []
        for field in type_:
            part = f"{self.sql}.{quoted(field.name)}"
            if not field.nullable:
                missing = f"{self.sql} IS NOT NULL AND {part} IS NULL"
                found.append((f"field {field.name!r} {_NULL}", missing))
            for what, bad in self._part(part, self.depth).visit(field.type):
                found.append((f"field {field.name!r} {what}", bad))
        return found


_NULL = "is NULL, and is declared NOT NULL"
