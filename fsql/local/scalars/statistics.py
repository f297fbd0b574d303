"""Distributions and bits of numbers. Source: Trino documentation, "Mathematical functions"."""

from __future__ import annotations

import math
from statistics import NormalDist

from fsql.local.scalars.registry import Fault, scalar

__all__: list[str] = []

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_STEPS = 500
_TINY = 1e-300
_CLOSE = 1e-16


def _refused(message: str) -> Fault:
    return Fault("INVALID_FUNCTION_ARGUMENT", message)


def _normal(mean: float, deviation: float, name: str) -> NormalDist:
    if not deviation > 0:
        raise _refused(f"{name} must be > 0")
    return NormalDist(mean, deviation)


@scalar("DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE")
def normal_cdf(mean: float, deviation: float, value: float) -> float:
    if deviation > 0:
        return 0.5 * math.erfc((mean - value) / (deviation * math.sqrt(2)))
    raise _refused("standardDeviation must be > 0")


@scalar("DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE")
def inverse_normal_cdf(mean: float, deviation: float, share: float) -> float:
    if not 0 < share < 1:
        raise _refused("p must be 0 > p > 1")
    return _normal(mean, deviation, "sd").inv_cdf(share)


@scalar("DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE")
def beta_cdf(a: float, b: float, value: float) -> float:
    _checked_shape(a, b)
    if not 0 <= value <= 1:
        raise _refused("value must be in the interval [0, 1]")
    return _incomplete_beta(a, b, value)


@scalar("DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE")
def inverse_beta_cdf(a: float, b: float, share: float) -> float:
    """By halving: the function grows with its value."""
    _checked_shape(a, b)
    if not 0 <= share <= 1:
        raise _refused("p must be in the interval [0, 1]")
    if share in (0, 1):
        return share
    low, high = 0.0, 1.0
    while low < (middle := (low + high) / 2) < high:
        if _incomplete_beta(a, b, middle) < share:
            low = middle
        else:
            high = middle
    return high


def _checked_shape(a: float, b: float) -> None:
    if not (a > 0 and b > 0):
        raise _refused("a, b must be > 0")


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularized incomplete beta function, by its continued fraction."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(b, a, 1 - x)
    log = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(log + a * math.log(x) + b * math.log1p(-x))
    return front / a / _fraction(a, b, x)


def _fraction(a: float, b: float, x: float) -> float:
    """1 + d1/(1 + d2/(1 + …)), from the front by Lentz's method."""
    value, above, below = 1.0, 1.0, 0.0
    for step in range(1, _STEPS):
        term = _term(a, b, x, step)
        below = 1 / (1 + term * below or _TINY)
        above = 1 + term / above or _TINY
        value *= above * below
        if abs(above * below - 1) < _CLOSE:
            break
    return value


def _term(a: float, b: float, x: float, step: int) -> float:
    half, odd = divmod(step, 2)
    if odd:
        return -(a + half) * (a + b + half) * x / ((a + step - 1) * (a + step))
    return half * (b - half) * x / ((a + step - 1) * (a + step))


# ---- bits and digits ---------------------------------------------------------------------------


@scalar("BIGINT", "BIGINT", "INTEGER", "BOOLEAN", "BIGINT")
def shifted(value: int, by: int, bits: int, left: bool) -> int:
    """A two's complement number of some bits, shifted; zeros come in."""
    if by < 0:
        raise _refused("Specified shift must be positive")
    if by >= bits:
        return 0
    pattern = value % (1 << bits)
    moved = (pattern << by) % (1 << bits) if left else pattern >> by
    return moved - (1 << bits) if moved >> (bits - 1) else moved


@scalar("VARCHAR", "BIGINT", "BIGINT")
def from_base(text: str, radix: int) -> int:
    if not 2 <= radix <= 36:
        raise _refused("Radix must be between 2 and 36")
    digits = text[1:] if text[:1] in ("-", "+") else text
    if not digits or not set(digits.lower()) <= set(_DIGITS[:radix]):
        raise _refused(f'Not a valid base-{radix} number: "{text}"')
    value = int(text, radix)
    if not -(2**63) <= value < 2**63:
        raise _refused(f'Not a valid base-{radix} number: "{text}"')
    return value
