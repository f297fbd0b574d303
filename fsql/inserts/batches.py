"""Partitions put together to as many as one INSERT of Athena's may write to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fsql.errors import ConfigError
from fsql.inserts.transforms import Partitioning, Values

__all__ = ["MOST_PARTITIONS", "batches"]

# https://docs.aws.amazon.com/athena/latest/ug/ctas-insert-into.html
MOST_PARTITIONS = 100
WHERE_BYTES = 100_000  # of the 262,144 that a statement may have; the rest is for the columns


def batches(
    partitioning: Partitioning, partitions: Sequence[Values], table: str
) -> list[list[Values]]:
    """The partitions in their order, each INSERT's share in a list of its own.

    Raises:
        ConfigError: SQL cannot tell apart as few of them as Athena writes to at once.
    """
    room = MOST_PARTITIONS // partitioning.buckets
    if not room:
        raise ConfigError(
            f"The rows go to more than {MOST_PARTITIONS} partitions of {table!r}, to which Athena"
            f" does not write in one statement, and {partitioning.buckets} of them are buckets,"
            " which its SQL cannot tell apart. Nothing was written. Insert smaller parts, with a"
            " WHERE on the bucket's column, or read the SELECT and store.write its rows."
        )
    found: list[list[Values]] = []
    size = 0
    for values in sorted(partitions, key=_order):
        bytes_ = sum(len(str(value)) for value in values) + 40 * len(values)
        if not found or len(found[-1]) >= room or size + bytes_ > WHERE_BYTES:
            found.append([])
            size = 0
        found[-1].append(values)
        size += bytes_
    return found


def _order(values: Values) -> tuple[Any, ...]:
    """NULL first, NaN last."""
    return tuple(
        (0, 0) if value is None else (2, 0) if value != value else (1, value) for value in values
    )
