"""The data that is measured on: made from a seed, so every run has the same."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy import Column

import fsql
from fsql.types import Timestamp

ROWS = 5_000_000


def events(rows: int = ROWS) -> pa.Table:
    """Rows x 8 columns: integers, doubles, strings and timestamps."""
    random = np.random.default_rng(1)
    number = np.arange(rows)
    countries = pa.array(["de", "fr", "it", "nl", "pl", "se", "uk", "us"])
    start = np.datetime64("2024-01-01", "us").astype("int64")
    return pa.table(
        {
            "id": pa.array(number),
            "clicks": pa.array(random.integers(0, 1_000, rows, dtype="int32")),
            "price": pa.array(np.round(random.gamma(2.0, 30.0, rows), 2)),
            "score": pa.array(random.normal(size=rows)),
            "weight": pa.array(random.random(rows)),
            "country": countries.take(pa.array(random.integers(0, len(countries), rows))),
            "session": pa.array(np.char.add("s", (number // 7).astype("U8"))),
            "seen": pa.array(start + number * 1_000_000, pa.timestamp("us")),
        }
    )


def group(metadata: sa.MetaData | None = None) -> fsql.FeatureGroup:
    """The feature group that holds `events`."""
    made: fsql.FeatureGroup = fsql.FeatureGroup(
        "bench",
        "web",
        "event",
        "v0001",
        metadata if metadata is not None else sa.MetaData(),
        Column("id", sa.BigInteger),
        Column("clicks", sa.Integer),
        Column("price", sa.Double),
        Column("score", sa.Double),
        Column("weight", sa.Double),
        Column("country", sa.String),
        Column("session", sa.String),
        Column("seen", Timestamp("us")),
        keys=["id"],
        event_time="seen",
    )
    return made
