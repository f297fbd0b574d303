"""Frames of any make, in and out of Arrow."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds

from fsql.errors import InvalidData, Problem
from fsql.notes import ARROW_DTYPE, categories_of, with_categories
from fsql.types import mapped_field

__all__ = [
    "DtypeBackend",
    "discovered",
    "schema_of",
    "to_arrow",
    "to_batches",
    "to_pandas",
    "unreadable",
]

DtypeBackend: TypeAlias = Literal["numpy_nullable", "pyarrow"]


def schema_of(data: Any) -> pa.Schema:
    """The exact Arrow schema of a frame, with pandas' metadata and its categories.

    Raises:
        InvalidData: a column holds values of several types, or two share a name.
        TypeError: `data` is no frame.
    """
    if isinstance(data, pa.Schema):
        return data
    if isinstance(data, pa.RecordBatchReader | ds.Dataset):
        return data.schema
    return with_categories(to_arrow(data))


def discovered(schema: pa.Schema) -> pa.Schema:
    """A frame's schema as that of a group: without what is true of this one frame only.

    That is pandas' note on a RangeIndex, and how few bits number the categories so far.
    """
    schema = pa.schema([mapped_field(field, _with_room) for field in schema], schema.metadata)
    pandas = schema.pandas_metadata
    if not pandas:
        return schema
    pandas["index_columns"] = [name for name in pandas["index_columns"] if isinstance(name, str)]
    metadata = {**(schema.metadata or {}), b"pandas": json.dumps(pandas).encode()}
    return schema.with_metadata(metadata)


def _with_room(type_: pa.DataType) -> pa.DataType:
    if not pa.types.is_dictionary(type_):
        return type_
    return pa.dictionary(pa.int32(), type_.value_type, type_.ordered)


def to_arrow(data: Any, name: str = "data") -> pa.Table:
    """A frame as an Arrow table; copies only where pandas' layout forces it.

    Args:
        data: pandas or polars DataFrame, Arrow table, batch, reader or dataset, or
            anything with ``__arrow_c_stream__``.
        name: what the data is for; it stands in errors.

    Raises:
        InvalidData: a column holds values of several types, or two share a name.
        TypeError: `data` is no frame.
    """
    if isinstance(data, pa.Table):
        return data
    if isinstance(data, pa.RecordBatch):
        return pa.Table.from_batches([data])
    if isinstance(data, pd.DataFrame):
        return _from_pandas(data, name)
    return to_batches(data).read_all()


def to_batches(data: Any, name: str = "data") -> pa.RecordBatchReader:
    """A frame as a stream of record batches, in its own order.

    Raises:
        InvalidData, TypeError: as `to_arrow`.
    """
    if isinstance(data, pa.RecordBatchReader):
        return data
    if isinstance(data, ds.Dataset):
        return data.scanner().to_reader()
    if isinstance(data, pa.Table | pa.RecordBatch | pd.DataFrame):
        return to_arrow(data, name).to_reader()
    if hasattr(data, "__arrow_c_stream__"):
        _check_exportable(data, name)
        return pa.RecordBatchReader.from_stream(data)
    raise TypeError(
        f"{type(data).__name__} is no frame. Expected a pandas or polars DataFrame, an Arrow table,"
        " reader or dataset, anything with __arrow_c_stream__, or a path of Parquet files."
    )


def _check_exportable(data: Any, name: str) -> None:
    """Refuse what polars gives Arrow as bare pointers, or in forms that Arrow does not know."""
    dtypes = getattr(data, "schema", None)
    if not isinstance(dtypes, Mapping):
        return
    problems = [
        Problem(str(column), f"has the polars type {dtype}. {_REMEDIES[found[0]]}")
        for column, dtype in dtypes.items()
        if (found := _UNEXPORTABLE.search(str(dtype)))
    ]
    if problems:
        raise InvalidData(name, problems)


_UNEXPORTABLE = re.compile(r"(?<!')\b(Object|U?Int128)\b(?!')")
_REMEDIES = {
    "Object": "Convert the objects to values that polars has a type for.",
    "Int128": "Cast it to pl.Decimal(38, 0).",
    "UInt128": "Cast it to pl.Decimal(38, 0).",
}


def _from_pandas(frame: pd.DataFrame, name: str) -> pa.Table:
    twice = sorted({str(c) for c in frame.columns[frame.columns.duplicated()]})
    if twice:
        raise InvalidData(name, [Problem(column, "stands in the frame twice.") for column in twice])
    try:
        table = pa.Table.from_pandas(frame, preserve_index=_is_index_named(frame))
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise InvalidData(name, _mixed(frame, error)) from error
    return table.replace_schema_metadata(_with_arrow_dtypes(table.schema, frame))


def _with_arrow_dtypes(schema: pa.Schema, frame: pd.DataFrame) -> dict[bytes, bytes]:
    """The metadata with those of pandas' Arrow dtypes that Arrow notes as mere objects."""
    pandas = schema.pandas_metadata
    dtypes = dict(zip(map(str, frame.columns), frame.dtypes, strict=True))
    for column in pandas["columns"]:
        dtype = dtypes.get(column["field_name"])
        if isinstance(dtype, pd.ArrowDtype) and not column["numpy_type"].endswith("[pyarrow]"):
            column["numpy_type"] = str(dtype)
    return {**schema.metadata, b"pandas": json.dumps(pandas).encode()}


