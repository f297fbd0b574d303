"""LIKE, as the plainest test that means the same."""

from __future__ import annotations

import pyarrow as pa

from fsql.analysis.comparisons import Stored, Untranslatable
from fsql.analysis.predicates import Compare, Match, NotNull, Predicate

__all__ = ["match"]

_ANY, _ONE = object(), object()


def match(column: Stored, pattern: str, escape: str | None, negated: bool) -> Predicate:
    """The rows for which ``column LIKE pattern ESCAPE escape`` is TRUE; or FALSE.

    Without ESCAPE no character escapes, a backslash neither
    (https://trino.io/docs/current/functions/comparison.html#pattern-comparison-like).

    Raises:
        Untranslatable: the column is no text, or Trino refuses the pattern.
    """
    if not pa.types.is_string(column.type):
        raise Untranslatable(f"{column.type} LIKE")
    parts = _parsed(pattern, escape)
    if _ONE not in parts:
        start, end = parts[:1] == [_ANY], parts[-1:] == [_ANY]
        inner = parts[start : len(parts) - end]
        if _ANY not in inner:
            return _plain(column, "".join(map(str, inner)), start, end, negated)
    return Match("like", column.path, "".join(map(_spelled, parts)), negated)


def _plain(column: Stored, text: str, start: bool, end: bool, negated: bool) -> Predicate:
    if not start and not end:
        return Compare("<>" if negated else "=", column.path, pa.scalar(text, column.type))
    if not text and not negated:
        return NotNull(column.path)
    kind = "substring" if start and end else "suffix" if start else "prefix"
    return Match(kind, column.path, text, negated)


def _parsed(pattern: str, escape: str | None) -> list[object]:
    """Characters and wildcards; runs of % are one."""
    if escape is not None and len(escape) != 1:
        raise Untranslatable("ESCAPE of several characters")
    parts: list[object] = []
    characters = iter(pattern)
    for character in characters:
        if character == escape:
            escaped = next(characters, "")
            if not escaped or escaped not in f"%_{escape}":
                raise Untranslatable("an escape of nothing")
            parts.append(escaped)
        elif character != "%":
            parts.append(_ONE if character == "_" else character)
        elif parts[-1:] != [_ANY]:
            parts.append(_ANY)
    return parts


def _spelled(part: object) -> str:
    """In Arrow's LIKE, in which a backslash escapes."""
    if part in (_ANY, _ONE):
        return "%" if part is _ANY else "_"
    return f"\\{part}" if str(part) in "%_\\" else str(part)
