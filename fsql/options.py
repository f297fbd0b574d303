"""What keeps the options of a declaration that are for the table itself from being."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from fsql.definition import COMPATIBILITIES, Definition
from fsql.types import storage_type

__all__ = ["option_problems"]

# What fsql, Glue and Iceberg themselves say of a table by properties of these names.
_OWN = frozenset(
    {
        "classification",
        "comment",
        "description",
        "external",
        "format-version",
        "location",
        "metadata_location",
        "previous_metadata_location",
        "table_type",
    }
)
_PREFIX = "fsql."


def option_problems(definition: Definition, schema: pa.Schema) -> Iterator[str]:
    """What is wrong with `compatibility`, `sort_by` and `table_properties`, with remedies."""
    if definition.compatibility not in COMPATIBILITIES:
        known = ", ".join(map(repr, COMPATIBILITIES))
        yield f"compatibility {definition.compatibility!r}. Expected {known}."
    yield from _unsortable(definition.sort_by, schema)
    for name, value in definition.table_properties.items():
        if not isinstance(name, str) or not isinstance(value, str):
            yield f"table_properties has {name!r}: {value!r}. Expected text for both."
        elif name.lower().startswith(_PREFIX) or name.lower() in _OWN:
            yield f"table_properties has {name!r}, which fsql or Glue says itself. Leave it out."


def _unsortable(names: tuple[str, ...], schema: pa.Schema) -> Iterator[str]:
    for name in names:
        if names.count(name) > 1:
            yield f"sort_by names {name!r} more than once. Name it once."
        elif name not in schema.names:
            yield f"sort_by names {name!r}, which is no column. Columns: {', '.join(schema.names)}."
        elif pa.types.is_nested(storage_type(schema.field(name).type)):
            type_ = schema.field(name).type
            yield f"sort_by names {name!r}, a {type_}. Expected a type that can be compared."
