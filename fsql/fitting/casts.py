"""Casts that lose nothing: from the type a frame holds to the type a column declares.

`converter` decides once, from two types, whether there is a way at all. What it returns
casts whole arrays, and reports the values that the declared type cannot hold.
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from fsql.fitting import nested, numbers, times
from fsql.fitting.base import Convert, Mismatch, Report, changed, checked, parts
from fsql.rebuilding import takeable
from fsql.types import EpochType, InstantType, TypeVisitor

__all__ = ["converter", "within_categories"]

SHOWN_CATEGORIES = 10


def converter(given: pa.DataType, exact: pa.DataType, *, truncate: bool = False) -> Convert:
    """How to cast arrays of type `given` to type `exact`.

    Args:
        truncate: let nanoseconds be cut to microseconds.

    Raises:
        Mismatch: there is no way that keeps every value.
    """
    return _Converters(given, truncate).visit(exact)


class _Converters(TypeVisitor[Convert]):
    """For each kind of declared type, what may become it."""

    def __init__(self, given: pa.DataType, truncate: bool) -> None:
        self.given = given
        self.truncate = truncate

    def visit(self, type_: pa.DataType) -> Convert:
        given = self.given
        if pa.types.is_null(given):
            return lambda array, report: pa.nulls(len(array), type_)
        if given.equals(type_) and not _outgrows_storage(type_):
            return lambda array, report: array
        if pa.types.is_dictionary(given) and not pa.types.is_dictionary(type_):
            return _decode(self.make(given.value_type, type_))
        return super().visit(type_)

    def make(self, given: pa.DataType, exact: pa.DataType) -> Convert:
        """The converter of a part."""
        return converter(given, exact, truncate=self.truncate)

    def unsupported(self, type_: pa.DataType) -> Convert:
        raise Mismatch(f"holds {self.given}, expected {type_}")

    boolean = unsupported

    def integer(self, type_: pa.DataType) -> Convert:
        return self._pick(
            type_,
            (pa.types.is_integer, numbers.integer_to_integer),
            (pa.types.is_floating, numbers.float_to_integer),
            (pa.types.is_decimal, numbers.decimal_to_integer),
        )

    def floating(self, type_: pa.DataType) -> Convert:
        return self._pick(
            type_,
            (pa.types.is_floating, numbers.float_to_float),
            (pa.types.is_integer, numbers.integer_to_float),
        )

    def decimal(self, type_: pa.DataType) -> Convert:
        return self._pick(
            type_,
            (pa.types.is_decimal, numbers.decimal_to_decimal),
            (pa.types.is_integer, numbers.integer_to_decimal),
        )

    def text(self, type_: pa.DataType) -> Convert:
        return self._pick(type_, (is_text, _resize))

    def binary(self, type_: pa.DataType) -> Convert:
        fixed = pa.types.is_fixed_size_binary(type_)
        return self._pick(type_, (_is_binary, _of_width if fixed else _resize))

    def date(self, type_: pa.DataType) -> Convert:
        found = self._pick(
            type_,
            (pa.types.is_date, _recount),
            (_is_naive, times.to_date),
            (is_text, self._text_to_date),
        )
        return times.dated(found)

    def _text_to_date(self, type_: pa.DataType) -> Convert:
        parse, finish = self.make(self.given, pa.timestamp("us")), times.to_date(type_)
        return lambda array, report: finish(parse(array, report), report)

    def time(self, type_: pa.DataType) -> Convert:
        return self._pick(type_, (pa.types.is_time, _recount))

    def timestamp(self, type_: pa.DataType) -> Convert:
        finish = times.to_timestamp(type_, truncate=self.truncate)
        return self._pick(
            type_,
            (pa.types.is_timestamp, lambda _: finish),
            (pa.types.is_date, lambda _: lambda a, report: finish(a.cast(_SECONDS), report)),
            (is_text, lambda _: times.from_text(finish, type_.unit, truncate=self.truncate)),
        )

    def extension(self, type_: pa.DataType) -> Convert:
        if not isinstance(type_, InstantType):
            return self.unsupported(type_)
        unit = type_.unit if isinstance(type_, EpochType) else "us"
        exact = pa.timestamp(unit)
        if isinstance(type_, EpochType) and _is_number(self.given):
            finish = times.to_timestamp(exact, truncate=self.truncate)
            return times.from_counts(self.make(self.given, pa.int64()), finish, type_)
        if _is_number(self.given) or not (_is_time(self.given) or is_text(self.given)):
            raise Mismatch(f"holds {self.given}, expected {type_}.{_hint(self.given, exact)}")
        return times.as_instants(self.make(self.given, exact), type_)

    def duration(self, type_: pa.DataType) -> Convert:
        return self._pick(type_, (pa.types.is_duration, _recount))

    def dictionary(self, type_: pa.DataType) -> Convert:
        if pa.types.is_dictionary(self.given):
            return _recode(self.make(self.given.value_type, type_.value_type), type_)
        plain, encode = self.make(self.given, type_.value_type), _encode(type_)
        return lambda array, report: encode(plain(array, report), report)

    def list(self, type_: pa.DataType) -> Convert:
        return nested.to_list(self.given, type_, self.make)

    def struct(self, type_: pa.DataType) -> Convert:
        if not pa.types.is_struct(self.given):
            return self.unsupported(type_)
        return nested.to_struct(self.given, type_, self.make)

    def map(self, type_: pa.DataType) -> Convert:
        return nested.to_map(self.given, type_, self.make)

    def _pick(self, type_: pa.DataType, *ways: _Way) -> Convert:
        for fits, make in ways:
            if fits(self.given):
                return make(type_)
        raise Mismatch(f"holds {self.given}, expected {type_}.{_hint(self.given, type_)}")


_Way = tuple[Callable[[pa.DataType], bool], Callable[[pa.DataType], Convert]]
_SECONDS = pa.timestamp("s")


def _hint(given: pa.DataType, exact: pa.DataType) -> str:
    """What to do about the mismatches that happen most, with a space before it."""
    number = pa.types.is_integer(given) or pa.types.is_floating(given)
    if pa.types.is_timestamp(exact) and number:
        return " Convert it with pd.to_datetime(column, unit=…, utc=True)."
    if is_text(exact):
        return " Convert it with .astype('str')."
    if pa.types.is_decimal(exact) and number:
        return " Convert it to decimal.Decimal, rounded as you mean it."
    if number or is_text(given) or pa.types.is_boolean(given):
        return f" Convert it with .astype('{exact}')." if pa.types.is_primitive(exact) else ""
    return ""


def _is_number(type_: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_)
    )


def _is_time(type_: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(type_) or pa.types.is_date(type_))


def is_text(type_: pa.DataType) -> bool:
    """Whether it is any of Arrow's strings."""
    return any(test(type_) for test in _TEXTS)


