"""Date and time functions and operators. Source: Trino documentation, the page of that name."""

from __future__ import annotations

import datetime

from tests.trino import Cases

__all__ = ["CASES", "PARTLY"]

CASES: Cases = {
    "year": [
        ("year(TIMESTAMP '2020-01-31 13:14:15.678')", 2020, "bigint"),
        ("year(INTERVAL '15' MONTH)", 1, "bigint"),
        ("year(TIMESTAMP '2020-01-01 00:00:00 +14:00')", 2020, "bigint"),
        ("year(NULL)", None, "bigint"),
    ],
    "quarter": [
        ("quarter(TIMESTAMP '2020-01-31 13:14:15.678')", 1, "bigint"),
    ],
    "month": [
        ("month(TIMESTAMP '2020-01-31 13:14:15.678')", 1, "bigint"),
    ],
    "week": [
        ("week(TIMESTAMP '2020-01-31 13:14:15.678')", 5, "bigint"),
    ],
    "day": [
        ("day(TIMESTAMP '2020-01-31 13:14:15.678')", 31, "bigint"),
        ("day(INTERVAL '26' HOUR)", 1, "bigint"),
    ],
    "hour": [
        ("hour(TIMESTAMP '2020-01-31 13:14:15.678')", 13, "bigint"),
        ("hour(TIMESTAMP '2020-01-31 13:14:15.678 America/New_York')", 13, "bigint"),
        ("hour(INTERVAL '26' HOUR)", 2, "bigint"),
        ("hour(TIME '23:59:59')", 23, "bigint"),
    ],
    "minute": [
        ("minute(TIMESTAMP '2020-01-31 13:14:15.678')", 14, "bigint"),
    ],
    "second": [
        ("second(TIMESTAMP '2020-01-31 13:14:15.678')", 15, "bigint"),
        ("second(INTERVAL '90' SECOND)", 30, "bigint"),
    ],
    "millisecond": [
        ("millisecond(TIMESTAMP '2020-01-31 13:14:15.678')", 678, "bigint"),
        ("millisecond(INTERVAL '1.5' SECOND)", 500, "bigint"),
        ("millisecond(TIME '00:00:00.123')", 123, "bigint"),
    ],
    "day_of_week": [
        ("day_of_week(DATE '2020-01-05')", 7, "bigint"),
    ],
    "dow": [
        ("dow(DATE '2020-01-06')", 1, "bigint"),
    ],
    "day_of_year": [
        ("day_of_year(DATE '2020-02-01')", 32, "bigint"),
    ],
    "year_of_week": [
        ("year_of_week(DATE '2021-01-01')", 2020, "bigint"),
    ],
    "AT_TIME_ZONE": [
        (
            "hour(TIMESTAMP '2020-01-31 13:14:15.678 America/New_York' AT TIME ZONE 'UTC')",
            18,
            "bigint",
        ),
        (
            "CAST(TIMESTAMP '2020-01-01 00:00:00' AT TIME ZONE 'America/New_York' AS varchar)",
            "2019-12-31 19:00:00 America/New_York",
            "varchar",
        ),
        (
            "now() AT TIME ZONE 'Nowhere/Land'",
            "INVALID_FUNCTION_ARGUMENT: line 1:8: 'Nowhere/Land' is not a valid time zone",
        ),
        (
            "now() AT TIME ZONE 'x y'",
            "INVALID_FUNCTION_ARGUMENT: line 1:8: 'x y' is not a valid time zone",
        ),
        (
            "CAST(TIMESTAMP '2012-10-31 01:00 UTC' AT TIME ZONE 'America/Los_Angeles' AS varchar)",
            "2012-10-30 18:00:00 America/Los_Angeles",
            "varchar",
        ),
        (
            "CAST(TIMESTAMP '2012-10-31 01:00 UTC' AT TIME ZONE '-05:30' AS varchar)",
            "2012-10-30 19:30:00 -05:30",
            "varchar",
        ),
        (
            "TIMESTAMP '2020-01-01 00:00:00 UTC' = TIMESTAMP '2020-01-01 01:00:00 +01:00'",
            True,
            "boolean",
        ),
        ("now() AT TIME ZONE z FROM (VALUES 'UTC') AS t(z)", "NOT_SUPPORTED"),
    ],
    "timezone_hour": [
        ("timezone_hour(TIMESTAMP '2020-01-31 13:14:15.678 America/New_York')", -5, "bigint"),
        ("timezone_hour(TIMESTAMP '2020-01-01 00:00:00 -05:30')", -5, "bigint"),
    ],
    "timezone_minute": [
        ("timezone_minute(TIMESTAMP '2020-01-01 00:00:00 +05:30')", 30, "bigint"),
    ],
    "extract": [
        ("EXTRACT(DAY FROM TIMESTAMP '2020-01-31 13:14:15.678')", 31, "bigint"),
        ("EXTRACT(DOW FROM TIMESTAMP '2020-01-31 13:14:15.678')", 5, "bigint"),
        ("EXTRACT(YEAR FROM DATE '2020-01-05')", 2020, "bigint"),
        ("EXTRACT(HOUR FROM TIME '05:06:07')", 5, "bigint"),
        (
            "EXTRACT(FORTNIGHT FROM now())",
            "INVALID_FUNCTION_ARGUMENT: line 1:8: Invalid EXTRACT field: FORTNIGHT",
        ),
        ("EXTRACT(QUARTER FROM DATE '2020-05-05')", 2, "bigint"),
        ("EXTRACT(WEEK FROM DATE '2020-01-01')", 1, "bigint"),
        ("EXTRACT(YEAR_OF_WEEK FROM DATE '2021-01-01')", 2020, "bigint"),
        ("EXTRACT(DOY FROM DATE '2020-12-31')", 366, "bigint"),
        ("EXTRACT(DAY_OF_MONTH FROM DATE '2020-12-31')", 31, "bigint"),
        ("EXTRACT(TIMEZONE_HOUR FROM TIMESTAMP '2020-01-01 00:00:00 +05:30')", 5, "bigint"),
        ("EXTRACT(TIMEZONE_MINUTE FROM TIMESTAMP '2020-01-01 00:00:00 -05:30')", -30, "bigint"),
        ("EXTRACT(DAY FROM INTERVAL '3' DAY)", 3, "bigint"),
        ("EXTRACT(MONTH FROM INTERVAL '15' MONTH)", 3, "bigint"),
        ("EXTRACT(MINUTE FROM TIMESTAMP '2020-01-01 10:20:30')", 20, "bigint"),
    ],
    "last_day_of_month": [
        ("last_day_of_month(DATE '2020-02-05')", datetime.date(2020, 2, 29), "date"),
        ("last_day_of_month(TIMESTAMP '2021-02-10 05:00:00')", datetime.date(2021, 2, 28), "date"),
        (
            "last_day_of_month(TIMESTAMP '2020-12-31 23:00:00 UTC')",
            datetime.date(2020, 12, 31),
            "date",
        ),
    ],
    "date_trunc": [
        (
            "date_trunc('hour', TIMESTAMP '2020-01-31 13:14:15.678')",
            datetime.datetime(2020, 1, 31, 13, 0),
            "timestamp(3)",
        ),
        (
            "date_trunc('week', TIMESTAMP '2020-01-31 13:14:15.678')",
            datetime.datetime(2020, 1, 27, 0, 0),
            "timestamp(3)",
        ),
        (
            "date_trunc('MONTH', TIMESTAMP '2020-01-31 13:14:15.678')",
            datetime.datetime(2020, 1, 1, 0, 0),
            "timestamp(3)",
        ),
        ("date_trunc('quarter', DATE '2020-05-17')", datetime.date(2020, 4, 1), "date"),
        (
            "date_trunc('day', TIMESTAMP '2020-01-31 13:14:15.678 America/New_York')",
            datetime.datetime(2020, 1, 31, 5, 0, tzinfo=datetime.UTC),
            "timestamp(3) with time zone",
        ),
        (
            "date_trunc('fortnight', DATE '2020-01-01')",
            "INVALID_FUNCTION_ARGUMENT: line 1:8: 'fortnight' is not a valid DATE field",
        ),
        (
            "date_trunc('millisecond', TIMESTAMP '2001-08-22 03:04:05.321')",
            datetime.datetime(2001, 8, 22, 3, 4, 5, 321000),
            "timestamp(3)",
        ),
        (
            "date_trunc('second', TIMESTAMP '2001-08-22 03:04:05.321')",
            datetime.datetime(2001, 8, 22, 3, 4, 5),
            "timestamp(3)",
        ),
        (
            "date_trunc('minute', TIMESTAMP '2001-08-22 03:04:05.321')",
            datetime.datetime(2001, 8, 22, 3, 4),
            "timestamp(3)",
        ),
        (
            "date_trunc('day', TIMESTAMP '2022-10-20 05:10:00')",
            datetime.datetime(2022, 10, 20),
            "timestamp(0)",
        ),
        ("date_trunc('week', DATE '2001-08-22')", datetime.date(2001, 8, 20), "date"),
        (
            "date_trunc('month', TIMESTAMP '2022-10-20 05:10:00')",
            datetime.datetime(2022, 10, 1),
            "timestamp(0)",
        ),
        (
            "date_trunc('quarter', TIMESTAMP '2001-08-22 03:04:05.321')",
            datetime.datetime(2001, 7, 1),
            "timestamp(3)",
        ),
        ("date_trunc('hour', TIME '03:04:05.321')", datetime.time(3, 0), "time(3)"),
        (
            "date_trunc('day', TIME '03:04:05')",
            "INVALID_FUNCTION_ARGUMENT: line 1:8: 'day' is not a valid TIME field",
        ),
        (
            "date_trunc('hour', DATE '2020-01-01')",
            "INVALID_FUNCTION_ARGUMENT: line 1:8: 'hour' is not a valid DATE field",
        ),
        ("date_trunc('fortnight', TIMESTAMP '2020-01-01 00:00:00')", "INVALID_FUNCTION_ARGUMENT"),
        (
            "date_trunc('DAY', TIMESTAMP '2022-10-20 05:10:00')",
            datetime.datetime(2022, 10, 20),
            "timestamp(0)",
        ),
        (
            "date_trunc(u, DATE '2020-01-01') FROM (VALUES 'day') AS t(u)",
            "NOT_SUPPORTED: line 1:8: The unit of a date function must be constant",
        ),
    ],
    "date_add": [
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
            "date_add('day', 1, TIMESTAMP '2020-03-07 12:00:00 America/New_York')",
            datetime.datetime(2020, 3, 8, 16, 0, tzinfo=datetime.UTC),
            "timestamp(0) with time zone",
        ),
        (
            "date_add('hour', 24, TIMESTAMP '2020-03-07 12:00:00 America/New_York')",
            datetime.datetime(2020, 3, 8, 17, 0, tzinfo=datetime.UTC),
            "timestamp(0) with time zone",
        ),
        (
            "date_add('hour', 1, DATE '2020-01-01')",
            "INVALID_FUNCTION_ARGUMENT: line 1:8: 'hour' is not a valid DATE field",
        ),
        (
            "date_add('hour', 9, TIMESTAMP '2020-03-01 00:00:00')",
            datetime.datetime(2020, 3, 1, 9, 0),
            "timestamp(0)",
        ),
        (
            "CAST(date_add('day', -1, TIMESTAMP '2020-03-01 00:00:00 UTC') AS varchar)",
            "2020-02-29 00:00:00 UTC",
            "varchar",
        ),
        ("date_add('quarter', 1, DATE '2020-11-30')", datetime.date(2021, 2, 28), "date"),
        ("date_add('year', -1, DATE '2020-02-29')", datetime.date(2019, 2, 28), "date"),
        ("date_add('week', 2, DATE '2020-02-20')", datetime.date(2020, 3, 5), "date"),
        ("date_add('hour', 9, TIME '20:00:00')", datetime.time(5, 0), "time(0)"),
        ("date_add('minute', -1, TIME '00:00:30')", datetime.time(23, 59, 30), "time(0)"),
        ("date_add('day', 1, NULL)", None, "date"),
        (
            "date_add(u, 1, DATE '2020-01-01') FROM (VALUES 'day') AS t(u)",
            "NOT_SUPPORTED: line 1:8: The unit of a date function must be constant",
        ),
    ],
    "+": [
        ("DATE '2020-01-31' + INTERVAL '1' MONTH", datetime.date(2020, 2, 29), "date"),
        ("INTERVAL '1' DAY + DATE '2020-01-31'", datetime.date(2020, 2, 1), "date"),
        (
            "TIMESTAMP '2020-01-31 00:00:00' + INTERVAL '1' HOUR",
            datetime.datetime(2020, 1, 31, 1, 0),
            "timestamp(3)",
        ),
        ("TIME '01:00:00' + INTERVAL '3' HOUR", datetime.time(4, 0), "time(3)"),
        ("INTERVAL '1' DAY + INTERVAL '12' HOUR", 129600000, "interval day to second"),
        (
            "DATE '2020-01-01' + INTERVAL '1' HOUR",
            "INVALID_FUNCTION_ARGUMENT: Cannot add hour, minutes or seconds to a date",
        ),
        (
            "DATE '2020-01-01' + 1",
            "TYPE_MISMATCH: line 1:26: Cannot apply operator: date + integer",
        ),
        ("DATE '2012-08-08' + INTERVAL '2' DAY", datetime.date(2012, 8, 10), "date"),
        (
            "TIMESTAMP '2012-08-08 01:00' + INTERVAL '29' HOUR",
            datetime.datetime(2012, 8, 9, 6, 0),
            "timestamp(3)",
        ),
        (
            "TIMESTAMP '2012-10-31 01:00' + INTERVAL '1' MONTH",
            datetime.datetime(2012, 11, 30, 1, 0),
            "timestamp(0)",
        ),
        ("CAST(INTERVAL '2' DAY + INTERVAL '3' HOUR AS varchar)", "2 03:00:00.000", "varchar"),
        ("CAST(INTERVAL '3' YEAR + INTERVAL '5' MONTH AS varchar)", "3-5", "varchar"),
        ("TIME '23:00' + INTERVAL '3' HOUR", datetime.time(2, 0), "time(3)"),
        (
            "DATE '2012-08-08' + INTERVAL '1' HOUR",
            "INVALID_FUNCTION_ARGUMENT: Cannot add hour, minutes or seconds to a date",
        ),
        ("INTERVAL '1' DAY + INTERVAL '1' MONTH", "TYPE_MISMATCH"),
        (
            "CAST(TIMESTAMP '2020-03-28 12:00:00 Europe/Berlin' + INTERVAL '1' MONTH AS varchar)",
            "2020-04-28 12:00:00 Europe/Berlin",
            "varchar",
        ),
        (
            "CAST(TIMESTAMP '2020-03-28 12:00:00 Europe/Berlin' + INTERVAL '24' HOUR AS varchar)",
            "2020-03-29 13:00:00.000 Europe/Berlin",
            "varchar",
        ),
    ],
    "-": [
        ("DATE '2020-01-31' - INTERVAL '1' DAY", datetime.date(2020, 1, 30), "date"),
        ("DATE '2020-03-01' - DATE '2020-02-01'", 2505600000, "interval day to second"),
        (
            "TIMESTAMP '2020-03-01 00:00:01' - TIMESTAMP '2020-03-01 00:00:00'",
            1000,
            "interval day to second",
        ),
        ("DATE '2012-08-08' - INTERVAL '2' DAY", datetime.date(2012, 8, 6), "date"),
        ("TIME '01:00' - INTERVAL '3' HOUR", datetime.time(22, 0), "time(3)"),
        (
            "TIMESTAMP '2012-10-31 01:00' - INTERVAL '1' MONTH",
            datetime.datetime(2012, 9, 30, 1, 0),
            "timestamp(0)",
        ),
        ("CAST(INTERVAL '2' DAY - INTERVAL '3' HOUR AS varchar)", "1 21:00:00.000", "varchar"),
        ("CAST(INTERVAL '3' YEAR - INTERVAL '5' MONTH AS varchar)", "2-7", "varchar"),
        (
            "CAST(TIMESTAMP '2020-01-02 00:00:00' - TIMESTAMP '2020-01-01 12:00:00' AS varchar)",
            "0 12:00:00.000",
            "varchar",
        ),
        ("CAST(DATE '2020-01-01' - DATE '2020-02-01' AS varchar)", "-31 00:00:00.000", "varchar"),
    ],
    "*": [
        ("INTERVAL '1' DAY * 1.5e0", 129600000, "interval day to second"),
        ("2 * INTERVAL '1' YEAR", 24, "interval year to month"),
        ("CAST(INTERVAL '2' DAY * 2 AS varchar)", "4 00:00:00.000", "varchar"),
        ("CAST(2 * INTERVAL '5' MONTH AS varchar)", "0-10", "varchar"),
        ("CAST(INTERVAL '1' DAY / 2 AS varchar)", "0 12:00:00.000", "varchar"),
    ],
    "date_diff": [
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
        (
            "date_diff('second', TIMESTAMP '2020-03-01 00:00:00', TIMESTAMP '2020-03-02 00:00:00')",
            86400,
            "bigint",
        ),
        (
            "date_diff('hour', TIMESTAMP '2020-03-01 00:00:00 UTC', TIMESTAMP '2020-03-02 "
            "00:00:00 UTC')",
            24,
            "bigint",
        ),
        ("date_diff('day', DATE '2020-03-01', DATE '2020-03-02')", 1, "bigint"),
        ("date_diff('day', DATE '2020-03-02', DATE '2020-03-01')", -1, "bigint"),
        ("date_diff('year', DATE '2000-06-15', DATE '2020-06-14')", 19, "bigint"),
        ("date_diff('week', DATE '2020-01-01', DATE '2020-01-15')", 2, "bigint"),
        ("date_diff('hour', TIME '01:00:00', TIME '03:30:00')", 2, "bigint"),
        ("date_diff('minute', TIME '03:30:00', TIME '03:00:30')", -29, "bigint"),
        (
            "date_diff('millisecond', TIMESTAMP '2020-06-01 12:30:45.000000', TIMESTAMP "
            "'2020-06-02 12:30:45.123456')",
            86400123,
            "bigint",
        ),
        (
            "date_diff(u, DATE '2020-01-01', DATE '2020-01-01') FROM (VALUES 'day') AS t(u)",
            "NOT_SUPPORTED",
        ),
    ],
    "from_unixtime": [
        (
            "from_unixtime(1577836800)",
            datetime.datetime(2020, 1, 1, 0, 0, tzinfo=datetime.UTC),
            "timestamp(3) with time zone",
        ),
        (
            "from_unixtime(1.5)",
            datetime.datetime(1970, 1, 1, 0, 0, 1, 500000, tzinfo=datetime.UTC),
            "timestamp(3) with time zone",
        ),
        (
            "CAST(from_unixtime(0, 'America/New_York') AS varchar)",
            "1969-12-31 19:00:00.000 America/New_York",
            "varchar",
        ),
        ("CAST(from_unixtime(0, 5, 30) AS varchar)", "1970-01-01 05:30:00.000 +05:30", "varchar"),
        ("CAST(from_unixtime(0) AS varchar)", "1970-01-01 00:00:00.000 UTC", "varchar"),
        ("CAST(from_unixtime(-1.5) AS varchar)", "1969-12-31 23:59:58.500 UTC", "varchar"),
        ("CAST(from_unixtime(0, -5, -30) AS varchar)", "1969-12-31 18:30:00.000 -05:30", "varchar"),
        ("from_unixtime(0, 15, 0)", "INVALID_FUNCTION_ARGUMENT"),
        ("from_unixtime(NULL)", None, "timestamp(3) with time zone"),
        ("from_unixtime(0, z) FROM (VALUES 'UTC') AS t(z)", "NOT_SUPPORTED"),
        ("from_unixtime(1e15)", "NUMERIC_VALUE_OUT_OF_RANGE"),
    ],
    "to_unixtime": [
        ("to_unixtime(TIMESTAMP '2020-01-01 00:00:00.5')", 1577836800.5, "double"),
        (
            "to_unixtime(TIMESTAMP '2020-01-31 13:14:15.678 America/New_York')",
            1580494455.678,
            "double",
        ),
        ("to_unixtime(TIMESTAMP '1970-01-01 00:00:01.5')", 1.5, "double"),
        ("to_unixtime(TIMESTAMP '1970-01-01 00:00:00 -01:00')", 3600.0, "double"),
    ],
    "from_iso8601_timestamp": [
        (
            "from_iso8601_timestamp('2020-05-11T11:15:05Z')",
            datetime.datetime(2020, 5, 11, 11, 15, 5, tzinfo=datetime.UTC),
            "timestamp(3) with time zone",
        ),
        (
            "CAST(from_iso8601_timestamp('2020-05-11T11:15:05.055+01:00') AS varchar)",
            "2020-05-11 11:15:05.055 +01:00",
            "varchar",
        ),
        (
            "from_iso8601_timestamp('2020-05-11')",
            datetime.datetime(2020, 5, 11, 0, 0, tzinfo=datetime.UTC),
            "timestamp(3) with time zone",
        ),
        (
            "from_iso8601_timestamp('2020-05')",
            datetime.datetime(2020, 5, 1, 0, 0, tzinfo=datetime.UTC),
            "timestamp(3) with time zone",
        ),
        ("from_iso8601_timestamp('soon')", 'INVALID_FUNCTION_ARGUMENT: Invalid format: "soon"'),
        (
            "CAST(from_iso8601_timestamp('2020-05-11') AS varchar)",
            "2020-05-11 00:00:00.000 UTC",
            "varchar",
        ),
        (
            "CAST(from_iso8601_timestamp('2020-05-11T11:15:05') AS varchar)",
            "2020-05-11 11:15:05.000 UTC",
            "varchar",
        ),
        (
            "CAST(from_iso8601_timestamp('2020-W20-1') AS varchar)",
            "2020-05-11 00:00:00.000 UTC",
            "varchar",
        ),
        (
            "CAST(from_iso8601_timestamp('2020-132T10:00') AS varchar)",
            "2020-05-11 10:00:00.000 UTC",
            "varchar",
        ),
        ("from_iso8601_timestamp('x')", 'INVALID_FUNCTION_ARGUMENT: Invalid format: "x"'),
        ("from_iso8601_timestamp(NULL)", None, "timestamp(3) with time zone"),
    ],
    "from_iso8601_date": [
        ("from_iso8601_date('2020-05-11')", datetime.date(2020, 5, 11), "date"),
        ("from_iso8601_date('2020-W10')", datetime.date(2020, 3, 2), "date"),
        ("from_iso8601_date('2020-W10-7')", datetime.date(2020, 3, 8), "date"),
        ("from_iso8601_date('2020-123')", datetime.date(2020, 5, 2), "date"),
        ("from_iso8601_date('2021-366')", "INVALID_FUNCTION_ARGUMENT"),
        ("from_iso8601_date('x')", "INVALID_FUNCTION_ARGUMENT"),
        ("from_iso8601_date('2020-02-30')", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "to_iso8601": [
        ("to_iso8601(DATE '2020-05-11')", "2020-05-11", "varchar"),
        ("to_iso8601(TIMESTAMP '2020-05-11 11:15:05.055')", "2020-05-11T11:15:05.055", "varchar"),
        ("to_iso8601(from_unixtime(0))", "1970-01-01T00:00:00.000Z", "varchar"),
        (
            "to_iso8601(TIMESTAMP '2020-01-31 13:14:15.678 America/New_York')",
            "2020-01-31T13:14:15.678-05:00",
            "varchar",
        ),
        ("to_iso8601(DATE '2020-01-01')", "2020-01-01", "varchar"),
        (
            "to_iso8601(TIMESTAMP '2020-01-01 00:00:00.123456')",
            "2020-01-01T00:00:00.123456",
            "varchar",
        ),
        (
            "to_iso8601(TIMESTAMP '2020-01-01 00:00:00 -05:30')",
            "2020-01-01T00:00:00-05:30",
            "varchar",
        ),
        (
            "to_iso8601(TIMESTAMP '2020-01-01 00:00:00.123 UTC')",
            "2020-01-01T00:00:00.123Z",
            "varchar",
        ),
    ],
    "date": [
        ("date('2020-05-11')", datetime.date(2020, 5, 11), "date"),
        (
            "date(TIMESTAMP '2020-01-31 13:14:15.678 America/New_York')",
            datetime.date(2020, 1, 31),
            "date",
        ),
        ("date('2020-01-01')", datetime.date(2020, 1, 1), "date"),
        (
            "date(TIMESTAMP '2020-01-01 23:00:00 America/New_York')",
            datetime.date(2020, 1, 1),
            "date",
        ),
        ("date('2020-02-30')", "INVALID_CAST_ARGUMENT: Value cannot be cast to date: 2020-02-30"),
        ("date(NULL)", None, "date"),
        ("DATE '2020-02-30'", "INVALID_LITERAL"),
    ],
    "with_timezone": [
        (
            "CAST(with_timezone(TIMESTAMP '2020-07-01 00:00:00', 'America/New_York') AS varchar)",
            "2020-07-01 00:00:00 America/New_York",
            "varchar",
        ),
        (
            "with_timezone(TIMESTAMP '2020-07-01 00:00:00', '+02:00')",
            datetime.datetime(2020, 6, 30, 22, 0, tzinfo=datetime.UTC),
            "timestamp(0) with time zone",
        ),
        (
            "CAST(with_timezone(TIMESTAMP '2022-11-01 09:08:07.321', 'America/Los_Angeles') AS "
            "varchar)",
            "2022-11-01 09:08:07.321 America/Los_Angeles",
            "varchar",
        ),
        (
            "with_timezone(TIMESTAMP '2020-01-01 00:00:00', z) FROM (VALUES 'UTC') AS t(z)",
            "NOT_SUPPORTED",
        ),
    ],
    "=": [
        (
            "TIMESTAMP '2020-01-31 13:14:15.678 America/New_York' = TIMESTAMP '2020-01-31"
            " 18:14:15.678 UTC'",
            True,
            "boolean",
        ),
    ],
    "current_timezone": [
        ("current_timezone()", "UTC", "varchar"),
    ],
    "now": [
        ("date_diff('minute', now(), current_timestamp)", 0, "bigint"),
    ],
    "current_date": [
        ("current_date = CAST(now() AS date)", True, "boolean"),
        ("typeof(current_date)", "date", "varchar(4)"),
    ],
    "current_timestamp": [
        ("typeof(current_timestamp(6))", "timestamp(6) with time zone", "varchar(27)"),
        ("typeof(current_timestamp)", "timestamp(3) with time zone", "varchar(27)"),
        ("current_timestamp = now()", True, "boolean"),
        ("current_timestamp(9)", "NOT_SUPPORTED"),
    ],
    "localtimestamp": [
        ("typeof(localtimestamp)", "timestamp(3)", "varchar(12)"),
        ("typeof(localtimestamp(0))", "timestamp(0)", "varchar(12)"),
    ],
    "date_format": [
        (
            "date_format(TIMESTAMP '2020-01-31 13:14:15.678', '%Y-%m-%d %H:%i:%s')",
            "2020-01-31 13:14:15",
            "varchar",
        ),
        (
            "date_format(TIMESTAMP '2020-01-31 13:14:15.678', '%e.%c.%y %l:%i %p')",
            "31.1.20 1:14 PM",
            "varchar",
        ),
        (
            "date_format(TIMESTAMP '2020-01-31 13:14:15.678', '%W %a %M %b %j')",
            "Friday Fri January Jan 031",
            "varchar",
        ),
        (
            "date_format(TIMESTAMP '2020-01-31 13:14:15.678', '%T %r %k %h')",
            "13:14:15 01:14:15 PM 13 01",
            "varchar",
        ),
        ("date_format(TIMESTAMP '2020-01-31 13:14:15.678', '%f %%')", "678000 %", "varchar"),
        (
            "date_format(TIMESTAMP '2020-01-31 13:14:15.678 America/New_York', '%H')",
            "13",
            "varchar",
        ),
        (
            "date_format(now(), '%D')",
            "INVALID_FUNCTION_ARGUMENT: line 1:8: %D not supported in date format string",
        ),
        ("date_format(TIMESTAMP '2022-10-20 05:10:00', '%m-%d-%Y %H')", "10-20-2022 05", "varchar"),
        (
            "date_format(TIMESTAMP '2022-10-20 15:10:05.123', '%a %b %c %e %f')",
            "Thu Oct 10 20 123000",
            "varchar",
        ),
        (
            "date_format(TIMESTAMP '2022-10-20 15:10:05.123', '%h %I %i %j %k %l %p')",
            "03 03 10 293 15 3 PM",
            "varchar",
        ),
        (
            "date_format(TIMESTAMP '2022-10-20 15:10:05.123', '%M %r %S %s %T')",
            "October 03:10:05 PM 05 05 15:10:05",
            "varchar",
        ),
        (
            "date_format(TIMESTAMP '2022-10-20 15:10:05.123', '%v %W %x %y %%')",
            "42 Thursday 2022 22 %",
            "varchar",
        ),
        ("date_format(DATE '2020-01-01', '%D')", "INVALID_FUNCTION_ARGUMENT"),
        ("date_format(DATE '2020-01-01', '%w')", "INVALID_FUNCTION_ARGUMENT"),
        (
            "date_format(TIMESTAMP '2020-01-01 00:00:00 America/New_York', '%H:%i')",
            "00:00",
            "varchar",
        ),
        (
            "date_format(DATE '2020-01-01', p) FROM (VALUES '%Y') AS t(p)",
            "NOT_SUPPORTED: line 1:8: The format must be constant",
        ),
    ],
    "date_parse": [
        (
            "date_parse('2020-01-31 13:14:15', '%Y-%m-%d %H:%i:%s')",
            datetime.datetime(2020, 1, 31, 13, 14, 15),
            "timestamp(3)",
        ),
        (
            "date_parse('31/01/2020', '%d/%m/%Y')",
            datetime.datetime(2020, 1, 31, 0, 0),
            "timestamp(3)",
        ),
        ("date_parse('x', '%Y')", 'INVALID_FUNCTION_ARGUMENT: Invalid format: "x"'),
        (
            "date_parse('2022/10/20/05', '%Y/%m/%d/%H')",
            datetime.datetime(2022, 10, 20, 5, 0),
            "timestamp(3)",
        ),
        (
            "date_parse('2022-10-20 3:04:05 PM', '%Y-%m-%d %l:%i:%s %p')",
            datetime.datetime(2022, 10, 20, 15, 4, 5),
            "timestamp(3)",
        ),
        ("date_parse('05 Oct 69', '%d %b %y')", datetime.datetime(2069, 10, 5), "timestamp(3)"),
        ("date_parse('05 Oct 70', '%d %b %y')", datetime.datetime(1970, 10, 5), "timestamp(3)"),
        (
            "date_parse('2020-01-01 00:00:00.123456', '%Y-%m-%d %H:%i:%s.%f')",
            datetime.datetime(2020, 1, 1, 0, 0, 0, 123000),
            "timestamp(3)",
        ),
        ("date_parse('2022-1-2', '%Y-%c-%e')", datetime.datetime(2022, 1, 2), "timestamp(3)"),
        ("date_parse(NULL, '%Y')", None, "timestamp(3)"),
        (
            "date_parse('2020', p) FROM (VALUES '%Y') AS t(p)",
            "NOT_SUPPORTED: line 1:8: The format must be constant",
        ),
    ],
    "format_datetime": [
        (
            "format_datetime(TIMESTAMP '2020-01-31 13:14:15.678', 'yyyy-MM-dd''T''HH:mm:ss.SSS')",
            "2020-01-31T13:14:15.678",
            "varchar",
        ),
        (
            "format_datetime(TIMESTAMP '2020-01-31 13:14:15.678', 'EEE, d MMM yyyy h:mm a')",
            "Fri, 31 Jan 2020 1:14 PM",
            "varchar",
        ),
        (
            "format_datetime(TIMESTAMP '2022-10-20 05:10:00.123', 'yyyy-MM-dd HH:mm:ss.SSS')",
            "2022-10-20 05:10:00.123",
            "varchar",
        ),
        (
            "format_datetime(TIMESTAMP '2022-10-20 05:10:00', 'EEEE d MMMM yy, h a')",
            "Thursday 20 October 22, 5 AM",
            "varchar",
        ),
        (
            "format_datetime(TIMESTAMP '2022-10-20 05:10:00', 'y''o''y ''x''''y''')",
            "2022o2022 x'y",
            "varchar",
        ),
        (
            "format_datetime(TIMESTAMP '2022-01-02 05:10:00', 'xxxx-''W''ww-e D')",
            "2021-W52-7 2",
            "varchar",
        ),
        (
            "format_datetime(TIMESTAMP '2022-10-20 05:10:00 America/New_York', 'HH:mm Z ZZ ZZZ')",
            "05:10 -0400 -04:00 America/New_York",
            "varchar",
        ),
        ("format_datetime(TIMESTAMP '2022-10-20 05:10:00', 'HH:mmZZ')", "05:10+00:00", "varchar"),
        ("format_datetime(TIMESTAMP '2022-10-20 05:10:00', 'k')", "NOT_SUPPORTED"),
    ],
    "parse_datetime": [
        (
            "parse_datetime('2020-01-31 13:14', 'yyyy-MM-dd HH:mm')",
            datetime.datetime(2020, 1, 31, 13, 14, tzinfo=datetime.UTC),
            "timestamp(3) with time zone",
        ),
        (
            "CAST(parse_datetime('2022-10-20 05:10', 'yyyy-MM-dd HH:mm') AS varchar)",
            "2022-10-20 05:10:00.000 UTC",
            "varchar",
        ),
        (
            "CAST(parse_datetime('2022-10-20 05:10 +02:00', 'yyyy-MM-dd HH:mm ZZ') AS varchar)",
            "2022-10-20 05:10:00.000 +02:00",
            "varchar",
        ),
        (
            "CAST(parse_datetime('2022-10-20 05:10 Europe/Berlin', 'yyyy-MM-dd HH:mm ZZZ') AS "
            "varchar)",
            "2022-10-20 05:10:00.000 Europe/Berlin",
            "varchar",
        ),
        ("parse_datetime('x', 'yyyy')", "INVALID_FUNCTION_ARGUMENT"),
        ("parse_datetime('2022', 'kk')", "NOT_SUPPORTED"),
    ],
    "at_timezone": [
        (
            "CAST(at_timezone(TIMESTAMP '2022-11-01 09:08:07.321', 'America/Los_Angeles') AS "
            "varchar)",
            "2022-11-01 02:08:07.321 America/Los_Angeles",
            "varchar",
        ),
        (
            "at_timezone(TIMESTAMP '2020-01-01 00:00:00 UTC', 'no/where')",
            "INVALID_FUNCTION_ARGUMENT",
        ),
        (
            "at_timezone(now(), z) FROM (VALUES 'UTC') AS t(z)",
            "NOT_SUPPORTED: line 1:8: The zone must be constant",
        ),
    ],
    "current_time": [
        ("current_time", "NOT_SUPPORTED"),
    ],
    "localtime": [
        ("typeof(localtime)", "time(3)", "varchar(7)"),
    ],
    "timezone": [
        ("timezone(TIMESTAMP '2024-01-01 12:00:00 Asia/Tokyo')", "Asia/Tokyo", "varchar"),
        ("timezone(TIMESTAMP '2024-01-01 12:00:00 +01:00')", "+01:00", "varchar"),
        ("timezone(TIMESTAMP '2024-02-29 12:00:00 UTC')", "UTC", "varchar"),
        ("timezone(TIME '12:00:00+09:00')", "NOT_SUPPORTED"),
    ],
    "from_iso8601_timestamp_nanos": [
        ("from_iso8601_timestamp_nanos('2020-05-11T11:15:05')", "NOT_SUPPORTED"),
    ],
    "from_unixtime_nanos": [
        ("from_unixtime_nanos(100)", "NOT_SUPPORTED"),
    ],
    "to_milliseconds": [
        ("to_milliseconds(INTERVAL '1' DAY)", 86400000, "bigint"),
        ("to_milliseconds(INTERVAL '1.5' SECOND)", 1500, "bigint"),
    ],
    "day_of_month": [
        ("day_of_month(DATE '2020-02-29')", 29, "bigint"),
    ],
    "doy": [
        ("doy(DATE '2020-03-01')", 61, "bigint"),
    ],
    "week_of_year": [
        ("week_of_year(DATE '2016-01-01')", 53, "bigint"),
    ],
    "yow": [
        ("yow(DATE '2016-01-01')", 2015, "bigint"),
    ],
    "human_readable_seconds": [
        (
            "human_readable_seconds(56363463)",
            "93 weeks, 1 day, 8 hours, 31 minutes, 3 seconds",
            "varchar",
        ),
        ("human_readable_seconds(96)", "1 minute, 36 seconds", "varchar"),
        ("human_readable_seconds(3762)", "1 hour, 2 minutes, 42 seconds", "varchar"),
        ("human_readable_seconds(1)", "1 second", "varchar"),
        ("human_readable_seconds(0)", "0 seconds", "varchar"),
        ("human_readable_seconds(nan())", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "parse_duration": [
        ("CAST(parse_duration('3.81 d') AS varchar)", "3 19:26:24.000", "varchar"),
        ("parse_duration('42.8ms')", 43, "interval day to second"),
        ("CAST(parse_duration('42.8ms') AS varchar)", "0 00:00:00.043", "varchar"),
        ("CAST(parse_duration('5m') AS varchar)", "0 00:05:00.000", "varchar"),
        ("parse_duration('5 weeks')", "INVALID_FUNCTION_ARGUMENT"),
        ("parse_duration('x')", "INVALID_FUNCTION_ARGUMENT"),
    ],
}

PARTLY = {
    "AT_TIME_ZONE": "the zone has to be constant",
    "at_timezone": "the zone has to be constant",
    "date_add": "the unit has to be constant",
    "date_diff": "the unit has to be constant",
    "date_format": "the format has to be constant",
    "date_parse": "the format has to be constant",
    "date_trunc": "the unit has to be constant",
    "from_unixtime": "the zone has to be constant",
    "with_timezone": "the zone has to be constant",
    "current_timestamp": "up to 6 digits",
    "format_datetime": "the pattern has to be constant, without the letters C, k, K and z",
    "parse_datetime": "the pattern has to be constant, without the letters C, k, K and z",
    "timezone": "not of time with time zone",
}
