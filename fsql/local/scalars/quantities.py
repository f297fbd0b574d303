"""Numbers with units. Source: Trino documentation, "Conversion functions" and "Date and time"."""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from fsql.local.scalars.registry import Fault, scalar

__all__: list[str] = []

_NUMBER_AND_UNIT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*")
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")
_SIZES = {unit: 1024**power for power, unit in enumerate(_UNITS)}
_WIDEST = 10**38
_MILLIS = {
    "ns": Fraction(1, 1_000_000),
    "us": Fraction(1, 1000),
    "ms": Fraction(1),
    "s": Fraction(1000),
    "m": Fraction(60_000),
    "h": Fraction(3_600_000),
    "d": Fraction(86_400_000),
}
_LONGEST = 2**63
_NAMES = (("week", 604_800), ("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))
_THOUSANDS = ("", "K", "M", "B", "T", "Q")
_SHOWN = 3


@scalar("VARCHAR", "VARCHAR")
def data_size(text: str) -> str:
    """The bytes in ``2.3MB``; units are powers of 1024."""
    found = _NUMBER_AND_UNIT.fullmatch(text)
    unit = _SIZES.get(found[2]) if found else None
    if found is None or unit is None:
        raise Fault("INVALID_FUNCTION_ARGUMENT", f"Invalid data size: '{text}'")
    size = int(Fraction(found[1]) * unit)
    if size >= _WIDEST:
        message = f"Value out of range: '{text}' ('{size}B')"
        raise Fault("NUMERIC_VALUE_OUT_OF_RANGE", message)
    return str(size)


@scalar("VARCHAR", "BIGINT")
def duration(text: str) -> int:
    """The milliseconds in ``3.81 d``."""
    found = _NUMBER_AND_UNIT.fullmatch(text)
    if found is None:
        message = f"duration is not a valid data duration string: {text}"
        raise Fault("INVALID_FUNCTION_ARGUMENT", message)
    unit = _MILLIS.get(found[2])
    if unit is None:
        raise Fault("INVALID_FUNCTION_ARGUMENT", f"Unknown time unit: {found[2]}")
    millis = int(Fraction(found[1]) * unit + Fraction(1, 2))
    if millis >= _LONGEST:
        raise Fault("INVALID_FUNCTION_ARGUMENT", f"duration is too large: {text}")
    return millis


@scalar("DOUBLE", "VARCHAR")
def readable_seconds(seconds: float) -> str:
    """``1 hour, 1 minute, 2 seconds``; what is zero is left out."""
    if not math.isfinite(seconds):
        message = f"Invalid argument found: {seconds}"
        raise Fault("INVALID_FUNCTION_ARGUMENT", message)
    left, parts = math.floor(abs(seconds) + 0.5), []
    for name, size in _NAMES:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}{'s' * (count != 1)}")
    return ", ".join(parts) or "0 seconds"


@scalar("DOUBLE", "VARCHAR")
def short_number(value: float) -> str:
    """Three digits and a letter for the thousands: ``123K``, ``1.23M``."""
    if not math.isfinite(value):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    number, power = abs(Decimal(repr(value))), 0
    while number >= 1000 and power < len(_THOUSANDS) - 1:
        number, power = number / 1000, power + 1
    digits = max(_SHOWN - max(number.adjusted() + 1, 1), 0)
    rounded = number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    shown = f"{rounded:f}".rstrip("0").rstrip(".") if digits else f"{rounded:f}"
    return f"{'-' * (value < 0)}{shown}{_THOUSANDS[power]}"
