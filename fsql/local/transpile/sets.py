"""UNION, INTERSECT, EXCEPT, VALUES and parenthesized queries, with their ORDER BY and LIMIT."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from fsql.local.transpile.binder import Binder, Block, Bound, coerced
from fsql.local.transpile.coercion import common_type_of
from fsql.local.transpile.places import checked, fault, start_of, unexpected
from fsql.local.transpile.scope import Scope, Typed
from fsql.local.transpile.translation import Translation, columns_as, query
from fsql.local.transpile.types import Type
from fsql.local.transpile.windows import direction

__all__ = ["limited"]

_TAIL = ("with_", "order", "limit", "offset")

# ---- UNION, INTERSECT, EXCEPT ------------------------------------------------------------------


@query(exp.Union, exp.Intersect, exp.Except)
def _set_operation(translation: Translation, node: exp.SetOperation, outer: Scope | None) -> Bound:
    operands, words = _chain(node)
    bounds = [translation.query(operand, outer) for operand in operands]
    types = [_common(node, bounds, i) for i in range(_width(node, bounds))]

    def build(names: Sequence[str]) -> str:
        first = _renamed(columns_as(bounds[0], types), names)
        return _folded([first, *(columns_as(bound, types) for bound in bounds[1:])], words)

    return _sorted(translation, node, Bound(bounds[0].names, tuple(types), build), outer)


def _renamed(sql: str, names: Sequence[str]) -> str:
    if all(name == f"c{i}" for i, name in enumerate(names)):
        return sql
    columns = ", ".join(f"q.c{i} AS {name}" for i, name in enumerate(names))
    return f"SELECT {columns} FROM ({sql}) AS q"


def _chain(node: exp.SetOperation) -> tuple[list[exp.Expr], list[str]]:
    """The operands from left to right and the words between them, without recursion."""
    operands: list[exp.Expr] = []
    words: list[str] = []
    left: exp.Expr = node
    while isinstance(left, exp.SetOperation) and (left is node or not _tail(left)):
        checked(left, "this", "expression", "distinct", *_TAIL)
        operands.append(left.expression)
        words.append(left.key.upper() + ("" if left.args.get("distinct") else " ALL"))
        left = left.this
    return [left, *reversed(operands)], words[::-1]


def _tail(node: exp.Expr) -> bool:
    return any(node.args.get(name) for name in _TAIL)


def _folded(texts: list[str], words: list[str]) -> str:
    """``(a) UNION (b) UNION (c)``; parentheses only where the word changes."""
    text = f"({texts[0]})"
    for i, (word, operand) in enumerate(zip(words, texts[1:], strict=True)):
        if i and word != words[i - 1]:
            text = f"({text})"
        text = f"{text} {word} ({operand})"
    return text


def _width(node: exp.Expr, bounds: list[Bound]) -> int:
    widths = [len(bound.types) for bound in bounds]
    if len(set(widths)) > 1:
        word = node.key.upper()
        sizes = ", ".join(map(str, widths))
        message = f"{word} query has different number of fields: {sizes}"
        raise fault(node, "TYPE_MISMATCH", message)
    return widths[0]


def _common(node: exp.Expr, bounds: list[Bound], column: int) -> Type:
    types = [bound.types[column] for bound in bounds]
    common = common_type_of(types)
    if common is None:
        message = (
            f"column {column + 1} in {node.key.upper()} query has incompatible types: "
            f"{', '.join(map(str, types))}"
        )
        raise fault(node, "TYPE_MISMATCH", message)
    return common


# ---- VALUES and parentheses --------------------------------------------------------------------


@query(exp.Values)
def _values(translation: Translation, node: exp.Values, outer: Scope | None) -> Bound:
    checked(node, "expressions", "alias", *_TAIL)
    binder = Binder(translation, outer or Scope(), Block("VALUES", False, False))
    rows = [[binder.bind(item) for item in _items(row)] for row in node.expressions]
    if len({len(row) for row in rows}) != 1:
        sizes = f"{len(rows[0])} vs {next(len(r) for r in rows if len(r) != len(rows[0]))}"
        raise fault(node, "TYPE_MISMATCH", f"Values rows have mismatched sizes: {sizes}")
    types = [_column_type(node, column) for column in zip(*rows, strict=True)]
    texts = [
        f"({', '.join(coerced(item, t) for item, t in zip(row, types, strict=True))})"
        for row in rows
    ]
    columns = [f"c{i}" for i in range(len(types))]
    relation = f"(VALUES {', '.join(texts)}) AS q({', '.join(columns)})"

    def build(names: Sequence[str]) -> str:
        picked = ", ".join(f"q.{c} AS {n}" for c, n in zip(columns, names, strict=True))
        return f"SELECT {picked} FROM {relation}"

    return _sorted(translation, node, Bound((None,) * len(types), tuple(types), build), outer)


def _items(row: exp.Expr) -> list[exp.Expr]:
    if isinstance(row, exp.Anonymous) and row.name.lower() == "row":
        return list(row.expressions)
    if isinstance(row, exp.Tuple):
        inner = row.expressions
        return _items(inner[0]) if len(inner) == 1 and not _is_value(inner[0]) else list(inner)
    return [row]


def _is_value(node: exp.Expr) -> bool:
    return not (isinstance(node, exp.Anonymous) and node.name.lower() == "row")


def _column_type(node: exp.Expr, column: tuple[Typed, ...]) -> Type:
    common = common_type_of(item.type for item in column)
    if common is None:
        types = ", ".join(dict.fromkeys(str(item.type) for item in column))
        raise fault(node, "TYPE_MISMATCH", f"Values rows have mismatched types: {types}")
    return common


@query(exp.Subquery)
def _parenthesized(translation: Translation, node: exp.Subquery, outer: Scope | None) -> Bound:
    checked(node, "this", "alias", *_TAIL)
    return _sorted(translation, node, translation.query(node.this, outer), outer)


# ---- ORDER BY, OFFSET, LIMIT over a whole query ------------------------------------------------


def _sorted(translation: Translation, node: exp.Expr, bound: Bound, outer: Scope | None) -> Bound:
    tail = limited(translation, node)
    order = node.args.get("order")
    if not order and not tail:
        return bound
    relation = translation.relation(bound)
    if order:
        binder = Binder(translation, Scope(relation.fields, outer), Block("ORDER BY", False, False))
        keys = ", ".join(_key(binder, relation.fields, item) for item in order.expressions)
        tail = f" ORDER BY {keys}{tail}"

    def build(names: Sequence[str]) -> str:
        fields = zip(relation.fields, names, strict=True)
        picked = ", ".join(f"{own.sql} AS {name}" for own, name in fields)
        return f"SELECT {picked} FROM {relation.sql}{tail}"

    return Bound(bound.names, bound.types, build)


def _key(binder: Binder, fields: Sequence[object], item: exp.Ordered) -> str:
    typed = binder.bind(item.this)
    if isinstance(typed.literal, int) and isinstance(item.this, exp.Literal):
        if not 1 <= typed.literal <= len(fields):
            raise fault(
                item, "INVALID_COLUMN_REFERENCE", ordinal_message(typed.literal, "ORDER BY")
            )
        return f"{typed.literal}{direction(item)}"
    return f"{typed.sql}{direction(item)}"


def ordinal_message(place: int, clause: str) -> str:
    """The words for a number in GROUP BY or ORDER BY that is no column's."""
    return f"{clause} position {place} is not in select list"


