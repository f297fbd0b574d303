"""DELETE, UPDATE and MERGE as a query: which rows they touch, and what these become.

Source: Trino documentation, "DELETE", "UPDATE" and "MERGE"; the errors are those of its analyzer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from fsql.local.transpile.binder import Binder, Block
from fsql.local.transpile.casts import cast_sql
from fsql.local.transpile.coercion import can_coerce
from fsql.local.transpile.errors import TrinoError
from fsql.local.transpile.names import identifier
from fsql.local.transpile.places import checked, fault, unexpected
from fsql.local.transpile.relations import RELATIONS, Place
from fsql.local.transpile.scope import Field, Relation, Scope, Typed
from fsql.local.transpile.translation import Resolve, Translation
from fsql.local.transpile.types import BOOLEAN, duckdb_type

__all__ = ["ADDRESS", "Change", "translate_change"]

ADDRESS = ("$file", "$row")
"""Columns that the target's Scan has besides its own: what finds a row again."""

_TEXTS = ("varchar", "char")


@dataclass(frozen=True)
class Change:
    """The rows that a statement touches, in DuckDB's SQL.

    Attributes:
        sql: a query with the columns ``file_`` and ``row_`` (the address of an existing row, NULL
            for a new one), ``lives_`` (whether there is a row afterwards) and ``v0``, ``v1``, …
            (what it holds then, in the types of the target's columns).
        may_repeat: whether one row may come up more than once, which is an error.
    """

    sql: str
    may_repeat: bool = False


def translate_change(statement: exp.Expr, resolve: Resolve) -> Change:
    """What a DELETE, UPDATE or MERGE does; raises `TrinoError` where Athena would refuse it.

    `resolve` gives the statement's own table the columns `ADDRESS` at the end of its others.
    """
    translation = Translation(resolve)
    match statement:
        case exp.Delete():
            return _delete(translation, statement)
        case exp.Update():
            return _update(translation, statement)
        case exp.Merge():
            return _merge(translation, statement)
    raise unexpected(statement)


@dataclass(frozen=True)
class _Target:
    """The table that changes: its FROM item, its columns, and where a row of it lies."""

    sql: str
    fields: tuple[Field, ...]
    address: tuple[Field, ...]


def _target(translation: Translation, statement: exp.Expr, alias: bool) -> _Target:
    node = statement.this
    if not isinstance(node, exp.Table):
        raise unexpected(node)
    checked(node, "this", "db", "catalog", *(("alias",) if alias else ()))
    found = _relation(translation, node)
    width = len(found.fields) - len(ADDRESS)
    return _Target(found.sql, found.fields[:width], found.fields[width:])


def _relation(translation: Translation, node: exp.Expr) -> Relation:
    translate = RELATIONS.get(type(node))
    if translate is None:
        raise unexpected(node)
    return translate(Place(translation, None, None), node)


def _binder(translation: Translation, fields: Sequence[Field], clause: str) -> Binder:
    return Binder(translation, Scope(fields), Block(clause, False, False))


def _where(translation: Translation, statement: exp.Expr, target: _Target) -> str:
    clause = statement.args.get("where")
    if clause is None:
        return ""
    binder = _binder(translation, target.fields, "WHERE")
    return f" WHERE {binder.bind_as(clause.this, BOOLEAN, 'WHERE clause')}"


def _delete(translation: Translation, statement: exp.Delete) -> Change:
    checked(statement, "this", "where")
    target = _target(translation, statement, alias=False)
    condition = _where(translation, statement, target)
    nulls = [f"CAST(NULL AS {duckdb_type(own.type)})" for own in target.fields]
    return Change(f"{_selected(target.address, 'false', nulls)} FROM {target.sql}{condition}")


def _update(translation: Translation, statement: exp.Update) -> Change:
    checked(statement, "this", "expressions", "where")
    target = _target(translation, statement, alias=False)
    names, values = _assignments(statement)
    for name in names:
        if _named(target, identifier(name)) is None:
            message = f"The UPDATE SET target column {identifier(name)} doesn't exist"
            raise fault(name, "COLUMN_NOT_FOUND", message)
    _once(names, "SET column name is specified more than once")
    binder = _binder(translation, target.fields, "UPDATE SET")
    set_ = [_column(target, name) for name in names]
    bound = [binder.bind(value) for value in values]
    if not _fit(bound, set_):
        message = "UPDATE table column types don't match SET expressions: " + _mismatch(set_, bound)
        raise TrinoError("TYPE_MISMATCH", f"line 1:1: {message}")
    condition = _where(translation, statement, target)
    found = dict(zip((own.sql for own in set_), _stored(bound, set_), strict=True))
    after = [found.get(own.sql, own.sql) for own in target.fields]
    return Change(f"{_selected(target.address, 'true', after)} FROM {target.sql}{condition}")


