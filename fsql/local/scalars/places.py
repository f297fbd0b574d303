"""Places of items in arrays, which SQL then looks up; counted from 1."""

from __future__ import annotations

import math
import random
from itertools import combinations as all_combinations

from fsql.local.scalars.registry import Fault, scalar

__all__: list[str] = []

_MOST_ITEMS = 5
_MOST_PLACES = 100_000


@scalar("BIGINT", "BIGINT", "BIGINT[][]")
def combinations(size: int, count: int) -> list[list[int]]:
    if count < 0:
        message = f"combination size must not be negative: {count}"
        raise Fault("INVALID_FUNCTION_ARGUMENT", message)
    if count > _MOST_ITEMS:
        message = f"combination size must not exceed {_MOST_ITEMS}: {count}"
        raise Fault("INVALID_FUNCTION_ARGUMENT", message)
    if math.comb(size, count) * count > _MOST_PLACES:
        raise Fault("INVALID_FUNCTION_ARGUMENT", "combinations exceed max size")
    return [list(places) for places in all_combinations(range(1, size + 1), count)]


@scalar("BIGINT", "BIGINT[]")
def permutation(size: int) -> list[int]:
    return random.sample(range(1, size + 1), size)
