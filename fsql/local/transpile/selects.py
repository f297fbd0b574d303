"""SELECT: its list, WHERE, GROUP BY, HAVING, WINDOW and ORDER BY."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from fsql.local.transpile.binder import Binder, Block, Bound
from fsql.local.transpile.names import identifier, output_name
from fsql.local.transpile.places import checked, fault, written_as
from fsql.local.transpile.relations import from_clause
from fsql.local.transpile.scope import Field, Relation, Scope, Typed
from fsql.local.transpile.sets import limited, ordinal_message
from fsql.local.transpile.translation import Translation, query
from fsql.local.transpile.types import BOOLEAN, UNKNOWN, duckdb_type, quoted
from fsql.local.transpile.windows import direction

__all__: list[str] = []

_CLAUSES = (
    *("expressions", "distinct", "from_", "joins", "where", "group", "having", "windows"),
    *("order", "limit", "offset", "with_", "kind"),
)


@dataclass(frozen=True)
class _Output:
    """One item of the SELECT list after ``*`` is written out."""

    name: str | None
    node: exp.Expr
    field: Field | None = None
    """Of an item that ``*`` stands for."""


@query(exp.Select)
def _select(translation: Translation, node: exp.Select, outer: Scope | None) -> Bound:
    checked(node, *_CLAUSES)
    if not node.expressions:
        raise fault(node, "SYNTAX_ERROR", "mismatched input. Expecting: <expression>")
    source = from_clause(translation, node, outer)
    scope = Scope(source.fields if source else (), outer)
    block = Block(windows={identifier(w.this): w for w in node.args.get("windows") or []})
    binder = Binder(translation, scope, block)
    outputs = [output for item in node.expressions for output in _outputs(binder, item, source)]
    where = _where(binder, node)
    grouping = _group_by(binder, node, outputs)
    items = [_bound_output(binder, output) for output in outputs]
    having = _having(binder, node)
    order = _order_by(binder, node, outputs, items)
    if grouping or having or block.aggregated:
        _check_loose(block)
    tail = f"{where}{grouping}{having}{order}{limited(translation, node)}"
    distinct = "DISTINCT " if _is_distinct(node) else ""

    def build(names: Sequence[str]) -> str:
        listed = ", ".join(f"{_item(i)} AS {name}" for i, name in zip(items, names, strict=True))
        return f"SELECT {distinct}{listed}{f' FROM {source.sql}' if source else ''}{tail}"

    return Bound(tuple(o.name for o in outputs), tuple(item.type for item in items), build)


def _item(item: Typed) -> str:
    """A column's text; one of NULLs only still needs a type in DuckDB."""
    return f"CAST({item.sql} AS {duckdb_type(UNKNOWN)})" if item.type == UNKNOWN else item.sql


def _is_distinct(node: exp.Select) -> bool:
    distinct = node.args.get("distinct")
    if distinct is not None and distinct.args.get("on"):
        raise fault(distinct.args["on"], "SYNTAX_ERROR", "mismatched input 'ON'")
    return distinct is not None


# ---- the list ----------------------------------------------------------------------------------


def _outputs(binder: Binder, node: exp.Expr, source: Relation | None) -> list[_Output]:
    if isinstance(node, exp.Star):
        checked(node)
        if source is None:
            message = "SELECT * not allowed in queries without FROM clause"
            raise fault(node, "COLUMN_NOT_FOUND", message)
        return [_Output(own.name, node, own) for own in source.fields if not own.hidden]
    if isinstance(node, exp.Column) and isinstance(node.this, exp.Star):
        return _qualified_star(binder, node, source)
    return [_Output(output_name(node), node)]


def _qualified_star(binder: Binder, node: exp.Column, source: Relation | None) -> list[_Output]:
    parts = [node.args.get(part) for part in ("catalog", "db", "table")]
    qualifier = tuple(identifier(part) for part in parts if part is not None)
    fields = source.fields if source else ()
    found = [own for own in fields if own.qualifier and own.answers(qualifier)]
    if found:
        return [_Output(own.name, node, own) for own in found if not own.hidden]
    columns, _ = binder.scope.find(qualifier[-1], qualifier[:-1])
    if len(columns) == 1 and columns[0].type.base == "row":
        return [_Output(own.name, node, own) for own in _row_fields(columns[0])]
    name = ".".join(qualifier)
    raise fault(node, "TABLE_NOT_FOUND", f"Unable to resolve reference {name}")


def _row_fields(column: Field) -> list[Field]:
    type_ = column.type
    parts = zip(type_.names, type_.field_names(), type_.items, strict=True)
    return [Field(name, (), f"({column.sql}).{quoted(own)}", item) for name, own, item in parts]


def _bound_output(binder: Binder, output: _Output) -> Typed:
    if output.field is None:
        inner = output.node.this if isinstance(output.node, exp.Alias) else output.node
        return binder.bind(inner)
    if output.field.sql not in binder.block.keys:
        binder.block.loose.append(output.node)
    return Typed(output.field.sql, output.field.type)


