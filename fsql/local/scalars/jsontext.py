"""JSON read and written as Trino does it: by Java's Jackson, whose numbers look like Java's."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

__all__ = ["Malformed", "double_text", "read_json", "scientific", "write_json"]


class Malformed(ValueError):
    """A text that is no JSON."""


def read_json(text: str) -> Any:
    """The value of a JSON text; numbers with a fraction or an exponent are floats.

    Raises:
        Malformed: if the text is none.
    """
    try:
        return _DECODE(text)
    except (ValueError, RecursionError):
        raise Malformed(text) from None


def _refused(word: str) -> Any:
    raise ValueError(word)


_DECODE = json.JSONDecoder(parse_constant=_refused).decode
_ENCODE = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


def write_json(value: Any) -> str:
    """A value as JSON without blanks; a tuple of pairs is an object too."""
    if isinstance(value, (dict, tuple)):
        pairs = value.items() if isinstance(value, dict) else value
        return f"{{{','.join(f'{_text(key)}:{write_json(item)}' for key, item in pairs)}}}"
    if isinstance(value, list):
        return f"[{','.join(map(write_json, value))}]"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return double_text(value) if math.isfinite(value) else f'"{double_text(value)}"'
    if isinstance(value, Decimal):
        return f"{value:f}"
    return _ENCODE(value)


def _text(value: str) -> str:
    return encode_basestring(value)


def double_text(value: float) -> str:
    """A double as Java prints it: ``1.0``, ``1.0E10``, ``1.0E-5``, ``NaN``."""
    if not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        plain = f"{Decimal(repr(value)):f}"
        return plain if "." in plain else f"{plain}.0"
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    text = "".join(map(str, digits)).rstrip("0") or "0"
    power = int(exponent) + len(digits) - 1
    return f"{'-' * sign}{text[0]}.{text[1:] or '0'}E{power}"


def scientific(value: float) -> str:
    """A double as CAST to varchar prints it: ``1.5E0``."""
    if not math.isfinite(value):
        return double_text(value)
    if value == 0:
        return "-0E0" if math.copysign(1, value) < 0 else "0E0"
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    text = "".join(map(str, digits)).rstrip("0")
    power = int(exponent) + len(digits) - 1
    return f"{'-' * sign}{text[0]}.{text[1:] or '0'}E{power}"
