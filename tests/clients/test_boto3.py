"""boto3: paginators, waiters, the transfer manager, presigned URLs."""

from __future__ import annotations

import hashlib
import io
import time
import urllib.request
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.benchmarks.served import STAGING

BUCKET = "fsql-local"


def finished(athena: Any, sql: str) -> str:
    started = athena.start_query_execution(
        QueryString=sql, ResultConfiguration={"OutputLocation": STAGING}
    )
    for _ in range(500):
        asked = athena.get_query_execution(QueryExecutionId=started["QueryExecutionId"])
        status = asked["QueryExecution"]["Status"]
        if status["State"] not in ("QUEUED", "RUNNING"):
            break
        time.sleep(0.02)
    assert status["State"] == "SUCCEEDED", status
    return str(started["QueryExecutionId"])


def test_pages_of_query_results(aws: Any) -> None:
    athena = aws.client("athena")
    number = finished(athena, "SELECT * FROM UNNEST(sequence(1, 2500)) AS t (n)")
    pages = list(athena.get_paginator("get_query_results").paginate(QueryExecutionId=number))
    assert [len(page["ResultSet"]["Rows"]) for page in pages] == [1000, 1000, 501]
    cells = [row["Data"][0]["VarCharValue"] for page in pages for row in page["ResultSet"]["Rows"]]
    assert cells == ["n", *map(str, range(1, 2501))]


def test_pages_of_the_history(aws: Any) -> None:
    athena = aws.client("athena")
    numbers = {finished(athena, f"SELECT {n}") for n in range(3)}
    pages = athena.get_paginator("list_query_executions").paginate(PaginationConfig={"PageSize": 2})
    listed = [number for page in pages for number in page["QueryExecutionIds"]]
    assert numbers <= set(listed)
    assert len(set(listed)) == len(listed)


def test_pages_of_tables_and_partitions(aws: Any) -> None:
    glue = aws.client("glue")
    glue.create_database(DatabaseInput={"Name": "paged"})
    columns = [{"Name": "id", "Type": "bigint"}]
    for n in range(5):
        table = {"Name": f"t{n}", "StorageDescriptor": {"Columns": columns}}
        glue.create_table(
            DatabaseName="paged",
            TableInput={**table, "PartitionKeys": [{"Name": "p", "Type": "int"}]},
        )
    values = [{"Values": [str(n)], "StorageDescriptor": {"Columns": columns}} for n in range(7)]
    glue.batch_create_partition(DatabaseName="paged", TableName="t0", PartitionInputList=values)
    small = {"PageSize": 2}
    tables = glue.get_paginator("get_tables").paginate(DatabaseName="paged", PaginationConfig=small)
    assert [t["Name"] for page in tables for t in page["TableList"]] == [f"t{n}" for n in range(5)]
    partitions = glue.get_paginator("get_partitions").paginate(
        DatabaseName="paged", TableName="t0", Expression="p >= 2", PaginationConfig=small
    )
    found = [p["Values"][0] for page in partitions for p in page["Partitions"]]
    assert sorted(found) == ["2", "3", "4", "5", "6"]


def test_pages_of_objects(aws: Any) -> None:
    s3 = aws.client("s3")
    keys = [f"pages/{folder}/{n}" for folder in "ab" for n in range(4)]
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    paginator = s3.get_paginator("list_objects_v2")
    small = {"PageSize": 3}
    pages = list(paginator.paginate(Bucket=BUCKET, Prefix="pages/", PaginationConfig=small))
    assert [x["Key"] for page in pages for x in page["Contents"]] == keys
    assert [len(page["Contents"]) for page in pages] == [3, 3, 2]
    folders = paginator.paginate(Bucket=BUCKET, Prefix="pages/", Delimiter="/")
    assert list(folders.search("CommonPrefixes[].Prefix")) == ["pages/a/", "pages/b/"]


