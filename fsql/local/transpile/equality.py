"""``=`` of rows and arrays: unknown where NULLs within leave it open; DuckDB takes NULLs as equal.

Source: Trino documentation, "Comparison functions and operators"; SQL's row value comparison.
"""

from __future__ import annotations

from fsql.local.transpile.sqltext import let, template
from fsql.local.transpile.types import Type, quoted

__all__ = ["equal"]

_ARRAYS = (
    "CASE WHEN len({0}) <> len({1}) THEN false"
    " WHEN list_contains({2}, false) THEN false"
    " WHEN len(list_filter({2}, lambda @b: @b IS NULL)) = 0 THEN true END"
)


def equal(left: str, right: str, type_: Type) -> str:
    """Whether two values of a type are equal, as DuckDB's expression."""
    if type_.base == "row":
        return template(_rows(type_), [left, right])
    if type_.base == "array":
        return let([left, right], lambda a, b: _arrays(a, b, type_.items[0]))
    return f"({left} = {right})"


def _rows(type_: Type) -> str:
    pairs = zip(type_.field_names(), type_.items, strict=True)
    terms = [equal(f"({{0}}).{_field(n)}", f"({{1}}).{_field(n)}", item) for n, item in pairs]
    return f"({' AND '.join(terms)})"


def _field(name: str) -> str:
    return quoted(name).replace("{", "{{").replace("@", "@@")


def _arrays(left: str, right: str, item: Type) -> str:
    place = f"fsql_i{len(left)}"
    each = equal(f"{left}[{place}]", f"{right}[{place}]", item)
    found = f"list_transform(range(1, len({left}) + 1), lambda {place}: {each})"
    return template(_ARRAYS, [left, right, found])
