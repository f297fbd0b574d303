"""Values as Athena prints them in result files and GetQueryResults."""

from __future__ import annotations

__all__ = ["athena_text"]


def athena_text(column_sql: str, trino_type: str) -> str:
    """A DuckDB expression of type VARCHAR: `column_sql` as Athena prints a `trino_type`."""
    return f"CAST({column_sql} AS VARCHAR)"
