"""What a process does that is going to be killed."""

from __future__ import annotations

import pyarrow as pa

import fsql

PARTITIONS = (1, 2, 3)
KEYS = 40  # in each partition


def rows(generation: int, partitions: tuple[int, ...] = PARTITIONS) -> pa.Table:
    """The rows of all keys; which write they are of stands in `v`."""
    keys = [100 * p + k for p in partitions for k in range(KEYS)]
    return pa.table(
        {
            "k": keys,
            "t": pa.array([0] * len(keys), pa.timestamp("ms")),
            "p": pa.array([key // 100 for key in keys], pa.int32()),
            "v": pa.array([generation] * len(keys), pa.int64()),
        }
    )


def write(url: str, group: str, mode: str) -> None:
    """Write the second generation."""
    fsql.FeatureStore(url).write(group, rows(2), mode=mode)
