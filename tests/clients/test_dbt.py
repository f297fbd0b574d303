"""dbt-athena builds a project twice: seeds, tables, views, increments, snapshots, tests, docs."""

from __future__ import annotations

import json
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyathena import connect

from tests import environments
from tests.benchmarks.served import STAGING, Endpoint
from tests.clients.running import told

PROJECT = Path(__file__).parent / "dbt"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def dbt(served: Endpoint, tmp_path: Path) -> Any:
    """Runs dbt's commands in a copy of the project."""
    shutil.copytree(PROJECT, tmp_path / "project")
    program = environments.command("dbt", "dbt")
    variables = {**served.variables(), "DBT_PROFILES_DIR": ".", "DO_NOT_TRACK": "1"}

    def run(*arguments: str) -> dict[str, str]:
        told([program, "--no-use-colors", *arguments], variables, tmp_path / "project")
        results = json.loads((tmp_path / "project/target/run_results.json").read_text())
        return {done["unique_id"].split(".")[2]: done["status"] for done in results["results"]}

    return run


def rows(sql: str) -> list[Any]:
    with connect(s3_staging_dir=STAGING, schema_name="shop", poll_interval=0.02) as connection:
        return list(connection.cursor().execute(sql).fetchall())


def test_a_project_built_twice(aws: Any, dbt: Any, tmp_path: Path) -> None:
    first = dbt("build")
    assert len(first) == 13
    assert set(first.values()) == {"success", "pass"}, first
    assert rows("SELECT * FROM customers ORDER BY customer") == [
        ("ann", 2, Decimal("15.75")),
        ("bob", 1, Decimal("20.00")),
        ("o'hara, kim", 1, Decimal("99.99")),
    ]
    assert rows("SELECT DISTINCT state FROM order_states") == [("new",)]

    second = dbt("build")
    assert second == first

    merged = "SELECT order_id, amount, state FROM order_states ORDER BY order_id"
    assert rows(merged) == [
        (1, Decimal("10.50"), "paid"),
        (2, Decimal("20.00"), "paid"),
        (3, Decimal("5.25"), "new"),
        (4, Decimal("99.99"), "new"),
        (5, Decimal("1.00"), "new"),
    ]
    # The second run overwrote one day's partition and left the others alone.
    assert rows("SELECT * FROM daily ORDER BY day") == [
        (2, Decimal("30.50"), date(2024, 1, 1)),
        (1, Decimal("5.25"), date(2024, 1, 2)),
        (1, Decimal("99.99"), date(2024, 1, 3)),
    ]
    assert rows("SELECT count(*), count(DISTINCT run) FROM order_log") == [(8, 2)]
    history = "SELECT order_id, state, dbt_valid_to IS NULL FROM order_history ORDER BY 1, 3"
    assert rows(history) == [
        (1, "new", False),
        (1, "paid", True),
        (2, "new", False),
        (2, "paid", True),
        (3, "new", True),
        (4, "new", True),
        (5, "new", True),
    ]
    dbt("docs", "generate")
    catalog = json.loads((tmp_path / "project/target/catalog.json").read_text())
    assert catalog["errors"] is None
    columns = catalog["nodes"]["model.shop.orders"]["columns"]
    assert columns["amount"]["type"] == "decimal(10,2)"
    assert columns["order_id"]["comment"] == "The order's number."
    table = aws.client("glue").get_table(DatabaseName="shop", Name="orders")["Table"]
    assert table["Description"] == "Orders, typed."


def test_a_failing_test_fails_the_build(aws: Any, dbt: Any, tmp_path: Path) -> None:
    seed = tmp_path / "project/seeds/raw_orders.csv"
    seed.write_text(seed.read_text() + "4,,1.00,2024-01-04 00:00:00\n")
    with pytest.raises(AssertionError, match="unique_orders_order_id"):
        dbt("build", "--select", "raw_orders", "orders", "--full-refresh")