def _is_binary(type_: pa.DataType) -> bool:
    return any(test(type_) for test in _BINARIES)


def _is_naive(type_: pa.DataType) -> bool:
    return pa.types.is_timestamp(type_) and type_.tz is None


def _outgrows_storage(type_: pa.DataType) -> bool:
    """Whether the type has values that are finer than, or beyond what is stored."""
    if pa.types.is_timestamp(type_) or pa.types.is_date(type_):
        return True
    return any(map(_outgrows_storage, parts(type_)))


_TEXTS = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
_BINARIES = (
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_fixed_size_binary,
    pa.types.is_binary_view,
)


def _resize(exact: pa.DataType) -> Convert:
    """Text and bytes between their layouts."""

    def convert(array: pa.Array, report: Report) -> pa.Array:
        try:
            return array.cast(exact)
        except pa.ArrowInvalid:
            # A slice far into a large array has offsets that 32 bits cannot count.
            return array.take(pa.array(range(len(array)), pa.int64())).cast(exact)

    return convert


def _of_width(exact: pa.DataType) -> Convert:
    what = f"does not have {exact.byte_width} bytes"

    def convert(array: pa.Array, report: Report) -> pa.Array:
        octets = array.cast(pa.large_binary())  # there are few functions for views
        wrong = pc.not_equal(pc.binary_length(octets), exact.byte_width)
        report(wrong, what)
        return pc.if_else(wrong, None, octets).cast(pa.binary()).cast(exact)

    return convert


def _recount(exact: pa.DataType) -> Convert:
    """Dates, times and durations between their units."""
    return checked(exact, f"is finer than, or beyond what {exact} holds", changed(exact))


def _encode(exact: pa.DictionaryType) -> Convert:
    what = f"is one of more distinct values than {exact.index_type} counts"
    return checked(exact, what, pc.is_valid)


def _decode(values: Convert) -> Convert:
    """Dictionaries to plain values, each distinct one of which is cast once."""
    return lambda array, report: _values(array, values, report).take(array.indices)


def _recode(values: Convert, exact: pa.DictionaryType) -> Convert:
    """Dictionaries keep their order of values; the indices change their type."""
    what = f"is one of more distinct values than {exact.index_type} counts"
    shrink = checked(exact.index_type, what, changed(exact.index_type))

    def convert(array: pa.DictionaryArray, report: Report) -> pa.Array:
        indices = shrink(array.indices, report)
        dictionary = _values(array, values, report)
        return pa.DictionaryArray.from_arrays(indices, dictionary, ordered=exact.ordered)

    return convert


def within_categories(cast: Convert, known: pa.Array) -> Convert:
    """A cast to an ordered dictionary whose values, and their order, are known.

    A value that is none of them has no place in the order, so it is refused.
    """
    values = takeable(known.type)
    plain, shown = known.cast(values), ", ".join(map(repr, known[:SHOWN_CATEGORIES].to_pylist()))
    more = ", …" if len(known) > SHOWN_CATEGORIES else ""
    what = f"is none of the ordered categories {shown}{more}. Declare a new version that has it"
    turned = f"has its categories in another order than {shown}{more}. Reorder them"

    def convert(array: pa.Array, report: Report) -> pa.Array:
        fitted = cast(array, report)
        places = pc.index_in(fitted.dictionary.cast(values), plain)
        report(places.is_null().take(fitted.indices), what)
        ordered = pa.types.is_dictionary(array.type) and array.type.ordered
        if ordered and not places.drop_null().equals(places.drop_null().sort()):
            report(fitted.is_valid(), turned)
        return fitted

    return convert


def _values(array: pa.DictionaryArray, cast: Convert, report: Report) -> pa.Array:
    """The dictionary's values, cast; refused ones are reported by the rows that have them."""

    def report_rows(refused: pa.Array, what: str) -> None:
        report(pc.fill_null(refused, False).take(array.indices), what)

    return cast(array.dictionary, report_rows)
