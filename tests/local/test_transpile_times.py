from __future__ import annotations

import datetime
from datetime import UTC
from typing import Any

import pytest

from tests.local.trino_sql import Case, assert_gives, each, failure, run

TS = "TIMESTAMP '2020-01-31 13:14:15.678'"
NY = "TIMESTAMP '2020-01-31 13:14:15.678 America/New_York'"

PARTS: list[Case] = [
    (f"year({TS})", 2020, "bigint"),
    (f"quarter({TS})", 1, "bigint"),
    (f"month({TS})", 1, "bigint"),
    (f"week({TS})", 5, "bigint"),
    (f"day({TS})", 31, "bigint"),
    (f"hour({TS})", 13, "bigint"),
    (f"minute({TS})", 14, "bigint"),
    (f"second({TS})", 15, "bigint"),
    (f"millisecond({TS})", 678, "bigint"),
    ("day_of_week(DATE '2020-01-05')", 7, "bigint"),
    ("dow(DATE '2020-01-06')", 1, "bigint"),
    ("day_of_year(DATE '2020-02-01')", 32, "bigint"),
    ("year_of_week(DATE '2021-01-01')", 2020, "bigint"),
    (f"hour({NY})", 13, "bigint"),
    (f"hour({NY} AT TIME ZONE 'UTC')", 18, "bigint"),
    (f"timezone_hour({NY})", -5, "bigint"),
    ("timezone_minute(TIMESTAMP '2020-01-01 00:00:00 +05:30')", 30, "bigint"),
    (f"EXTRACT(DAY FROM {TS})", 31, "bigint"),
    (f"EXTRACT(DOW FROM {TS})", 5, "bigint"),
    ("EXTRACT(YEAR FROM DATE '2020-01-05')", 2020, "bigint"),
    ("EXTRACT(HOUR FROM TIME '05:06:07')", 5, "bigint"),
    ("last_day_of_month(DATE '2020-02-05')", datetime.date(2020, 2, 29), "date"),
]

TRUNCATED: list[Case] = [
    (f"date_trunc('hour', {TS})", datetime.datetime(2020, 1, 31, 13), "timestamp(3)"),
    (f"date_trunc('week', {TS})", datetime.datetime(2020, 1, 27), "timestamp(3)"),
    (f"date_trunc('MONTH', {TS})", datetime.datetime(2020, 1, 1), "timestamp(3)"),
    ("date_trunc('quarter', DATE '2020-05-17')", datetime.date(2020, 4, 1), "date"),
    (
        f"date_trunc('day', {NY})",
        datetime.datetime(2020, 1, 31, 5, tzinfo=UTC),
        "timestamp(3) with time zone",
    ),
]

ADDED: list[Case] = [
    ("date_add('day', 1, DATE '2020-02-28')", datetime.date(2020, 2, 29), "date"),
    ("date_add('month', 1, DATE '2020-01-31')", datetime.date(2020, 2, 29), "date"),
    (
        "date_add('second', 86, TIMESTAMP '2020-03-01 00:00:00')",
        datetime.datetime(2020, 3, 1, 0, 1, 26),
        "timestamp(0)",
    ),
    (
        "date_add('millisecond', 1, TIMESTAMP '2020-03-01 00:00:00')",
        datetime.datetime(2020, 3, 1, 0, 0, 0, 1000),
        "timestamp(3)",
    ),
    (
        # a day over the change of clocks, and 24 hours
        "date_add('day', 1, TIMESTAMP '2020-03-07 12:00:00 America/New_York')",
        datetime.datetime(2020, 3, 8, 16, tzinfo=UTC),
        "timestamp(0) with time zone",
    ),
    (
        "date_add('hour', 24, TIMESTAMP '2020-03-07 12:00:00 America/New_York')",
        datetime.datetime(2020, 3, 8, 17, tzinfo=UTC),
        "timestamp(0) with time zone",
    ),
    ("DATE '2020-01-31' + INTERVAL '1' MONTH", datetime.date(2020, 2, 29), "date"),
    ("DATE '2020-01-31' - INTERVAL '1' DAY", datetime.date(2020, 1, 30), "date"),
    ("INTERVAL '1' DAY + DATE '2020-01-31'", datetime.date(2020, 2, 1), "date"),
    (
        "TIMESTAMP '2020-01-31 00:00:00' + INTERVAL '1' HOUR",
        datetime.datetime(2020, 1, 31, 1),
        "timestamp(3)",
    ),
    ("TIME '01:00:00' + INTERVAL '3' HOUR", datetime.time(4), "time(3)"),
    ("INTERVAL '1' DAY + INTERVAL '12' HOUR", 129_600_000, "interval day to second"),
    ("INTERVAL '1' DAY * 1.5e0", 129_600_000, "interval day to second"),
    ("2 * INTERVAL '1' YEAR", 24, "interval year to month"),
    ("DATE '2020-03-01' - DATE '2020-02-01'", 2_505_600_000, "interval day to second"),
    (
        "TIMESTAMP '2020-03-01 00:00:01' - TIMESTAMP '2020-03-01 00:00:00'",
        1000,
        "interval day to second",
    ),
]

