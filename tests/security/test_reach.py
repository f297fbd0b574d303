"""SQL reaches no file, no setting and no function of the machine but through tables."""

from __future__ import annotations

import shutil

import pytest
from botocore.exceptions import ClientError

from tests.security.place import Place

STATEMENTS = """
SELECT * FROM read_csv('{secret}')
SELECT * FROM read_csv_auto('{secret}')
SELECT * FROM read_text('{secret}')
SELECT * FROM read_blob('{secret}')
SELECT * FROM read_parquet('{secret}')
SELECT * FROM parquet_metadata('{secret}')
SELECT * FROM read_json('{secret}')
SELECT * FROM sniff_csv('{secret}')
SELECT * FROM glob('{folder}/*')
SELECT * FROM TABLE(read_text('{secret}'))
SELECT * FROM UNNEST(read_text('{secret}'))
SELECT * FROM LATERAL (SELECT * FROM read_text('{secret}'))
SELECT read_text('{secret}')
SELECT (SELECT content FROM read_text('{secret}'))
SELECT * FROM '{secret}'
SELECT * FROM "{secret}"
SELECT * FROM "read_text('{secret}')"
SELECT * FROM "x') UNION ALL SELECT content FROM read_text('{secret}') --"
SELECT '\\'' || (SELECT content FROM read_text('{secret}'))
SELECT 1 WHERE EXISTS (SELECT 1 FROM read_text('{secret}'))
WITH a AS (SELECT * FROM read_text('{secret}')) SELECT * FROM a
TABLE "{secret}"
FROM read_text('{secret}')
COPY (SELECT 1) TO '{folder}/out.csv'
COPY x FROM '{secret}'
EXPORT DATABASE '{folder}/out'
IMPORT DATABASE '{folder}'
ATTACH '{folder}/other.db'
ATTACH '{folder}/store/catalog.db' (TYPE sqlite)
DETACH memory
USE memory
INSTALL httpfs
LOAD httpfs
LOAD '{folder}/x.duckdb_extension'
FORCE INSTALL httpfs
UPDATE EXTENSIONS
CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')
CREATE MACRO m() AS 1
CREATE TEMP TABLE t (a int)
CREATE TYPE t AS ENUM ('a')
CREATE SEQUENCE s
SET enable_external_access = true
SET allowed_directories = ['/']
SET lock_configuration = false
SET memory_limit = '1TB'
SET threads = 1000
SET SESSION query_max_run_time = '1h'
SET VARIABLE x = 1
RESET lock_configuration
RESET SESSION x
PRAGMA enable_profiling
PRAGMA disable_profiling
PRAGMA database_list
PRAGMA memory_limit='1TB'
CALL pragma_version()
CALL duckdb_settings()
CHECKPOINT
FORCE CHECKPOINT
BEGIN TRANSACTION
SELECT getenv('HOME')
SELECT getvariable('x')
SELECT current_setting('temp_directory')
SELECT set_config('threads', '1', false)
SELECT pg_read_file('{secret}')
SELECT load_extension('x')
SELECT query('SELECT 1')
SELECT * FROM query('SELECT 1')
SELECT * FROM query_table('x')
SELECT * FROM duckdb_settings()
SELECT * FROM duckdb_databases()
SELECT * FROM duckdb_secrets()
SELECT * FROM TABLE(duckdb_settings())
SELECT * FROM duckdb_settings
SELECT * FROM sqlite_master
SELECT * FROM pg_catalog.pg_settings
SELECT * FROM main.duckdb_settings
SELECT * FROM memory.main.x
SELECT * FROM system.runtime.nodes
SELECT * FROM range(3)
SELECT version()
SELECT write_log('x')
SELECT parse_path('{secret}')
SELECT fsql_opencsv('a', ',"\\')
SELECT fsql_hive_json('a', 'b')
SELECT nextval('x')
SELECT add_parquet_key('a', 'b')
SELECT COLUMNS('.*') FROM (VALUES 1) t(a)
SELECT 1::varchar
SELECT {{'a': 1}}
SELECT lambda x: x
SELECT 1; COPY (SELECT 1) TO '{folder}/out.csv'
SELECT 1 /* ; */ ; ATTACH '{folder}/other.db'
EXPLAIN COPY (SELECT 1) TO '{folder}/out.csv'
EXPLAIN ANALYZE SELECT * FROM read_text('{secret}')
PREPARE p FROM COPY (SELECT 1) TO '{folder}/out.csv'
PREPARE p FROM SELECT * FROM read_text('{secret}')
EXECUTE IMMEDIATE 'SELECT 1'
DESCRIBE '{secret}'
SUMMARIZE '{secret}'
SHOW ALL TABLES
INSERT INTO "{secret}" VALUES (1)
CREATE VIEW v AS SELECT * FROM read_text('{secret}')
CREATE TABLE t AS SELECT * FROM read_text('{secret}')
CREATE TABLE t WITH (external_location = '{folder}/elsewhere/') AS SELECT 1 a
CREATE TABLE t WITH (external_location = 'file://{folder}/elsewhere/') AS SELECT 1 a
CREATE TABLE t WITH (external_location = 's3://../elsewhere/') AS SELECT 1 a
CREATE TABLE t WITH (location = 's3://..%2felsewhere/', table_type = 'ICEBERG') AS SELECT 1 a
UNLOAD (SELECT 1 a) TO '{folder}/elsewhere/' WITH (format = 'PARQUET')
UNLOAD (SELECT 1 a) TO 'file://{folder}/elsewhere/' WITH (format = 'PARQUET')
UNLOAD (SELECT 1 a) TO 's3://../elsewhere/' WITH (format = 'PARQUET')
UNLOAD (SELECT 1 a) TO 's3://./../elsewhere/' WITH (format = 'PARQUET')
UNLOAD (SELECT 1 a) TO 's3://fsql-local\\..\\elsewhere/' WITH (format = 'PARQUET')
CREATE EXTERNAL TABLE t (a string) LOCATION '{folder}/'
CREATE EXTERNAL TABLE t (a string) LOCATION 'file://{folder}/'
CREATE EXTERNAL TABLE t (a string) LOCATION 's3://../'
"""


