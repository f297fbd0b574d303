"""Tiny random pasts beside the oracle, so that what is wrong shrinks to a few rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

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
KEYS = {"a": sa.BigInteger(), "b": sa.BigInteger()}
TIMES = {"t": Timestamp("us"), "c": Timestamp("us")}
ASKED = {"i": sa.BigInteger(), **KEYS, "at": Timestamp("us"), "until": Timestamp("us")}

moments = st.sampled_from((0, 1, 999_999, 1_000_000, 1_000_001)).map(
    lambda microseconds: START + dt.timedelta(microseconds=microseconds)
)
keys = st.tuples(st.sampled_from((1, 11)), st.sampled_from((1, 11)))
facts = st.builds(
    Fact, moments, st.none() | moments, st.fixed_dictionaries({"f": st.none() | st.integers(0, 9)})
)
deletes = st.builds(Delete, moments, moments)
ttls = st.none() | st.sampled_from((0, 1, 999_999, 1_000, 1_000_000)).map(
    lambda microseconds: dt.timedelta(microseconds=microseconds)
)


class Row(NamedTuple):
    """A row of a spine."""

    a: int | None
    b: int
    at: dt.datetime | None
    until: dt.datetime | None


rows = st.builds(
    Row, st.none() | keys.map(lambda key: key[0]), keys.map(lambda key: key[1]),
    st.none() | moments, st.none() | moments,
)  # fmt: skip


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    folder: Path = tmp_path_factory.mktemp("small")
    store = fsql.FeatureStore(f"fsql:///{folder}/store")
    yield store.engine
    store.engine.dispose()


@settings(max_examples=40)
@given(
    happened=st.lists(st.tuples(keys, facts | deletes), max_size=6),
    spine=st.lists(rows, min_size=1, max_size=4),
    ttl=ttls,
    known_by=st.sampled_from((None, "time", "until")),
    as_of=st.none() | moments,
)
def test_beside_the_oracle(
    engine: sa.Engine,
    happened: list[tuple[tuple[int, int], Fact | Delete]],
    spine: list[Row],
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
    asked = _table(ASKED, [(i, *row) for i, row in enumerate(spine)])
    found = fsql.read_arrow(point_in_time(asked, "at", [lookup]), engine).sort_by("i")
    terms = Terms(ttl=ttl, known=known_by is not None, as_of=as_of)
    right = [_right(happened, row, known_by, terms) for row in spine]
    assert list(zip(*found.select(["f", "since"]).to_pydict().values(), strict=True)) == right


def _right(
    happened: Sequence[tuple[tuple[int, int], Fact | Delete]],
    row: Row,
    known_by: str | None,
    terms: Terms,
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