def _is_index_named(frame: pd.DataFrame) -> bool | None:
    """Whether the index is a column for its name; None leaves that to Arrow.

    Arrow drops every RangeIndex, and `set_index` makes one of keys that happen to count.
    """
    return True if isinstance(frame.index, pd.RangeIndex) and frame.index.name else None


def _mixed(frame: pd.DataFrame, error: pa.ArrowException) -> list[Problem]:
    """Which columns Arrow has no one type for, found column by column."""
    problems = []
    for column in frame.columns:
        try:
            pa.Array.from_pandas(frame[column])
        except (pa.ArrowException, TypeError, ValueError) as reason:
            dtype, several = frame[column].dtype, f"holds values of several types: {reason.args[0]}"
            what = several if pd.api.types.is_object_dtype(dtype) else unreadable(dtype)
            problems.append(Problem(str(column), what))
    return problems or [Problem(None, str(error))]


def unreadable(dtype: Any) -> str:
    """What is said of a column whose dtype Arrow has no type for."""
    if isinstance(dtype, pd.SparseDtype):
        return "is sparse. Convert it with .sparse.to_dense()."
    if getattr(dtype, "kind", "") == "c":
        return "holds complex numbers. Store the real and the imaginary part as two columns."
    return f"has the dtype {dtype}, which cannot be stored. Convert it, or drop the column."


def to_pandas(table: pa.Table, dtype_backend: DtypeBackend | None = None) -> pd.DataFrame:
    """An Arrow table as a pandas DataFrame that keeps what Arrow knows.

    Integers and booleans with NULLs become pandas' nullable types instead of floats and
    objects; everything else is what pandas reads from Arrow, its own metadata heeded.

    Args:
        dtype_backend: pandas' argument: all columns nullable, or all Arrow-backed.
    """
    if not table.num_rows:
        table = _with_noted_categories(table)
    if dtype_backend == "pyarrow":
        return _plain(_without_views(table), types_mapper=pd.ArrowDtype)
    if dtype_backend == "numpy_nullable":
        return _plain(table, types_mapper=_NULLABLE.get)
    index, dtypes = _index_columns(table.schema), _dtypes(table.schema)
    apart = {
        i: dtype
        for i, name in enumerate(table.column_names)
        if name not in index and (dtype := _own_dtype(table, i, dtypes.get(name))) is not None
    }
    if not apart:
        return _plain(table)
    frame = _plain(table.select([i for i in range(table.num_columns) if i not in apart]))
    if len(frame) != len(table):  # pandas counts rows by columns, and none is left
        frame.index = pd.RangeIndex(len(table))
    for i, dtype in apart.items():
        at = sum(name not in index for name in table.column_names[:i])
        series = _series(table.column(i), dtype, frame.index)
        frame.insert(at, table.column_names[i], series, allow_duplicates=True)
    return frame


def _without_views(table: pa.Table) -> pa.Table:
    """A table without text and binary views, which polars gives and ArrowDtype has no name for."""
    fields = [mapped_field(field, _without_view) for field in table.schema]
    return table.cast(pa.schema(fields, table.schema.metadata))


