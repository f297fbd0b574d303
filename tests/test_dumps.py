"""Queries written to files, on this machine and on S3."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

import fsql
from fsql.errors import ConfigError, InvalidQuery, StorageError
from fsql.types import Struct, Timestamp

GROUP = fsql.FeatureGroup(
    "acme",
    "shop",
    "user",
    "v0001",
    sa.MetaData(),
    sa.Column("id", sa.BigInteger),
    sa.Column("seen", Timestamp("ms", "Europe/Oslo")),
    sa.Column("place", Struct(city=sa.String, lat=sa.Double)),
    keys=["id"],
    event_time="seen",
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> fsql.FeatureStore:
    store = fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('dumps') / 'store'}")
    store.create(GROUP)
    seen = pd.DatetimeIndex(["2026-03-29 01:30", "2026-03-29 03:30"], tz="Europe/Oslo")
    places = [{"city": "Oslo, N", "lat": 59.9}, None]
    store.write(GROUP, pd.DataFrame({"id": [1, 2], "seen": seen, "place": places}))
    return store


def test_parquet_keeps_the_exact_schema(store: fsql.FeatureStore, tmp_path: Path) -> None:
    result = store.dump(sa.select(GROUP), tmp_path / "out.parquet")
    assert (result.rows, result.format, result.to) == (2, "parquet", str(tmp_path / "out.parquet"))
    assert result.bytes == (tmp_path / "out.parquet").stat().st_size
    assert str(result).startswith("Dumped 2 rows to ")
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.schema.field("seen").type == pa.timestamp("ms", "Europe/Oslo")
    assert table.column("place").to_pylist() == [{"city": "Oslo, N", "lat": 59.9}, None]


@pytest.mark.parametrize(("progress", "shown"), [(True, True), (False, False), (None, False)])
def test_a_bar_is_shown_to_those_who_watch(
    store: fsql.FeatureStore,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    progress: bool | None,
    shown: bool,
) -> None:
    store.dump("SELECT id FROM acme_shop_user", tmp_path / "out.csv", progress=progress)
    written = capsys.readouterr()
    assert ("out.csv: 2.00 rows" in written.err) is shown
    assert written.out == ""


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out"])
def test_the_name_says_the_format(store: fsql.FeatureStore, tmp_path: Path, name: str) -> None:
    form = {"out.csv": "csv", "out.jsonl": "jsonl", "out": "parquet"}[name]
    assert store.dump("SELECT id FROM acme_shop_user", tmp_path / name).format == form


def test_the_format_can_be_given(store: fsql.FeatureStore, tmp_path: Path) -> None:
    sql = "SELECT id, place FROM acme_shop_user ORDER BY id DESC"
    store.dump(sql, str(tmp_path / "out.txt"), format="jsonl")
    lines = (tmp_path / "out.txt").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == [2, 1]
    assert json.loads(lines[1])["place"]["city"] == "Oslo, N"
    with pytest.raises(ConfigError, match="Expected 'parquet', 'csv', 'jsonl'"):
        store.dump(sql, tmp_path / "out.xls", format="xls")


def test_to_s3(store: fsql.FeatureStore) -> None:
    uri = "s3://fsql-local/exports/users.csv"
    for _ in range(2):  # the second replaces the first
        assert store.dump("SELECT id FROM acme_shop_user ORDER BY 1", uri).rows == 2
    body = store.catalog.aws.client("s3").get_object(Bucket="fsql-local", Key="exports/users.csv")
    assert body["Body"].read() == b"id\n1\n2\n"


def test_what_cannot_be_written(store: fsql.FeatureStore, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"no-bucket/x\.csv cannot be written"):
        store.dump("SELECT 1 AS one", "s3://no-bucket/x.csv")
    with pytest.raises(StorageError, match="cannot be written"):
        store.dump("SELECT 1 AS one", tmp_path / "no" / "x.csv")
    with pytest.raises(InvalidQuery):
        store.dump("SELECT nothing", tmp_path / "x.csv")
    assert list(tmp_path.iterdir()) == []
