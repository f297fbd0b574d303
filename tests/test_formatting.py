"""Parameters as SQL literals."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyathena.error import ProgrammingError
from sqlglot import exp, parse_one

from fsql.formatting import ParameterFormatter, bind

FORMATTER = ParameterFormatter()
TOKYO = dt.timezone(dt.timedelta(hours=9))


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        (1, "1"),
        (1.5, "1.5E0"),
        (1e300, "1e+300"),
        (float("nan"), "nan()"),
        (float("-inf"), "-infinity()"),
        (True, "True"),
        (None, "null"),
        ("it's", "'it''s'"),
        (b"\x00\xff", "X'00ff'"),
        (Decimal("1.10"), "DECIMAL '1.10'"),
        (dt.date(2013, 1, 2), "DATE '2013-01-02'"),
        (dt.datetime(2013, 1, 2, 9, tzinfo=TOKYO), "TIMESTAMP '2013-01-02 00:00:00.000'"),
        (dt.datetime(2013, 1, 2, 0, 0, 0, 7), "TIMESTAMP '2013-01-02 00:00:00.000007'"),
        (pd.Timestamp("2013-01-02", tz="UTC"), "TIMESTAMP '2013-01-02 00:00:00.000'"),
        (pd.NaT, "null"),
        (pd.NA, "null"),
        (np.int64(5), "5"),
        (np.float32(0.5), "0.5E0"),
        (np.bool_(False), "False"),
        (np.str_("a'b"), "'a''b'"),
        (np.datetime64("2013-01-02"), "TIMESTAMP '2013-01-02 00:00:00.000'"),
        ([1, 2], "(1, 2)"),
        (["a", "b'"], "('a', 'b''')"),
    ],
)
def test_values_as_literals(value: Any, literal: str) -> None:
    assert bind("SELECT %(v)s", {"v": value}, FORMATTER) == f"SELECT {literal}"
    assert bind("SELECT ?", [value], FORMATTER) == f"SELECT {literal}"


@given(st.text(), st.text())
def test_no_text_ends_its_literal(one: str, other: str) -> None:
    for sql in (
        bind("SELECT %(a)s, %(b)s", {"a": one, "b": other}, FORMATTER),
        bind("SELECT ?, ?", [one, other], FORMATTER),
    ):
        literals = parse_one(sql, dialect="trino").expressions
        assert [type(literal) for literal in literals] == [exp.Literal, exp.Literal]
        assert [literal.this for literal in literals] == [one, other]


def test_marks_in_strings_names_and_comments_are_text() -> None:
    sql = """SELECT '?', "?", ? -- ?\n/* ? */ FROM t WHERE a = ?"""
    bound = bind(sql, [1, "x?"], FORMATTER)
    assert bound == """SELECT '?', "?", 1 -- ?\n/* ? */ FROM t WHERE a = 'x?'"""


def test_percent_signs_mean_themselves_without_parameters() -> None:
    assert bind("SELECT 5 % 2 WHERE a LIKE 'x%'", None, FORMATTER).endswith("LIKE 'x%'")


@pytest.mark.parametrize(
    ("sql", "parameters", "said"),
    [
        ("SELECT %(a)s", {"b": 1}, "'a'"),
        ("SELECT ?", [1, 2], "1 '\\?' and 2 parameters"),
        ("SELECT a LIKE 'x%' AND %(a)s", {"a": 1}, "%% for a percent sign"),
    ],
)
def test_parameters_that_do_not_fit(sql: str, parameters: Any, said: str) -> None:
    with pytest.raises(ProgrammingError, match=said):
        bind(sql, parameters, FORMATTER)


def test_a_value_that_sql_has_no_literal_for() -> None:
    with pytest.raises(TypeError, match="object"):
        bind("SELECT ?", [object()], FORMATTER)
