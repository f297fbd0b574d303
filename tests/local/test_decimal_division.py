"""Division of decimals against Python's: exact, rounded half up, or refused when too large."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Context, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fsql

EXACT = Context(prec=120)


@pytest.fixture(scope="module")
def cursor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fsql.dbapi.Cursor]:
    with fsql.connect(f"fsql:///{tmp_path_factory.mktemp('store')}") as connection:
        yield connection.cursor()


@st.composite
def decimals(draw: st.DrawFn, most: int) -> Decimal:
    digits = draw(st.integers(1, most))
    value = draw(st.integers(-(10**digits) + 1, 10**digits - 1))
    return Decimal(value).scaleb(-draw(st.integers(0, digits)), EXACT)


def quotient(cursor: fsql.dbapi.Cursor, left: Decimal, right: Decimal) -> Decimal:
    cursor.execute(f"SELECT DECIMAL '{left:f}' / DECIMAL '{right:f}'")
    [[value]] = cursor.fetchall()
    assert isinstance(value, Decimal)
    return value


@settings(max_examples=60)
@given(left=decimals(30), right=decimals(25).filter(bool))
def test_quotients(cursor: fsql.dbapi.Cursor, left: Decimal, right: Decimal) -> None:
    scale = max(-int(left.as_tuple().exponent), -int(right.as_tuple().exponent), 0)
    whole = (
        EXACT.divide(left, right).scaleb(scale, EXACT).quantize(Decimal(1), ROUND_HALF_UP, EXACT)
    )
    if abs(whole) < 10**38:
        assert quotient(cursor, left, right) == whole.scaleb(-scale, EXACT)
    else:
        with pytest.raises(fsql.errors.QueryError, match="NUMERIC_VALUE_OUT_OF_RANGE"):
            quotient(cursor, left, right)


def test_a_narrow_decimal_by_one_of_many_places(cursor: fsql.dbapi.Cursor) -> None:
    """DuckDB multiplies decimals of up to 18 digits in 64 bits, and overflows."""
    left, right = Decimal("278670869203633.731"), Decimal("-127.87719455281")
    assert quotient(cursor, left, right) == Decimal("-2179206935045.40258552710")