DIFFERENCES: list[Case] = [
    ("date_diff('day', DATE '2020-01-01', DATE '2020-03-01')", 60, "bigint"),
    ("date_diff('month', DATE '2020-01-31', DATE '2020-02-28')", 0, "bigint"),
    ("date_diff('year', DATE '2019-06-01', DATE '2020-05-31')", 0, "bigint"),
    (
        "date_diff('hour', TIMESTAMP '2020-01-01 00:30:00', TIMESTAMP '2020-01-01 02:00:00')",
        1,
        "bigint",
    ),
    (
        "date_diff('second', TIMESTAMP '2020-01-01 00:00:01', TIMESTAMP '2020-01-01 00:00:00')",
        -1,
        "bigint",
    ),
    ("date_diff('day', DATE '2020-01-01', TIMESTAMP '2020-01-02 12:00:00')", 1, "bigint"),
]

CONVERTED: list[Case] = [
    (
        "from_unixtime(1577836800)",
        datetime.datetime(2020, 1, 1, tzinfo=UTC),
        "timestamp(3) with time zone",
    ),
    (
        "from_unixtime(1.5)",
        datetime.datetime(1970, 1, 1, 0, 0, 1, 500000, tzinfo=UTC),
        "timestamp(3) with time zone",
    ),
    (
        "CAST(from_unixtime(0, 'America/New_York') AS varchar)",
        "1969-12-31 19:00:00.000 America/New_York",
        "varchar",
    ),
    ("CAST(from_unixtime(0, 5, 30) AS varchar)", "1970-01-01 05:30:00.000 +05:30", "varchar"),
    ("to_unixtime(TIMESTAMP '2020-01-01 00:00:00.5')", 1577836800.5, "double"),
    (f"to_unixtime({NY})", 1580494455.678, "double"),
    (
        "from_iso8601_timestamp('2020-05-11T11:15:05Z')",
        datetime.datetime(2020, 5, 11, 11, 15, 5, tzinfo=UTC),
        "timestamp(3) with time zone",
    ),
    (
        "CAST(from_iso8601_timestamp('2020-05-11T11:15:05.055+01:00') AS varchar)",
        "2020-05-11 11:15:05.055 +01:00",
        "varchar",
    ),
    (
        "from_iso8601_timestamp('2020-05-11')",
        datetime.datetime(2020, 5, 11, tzinfo=UTC),
        "timestamp(3) with time zone",
    ),
    (
        "from_iso8601_timestamp('2020-05')",
        datetime.datetime(2020, 5, 1, tzinfo=UTC),
        "timestamp(3) with time zone",
    ),
    ("from_iso8601_date('2020-05-11')", datetime.date(2020, 5, 11), "date"),
    ("to_iso8601(DATE '2020-05-11')", "2020-05-11", "varchar"),
    ("to_iso8601(TIMESTAMP '2020-05-11 11:15:05.055')", "2020-05-11T11:15:05.055", "varchar"),
    ("to_iso8601(from_unixtime(0))", "1970-01-01T00:00:00.000Z", "varchar"),
    (f"to_iso8601({NY})", "2020-01-31T13:14:15.678-05:00", "varchar"),
    ("date('2020-05-11')", datetime.date(2020, 5, 11), "date"),
    (f"date({NY})", datetime.date(2020, 1, 31), "date"),
    (
        "CAST(TIMESTAMP '2020-01-01 00:00:00' AT TIME ZONE 'America/New_York' AS varchar)",
        "2019-12-31 19:00:00 America/New_York",
        "varchar",
    ),
    (
        "CAST(with_timezone(TIMESTAMP '2020-07-01 00:00:00', 'America/New_York') AS varchar)",
        "2020-07-01 00:00:00 America/New_York",
        "varchar",
    ),
    (
        "with_timezone(TIMESTAMP '2020-07-01 00:00:00', '+02:00')",
        datetime.datetime(2020, 6, 30, 22, tzinfo=UTC),
        "timestamp(0) with time zone",
    ),
    (
        f"CAST({NY} AS timestamp)",
        datetime.datetime(2020, 1, 31, 13, 14, 15, 678000),
        "timestamp(3)",
    ),
    (f"{NY} = TIMESTAMP '2020-01-31 18:14:15.678 UTC'", True, "boolean"),
    ("current_timezone()", "UTC", "varchar"),
    ("date_diff('minute', now(), current_timestamp)", 0, "bigint"),
    ("current_date = CAST(now() AS date)", True, "boolean"),
    ("typeof(current_timestamp(6))", "timestamp(6) with time zone", "varchar(27)"),
    ("typeof(localtimestamp)", "timestamp(3)", "varchar(12)"),
]

