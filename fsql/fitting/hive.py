"""What Hive-style tables cannot hold, refused before anything is written.

Athena reads the times of a Hive table in milliseconds (Trino's Hive connector,
``hive.timestamp-precision``), and a folder's name cannot tell an empty text from NULL.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from fsql.fitting.base import Convert, Report, any_of, parts
from fsql.fitting.casts import converter
from fsql.fitting.nested import is_list
from fsql.hivekeys import NULL_FOLDER, hive_keys
from fsql.model import FeatureGroup
from fsql.rebuilding import rebuilt

__all__ = ["cut_to_milliseconds", "within_hive"]

_FINER = (
    "is finer than milliseconds, and of a Hive-style table Athena reads no more. Round it,"
    " or declare the group with truncate=True or table_format='iceberg'"
)
_EMPTY = (
    "is an empty text, which the name of a folder cannot tell from NULL. Write NULL, or declare"
    " the group with table_format='iceberg'"
)
_UNSPELLABLE = (
    "cannot be spelled by the name of a folder: it is longer than"
    " 200 bytes, holds a NUL, or is Hive's own word for NULL. Partition by another column"
)
_LONGEST = 200  # of S3's 1,024 bytes for a key, and of 255 that a file system takes; 3 bytes each


def within_hive(group: FeatureGroup, column: str, cast: Convert) -> Convert:
    """A column's cast, followed by what a Hive-style table asks of its values."""
    type_ = group.arrow_schema.field(column).type
    if isinstance(type_, pa.BaseExtensionType):
        type_ = type_.storage_type
    steps = []
    if _is_finer(type_) and not group.definition.truncate:
        steps.append(_whole(type_))
    keys = {key.name: key for key in hive_keys(group.definition.partition_by, group.storage_schema)}
    if column in keys and pa.types.is_string(keys[column].type):
        steps.append(_spellable)

    def convert(array: pa.Array, report: Report) -> pa.Array:
        array = cast(array, report)
        for step in steps:
            array = step(array, report)
        return array

    return convert if steps else cast


# --- times ----------------------------------------------------------------------------------------


def cut_to_milliseconds(group: FeatureGroup, table: pa.Table) -> pa.Table:
    """Rows in storage types with the times that a Hive-style group holds, if it cuts finer ones."""
    definition = group.definition
    if definition.table_format != "hive" or not definition.truncate:
        return table
    columns = [
        pa.chunked_array([_floored(chunk, column.type) for chunk in column.chunks], column.type)
        for column in table.columns
    ]
    return pa.table(columns, schema=table.schema)


def _floored(array: pa.Array, type_: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(type_):
        # A cast would round towards 1970 and so move earlier times forward.
        return pc.floor_temporal(array, unit="millisecond").cast(type_)
    return rebuilt(array, type_, _floored) if _is_finer(type_) else array


def _is_finer(type_: pa.DataType) -> bool:
    if pa.types.is_timestamp(type_):
        return type_.unit in ("us", "ns")
    return any(map(_is_finer, parts(type_)))


def _whole(type_: pa.DataType) -> Convert:
    check = converter(type_, _in_milliseconds(type_))

    def convert(array: pa.Array, report: Report) -> pa.Array:
        check(_plain(array), lambda refused, what: report(refused, _FINER))
        return array

    return convert


def _plain(array: pa.Array) -> pa.Array:
    return array.storage if isinstance(array, pa.ExtensionArray) else array


def _in_milliseconds(type_: pa.DataType) -> pa.DataType:
    """The type with no finer times in it."""
    if pa.types.is_timestamp(type_):
        return pa.timestamp("ms", type_.tz) if _is_finer(type_) else type_
    if pa.types.is_struct(type_):
        return pa.struct([field.with_type(_in_milliseconds(field.type)) for field in type_])
    if pa.types.is_map(type_):
        return pa.map_(_in_milliseconds(type_.key_type), _in_milliseconds(type_.item_type))
    if pa.types.is_dictionary(type_):
        return pa.dictionary(type_.index_type, _in_milliseconds(type_.value_type), type_.ordered)
    if pa.types.is_fixed_size_list(type_):
        return pa.list_(_in_milliseconds(type_.value_type), type_.list_size)
    if is_list(type_):
        return pa.large_list(_in_milliseconds(type_.value_type))
    return type_


# --- folders --------------------------------------------------------------------------------------


def _spellable(array: pa.Array, report: Report) -> pa.Array:
    texts = array.cast(pa.string())
    report(pc.equal(texts, ""), _EMPTY)
    report(
        any_of(
            pc.greater(pc.binary_length(texts), _LONGEST),
            pc.equal(texts, NULL_FOLDER),
            pc.match_substring(texts, "\0"),
        ),
        _UNSPELLABLE,
    )
    return array
