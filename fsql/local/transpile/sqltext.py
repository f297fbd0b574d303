"""Pieces of DuckDB's SQL text: literals, templates that use an argument twice, raised errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from zlib import crc32

__all__ = [
    "escaped",
    "filled",
    "joined",
    "lambda_name",
    "let",
    "once",
    "raised",
    "string",
    "template",
]

_LARGE = 60
"""An argument longer than this is computed once and named, where a template uses it twice."""

_VOLATILE = re.compile(r"\b(random|uuid)\(")
_MARKS = re.compile(r"\{\{|@@|\{(\d{1,2})\}|@(\w+)")


def string(text: str) -> str:
    """`text` as a DuckDB string literal."""
    quoted = "'" + text.replace("'", "''") + "'"
    if "\0" not in text:
        return quoted
    return f"replace({quoted.replace(chr(0), chr(1) + 'NUL' + chr(1))}, '\x01NUL\x01', chr(0))"


def raised(name: str, message_sql: str, type_sql: str) -> str:
    """An expression of `type_sql` that fails with Trino's error `name` when it is evaluated.

    A failing cast and not DuckDB's error(): TRY() accepts no volatile function.
    """
    return f"CAST(CAST({string(f'TRINO:{name}:')} || {message_sql} AS INTEGER) AS {type_sql})"


def lambda_name(seed: str) -> str:
    """A name for a lambda's parameter: always the same for the same `seed`, so that an expression
    in GROUP BY and the same one in SELECT become the same text."""
    return f"fsql_v{crc32(seed.encode()):x}"


def let(arguments: Sequence[str], body: Callable[..., str]) -> str:
    """``body(*names)`` where each name stands for an argument that is evaluated only once."""
    name = lambda_name("\0".join(arguments))
    names = [f"{name}_{i}" for i in range(len(arguments))]
    return f"invoke(lambda {', '.join(names)}: {body(*names)}, {', '.join(arguments)})"


def once(sql: str, body: Callable[[str], str]) -> str:
    """``body(sql)``, with `sql` evaluated only once where it is large."""
    return let([sql], body) if _is_heavy(sql) else body(sql)


def _is_heavy(sql: str) -> bool:
    if sql.startswith("lambda "):
        return False
    return len(sql) > _LARGE or bool(_VOLATILE.search(sql))


def joined(items: str, separator: str, constant: bool) -> str:
    """The texts of a list in one, NULLs left out; DuckDB's own wants a `constant` separator."""
    if constant:
        return f"array_to_string({items}, {separator})"
    known = f"list_filter({items}, lambda fsql_s: fsql_s IS NOT NULL)"
    return once(
        known,
        lambda texts: (
            f"CASE WHEN len({texts}) = 0 THEN ''"
            f" ELSE list_reduce({texts}, lambda fsql_s, fsql_t:"
            f" fsql_s || {separator} || fsql_t) END"
        ),
    )


def template(text: str, arguments: Sequence[str]) -> str:
    """`text` with ``{0}``, ``{1}``, … replaced; an argument that is large and used twice is named.

    `text` is ours and never holds a user's words: only `arguments` may.
    """
    places = [int(mark[1]) for mark in _MARKS.finditer(text) if mark[1]]
    heavy = [
        i for i, argument in enumerate(arguments) if places.count(i) > 1 and _is_heavy(argument)
    ]
    if not heavy:
        return filled(text, arguments)

    def body(*names: str) -> str:
        named = dict(zip(heavy, names, strict=True))
        return filled(text, [named.get(i, argument) for i, argument in enumerate(arguments)])

    return let([arguments[i] for i in heavy], body)


def filled(text: str, arguments: Sequence[str]) -> str:
    """`text` with ``{0}``, ``{1}``, … replaced, however often each is used.

    ``@x`` becomes a lambda parameter's name that no column has: in an aggregated SELECT, DuckDB
    takes a parameter for the column of the same name.
    """

    def written(mark: re.Match[str]) -> str:
        if mark[1]:
            return arguments[int(mark[1])]
        return f"fsql_{mark[2]}" if mark[2] else mark[0][0]

    return _MARKS.sub(written, text)


def escaped(text: str) -> str:
    """`text` as part of a template: a type with a user's field names."""
    return text.replace("{", "{{").replace("@", "@@")
