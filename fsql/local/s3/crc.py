"""CRCs that Python's library lacks, some 1 GB/s fast: lanes of the data are taken at once.

A CRC is linear: the CRC of two stretches is that of the first, carried over as many zero bytes as
the second has, XOR that of the second. So numpy computes the CRCs of all lanes of a block side by
side, and then joins neighbours until one is left.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Crc", "crc32c", "crc64nvme", "joined"]

Words = npt.NDArray[np.uint64]

_LANE = 128
_LANE_LEVEL = _LANE.bit_length() - 1
_POLYNOMIALS = {"crc32": 0xEDB88320, "crc32c": 0x82F63B78, "crc64nvme": 0x9A6C9329AC4BC9B5}


# numpy gives Python's lock away and takes it back at every step; threads that do so side by side
# spend ten times as long on passing it around as on the sums.
_turn = threading.Lock()


class Crc:
    """A running CRC, reflected, starting from ones and inverted at the end, as hashlib's digests.

    Args:
        polynomial: reflected.
        size: of the CRC in bytes, 8 at most.
    """

    def __init__(self, polynomial: int, size: int) -> None:
        self._tables = _tables(polynomial)
        self._size = size
        self._ones = (1 << 8 * size) - 1
        self._value = self._ones
        self._rest = b""

    def update(self, data: bytes, /) -> None:
        """Take further bytes in."""
        data = self._rest + data if self._rest else data
        whole = len(data) - len(data) % _LANE
        if whole:
            with _turn:
                self._value = self._tables.lanes(self._value, data[:whole])
        self._rest = data[whole:]

    def digest(self) -> bytes:
        """The CRC of all bytes so far, big-endian."""
        value = self._tables.bytewise(self._value, self._rest)
        return (value ^ self._ones).to_bytes(self._size, "big")


def crc32c() -> Crc:
    """Castagnoli's."""
    return Crc(_POLYNOMIALS["crc32c"], 4)


def crc64nvme() -> Crc:
    """That of NVM Express, which AWS's SDKs send where nothing else is asked for."""
    return Crc(_POLYNOMIALS["crc64nvme"], 8)


def joined(name: str, parts: Iterable[tuple[bytes, int]]) -> bytes | None:
    """The CRC of stretches one after the other, from that and the length of each.

    None if the checksum of that name is no CRC.
    """
    if name not in _POLYNOMIALS:
        return None
    tables, whole, size = _tables(_POLYNOMIALS[name]), 0, 0
    for digest, length in parts:
        size = len(digest)
        whole = tables.after_zeros(whole, length) ^ int.from_bytes(digest, "big")
    return whole.to_bytes(size, "big")


class _Tables:
    """What a polynomial makes of bytes at each place of a word."""

    def __init__(self, polynomial: int) -> None:
        first = np.arange(256, dtype=np.uint64)
        for _ in range(8):
            odd = np.where(first & np.uint64(1), np.uint64(polynomial), np.uint64(0))
            first = (first >> np.uint64(1)) ^ odd
        self._bytes: list[int] = first.tolist()
        after = [first]
        for _ in range(7):
            after.append(first[after[-1] & np.uint64(255)] ^ (after[-1] >> np.uint64(8)))
        pairs = np.arange(1 << 16)
        self._word = [
            after[7 - 2 * k][pairs & 255] ^ after[6 - 2 * k][pairs >> 8] for k in range(4)
        ]
        places = (np.arange(256, dtype=np.uint64) << np.uint64(8 * k) for k in range(8))
        one_zero = [first[each & np.uint64(255)] ^ (each >> np.uint64(8)) for each in places]
        self._zeros = [one_zero]

    def bytewise(self, value: int, data: bytes) -> int:
        """The state after a few bytes more."""
        for byte in data:
            value = self._bytes[(value ^ byte) & 255] ^ (value >> 8)
        return value

    def after_zeros(self, value: int, length: int) -> int:
        """The state after so many zero bytes."""
        state = np.array([value], np.uint64)
        for level in range(length.bit_length()):
            if length >> level & 1:
                state = _looked_up(self._operator(level), state)
        return int(state[0])

    def lanes(self, value: int, data: bytes) -> int:
        """The state after as many bytes more as fill lanes."""
        words = np.frombuffer(data, "<u8").reshape(-1, _LANE // 8)
        states = np.zeros(len(words), np.uint64)
        states[0] = value
        for step in range(_LANE // 8):
            states ^= words[:, step]
            states = _looked_up(self._word, states)
        return self._joined(states)

    def _joined(self, states: Words) -> int:
        """The state after all lanes, from theirs; lanes of nothing in front make them even."""
        level = _LANE_LEVEL
        while len(states) > 1:
            if len(states) % 2:
                states = np.concatenate([np.zeros(1, np.uint64), states])
            pairs = states.reshape(-1, 2)
            first = np.ascontiguousarray(pairs[:, 0])
            states = _looked_up(self._operator(level), first) ^ pairs[:, 1]
            level += 1
        return int(states[0])

    def _operator(self, level: int) -> list[Words]:
        """What makes a state that after 2**level zero bytes."""
        while level >= len(self._zeros):
            last = self._zeros[-1]
            self._zeros = [*self._zeros, [_looked_up(last, table) for table in last]]
        return self._zeros[level]


_tables = cache(_Tables)


def _looked_up(tables: list[Words], values: Words) -> Words:
    """For each value the XOR of what the tables hold for its parts, the lowest part first."""
    part: Any = np.uint8 if len(tables) == 8 else np.uint16
    parts = values.astype("<u8", copy=False).view(part).reshape(-1, len(tables))
    found: Words = tables[0].take(parts[:, 0])
    for table, column in zip(tables[1:], parts.T[1:], strict=True):
        found ^= table.take(column)
    return found
