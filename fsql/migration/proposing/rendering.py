"""Changes as the operations that a revision's file calls: their Python source text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from functools import singledispatch
from typing import Any

from fsql.definition import Definition, Partition
from fsql.migration.model.changes import (
    KEEP,
    AddColumn,
    AlterColumn,
    AlterGroup,
    Backfill,
    Change,
    CreateGroup,
    DropColumn,
    DropGroup,
    Execute,
    MoveColumn,
    Release,
    RenameColumn,
    SetPartitioning,
)
from fsql.migration.model.state import State
from fsql.migration.proposing.source import Code, call, code, literal, named, quoted, text
from fsql.migration.proposing.type_source import column_source, type_source

__all__ = ["declaration", "operation", "operation_text"]

INDENT = 4  # of a function's body


def operation(change: Change, prefix: str = "op.") -> Code:
    """The call that makes a change when a revision runs.

    Args:
        prefix: how the file calls Alembic's operations.
    """
    name, arguments = _operation(change)
    database = getattr(change, "database", None)
    if database is not None:
        arguments = [*arguments, named("schema", literal(database))]
    return call(f"{prefix}{name}", arguments)


def operation_text(change: Change, prefix: str = "op.") -> str:
    """The call as lines of a function's body, without the body's own indentation."""
    lines = text(operation(change, prefix), INDENT).split("\n")
    return "\n".join([lines[0], *(line.removeprefix(" " * INDENT) for line in lines[1:])])


def declaration(state: State) -> list[Code]:
    """The columns and options of a group, as `create_feature_group` takes them."""
    columns = [
        column_source(field.name, field, state.comments.get(field.name)) for field in state.schema
    ]
    options = [named(name, value) for name, value in _declared(state.definition)]
    if state.schema.metadata:
        options.append(named("schema_metadata", literal(dict(state.schema.metadata))))
    return [*columns, *options]


def _declared(definition: Definition) -> Iterator[tuple[str, Code]]:
    """The options that are not what they are anyway."""
    for option in fields(Definition):
        value = getattr(definition, option.name)
        default = option.default_factory() if callable(option.default_factory) else option.default
        if option.name != "name" and (default is MISSING or value != default):
            yield option.name, _option(value)


def _option(value: Any) -> Code:
    if isinstance(value, tuple):
        return literal([str(part) if isinstance(part, Partition) else part for part in value])
    return literal(dict(value) if isinstance(value, Mapping) else value)


def _sql(statement: str) -> Code:
    """A statement between three quotes, if it has lines and stays the same when it is dedented."""
    lines = statement.split("\n")
    straight = textwrap.dedent(statement).strip() == statement
    clean = all(line == line.rstrip() for line in lines) and "\\" not in statement
    if len(lines) == 1 or not straight or not clean or '"""' in statement:
        return code(quoted(statement))
    return code(f'"""\n{statement}\n"""')


@singledispatch
def _operation(change: Change) -> tuple[str, list[Code]]:
    raise TypeError(f"{change!r} is no change.")


@_operation.register
def _(change: CreateGroup) -> tuple[str, list[Code]]:
    name = "create_feature_group" if change.released else "new_version"
    return name, [literal(change.group), *declaration(change.state)]


@_operation.register
def _(change: DropGroup) -> tuple[str, list[Code]]:
    return "drop_feature_group", [literal(change.group)]


@_operation.register
def _(change: AddColumn) -> tuple[str, list[Code]]:
    column = column_source(change.path, change.field, change.comment)
    default = [] if change.default is None else [named("default", literal(change.default))]
    return "add_column", [literal(change.group), column, *default]


@_operation.register
def _(change: DropColumn) -> tuple[str, list[Code]]:
    return "drop_column", [literal(change.group), literal(change.path)]


@_operation.register
def _(change: RenameColumn) -> tuple[str, list[Code]]:
    return "rename_column", [literal(change.group), literal(change.path), literal(change.to)]


@_operation.register
def _(change: AlterColumn) -> tuple[str, list[Code]]:
    arguments = [literal(change.group), literal(change.path)]
    if change.type is not KEEP:
        arguments.append(named("type_", type_source(change.type)))
    if change.comment is not KEEP:
        arguments.append(named("comment", literal(change.comment)))
    if change.nullable is not KEEP:
        arguments.append(named("nullable", literal(change.nullable)))
    if change.metadata is not KEEP:
        arguments.append(named("metadata", _option(change.metadata or None)))
    return "alter_column", arguments


@_operation.register
def _(change: MoveColumn) -> tuple[str, list[Code]]:
    after = named("after", literal(change.after))
    return "move_column", [literal(change.group), literal(change.path), after]


@_operation.register
def _(change: AlterGroup) -> tuple[str, list[Code]]:
    options = [named(name, _option(value)) for name, value in change.options.items()]
    return "alter_feature_group", [literal(change.group), *options]


@_operation.register
def _(change: SetPartitioning) -> tuple[str, list[Code]]:
    return "set_partitioning", [literal(change.group), _option(change.partition_by)]


@_operation.register
def _(change: Backfill) -> tuple[str, list[Code]]:
    return "backfill", [literal(change.group), _sql(change.select)]


@_operation.register
def _(change: Release) -> tuple[str, list[Code]]:
    return "release", [literal(change.group)]


@_operation.register
def _(change: Execute) -> tuple[str, list[Code]]:
    return "execute", [_sql(change.sql)]
