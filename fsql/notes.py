"""What a frame knows beyond its types: pandas' dtypes and index, and the categories in order.

A group's schema has such notes in its own metadata. For a query each column carries its
share along, in its field's metadata, and the result gathers what its columns brought.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fsql.rebuilding import takeable

__all__ = ["ARROW_DTYPE", "categories_of", "gathered", "names_of_noted", "noted", "with_categories"]

CATEGORIES = b"fsql.categories"
PANDAS = b"pandas"
NOTE = b"fsql.pandas"
ARROW_DTYPE = "fsql_dtype"
MAX_BYTES = 32 << 10  # of one column
MOST_BYTES = 256 << 10  # of all: Glue's parameters are small, 512 kB for the whole of a schema


def with_categories(table: pa.Table) -> pa.Schema:
    """A table's schema with the values of its dictionaries, in order, as a note.

    More than `MAX_BYTES` of them for one column, or `MOST_BYTES` for all, are not noted.
    """
    found: dict[str, str] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_dictionary(column.type) and column.num_chunks:
            values = _distinct(column)
            texts = (_packed(values, compression) for compression in (None, "zstd"))
            text = next((text for text in texts if len(text) <= MAX_BYTES), None)
            taken = sum(len(kept) for kept in found.values())
            if text is not None and taken + len(text) <= MOST_BYTES:
                found[name] = text
    if not found:
        return table.schema
    metadata = {**(table.schema.metadata or {}), CATEGORIES: json.dumps(found).encode()}
    return table.schema.with_metadata(metadata)


def _distinct(column: pa.ChunkedArray) -> pa.Array:
    values = column.type.value_type
    parts = [chunk.dictionary.cast(takeable(values)) for chunk in column.chunks]
    return pc.unique(pa.chunked_array(parts)).drop_null().cast(values)


def _packed(values: pa.Array, compression: str | None) -> str:
    batch = pa.record_batch([values], ["values"])
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, batch.schema, options=options) as stream:
        stream.write_batch(batch)
    return base64.b64encode(sink.getvalue().to_pybytes()).decode("ascii")


def _unpacked(text: str) -> pa.Array:
    with pa.ipc.open_stream(base64.b64decode(text)) as stream:
        return stream.read_next_batch().column(0)


def names_of_noted(metadata: Mapping[bytes, bytes]) -> frozenset[str]:
    """The dictionary columns whose values a schema's metadata notes."""
    return frozenset(json.loads(metadata.get(CATEGORIES, b"{}")))


def categories_of(field: pa.Field) -> pa.Array | None:
    """The noted values of a dictionary column, in order; None if there is no note."""
    text = (field.metadata or {}).get(CATEGORIES)
    return None if text is None else _unpacked(text.decode())


def noted(schema: pa.Schema) -> pa.Schema:
    """A group's schema, each field with its share of the notes as its metadata."""
    pandas = _pandas_notes(schema)
    categories = json.loads((schema.metadata or {}).get(CATEGORIES, b"{}"))
    fields = []
    for field in schema:
        notes = dict(field.metadata or {})
        if field.name in pandas:
            notes[NOTE] = json.dumps(pandas[field.name]).encode()
        if field.name in categories:
            notes[CATEGORIES] = categories[field.name].encode()
        fields.append(field.with_metadata(notes) if notes else field)
    return pa.schema(fields, schema.metadata)


def _pandas_notes(schema: pa.Schema) -> dict[str, dict[str, Any]]:
    pandas = schema.pandas_metadata
    if not pandas:
        return {}
    frame = {
        "of": zlib.crc32(schema.metadata[PANDAS]),
        "width": len(schema),
        "index_columns": pandas["index_columns"],
        "column_indexes": pandas.get("column_indexes", []),
    }
    return {
        column["field_name"]: {**frame, "column": column}
        for column in pandas["columns"]
        if column.get("field_name") is not None
    }


def gathered(schema: pa.Schema) -> pa.Schema:
    """A result's schema: what its fields say of pandas as metadata that pandas reads.

    The index comes back with the whole frame only: in any other result its levels are
    columns that the query asked for by name.
    """
    counts = Counter(schema.names)
    notes = {
        field.name: json.loads(field.metadata[NOTE])
        for field in schema
        if NOTE in (field.metadata or {}) and counts[field.name] == 1
    }
    if not any(NOTE in (field.metadata or {}) for field in schema):
        return schema
    fields = [_without_note(field) for field in schema]
    pandas = json.dumps(_pandas_metadata(schema, notes)).encode()
    return pa.schema(fields, {**(schema.metadata or {}), PANDAS: pandas})


def _pandas_metadata(schema: pa.Schema, notes: Mapping[str, Any]) -> dict[str, Any]:
    if not notes:
        return {"columns": [], "index_columns": [], "column_indexes": []}
    whole = _is_whole(schema, notes)
    first = next(iter(notes.values()))
    columns = [_readable(note["column"], name) for name, note in notes.items()]
    if not whole:
        columns = [{**column, "name": column["field_name"]} for column in columns]
    return {
        "columns": columns,
        "index_columns": first["index_columns"] if whole else [],
        "column_indexes": first["column_indexes"] if whole else [],
    }


def _readable(column: dict[str, Any], name: str) -> dict[str, Any]:
    """A column's entry such that Arrow's own reader understands it.

    It stumbles over nested types in a dtype's name. `fsql.frames.to_pandas` does not.
    """
    dtype = column["numpy_type"]
    if dtype.endswith("[pyarrow]"):
        column = {**column, "numpy_type": "object", "metadata": {ARROW_DTYPE: dtype}}
    return {**column, "field_name": name}


def _is_whole(schema: pa.Schema, notes: Mapping[str, Any]) -> bool:
    """Whether it is every column of one group under its own name."""
    frames = {(note["of"], note["width"]) for note in notes.values()}
    named = all(note["column"]["field_name"] == name for name, note in notes.items())
    return len(frames) == 1 and named and len(notes) == len(schema) == next(iter(frames))[1]


def _without_note(field: pa.Field) -> pa.Field:
    rest = {key: value for key, value in (field.metadata or {}).items() if key != NOTE}
    return field.with_metadata(rest) if rest else field.remove_metadata()