FORMATTED: list[Case] = [
    (f"date_format({TS}, '%Y-%m-%d %H:%i:%s')", "2020-01-31 13:14:15", "varchar"),
    (f"date_format({TS}, '%e.%c.%y %l:%i %p')", "31.1.20 1:14 PM", "varchar"),
    (f"date_format({TS}, '%W %a %M %b %j')", "Friday Fri January Jan 031", "varchar"),
    (f"date_format({TS}, '%T %r %k %h')", "13:14:15 01:14:15 PM 13 01", "varchar"),
    (f"date_format({TS}, '%f %%')", "678000 %", "varchar"),
    (f"date_format({NY}, '%H')", "13", "varchar"),
    (
        "date_parse('2020-01-31 13:14:15', '%Y-%m-%d %H:%i:%s')",
        datetime.datetime(2020, 1, 31, 13, 14, 15),
        "timestamp(3)",
    ),
    ("date_parse('31/01/2020', '%d/%m/%Y')", datetime.datetime(2020, 1, 31), "timestamp(3)"),
    (f"format_datetime({TS}, 'yyyy-MM-dd''T''HH:mm:ss.SSS')", "2020-01-31T13:14:15.678", "varchar"),
    (f"format_datetime({TS}, 'EEE, d MMM yyyy h:mm a')", "Fri, 31 Jan 2020 1:14 PM", "varchar"),
    (
        "parse_datetime('2020-01-31 13:14', 'yyyy-MM-dd HH:mm')",
        datetime.datetime(2020, 1, 31, 13, 14, tzinfo=UTC),
        "timestamp(3) with time zone",
    ),
    (
        "sequence(DATE '2020-01-30', DATE '2020-02-01')",
        [datetime.date(2020, 1, 30), datetime.date(2020, 1, 31), datetime.date(2020, 2, 1)],
        "array(date)",
    ),
    (
        "sequence(DATE '2020-01-01', DATE '2020-03-01', INTERVAL '1' MONTH)",
        [datetime.date(2020, 1, 1), datetime.date(2020, 2, 1), datetime.date(2020, 3, 1)],
        "array(date)",
    ),
    (
        "sequence(TIMESTAMP '2020-01-01 00:00:00', TIMESTAMP '2020-01-01 02:00:00',"
        " INTERVAL '1' HOUR)",
        [datetime.datetime(2020, 1, 1, hour) for hour in range(3)],
        "array(timestamp(0))",
    ),
]

ALL = [*PARTS, *TRUNCATED, *ADDED, *DIFFERENCES, *CONVERTED, *FORMATTED]


@each(ALL)
def test_time(expression: str, value: Any, type_: str) -> None:
    assert_gives(expression, value, type_)


def test_now_is_now_in_utc() -> None:
    shown = run("SELECT CAST(localtimestamp AS varchar)").value
    now = datetime.datetime.fromisoformat(shown)
    assert abs(now - datetime.datetime.now(UTC).replace(tzinfo=None)).total_seconds() < 60


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "date_trunc('fortnight', DATE '2020-01-01')",
            "INVALID_FUNCTION_ARGUMENT: line 1:8: 'fortnight' is not a valid DATE field",
        ),
        (
            "date_add('hour', 1, DATE '2020-01-01')",
            "INVALID_FUNCTION_ARGUMENT: line 1:8: 'hour' is not a valid DATE field",
        ),
        (
            "DATE '2020-01-01' + INTERVAL '1' HOUR",
            "INVALID_FUNCTION_ARGUMENT: Cannot add hour, minutes or seconds to a date",
        ),
        (
            "now() AT TIME ZONE 'Nowhere/Land'",
            "INVALID_FUNCTION_ARGUMENT: line 1:8: 'Nowhere/Land' is not a valid time zone",
        ),
        (
            "now() AT TIME ZONE 'x y'",
            "INVALID_FUNCTION_ARGUMENT: line 1:8: 'x y' is not a valid time zone",
        ),
        ("date_parse('x', '%Y')", 'INVALID_FUNCTION_ARGUMENT: Invalid format: "x"'),
        (
            "date_format(now(), '%D')",
            "INVALID_FUNCTION_ARGUMENT: line 1:8: %D not supported in date format string",
        ),
        (
            "from_iso8601_timestamp('soon')",
            'INVALID_FUNCTION_ARGUMENT: Invalid format: "soon"',
        ),
        (
            "EXTRACT(FORTNIGHT FROM now())",
            "INVALID_FUNCTION_ARGUMENT: line 1:8: Invalid EXTRACT field: FORTNIGHT",
        ),
        (
            "DATE '2020-01-01' + 1",
            "TYPE_MISMATCH: line 1:26: Cannot apply operator: date + integer",
        ),
    ],
)
def test_time_errors(expression: str, message: str) -> None:
    assert failure(f"SELECT {expression}") == message
