"""The rows of one partition that are not in a file yet."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import pyarrow as pa

from fsql.formats.outputs import Output, Place
from fsql.formats.sorting import Order, Point
from fsql.formats.spill import RUN_BYTES, Run

__all__ = ["Backlog", "Limits", "Taken"]


@dataclass(frozen=True)
class Limits:
    """How many bytes of memory and rows make a row group."""

    bytes: int
    rows: int

    def reached(self, bytes: int, rows: int) -> bool:
        """Whether there is enough for a row group."""
        return bytes >= self.bytes or rows >= self.rows


@dataclass(frozen=True)
class Taken:
    """Rows taken out of memory.

    Attributes:
        bytes: what they count of `Backlog.bytes`.
        place: where they can be written as they are, in order; None if they have to be sorted.
    """

    rows: pa.Table
    bytes: int
    place: tuple[Output, Place] | None = None


class _Block:
    """Some rows that came together."""

    def __init__(self, table: pa.Table, order: Order) -> None:
        self.table, self._order = table, order
        self.bytes: int = table.nbytes

    @cached_property
    def ends(self) -> tuple[Point, Point] | None:
        """Where the first and the last row stand; None if they are not sorted."""
        if not self._order.is_sorted(self.table):
            return None
        last = len(self.table) - 1
        return self._order.point(self.table, 0), self._order.point(self.table, last)


class Backlog:
    """Rows of a partition: in memory as they came, on disk as sorted runs.

    Attributes:
        bytes: what those in memory take.
    """

    def __init__(self, order: Order) -> None:
        self._order = order
        self._lock = threading.Lock()
        self._blocks: list[_Block] = []
        self._rows = self.bytes = 0
        self._runs: list[Run] = []
        self._output: Output | None = None
        self._last: Point | None = None

    def add(self, table: pa.Table) -> int:
        """Take rows; gives how many bytes they count."""
        block = _Block(table, self._order)
        with self._lock:
            self._blocks.append(block)
            self._rows += len(table)
            self.bytes += block.bytes
        return block.bytes

    def relieve(self, limits: Limits, begin: Callable[[], Output]) -> Taken | None:
        """Take about a row group's rows out of memory; None if there are none.

        Args:
            begin: makes a file, if there is none yet that rows go to directly.
        """
        with self._lock:
            if not self._blocks:
                return None
            chain = self._chain(self._blocks) if limits.reached(self.bytes, self._rows) else None
            if chain is None or not self._goes_on(chain[0]):
                # Less than a row group, since a sorted copy is needed.
                run = Limits(min(limits.bytes, RUN_BYTES), limits.rows)
                return _together(self._take(chain or self._blocks, run))
            self._output = self._output or begin()
            return self._direct(self._output, self._take(chain, limits))

    def _chain(self, blocks: list[_Block]) -> list[_Block] | None:
        """The blocks one behind the other in order; None if they overlap."""
        if any(block.ends is None for block in blocks):
            return None
        chain = sorted(blocks, key=_first)
        for before, after in pairwise(chain):
            if _last(before) > _first(after):
                return None
        return chain

    def _goes_on(self, block: _Block) -> bool:
        if self._output is not None and self._last is not None:
            return _first(block) >= self._last
        return not self._runs

    def _take(self, blocks: list[_Block], limits: Limits) -> list[_Block]:
        """The first blocks, as many as make a row group."""
        count = size = rows = 0
        while count < len(blocks) and not limits.reached(size, rows):
            size, rows = size + blocks[count].bytes, rows + len(blocks[count].table)
            count += 1
        self._blocks = blocks[count:]
        self._rows, self.bytes = self._rows - rows, self.bytes - size
        return blocks[:count]

    def _direct(self, output: Output, blocks: list[_Block]) -> Taken:
        self._last = _last(blocks[-1])
        return _together(blocks, (output, output.reserve()))

    def put_aside(self, run: Run) -> int:
        """Keep a run of its rows; gives the bytes of all runs."""
        with self._lock:
            self._runs.append(run)
            return sum(run.bytes for run in self._runs)

    def oldest(self, bytes: int, least: int) -> list[Run]:
        """Take out the oldest runs, of about so many bytes; none unless there are `least`."""
        with self._lock:
            if sum(run.bytes for run in self._runs) < least:
                return []
            size = taken = 0
            while taken < len(self._runs) and size < bytes:
                size += self._runs[taken].bytes
                taken += 1
            runs, self._runs = self._runs[:taken], self._runs[taken:]
            return runs

    def rest(self) -> tuple[pa.Table | None, Output | None, list[Run]]:
        """Take out all that is left.

        Returns:
            The rows in memory; the file that they go on in as they are, if they do; the runs.
        """
        with self._lock:
            blocks, runs = self._blocks, self._runs
            self._blocks, self._runs, self._rows, self.bytes = [], [], 0, 0
            if not blocks:
                return None, None, runs
            chain = self._chain(blocks) if self._output is not None else None
            if chain is not None and self._goes_on(chain[0]):
                return _together(chain).rows, self._output, runs
            return _together(blocks).rows, None, runs

    def seal(self, size: int = 0) -> Output | None:
        """Begin no more row groups in the file that rows go to directly, if it has so many bytes.

        Returns:
            The file, for the caller to seal.
        """
        with self._lock:
            output = self._output
            if output is None or output.size < size:
                return None
            self._output = self._last = None
            return output


def _together(blocks: list[_Block], place: tuple[Output, Place] | None = None) -> Taken:
    rows = pa.concat_tables([block.table for block in blocks])
    return Taken(rows, sum(block.bytes for block in blocks), place)


def _first(block: _Block) -> Point:
    assert block.ends is not None
    return block.ends[0]


def _last(block: _Block) -> Point:
    assert block.ends is not None
    return block.ends[1]
