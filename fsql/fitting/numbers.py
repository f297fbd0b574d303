"""Casts between numbers that keep every value."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from fsql.fitting.base import Convert, Report, any_of, checked

__all__ = [
    "decimal_to_decimal",
    "decimal_to_integer",
    "float_to_float",
    "float_to_integer",
    "integer_to_decimal",
    "integer_to_float",
    "integer_to_integer",
]

_MANTISSA_BITS = {16: 11, 32: 24, 64: 53}  # IEEE 754: integers up to 2**bits are exact


def _limits(type_: pa.DataType) -> tuple[int, int]:
    if pa.types.is_unsigned_integer(type_):
        return 0, 2**type_.bit_width - 1
    return -(2 ** (type_.bit_width - 1)), 2 ** (type_.bit_width - 1) - 1


def _out_of_range(type_: pa.DataType) -> str:
    low, high = _limits(type_)
    return f"is out of range for {type_}, expected {low} to {high}"


def integer_to_integer(exact: pa.DataType) -> Convert:
    """Between integers: what is out of range is refused."""

    def refused(array: pa.Array) -> pa.Array:
        (low, high), (lowest, highest) = _limits(exact), _limits(array.type)
        under = pc.less(array, pa.scalar(max(low, lowest), array.type))
        over = pc.greater(array, pa.scalar(min(high, highest), array.type))
        return any_of(under, over)

    return checked(exact, _out_of_range(exact), refused)


def float_to_integer(exact: pa.DataType) -> Convert:
    """Whole floats to integers; NaN is NULL, since pandas has no other NULL for them."""
    low, high = _limits(exact)

    def convert(array: pa.Array, report: Report) -> pa.Array:
        try:
            return array.cast(exact)
        except pa.ArrowInvalid:
            numbers = pc.if_else(pc.is_nan(array), None, array)
        wide = numbers.cast(pa.float64())
        fraction = pc.not_equal(pc.floor(wide), wide)
        # high + 1 is a power of two, which a double holds exactly; high itself may not be.
        outside = any_of(pc.less(wide, float(low)), pc.greater_equal(wide, float(high + 1)))
        report(fraction, f"is no whole number, expected {exact}")
        report(outside, _out_of_range(exact))
        bad = any_of(fraction, outside)
        return pc.if_else(bad, None, numbers).cast(exact)

    return convert


def decimal_to_integer(exact: pa.DataType) -> Convert:
    """Whole decimals to integers."""
    low, high = _limits(exact)

    def refused(array: pa.Array) -> pa.Array:
        outside = any_of(pc.less(array, Decimal(low)), pc.greater(array, Decimal(high)))
        return any_of(_rounded(array, 0), outside)

    what = f"is no whole number in the range of {exact}, expected {low} to {high}"
    return checked(exact, what, refused)


def float_to_float(exact: pa.DataType) -> Convert:
    """Between floats: what a narrower one would round is refused."""
    what = f"would be rounded to fit {exact}"

    def convert(array: pa.Array, report: Report) -> pa.Array:
        narrow = array.cast(exact, safe=False)
        if exact.bit_width < array.type.bit_width:
            same = pc.equal(narrow.cast(array.type), array)
            report(pc.invert(pc.or_(same, pc.is_nan(array))), what)
        return narrow

    return convert


def integer_to_float(exact: pa.DataType) -> Convert:
    """Integers to floats, as far as floats count exactly."""
    most = 2 ** _MANTISSA_BITS[exact.bit_width]

    def refused(array: pa.Array) -> pa.Array:
        lowest, highest = _limits(array.type)
        under = pc.less(array, pa.scalar(max(-most, lowest), array.type))
        return any_of(under, pc.greater(array, pa.scalar(min(most, highest), array.type)))

    return checked(exact, f"is out of the range -{most} to {most} that {exact} counts", refused)


def decimal_to_decimal(exact: pa.DataType) -> Convert:
    """Between decimals: neither digits before nor after the point are lost."""

    def refused(array: pa.Array) -> pa.Array:
        bound = Decimal(10) ** (exact.precision - exact.scale)
        outside = any_of(pc.less_equal(array, -bound), pc.greater_equal(array, bound))
        return any_of(_rounded(array, exact.scale), outside)

    return checked(exact, f"does not fit {exact} without loss", refused)


def integer_to_decimal(exact: pa.DataType) -> Convert:
    """Integers to decimals with enough digits before the point."""
    narrow = decimal_to_decimal(exact)
    # Arrow asks for room for every integer of the type; decimal256 has it at any scale.
    wide = pa.decimal256(76, exact.scale)
    return lambda array, report: narrow(array.cast(wide), report)


def _rounded(array: pa.Array, scale: int) -> pa.Array:
    """The mask of decimals that have digits beyond `scale`."""
    if array.type.scale <= scale:
        return pa.repeat(pa.scalar(False), len(array))
    return pc.not_equal(pc.round(array, scale), array)