@pytest.mark.parametrize("sql", STATEMENTS.strip().splitlines())
def test_statements_that_athena_does_not_have(attacked: Place, sql: str) -> None:
    told = attacked.ask(sql.format(secret=attacked.secret, folder=attacked.folder))
    if sql.startswith("PREPARE p FROM SELECT"):
        told = attacked.ask("EXECUTE p")
    if sql.startswith("CREATE EXTERNAL"):  # names are checked when they are read
        told = attacked.ask("SELECT * FROM t")
        attacked.ask("DROP TABLE IF EXISTS t")
    assert isinstance(told, str), told
    assert not list((attacked.folder / "elsewhere").iterdir())


@pytest.mark.parametrize(
    "key",
    [
        *("../../../elsewhere/x", "a/../../../../elsewhere/x", "/../../elsewhere/x", "%2e%2e/x"),
        *("a\\..\\x", "./x", "a//../x", "~s3~/../x", "x\x00/../y", "..", "."),
    ],
)
def test_keys_are_names_and_no_paths(attacked: Place, key: str) -> None:
    attacked.put(key, b"x")
    body = attacked.s3.get_object(Bucket="fsql-local", Key=key)["Body"].read()
    assert body == b"x"
    place = f"'s3://fsql-local/{key}/'"
    attacked.ask(f"UNLOAD (SELECT 1 a) TO {place} WITH (format = 'PARQUET')")
    attacked.ask(f"CREATE TABLE odd WITH (external_location = {place}) AS SELECT 1 a")
    attacked.ask("DROP TABLE odd")
    assert not list((attacked.folder / "elsewhere").iterdir())


@pytest.mark.parametrize("link", ["linked/secret.csv", "linked", "../linked-bucket"])
def test_links_lead_nowhere(attacked: Place, link: str) -> None:
    where = attacked.folder / "store/s3/fsql-local" / link
    where.parent.mkdir(exist_ok=True)
    where.symlink_to(attacked.secret if link.endswith(".csv") else attacked.folder)
    bucket = "linked-bucket" if link.startswith("..") else "fsql-local"
    prefix = "" if link.startswith("..") else "linked/"
    try:
        attacked.create(attacked.table("t", Location=f"s3://{bucket}/{prefix}"))
        assert attacked.ask("SELECT a FROM t") in ([["a"]], "NoSuchBucket: " + _NO_BUCKET)
        with pytest.raises(ClientError):
            attacked.s3.get_object(Bucket=bucket, Key=f"{prefix}secret.csv")
        with pytest.raises(ClientError):
            attacked.s3.put_object(Bucket=bucket, Key=f"{prefix}secret.csv", Body=b"changed")
        listed = attacked.listing(bucket, prefix)
        assert "secret.csv" not in listed
        place = f"'s3://{bucket}/{prefix}elsewhere/'"
        told = attacked.ask(f"UNLOAD (SELECT 1 a) TO {place} WITH (format = 'PARQUET')")
        assert isinstance(told, str) or link.endswith(".csv")
    finally:
        where.unlink()
        shutil.rmtree(attacked.folder / "store/s3/fsql-local/linked", ignore_errors=True)
    assert not list((attacked.folder / "elsewhere").iterdir())


_NO_BUCKET = "The specified bucket does not exist"