# ---- WHERE, GROUP BY, HAVING -------------------------------------------------------------------


def _where(binder: Binder, node: exp.Select) -> str:
    where = node.args.get("where")
    if where is None:
        return ""
    with binder.changed(clause="WHERE", aggregates_allowed=False, windows_allowed=False, loose=[]):
        return f" WHERE {binder.bind_as(where.this, BOOLEAN, 'WHERE clause')}"


def _having(binder: Binder, node: exp.Select) -> str:
    having = node.args.get("having")
    if having is None:
        return ""
    with binder.changed(clause="HAVING", windows_allowed=False):
        return f" HAVING {binder.bind_as(having.this, BOOLEAN, 'HAVING clause')}"


def _group_by(binder: Binder, node: exp.Select, outputs: list[_Output]) -> str:
    group = node.args.get("group")
    if group is None:
        return ""
    checked(group, "expressions")
    if not group.expressions:
        raise fault(node, "SYNTAX_ERROR", "mismatched input. Expecting: <expression>")
    keys: set[str] = set()
    with binder.changed(
        clause="GROUP BY", aggregates_allowed=False, windows_allowed=False, loose=[]
    ):
        texts = [_grouped(binder, item, outputs, keys) for item in group.expressions]
    binder.block.keys = frozenset(keys)
    return f" GROUP BY {', '.join(texts)}"


_SETS: dict[type[exp.Expr], str] = {
    exp.GroupingSets: "GROUPING SETS",
    exp.Rollup: "ROLLUP",
    exp.Cube: "CUBE",
}


def _grouped(binder: Binder, node: exp.Expr, outputs: list[_Output], keys: set[str]) -> str:
    """One element of GROUP BY; the text of each expression in it is added to `keys`."""
    word = _SETS.get(type(node))
    if word or isinstance(node, exp.Tuple):
        inner = [_grouped(binder, item, outputs, keys) for item in node.expressions]
        return f"{word + ' ' if word else ''}({', '.join(inner)})"
    typed = _key(binder, node.this if isinstance(node, exp.Paren) else node, outputs)
    keys.add(typed.sql)
    if typed.literal is not None or typed.type == UNKNOWN:
        return f"CAST({typed.sql} AS {duckdb_type(typed.type)})"
    return typed.sql


def _key(binder: Binder, node: exp.Expr, outputs: list[_Output]) -> Typed:
    place = binder.bind(node)
    if not isinstance(place.literal, int) or not isinstance(node, exp.Literal):
        return place
    if not 1 <= place.literal <= len(outputs):
        message = ordinal_message(place.literal, "GROUP BY")
        raise fault(node, "INVALID_COLUMN_REFERENCE", message)
    return _bound_output(binder, outputs[place.literal - 1])


def _check_loose(block: Block) -> None:
    for node in block.loose[:1]:
        name = written_as(node)
        message = f"'{name}' must be an aggregate expression or appear in GROUP BY clause"
        raise fault(node, "EXPRESSION_NOT_AGGREGATE", message)


# ---- ORDER BY ----------------------------------------------------------------------------------


def _order_by(binder: Binder, node: exp.Select, outputs: list[_Output], items: list[Typed]) -> str:
    order = node.args.get("order")
    if order is None:
        return ""
    named = zip(outputs, items, strict=True)
    fields = [Field(o.name, (), item.sql, item.type) for o, item in named]
    sorter = Binder(binder.queries, Scope(fields, binder.scope, inner=True), binder.block)
    with binder.changed(clause="ORDER BY"):
        keys = [_order_key(sorter, item, node, outputs, items) for item in order.expressions]
    found = [key for key in keys if key]
    return f" ORDER BY {', '.join(found)}" if found else ""


def _order_key(
    sorter: Binder, item: exp.Ordered, node: exp.Select, outputs: list[_Output], items: list[Typed]
) -> str:
    mark = len(sorter.block.loose)
    typed = sorter.bind(item.this)
    place = typed.literal
    if isinstance(place, int) and isinstance(item.this, exp.Literal):
        if not 1 <= place <= len(outputs):
            message = ordinal_message(place, "ORDER BY")
            raise fault(item.this, "INVALID_COLUMN_REFERENCE", message)
        return f"{place}{direction(item)}"
    texts = [own.sql for own in items]
    if typed.sql in texts:
        del sorter.block.loose[mark:]
        return f"{texts.index(typed.sql) + 1}{direction(item)}"
    if _is_distinct(node):
        message = "For SELECT DISTINCT, ORDER BY expressions must appear in select list"
        raise fault(item.this, "EXPRESSION_NOT_IN_DISTINCT", message)
    varies = item.this.find(exp.Column, exp.Query, exp.Anonymous)
    constant = not varies or typed.sql.startswith("'")
    return "" if constant else f"{typed.sql}{direction(item)}"