def limited(translation: Translation, node: exp.Expr) -> str:
    """`` LIMIT 5 OFFSET 10``: DuckDB's words for OFFSET, LIMIT and FETCH FIRST."""
    offset, limit = node.args.get("offset"), node.args.get("limit")
    for clause in (offset, limit):
        if clause is not None:
            checked(clause, "expression", "count", "direction", "limit_options")
    if offset is not None and limit is not None and 0 < start_of(limit) < start_of(offset):
        raise fault(offset, "SYNTAX_ERROR", "mismatched input 'OFFSET'. Expecting: <EOF>")
    words = ""
    if isinstance(limit, exp.Fetch):
        words = f" LIMIT {_fetched(translation, limit)}"
    elif limit is not None and limit.expression.name.upper() != "ALL":
        words = f" LIMIT {_row_count(translation, limit.expression, 'LIMIT')}"
    if offset is not None:
        words += f" OFFSET {_row_count(translation, offset.expression, 'OFFSET')}"
    return words


def _fetched(translation: Translation, fetch: exp.Fetch) -> str:
    options = fetch.args.get("limit_options")
    if options is not None and (options.args.get("with_ties") or options.args.get("percent")):
        raise fault(fetch, "NOT_SUPPORTED", "FETCH FIRST … WITH TIES is not supported")
    rows = fetch.args.get("count")
    return _row_count(translation, rows, "FETCH FIRST") if rows is not None else "1"


def _row_count(translation: Translation, node: exp.Expr, clause: str) -> str:
    typed = Binder(translation, Scope(), Block(clause, False, False)).bind(node)
    if not isinstance(typed.literal, int) or typed.literal < 0:
        raise unexpected(node)
    return str(typed.literal)