def test_waiters(aws: Any) -> None:
    s3 = aws.client("s3")
    patience = {"Delay": 1, "MaxAttempts": 2}
    s3.create_bucket(Bucket="fsql-waited")
    s3.get_waiter("bucket_exists").wait(Bucket="fsql-waited", WaiterConfig=patience)
    s3.put_object(Bucket="fsql-waited", Key="k", Body=b"")
    s3.get_waiter("object_exists").wait(Bucket="fsql-waited", Key="k", WaiterConfig=patience)
    with pytest.raises(ClientError, match="BucketNotEmpty"):
        s3.delete_bucket(Bucket="fsql-waited")
    s3.delete_object(Bucket="fsql-waited", Key="k")
    s3.get_waiter("object_not_exists").wait(Bucket="fsql-waited", Key="k", WaiterConfig=patience)
    s3.delete_bucket(Bucket="fsql-waited")
    s3.get_waiter("bucket_not_exists").wait(Bucket="fsql-waited", WaiterConfig=patience)


def test_the_transfer_manager_with_50_mb(aws: Any) -> None:
    s3 = aws.client("s3")
    body = b"".join(hashlib.sha256(str(n).encode()).digest() for n in range(50 << 15))
    assert len(body) == 50 << 20
    parts = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20)
    seen: list[int] = []
    s3.upload_fileobj(
        io.BytesIO(body), BUCKET, "transfer/large", Config=parts, Callback=seen.append
    )
    assert sum(seen) == len(body)
    head = s3.head_object(Bucket=BUCKET, Key="transfer/large")
    assert head["ContentLength"] == len(body)
    assert head["ETag"].endswith('-7"')
    back = io.BytesIO()
    s3.download_fileobj(BUCKET, "transfer/large", back, Config=parts)
    assert back.getvalue() == body
    s3.copy({"Bucket": BUCKET, "Key": "transfer/large"}, BUCKET, "transfer/copy", Config=parts)
    last = s3.get_object(Bucket=BUCKET, Key="transfer/copy", Range="bytes=-32")["Body"].read()
    assert last == body[-32:]
    assert not s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads")


@pytest.mark.parametrize("signature", ["s3", "s3v4"])
def test_presigned_urls(aws: Any, signature: str) -> None:
    s3 = aws.client("s3", config=Config(signature_version=signature))
    where = {"Bucket": BUCKET, "Key": f"presigned/{signature} ü+&"}
    put = s3.generate_presigned_url("put_object", Params=where, ExpiresIn=60)
    with urllib.request.urlopen(urllib.request.Request(put, b"signed", method="PUT")) as answer:
        assert answer.status == 200
    got = s3.generate_presigned_url("get_object", Params=where, ExpiresIn=60)
    with urllib.request.urlopen(got) as answer:
        assert answer.read() == b"signed"
    download = {**where, "ResponseContentDisposition": "attachment; filename=x"}
    got = s3.generate_presigned_url("get_object", Params=download)
    with urllib.request.urlopen(got) as answer:
        assert answer.headers["Content-Disposition"] == "attachment; filename=x"


def test_resources(aws: Any) -> None:
    bucket = aws.resource("s3").Bucket(BUCKET)
    for n in range(3):
        bucket.Object(f"resources/{n}").put(Body=str(n).encode())
    held = {x.key: x.get()["Body"].read() for x in bucket.objects.filter(Prefix="resources/")}
    assert held == {f"resources/{n}": str(n).encode() for n in range(3)}
    bucket.objects.filter(Prefix="resources/").delete()
    assert not list(bucket.objects.filter(Prefix="resources/"))


def test_a_database_between_backticks(aws: Any) -> None:
    athena = aws.client("athena")
    started = athena.start_query_execution(
        QueryString="SHOW TABLES",
        QueryExecutionContext={"Database": "`feature_store`"},  # as awswrangler repairs tables
        ResultConfiguration={"OutputLocation": STAGING},
    )
    asked = athena.get_query_execution(QueryExecutionId=started["QueryExecutionId"])
    assert asked["QueryExecution"]["QueryExecutionContext"]["Database"] == "feature_store"