def _without_view(type_: pa.DataType) -> pa.DataType:
    if pa.types.is_string_view(type_):
        return pa.large_string()
    return pa.large_binary() if pa.types.is_binary_view(type_) else type_


def _with_noted_categories(table: pa.Table) -> pa.Table:
    """A table without rows whose dictionaries have their values nevertheless."""
    for place, field in enumerate(table.schema):
        values = categories_of(field) if pa.types.is_dictionary(field.type) else None
        if values is not None:
            none = pa.array([], field.type.index_type)
            empty = pa.DictionaryArray.from_arrays(none, values, ordered=field.type.ordered)
            table = table.set_column(place, field, empty)
    return table


def _plain(table: pa.Table, **options: Any) -> pd.DataFrame:
    names = table.column_names
    if len(set(names)) < len(names):
        # Table.to_pandas gives columns of one name the same values.
        numbered = table.replace_schema_metadata().rename_columns([*map(str, range(len(names)))])
        return _plain(numbered, **options).set_axis(names, axis=1)
    # Else integers beside a NULL in a struct or list become floats, which cannot hold all of them.
    options = {"integer_object_nulls": True, "maps_as_pydicts": "strict", **options}
    frame: pd.DataFrame = _in_two(table).to_pandas(split_blocks=True, **options)
    return frame


def _in_two(table: pa.Table) -> pa.Table:
    """A table no column of which is one array, as pandas cannot write to one that Arrow owns."""
    columns = [
        pa.chunked_array([column.chunk(0).slice(0, 0), column.chunk(0)])
        if column.num_chunks == 1
        else column
        for column in table.columns
    ]
    return pa.Table.from_arrays(columns, schema=table.schema)


def _own_dtype(table: pa.Table, i: int, noted: str | None) -> Any:
    """The dtype of a column that Arrow would give another one; None leaves it to Arrow."""
    type_ = table.schema.field(i).type
    counted = pa.types.is_integer(type_) or pa.types.is_boolean(type_)
    if noted is not None and noted.endswith("[pyarrow]"):
        return pd.ArrowDtype(type_)
    if noted == "object" and (counted or pa.types.is_string(type_)):
        return object
    if pa.types.is_dictionary(type_) and getattr(type_.value_type, "tz", None) is not None:
        return pd.CategoricalDtype
    nullable = counted and table.column(i).null_count > 0
    return _NULLABLE[type_] if nullable and (noted is None or noted in _NUMPY) else None


def _series(column: pa.ChunkedArray, dtype: Any, index: pd.Index[Any]) -> pd.Series[Any]:
    if dtype is object:
        return pd.Series(column.to_pylist(), index, dtype=object)
    if dtype is pd.CategoricalDtype:
        return pd.Series(_categories_with_zone(column), index)
    return pd.Series(dtype.__from_arrow__(column), index)


def _categories_with_zone(column: pa.ChunkedArray) -> pd.Categorical:
    """Categories that are times; Arrow leaves their zone out."""
    whole = column.unify_dictionaries().combine_chunks()
    values = pd.Index(whole.dictionary.to_pandas())
    codes = whole.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return pd.Categorical.from_codes(codes, values, column.type.ordered)


def _dtypes(schema: pa.Schema) -> dict[str, str]:
    """The dtype that each column had in pandas, where that is noted."""
    columns = (schema.pandas_metadata or {}).get("columns", ())
    return {
        column["field_name"]: (column.get("metadata") or {}).get(ARROW_DTYPE, column["numpy_type"])
        for column in columns
    }


def _index_columns(schema: pa.Schema) -> set[str]:
    """The columns that pandas' metadata makes the index of the frame."""
    metadata = schema.pandas_metadata or {}
    return {name for name in metadata.get("index_columns", ()) if isinstance(name, str)}


_NUMPY = frozenset({"bool", *(f"{u}int{bits}" for u in ("", "u") for bits in (8, 16, 32, 64))})
_NULLABLE: dict[pa.DataType, Any] = {
    pa.int8(): pd.Int8Dtype(),
    pa.int16(): pd.Int16Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.uint8(): pd.UInt8Dtype(),
    pa.uint16(): pd.UInt16Dtype(),
    pa.uint32(): pd.UInt32Dtype(),
    pa.uint64(): pd.UInt64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.float32(): pd.Float32Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.string(): pd.StringDtype(),
    pa.large_string(): pd.StringDtype(),
}