def _selected(address: Sequence[Field], lives: str, values: Sequence[str]) -> str:
    file, row = (own.sql for own in address)
    listed = "".join(f", {value} AS v{i}" for i, value in enumerate(values))
    return f"SELECT {file} AS file_, {row} AS row_, {lives} AS lives_{listed}"


# ---- MERGE -------------------------------------------------------------------------------------


@dataclass
class _Joined:
    """Target and source side by side, every column by a name of its own."""

    columns: list[str] = field(default_factory=list)

    def add(self, fields: Sequence[Field]) -> tuple[Field, ...]:
        """The fields, as they are called in the join's output."""
        added = []
        for own in fields:
            name = f"j{len(self.columns)}"
            self.columns.append(f"{own.sql} AS {name}")
            added.append(replace(own, sql=f"joined_.{name}"))
        return tuple(added)


@dataclass(frozen=True)
class _Case:
    """One WHEN: what a row becomes, None where it ends."""

    matched: bool
    condition: exp.Expr | None
    values: tuple[str, ...] | None


def _merge(translation: Translation, statement: exp.Merge) -> Change:
    checked(statement, "this", "using", "on", "whens")
    target = _target(translation, statement, alias=True)
    source = _relation(translation, statement.args["using"])
    both = target.fields + source.fields
    on = _binder(translation, both, "MERGE ON").bind_as(
        statement.args["on"], BOOLEAN, "JOIN ON clause"
    )
    joined = _Joined()
    sources, targets = joined.add(source.fields), joined.add(target.fields)
    address = joined.add(target.address)
    after = replace(target, fields=targets, address=address)
    cases = list(_cases(translation, statement, after, sources))
    side = "" if all(case.matched for case in cases) else "LEFT "
    binder = _binder(translation, both, "MERGE WHEN")
    chosen = _chosen(binder, cases, f"{target.address[1].sql} IS NOT NULL")
    inner = (
        f"SELECT {', '.join(joined.columns)}, {chosen} AS case_"
        f" FROM ({source.sql} {side}JOIN {target.sql} ON {on})"
    )
    ends = [str(number) for number, case in enumerate(cases) if case.values is None]
    lives = f"case_ NOT IN ({', '.join(ends)})" if ends else "true"
    values = [_by_case(cases, i, own) for i, own in enumerate(target.fields)]
    rows = f"{_selected(address, lives, values)} FROM ({inner}) AS joined_"
    return Change(f"{rows} WHERE case_ IS NOT NULL", may_repeat=True)


def _chosen(binder: Binder, cases: Sequence[_Case], matched: str) -> str:
    """The number of the first case that applies to a row; NULL if none does."""
    text = "CASE"
    for number, case in enumerate(cases):
        text += f" WHEN {'' if case.matched else 'NOT '}({matched})"
        if case.condition is not None:
            text += f" AND {binder.bind_as(case.condition, BOOLEAN, 'WHEN clause')}"
        text += f" THEN {number}"
    return f"{text} END"


def _by_case(cases: Sequence[_Case], column: int, own: Field) -> str:
    whens = [
        f" WHEN {number} THEN {case.values[column]}"
        for number, case in enumerate(cases)
        if case.values is not None
    ]
    null = f"CAST(NULL AS {duckdb_type(own.type)})"
    return f"CASE case_{''.join(whens)} ELSE {null} END" if whens else null


def _cases(
    translation: Translation, statement: exp.Merge, target: _Target, source: tuple[Field, ...]
) -> Iterator[_Case]:
    for number, when in enumerate(statement.args["whens"].expressions):
        checked(when, "matched", "condition", "then")
        matched, action = bool(when.args.get("matched")), when.args["then"]
        binder = _binder(translation, target.fields + source, "MERGE")
        condition = when.args.get("condition")
        if matched and isinstance(action, exp.Var) and action.name.upper() == "DELETE":
            yield _Case(True, condition, None)
        elif matched and isinstance(action, exp.Update):
            names, values = _assignments(action)
            yield _Case(True, condition, _written(target, binder, number, names, values, action))
        elif not matched and isinstance(action, exp.Insert):
            names, values = _inserted(action)
            yield _Case(False, condition, _written(target, binder, number, names, values, action))
        else:
            raise unexpected(when)


