"""States of one group, any two of which changes lead between, and changes that one can take.

Every column is drawn out of the types that one name stands for, each of which widens the one before
it, so that whatever two states differ in is among the supported changes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from fsql.definition import COMPATIBILITIES, Definition, Partition
from fsql.errors import MigrationError
from fsql.migration.model import paths
from fsql.migration.model.changes import AlterGroup, Change, RenameColumn
from fsql.migration.model.comparing import changes
from fsql.migration.model.evolving import evolved
from fsql.migration.model.state import State
from fsql.naming import GroupName
from fsql.types import EpochType, IsoTextType

__all__ = ["TABLE", "changes_of", "lives", "states"]

NAME = GroupName("test", "lives", "group", "v0001")
TABLE = NAME.table

INTEGERS = (pa.int8(), pa.int16(), pa.int32(), pa.int64())
LEAVES: dict[str, tuple[pa.DataType, ...]] = {
    "count": INTEGERS,
    "seats": (pa.uint8(), pa.uint32(), pa.int64()),
    "temp": (pa.float16(), pa.float32(), pa.float64()),
    "price": (pa.decimal128(9, 2), pa.decimal128(18, 2), pa.decimal128(38, 2)),
    "label": (
        pa.dictionary(pa.int8(), pa.string()),
        pa.dictionary(pa.int32(), pa.string()),
        pa.string(),
        pa.large_string(),
    ),
    "seen": (pa.timestamp("s"), pa.timestamp("ms", "UTC"), pa.timestamp("us", "Europe/Oslo")),
    "raw": (pa.binary(4), pa.binary(), pa.large_binary()),
    "day": (pa.date32(), pa.date64()),
}
TIMES: dict[str, tuple[pa.DataType, ...]] = {
    "event": (pa.timestamp("s"), EpochType("s"), pa.timestamp("ms", "UTC"), IsoTextType()),
    "known": (EpochType("s", pa.int32()), EpochType("s"), pa.timestamp("us")),
}
KEYS: dict[str, tuple[pa.DataType, ...]] = {"key": INTEGERS, "other_key": (pa.string(),)}
PARTITIONS = (
    ("event", ("year", "month", "day", "hour")),
    ("key", ("identity",)),
    ("other_key", ("identity",)),
)
ICEBERG_PARTITIONS = (*PARTITIONS, ("key", ("bucket",)), ("other_key", ("truncate",)))


def leaves() -> st.SearchStrategy[pa.Field]:
    return st.sampled_from(sorted(LEAVES)).flatmap(lambda name: column(name, LEAVES[name]))


def column(name: str, types: Sequence[pa.DataType]) -> st.SearchStrategy[pa.Field]:
    """A column or field under a name, which has a case of its own below columns."""
    notes = st.sampled_from([None, None, None, {b"note": b"1"}])
    return st.builds(pa.field, st.just(name), st.sampled_from(types), st.booleans(), notes)


def structs(inner: st.SearchStrategy[pa.Field]) -> st.SearchStrategy[pa.DataType]:
    spelled = st.builds(
        lambda field, shout: field.with_name(field.name.upper() if shout else field.name),
        inner,
        st.booleans(),
    )
    return st.lists(
        spelled, min_size=1, max_size=3, unique_by=lambda field: field.name.lower()
    ).map(pa.struct)


def wind() -> st.SearchStrategy[pa.DataType]:
    """Structs within structs, and one field whose name has a dot."""
    dotted = column("at.10m", INTEGERS)
    deeper = structs(leaves()).map(lambda type_: pa.field("deep", type_))
    return structs(st.one_of(leaves(), dotted, deeper))


def readings() -> st.SearchStrategy[pa.DataType]:
    """Lists, of which some have a fixed size."""
    item = st.builds(pa.field, st.sampled_from(["item", "element"]), structs(leaves()))
    kinds = st.sampled_from([pa.list_, pa.large_list, lambda field: pa.list_(field, 2)])
    return st.builds(lambda kind, field: kind(field), kinds, item)


def limits() -> st.SearchStrategy[pa.DataType]:
    keys = st.sampled_from([pa.string(), pa.large_string()])
    return st.builds(pa.map_, keys, structs(leaves()))


NESTED: dict[str, Callable[[], st.SearchStrategy[pa.DataType]]] = {
    "wind": wind,
    "readings": readings,
    "limits": limits,
}


@st.composite
def states(draw: st.DrawFn, table_format: str = "iceberg") -> State:
    """A state of the group `TABLE`; changes lead from each to each, if it is one of Iceberg."""
    keys = draw(st.lists(st.sampled_from(sorted(KEYS)), min_size=1, unique=True))
    known = draw(st.booleans())
    times = ["event", *(["known"] if known else [])]
    fields = [draw(column(name, KEYS[name])) for name in keys]
    fields += [draw(column(name, times_of(name, table_format))) for name in times]
    fields += [
        draw(column(name, LEAVES[name]))
        for name in draw(st.lists(st.sampled_from(sorted(LEAVES)), unique=True, max_size=4))
    ]
    for name in draw(st.lists(st.sampled_from(sorted(NESTED)), unique=True, max_size=2)):
        fields.append(pa.field(name, draw(NESTED[name]()), draw(st.booleans())))
    fields = draw(st.permutations(fields))
    schema = pa.schema(fields, noted(fields) if draw(st.booleans()) else None)
    definition = Definition(
        NAME,
        tuple(keys),
        event_time="event",
        created_time="known" if known else None,
        partition_by=draw(partitions(keys, table_format)),
        table_format=table_format,
        **draw(options([field.name for field in fields if field.name not in NESTED])),
    )
    comments = draw(
        st.dictionaries(st.sampled_from(schema.names), st.sampled_from(["a", "b"]), max_size=3)
    )
    return State(schema, definition, comments)


def times_of(name: str, table_format: str) -> tuple[pa.DataType, ...]:
    """Athena's Hive-style tables have times of milliseconds, so others are left out there."""
    return TIMES[name] if table_format == "iceberg" else (pa.timestamp("ms"),)


