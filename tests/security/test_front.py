"""The HTTP front under attack: browsers, slow and lying clients, bombs, paths, secrets in logs."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.security.place import BUCKET, DATABASE, Place


def address(attacked: Place) -> tuple[str, int]:
    return "127.0.0.1", int(attacked.served.url.rpartition(":")[2])


def sent(attacked: Place, data: bytes) -> bytes:
    """What comes back of bytes sent as they are, until the server closes or waits for more."""
    with socket.create_connection(address(attacked), timeout=20) as made:
        with contextlib.suppress(ConnectionError):
            made.sendall(data)
        made.settimeout(1)
        with contextlib.suppress(ConnectionError, TimeoutError):
            return made.recv(65536)
    return b""


def asked(
    attacked: Place, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(*address(attacked), timeout=30)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "same-origin"},
        {"Host": "evil.example"},
        {"Host": "evil.example:4577"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "localhost.evil.example"},
        {"Host": "evilamazonaws.com"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"])
def test_web_pages_get_nothing(attacked: Place, method: str, headers: dict[str, str]) -> None:
    attacked.put("private.txt", b"c4n4ry")
    status, body = asked(attacked, method, f"/{BUCKET}/private.txt", None, **headers)
    assert status == 403
    assert b"c4n4ry" not in body
    head, _ = asked(attacked, "GET", f"/{BUCKET}/private.txt")
    assert head == 200


@pytest.mark.parametrize(
    "path",
    [
        "/fsql-local/../../../secret.csv",
        "/fsql-local/%2e%2e/%2e%2e/%2e%2e/secret.csv",
        "/fsql-local/%252e%252e/secret.csv",
        "/fsql-local/..%2f..%2f..%2fsecret.csv",
        "/fsql-local/..%5c..%5csecret.csv",
        "/fsql-local/%c0%ae%c0%ae/secret.csv",
        "/fsql-local/x%00/../../secret.csv",
        "/../secret.csv",
        "/%2e%2e/secret.csv",
        "/..%2fsecret.csv/x",
        "//secret.csv",
        "/./../secret.csv",
        "/~s3~/x",
        "/fsql-local/~s3~/x",
        "/fsql-local/?prefix=../../",
        "/fsql-local/?list-type=2&prefix=%2e%2e/%2e%2e/&delimiter=/",
        "/fsql-local/?uploads&prefix=../",
        "/fsql-local/x?uploadId=../../../secret.csv",
        "/catalog.db",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "POST"])
def test_paths_lead_to_objects_only(attacked: Place, method: str, path: str) -> None:
    status, body = asked(attacked, method, path, b"x" if method in ("PUT", "POST") else None)
    assert status < 500 or status == 501
    assert b"c4n4ry" not in body
    if method == "PUT" and status == 200:
        asked(attacked, "DELETE", path)


def test_copies_from_outside(attacked: Place) -> None:
    for source in (
        "/../secret.csv",
        "fsql-local/../../../secret.csv",
        "../x",
        "..%2fsecret.csv",
        "",
    ):
        status, _ = asked(attacked, "PUT", f"/{BUCKET}/copied", x_amz_copy_source=source)
        assert 400 <= status < 500 or (status, source) == (200, "")


BOMBS = {
    "laughs": b'<!DOCTYPE x [<!ENTITY a "'
    + b"a" * 1000
    + b'">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 50) for i in range(10))
    + b"]><Delete><Object><Key>&k;</Key></Object></Delete>",
    "outside": b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    b"<Delete><Object><Key>&a;</Key></Object></Delete>",
    "deep": b"<Delete>" * 200_000,
    "closed": b"<Delete>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</Delete>",
    "wide": b"<Delete>" + b"<Object><Key>x</Key></Object>" * 200_000 + b"</Delete>",
    "utf": '<?xml version="1.0" encoding="utf-16"?><Delete/>'.encode("utf-16"),
    "none": b"\x00\xff",
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_xml_bombs(attacked: Place, bomb: bytes) -> None:
    made = attacked.s3.create_multipart_upload(Bucket=BUCKET, Key="parts")
    before, start = attacked.served.memory(), time.monotonic()
    for path in (f"/{BUCKET}/?delete", f"/{BUCKET}/parts?uploadId={made['UploadId']}"):
        status, body = asked(attacked, "POST", path, bomb)
        assert 400 <= status < 500, body
    assert time.monotonic() - start < 60
    assert attacked.served.memory() - before < 300
    attacked.s3.abort_multipart_upload(Bucket=BUCKET, Key="parts", UploadId=made["UploadId"])


def api(attacked: Place, target: str, body: bytes) -> tuple[int, bytes]:
    return asked(attacked, "POST", "/", body, X_Amz_Target=target)


DEPTHS = (50, 900, 990, 200_000)


@pytest.mark.parametrize("depth", DEPTHS)
def test_json_bombs(attacked: Place, depth: int) -> None:
    nested = b'{"a":' * depth + b"1" + b"}" * depth
    listed = b"[" * depth + b"]" * depth
    for value in (nested, listed, b"1" * 10_000, b'"\\ud800"', b"1e999", b"NaN"):
        for body in (
            value,
            b'{"DatabaseName":"d","TableInput":{"Name":"x","Parameters":%s}}' % value,
            b'{"DatabaseName":"d","TableInput":{"Name":"x","StorageDescriptor":%s}}' % value,
            b'{"QueryString":%s}' % value,
            b'{"QueryString":"SELECT 1","ExecutionParameters":%s}' % value,
            b'{"NextToken":%s,"DatabaseName":"feature_store"}' % value,
        ):
            for target in (
                "AWSGlue.CreateTable",
                "AWSGlue.GetTables",
                "AmazonAthena.StartQueryExecution",
            ):
                status, answer = api(attacked, target, body)
                assert status < 500, (target, body[:100], answer)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("feature_store"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Name", "Values", "Columns", "S3Uri", ""]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
OPERATIONS = [
    *("GetTable", "GetTables", "CreateTable", "UpdateTable", "GetPartitions", "CreatePartition"),
    *(
        "BatchCreatePartition",
        "BatchGetPartition",
        "GetDatabases",
        "CreateDatabase",
        "SearchTables",
    ),
    *("DeleteTable", "GetTableVersions", "StartQueryExecution", "GetQueryResults", "GetWorkGroup"),
    *("GetQueryExecution", "BatchGetQueryExecution", "ListQueryExecutions", "CreateNamedQuery"),
    *("GetTableMetadata", "ListTableMetadata", "CreatePreparedStatement", "UpdatePartition"),
]
MEMBERS = [
    *("DatabaseName", "TableName", "Name", "TableInput", "PartitionInput", "PartitionValues"),
    *("Expression", "NextToken", "MaxResults", "QueryString", "QueryExecutionId", "WorkGroup"),
    *("ResultConfiguration", "QueryExecutionContext", "ExecutionParameters", "CatalogName"),
    *("CatalogId", "Segment", "DatabaseInput", "PartitionInputList", "PartitionsToGet"),
]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(OPERATIONS), st.dictionaries(st.sampled_from(MEMBERS), VALUES, max_size=5))
def test_any_members(attacked: Place, operation: str, members: dict[str, Any]) -> None:
    for service in ("AWSGlue", "AmazonAthena"):
        body = json.dumps(members).encode()
        status, answer = api(attacked, f"{service}.{operation}", body)
        assert status < 500, (operation, members, answer)
        assert json.loads(answer) is not None


def test_expressions_that_never_end(attacked: Place) -> None:
    attacked.create(attacked.table("a" * 100 + "b"))
    start = time.monotonic()
    for pattern in ("(a+)+$", "(a|a)*$", "(.*)*x", "(?=a)", "(", "a{100000}", "\\Q(a+)+"):
        with contextlib.suppress(attacked.glue.exceptions.InvalidInputException):
            attacked.glue.get_tables(DatabaseName=DATABASE, Expression=pattern)
        attacked.ask(f"SHOW TABLES '{pattern}'")
        attacked.ask(f"SHOW VIEWS LIKE '{pattern}'")
        with contextlib.suppress(ClientError):
            attacked.athena.list_table_metadata(
                CatalogName="AwsDataCatalog", DatabaseName=DATABASE, Expression=pattern
            )
    assert time.monotonic() - start < 60


@pytest.mark.slow
def test_slow_heads_are_hung_up_on(attacked: Place) -> None:
    slow = [socket.create_connection(address(attacked), timeout=60) for _ in range(50)]
    try:
        for connection in slow:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: local")
        start = time.monotonic()
        assert asked(attacked, "GET", "/health")[0] == 200
        assert time.monotonic() - start < 60
        slow[0].settimeout(45)
        ended = b"".join(iter(lambda: slow[0].recv(100), b""))
        assert not ended or b" 4" in ended[:20]
    finally:
        for connection in slow:
            connection.close()


LIES = [
    b"Content-Length: 5\r\n\r\nab",
    b"Content-Length: -1\r\n\r\nab",
    b"Content-Length: 99999999999999999999999\r\n\r\nab",
    b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nab",
    b"Transfer-Encoding: chunked\r\n\r\n-1\r\nab",
    b"Transfer-Encoding: chunked\r\n\r\nzz\r\nab",
    b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
    b"Transfer-Encoding: identity\r\n\r\nab",
    b"Content-Encoding: aws-chunked\r\nContent-Length: 9\r\n\r\nffff\r\nab\r\n",
    b"Content-Encoding: aws-chunked\r\nContent-Length: 4\r\n\r\n-2\r\n",
    b"x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD\r\nContent-Length: 3\r\n\r\nabc",
    b"x-amz-decoded-content-length: 9\r\nContent-Encoding: aws-chunked\r\n"
    b"Content-Length: 12\r\n\r\n"
    b"2\r\nab\r\n0\r\n\r\n",
    b"Content-MD5: AAAA\r\nContent-Length: 2\r\n\r\nab",
    b"x-amz-checksum-crc32: AAAAAA==\r\nContent-Length: 2\r\n\r\nab",
]


@pytest.mark.parametrize("rest", LIES, ids=range(len(LIES)))
def test_bodies_that_lie(attacked: Place, rest: bytes) -> None:
    attacked.s3.delete_object(Bucket=BUCKET, Key="lie")
    answer = sent(attacked, b"PUT /fsql-local/lie HTTP/1.1\r\nHost: localhost\r\n" + rest)
    assert not answer or re.match(rb"HTTP/1\.1 [234]", answer), answer
    kept = attacked.s3.list_objects_v2(Bucket=BUCKET, Prefix="lie").get("Contents", [])
    if not answer.startswith(b"HTTP/1.1 2"):
        assert kept == []


def test_large_heads_and_bodies(attacked: Place) -> None:
    long = b"GET /fsql-local/x HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100_000 + b"\r\n\r\n"
    assert b" 400 " in sent(attacked, long)[:20]
    many = b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: a\r\n" * 50_000 + b"\r\n"
    assert b" 400 " in sent(attacked, many)[:20]
    before = attacked.served.memory()
    for target in ("AWSGlue.CreateTable", "AmazonAthena.StartQueryExecution"):
        body = b'{"QueryString":"' + b"x" * (40 << 20) + b'"}'
        assert api(attacked, target, body)[0] == 413
    assert attacked.served.memory() - before < 400
    hosted = b"GET / HTTP/1.1\r\nHost: " + b".s3" * 20_000 + b".amazonaws.com\r\n\r\n"
    assert b" 400 " in sent(attacked, hosted)[:20]


def test_the_log_holds_lines_of_requests_only(attacked: Place) -> None:
    log = attacked.folder / "store.log"
    secret = "5eCrEtT0k3n"
    for name in ("X-Amz-Security-Token", "X-Amz-Signature", "x-amz-signature", "Signature"):
        for shown in (name, "%58" + name[1:] if name[0] == "X" else name, name.replace("-", "%2D")):
            asked(attacked, "GET", f"/{BUCKET}/k?{shown}={secret}")
            asked(attacked, "GET", f"/{BUCKET}/k?a=b&{shown}={secret}&c=d")
    asked(
        attacked,
        "GET",
        f"/{BUCKET}/x%0d%0a2026-01-01%20forged",
        Authorization=f"AWS4-HMAC-SHA256 Credential=a/{secret}, Signature={secret}",
        X_Amz_Security_Token=secret,
    )
    attacked.ask(f"SELECT '{secret}'")
    api(attacked, f"AmazonAthena.{secret[:3]}\x0bforged", b"{}")
    text = log.read_text()
    assert secret not in text
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:|  |\s*$", line) for line in text.splitlines())


def test_error_messages_name_no_path_of_the_machine(attacked: Place) -> None:
    where = attacked.folder / "store/s3/fsql-local/linked-out"
    where.symlink_to(attacked.folder)
    try:
        told = asked(attacked, "GET", f"/{BUCKET}/linked-out/secret.csv")[1]
        told += asked(attacked, "PUT", f"/{BUCKET}/linked-out/secret.csv", b"x")[1]
    finally:
        where.unlink()
    attacked.put("explained/x.csv", "a,1\n")
    attacked.create(attacked.table("explained"))
    told += str(attacked.ask("EXPLAIN SELECT * FROM explained")).encode()
    told += str(attacked.ask("EXPLAIN ANALYZE SELECT * FROM explained")).encode()
    assert str(Path(attacked.folder)).encode() not in told
