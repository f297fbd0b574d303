"""What every cast here is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Convert", "Make", "Mismatch", "Report", "any_of", "changed", "checked", "parts"]

Report: TypeAlias = Callable[[pa.Array, str], None]
"""Takes a mask of refused values and what is wrong with them."""

Convert: TypeAlias = Callable[[pa.Array, Report], pa.Array]
"""Casts an array; where it reported something, its result counts for nothing."""

Make: TypeAlias = Callable[[pa.DataType, pa.DataType], Convert]
"""Finds the cast from one type to another, or raises Mismatch."""


class Mismatch(Exception):
    """Two types between which no cast is sure to keep every value; says what was found."""


def checked(target: pa.DataType, what: str, refused: Callable[[pa.Array], pa.Array]) -> Convert:
    """Arrow's own checked cast; the mask of what it refuses is only made when it does."""

    def convert(array: pa.Array, report: Report) -> pa.Array:
        try:
            return array.cast(target)
        except pa.ArrowInvalid as error:
            mask = refused(array)
            if not pc.any(mask).as_py():
                raise AssertionError(f"{array.type} to {target}: {error}") from error
            report(mask, what)
            return pc.if_else(mask, pa.scalar(None, array.type), array).cast(target)

    return convert


def changed(target: pa.DataType) -> Callable[[pa.Array], pa.Array]:
    """The mask of values that a cast there and back does not bring back."""

    def mask(array: pa.Array) -> pa.Array:
        back = array.cast(target, safe=False).cast(array.type, safe=False)
        return pc.fill_null(pc.not_equal(back, array), False)

    return mask


def any_of(*masks: pa.Array) -> pa.Array:
    """Where any of the masks is true; NULL counts as false."""
    first, *others = (pc.fill_null(mask, False) for mask in masks)
    for other in others:
        first = pc.or_(first, other)
    return first


def parts(type_: pa.DataType) -> list[pa.DataType]:
    """The types that a nested or dictionary type is made of; none for any other."""
    if pa.types.is_struct(type_):
        return [field.type for field in type_]
    if pa.types.is_map(type_):
        return [type_.key_type, type_.item_type]
    return [type_.value_type] if hasattr(type_, "value_type") else []
