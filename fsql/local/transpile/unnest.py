"""UNNEST: rows out of arrays and maps. Source: Trino documentation, "SELECT"."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from fsql.local.transpile.binder import Binder, Block
from fsql.local.transpile.names import identifier
from fsql.local.transpile.places import checked, fault, unexpected
from fsql.local.transpile.relations import JOINS, Place, qualified, relation, renamed
from fsql.local.transpile.scope import Field, Relation, Typed
from fsql.local.transpile.types import BIGINT, Type, quoted

__all__: list[str] = []


@relation(exp.Unnest)
def _unnest_alone(place: Place, node: exp.Unnest) -> Relation:
    return _unnested(place, node, keep=False)


def _unnest_join(place: Place, join: exp.Join) -> Relation:
    keep = join.side.upper() == "LEFT"
    on = join.args.get("on")
    if join.side.upper() not in ("", "LEFT") or join.args.get("using"):
        raise fault(join, "NOT_SUPPORTED", f"{join.side} JOIN involving UNNEST is not supported")
    if on is not None and not (isinstance(on, exp.Boolean) and on.this):
        message = "JOIN involving UNNEST is only supported with condition ON TRUE"
        raise fault(on, "NOT_SUPPORTED", message)
    return _unnested(place, join.this, keep)


def _unnested(place: Place, node: exp.Unnest, keep: bool) -> Relation:
    """The rows to the left, once for each item; in one SELECT, which keeps the items' order."""
    checked(node, "expressions", "alias", "offset")
    binder = Binder(place.translation, place.scope, Block("UNNEST", False, False))
    values = [(item, binder.bind(item)) for item in node.expressions]
    lists = [text for item, value in values for text in _lists(item, value)]
    length = f"coalesce(greatest({', '.join(f'len({text})' for text in lists)}), 0)"
    numbers = f"range(1, CAST({length} AS BIGINT) + 1)"
    name, left = place.translation.name(), place.left
    columns = [f"{own.sql} AS l{i}" for i, own in enumerate(left.fields if left else ())]
    columns += [f"unnest({_kept(text, length, keep)}) AS u{i}" for i, text in enumerate(lists)]
    columns.append(f"unnest({_kept(numbers, length, keep)}) AS n")
    source = f" FROM {left.sql}" if left else ""
    before = [replace(own, sql=f"{name}.l{i}") for i, own in enumerate(left.fields if left else ())]
    own = _unnest_alias(node, _unnest_fields(name, [value for _, value in values], node))
    return Relation(f"(SELECT {', '.join(columns)}{source}) AS {name}", (*before, *own))


def _lists(node: exp.Expr, value: Typed) -> list[str]:
    """The DuckDB lists behind an array (one) or a map (its keys and its values)."""
    if value.type.base == "array":
        return [value.sql]
    if value.type.base == "map":
        return [f"map_keys({value.sql})", f"map_values({value.sql})"]
    raise fault(node, "INVALID_FUNCTION_ARGUMENT", f"Cannot unnest type: {value.type}")


def _kept(text: str, length: str, keep: bool) -> str:
    """For LEFT JOIN: nothing to unnest still gives one row, of NULLs."""
    return f"CASE WHEN {length} = 0 THEN [NULL] ELSE {text} END" if keep else text


def _unnest_fields(name: str, values: list[Typed], node: exp.Unnest) -> list[Field]:
    fields: list[Field] = []
    place = 0
    for value in values:
        for item in value.type.items:
            fields += _item_fields(f"{name}.u{place}", item, value.type.base == "array")
            place += 1
    if node.args.get("offset"):
        fields.append(Field(None, (), f"{name}.n", BIGINT))
    return fields


def _item_fields(sql: str, item: Type, of_array: bool) -> list[Field]:
    """One column, or one for each field of an array's rows."""
    if item.base != "row" or not of_array:
        return [Field(None, (), sql, item)]
    names = zip(item.names, item.field_names(), item.items, strict=True)
    return [Field(name, (), f"({sql}).{quoted(own)}", type_) for name, own, type_ in names]


def _unnest_alias(node: exp.Unnest, fields: list[Field]) -> tuple[Field, ...]:
    alias, offset = node.args.get("alias"), node.args.get("offset")
    if alias is None:
        return tuple(fields)
    if alias.this is None:
        raise unexpected(alias)
    name = identifier(alias.this)
    named = [*alias.columns, *([offset] if isinstance(offset, exp.Identifier) else [])]
    own = qualified(fields, (name,))
    return renamed(node, name, own, named) if named else own


JOINS[exp.Unnest] = _unnest_join
