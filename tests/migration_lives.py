"""Groups that live through random changes: as revisions of a project, and with rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa

from fsql.definition import Definition, Partition
from fsql.errors import MigrationError
from fsql.migration.model.changes import (
    AddColumn,
    AlterColumn,
    AlterGroup,
    Change,
    CreateGroup,
    DropColumn,
    MoveColumn,
    RenameColumn,
    SetPartitioning,
)
from fsql.migration.model.evolving import evolved
from fsql.migration.model.reversing import reversed_
from fsql.migration.model.state import State
from fsql.migration.proposing.rendering import operation, operation_text
from fsql.migration.proposing.source import imported
from fsql.naming import GroupName

__all__ = ["Life", "lived", "row"]

WIDER = {
    pa.int8(): pa.int32(),
    pa.int32(): pa.int64(),
    pa.uint8(): pa.int64(),
    pa.float32(): pa.float64(),
    pa.decimal128(5, 2): pa.decimal128(12, 2),
    pa.timestamp("s"): pa.timestamp("us", "UTC"),
}
LEAVES = (
    *WIDER,
    pa.int64(),
    pa.string(),
    pa.bool_(),
    pa.date32(),
    pa.timestamp("us", "Asia/Tokyo"),
)
NAMES = "abcefgij"  # a Hive-style group has other uses for d and h
KEYS = ("k", "t")  # of every group; what they are called may change
TRIES = 60  # proposals for one change, most of which a Hive-style group refuses


@dataclass(frozen=True)
class Life:
    """A group from its creation on.

    Attributes:
        states: after each revision, from the one that makes the group.
        ups, downs: what each revision does, and what takes it back.
    """

    states: list[State]
    ups: list[list[Change]]
    downs: list[list[Change]]

    def write(self, folder: Path) -> None:
        """Make a project of it, whose env.py takes its metadata from the configuration."""
        versions = folder / "migrations" / "versions"
        versions.mkdir(parents=True)
        (folder / "pyproject.toml").write_text(TOML, "utf-8")
        (versions.parent / "env.py").write_text(ENV, "utf-8")
        for number, (up, down) in enumerate(zip(self.ups, self.downs, strict=True)):
            (versions / f"r{number}.py").write_text(_script(number, up, down), "utf-8")


TOML = '[tool.alembic]\nscript_location = "%(here)s/migrations"\n'
ENV = """
from alembic import context
import fsql.migration

