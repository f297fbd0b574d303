"""Random pasts in a store, written and deleted as users do, and in Python for the oracle."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import sqlalchemy as sa

import fsql
from fsql.types import Array, Epoch, Instant, IsoText, Map, Struct, Timestamp, plain_type
from tests.training.histories import KINDS, Key, Past, outline, past
from tests.training.oracle import Delete, Fact

__all__ = ["World", "groups", "opened", "spelled", "zone_of"]

ZONES = ("America/New_York", "Europe/Lisbon", "UTC")
COLUMNS: Mapping[str, sa.types.TypeEngine[Any]] = {
    "number": sa.BigInteger(),
    "text": sa.String(),
    "pair": Struct(x=sa.BigInteger, inner=Struct(y=sa.String)),
    "many": Array(sa.BigInteger),
    "map": Map(sa.String, sa.BigInteger),
}


def groups() -> dict[str, fsql.FeatureGroup]:
    """A group of each kind: with keys, times and features of different types."""
    made = (
        _group("steps", sa.BigInteger, Epoch("us"), Timestamp("us"), COLUMNS),
        _group("notes", sa.String, IsoText(), Epoch("us"), ("text", "pair")),
        _group("gauges", sa.Integer, Timestamp("ms", ZONES[0]), Timestamp("s", ZONES[1]),
               ("number",), table_format="hive"),
        _group("planes", sa.BigInteger, None, Timestamp("ns"), ("number", "text")),
        _group("blanks", sa.String, Timestamp("us"), Timestamp("us"), ("number",)),
    )  # fmt: skip
    return {group.definition.name.entity: group for group in made}


def _group(
    name: str, key: Any, time: Instant | None, created: Instant, features: Iterable[str], **how: Any
) -> fsql.FeatureGroup:
    kind = KINDS[name]
    keys = [sa.Column("h", sa.BigInteger), *(sa.Column(each, key) for each in kind.keys)]
    times = [sa.Column("t", time)] if time is not None else []
    values = [sa.Column(f"{name}_{each}", COLUMNS[each]) for each in features]
    return fsql.FeatureGroup(
        "random", "past", name, "v0001", sa.MetaData(),
        *keys, *times, sa.Column("c", created), *values, keys=["h", *kind.keys],
        event_time="t" if times else None, created_time="c", ttl=kind.ttl, **how,
    )  # fmt: skip


@dataclass(frozen=True)
class World:
    """Random pasts in a store, and beside it what they are.

    Attributes:
        known: for each group and key, that begins with the history's number, what happened to it.
    """

    seed: int
    store: fsql.FeatureStore
    groups: Mapping[str, fsql.FeatureGroup]
    pasts: Sequence[Past]
    known: Mapping[str, Mapping[Key, Sequence[Fact | Delete]]]


@contextmanager
def opened(folder: Path, seed: int, numbers: Iterable[int]) -> Iterator[World]:
    """A store with random pasts of some numbers, for as long as the block lasts."""
    store = fsql.FeatureStore(f"fsql:///{folder}/store")
    made = groups()
    for group in made.values():
        store.create(group)
    yield _filled(store, made, seed, numbers)
    store.engine.dispose()


def _filled(
    store: fsql.FeatureStore,
    made: Mapping[str, fsql.FeatureGroup],
    seed: int,
    numbers: Iterable[int],
) -> World:
    begun = [outline(seed, number) for number in numbers]
    first = {
        name: [((o.number, *key), time) for o in begun for key, time in o.first[name]]
        for name in made
    }
    stamps = {name: [_deleted(store, made[name], lot)] for name, lot in first.items()}
    starts = {name: stamp for name, (stamp,) in stamps.items() if stamp is not None}
    pasts = [past(seed, each, starts) for each in begun]
    known: dict[str, dict[Key, list[Fact | Delete]]] = {}
    for name, group in made.items():
        known[name] = defaultdict(list)
        _bury(known[name], first[name], stamps[name][0])
        for write in range(3):
            _write(store, group, pasts, write, known[name])
            if write:
                lot = _lot(pasts, name, write)
                _bury(known[name], lot, _deleted(store, group, lot))
    _write_what_matches_nothing(store, made["steps"])
    return World(seed, store, made, pasts, known)


def _lot(pasts: Sequence[Past], name: str, write: int) -> list[tuple[Key, dt.datetime]]:
    return [
        ((each.outline.number, *key), time)
        for each in pasts
        for key, time in each.deletes[name][write]
    ]


def _deleted(
    store: fsql.FeatureStore, group: fsql.FeatureGroup, lot: Sequence[tuple[Key, dt.datetime]]
) -> dt.datetime | None:
    """Delete keys; when that was, if the group has times."""
    if not lot:
        return None
    keys = {
        column: pa.array(values, _plain(group, column))
        for column, values in zip(
            group.keys, zip(*(key for key, _ in lot), strict=True), strict=True
        )
    }
    if group.event_time is None:
        store.delete(group, pa.table(keys), progress=False)
        return None
    times = spelled([time for _, time in lot], group.c.t.type)
    store.delete(group, pa.table({**keys, "t": times}), progress=False)
    newest = sa.text(f'SELECT max(deleted_at) FROM "{group.name}__deletes"')
    made: dt.datetime = fsql.read_arrow(newest, store.engine)[0][0].as_py()
    return made


def _bury(
    known: dict[Key, list[Fact | Delete]],
    lot: Sequence[tuple[Key, dt.datetime]],
    made: dt.datetime | None,
) -> None:
    for key, time in lot:
        if made is None:
            known.pop(key, None)
        else:
            known[key].append(Delete(time, made))


def _write(
    store: fsql.FeatureStore,
    group: fsql.FeatureGroup,
    pasts: Sequence[Past],
    write: int,
    known: dict[Key, list[Fact | Delete]],
) -> None:
    name = group.definition.name.entity
    rows = [
        ((each.outline.number, *key), fact)
        for each in pasts
        for key, fact in each.facts[name][write]
    ]
    for key, fact in rows:
        known[key].append(fact)
    if not rows:
        return
    columns = dict(zip(group.keys, zip(*(key for key, _ in rows), strict=True), strict=True))
    times = {"t": [fact.time for _, fact in rows]} if group.event_time else {}
    times["c"] = [fact.created for _, fact in rows]
    features = {
        column: [fact.features[column.removeprefix(f"{name}_")] for _, fact in rows]
        for column in group.columns.keys()[len(columns) + len(times) :]
    }
    arrays = {
        column: pa.array(values, _plain(group, column))
        for column, values in {**columns, **features}.items()
    }
    arrays |= {column: spelled(each, group.c[column].type) for column, each in times.items()}
    store.write(group, pa.table({c.name: arrays[c.name] for c in group.columns}), progress=False)


def _plain(group: fsql.FeatureGroup, column: str) -> pa.DataType:
    return plain_type(group.arrow_schema.field(column).type)


def _write_what_matches_nothing(store: fsql.FeatureStore, group: fsql.FeatureGroup) -> None:
    """Rows of another engine's, which may have NULL keys, or no event time."""
    names = group.columns.keys()
    lists = (", ".join("NULL" if n == gone else n for n in names) for gone in ("a", "t"))
    chosen = " UNION ALL ".join(f"SELECT {each} FROM {group.name}" for each in lists)
    with store.engine.begin() as connection:
        connection.execute(sa.text(f"INSERT INTO {group.name} {chosen}"))


def spelled(times: Sequence[dt.datetime | None], type_: Any) -> pa.Array:
    """Times as the frames of a column of some type have them."""
    if isinstance(type_, IsoText):
        return pa.array([_text(time, place) for place, time in enumerate(times)], pa.string())
    if isinstance(type_, Epoch):
        counts = pa.array(times, pa.timestamp("us")).cast(pa.timestamp(type_.unit))
        return counts.cast(pa.int64())
    return pa.array(times, pa.timestamp(type_.unit, type_.tz))


def _text(time: dt.datetime | None, place: int) -> str | None:
    """ISO 8601 in one zone or another, or without any."""
    if time is None or place % 4 == 0:
        return None if time is None else time.isoformat(sep=" ")
    return zone_of(time, ZONES[place % 3]).isoformat()


def zone_of(time: dt.datetime, name: str) -> dt.datetime:
    """A time of UTC in a zone, of the two of one night's hour the right one."""
    return time.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(name))
