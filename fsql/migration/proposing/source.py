"""Python's source text of values and calls, laid out as a formatter would, with its imports."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

__all__ = ["Code", "call", "code", "imported", "literal", "named", "quoted", "text"]

WIDTH = 88  # of a line, as formatters take it by default
STEP = 4
FSQL_TYPES = "fsql.types"


@dataclass(frozen=True)
class Code:
    """An expression: its text if it has no items, else `head`, items with commas, and `tail`.

    Attributes:
        imports: the lines that it needs, such as ``import pyarrow as pa``.
    """

    head: str
    items: tuple[Code, ...] = ()
    tail: str = ""
    imports: frozenset[str] = frozenset()

    @property
    def line(self) -> str:
        """All of it on one line."""
        return self.head + ", ".join(item.line for item in self.items) + self.tail


def code(head: str, *imports: str) -> Code:
    """An expression of one piece."""
    return Code(head, imports=frozenset(imports))


def call(function: str, arguments: Iterable[Code], *imports: str) -> Code:
    """A call of a function."""
    return Code(f"{function}(", tuple(arguments), ")", frozenset(imports))


def named(name: str, value: Code) -> Code:
    """A keyword argument."""
    return replace(value, head=f"{name}={value.head}")


def text(expression: Code, indent: int = 0, before: int = 0) -> str:
    """The expression, over several lines if one is too short for it.

    Args:
        indent: of the line that it begins on; the first line is given without it.
        before: characters of the line that are taken otherwise, such as by a comma.
    """
    line = expression.line
    if not expression.items:
        return line.replace("\n", "\n" + " " * indent)
    if indent + before + len(line) <= WIDTH and "\n" not in line:
        return line
    inner = indent + STEP
    parts = [" " * inner + text(item, inner, 1) + ",\n" for item in expression.items]
    return f"{expression.head}\n{''.join(parts)}{' ' * indent}{expression.tail}"


def imported(expression: Code) -> frozenset[str]:
    """All lines of imports that an expression needs."""
    return expression.imports.union(*map(imported, expression.items))


def quoted(value: str) -> str:
    """Text between double quotes where that needs no more escapes than single ones would."""
    plain = repr(value)
    if plain.startswith("'") and '"' not in plain and "\\'" not in plain:
        return f'"{plain[1:-1]}"'
    return plain


def literal(value: Any) -> Code:
    """A value as an expression that gives an equal one.

    Raises:
        TypeError: it is of a kind that no option and no default has.
    """
    for kind, written in _KINDS:
        if isinstance(value, kind):
            return written(value)
    raise TypeError(f"{value!r} has no spelling in a migration.")


def _float(value: float) -> Code:
    return code(repr(value) if math.isfinite(value) else f'float("{value}")')


def _bytes(value: bytes) -> Code:
    plain = repr(value)
    return code(f'b"{plain[2:-1]}"' if plain[1] == "'" and '"' not in plain else plain)


def _decimal(value: Decimal) -> Code:
    return code(f'Decimal("{value}")', "from decimal import Decimal")


def _time(value: dt.date | dt.time | dt.timedelta) -> Code:
    return code(repr(value).replace("datetime.", "dt."), "import datetime as dt")


def _timedelta(value: dt.timedelta) -> Code:
    parts = {"days": value.days, "seconds": value.seconds, "microseconds": value.microseconds}
    if value.days >= 0 and not value.seconds % 3600:
        parts = {"days": value.days, "hours": value.seconds // 3600} | {
            "microseconds": value.microseconds
        }
    arguments = [code(f"{name}={part}") for name, part in parts.items() if part]
    return call("dt.timedelta", arguments, "import datetime as dt")


def _sequence(head: str, tail: str) -> Callable[[Iterable[Any]], Code]:
    return lambda value: Code(head, tuple(map(literal, value)), tail)


def _mapping(value: Mapping[Any, Any]) -> Code:
    pairs = []
    for key, item in value.items():
        written = literal(item)
        pairs.append(
            replace(
                written,
                head=f"{literal(key).line}: {written.head}",
                imports=written.imports | imported(literal(key)),
            )
        )
    return Code("{", tuple(pairs), "}")


_KINDS: tuple[tuple[type[Any] | tuple[type[Any], ...], Callable[[Any], Code]], ...] = (
    (str, lambda value: code(quoted(value))),
    (float, _float),
    (bytes, _bytes),
    (Decimal, _decimal),
    (dt.timedelta, _timedelta),
    ((dt.date, dt.time), _time),
    ((bool, int, type(None)), lambda value: code(repr(value))),
    ((list, tuple), _sequence("[", "]")),
    (Mapping, _mapping),
)
