"""A hash of rows: the same for the same values in the same order, however they come in batches."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fsql.rebuilding import takeable
from fsql.types import plain_type

__all__ = ["Digest", "digest_of"]

_NAME = "sha256"


class Digest:
    """The hash of rows of one schema, made as they go by; it keeps none of them.

    Each column is a few streams of bytes: one that says which values are not NULL, those of the
    values, and for text, lists and maps that of their lengths; each part of a nested value has its
    own. A stream does not show where one batch ended and the next began, so that its SHA-256 does
    not either. The hash is that of all these, of the names and exact types, and of the count. NULL
    is no NaN; all NaNs are one; 0.0 and -0.0 are two. How a dictionary is encoded does not count.

    Args:
        schema: names and types; metadata do not count.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self.rows = 0
        self._fields = [(field.name, str(plain_type(field.type))) for field in schema]
        self._streams: dict[str, Any] = {}

    def add(self, rows: pa.Table | pa.RecordBatch) -> None:
        """Go on with more rows."""
        self.rows += len(rows)
        for place, column in enumerate(rows.columns):
            for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
                if len(chunk):
                    self._add(str(place), chunk)

    @property
    def text(self) -> str:
        """The hash so far, as ``sha256:`` and 64 hexadecimal digits."""
        whole = hashlib.sha256(repr((self._fields, self.rows)).encode())
        for path, stream in sorted(self._streams.items()):
            whole.update(f"{path} {stream.hexdigest()}\n".encode())
        return f"{_NAME}:{whole.hexdigest()}"

    def _add(self, path: str, array: pa.Array) -> None:
        array = _unwrapped(array)
        valid = array.is_valid()
        self._update(f"{path}?", _bytes(valid))
        type_ = array.type
        if pa.types.is_struct(type_):
            for place, part in enumerate(array.flatten()):
                self._add(f"{path}.{place}", part)
        elif _is_list(type_):
            self._add_lengths(path, pc.list_value_length(array))
            items = array.flatten()
            if len(items):
                self._add(f"{path}[]", items)
        elif not pa.types.is_null(type_):
            self._add_values(path, array.filter(valid) if array.null_count else array)

    def _add_values(self, path: str, array: pa.Array) -> None:
        """Values of which none is NULL."""
        type_ = array.type
        if pa.types.is_boolean(type_):
            self._update(path, _bytes(array))
        elif _is_text(type_):
            self._add_lengths(path, pc.binary_length(array))
            self._update(path, _text(array))
        else:
            self._update(path, _one_nan(_fixed(array)))

    def _add_lengths(self, path: str, lengths: pa.Array) -> None:
        plain = pc.fill_null(lengths, 0).cast(pa.int64())
        self._update(f"{path}#", plain.to_numpy(zero_copy_only=False).astype("<i8", copy=False))

    def _update(self, path: str, data: Any) -> None:
        if path not in self._streams:
            self._streams[path] = hashlib.new(_NAME)
        self._streams[path].update(data)


def digest_of(schema: pa.Schema, batches: Iterable[pa.Table | pa.RecordBatch]) -> Digest:
    """The hash of all rows."""
    digest = Digest(schema)
    for batch in batches:
        digest.add(batch)
    return digest


def _unwrapped(array: pa.Array) -> pa.Array:
    """The same values in the plain layout of their type."""
    type_ = array.type
    if isinstance(type_, pa.ExtensionType):
        return _unwrapped(array.storage)
    if pa.types.is_dictionary(type_):
        values = array.dictionary
        values = values.cast(takeable(values.type))
        return _unwrapped(values.take(array.indices))
    if pa.types.is_map(type_):
        pairs = pa.struct([("key", type_.key_type), ("value", type_.item_type)])
        return array.cast(pa.list_(pairs))
    return array.cast(takeable(type_))


def _is_list(type_: pa.DataType) -> bool:
    views = pa.ListViewType | pa.LargeListViewType
    return isinstance(type_, pa.ListType | pa.LargeListType | pa.FixedSizeListType | views)


def _is_text(type_: pa.DataType) -> bool:
    kinds = ("is_string", "is_large_string", "is_binary", "is_large_binary")
    return any(getattr(pa.types, kind)(type_) for kind in kinds)


def _bytes(booleans: pa.Array) -> Any:
    return booleans.cast(pa.uint8()).to_numpy(zero_copy_only=False)


def _fixed(array: pa.Array) -> Any:
    """The bytes of values of one width; floats as such."""
    width = array.type.bit_width // 8
    data = array.buffers()[1]
    if data is None:
        return b""
    if pa.types.is_floating(array.type):
        kind = np.dtype(f"<f{width}")
        return np.frombuffer(data, kind, len(array), array.offset * width)
    return memoryview(data)[array.offset * width : (array.offset + len(array)) * width]


def _one_nan(values: Any) -> Any:
    if isinstance(values, np.ndarray) and np.isnan(values).any():
        return np.where(np.isnan(values), np.array(np.nan, values.dtype), values)
    return values


def _text(array: pa.Array) -> Any:
    """The bytes of all texts, one after the other."""
    large = pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type)
    kind = np.dtype("<i8" if large else "<i4")
    if not len(array):
        return b""
    offsets = np.frombuffer(array.buffers()[1], kind, len(array) + 1, array.offset * kind.itemsize)
    data = array.buffers()[2]
    return b"" if data is None else memoryview(data)[offsets[0] : offsets[-1]]
