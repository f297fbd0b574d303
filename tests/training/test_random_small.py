"""Tiny random pasts beside the oracle, so that what is wrong shrinks to a few rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

import fsql
from fsql.training.joins import point_in_time
from fsql.training.lookups import Deleted, Feature, Lookup
from fsql.types import Timestamp
from tests.training.oracle import Delete, Fact, Terms, greatest, look_up

START = dt.datetime(2026, 7, 14)
MOMENTS = [START + dt.timedelta(microseconds=us) for us in (0, 1, 1_000_000, 1_000_001)]
KEYS = {"a": sa.BigInteger(), "b": sa.BigInteger()}
TIMES = {"t": Timestamp("us"), "c": Timestamp("us")}
Key: TypeAlias = tuple[int, int]

keys = st.sampled_from(((1, 11), (11, 1)))
moments = st.sampled_from(MOMENTS)
facts = st.builds(
    Fact, moments, st.none() | moments, st.fixed_dictionaries({"f": st.none() | st.integers(0, 9)})
)
happenings = st.tuples(keys, facts | st.builds(Delete, moments, moments))
ttls = st.sampled_from((None, 0, 1, 999_999, 1_000_000)).map(
    lambda us: None if us is None else dt.timedelta(microseconds=us)
)


class Row(NamedTuple):
    """A row of the spine."""

    a: int | None
    b: int
    at: dt.datetime | None
    until: dt.datetime | None


SPINE = [
    Row(a, b, at, until)
    for a, b in ((1, 11), (11, 1), (None, 1))
    for at in (*MOMENTS, None)
    for until in (MOMENTS[0], MOMENTS[2], None)
]


class World(NamedTuple):
    """A store with a spine, of which there is a row for all that can be asked."""

    engine: sa.Engine
    spine: fsql.FeatureGroup


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    store = fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('small')}/store")
    columns = [sa.Column(name, type_) for name, type_ in {"i": sa.BigInteger(), **KEYS}.items()]
    times = [sa.Column(name, Timestamp("us")) for name in ("at", "until")]
    spine = fsql.FeatureGroup(
        "random", "small", "spine", "v0001", sa.MetaData(), *columns, *times, keys="i"
    )
    store.create(spine)
    rows = [{"i": i, **row._asdict()} for i, row in enumerate(SPINE)]
    store.write(spine, pa.Table.from_pylist(rows, spine.arrow_schema), progress=False)
    yield World(store.engine, spine)
    store.engine.dispose()


@pytest.mark.timeout(600)  # of which a failure's shrinking may take some minutes
@settings(max_examples=30)
@given(
    happened=st.lists(happenings, max_size=8),
    ttl=ttls,
    known_by=st.sampled_from((None, "time", "until")),
    as_of=st.none() | moments,
)
def test_beside_the_oracle(
    world: World,
    happened: list[tuple[Key, Fact | Delete]],
    ttl: dt.timedelta | None,
    known_by: str | None,
    as_of: dt.datetime | None,
) -> None:
    written = [
        (*key, each.time, each.created, each.features["f"])
        for key, each in happened
        if isinstance(each, Fact)
    ]
    gone = [(*key, e.time, e.created) for key, e in happened if isinstance(e, Delete)]
    table = _table({**KEYS, **TIMES, "f": sa.BigInteger()}, written)
    buried = Deleted(_table({**KEYS, **TIMES}, gone), "t", "c") if gone else None
    lookup = Lookup(
        table, {"a": "a", "b": "b"}, [Feature("f", "f")], "t", "c", ttl, known_by, as_of,
        deleted=buried, event_time_label="since",
    )  # fmt: skip
    query = point_in_time(world.spine, "at", [lookup])
    found = fsql.read_arrow(query, world.engine).sort_by("i").select(["f", "since"])
    terms = Terms(ttl=ttl, known=known_by is not None, as_of=as_of)
    right = [_right(happened, row, known_by, terms) for row in SPINE]
    for row, one, other in zip(SPINE, found.to_pylist(), right, strict=True):
        assert (row, tuple(one.values())) == (row, other)


def _right(
    happened: Sequence[tuple[Key, Fact | Delete]], row: Row, known_by: str | None, terms: Terms
) -> tuple[Any, Any]:
    history = [each for key, each in happened if key == (row.a, row.b)]
    held = look_up(history, row.at, row.at if known_by == "time" else row.until, terms)
    if not held:
        return None, None
    return greatest([[fact.features["f"]] for fact in held])[0], held[0].time


def _table(columns: Mapping[str, Any], rows: Sequence[tuple[Any, ...]]) -> sa.Subquery:
    """Rows that stand in the query itself."""
    values = sa.values(*(sa.column(name, type_) for name, type_ in columns.items()), name="given")
    given = values.data(list(rows) or [(None,) * len(columns)])
    typed = (sa.cast(given.c[name], type_).label(name) for name, type_ in columns.items())
    return sa.select(*typed).where(sa.true() if rows else sa.false()).subquery()
