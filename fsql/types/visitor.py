"""One visitor's method for each kind of Arrow type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import pyarrow as pa

from fsql.errors import UnsupportedType

__all__ = ["TypeVisitor", "any_of"]

T = TypeVar("T")


class TypeVisitor(Generic[T]):
    """One method for each kind of Arrow type; `visit` picks it.

    A target overrides what it can express. What it does not is refused.
    """

    def visit(self, type_: pa.DataType) -> T:
        """Dispatch on the kind of `type_`."""
        for is_kind, name in _KINDS:
            if is_kind(type_):
                result: T = getattr(self, name)(type_)
                return result
        return self.unsupported(type_)

    def unsupported(self, type_: pa.DataType) -> T:
        """Refuse a type that the target has no word for."""
        raise UnsupportedType(f"Type {type_} cannot be stored. Cast it to a type that can.")

    boolean = integer = floating = decimal = text = binary = unsupported
    date = time = timestamp = duration = unsupported
    list = struct = map = dictionary = extension = unsupported


def any_of(*tests: Callable[[pa.DataType], bool]) -> Callable[[pa.DataType], bool]:
    """Whether a type is of any of several kinds."""
    return lambda type_: any(test(type_) for test in tests)


_KINDS: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_integer, "integer"),
    (pa.types.is_floating, "floating"),
    (pa.types.is_decimal, "decimal"),
    (any_of(pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view), "text"),
    (
        any_of(
            pa.types.is_binary,
            pa.types.is_large_binary,
            pa.types.is_fixed_size_binary,
            pa.types.is_binary_view,
        ),
        "binary",
    ),
    (pa.types.is_date, "date"),
    (pa.types.is_time, "time"),
    (pa.types.is_timestamp, "timestamp"),
    (pa.types.is_duration, "duration"),
    (
        any_of(
            pa.types.is_list,
            pa.types.is_large_list,
            pa.types.is_fixed_size_list,
        ),
        "list",
    ),
    (pa.types.is_struct, "struct"),
    (pa.types.is_map, "map"),
    (pa.types.is_dictionary, "dictionary"),
    (lambda type_: isinstance(type_, pa.BaseExtensionType), "extension"),
)
