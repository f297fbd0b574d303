"""Streams are read in bounded memory: measured in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

import fsql
from fsql.types import Array

ROWS = 2_000_000
metadata = sa.MetaData()
item = fsql.FeatureGroup(
    "shop", "web", "item", "v0001", metadata,
    sa.Column("id", sa.BigInteger), sa.Column("pair", Array(sa.BigInteger)), keys=["id"],
)  # fmt: skip
READER = """
import resource, sys
import fsql

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

engine = fsql.create_engine(sys.argv[1])
with fsql.read_batches(sys.argv[2], engine, transport="engine") as reader:
    before, rows, size = peak(), 0, 0
    for batch in reader:
        rows, size = rows + batch.num_rows, size + batch.nbytes
print(rows, size, peak() - before)
"""


def test_an_unloaded_stream_takes_less_memory_than_its_rows(tmp_path: Path) -> None:
    url = f"fsql:///{tmp_path}/store"
    store = fsql.FeatureStore(url)
    store.create(item)
    ids = np.arange(ROWS)
    pairs = pa.FixedSizeListArray.from_arrays(pa.array(np.repeat(ids, 10)), 10)
    columns = {"id": ids, "pair": pairs.cast(pa.list_(pa.int64()))}
    store.write(item, pa.table(columns), progress=False)
    sql = "SELECT id, pair FROM shop_web_item_v0001"
    done = subprocess.run(
        [sys.executable, "-c", READER, url, sql], capture_output=True, text=True, check=True
    )
    rows, size, grown = map(int, done.stdout.split())
    assert (rows, size > 180_000_000) == (ROWS, True)
    assert grown < size * 0.6