def noted(fields: Sequence[pa.Field]) -> dict[bytes, bytes]:
    """What pandas notes of a frame with these columns."""
    plain = [field.remove_metadata() for field in fields if field.name in ("count", "key", "temp")]
    frame = pa.schema(plain).empty_table().to_pandas()
    return dict(pa.Schema.from_pandas(frame, preserve_index=False).metadata)


@st.composite
def partitions(draw: st.DrawFn, keys: Sequence[str], table_format: str) -> tuple[Partition, ...]:
    possible = ICEBERG_PARTITIONS if table_format == "iceberg" else PARTITIONS
    there = [part for part in possible if part[0] in (*keys, "event")]
    chosen = draw(st.lists(st.sampled_from(there), max_size=2, unique_by=lambda part: part[0]))
    return tuple(partition(column, draw(st.sampled_from(names))) for column, names in chosen)


def partition(column: str, transform: str) -> Partition:
    return Partition(column, transform, 4 if transform in ("bucket", "truncate") else None)


def options(columns: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    properties = st.dictionaries(
        st.just("vacuum_max_snapshot_age_seconds"), st.sampled_from(["60", "3600"])
    )
    return st.fixed_dictionaries(
        {},
        optional={
            "ttl": st.one_of(st.none(), st.just(dt.timedelta(days=1))),
            "online": st.booleans(),
            "truncate": st.booleans(),
            "description": st.sampled_from([None, "What it is."]),
            "owner": st.sampled_from([None, "ops"]),
            "tags": st.dictionaries(st.just("tier"), st.sampled_from(["gold", "tin"])),
            "compatibility": st.sampled_from(COMPATIBILITIES),
            "sort_by": st.lists(st.sampled_from(columns), unique=True, max_size=2).map(tuple),
            "table_properties": properties,
        },
    )


@st.composite
def changes_of(draw: st.DrawFn, state: State) -> Change:
    """A change that a state can take."""
    rename = draw(st.booleans())
    possible = (
        renames_of(state)
        if rename and state.definition.table_format == "iceberg"
        else towards(state, draw(states(state.definition.table_format)))
    )
    return draw(st.sampled_from(possible or [AlterGroup(state.table, {"owner": "others"})]))


def towards(state: State, other: State) -> list[Change]:
    """The changes towards another state that can be made right away."""
    other = replace(other, definition=replace(other.definition, table_format="iceberg"))
    iceberg = replace(state, definition=replace(state.definition, table_format="iceberg"))
    return [change for change in changes(iceberg, other) if takes(state, change)]


def renames_of(state: State) -> list[Change]:
    """Each name that may change, made to one that no other state has."""
    fresh = [
        RenameColumn(state.table, path, f"{field.name.lower().replace('.', '_')}_x")
        for path, field in paths.walk(state.schema)
    ]
    return [change for change in fresh if takes(state, change)]


def takes(state: State, change: Change) -> bool:
    try:
        evolved(change, state)
    except MigrationError:
        return False
    return True


@st.composite
def lives(
    draw: st.DrawFn, table_format: str = "iceberg", most: int = 6
) -> tuple[State, list[Change]]:
    """A state, and changes that it can take one after the other."""
    first = state = draw(states(table_format))
    made: list[Change] = []
    for _ in range(draw(st.integers(1, most))):
        possible = changes_of(state)
        made.append(draw(possible))
        after = evolved(made[-1], state)
        assert after is not None
        state = after
    return first, made
