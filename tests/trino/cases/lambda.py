"""Lambda expressions. Source: Trino documentation, the page of that name."""

from __future__ import annotations

from tests.trino import Cases

__all__ = ["CASES"]

CASES: Cases = {
    "->": [
        ("transform(ARRAY[1, 2], x -> x + 1)", [2, 3], "array(integer)"),
        ("reduce(ARRAY[1, 2], 0, (s, x) -> s + x, s -> s * 10)", 30, "integer"),
        ("transform(ARRAY[1, 2], (x) -> TRY(10 / (x - 1)))", [None, 10], "array(integer)"),
        (
            "transform(ARRAY['a'], x -> x || y) FROM (VALUES 'z') AS t(y)",
            ["az"],
            "array(varchar(2))",
        ),
        ("transform(ARRAY[1], x -> transform(ARRAY[2], x -> x))", [[2]], "array(array(integer))"),
        ("filter(ARRAY[1, 2], x -> NULL)", [], "array(integer)"),
        ("transform(ARRAY[1], x -> z)", "COLUMN_NOT_FOUND"),
        (
            "SELECT transform(array_agg(x), y -> y * 2) FROM (VALUES 1) AS t(x)",
            [2],
            "array(integer)",
        ),
    ],
}
