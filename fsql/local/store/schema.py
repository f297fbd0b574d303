"""The tables of ``catalog.db``, as a list of migrations.

``PRAGMA user_version`` is the number of migrations a database has seen. Never edit a released
migration: append one; no semicolon may stand inside a statement or a comment. Bodies are JSON in
the shape that the AWS API returns; only what is searched or ordered by has a column of its own.
"""

from __future__ import annotations

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE glue_database (
        name TEXT PRIMARY KEY,
        body TEXT NOT NULL
    );
    CREATE TABLE glue_table (
        id INTEGER PRIMARY KEY,
        database TEXT NOT NULL REFERENCES glue_database (name) ON DELETE CASCADE,
        name TEXT NOT NULL,
        version INTEGER NOT NULL,
        body TEXT NOT NULL,
        UNIQUE (database, name)
    );
    CREATE TABLE glue_table_version (
        table_id INTEGER NOT NULL REFERENCES glue_table (id) ON DELETE CASCADE,
        version INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (table_id, version)
    );
    CREATE TABLE glue_partition (
        table_id INTEGER NOT NULL REFERENCES glue_table (id) ON DELETE CASCADE,
        value TEXT NOT NULL,                  -- the partition values, a JSON array of strings
        body TEXT NOT NULL,
        PRIMARY KEY (table_id, value)
    );
    CREATE TABLE glue_tag (
        arn TEXT NOT NULL,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (arn, name)
    );

    CREATE TABLE athena_work_group (
        name TEXT PRIMARY KEY,
        body TEXT NOT NULL
    );
    CREATE TABLE athena_query (
        id TEXT PRIMARY KEY,                  -- the QueryExecutionId
        work_group TEXT NOT NULL,
        client_token TEXT,                    -- ClientRequestToken: the same token, the same query
        submitted REAL NOT NULL,              -- epoch seconds
        state TEXT NOT NULL,
        owner TEXT,                           -- the process that runs it, for after a crash
        body TEXT NOT NULL
    );
    CREATE INDEX athena_query_history ON athena_query (work_group, submitted DESC);
    CREATE INDEX athena_query_token ON athena_query (client_token) WHERE client_token IS NOT NULL;
    CREATE TABLE athena_prepared_statement (
        work_group TEXT NOT NULL,
        name TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (work_group, name)
    );
    CREATE TABLE athena_named_query (
        id TEXT PRIMARY KEY,
        work_group TEXT NOT NULL,
        name TEXT NOT NULL,
        body TEXT NOT NULL
    );

    CREATE TABLE s3_bucket (
        name TEXT PRIMARY KEY,
        created REAL NOT NULL,                -- epoch seconds
        region TEXT NOT NULL
    );
    CREATE TABLE s3_object (                  -- only what the plain file can't hold
        bucket TEXT NOT NULL,
        key TEXT NOT NULL,
        size INTEGER NOT NULL,                -- size and mtime_ns of the file described, a file
        mtime_ns INTEGER NOT NULL,            -- replaced behind our back makes the row void
        etag TEXT NOT NULL,                   -- without quotes
        headers TEXT NOT NULL,                -- JSON object: Content-Type, x-amz-meta-*, ...
        PRIMARY KEY (bucket, key)
    ) WITHOUT ROWID;
    CREATE TABLE s3_upload (
        id TEXT PRIMARY KEY,
        bucket TEXT NOT NULL,
        key TEXT NOT NULL,
        initiated REAL NOT NULL,
        headers TEXT NOT NULL
    );
    CREATE TABLE s3_part (
        upload_id TEXT NOT NULL REFERENCES s3_upload (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        file TEXT NOT NULL,                   -- file name in the upload's folder
        size INTEGER NOT NULL,
        etag TEXT NOT NULL,
        modified REAL NOT NULL,
        headers TEXT NOT NULL,
        PRIMARY KEY (upload_id, number)
    );
    """,
    """
    CREATE TABLE athena_tag (
        arn TEXT NOT NULL,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (arn, name)
    );
    CREATE TABLE athena_data_catalog (
        name TEXT PRIMARY KEY,
        body TEXT NOT NULL
    );
    ALTER TABLE athena_named_query ADD COLUMN client_token TEXT;

    CREATE TABLE glue_column_statistics (
        table_id INTEGER NOT NULL REFERENCES glue_table (id) ON DELETE CASCADE,
        value TEXT NOT NULL,                  -- a partition as in glue_partition, or no partition
        column_name TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (table_id, value, column_name)
    );
    CREATE TABLE glue_function (
        database TEXT NOT NULL REFERENCES glue_database (name) ON DELETE CASCADE,
        name TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (database, name)
    );
    CREATE TABLE glue_partition_index (
        table_id INTEGER NOT NULL REFERENCES glue_table (id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (table_id, name)
    );

    ALTER TABLE s3_object ADD COLUMN tags TEXT NOT NULL DEFAULT '{}';
    CREATE TABLE s3_bucket_tag (
        bucket TEXT NOT NULL,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (bucket, name)
    );
    """,
)
