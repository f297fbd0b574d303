from __future__ import annotations

from pathlib import Path

import pytest

import fsql
from fsql.dialect import catalog_of
from fsql.errors import MigrationError
from tests.revision_scripts import CREATE, GROUP, Project

CHANGES = f"""
op.add_column("{GROUP}", sa.Column("x", sa.Double(), comment="it's x"), default=1.5)
op.add_column("{GROUP}", sa.Column("place", Struct(lat=sa.Double())))
op.add_column("{GROUP}", sa.Column("place.lon", sa.Double()))
op.alter_column("{GROUP}", "n", type_=sa.BigInteger(), new_column_name="count")
op.rename_column("{GROUP}", "place.lat", "latitude")
op.move_column("{GROUP}", "x", after="k")
op.alter_feature_group("{GROUP}", owner="me")
op.set_partitioning("{GROUP}", ["bucket(4, k)"])
op.drop_column("{GROUP}", "place.lon")
op.drop_column("{GROUP}", "place")
op.execute("UPDATE {GROUP} SET x = 2 WHERE k % 2 = 0")
op.backfill("{GROUP}", "SELECT 7 AS k, 1.0 AS x, 2 AS count;")
"""
BACK = f"""
op.alter_column("{GROUP}", "count", new_column_name="n")
op.drop_feature_group("{GROUP}")
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.revision("a1", None, CREATE)
    made.revision("a2", "a1", CHANGES, BACK)
    return made


def statements(script: str) -> list[str]:
    code = "\n".join(line for line in script.splitlines() if not line.startswith("--"))
    return [text.strip() for text in code.split(";") if text.strip()]


def test_nothing_is_made(project: Project) -> None:
    project.up(sql=True)
    assert not (project.folder / "store").exists()


def test_a_script_says_what_athena_runs(project: Project) -> None:
    said = project.up(sql=True)
    assert f"-- {GROUP}: adds x double" in said
    assert f"ALTER TABLE feature_store.{GROUP} ADD COLUMNS (x double COMMENT 'it\\'s x');" in said
    assert f'UPDATE "feature_store"."{GROUP}" SET "x" = ' in said
    assert "CHANGE COLUMN n count bigint;\n-- glue.update_table(" in said
    assert "CHANGE COLUMN place place struct<lat:double,lon:double>;" in said
    assert "CHANGE COLUMN x x double COMMENT 'it\\'s x' AFTER k;" in said
    assert "-- no statement of Athena's renames a field: place.lat to latitude" in said
    assert f"ALTER TABLE feature_store.{GROUP} DROP COLUMN place;" in said
    assert f"UPDATE {GROUP} SET x = 2 WHERE k % 2 = 0;" in said
    assert f"INSERT INTO feature_store.{GROUP}\nSELECT 7 AS k, 1.0 AS x, 2 AS count;" in said
    assert '"owner":"me"' in said
    assert "VALUES 'a2'" in said


def test_its_statements_are_athenas(project: Project) -> None:
    without = [line for line in CHANGES.splitlines() if "latitude" not in line]
    project.revision("a2", "a1", "\n".join(without))
    said = project.up(sql=True).replace("s3://<warehouse>/", "s3://fsql-local/script/")
    engine = fsql.create_engine(project.url)
    catalog_of(engine).ensure_database()
    connection = engine.raw_connection()
    try:
        for statement in statements(said):
            connection.cursor().execute(statement)
    finally:
        connection.close()
    entry = catalog_of(engine).get(GROUP)
    assert [name for name, _ in entry.columns] == ["k", "x", "count"]
    assert fsql.read_sql(f"SELECT k, count FROM {GROUP}", engine).values.tolist() == [[7, 2]]
    heads = fsql.read_sql("SELECT * FROM alembic_version", engine)
    assert heads.version_num.tolist() == ["a2"]


def test_a_part_of_the_revisions_knows_the_types_of_before(project: Project) -> None:
    said = project.up("a1:a2", sql=True)
    assert "CREATE TABLE" not in said
    assert "CHANGE COLUMN n count bigint;" in said


def test_a_part_says_so_where_it_cannot_know_them(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    project.revision("a1", None, "op.get_bind().execute(sa.select(1)).scalar()\n" + CREATE)
    said = project.up("a1:a2", sql=True)
    assert f"-- ALTER TABLE feature_store.{GROUP} CHANGE COLUMN n count <its type>;" in said
    assert f"ALTER TABLE feature_store.{GROUP} DROP COLUMN place;" in said
    assert "a revision before needs a store" in caplog.text


def test_down_says_what_goes(project: Project) -> None:
    said = project.down("a2:a1", sql=True)
    assert f"ALTER TABLE feature_store.{GROUP} CHANGE COLUMN count n bigint;" in said
    assert f"-- glue.delete_table(DatabaseName='feature_store', Name='{GROUP}')" in said
    assert "DROP TABLE" not in said  # which would delete an Iceberg table's files
    assert "VALUES 'a1'" in said


def test_stamp_writes_the_view_alone(project: Project) -> None:
    said = project.run("stamp", "a1:a2", sql=True)
    assert statements(said)[-1].endswith("(VALUES 'a2') AS t (version_num)")
    assert "CREATE TABLE" not in said


def test_a_change_that_cannot_be_is_refused_offline_too(project: Project) -> None:
    project.revision("a3", "a2", f'op.drop_column("{GROUP}", "nothing")')
    with pytest.raises(MigrationError, match="nothing"):
        project.up(sql=True)


def test_databases_and_the_version_table_are_those_of_the_options(tmp_path: Path) -> None:
    project = Project(tmp_path, 'version_table="at", version_table_schema="elsewhere"')
    project.revision("a1", None, CREATE.replace("keys=", 'schema="other", keys='))
    said = project.up(sql=True)
    assert 'CREATE OR REPLACE VIEW "elsewhere"."at"' in said
    assert f"CREATE TABLE other.{GROUP}" in said
    assert 'CREATE OR REPLACE VIEW "other"."test_app_thing"' in said


def test_the_url_of_aws_says_where_tables_go(project: Project) -> None:
    url = "url=fsql://KEY:SECRET@eu-west-1/db?work_group=w&warehouse=s3://mine/w/"
    said = project.up(sql=True, x=[url])
    assert f"LOCATION 's3://mine/w/db/{GROUP}/'" in said
    assert "SECRET" not in said
