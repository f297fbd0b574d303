"""Results that are kept: found again for nothing, and never after a table has changed."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from pandas.testing import assert_frame_equal

import fsql
from fsql.cache import Cache
from fsql.cli import main
from fsql.errors import ConfigError

FRAME = pd.DataFrame(
    {
        "k": [1, 2, 3],
        "small": pd.Series([1, 2, 255], dtype="uint8"),
        "at": pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-03"]).tz_localize("Europe/Oslo"),
        "kind": pd.Categorical(["b", None, "a"]),
        "wind": [{"speed": 2**60 + 1}, None, {"speed": None}],
    }
)
SQL = "SELECT k, small, at, kind, wind FROM a_b_c_v0001 WHERE k > 0"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def table_format() -> str:
    return "iceberg"


@pytest.fixture
def store(tmp_path: Path, table_format: str) -> Iterator[fsql.FeatureStore]:
    made = fsql.FeatureStore(f"fsql:///{tmp_path}/store")
    made.create(group(table_format))
    made.write("a_b_c_v0001", FRAME)
    yield made
    made.engine.dispose()


def group(table_format: str = "iceberg") -> fsql.FeatureGroup:
    return fsql.FeatureGroup.from_frame(
        "a", "b", "c", "v0001", frame=FRAME, keys="k", table_format=table_format
    )


class Reads:
    """Reads through one cache, and what it said."""

    def __init__(self, store: fsql.FeatureStore, cache: Any) -> None:
        self._store, self._cache = store, cache
        self.said: list[str] = []

    def __call__(self, sql: Any = SQL, **options: Any) -> pd.DataFrame:
        frame: pd.DataFrame = self._store.read(sql, cache=self._cache, **options)
        self.said.append(frame.attrs["fsql"]["cache"])
        return frame


@pytest.fixture
def reads(store: fsql.FeatureStore, folder: Path) -> Reads:
    return Reads(store, Cache(folder))


@pytest.mark.parametrize("transport", ["engine", "scan"])
def test_a_hit_is_what_was_read(store: fsql.FeatureStore, reads: Reads, transport: str) -> None:
    first = reads(transport=transport)
    queries = count(store)
    again = reads(transport=transport)
    assert reads.said == ["miss", "hit"]
    assert_frame_equal(again, first)
    assert again["wind"][0] == {"speed": 2**60 + 1}
    assert count(store) == queries
    assert again.attrs["fsql"]["scanned_bytes"] == 0


def count(store: fsql.FeatureStore) -> int:
    athena = store.catalog.aws.client("athena")
    return len(athena.list_query_executions()["QueryExecutionIds"])


def test_every_way_of_reading_takes_from_it(store: fsql.FeatureStore, folder: Path) -> None:
    cache = Cache(folder)
    table = fsql.read_arrow(SQL, store.engine, cache=cache, transport="engine")
    queries = count(store)
    assert fsql.read_arrow(SQL, store.engine, cache=cache) == table
    assert fsql.read_batches(SQL, store.engine, cache=cache).read_all() == table
    parts = list(fsql.read_sql(SQL, store.engine, cache=cache, chunksize=2))
    assert [len(part) for part in parts] == [2, 1]
    with fsql.connect(str(store.engine.url)) as connection, connection.cursor() as cursor:
        assert len(cursor.execute(SQL, cache=cache).fetchall()) == 3
    assert count(store) == queries


def test_batches_are_kept_when_all_are_read(store: fsql.FeatureStore, folder: Path) -> None:
    cache = Cache(folder)
    with fsql.read_batches(SQL, store.engine, cache=cache) as reader:
        reader.read_next_batch()
        del reader
    assert cache.local.kept() == []
    rows = fsql.read_batches(SQL, store.engine, cache=cache).read_all()
    assert [each.rows for each in cache.local.kept()] == [rows.num_rows]


@pytest.mark.parametrize("table_format", ["iceberg", "hive"])
@pytest.mark.parametrize("write", ["append", "upsert", "overwrite", "sql", "delete", "other"])
def test_any_write_makes_it_a_miss(
    store: fsql.FeatureStore, reads: Reads, write: str, tmp_path: Path
) -> None:
    reads()
    _write(store, write, tmp_path)
    found = reads()
    assert reads.said == ["miss", "miss"]
    assert_frame_equal(found, store.read(SQL))
    reads()
    assert reads.said[-1] == "hit"


def _write(store: fsql.FeatureStore, how: str, folder: Path) -> None:
    if how == "sql":
        with store.engine.begin() as connection:
            connection.execute(sa.insert(group()), [{"k": 9, "small": 1}])
    elif how == "delete":
        store.delete("a_b_c_v0001", {"k": 1})
    elif how == "other":
        code = (
            "import fsql, pandas as pd;"
            f"fsql.FeatureStore('fsql:///{folder}/store').write('a_b_c_v0001',"
            " fsql.read_sql('SELECT * FROM a_b_c_v0001', "
            f"'fsql:///{folder}/store').assign(k=7))"
        )
        subprocess.run([sys.executable, "-c", code], check=True)
    else:
        store.write("a_b_c_v0001", FRAME.assign(k=[1, 2, 30]), mode=how)


def test_what_the_text_says_counts_and_how_it_is_set_does_not(reads: Reads) -> None:
    reads("SELECT k, 'a' AS x FROM a_b_c_v0001 WHERE kind = 'b'")
    for sql in (
        "select  k, 'a' as x\nfrom a_b_c_v0001 -- all of it\nwhere kind = 'b'",
        "/* mine */ SELECT k, 'a' AS x FROM a_b_c_v0001 WHERE kind='b'",
    ):
        reads(sql)
        assert reads.said[-1] == "hit"
    for sql in (
        "SELECT k, 'A' AS x FROM a_b_c_v0001 WHERE kind = 'b'",
        "SELECT k, 'a' AS X FROM a_b_c_v0001 WHERE kind = 'b'",
        "SELECT k, 'a' AS x FROM a_b_c_v0001 WHERE kind = 'b '",
        "SELECT k, 'a  ' AS x FROM a_b_c_v0001 WHERE kind = 'b'",
        "SELECT k, 'a' AS x FROM a_b_c_v0001 WHERE kind = 'b' LIMIT 1",
    ):
        reads(sql)
        assert reads.said[-1] == "miss"


def test_parameters_count(reads: Reads) -> None:
    sql = "SELECT k FROM a_b_c_v0001 WHERE kind = %(kind)s"
    assert reads(sql, params={"kind": "b"})["k"].tolist() == [1]
    assert reads(sql, params={"kind": "a"})["k"].tolist() == [3]
    assert reads(sql, params={"kind": "b"})["k"].tolist() == [1]
    assert reads.said == ["miss", "miss", "hit"]


def test_views_count_with_what_they_stand_on(store: fsql.FeatureStore, reads: Reads) -> None:
    with store.engine.begin() as connection:
        connection.exec_driver_sql("CREATE VIEW mine AS SELECT k FROM a_b_c WHERE k > 1")
        assert reads("SELECT * FROM mine")["k"].tolist() == [2, 3]
        store.write("a_b_c_v0001", FRAME[:1].assign(k=4))
        assert sorted(reads("SELECT * FROM mine")["k"]) == [2, 3, 4]
        connection.exec_driver_sql("CREATE OR REPLACE VIEW mine AS SELECT k FROM a_b_c WHERE k > 2")
        assert sorted(reads("SELECT * FROM mine")["k"]) == [3, 4]
        assert sorted(reads("SELECT * FROM mine")["k"]) == [3, 4]
    assert reads.said == ["miss", "miss", "miss", "hit"]


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT now() FROM a_b_c_v0001", "not kept: now(), random()"),
        ("SELECT k FROM a_b_c_v0001 WHERE random() < 2", "not kept: now(), random()"),
        ("SELECT * FROM information_schema.tables", "not kept: nothing tells whether"),
        ("SHOW TABLES", "not kept: it is no query"),
    ],
)
def test_what_is_not_kept_says_why(reads: Reads, sql: str, why: str) -> None:
    reads(sql)
    reads(sql)
    assert all(said.startswith(why) for said in reads.said)


def test_tables_whose_files_anybody_may_change_are_not_kept(
    store: fsql.FeatureStore, reads: Reads
) -> None:
    store.dump("SELECT k FROM a_b_c_v0001", "s3://fsql-local/raw/k/part.parquet")
    fsql.clients.aws_glue.register_table(
        "feature_store", "raw_k", "s3://fsql-local/raw/k", engine=store.engine
    )
    assert len(reads("SELECT * FROM raw_k")) == 3
    assert reads.said == ["not kept: nothing tells whether feature_store.raw_k has changed"]


def test_an_engine_may_cache_all_it_reads(
    store: fsql.FeatureStore, folder: Path, tmp_path: Path
) -> None:
    engine = fsql.create_engine(f"fsql:///{tmp_path}/store?cache=true&cache_folder={folder}")
    first = pd.read_sql(sa.select(group()), engine)
    queries = count(store)
    assert_frame_equal(pd.read_sql(sa.select(group()), engine), first)
    assert count(store) == queries
    frame = fsql.read_sql(sa.select(group()), engine, cache=False, transport="engine")
    assert "cache" not in frame.attrs["fsql"]
    assert count(store) == queries + 1


# --- the folder ----------------------------------------------------------------------------------


def test_it_is_mapped_and_not_read(store: fsql.FeatureStore, reads: Reads, folder: Path) -> None:
    sql = (
        "SELECT n, n * 2 AS twice FROM UNNEST(sequence(1, 10000)) AS a (m) "
        "CROSS JOIN UNNEST(sequence(1, 100)) AS b (n)"
    )
    made = fsql.read_arrow(sql, store.engine, cache=Cache(folder))
    before = pa.total_allocated_bytes()
    again = fsql.read_arrow(sql, store.engine, cache=Cache(folder))
    assert again == made
    assert again.nbytes == 16_000_000
    assert pa.total_allocated_bytes() - before < 1_000_000


def test_the_folder_is_ones_own(folder: Path) -> None:
    kept = Cache(folder).local
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o700
    folder.chmod(0o755)
    with pytest.raises(ConfigError, match="chmod 700"):
        _ = Cache(folder).local


def test_files_are_ones_own(reads: Reads, folder: Path) -> None:
    reads()
    files = [path for path in folder.iterdir() if path.name != "lock"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600, 0o600]


def test_what_is_broken_is_read_anew(reads: Reads, folder: Path) -> None:
    expected = reads()
    (data,) = folder.glob("*.arrow")
    for spoil in (_cut, _altered, Path.unlink):
        spoil(data)
        assert_frame_equal(reads(), expected)
        assert_frame_equal(reads(), expected)
        assert reads.said[-2:] == ["miss", "hit"]


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 8)


def _altered(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_the_least_used_go_first(store: fsql.FeatureStore, folder: Path) -> None:
    sqls = [
        f"SELECT n AS n{i} FROM UNNEST(sequence(1, 10000)) AS a (n)"
        " CROSS JOIN UNNEST(sequence(1, 10)) AS b (m)"
        for i in range(4)
    ]
    cache = Cache(folder, size=2_000_000)  # of 800 kB each
    for i, sql in enumerate(sqls):
        fsql.read_arrow(sql, store.engine, cache=cache)
        for path in folder.glob("*.json"):
            age = path.stat().st_mtime - 10
            os.utime(path, (age, age))
        fsql.read_arrow(sqls[0], store.engine, cache=cache)
        assert len(cache.local.kept()) == min(i + 1, 2)
    assert {each.sql for each in cache.local.kept()} == {sqls[0], sqls[3]}


def test_a_full_disk_stops_no_read(
    store: fsql.FeatureStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Cache(folder)
    kept = cache.local
    folder.chmod(0o500) if os.getuid() else monkeypatch.setattr(
        kept, "adopt", lambda *args: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    assert len(store.read(SQL, cache=cache)) == 3
    folder.chmod(0o700)
    assert kept.kept() == []
    assert [*folder.glob("*.part")] == []


def test_a_team_reads_once(store: fsql.FeatureStore, tmp_path: Path) -> None:
    shared = "s3://fsql-local/cache"
    mine, theirs = (
        Cache(tmp_path / "mine", shared=shared),
        Cache(tmp_path / "theirs", shared=shared),
    )
    first = store.read(SQL, cache=mine, transport="engine")
    queries = count(store)
    again = store.read(SQL, cache=theirs, transport="engine")
    assert again.attrs["fsql"]["cache"] == "hit"
    assert_frame_equal(again, first)
    assert count(store) == queries
    assert len(theirs.local.kept()) == 1


def test_what_was_spoilt_on_s3_is_read_anew(store: fsql.FeatureStore, tmp_path: Path) -> None:
    cache = Cache(tmp_path / "mine", shared="s3://fsql-local/cache")
    store.read(SQL, cache=cache)
    (data,) = (tmp_path / "store").glob("s3/fsql-local/cache/*.arrow")
    _altered(data)
    found = store.read(SQL, cache=Cache(tmp_path / "other", shared="s3://fsql-local/cache"))
    assert found.attrs["fsql"]["cache"] == "miss"


def test_commands(store: fsql.FeatureStore, folder: Path, tmp_path: Path) -> None:
    url = f"fsql:///{tmp_path}/store?cache_folder={folder}&cache_size=1GB"
    fsql.read_sql(SQL, fsql.create_engine(url), cache=True)

    def run(*words: str) -> str:
        result = CliRunner().invoke(main, ["cache", *words, "--url", url], catch_exceptions=False)
        assert result.exit_code == 0
        return result.output

    assert "3 rows" in run("list")
    assert "SELECT k, small, at" in run("list")
    assert "1 results" in run("stats")
    (data,) = folder.glob("*.arrow")
    _altered(data)
    assert run("check") == "Deleted 1 broken results of 1.\n"
    fsql.read_sql(SQL, fsql.create_engine(url), cache=True)
    assert run("clear").startswith("Deleted 1 results")
    assert run("list") == ""


def test_it_does_not_matter_who_has_read_it(store: fsql.FeatureStore, reads: Reads) -> None:
    """Files read directly and Athena's answer are one result, whatever is made of it."""
    reads(transport="scan")
    for backend in (None, "numpy_nullable", "pyarrow"):
        found = reads(transport="engine", dtype_backend=backend)
        anew = store.read(SQL, transport="engine", dtype_backend=backend, cache=False)
        assert_frame_equal(found.sort_values("k", ignore_index=True), anew.sort_values("k"))
    assert reads.said == ["miss", "hit", "hit", "hit"]


def test_a_frame_of_a_hit_is_ones_own(reads: Reads) -> None:
    reads()
    found = reads()
    found.loc[0, "k"] = 99
    assert reads.said == ["miss", "hit"]
    assert reads()["k"].tolist() == [1, 2, 3]
