"""The classic four, as classic callers use them: no exceptions, tuples throughout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from pandas.testing import assert_frame_equal

import fsql
from fsql.featurestore import create_fg, dump_fg, read_fg, upload_fg

NAME: dict[str, Any] = {"client": "acme", "app": "shop", "entity": "user", "version": "v0001"}
TABLE = "acme_shop_user_v0001"


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    """The default store, which classic callers do not name."""
    url = f"fsql:///{tmp_path / 'store'}"
    monkeypatch.setenv("FSQL_URL", url)
    return fsql.create_engine(url)


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "score": [0.5, None],
            "user_id": ["a", "b"],
            "seen": pd.to_datetime(["2026-03-29 01:30", "2026-03-29 03:30"]).tz_localize(
                "Europe/Oslo"
            ),
            "level": pd.Series([1, 2], dtype="int8"),
            "where": [{"city": "Oslo", "at": [1.5, 2.5]}, None],
        }
    )


def created(**options: Any) -> str:
    arguments = {"time_col": "seen", "time_col_unit": None, "pandas_df": frame()} | options
    success, response = create_fg(**NAME, **arguments)
    assert success, response
    return response


def uploaded(data: Any) -> str:
    success, response = upload_fg(**NAME, pandas_df=data)
    assert success, response
    return response


def read(query_id: str | None) -> tuple[pd.DataFrame, pa.Schema]:
    found, schema = read_fg(query_id or "")
    assert isinstance(found, pd.DataFrame), schema
    return found, schema


def test_there_and_back(engine: sa.Engine) -> None:
    response = created()
    assert "Created acme_shop_user_v0001, 5 columns, keys: user_id" in response
    assert "pass keys= to name others" in response
    assert uploaded(frame()).startswith("Wrote 2 rows to acme_shop_user_v0001")
    success, query_id, path, response = dump_fg(
        "SELECT * FROM acme_shop_user ORDER BY user_id DESC"
    )
    assert success, response
    assert path is not None
    assert path.startswith("s3://fsql-local/athena/dump/")
    assert path in response
    found, schema = read(query_id)
    expected = frame().iloc[::-1].reset_index(drop=True)
    assert_frame_equal(found.drop(columns="where"), expected.drop(columns="where"))
    assert found["where"][0] is None
    assert found["where"][1]["city"] == "Oslo"
    assert list(found["where"][1]["at"]) == [1.5, 2.5]
    assert schema.field("level").type == pa.int8()
    assert schema.field("seen").type == pa.timestamp("us", "Europe/Oslo")


def test_what_is_dumped_are_parquet_files(engine: sa.Engine) -> None:
    created()
    uploaded(frame())
    _, _, path, _ = dump_fg(f"SELECT user_id FROM {TABLE}")
    assert path is not None
    storage = fsql.FeatureStore(engine).catalog.storage
    files = [found.uri.removeprefix("s3://") for found in storage.list(path)]
    tables = [pq.read_table(file, filesystem=storage.filesystem) for file in files]
    assert sorted(pa.concat_tables(tables).column(0).to_pylist()) == ["a", "b"]


def test_a_dump_is_read_by_another_process(engine: sa.Engine) -> None:
    created()
    uploaded(frame())
    _, query_id, _, response = dump_fg(
        f"SELECT seen, level AS l, level AS l FROM {TABLE} ORDER BY 2"
    )
    fsql.FeatureStore(engine).drop(TABLE)  # reading needs no more than the files
    code = (
        "import sys; from fsql.featurestore import read_fg; df, schema = read_fg(sys.argv[1]);"
        "print(list(df.columns), schema.types, df.iloc[:, 1].tolist())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, query_id or response],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == (
        "['seen', 'l', 'l'] [TimestampType(timestamp[us, tz=Europe/Oslo]),"
        " DataType(int8), DataType(int8)] [1, 2]"
    )


def test_an_empty_dump_keeps_its_schema(engine: sa.Engine) -> None:
    created()
    success, query_id, _, response = dump_fg(f"SELECT user_id, level FROM {TABLE} WHERE level > 9")
    assert success, response
    found, schema = read(query_id)
    assert len(found) == 0
    assert schema.field("level").type == pa.int8()


@pytest.mark.parametrize(
    ("unit", "counts"),
    [
        ("s", [1_784_000_000, -1]),
        ("ms", [1_784_000_000_123, 0]),
        ("us", [1_784_000_000_123_456, 1]),
        ("ns", [1_784_000_000_123_456_000, 2_000]),
    ],
)
def test_epochs_come_back_as_they_went_in(engine: sa.Engine, unit: Any, counts: list[int]) -> None:
    data = pd.DataFrame({"id": [1, 2], "seen": counts})
    response = created(time_col_unit=unit, pandas_df=data)
    assert f"seen counts {unit} since 1970; to SQL it is a timestamp in UTC." in response
    uploaded(data)
    found, schema = read(dump_fg(f"SELECT id, seen FROM {TABLE} ORDER BY id")[1])
    assert schema.field("seen").type == pa.int64()
    assert_frame_equal(found, data)
    assert_frame_equal(fsql.read_sql(f"SELECT * FROM {TABLE} ORDER BY id", engine), data)
    sql = f"SELECT year(seen) AS y FROM {TABLE} WHERE seen > TIMESTAMP '2000-01-01 00:00:00'"
    assert fsql.read_sql(sql, engine)["y"].tolist() == [2026]


def test_frames_of_other_makes(engine: sa.Engine) -> None:
    table = pa.table({"id": [1, 2], "seen": pa.array([5, 6], pa.int32())})
    created(time_col_unit="s", pandas_df=table)
    uploaded(table)
    polars = pytest.importorskip("polars")
    uploaded(polars.from_arrow(table))
    uploaded(table.to_pandas())
    found, _ = read(dump_fg(f"SELECT id, seen FROM {TABLE} WHERE id = 1")[1])
    assert found["seen"].tolist() == [5, 5, 5]
    assert found["seen"].dtype == "int32"


def test_iso_text_comes_back_in_utc(engine: sa.Engine) -> None:
    data = pd.DataFrame({"id": [1, 2], "seen": ["2026-03-29T01:30:00+02:00", "2026-03-29 01:30"]})
    response = created(time_col_unit="iso", pandas_df=data)
    assert "seen is ISO 8601 text; to SQL it is a timestamp in UTC" in response
    uploaded(data)
    found, schema = read(dump_fg(f"SELECT seen FROM {TABLE} ORDER BY id")[1])
    assert found["seen"].tolist() == ["2026-03-28T23:30:00Z", "2026-03-29T01:30:00Z"]
    assert schema.field("seen").type == pa.Table.from_pandas(data).schema.field("seen").type


def test_datetimes_in_another_unit(engine: sa.Engine) -> None:
    response = created(time_col_unit="ms")
    assert "stored as timestamp[ms, tz=Europe/Oslo]; the frame has timestamp[us" in response
    uploaded(frame())
    _, schema = read(dump_fg(f"SELECT seen FROM {TABLE}")[1])
    assert schema.field("seen").type == pa.timestamp("ms", "Europe/Oslo")


def test_a_group_without_times(engine: sa.Engine) -> None:
    data = pd.DataFrame({"name": ["x"], "n": [1]})
    assert "no event time" in created(time_col=None, pandas_df=data)
    uploaded(data)


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"x": ["a"], "user": [1], "user_id": [2]}, "user"),
        ({"x": ["a"], "id": [1], "user_id": [2]}, "user_id"),
        ({"x": ["a"], "id": [1]}, "id"),
        ({"f": [1.5], "gap": [None], "n": [{"a": 1}], "x": ["a"], "y": [1]}, "x"),
    ],
)
def test_the_key_that_is_found(engine: sa.Engine, data: Any, key: str) -> None:
    frame = pd.DataFrame(data)
    if "gap" in frame:
        frame["gap"] = pd.array([None], dtype="Int64")
    assert f"keys: {key} (found" in created(time_col=None, pandas_df=frame)


def test_keys_can_be_named(engine: sa.Engine) -> None:
    assert "keys: user_id, level, event" in created(keys=["user_id", "level"])
    assert fsql.FeatureStore(engine).groups()[0].keys == ("user_id", "level")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": "1"}, "version '1' is not allowed. Expected 'v' and four digits"),
        ({"time_col": "sen"}, "time_col='sen' is no column. Columns: score, user_id"),
        ({"time_col_unit": "min"}, "time_col_unit='min'. Expected one of 's', 'ms'"),
        ({"time_col": "level"}, "event_time 'level' has type int8. Expected Timestamp(unit, tz)"),
        ({"time_col": "where", "time_col_unit": "iso"}, "Expected timestamps or dates"),
        ({"keys": "nobody"}, "keys names 'nobody', which is no column"),
        ({"pandas_df": 7}, "int is no frame"),
        (
            {"pandas_df": pd.DataFrame({"seen": [1], "f": [1.5]}), "time_col_unit": "s"},
            "Pass keys=",
        ),
        ({"engine": "mysql://x"}, "Expected 'fsql'"),
    ],
)
def test_create_says_what_is_wrong(engine: sa.Engine, change: Any, said: str) -> None:
    arguments = {**NAME, "time_col": "seen", "time_col_unit": None, "pandas_df": frame(), **change}
    success, response = create_fg(**arguments)
    assert success is False
    assert said in response
    assert fsql.FeatureStore(engine).groups() == []


def test_create_again(engine: sa.Engine) -> None:
    created()
    success, response = create_fg(**NAME, time_col="seen", time_col_unit=None, pandas_df=frame())
    assert (success, "'acme_shop_user_v0001' already exists" in response) == (False, True)


def test_upload_says_what_is_wrong(engine: sa.Engine) -> None:
    success, response = upload_fg(**NAME, pandas_df=frame())
    assert (success, "'acme_shop_user_v0001' does not exist" in response) == (False, True)
    created()
    wrong = frame().assign(level=[1, 1000], user_id=pd.Series(["a", None], dtype=object))
    success, response = upload_fg(**NAME, pandas_df=wrong)
    assert success is False
    assert "column 'user_id': is NULL" in response
    assert "column 'level'" in response
    assert fsql.read_sql(f"SELECT count(*) AS n FROM {TABLE}", engine)["n"][0] == 0


def test_epochs_beyond_all_times_are_refused(engine: sa.Engine) -> None:
    data = pd.DataFrame({"id": [1], "seen": [1]})
    created(time_col_unit="s", pandas_df=data)
    success, response = upload_fg(**NAME, pandas_df=data.assign(seen=np.int64(2**62)))
    assert success is False
    assert "'seen'" in response


def test_dump_says_what_is_wrong(engine: sa.Engine) -> None:
    success, query_id, path, response = dump_fg("SELECT nothing FROM nowhere")
    assert (success, path) == (False, None)
    assert "nowhere" in response
    assert query_id
    found, response = read_fg(query_id)
    assert found is False
    assert "is FAILED" in response
    storage = fsql.FeatureStore(engine).catalog.storage
    assert storage.list("s3://fsql-local/athena/dump/") == []
    assert dump_fg("SELECT FROM")[0] is False


def test_read_says_what_is_wrong(engine: sa.Engine) -> None:
    found, response = read_fg("no-such-query")
    assert (found, "There is no query 'no-such-query'" in response) == (False, True)
    created()
    query = fsql.read_sql(f"SELECT max(level) AS n FROM {TABLE}", engine, transport="engine")
    found, response = read_fg(query.attrs["fsql"]["query_id"])
    assert (found, "is no dump" in response) == (False, True)
    _, query_id, path, _ = dump_fg(f"SELECT user_id FROM {TABLE}")
    assert path is not None
    storage = fsql.FeatureStore(engine).catalog.storage
    storage.delete(o.uri for o in storage.list("s3://fsql-local/athena/dump/"))
    found, response = read_fg(query_id or "")
    assert (found, "are gone from" in response) == (False, True)


def test_another_engine_can_be_named(tmp_path: Path) -> None:
    url = f"fsql:///{tmp_path / 'other'}"
    assert create_fg(**NAME, time_col="seen", time_col_unit=None, pandas_df=frame(), engine=url)[0]
    assert upload_fg(**NAME, pandas_df=frame(), engine=url)[0]
    _, query_id, _, _ = dump_fg("SELECT count(*) AS n FROM acme_shop_user", engine=url)
    found, _ = read_fg(query_id or "", engine=url)
    assert isinstance(found, pd.DataFrame)
    assert found["n"].tolist() == [2]


def test_the_sample_runs_in_an_empty_folder(tmp_path: Path) -> None:
    for created in (True, False):
        done = subprocess.run(
            [sys.executable, "-m", "fsql.samples.fg_sample"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert f"create_fg: {created}" in done.stdout
        assert "upload_fg: True" in done.stdout
        assert "dump_fg: True" in done.stdout
        assert "u3     2" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["fg_sample"]
