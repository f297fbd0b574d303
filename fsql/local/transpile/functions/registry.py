"""Where the tables of functions meet: by name, the overloads of each.

A table is a dict from a signature to what makes DuckDB's expression of it: a template
(``{0}`` is the first argument, coerced), or a function of the `Call`. In templates of aggregate
and window functions ``<sum({0})>`` marks DuckDB's own aggregate, which takes DISTINCT, ORDER BY,
FILTER and OVER from the call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from fsql.local.transpile.scope import Typed
from fsql.local.transpile.signatures import Signature, read_signature
from fsql.local.transpile.types import Type

__all__ = ["AGGREGATE", "FUNCTIONS", "SCALAR", "WINDOW", "Call", "Overload", "register"]

Kind = Literal["scalar", "aggregate", "window"]
SCALAR: Kind = "scalar"
AGGREGATE: Kind = "aggregate"
WINDOW: Kind = "window"


@dataclass(frozen=True)
class Call:
    """A call of a function whose overload is found."""

    node: exp.Expr
    arguments: list[str]
    """Each argument's DuckDB expression, coerced to its parameter's type."""
    types: list[Type]
    given: list[Typed]
    """The arguments before coercion, with the values of literals."""
    result: Type


Emit = str | Callable[[Call], str | Typed]


@dataclass(frozen=True)
class Overload:
    """One signature and how to write it in DuckDB's SQL."""

    kind: Kind
    signature: Signature
    emit: Emit


FUNCTIONS: dict[str, list[Overload]] = {}
"""By name, in the order in which they are tried."""


def register(kind: Kind, table: Mapping[str, Emit]) -> None:
    """Add a table of functions; of one name the narrower overloads come first."""
    for text, emit in table.items():
        signature = read_signature(text)
        FUNCTIONS.setdefault(signature.name, []).append(Overload(kind, signature, emit))
