"""Columns, fields of rows, subscripts and parameters of lambdas."""

from __future__ import annotations

from sqlglot import exp

from fsql.local.transpile.binder import Binder, coerced, rule
from fsql.local.transpile.coercion import can_coerce
from fsql.local.transpile.errors import TrinoError
from fsql.local.transpile.places import at, fault, unexpected
from fsql.local.transpile.scope import Scope, Typed
from fsql.local.transpile.sqltext import escaped, raised, template
from fsql.local.transpile.types import BIGINT, Type, duckdb_type, quoted

__all__ = ["identifier", "output_name", "written"]


def identifier(node: exp.Expr) -> str:
    """The name as Trino compares it: lower case, quoted or not."""
    return written(node).lower()


def written(node: exp.Expr) -> str:
    """The name as it stands in the query, which is how results show it."""
    if not node.name:
        raise fault(node, "SYNTAX_ERROR", "Zero-length delimited identifier not allowed")
    return node.name


def output_name(node: exp.Expr) -> str | None:
    """The name of a SELECT item's column: its alias, or that of the column or field it is."""
    if isinstance(node, exp.Alias):
        return written(node.args["alias"])
    if isinstance(node, exp.Column):
        return written(node.this)
    if isinstance(node, exp.Dot):
        return written(node.expression)
    return None


def _parts(node: exp.Expr) -> list[exp.Identifier] | None:
    """The identifiers of ``a.b.c``; None for a dot behind anything but names."""
    if isinstance(node, exp.Identifier):
        return [node]
    if isinstance(node, exp.Column):
        found = [node.args.get(part) for part in ("catalog", "db", "table", "this")]
        names = [part for part in found if part is not None]
        return names if all(isinstance(part, exp.Identifier) for part in names) else None
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
        before = _parts(node.this)
        return [*before, node.expression] if before is not None else None
    return None


@rule(exp.Column, exp.Identifier)
def _column(binder: Binder, node: exp.Expr) -> Typed:
    parts = _parts(node)
    if parts is None:
        raise unexpected(node)
    return _path(binder, node, parts)


@rule(exp.Dot)
def _dot(binder: Binder, node: exp.Dot) -> Typed:
    parts = _parts(node)
    if parts is not None:
        return _path(binder, node, parts)
    if not isinstance(node.expression, exp.Identifier):
        raise fault(node, "FUNCTION_NOT_FOUND", f"Function '{node.sql('trino')}' not registered")
    return _field(binder.bind(node.this), node.expression, node)


def _path(binder: Binder, node: exp.Expr, parts: list[exp.Identifier]) -> Typed:
    """``a.b.c``: the longest start of it that is a column, and then fields of rows."""
    names = [identifier(part) for part in parts]
    head = _parameter(binder.scope, names)
    used = 1
    if head is None:
        head, used = _longest_column(binder, node, names)
    for part in parts[used:]:
        head = _field(head, part, node)
    return head


def _parameter(scope: Scope, names: list[str]) -> Typed | None:
    return scope.parameter(names[0])


def _longest_column(binder: Binder, node: exp.Expr, names: list[str]) -> tuple[Typed, int]:
    for used in range(len(names), 0, -1):
        found, local = binder.scope.find(names[used - 1], tuple(names[: used - 1]))
        if len(found) > 1:
            raise fault(node, "AMBIGUOUS_NAME", f"Column '{'.'.join(names[:used])}' is ambiguous")
        if found:
            if local:
                binder.block.loose.append(node)
            return Typed(found[0].sql, found[0].type), used
    raise _unresolved(node, names)


def _unresolved(node: exp.Expr, names: list[str]) -> TrinoError:
    name = ".".join(names)
    if names[-1].startswith("$"):
        return TrinoError("NOT_SUPPORTED", f"{at(node)}: Hidden column '{name}' is not supported")
    if name == "current_schema":
        return TrinoError("NOT_SUPPORTED", f"{at(node)}: current_schema is not supported")
    return TrinoError("COLUMN_NOT_FOUND", f"{at(node)}: Column '{name}' cannot be resolved")


def _field(base: Typed, part: exp.Identifier, node: exp.Expr) -> Typed:
    if base.type.base != "row":
        if isinstance(node, exp.Column):
            raise _unresolved(node, [identifier(p) for p in _parts(node) or []])
        raise fault(node, "TYPE_MISMATCH", f"Expression {node.sql('trino')} is not of type ROW")
    name = identifier(part)
    found = [i for i, own in enumerate(base.type.field_names()) if own == name]
    if not found:
        raise _unresolved(node, [identifier(p) for p in _parts(node) or [part]])
    own = base.type.field_names()[found[0]]
    return Typed(f"({base.sql}).{quoted(own)}", base.type.items[found[0]])


# ---- subscripts --------------------------------------------------------------------------------


@rule(exp.Bracket)
def _subscript(binder: Binder, node: exp.Bracket) -> Typed:
    base = binder.bind(node.this)
    if len(node.expressions) != 1 or base.type.base not in _SUBSCRIPTS:
        raise fault(node, "TYPE_MISMATCH", f"Cannot use {base.type} for subscript")
    index = binder.bind(node.expressions[0])
    return _SUBSCRIPTS[base.type.base](node, base, index)


def _array_item(node: exp.Expr, base: Typed, index: Typed) -> Typed:
    _wanted(node, index, BIGINT)
    item = base.type.items[0]
    wrong = raised("INVALID_FUNCTION_ARGUMENT", _BAD_SUBSCRIPT, escaped(duckdb_type(item)))
    outside = "{1} > len({0})" if _is_positive(index) else "{1} > len({0}) OR {1} < 1"
    text = f"CASE WHEN {outside} THEN {wrong} ELSE {{0}}[{{1}}] END"
    return Typed(template(text, [base.sql, coerced(index, BIGINT)]), item)


def _is_positive(index: Typed) -> bool:
    return isinstance(index.literal, int) and index.literal > 0


_BAD_SUBSCRIPT = (
    "CASE WHEN {1} > 0 THEN 'Array subscript must be less than or equal to array length: '"
    " || {1} || ' > ' || len({0}) WHEN {1} = 0 THEN 'SQL array indices start at 1'"
    " ELSE 'Array subscript is negative: ' || {1} END"
)


def _map_value(node: exp.Expr, base: Typed, key: Typed) -> Typed:
    wanted, value = base.type.items
    _wanted(node, key, wanted)
    said = "'Key not present in map: ' || CAST({1} AS VARCHAR)"
    missing = raised("INVALID_FUNCTION_ARGUMENT", said, escaped(duckdb_type(value)))
    text = f"CASE WHEN NOT map_contains({{0}}, {{1}}) THEN {missing} ELSE {{0}}[{{1}}] END"
    return Typed(template(text, [base.sql, coerced(key, wanted)]), value)


def _row_item(node: exp.Bracket, base: Typed, index: Typed) -> Typed:
    place = index.literal
    if not isinstance(place, int) or not 1 <= place <= len(base.type.items):
        raise fault(
            node, "INVALID_FUNCTION_ARGUMENT", "Subscript of a row must be one of its field numbers"
        )
    own = base.type.field_names()[place - 1]
    return Typed(f"({base.sql}).{quoted(own)}", base.type.items[place - 1])


def _wanted(node: exp.Expr, index: Typed, wanted: Type) -> None:
    if not can_coerce(index.type, wanted):
        raise fault(
            node, "TYPE_MISMATCH", f"Cannot use {index.type} for subscript of a key {wanted}"
        )


_SUBSCRIPTS = {"array": _array_item, "map": _map_value, "row": _row_item}
