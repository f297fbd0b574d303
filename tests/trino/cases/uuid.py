"""UUID functions. Source: Trino documentation, the page of that name."""

from __future__ import annotations

import uuid

from tests.trino import Cases

__all__ = ["CASES"]

CASES: Cases = {
    "uuid": [
        ("uuid() = uuid()", False, "boolean"),
        ("typeof(uuid())", "uuid", "varchar(4)"),
        ("length(CAST(uuid() AS varchar))", 36, "bigint"),
    ],
    "cast": [
        (
            "CAST('12151fd2-7586-11e9-8f9e-2a86e4085a59' AS uuid)",
            uuid.UUID("12151fd2-7586-11e9-8f9e-2a86e4085a59"),
            "uuid",
        ),
        (
            "CAST(UUID '12151fd2-7586-11e9-8f9e-2a86e4085a59' AS varchar)",
            "12151fd2-7586-11e9-8f9e-2a86e4085a59",
            "varchar",
        ),
        (
            "CAST(UUID '12151fd2-7586-11e9-8f9e-2a86e4085a59' AS varbinary)",
            bytes.fromhex("12151fd2758611e98f9e2a86e4085a59"),
            "varbinary",
        ),
        ("CAST('x' AS uuid)", "INVALID_CAST_ARGUMENT"),
        (
            "UUID '00000000-0000-0000-0000-000000000001'"
            " < UUID '10000000-0000-0000-0000-000000000000'",
            True,
            "boolean",
        ),
    ],
}
