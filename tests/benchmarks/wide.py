"""Ten columns and a nested one, as many rows as FSQL_BENCH_ROWS says, made from a seed."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa
from sqlalchemy import Column

import fsql
from fsql.types import Struct, Timestamp
from tests.benchmarks.data import events

ROWS = int(os.environ.get("FSQL_BENCH_ROWS", "10_000_000"))
CHANGED = max(ROWS // 100, 1)
FILE = "data.parquet"
CHANGES = "changes.parquet"


def table(rows: int = ROWS, first: int = 0) -> pa.Table:
    """The rows from ``first`` on: ids in order, times a second apart."""
    random = np.random.default_rng(first)
    made = events(rows)
    number = np.arange(first, first + rows)
    start = np.datetime64("2024-01-01", "us").astype("int64")
    place = pa.StructArray.from_arrays(
        [
            pa.array(random.uniform(-90, 90, rows)),
            pa.array(random.uniform(-180, 180, rows)),
            made["country"].combine_chunks(),
        ],
        ["lat", "lon", "tag"],
    )
    made = made.set_column(0, "id", pa.array(number))
    made = made.set_column(7, "seen", pa.array(start + number * 1_000_000, pa.timestamp("us")))
    made = made.append_column("active", pa.array(random.random(rows) < 0.5))
    made = made.append_column(
        "day", pa.array((number // 86_400 + 19_723).astype("int32")).cast("date32")
    )
    return made.append_column("place", place)


def group(version: str = "v0001", entity: str = "wide") -> fsql.FeatureGroup:
    """The feature group of such rows."""
    made: fsql.FeatureGroup = fsql.FeatureGroup(
        "bench",
        "web",
        entity,
        version,
        sa.MetaData(),
        Column("id", sa.BigInteger),
        Column("clicks", sa.Integer),
        Column("price", sa.Double),
        Column("score", sa.Double),
        Column("weight", sa.Double),
        Column("country", sa.String),
        Column("session", sa.String),
        Column("seen", Timestamp("us")),
        Column("active", sa.Boolean),
        Column("day", sa.Date),
        Column("place", Struct(lat=sa.Double, lon=sa.Double, tag=sa.String)),
        keys=["id"],
        event_time="seen",
    )
    return made


def changes(turn: int) -> pa.Table:
    """One row in a hundred: half of them there already, with other values; half of them new."""
    old, new = CHANGED // 2, CHANGED - CHANGED // 2
    there = table(old, first=(turn * old) % max(ROWS - old, 1))
    return pa.concat_tables([there, table(new, first=ROWS + turn * new)])


def save(made: pa.Table, path: Path) -> None:
    """For contenders in processes of their own."""
    pq.write_table(made, path)


def frame(path: Path) -> pd.DataFrame:
    """The rows as pandas: its own types, and Arrow's for the nested column."""
    made: pd.DataFrame = pq.read_table(path).to_pandas(types_mapper=nested_only)
    return made


def nested_only(type_: pa.DataType) -> pd.ArrowDtype | None:
    """pandas has no type for structs but Python's dicts, which would be all that is measured."""
    return pd.ArrowDtype(type_) if pa.types.is_nested(type_) else None