def _inserted(action: exp.Insert) -> tuple[list[exp.Expr], list[exp.Expr]]:
    checked(action, "this", "expression")
    columns, values = action.this, action.args.get("expression")
    if not isinstance(values, exp.Tuple):
        raise unexpected(action)
    names = list(columns.expressions) if isinstance(columns, exp.Tuple) else []
    return [_plain(name) for name in names], list(values.expressions)


def _written(
    target: _Target,
    binder: Binder,
    number: int,
    names: Sequence[exp.Expr],
    values: Sequence[exp.Expr],
    action: exp.Expr,
) -> tuple[str, ...]:
    """All columns of a row that a case writes."""
    for name in names:
        if _named(target, identifier(name)) is None:
            message = f"Merge column name does not exist in target table: {identifier(name)}"
            raise fault(name, "COLUMN_NOT_FOUND", message)
    _once(names, "Merge column name is specified more than once")
    columns = [_column(target, name) for name in names]
    columns = columns or (list(target.fields) if isinstance(action, exp.Insert) else [])
    if len(columns) != len(values):
        message = (
            f"Number of merge columns ({len(columns)}) isn't equal to number of expressions"
            f" ({len(values)})"
        )
        raise fault(values[0], "INVALID_ARGUMENTS", message)
    bound = [binder.bind(value) for value in values]
    if not _fit(bound, columns):
        message = f"MERGE table column types don't match for MERGE case {number}, SET expressions: "
        raise fault(values[0], "TYPE_MISMATCH", message + _mismatch(columns, bound))
    found = dict(zip((own.sql for own in columns), _stored(bound, columns), strict=True))
    inserted = isinstance(action, exp.Insert)
    return tuple(
        found.get(own.sql, f"CAST(NULL AS {duckdb_type(own.type)})" if inserted else own.sql)
        for own in target.fields
    )


# ---- assignments -------------------------------------------------------------------------------


def _assignments(node: exp.Expr) -> tuple[list[exp.Expr], list[exp.Expr]]:
    """The columns and the values of ``SET a = 1, b = 2``."""
    checked(node, "this", "expressions", "where")
    names, values = [], []
    for assignment in node.expressions:
        if not isinstance(assignment, exp.EQ):
            raise unexpected(assignment)
        names.append(_plain(assignment.left))
        values.append(assignment.right)
    return names, values


def _plain(node: exp.Expr) -> exp.Expr:
    """A column's bare name; Trino's grammar takes no other target."""
    if isinstance(node, exp.Column) and node.args.get("table") is None:
        node = node.this
    if not isinstance(node, exp.Identifier):
        raise unexpected(node)
    return node


def _named(target: _Target, name: str) -> Field | None:
    return next((own for own in target.fields if own.name == name), None)


def _column(target: _Target, node: exp.Expr) -> Field:
    found = _named(target, identifier(node))
    assert found is not None
    return found


def _once(names: Sequence[exp.Expr], message: str) -> None:
    seen = set[str]()
    for node in names:
        name = identifier(node)
        if name in seen:
            raise fault(node, "DUPLICATE_COLUMN_NAME", f"{message}: {name}")
        seen.add(name)


def _fit(values: Sequence[Typed], columns: Sequence[Field]) -> bool:
    """Whether Trino stores each value in its column without being asked to cast."""
    return all(
        can_coerce(value.type, own.type) or (value.type.base in _TEXTS and own.type.base in _TEXTS)
        for value, own in zip(values, columns, strict=True)
    )


def _mismatch(columns: Sequence[Field], values: Sequence[Typed]) -> str:
    wanted = ", ".join(str(own.type) for own in columns)
    given = ", ".join(str(value.type) for value in values)
    return f"Table: [{wanted}], Expressions: [{given}]"


def _stored(values: Sequence[Typed], columns: Sequence[Field]) -> list[str]:
    return [
        f"CAST({cast_sql(value.sql, value.type, own.type)} AS {duckdb_type(own.type)})"
        for value, own in zip(values, columns, strict=True)
    ]
