"""Values of a column's exact type as SQL literals of the type that is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fsql.conversion import encode
from fsql.errors import InvalidData, MigrationError
from fsql.fitting import Problems, arrow_table
from fsql.fitting.base import Mismatch
from fsql.fitting.casts import converter
from fsql.formatting import ParameterFormatter
from fsql.formatting import literal as plain_literal
from fsql.types import storage_type
from fsql.typetext import trino_type

__all__ = ["literal"]


def literal(value: Any, field: pa.Field, table: str) -> str:
    """A value as SQL.

    Args:
        field: the column that it is for.
        table: the group's name, for the error.

    Raises:
        MigrationError: it does not fit the column, or SQL has no literal for it.
    """
    try:
        stored = _stored(value, field, table)
        return _sql(stored, storage_type(field.type))
    except (InvalidData, Mismatch, TypeError) as error:
        raise MigrationError(
            f"{table!r}: the default {value!r} does not fit {field.name} {field.type}: {error}",
            table,
            field.name,
        ) from error


def _stored(value: Any, field: pa.Field, table: str) -> Any:
    problems = Problems(table, [field.name])
    frame = pd.DataFrame({field.name: pd.Series([value], dtype=object)})
    given = arrow_table(frame, pa.schema([field]), problems).column(0)
    problems.check()
    cast = converter(given.type, field.type)

    def report(refused: pa.Array, what: str) -> None:
        if pc.any(refused).as_py():
            raise TypeError(what)

    exact = pa.chunked_array([cast(chunk, report) for chunk in given.chunks], field.type)
    return encode(exact, field)[0].as_py()


def _sql(value: Any, type_: pa.DataType) -> str:
    name = trino_type(type_)
    if value is None:
        return f"CAST(NULL AS {name})"
    if pa.types.is_struct(type_):
        fields = ", ".join(_sql(value[f.name], f.type) for f in type_)
        return f"CAST(ROW({fields}) AS {name})"
    if pa.types.is_map(type_):
        pairs = list(value.items() if isinstance(value, Mapping) else value)
        keys = ", ".join(_sql(key, type_.key_type) for key, _ in pairs)
        values = ", ".join(_sql(item, type_.item_type) for _, item in pairs)
        return f"CAST(MAP(ARRAY[{keys}], ARRAY[{values}]) AS {name})"
    if pa.types.is_list(type_):
        items = ", ".join(_sql(item, type_.value_type) for item in value)
        return f"CAST(ARRAY[{items}] AS {name})"
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    return f"CAST({plain_literal(value, ParameterFormatter())} AS {name})"
