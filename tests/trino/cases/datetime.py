"""Date and time functions and operators. Source: Trino documentation, the page of that name."""

from __future__ import annotations

import datetime

from tests.trino import Cases

__all__ = ["CASES"]

CASES: Cases = {
    "year": [
        ("year(TIMESTAMP '2020-01-31 13:14:15.678')", 2020, "bigint"),
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
    ],
    "hour": [
        ("hour(TIMESTAMP '2020-01-31 13:14:15.678')", 13, "bigint"),
        ("hour(TIMESTAMP '2020-01-31 13:14:15.678 America/New_York')", 13, "bigint"),
    ],
    "minute": [
        ("minute(TIMESTAMP '2020-01-31 13:14:15.678')", 14, "bigint"),
    ],
    "second": [
        ("second(TIMESTAMP '2020-01-31 13:14:15.678')", 15, "bigint"),
    ],
    "millisecond": [
        ("millisecond(TIMESTAMP '2020-01-31 13:14:15.678')", 678, "bigint"),
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
    ],
    "timezone_hour": [
        ("timezone_hour(TIMESTAMP '2020-01-31 13:14:15.678 America/New_York')", -5, "bigint"),
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
    ],
    "last_day_of_month": [
        ("last_day_of_month(DATE '2020-02-05')", datetime.date(2020, 2, 29), "date"),
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
    ],
    "-": [
        ("DATE '2020-01-31' - INTERVAL '1' DAY", datetime.date(2020, 1, 30), "date"),
        ("DATE '2020-03-01' - DATE '2020-02-01'", 2505600000, "interval day to second"),
        (
            "TIMESTAMP '2020-03-01 00:00:01' - TIMESTAMP '2020-03-01 00:00:00'",
            1000,
            "interval day to second",
        ),
    ],
    "*": [
        ("INTERVAL '1' DAY * 1.5e0", 129600000, "interval day to second"),
        ("2 * INTERVAL '1' YEAR", 24, "interval year to month"),
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
    ],
    "to_unixtime": [
        ("to_unixtime(TIMESTAMP '2020-01-01 00:00:00.5')", 1577836800.5, "double"),
        (
            "to_unixtime(TIMESTAMP '2020-01-31 13:14:15.678 America/New_York')",
            1580494455.678,
            "double",
        ),
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
    ],
    "from_iso8601_date": [
        ("from_iso8601_date('2020-05-11')", datetime.date(2020, 5, 11), "date"),
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
    ],
    "date": [
        ("date('2020-05-11')", datetime.date(2020, 5, 11), "date"),
        (
            "date(TIMESTAMP '2020-01-31 13:14:15.678 America/New_York')",
            datetime.date(2020, 1, 31),
            "date",
        ),
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
    ],
    "current_timestamp": [
        ("typeof(current_timestamp(6))", "timestamp(6) with time zone", "varchar(27)"),
    ],
    "localtimestamp": [
        ("typeof(localtimestamp)", "timestamp(3)", "varchar(12)"),
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
    ],
    "parse_datetime": [
        (
            "parse_datetime('2020-01-31 13:14', 'yyyy-MM-dd HH:mm')",
            datetime.datetime(2020, 1, 31, 13, 14, tzinfo=datetime.UTC),
            "timestamp(3) with time zone",
        ),
    ],
}
