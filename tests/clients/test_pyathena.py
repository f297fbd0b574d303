"""PyAthena's own cursors and SQLAlchemy URLs."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any
from urllib.parse import quote_plus

import pytest
import sqlalchemy as sa
from pyarrow import fs
from pyathena import aio_connect, connect
from pyathena.arrow.async_cursor import AsyncArrowCursor
from pyathena.arrow.cursor import ArrowCursor
from pyathena.async_cursor import AsyncCursor, AsyncDictCursor
from pyathena.cursor import Cursor, DictCursor
from pyathena.error import OperationalError
from pyathena.pandas.async_cursor import AsyncPandasCursor
from pyathena.pandas.cursor import PandasCursor
from pyathena.polars.cursor import PolarsCursor

from tests.benchmarks.served import STAGING

pytestmark = pytest.mark.slow

SQL = "SELECT * FROM (VALUES (1, 'a', DECIMAL '1.50'), (2, NULL, NULL)) AS t (id, name, n)"


@pytest.fixture
def athena(aws: Any, served: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Connects as users do; pyarrow's S3 client takes its endpoint from its caller only."""
    monkeypatch.setattr(
        fs, "S3FileSystem", lambda *a, made=fs.S3FileSystem, **k: made(
            *a, **{"endpoint_override": served.url, **k}
        )
    )  # fmt: skip

    def made(**options: Any) -> Any:
        return connect(s3_staging_dir=STAGING, poll_interval=0.02, **options)

    return made


# PyAthena 4.2.1 names pandas' reader in a way that pandas 3.1 deprecates.
@pytest.mark.filterwarnings("ignore:engine='auto':DeprecationWarning")
@pytest.mark.parametrize("unload", [False, True])
@pytest.mark.parametrize("kind", [PandasCursor, ArrowCursor, PolarsCursor])
def test_cursors_of_frames(athena: Any, kind: type[Any], unload: bool) -> None:
    cursor = athena().cursor(kind, unload=unload).execute(f"{SQL} ORDER BY id")
    rows = cursor.fetchall()
    assert [row[0] for row in rows] == [1, 2]
    assert rows[0][1:] == ("a", Decimal("1.50"))


def test_plain_cursors(athena: Any) -> None:
    assert athena().cursor(Cursor).execute(f"{SQL} ORDER BY id").fetchall() == [
        (1, "a", Decimal("1.50")),
        (2, None, None),
    ]
    [one] = athena().cursor(DictCursor).execute("SELECT ARRAY[1, 2] AS a, X'00ff' AS b").fetchall()
    assert one == {"a": [1, 2], "b": b"\x00\xff"}
    given = athena().cursor().execute("SELECT %(x)s, %(n)d", {"x": "o'hara; --", "n": 7})
    assert given.fetchone() == ("o'hara; --", 7)
    marked = athena().cursor().execute("SELECT ?", ["o'hara"], paramstyle="qmark")
    assert marked.fetchone() == ("o'hara",)
    with pytest.raises(OperationalError, match="COLUMN_NOT_FOUND"):
        athena().cursor().execute("SELECT nothing")


@pytest.mark.parametrize(
    "kind", [AsyncCursor, AsyncDictCursor, AsyncPandasCursor, AsyncArrowCursor]
)
def test_cursors_on_threads(athena: Any, kind: type[Any]) -> None:
    with athena().cursor(kind) as cursor:
        started = [cursor.execute(f"SELECT {n} AS n") for n in range(3)]
        found = [future.result().fetchall() for _, future in started]
    values = [list(row.values()) if isinstance(row, dict) else list(row) for [row] in found]
    assert values == [[0], [1], [2]]


def test_cursors_of_asyncio(athena: Any) -> None:
    async def ask() -> Any:
        async with await aio_connect(s3_staging_dir=STAGING, poll_interval=0.02) as connection:
            cursor = connection.cursor()
            await cursor.execute(f"{SQL} ORDER BY id")
            return await cursor.fetchall()

    assert asyncio.run(ask()) == [(1, "a", Decimal("1.50")), (2, None, None)]


@pytest.mark.parametrize("driver", ["rest", "pandas", "arrow", "polars"])
def test_sqlalchemy_urls(athena: Any, driver: str) -> None:
    url = (
        f"awsathena+{driver}://athena.us-east-1.amazonaws.com:443/default"
        f"?s3_staging_dir={quote_plus(STAGING)}&poll_interval=0.02"
    )
    engine = sa.create_engine(url)
    table = sa.Table(
        f"reflected_{driver}",
        sa.MetaData(schema="feature_store"),
        sa.Column("id", sa.Integer, comment="its number"),
        sa.Column("name", sa.String),
        comment="A table.",
        awsathena_location=f"s3://fsql-local/reflected/{driver}/",
        awsathena_file_format="PARQUET",
    )
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(table.insert(), [{"id": 1, "name": "a"}])
        connection.execute(sa.text(f"CREATE VIEW feature_store.v_{driver} AS SELECT 1 AS one"))
        assert [tuple(row) for row in connection.execute(sa.select(table))] == [(1, "a")]
    seen = sa.inspect(engine)
    assert seen.get_table_comment(table.name, schema="feature_store") == {"text": "A table."}
    [number, name] = seen.get_columns(table.name, schema="feature_store")
    assert (number["name"], number["comment"], name["name"]) == ("id", "its number", "name")
    assert f"v_{driver}" in seen.get_view_names(schema="feature_store")
    table.drop(engine)
    assert not sa.inspect(engine).has_table(table.name, schema="feature_store")
    engine.dispose()
