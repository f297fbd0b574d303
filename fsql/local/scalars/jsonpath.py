"""SQL/JSON paths: read from their text, and evaluated on JSON values.

A path becomes a function from a `Context` to a sequence of items; items are Python's None, bool,
int, float, Decimal, str, list and dict. Source: Trino documentation, "JSON path language".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

__all__ = [
    "METHODS",
    "Context",
    "Evaluate",
    "PathError",
    "Predicate",
    "any_of",
    "arithmetic",
    "compared",
    "is_number",
    "members",
    "method",
    "unwrapped",
]


class PathError(ValueError):
    """A path that can't be evaluated on what it is given."""


@dataclass(frozen=True)
class Context:
    """What a path sees.

    Attributes:
        root: the JSON value, ``$``.
        lax: whether arrays are taken apart and built as needed, and what lacks is nothing.
        variables: the named ones, ``$name``.
        item: the one that a filter looks at, ``@``.
        last: the last place of the array around, ``last``.
    """

    root: Any
    lax: bool
    variables: Mapping[str, Any]
    item: Any = None
    last: int | None = None

    def at(self, item: Any) -> Context:
        """The same for a filter's item."""
        return replace(self, item=item)


Evaluate = Callable[[Context], list[Any]]
Predicate = Callable[[Context], bool | None]
"""True, False, or None for unknown."""

_BIGGEST = 2**63


def is_number(item: Any) -> bool:
    """Whether an item is numeric; Python's bool is not."""
    return isinstance(item, (int, float, Decimal)) and not isinstance(item, bool)


def unwrapped(items: list[Any], lax: bool) -> Iterator[Any]:
    """In lax mode, arrays are replaced by what they hold."""
    for item in items:
        if lax and isinstance(item, list):
            yield from item
        else:
            yield item


# ---- numbers -----------------------------------------------------------------------------------


def arithmetic(symbol: str, left: list[Any], right: list[Any]) -> Any:
    """One number and another, as SQL computes them."""
    if len(left) != 1 or len(right) != 1:
        raise PathError("arithmetic binary expression requires singleton operands")
    a, b = left[0], right[0]
    if not is_number(a) or not is_number(b):
        raise PathError("invalid operand types")
    if isinstance(a, float) or isinstance(b, float):
        a, b = float(a), float(b)
    if symbol in "/%" and b == 0:
        raise PathError("Division by zero")
    found = _OPERATIONS[symbol](a, b)
    if isinstance(found, int) and not -_BIGGEST <= found < _BIGGEST:
        raise PathError("bigint overflow")
    return found


def _quotient(a: Any, b: Any) -> Any:
    if isinstance(a, int) and isinstance(b, int):
        return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    return a / b


def _rest(a: Any, b: Any) -> Any:
    if isinstance(a, int) and isinstance(b, int):
        return a - b * _quotient(a, b)
    return math.fmod(a, b) if isinstance(a, float) else a % b


_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": _quotient,
    "%": _rest,
}

# ---- comparison --------------------------------------------------------------------------------

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    "<>": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}


def compared(symbol: str, left: list[Any], right: list[Any], lax: bool) -> bool | None:
    """Whether any pair of items compares so; what can't be compared is unknown."""
    pairs = ((a, b) for a in unwrapped(left, lax) for b in unwrapped(right, lax))
    return any_of((_compared_pair(symbol, a, b) for a, b in pairs), lax)


def any_of(found: Iterator[bool | None], lax: bool) -> bool | None:
    """True if any is; in lax mode the first that is true or unknown decides."""
    result: bool | None = False
    for each in found:
        if lax and each is not False:
            return each
        if each is None:
            return None
        result = result or each
    return result


def _compared_pair(symbol: str, a: Any, b: Any) -> bool | None:
    if a is None or b is None:
        return a is b and symbol in ("==", "<=", ">=")
    same = type(a) is type(b) and isinstance(a, (str, bool))
    if not same and not (is_number(a) and is_number(b)):
        return None
    return _COMPARISONS[symbol](a, b)


# ---- methods -----------------------------------------------------------------------------------


def method(name: str, items: list[Any], lax: bool) -> list[Any]:
    """``.name()`` of each item."""
    if name == "type":
        return [_type(item) for item in items]
    if name == "size":
        return [_size(item, lax) for item in items]
    if name == "keyvalue":
        return list(_key_values(items, lax))
    return [_METHODS[name](item) for item in unwrapped(items, lax)]


def _type(item: Any) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(item), "number")


def _size(item: Any, lax: bool) -> int:
    if isinstance(item, list):
        return len(item)
    if not lax:
        raise PathError(f"invalid item type. Expected: ARRAY, actual: {_type(item).upper()}")
    return 1


def _key_values(items: list[Any], lax: bool) -> Iterator[Any]:
    for place, item in enumerate(unwrapped(items, lax)):
        for name, value in members(item).items():
            yield {"name": name, "value": value, "id": place}


def members(item: Any) -> dict[str, Any]:
    """The members of an object; anything else has none and is an error."""
    if not isinstance(item, dict):
        raise PathError(f"invalid item type. Expected: OBJECT, actual: {_type(item).upper()}")
    return item


def _number(item: Any) -> Any:
    if not is_number(item):
        raise PathError(f"invalid item type. Expected: NUMBER, actual: {_type(item)}")
    return item


def _double(item: Any) -> float:
    try:
        return float(item if isinstance(item, str) else _number(item))
    except ValueError:
        raise PathError(f"{item} is no double") from None


def _whole(by: Callable[[Any], int]) -> Callable[[Any], Any]:
    return lambda item: type(item)(by(_number(item)))


_METHODS: dict[str, Callable[[Any], Any]] = {
    "abs": lambda item: abs(_number(item)),
    "ceiling": _whole(math.ceil),
    "double": _double,
    "floor": _whole(math.floor),
}
METHODS = frozenset(["type", "size", "keyvalue", *_METHODS])
"""The methods that items have."""