fsql.migration.run(context.config.attributes["metadata"])
"""


def _script(number: int, up: list[Change], down: list[Change]) -> str:
    needed = frozenset().union(*(imported(operation(change)) for change in up + down))
    before = f'"r{number - 1}"' if number else "None"
    lines = ["from alembic import op", "import sqlalchemy as sa", *sorted(needed)]
    lines += [f'revision = "r{number}"', f"down_revision = {before}"]
    for name, changes in (("upgrade", up), ("downgrade", down)):
        lines += [f"def {name}():", *(_indented(operation_text(c)) for c in changes), "    pass"]
    return "\n".join(lines) + "\n"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))


def lived(seed: int, table_format: str, revisions: int) -> Life:
    """A life at random."""
    random = Random(seed)
    state = _born(random, table_format)
    create = CreateGroup(state)
    life = Life([state], [[create]], [reversed_(create, None)])
    gone: set[str] = set()
    for _ in range(revisions):
        ups: list[Change] = []
        downs: list[Change] = []
        for _ in range(random.randint(1, 3)):
            change, after = _changed(random, state, gone)
            ups, downs = [*ups, change], [*reversed_(change, state), *downs]
            state = after
        life.states.append(state)
        life.ups.append(ups)
        life.downs.append(downs)
    return life


def _born(random: Random, table_format: str) -> State:
    fields = [pa.field("k", pa.int64()), pa.field("t", pa.timestamp("ms"))]
    fields += [pa.field(name, _type(random)) for name in random.sample(NAMES, 3)]
    partitions = random.choice([(), (Partition.parse("day(t)"),)])
    name = GroupName("life", "random", table_format, "v0001")
    definition = Definition(name, ("k",), "t", None, partitions, table_format)
    return State(pa.schema(fields), definition, {"k": "the key"})


def _type(random: Random, depth: int = 2) -> pa.DataType:
    kind = random.randrange(6) if depth else 5
    if kind == 0:
        return pa.list_(_type(random, depth - 1))
    if kind == 1:
        return pa.map_(pa.string(), _type(random, depth - 1))
    if kind in (2, 3):
        names = random.sample(NAMES, random.randint(1, 2))
        return pa.struct([(name, _type(random, depth - 1)) for name in names])
    return random.choice(LEAVES)


def _changed(random: Random, state: State, gone: set[str]) -> tuple[Change, State]:
    """A change that the group can take.

    Args:
        gone: columns that a Hive-style group has dropped, whose names its files still have.
    """
    for _ in range(TRIES):
        change = random.choice(PROPOSALS)(random, state)
        if change is None or (isinstance(change, AddColumn) and change.path in gone):
            continue
        try:
            after = evolved(change, state)
            reversed_(change, state)
        except MigrationError:
            continue
        if after is not None and after != state:
            if isinstance(change, DropColumn) and state.definition.table_format == "hive":
                gone.add(change.path)
            return change, after
    change = AlterGroup(state.table, {"owner": f"owner {random.random()}"})
    after = evolved(change, state)
    assert after is not None
    return change, after


def _paths(fields: Any, above: str = "") -> Iterator[tuple[str, pa.DataType, list[str]]]:
    """Each column and struct field: its path, its type, and the names of all its siblings."""
    names = [field.name for field in fields]
    for field in fields:
        path = f"{above}{field.name}"
        yield path, field.type, names
        yield from _within(field.type, path)


def _within(type_: pa.DataType, path: str) -> Iterator[tuple[str, pa.DataType, list[str]]]:
    if pa.types.is_struct(type_):
        yield from _paths(list(type_), f"{path}.")
    elif pa.types.is_list(type_):
        yield from _within(type_.value_type, f"{path}.element")
    elif pa.types.is_map(type_):
        yield from _within(type_.item_type, f"{path}.value")


def _any(random: Random, state: State) -> tuple[str, pa.DataType, list[str]]:
    return random.choice(list(_paths(list(state.schema))))


def _free(random: Random, siblings: list[str]) -> str:
    return random.choice([name for name in NAMES if name not in siblings] or ["z"])


def _parent(path: str) -> str:
    return path[: path.rfind(".") + 1]


def _add(random: Random, state: State) -> Change | None:
    path, _, siblings = _any(random, state)
    name, type_ = _free(random, siblings), _type(random, 1)
    default = random.choice([None, None, 7]) if type_ in (pa.int32(), pa.int64()) else None
    field = pa.field(name, type_)
    return AddColumn(state.table, f"{_parent(path)}{name}", field, default=default)


def _drop(random: Random, state: State) -> Change | None:
    path, _, siblings = _any(random, state)
    return DropColumn(state.table, path) if len(siblings) > 1 else None


def _rename(random: Random, state: State) -> Change | None:
    path, _, siblings = _any(random, state)
    return RenameColumn(state.table, path, _free(random, siblings))


def _widen(random: Random, state: State) -> Change | None:
    fitting = [path for path, type_, _ in _paths(list(state.schema)) if type_ in WIDER]
    if not fitting:
        return None
    path = random.choice(fitting)
    types = {path: type_ for path, type_, _ in _paths(list(state.schema))}
    return AlterColumn(state.table, path, type=WIDER[types[path]])


def _move(random: Random, state: State) -> Change | None:
    path, _, siblings = _any(random, state)
    others = [name for name in siblings if name != path.rpartition(".")[2]]
    return MoveColumn(state.table, path, random.choice([None, *others]))


def _comment(random: Random, state: State) -> Change | None:
    comment = random.choice([None, f"comment {random.randrange(9)}"])
    return AlterColumn(state.table, random.choice(state.schema.names), comment=comment)


def _group(random: Random, state: State) -> Change | None:
    options: list[dict[str, Any]] = [
        {"ttl": dt.timedelta(seconds=random.randrange(9))},
        {"online": not state.definition.online},
        {"tags": {"n": str(random.randrange(9))}, "description": "said"},
        {"owner": random.choice(["ann", None])},
    ]
    return AlterGroup(state.table, random.choice(options))


def _partition(random: Random, state: State) -> Change | None:
    time, key = state.definition.event_time, state.definition.keys[0]
    texts = random.choice([[], [f"day({time})"], [f"month({time})"], [f"bucket(4, {key})"]])
    return SetPartitioning(state.table, tuple(map(Partition.parse, texts)))


PROPOSALS = (_add, _add, _drop, _rename, _widen, _move, _comment, _group, _partition)


def row(state: State, key: int) -> pa.Table:
    """A row, whose values fit every type that a column may have had."""
    arrays = [pa.array([_cell(state, field, key)], field.type) for field in state.schema]
    return pa.Table.from_arrays(arrays, schema=state.schema)


def _cell(state: State, field: pa.Field, key: int) -> Any:
    if field.name == state.definition.keys[0]:
        return key
    needed = field.name == state.definition.event_time or key % 3
    return _value(field.type, key) if needed else None


def _value(type_: pa.DataType, key: int) -> Any:
    small = key % 100
    if pa.types.is_struct(type_):
        return {field.name: _value(field.type, key + n) for n, field in enumerate(type_)}
    if pa.types.is_list(type_):
        return [_value(type_.value_type, key), None, _value(type_.value_type, key + 1)]
    if pa.types.is_map(type_):
        return [("x", _value(type_.item_type, key)), ("y", None)]
    if pa.types.is_timestamp(type_):
        return dt.datetime(2024, 1, 1 + small % 28, tzinfo=dt.UTC if type_.tz else None)
    if pa.types.is_date(type_):
        return dt.date(2024, 1, 1 + small % 28)
    if pa.types.is_decimal(type_):
        return Decimal(small) / 4
    plain = {pa.string(): f"text {small}", pa.bool_(): bool(small % 2)}
    return plain.get(type_, small / 4 if pa.types.is_floating(type_) else small)
