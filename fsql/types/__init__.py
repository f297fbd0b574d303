"""The one type tree, and a visitor for each language that spells it.

The tree is Arrow's: a feature group's exact schema is an Arrow schema. What Athena
can store is poorer, so every exact type has a *storage* type, itself an Arrow type,
that Iceberg, Hive, Trino and DuckDB all have a name for. Columns are declared with
SQLAlchemy's own types and the few that this package adds.
"""

from __future__ import annotations

from fsql.types.columns import Array, Arrow, Map, Struct
from fsql.types.instants import (
    EpochType,
    InstantType,
    IsoTextType,
    holds_instants,
    plain_field,
    plain_type,
)
from fsql.types.mapping import arrow_type, sqlalchemy_type
from fsql.types.parts import mapped_field
from fsql.types.storage import MAX_DECIMAL_DIGITS, PlainLeaves, storage_type
from fsql.types.times import Epoch, Instant, IsoText, Timestamp, stored_time
from fsql.types.visitor import TypeVisitor

__all__ = [
    "MAX_DECIMAL_DIGITS",
    "Array",
    "Arrow",
    "Epoch",
    "EpochType",
    "Instant",
    "InstantType",
    "IsoText",
    "IsoTextType",
    "Map",
    "PlainLeaves",
    "Struct",
    "Timestamp",
    "TypeVisitor",
    "arrow_type",
    "holds_instants",
    "mapped_field",
    "plain_field",
    "plain_type",
    "sqlalchemy_type",
    "storage_type",
    "stored_time",
]
