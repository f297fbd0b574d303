"""Casts between points in time that keep every value; a naive one means UTC."""

from __future__ import annotations

import contextlib

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fsql.fitting.base import Convert, Report, changed, checked
from fsql.types import EpochType, InstantType

__all__ = ["as_instants", "dated", "from_counts", "from_text", "to_date", "to_timestamp"]

_MICROSECONDS, _SECONDS = pa.timestamp("us"), pa.timestamp("s")
_PLAIN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?)?$"
_NANOSECONDS = (
    "has nanoseconds, and microseconds are stored."
    " Round it, or declare the group with truncate=True"
)
_YEARS = "is beyond the years 1 to 9999, which SQL has times for"
# The first and the last second of these years.
_FIRST, _LAST = -62_135_596_800, 253_402_300_799
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000}


def to_timestamp(exact: pa.DataType, *, truncate: bool) -> Convert:
    """Timestamps to another unit and zone, as the same instants.

    Args:
        truncate: let nanoseconds be cut to microseconds instead of refusing them.
    """
    unit = pa.timestamp(exact.unit)  # comparing and casting is quicker without a zone
    changing = checked(unit, f"is finer than, or beyond what {exact} holds", changed(unit))
    storing = checked(_MICROSECONDS, _NANOSECONDS, changed(_MICROSECONDS))

    def convert(array: pa.Array, report: Report) -> pa.Array:
        times = _naive(array)
        if times.type.unit == "ns" and truncate and exact.unit != "ns":
            times = times.cast(_MICROSECONDS, safe=False)
        times = changing(times, report)
        if exact.unit != "ns":
            _check_years(times, _PER_SECOND[exact.unit], report)
        elif not truncate:
            storing(times, report)
        return times.cast(exact)

    return convert


def dated(convert: Convert) -> Convert:
    """A cast to dates that refuses those which no SQL has."""

    def checked_dates(array: pa.Array, report: Report) -> pa.Array:
        dates = convert(array, report)
        _check_years(dates.cast(_SECONDS, safe=False), 1, report)
        return dates

    return checked_dates


def _check_years(times: pa.Array, per_second: int, report: Report) -> None:
    counts, first, last = times.cast(pa.int64()), _FIRST * per_second, (_LAST + 1) * per_second
    found = pc.min_max(counts)
    if counts.null_count == len(counts):
        return
    if found["min"].as_py() < first or found["max"].as_py() >= last:
        report(pc.or_(pc.less(counts, first), pc.greater_equal(counts, last)), _YEARS)


def _naive(array: pa.Array) -> pa.Array:
    return array if array.type.tz is None else array.cast(pa.timestamp(array.type.unit))


def to_date(exact: pa.DataType) -> Convert:
    """Timestamps to dates; a time of day is refused."""
    what = f"has a time of day, expected {exact}"

    def convert(array: pa.Array, report: Report) -> pa.Array:
        dates = array.cast(exact, safe=False)
        report(pc.not_equal(dates.cast(array.type), array), what)
        return dates

    return convert


def from_counts(count: Convert, finish: Convert, exact: InstantType) -> Convert:
    """Numbers that count a unit since 1970.

    Args:
        count: makes int64 of any numbers.
        finish: makes sure that what they count can be stored.
    """

    def times(array: pa.Array, report: Report) -> pa.Array:
        return finish(count(array, report).cast(pa.timestamp(exact.unit)), report)

    return as_instants(times, exact)


def as_instants(times: Convert, exact: InstantType) -> Convert:
    """Timestamps as times that are shown as something else, if it has room for them."""
    counted = isinstance(exact, EpochType)
    what = f"is no count that {exact.plain} holds"

    def convert(array: pa.Array, report: Report) -> pa.Array:
        found = times(array, report)
        if counted:
            report(changed(exact.plain)(found.cast(pa.int64())), what)
        return exact.stored(found)

    return convert


def from_text(finish: Convert, unit: str, *, truncate: bool) -> Convert:
    """ISO 8601 text to timestamps: a zone is heeded, no zone means UTC.

    Args:
        finish: what makes the declared type of any timestamps.
        unit: the declared type's unit.
        truncate: let nanoseconds be cut to microseconds instead of refusing them.
    """

    def convert(array: pa.Array, report: Report) -> pa.Array:
        text = array.cast(pa.string())
        times = _parsed(text, unit)
        if times is None:
            times, finer = _leniently(text)
            report(pc.and_(pc.is_null(times), pc.is_valid(text)), "is no ISO 8601 time")
            if not truncate:
                report(finer, _NANOSECONDS)
        return finish(times, report)

    return convert


def _parsed(text: pa.Array, unit: str) -> pa.Array | None:
    """Arrow's parser, which wants either no zones or zones throughout; None if it refuses."""
    sample = text.drop_null()[:64]  # each value that Arrow refuses costs a microsecond
    for fine in dict.fromkeys((unit, "us", "ns")):
        for zone in (None, "UTC"):
            with contextlib.suppress(pa.ArrowInvalid):
                sample.cast(pa.timestamp(fine, zone))
                return _naive(text.cast(pa.timestamp(fine, zone)))
    return None


def _leniently(text: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Every form of ISO 8601 in any mixture.

    Returns:
        Naive times in microseconds, NULL where the text is no time, and the mask of those
        that had nanoseconds.
    """
    plain = pc.match_substring_regex(text, _PLAIN)
    times = _parsed(pc.if_else(plain, text, None), "us")
    odd = pc.is_valid(text)
    if times is None:  # it looks like a time and is none, such as February 30th
        times = pa.nulls(len(text), _MICROSECONDS)
    else:
        odd = pc.and_(odd, pc.invert(pc.fill_null(plain, True)))
    parsed = _by_pandas(text.filter(odd))
    cut = parsed.cast(_MICROSECONDS, safe=False)
    nowhere = pa.array(np.zeros(len(text), dtype=bool))
    finer = pc.replace_with_mask(nowhere, odd, changed(_MICROSECONDS)(parsed))
    return pc.replace_with_mask(times, odd, cut), finer


def _by_pandas(text: pa.Array) -> pa.Array:
    """pandas takes all of ISO 8601, slowly; NULL where it refuses."""
    # It also takes 'now' and 'today', and these are no times.
    numeric = pc.match_substring_regex(text, r"^\s*[0-9]{4}")
    series = pc.if_else(numeric, text, None).to_pandas()
    parsed = pd.to_datetime(series, format="ISO8601", errors="coerce", utc=True)
    return _naive(pa.Array.from_pandas(parsed))
