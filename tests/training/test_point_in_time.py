"""Cases in which a point-in-time join is easily wrong, each with its right answer spelled out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
import sqlalchemy as sa

import fsql
from fsql.types import Array, Map, Struct, Timestamp

NOON = dt.datetime(2026, 7, 14, 12)
HOUR, SECOND, MICROSECOND = (dt.timedelta(seconds=s) for s in (3600, 1, 0.000001))
_number = count(1)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fsql.FeatureStore]:
    with _opened(tmp_path_factory.mktemp("cases")) as made:
        yield made


def history(
    store: fsql.FeatureStore, rows: Sequence[tuple[Any, ...]], *keys: str, **types: Any
) -> fsql.FeatureGroup:
    """A group of its own of keys, event time `t`, created time `c` and feature `f`."""
    keys = keys or ("k",)
    group = fsql.FeatureGroup(
        "point", "in", f"time{next(_number)}", "v0001", sa.MetaData(),
        *(sa.Column(key, types.get(key, sa.String)) for key in keys),
        sa.Column("t", types.get("t", Timestamp("us"))), sa.Column("c", Timestamp("us")),
        sa.Column("f", types.get("f", sa.BigInteger)), keys=keys, event_time="t", created_time="c",
    )  # fmt: skip
    store.create(group)
    write(store, group, rows)
    return group


def write(
    store: fsql.FeatureStore, group: fsql.FeatureGroup, rows: Sequence[tuple[Any, ...]]
) -> None:
    named = [dict(zip(group.columns.keys(), row, strict=True)) for row in rows]
    store.write(group, pa.Table.from_pylist(named, group.arrow_schema), progress=False)


def found(
    store: fsql.FeatureStore,
    group: fsql.FeatureGroup,
    spine: Sequence[tuple[Any, ...]],
    **terms: Any,
) -> list[Any]:
    """The feature for rows of keys and a time."""
    rows = pd.DataFrame(spine, columns=[*group.keys, "at"], dtype=object)
    made = store.training_set(rows, [group.c.f], time="at", **terms).to_arrow()
    assert [made[key].to_pylist() for key in group.keys] == [list(rows[key]) for key in group.keys]
    return list(made["f"].to_pylist())


# --- one row for one row -------------------------------------------------------------------------


def test_equal_event_times_do_not_fan_out(store: fsql.FeatureStore) -> None:
    """The one made known last counts, once for each row of the spine."""
    group = history(
        store, [("a", NOON, NOON, 1), ("a", NOON, NOON + HOUR, 2), ("a", NOON, None, 3)]
    )
    assert found(store, group, [("a", NOON), ("a", NOON)]) == [2, 2]


def test_rows_alike_in_all_but_the_feature_do_not_fan_out(store: fsql.FeatureStore) -> None:
    """The greatest value counts; NULL is the least."""
    group = history(store, [("a", NOON, NOON, f) for f in (3, None, 5, 4, 5)])
    assert found(store, group, [("a", NOON), ("a", NOON)]) == [5, 5]


def test_earlier_versions_are_not_returned(store: fsql.FeatureStore) -> None:
    group = history(store, [("a", NOON + hour * HOUR, None, hour) for hour in range(5)])
    assert found(store, group, [("a", NOON + 3 * HOUR), ("a", NOON)]) == [3, 0]


def test_rows_without_a_match_stay_in_their_places(store: fsql.FeatureStore) -> None:
    group = history(store, [("a", NOON, None, 1)])
    spine = [("b", NOON), ("a", NOON - MICROSECOND), ("a", NOON), (None, NOON), ("a", None)]
    assert found(store, group, spine) == [None, None, 1, None, None]


def test_rows_without_keys_or_times_match_nothing(store: fsql.FeatureStore) -> None:
    """Another engine may write such; fsql does not."""
    group = history(store, [("a", NOON, None, 1)])
    with store.engine.begin() as connection:
        rows = f"(NULL, TIMESTAMP '{NOON}', NULL, 2), ('a', NULL, NULL, 3), ('b', NULL, NULL, 4)"
        connection.execute(sa.text(f"INSERT INTO {group.name} VALUES {rows}"))
    spine = [("a", NOON), ("a", NOON - HOUR), ("b", NOON), ("b", None), (None, NOON), (None, None)]
    for known_by in (None, "time"):
        assert found(store, group, spine, known_by=known_by) == [1, *[None] * 5]


def test_timeless_rows_do_not_fan_out(store: fsql.FeatureStore) -> None:
    group = fsql.FeatureGroup(
        "point", "in", "timeless", "v0001", sa.MetaData(), sa.Column("k", sa.String),
        sa.Column("c", Timestamp("us")), sa.Column("f", sa.BigInteger), keys="k", created_time="c",
    )  # fmt: skip
    store.create(group)
    write(store, group, [("a", NOON, 1), ("a", NOON + HOUR, 2), ("a", None, 3)])
    made = store.training_set(pd.DataFrame({"k": ["a", "b", "a"]}), [group]).to_arrow()
    assert made["f"].to_pylist() == [2, None, 2]


# --- keys ----------------------------------------------------------------------------------------


def test_composite_keys_of_numbers_are_not_confused(store: fsql.FeatureStore) -> None:
    rows = [(1, 11, NOON, None, 1), (11, 1, NOON, None, 2), (111, 1, NOON, None, 3)]
    group = history(store, rows, "a", "b", a=sa.BigInteger, b=sa.BigInteger)
    spine = [(11, 1, NOON), (1, 11, NOON), (1, 111, NOON), (11, 11, NOON)]
    assert found(store, group, spine) == [2, 1, None, None]


def test_composite_keys_of_text_are_not_confused(store: fsql.FeatureStore) -> None:
    keys = [("a", "b|c"), ("a|b", "c"), ("", "a"), ("a", ""), ("NULL", "a")]
    group = history(store, [(*key, NOON, None, f) for f, key in enumerate(keys)], "a", "b")
    assert found(store, group, [(*key, NOON) for key in keys]) == [0, 1, 2, 3, 4]
    strangers = [("a|b|c", ""), (None, "a"), ("A", "b|c"), ("a ", "b|c")]
    assert found(store, group, [(*key, NOON) for key in strangers]) == [None] * 4


# --- what was known, and for how long ------------------------------------------------------------


def test_rows_of_unknown_created_time_always_count(store: fsql.FeatureStore) -> None:
    group = history(store, [("a", NOON, None, 1), ("b", NOON, None, 1), ("b", NOON, NOON, 2)])
    assert found(store, group, [("a", NOON), ("b", NOON)]) == [1, 2]
    assert found(store, group, [("a", NOON), ("b", NOON)], known_by="time") == [1, 2]
    assert found(store, group, [("a", NOON)], as_of=NOON) == [1]


def test_what_was_known_too_late_gives_way_to_what_was_known(store: fsql.FeatureStore) -> None:
    group = history(store, [("a", NOON, NOON, 1), ("a", NOON + SECOND, NOON + HOUR, 2)])
    spine = [("a", NOON + HOUR - MICROSECOND), ("a", NOON + HOUR)]
    assert found(store, group, spine, known_by="time") == [1, 2]
    assert found(store, group, spine) == [2, 2]


@pytest.mark.parametrize(
    "ttl", [dt.timedelta(0), MICROSECOND, 999_999 * MICROSECOND, SECOND, 1_000_001 * MICROSECOND]
)
def test_a_ttl_ends_to_the_microsecond(store: fsql.FeatureStore, ttl: dt.timedelta) -> None:
    """None of them is unlimited, or rounded to seconds."""
    group = history(store, [("a", NOON, None, 1)])
    spine = [("a", NOON), ("a", NOON + ttl), ("a", NOON + ttl + MICROSECOND), ("a", NOON + HOUR)]
    assert found(store, group, spine, ttl=ttl) == [1, 1, None, None]


def test_an_old_row_does_not_come_back_behind_one_that_is_too_old(store: fsql.FeatureStore) -> None:
    """A row that ended is not followed by its predecessor, and NULL is not filled up by it."""
    group = history(store, [("a", NOON, None, 1), ("a", NOON + SECOND, None, None)])
    spine = [("a", NOON), ("a", NOON + SECOND), ("a", NOON + HOUR)]
    assert found(store, group, spine, ttl=SECOND) == [1, None, None]
    assert found(store, group, spine) == [1, None, None]


# --- deletes -------------------------------------------------------------------------------------


def test_a_delete_leaves_what_was_before(store: fsql.FeatureStore) -> None:
    group = history(store, [("a", NOON, None, 1), ("b", NOON, None, 2)])
    store.delete(group, {"k": "a"}, event_time=NOON + HOUR)
    spine = [("a", NOON), ("a", NOON + HOUR - MICROSECOND), ("a", NOON + HOUR), ("b", NOON + HOUR)]
    assert found(store, group, spine) == [1, 1, None, 2]
    write(store, group, [("a", NOON + 2 * HOUR, None, 3)])
    later = [("a", NOON), ("a", NOON + HOUR), ("a", NOON + 2 * HOUR)]
    assert found(store, group, later) == [1, None, 3]


def test_a_delete_that_comes_late_acts_from_its_own_time(store: fsql.FeatureStore) -> None:
    """Made twice, and after a row with a later time was written, which it leaves."""
    rows = [("a", NOON, None, 1), ("a", NOON + 2 * HOUR, None, 2)]
    group = history(store, rows)
    for _ in range(2):
        store.delete(group, {"k": "a"}, event_time=NOON + HOUR)
    spine = [("a", NOON), ("a", NOON + HOUR), ("a", NOON + 2 * HOUR)]
    assert found(store, group, spine) == [1, None, 2]
    write(store, group, [("a", NOON + 1.5 * HOUR, None, 3)])
    assert found(store, group, [("a", NOON + 1.5 * HOUR), *spine]) == [3, 1, None, 2]


def test_of_a_row_and_a_delete_of_one_time_the_later_made_counts(store: fsql.FeatureStore) -> None:
    after = dt.datetime.now(dt.UTC).replace(tzinfo=None) + HOUR
    rows = [("a", NOON, None, 1), ("b", NOON, after, 2), ("c", NOON, NOON, 3)]
    group = history(store, rows)
    store.delete(group, [{"k": key} for key in "abc"], event_time=NOON)
    assert found(store, group, [(key, NOON) for key in "abc"]) == [None, 2, None]


# --- nights on which clocks change ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "night"),
    [("America/New_York", dt.datetime(2026, 11, 1, 1, 30)),
     ("Europe/Lisbon", dt.datetime(2026, 10, 25, 1, 30))],
)  # fmt: skip
def test_the_hour_that_comes_twice(store: fsql.FeatureStore, zone: str, night: Any) -> None:
    both = [night.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1)]
    rows = [("a", time, None, f) for f, time in enumerate(both)]
    group = history(store, rows, t=Timestamp("us", zone))
    assert found(store, group, [("a", time) for time in both]) == [0, 1]
    in_utc = [("a", time.astimezone(dt.UTC) - MICROSECOND) for time in both]
    assert found(store, group, in_utc) == [None, 0]
    assert found(store, group, [("a", time.isoformat()) for time in reversed(both)]) == [1, 0]
    exact = found(store, group, [("a", time) for time in both], as_of=both[0], ttl=HOUR)
    assert exact == [0, 0]


# --- ties ----------------------------------------------------------------------------------------

VALUES: Sequence[Any] = (
    {"n": None, "tags": ["b"], "m": []},
    {"n": None, "tags": ["a"], "m": [("k", 1)]},
    {"n": None, "tags": ["b"], "m": [("k", None)]},
    {"n": None, "tags": ["b"], "m": [("k", 2)]},
    {"n": None, "tags": None, "m": [("z", 9)]},
    None,
)
GREATEST = {"n": None, "tags": ["b"], "m": [("k", 2)]}


def test_ties_end_alike_however_the_rows_lie(tmp_path: Path) -> None:
    """Whatever order they were written in, by one thread or several, and after compaction."""
    kind = Struct(n=sa.BigInteger, tags=Array(sa.String), m=Map(sa.String, sa.BigInteger))
    keys = [f"{n:03}" for n in range(300)]
    spine = [(key, NOON) for key in keys for _ in range(2)]
    with _on(threads=1), _opened(tmp_path) as store:
        group = history(store, [], f=kind)
        for place in range(len(VALUES)):
            turned = [VALUES[(place + n) % len(VALUES)] for n in range(len(keys))]
            rows = [(key, NOON, None, f) for key, f in zip(keys, turned, strict=True)]
            write(store, group, rows[:: (-1) ** place])
        assert _spelled(found(store, group, spine)) == [GREATEST] * len(spine)
    with _on(threads=4), _opened(tmp_path) as store:
        assert _spelled(found(store, group, spine)) == [GREATEST] * len(spine)
        known = found(store, group, spine, known_by="time")
        assert _spelled(known) == [GREATEST] * len(spine)
        store.compact(group, min_files=2, progress=False)
        assert _spelled(found(store, group, spine)) == [GREATEST] * len(spine)


@contextmanager
def _opened(folder: Path) -> Iterator[fsql.FeatureStore]:
    store = fsql.FeatureStore(f"fsql:///{folder}/store")
    yield store
    store.engine.dispose()


def _spelled(values: Sequence[Any]) -> list[Any]:
    return [value and {**value, "m": list(value["m"])} for value in values]


@contextmanager
def _on(threads: int) -> Iterator[None]:
    """With stores whose DuckDB has so many threads."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", partial(duckdb.connect, config={"threads": threads}))
        yield
