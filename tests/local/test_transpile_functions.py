from __future__ import annotations

import pytest

from tests.local.trino_sql import failure


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("foo(1)", "FUNCTION_NOT_FOUND: line 1:8: Function 'foo' not registered"),
        ("1 + foo(1)", "FUNCTION_NOT_FOUND: line 1:12: Function 'foo' not registered"),
        ("a.b.foo(1)", "FUNCTION_NOT_FOUND: line 1:8: Function 'a.b.foo(1)' not registered"),
    ],
)
def test_unknown_functions(expression: str, message: str) -> None:
    assert failure(f"SELECT {expression}") == message


@pytest.mark.parametrize(
    "call",
    [
        "getenv('HOME')",
        "current_setting('home_directory')",
        "read_text('/etc/passwd')",
        "list_transform(ARRAY[1], x -> x)",
        "struct_pack(1)",
        "nextval('x')",
        "error('x')",
        "query('SELECT 1')",
        "pragma_version()",
        "sleep_ms(10000)",
        "write_log('x')",
    ],
)
def test_functions_of_duckdb_are_unknown(call: str) -> None:
    name = call.split("(")[0]
    assert failure(f"SELECT {call}") == (
        f"FUNCTION_NOT_FOUND: line 1:8: Function '{name}' not registered"
    )


@pytest.mark.parametrize(
    "table", ["read_csv('/etc/passwd')", "glob('*')", "duckdb_settings()", "range(3)"]
)
def test_table_functions_are_unknown(table: str) -> None:
    name = table.split("(")[0]
    assert failure(f"SELECT * FROM {table}") == (
        f"FUNCTION_NOT_FOUND: line 1:15: Table function '{name}' not registered"
    )
