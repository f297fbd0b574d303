"""What SQLAlchemy's tests find in the store, and what they have to know of it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.testing import provision

SCHEMAS = ("test_schema", "test_schema_2")


@provision.generate_driver_url.for_db("fsql")
def _keep(url: sa.URL, driver: str, query: str) -> sa.URL:
    return url


@provision.post_configure_engine.for_db("fsql")
def _make_schemas(url: sa.URL, engine: sa.Engine, follower: str | None) -> None:
    with engine.begin() as connection:
        for schema in SCHEMAS:
            connection.exec_driver_sql(f"CREATE DATABASE IF NOT EXISTS {schema}")


@provision.follower_url_from_main.for_db("fsql")
def _own(url: sa.URL, ident: str) -> sa.URL:
    return url  # each process has a folder of its own


@provision.create_db.for_db("fsql")
@provision.drop_db.for_db("fsql")
def _nothing(config: Any, engine: sa.Engine, ident: str) -> None:
    pass


@provision.delete_from_all_tables.for_db("fsql")
def _delete(connection: sa.Connection, config: Any, metadata: sa.MetaData) -> None:
    inspector = sa.inspect(connection)
    for table in metadata.sorted_tables:
        if table.name.lower() in inspector.get_table_names(table.schema):  # Athena lowers names
            connection.execute(table.delete())
