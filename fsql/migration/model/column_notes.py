"""What a schema notes of its columns, pandas' dtypes and the categories, kept true by changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import pandas as pd
import pyarrow as pa

from fsql.notes import CATEGORIES, PANDAS
from fsql.types import plain_field

__all__ = ["forgetting", "meaning", "renaming", "retyping", "welcoming"]

Notes: TypeAlias = Mapping[bytes, bytes]
_OF_THE_MOMENT = ("creator", "pandas_version", "attributes")


def meaning(metadata: Notes | None) -> Mapping[str, Any]:
    """The notes such that they are equal if they mean the same.

    Which version of pandas wrote them, in which order and of how many categories so far, means
    nothing.
    """
    found: dict[str, Any] = {key.decode(): value for key, value in (metadata or {}).items()}
    if PANDAS.decode() in found:
        found[PANDAS.decode()] = _meaning_to_pandas(json.loads(found[PANDAS.decode()]))
    if CATEGORIES.decode() in found:
        found[CATEGORIES.decode()] = json.loads(found[CATEGORIES.decode()])
    return found


def _meaning_to_pandas(noted: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in noted.items() if key not in _OF_THE_MOMENT}
    kept["columns"] = {
        str(column.get("field_name")): {**column, "metadata": _lasting(column.get("metadata"))}
        for column in noted["columns"]
    }
    return kept


def _lasting(metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    return {key: value for key, value in (metadata or {}).items() if key != "num_categories"}


def renaming(schema: pa.Schema, old: str, new: str) -> pa.Schema:
    """The notes of a column under its new name."""

    def in_pandas(noted: dict[str, Any]) -> None:
        for column in noted["columns"]:
            if column.get("field_name") == old:
                column["field_name"] = new
                column["name"] = new if column.get("name") == old else column.get("name")
        noted["index_columns"] = [new if name == old else name for name in noted["index_columns"]]

    def in_categories(noted: dict[str, Any]) -> None:
        if old in noted:
            noted[new] = noted.pop(old)

    return _edited(_edited(schema, PANDAS, in_pandas), CATEGORIES, in_categories)


def forgetting(schema: pa.Schema, name: str) -> pa.Schema:
    """Without the notes of a column that is gone."""

    def in_pandas(noted: dict[str, Any]) -> None:
        noted["columns"] = [c for c in noted["columns"] if c.get("field_name") != name]
        noted["index_columns"] = [index for index in noted["index_columns"] if index != name]

    def in_categories(noted: dict[str, Any]) -> None:
        noted.pop(name, None)

    return _edited(_edited(schema, PANDAS, in_pandas), CATEGORIES, in_categories)


def welcoming(schema: pa.Schema, field: pa.Field) -> pa.Schema:
    """With pandas' note of a new column, if pandas' notes are there and say nothing of it.

    A frame is read with its index only if every column is noted.
    """

    def in_pandas(noted: dict[str, Any]) -> None:
        if all(column.get("field_name") != field.name for column in noted["columns"]):
            noted["columns"].append(_noted(field))

    return _edited(schema, PANDAS, in_pandas)


def retyping(schema: pa.Schema, old: pa.Field, new: pa.Field) -> pa.Schema:
    """With the dtype of a column in pandas that suits its new type, in the style of the old."""

    def in_pandas(noted: dict[str, Any]) -> None:
        for place, column in enumerate(noted["columns"]):
            if column.get("field_name") == new.name:
                fresh = _restyled(column["numpy_type"], old, new)
                noted["columns"][place] = {**column, **fresh}

    return schema if old.type == new.type else _edited(schema, PANDAS, in_pandas)


def _restyled(dtype: str, old: pa.Field, new: pa.Field) -> dict[str, Any]:
    usual, fresh = _noted(old), _noted(new)
    about = {key: fresh[key] for key in ("pandas_type", "numpy_type", "metadata")}
    if dtype.endswith("[pyarrow]"):
        return {**about, "numpy_type": str(pd.ArrowDtype(plain_field(new).type))}
    if dtype.lower() == usual["numpy_type"].lower() != dtype:  # pandas' nullable Int32 and the like
        return {**about, "numpy_type": _nullable(fresh["numpy_type"])}
    return about if dtype == usual["numpy_type"] else {}


def _nullable(dtype: str) -> str:
    return dtype.capitalize().replace("Ui", "UI")


def _noted(field: pa.Field) -> dict[str, Any]:
    """What pandas itself notes of a column of this type."""
    frame = pa.schema([plain_field(field).remove_metadata()]).empty_table().to_pandas()
    column: dict[str, Any] = pa.Schema.from_pandas(frame).pandas_metadata["columns"][0]
    return column


def _edited(schema: pa.Schema, key: bytes, edit: Callable[[dict[str, Any]], None]) -> pa.Schema:
    """The schema with the note under a key edited; only if there is one and it changes."""
    metadata = dict(schema.metadata or {})
    if key not in metadata:
        return schema
    noted = json.loads(metadata[key])
    edit(noted)
    if noted == json.loads(metadata[key]):
        return schema
    metadata[key] = json.dumps(noted).encode()
    if key == CATEGORIES and not noted:
        del metadata[key]
    return schema.with_metadata(metadata)
