"""Mathematical functions and operators. Source: Trino documentation, the page of that name."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.trino import Cases

__all__ = ["CASES"]

NAN = float("nan")
INFINITY = float("inf")

CASES: Cases = {
    "abs": [
        ("abs(-5)", 5, "integer"),
        ("abs(-1.5)", Decimal("1.5"), "decimal(2,1)"),
        ("abs(TINYINT '-5')", 5, "tinyint"),
        ("abs(BIGINT '-9223372036854775808')", "NUMERIC_VALUE_OUT_OF_RANGE"),
        ("abs(TINYINT '-128')", "NUMERIC_VALUE_OUT_OF_RANGE"),
        ("abs(REAL '-1.5')", 1.5, "real"),
        ("abs(CAST(NULL AS double))", None, "double"),
        ("abs('a')", "FUNCTION_NOT_FOUND"),
    ],
    "ceil": [
        ("ceil(1.2)", Decimal("2"), "decimal(2,0)"),
        ("ceil(5)", 5, "integer"),
        ("ceil(-0.5e0)", -0.0, "double"),
        ("ceil(-1.9)", Decimal(-1), "decimal(2,0)"),
    ],
    "ceiling": [
        ("ceiling(1.2e0)", 2.0, "double"),
        ("ceiling(REAL '1.2')", 2.0, "real"),
    ],
    "floor": [
        ("floor(-1.5)", Decimal("-2"), "decimal(2,0)"),
        ("floor(REAL '-1.5')", -2.0, "real"),
        ("floor(1.9e0)", 1.0, "double"),
        ("floor(SMALLINT '7')", 7, "smallint"),
    ],
    "round": [
        ("round(2.5)", Decimal("3"), "decimal(2,0)"),
        ("round(-2.5e0)", -3.0, "double"),
        ("round(123.456, 2)", Decimal("123.460"), "decimal(7,3)"),
        ("round(123.456e0, 1)", 123.5, "double"),
        ("round(155, -1)", 160, "integer"),
        ("round(0.5e0)", 1.0, "double"),
        ("round(-0.5e0)", -1.0, "double"),
        ("round(REAL '2.5')", 3.0, "real"),
        ("round(1234.567, -2)", Decimal("1200.000"), "decimal(8,3)"),
        ("round(nan())", NAN, "double"),
        ("round(9.99, 1)", Decimal("10.00"), "decimal(4,2)"),
    ],
    "truncate": [
        ("truncate(-1.9)", Decimal("-1"), "decimal(1,0)"),
        ("truncate(-1.9e0)", -1.0, "double"),
        ("truncate(12.999, 1)", Decimal("12.900"), "decimal(5,3)"),
        ("truncate(REAL '1.9')", 1.0, "real"),
    ],
    "sign": [
        ("sign(-5)", -1, "integer"),
        ("sign(-1.5)", Decimal("-1"), "decimal(1,0)"),
        ("sign(-1.5e0)", -1.0, "double"),
        ("sign(nan())", NAN, "double"),
        ("sign(0)", 0, "integer"),
        ("sign(BIGINT '-7')", -1, "bigint"),
        ("sign(REAL '-2.5')", -1.0, "real"),
    ],
    "mod": [
        ("mod(7, 3)", 1, "integer"),
        ("mod(7.5, 2)", Decimal("1.5"), "decimal(2,1)"),
        ("mod(-7, 3)", -1, "integer"),
        ("mod(5, 0)", "DIVISION_BY_ZERO"),
        ("mod(5.5e0, 2)", 1.5, "double"),
    ],
    "power": [
        ("power(2, 10)", 1024.0, "double"),
        ("power(0, 0)", 1.0, "double"),
        ("power(2, -1)", 0.5, "double"),
    ],
    "pow": [
        ("pow(2.0, 0.5)", 1.4142135623730951, "double"),
    ],
    "sqrt": [
        ("sqrt(9)", 3.0, "double"),
        ("sqrt(-1)", NAN, "double"),
        ("sqrt(2)", 1.4142135623730951, "double"),
    ],
    "ln": [
        ("ln(0)", -INFINITY, "double"),
        ("ln(e())", 1.0, "double"),
        ("ln(-1)", NAN, "double"),
    ],
    "log": [
        ("log(2, 8)", 3.0, "double"),
        ("log(10, 100)", pytest.approx(2.0), "double"),
    ],
    "log10": [
        ("log10(1000)", 3.0, "double"),
        ("log10(-1)", NAN, "double"),
    ],
    "cbrt": [
        ("cbrt(27)", 3.0, "double"),
        ("cbrt(-8)", -2.0, "double"),
    ],
    "exp": [
        ("exp(0)", 1.0, "double"),
        ("exp(1)", 2.718281828459045, "double"),
    ],
    "degrees": [
        ("degrees(pi())", 180.0, "double"),
        ("degrees(0)", 0.0, "double"),
    ],
    "e": [
        ("e()", 2.718281828459045, "double"),
    ],
    "atan2": [
        ("atan2(0, 1)", 0.0, "double"),
        ("atan2(1, -1)", pytest.approx(2.356194490192345), "double"),
    ],
    "infinity": [
        ("infinity()", INFINITY, "double"),
        ("-infinity()", -INFINITY, "double"),
    ],
    "is_nan": [
        ("is_nan(nan())", True, "boolean"),
        ("is_nan(REAL '1')", False, "boolean"),
    ],
    "is_finite": [
        ("is_finite(1)", True, "boolean"),
        ("is_finite(nan())", False, "boolean"),
    ],
    "is_infinite": [
        ("is_infinite(-infinity())", True, "boolean"),
        ("is_infinite(1)", False, "boolean"),
    ],
    "width_bucket": [
        ("width_bucket(5.3, 0.2, 10.6, 5)", 3, "bigint"),
        ("width_bucket(5.0, ARRAY[1.0, 4.0, 8.0])", 2, "bigint"),
        ("width_bucket(0, 1, 5, 4)", 0, "bigint"),
        ("width_bucket(5, 1, 5, 4)", 5, "bigint"),
        ("width_bucket(3, 5, 1, 4)", 3, "bigint"),
        ("width_bucket(3, 5, 5, 4)", "INVALID_FUNCTION_ARGUMENT: bounds cannot equal each other"),
        (
            "width_bucket(3, 1, 5, 0)",
            "INVALID_FUNCTION_ARGUMENT: bucketCount must be greater than 0",
        ),
        ("width_bucket(nan(), 1, 5, 4)", "INVALID_FUNCTION_ARGUMENT"),
        ("width_bucket(3, 1, infinity(), 4)", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "to_base": [
        ("to_base(255, 16)", "ff", "varchar"),
        ("to_base(-10, 2)", "-1010", "varchar"),
        ("to_base(35, 36)", "z", "varchar"),
        ("to_base(255, 1)", "INVALID_FUNCTION_ARGUMENT: Radix must be between 2 and 36"),
    ],
    "random": [
        ("random() < 1", True, "boolean"),
        ("random(1)", 0, "integer"),
        ("random(BIGINT '5') BETWEEN 0 AND 4", True, "boolean"),
        ("random(5, 5)", "INVALID_FUNCTION_ARGUMENT: start value must be less than stop value"),
        ("random(0)", "INVALID_FUNCTION_ARGUMENT: bound must be positive"),
    ],
    "/": [
        ("5 / 2", 2, "integer"),
        ("-5 / 2", -2, "integer"),
        ("5 / 2e0", 2.5, "double"),
        ("1e0 / 0", INFINITY, "double"),
        ("0e0 / 0", NAN, "double"),
        ("1 / 0", "DIVISION_BY_ZERO: Division by zero"),
        ("7 / -2", -3, "integer"),
        ("BIGINT '-9223372036854775808' / -1", "NUMERIC_VALUE_OUT_OF_RANGE"),
        ("INTEGER '-2147483648' / -1", "NUMERIC_VALUE_OUT_OF_RANGE"),
        ("CAST(1 AS real) / 0", INFINITY, "real"),
        ("-1e0 / 0", -INFINITY, "double"),
        ("NULL / 0", None, "integer"),
    ],
    "%": [
        ("7 % 3", 1, "integer"),
        ("-7 % 3", -1, "integer"),
        ("7 % -3", 1, "integer"),
        ("5e0 % 3", 2.0, "double"),
        ("1 % 0", "DIVISION_BY_ZERO: Division by zero"),
        ("7 % -2", 1, "integer"),
        ("BIGINT '7' % 0", "DIVISION_BY_ZERO"),
        ("5e0 % 0", NAN, "double"),
        ("-5.5e0 % 2", -1.5, "double"),
    ],
    "+": [
        ("1 + 2", 3, "integer"),
        ("1 + 3000000000", 3000000001, "bigint"),
        ("TINYINT '100' + TINYINT '27'", 127, "tinyint"),
        ("TINYINT '100' + SMALLINT '100'", 200, "smallint"),
        ("1.5 + 1e0", 2.5, "double"),
        ("1.5 + REAL '1'", 2.5, "real"),
        ("1 + NULL", None, "integer"),
        (
            "9223372036854775807 + BIGINT '1'",
            "NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow: 9223372036854775807 + 1",
        ),
        ("1 + 'a'", "TYPE_MISMATCH: line 1:10: Cannot apply operator: integer + varchar(1)"),
        ("SMALLINT '32767' + SMALLINT '1'", "NUMERIC_VALUE_OUT_OF_RANGE"),
        ("TINYINT '127' + TINYINT '1'", "NUMERIC_VALUE_OUT_OF_RANGE"),
        ("REAL '1.5' + 1", 2.5, "real"),
        ("1 + 2.5e0", 3.5, "double"),
        ("DOUBLE '1.7976931348623157E308' + DOUBLE '1.7976931348623157E308'", INFINITY, "double"),
        ("true + 1", "TYPE_MISMATCH"),
    ],
    "*": [
        ("BIGINT '5' * 3", 15, "bigint"),
        (
            "2147483647 * 2",
            "NUMERIC_VALUE_OUT_OF_RANGE: integer multiplication overflow: 2147483647 * 2",
        ),
        ("INTEGER '2147483647' * BIGINT '2'", 4294967294, "bigint"),
        ("BIGINT '9223372036854775807' * 2", "NUMERIC_VALUE_OUT_OF_RANGE"),
        ("3 * 1.5e0", 4.5, "double"),
    ],
    "-": [
        ("-(5)", -5, "integer"),
        (
            "TINYINT '-128' - TINYINT '1'",
            "NUMERIC_VALUE_OUT_OF_RANGE: tinyint subtraction overflow: -128 - 1",
        ),
        ("-'a'", "TYPE_MISMATCH: line 1:8: Cannot negate varchar(1)"),
        ("-(TINYINT '-128')", "NUMERIC_VALUE_OUT_OF_RANGE: tinyint negation overflow: -128"),
        ("-(-9223372036854775808)", "NUMERIC_VALUE_OUT_OF_RANGE"),
        ("-x FROM (VALUES INTEGER '-2147483648') AS t(x)", "NUMERIC_VALUE_OUT_OF_RANGE"),
        ("INTEGER '-2147483648' - 1", "NUMERIC_VALUE_OUT_OF_RANGE"),
        ("+5", 5, "integer"),
        ("-(-5)", 5, "integer"),
    ],
    "acos": [
        ("acos(1)", 0.0, "double"),
        ("acos(2)", NAN, "double"),
    ],
    "asin": [
        ("asin(1)", pytest.approx(1.5707963267948966), "double"),
        ("asin(0)", 0.0, "double"),
    ],
    "atan": [
        ("atan(1)", pytest.approx(0.7853981633974483), "double"),
    ],
    "sin": [
        ("sin(0)", 0.0, "double"),
        ("sin(pi() / 2)", 1.0, "double"),
    ],
    "cos": [
        ("cos(0)", 1.0, "double"),
    ],
    "tan": [
        ("tan(pi() / 4)", pytest.approx(1.0), "double"),
    ],
    "sinh": [
        ("sinh(1)", pytest.approx(1.1752011936438014), "double"),
    ],
    "cosh": [
        ("cosh(0)", 1.0, "double"),
    ],
    "tanh": [
        ("tanh(0.5)", pytest.approx(0.46211715726000973), "double"),
    ],
    "pi": [
        ("pi()", 3.141592653589793, "double"),
    ],
    "nan": [
        ("nan()", NAN, "double"),
    ],
    "log2": [
        ("log2(8)", 3.0, "double"),
        ("log2(0)", -INFINITY, "double"),
    ],
    "radians": [
        ("radians(180)", 3.141592653589793, "double"),
    ],
    "rand": [
        ("rand() >= 0", True, "boolean"),
        ("rand(3, 6) BETWEEN 3 AND 5", True, "boolean"),
    ],
    "from_base": [
        ("from_base('ff', 16)", 255, "bigint"),
        ("from_base('FF', 16)", 255, "bigint"),
        ("from_base('-z', 36)", -35, "bigint"),
        ("from_base('1010', 2)", 10, "bigint"),
        ("from_base('12', 2)", "INVALID_FUNCTION_ARGUMENT"),
        ("from_base('', 10)", "INVALID_FUNCTION_ARGUMENT"),
        ("from_base('1', 99)", "INVALID_FUNCTION_ARGUMENT"),
        ("from_base('9223372036854775808', 10)", "INVALID_FUNCTION_ARGUMENT"),
        ("from_base(NULL, 10)", None, "bigint"),
    ],
    "cosine_similarity": [
        (
            "cosine_similarity(map(ARRAY['a'], ARRAY[1.0]), map(ARRAY['a'], ARRAY[2.0]))",
            pytest.approx(1.0),
            "double",
        ),
        (
            "cosine_similarity(map(ARRAY['a'], ARRAY[1e0]), map(ARRAY['b'], ARRAY[1e0]))",
            0.0,
            "double",
        ),
        (
            "cosine_similarity(map(ARRAY['a', 'b'], ARRAY[3e0, 4e0]), map(ARRAY['a'], ARRAY[1e0]))",
            pytest.approx(0.6),
            "double",
        ),
        (
            "cosine_similarity(map(ARRAY['a'], ARRAY[CAST(NULL AS double)]), map(ARRAY['a'],"
            " ARRAY[1e0]))",
            None,
            "double",
        ),
        (
            "cosine_similarity(ARRAY[1.0, 2.0], ARRAY[3.0, 4.0])",
            pytest.approx(0.9838699100999074),
            "double",
        ),
        ("cosine_similarity(ARRAY[1.0], ARRAY[1.0, 2.0])", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "cosine_distance": [
        ("cosine_distance(ARRAY[1.0, 0.0], ARRAY[0.0, 1.0])", pytest.approx(1.0), "double"),
        ("cosine_distance(ARRAY[1.0, NULL], ARRAY[0.0, 1.0])", None, "double"),
    ],
    "normal_cdf": [
        ("normal_cdf(0, 1, 0)", 0.5, "double"),
        ("normal_cdf(0, 1, 1.96)", pytest.approx(0.9750021048517795), "double"),
        ("normal_cdf(10, 9, 10)", 0.5, "double"),
        ("normal_cdf(0, 0, 1)", "INVALID_FUNCTION_ARGUMENT: standardDeviation must be > 0"),
    ],
    "inverse_normal_cdf": [
        ("inverse_normal_cdf(0, 1, 0.5)", 0.0, "double"),
        ("inverse_normal_cdf(0, 1, 0.975)", pytest.approx(1.959963984540054), "double"),
        ("inverse_normal_cdf(10, 9, 0.5)", 10.0, "double"),
        ("inverse_normal_cdf(0, 1, 0)", "INVALID_FUNCTION_ARGUMENT"),
        ("inverse_normal_cdf(0, 1, 1)", "INVALID_FUNCTION_ARGUMENT"),
        ("inverse_normal_cdf(0, -1, 0.5)", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "beta_cdf": [
        ("beta_cdf(1, 1, 0.25)", pytest.approx(0.25), "double"),
        ("beta_cdf(2, 2, 0.5)", pytest.approx(0.5), "double"),
        ("beta_cdf(2, 1, 0.5)", pytest.approx(0.25), "double"),
        ("beta_cdf(3, 3.6, 0)", 0.0, "double"),
        ("beta_cdf(3, 3.6, 1)", 1.0, "double"),
        ("beta_cdf(0, 3, 0.5)", "INVALID_FUNCTION_ARGUMENT"),
        ("beta_cdf(3, 3, 1.5)", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "inverse_beta_cdf": [
        ("inverse_beta_cdf(1, 1, 0.25)", pytest.approx(0.25), "double"),
        ("inverse_beta_cdf(2, 1, 0.25)", pytest.approx(0.5), "double"),
        ("inverse_beta_cdf(3, 3.6, 0)", 0.0, "double"),
        ("inverse_beta_cdf(3, 3.6, 1)", pytest.approx(1.0), "double"),
        ("inverse_beta_cdf(3, 3.6, -0.1)", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "wilson_interval_lower": [
        ("wilson_interval_lower(1250, 1310, 1.96e0)", pytest.approx(0.9414883725395894), "double"),
        ("wilson_interval_lower(0, 10, 1.96e0)", pytest.approx(0.0), "double"),
        ("wilson_interval_lower(-1, 10, 1.96e0)", "INVALID_FUNCTION_ARGUMENT"),
        ("wilson_interval_lower(1, 0, 1.96e0)", "INVALID_FUNCTION_ARGUMENT"),
        ("wilson_interval_lower(11, 10, 1.96e0)", "INVALID_FUNCTION_ARGUMENT"),
    ],
    "wilson_interval_upper": [
        ("wilson_interval_upper(1250, 1310, 1.96e0)", pytest.approx(0.9642524717143908), "double"),
        ("wilson_interval_upper(10, 10, 1.96e0)", pytest.approx(1.0), "double"),
        ("wilson_interval_upper(1, 10, -1e0)", "INVALID_FUNCTION_ARGUMENT"),
    ],
}
