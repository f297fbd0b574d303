"""The fewest moves that bring names into another order."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

__all__ = ["moves"]


def moves(now: Sequence[str], wanted: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """Which names to move, and behind which one, made one after the other; None is first.

    Args:
        now, wanted: the same names, each once.
    """
    places = {name: place for place, name in enumerate(now)}
    staying = {wanted[i] for i in _rising([places[name] for name in wanted])}
    previous: str | None = None
    for name in wanted:
        if name not in staying:
            yield name, previous
        previous = name


def _rising(numbers: Sequence[int]) -> set[int]:
    """The places of a longest rising subsequence."""
    ends: list[int] = []  # the place of the least number with which one of each length ends
    before: list[int | None] = []
    for place, number in enumerate(numbers):
        length = bisect_left(ends, number, key=lambda end: numbers[end])
        before.append(ends[length - 1] if length else None)
        ends[length : length + 1] = [place]
    found: set[int] = set()
    last = ends[-1] if ends else None
    while last is not None:
        found.add(last)
        last = before[last]
    return found
