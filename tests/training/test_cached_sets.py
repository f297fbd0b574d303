"""Training sets are looked up once: the same spine, whatever holds it, needs no query again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from pandas.testing import assert_frame_equal

import fsql
from fsql.cache import Cache
from fsql.types import Timestamp

GROUP = fsql.FeatureGroup(
    "shop", "web", "price", "v0001", sa.MetaData(),
    sa.Column("k", sa.BigInteger), sa.Column("t", Timestamp("us")), sa.Column("x", sa.Double),
    sa.Column("name", sa.String), keys="k", event_time="t",
)  # fmt: skip
NOON = pd.Timestamp("2026-01-01 12:00")
HOUR = pd.Timedelta(hours=1)
PRICES = pd.DataFrame(
    {"k": [1, 1, 2], "t": [NOON, NOON + HOUR, NOON], "x": [1.5, None, 3.5], "name": ["a", "b", "c"]}
)
SPINE = pd.DataFrame(
    {"label": list("wxyz"), "k": [2, 1, 1, 9], "at": [NOON + n * HOUR for n in (0, 1, 0, 2)]},
    index=[7, 7, 3, 1],
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[fsql.FeatureStore]:
    made = fsql.FeatureStore(f"fsql:///{tmp_path}/store")
    made.create(GROUP)
    made.write(GROUP, PRICES)
    yield made
    assert [entry.name for entry in made.catalog.entries(pattern="fsql_*")] == []
    made.engine.dispose()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def queries(store: fsql.FeatureStore) -> int:
    athena = store.catalog.aws.client("athena")
    return len(athena.list_query_executions()["QueryExecutionIds"])


def training(store: fsql.FeatureStore, spine: Any = SPINE, **terms: Any) -> Any:
    return store.training_set(spine, [GROUP], **{"time": "at", **terms})


def test_a_frame_needs_no_query_again(store: fsql.FeatureStore, cache: Cache) -> None:
    first = training(store).to_frame(cache=cache)
    assert_frame_equal(first, training(store).to_frame())
    made, objects = queries(store), store.catalog.storage.list("s3://fsql-local/")
    assert_frame_equal(training(store).to_frame(cache=cache), first)
    arrow = training(store, pa.Table.from_pandas(SPINE)).to_arrow(cache=cache)
    assert arrow["name"].to_pylist() == ["c", "b", "a", None]
    batches = training(store).to_batches(cache=cache).read_all()
    assert batches["name"].to_pylist() == ["c", "b", "a", None]
    assert queries(store) == made
    assert store.catalog.storage.list("s3://fsql-local/") == objects


def test_labels_count_for_nothing_and_keys_and_times_for_all(
    store: fsql.FeatureStore, cache: Cache, tmp_path: Path
) -> None:
    training(store).to_frame(cache=cache)
    made = queries(store)
    pq.write_table(pa.Table.from_pandas(SPINE.assign(label=0)), tmp_path / "spine.parquet")
    assert len(training(store, tmp_path / "spine.parquet").to_frame(cache=cache)) == 4
    texts = SPINE.assign(at=SPINE["at"].map(pd.Timestamp.isoformat))
    assert training(store, texts).to_frame(cache=cache)["at"].tolist() == texts["at"].tolist()
    assert queries(store) == made
    for other in (SPINE.assign(k=[2, 1, 9, 1]), SPINE[::-1], SPINE[:3]):
        found = training(store, other).to_frame(cache=cache)
        assert found["label"].tolist() == other["label"].tolist()
        made += 1
        assert queries(store) == made


def test_other_terms_and_later_writes_are_asked_anew(
    store: fsql.FeatureStore, cache: Cache
) -> None:
    for terms, names in (
        ({}, ["c", "b", "a", None]),
        ({"as_of": NOON}, ["c", "a", "a", None]),
        ({"ttl": dt.timedelta(0)}, ["c", "b", "a", None]),
    ):
        found = training(store, **terms).to_frame(cache=cache)
        assert [name if isinstance(name, str) else None for name in found["name"]] == names
    assert queries(store) == 3
    store.write(GROUP, PRICES.assign(t=NOON + HOUR, x=9.5))
    found = training(store).to_frame(cache=cache)
    assert found["x"].tolist()[1] == 9.5


def test_engine_wide_and_tables(store: fsql.FeatureStore, tmp_path: Path) -> None:
    url = store.engine.url.update_query_dict(
        {"cache": "true", "cache_folder": str(tmp_path / "cache")}
    )
    cached = fsql.FeatureStore(url)
    first = training(cached).to_frame()
    spine = sa.select(GROUP.c.k, GROUP.c.t.label("at")).where(GROUP.c.k == 1)
    rows = training(cached, spine, names="group__feature").to_frame()
    made = queries(store)
    assert_frame_equal(training(cached).to_frame(), first)
    again = training(cached, spine, names="group__feature").to_frame()
    assert_frame_equal(again, rows)
    assert queries(store) == made
    assert_frame_equal(training(cached).to_frame(cache=False), first)
    assert queries(store) == made + 1
    cached.engine.dispose()


def test_what_is_in_a_temporary_table_for_a_select_is_not_kept(
    store: fsql.FeatureStore, cache: Cache
) -> None:
    made = training(store)
    said = store.read(made.select(), cache=cache).attrs["fsql"]["cache"]
    assert said.startswith("not kept: nothing tells whether feature_store.fsql_stage_")
    made.close()
