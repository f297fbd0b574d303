"""How two declarations of one feature group differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyarrow as pa

from fsql.model import FeatureGroup

__all__ = ["differences"]

# What decides how rows are stored and found; descriptions and the like may change freely.
_ROLES = (
    "keys",
    "event_time",
    "created_time",
    "partition_by",
    "table_format",
    "sort_by",
    "table_properties",
)


def differences(declared: FeatureGroup, stored: FeatureGroup) -> list[str]:
    """What `stored` has otherwise than `declared`, in words; empty if both mean the same."""
    return [*_columns(declared.arrow_schema, stored.arrow_schema), *_roles(declared, stored)]


def _columns(declared: pa.Schema, stored: pa.Schema) -> Iterator[str]:
    for field in declared:
        if field.name not in stored.names:
            yield f"column {field.name!r} is declared and not stored"
        elif not (found := stored.field(field.name)).equals(field):
            yield f"column {field.name!r} is declared as {_said(field)}, stored as {_said(found)}"
    for name in stored.names:
        if name not in declared.names:
            yield f"column {name!r} is stored and not declared"
    same = sorted(declared.names) == sorted(stored.names)
    if same and declared.names != stored.names:
        yield "the columns stand in another order"


def _said(field: pa.Field) -> str:
    return f"{field.type}{'' if field.nullable else ' NOT NULL'}"


def _roles(declared: FeatureGroup, stored: FeatureGroup) -> Iterator[str]:
    for role in _ROLES:
        mine, theirs = (getattr(group.definition, role) for group in (declared, stored))
        if mine != theirs:
            yield f"{role} is declared as {_listed(mine)}, stored as {_listed(theirs)}"


def _listed(value: object) -> str:
    if isinstance(value, Mapping):
        value = tuple(f"{name}={text}" for name, text in value.items())
    words = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value or "")
    return words or "nothing"
