"""The embedded AWS as boto3's transport: what is answered, what is refused, and in which form."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ClientError

from fsql.local import LocalAWS, ServiceNotEmbedded, attach, isolated_session
from fsql.local.s3.address import parse_s3_url
from fsql.local.wire import AwsError


@pytest.fixture
def session(tmp_path: Path) -> boto3.Session:
    made = isolated_session()
    attach(made, tmp_path / "store")
    return made


# The session


def test_every_client_is_answered_here(tmp_path: Path) -> None:
    session = boto3.Session(aws_access_key_id="mine", aws_secret_access_key="secret")
    local = attach(session, tmp_path / "store")
    assert session.client("sts").get_caller_identity()["Account"] == "000000000000"
    assert session.client("glue").get_databases()["DatabaseList"] == []
    session.resource("s3").create_bucket(Bucket="bucket").put_object(Key="k", Body=b"x")
    assert local.store.path("bucket", "k").read_bytes() == b"x"


def test_no_credentials_and_no_region_are_needed(tmp_path: Path) -> None:
    session = boto3.Session()
    attach(session, tmp_path)
    assert session.region_name == "us-east-1"
    assert session.client("glue").get_databases()["DatabaseList"] == []
    elsewhere = boto3.Session(region_name="eu-central-1")
    attach(elsewhere, tmp_path)
    assert elsewhere.region_name == "eu-central-1"


def test_real_credentials_are_never_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    session = boto3.Session()
    attach(session, tmp_path)
    credentials = session.get_credentials()
    assert credentials is not None
    assert credentials.access_key == "local"


def test_settings_of_the_machine_do_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("this is [no config")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "does-not-exist")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:1")
    session = isolated_session("eu-central-1")
    attach(session, tmp_path / "store")
    assert session.region_name == "eu-central-1"
    s3: Any = session.client("s3")
    s3.create_bucket(
        Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == ["bucket"]


def test_sessions_share_a_folder_but_not_two(tmp_path: Path) -> None:
    one, same, other = isolated_session(), isolated_session(), isolated_session()
    local = LocalAWS(tmp_path / "one")
    local.attach(one)
    local.attach(same)
    attach(other, tmp_path / "other")
    one.client("glue").create_database(DatabaseInput={"Name": "db"})
    assert len(same.client("glue").get_databases()["DatabaseList"]) == 1
    assert other.client("glue").get_databases()["DatabaseList"] == []
    local.close()
    again = isolated_session()
    attach(again, tmp_path / "one")
    assert len(again.client("glue").get_databases()["DatabaseList"]) == 1


def test_a_client_may_be_used_by_many_threads(session: boto3.Session) -> None:
    glue: Any = session.client("glue")
    s3: Any = session.client("s3")
    s3.create_bucket(Bucket="bucket")

    def work(number: int) -> str:
        name = f"db{number}"
        glue.create_database(DatabaseInput={"Name": name})
        s3.put_object(Bucket="bucket", Key=name, Body=name.encode())
        found = glue.get_database(Name=name)["Database"]["Name"]
        assert s3.get_object(Bucket="bucket", Key=name)["Body"].read() == name.encode()
        return str(found)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(32))) == [f"db{number}" for number in range(32)]
    assert len(glue.get_databases()["DatabaseList"]) == 32


def test_the_engine_is_not_loaded_before_a_query() -> None:
    program = "import sys, fsql.local; sys.exit('duckdb' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


# What is not there


def test_another_service_is_refused(session: boto3.Session, tmp_path: Path) -> None:
    with pytest.raises(ServiceNotEmbedded, match="not dynamodb") as caught:
        session.client("dynamodb").list_tables()
    assert str(tmp_path / "store") in str(caught.value)


def refusal(method: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        method(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_other_operations_are_named(session: boto3.Session) -> None:
    code, message = refusal(session.client("glue").get_crawlers)
    assert code == "UnknownOperationException"
    assert "the operation GetCrawlers" in message
    code, message = refusal(session.client("sts").get_session_token)
    assert code == "UnknownOperationException"
    assert "the operation GetSessionToken" in message


def test_parts_of_s3_that_only_aws_has(session: boto3.Session) -> None:
    s3: Any = session.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="k", Body=b"k")
    for method, arguments in (
        (s3.put_bucket_policy, {"Policy": "{}"}),
        (s3.put_bucket_versioning, {"VersioningConfiguration": {"Status": "Enabled"}}),
        (s3.restore_object, {"Key": "k"}),
        (s3.get_object, {"Key": "k", "PartNumber": 1}),
    ):
        assert refusal(method, Bucket="bucket", **arguments)[0] == "NotImplemented"
    assert s3.get_object(Bucket="bucket", Key="k", VersionId="null")["Body"].read() == b"k"
    wrong: dict[str, Any] = {"Bucket": "bucket", "Key": "k"}
    assert refusal(s3.get_object, **wrong, VersionId="abc")[0] == "NoSuchVersion"
    assert refusal(s3.get_object, **wrong, ExpectedBucketOwner="1" * 12)[0] == "AccessDenied"
    assert "Status" not in s3.get_bucket_versioning(Bucket="bucket")


# The wire


@pytest.fixture
def local(tmp_path: Path) -> LocalAWS:
    made = LocalAWS(tmp_path / "store")
    (made.store.buckets / "bucket").mkdir()
    return made


def ask(local: LocalAWS, service: str, method: str, path: str, **more: Any) -> AWSResponse:
    url = f"https://{service}.us-east-1.amazonaws.com{path}"
    headers: Any = more.get("headers", {})
    request = AWSPreparedRequest(method, url, headers, more.get("body"), False)
    return local.handle(request, service)


def ask_glue(local: LocalAWS, operation: str, request: dict[str, Any]) -> AWSResponse:
    headers = {"X-Amz-Target": f"AWSGlue.{operation}".encode()}
    return ask(local, "glue", "POST", "/", headers=headers, body=json.dumps(request))


def test_json_answers(local: LocalAWS) -> None:
    made = ask_glue(local, "CreateDatabase", {"DatabaseInput": {"Name": "db"}})
    assert (made.status_code, json.loads(made.content)) == (200, {})
    assert made.headers["content-type"] == "application/x-amz-json-1.1"
    assert len(made.headers["x-amzn-requestid"]) == 36
    found = json.loads(ask_glue(local, "GetDatabase", {"Name": "db"}).content)["Database"]
    assert isinstance(found["CreateTime"], float)
    wrong = ask_glue(local, "GetTable", {"DatabaseName": "db", "Name": "no"})
    assert wrong.status_code == 400
    assert wrong.headers["x-amzn-errortype"] == "EntityNotFoundException"
    assert json.loads(wrong.content) == {
        "__type": "EntityNotFoundException",
        "message": "Entity Not Found",
    }


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"])
def test_a_request_that_is_no_json(local: LocalAWS, content: bytes) -> None:
    headers = {"X-Amz-Target": "AWSGlue.GetDatabases"}
    wrong = ask(local, "glue", "POST", "/", headers=headers, body=content)
    assert json.loads(wrong.content)["__type"] == "SerializationException"


def test_a_request_without_its_required_members(local: LocalAWS) -> None:
    wrong = json.loads(ask_glue(local, "GetTable", {}).content)
    assert wrong["__type"] == "ValidationException"
    assert wrong["message"] == (
        "2 validation errors detected: "
        "Value null at 'databaseName' failed to satisfy constraint: Member must not be null; "
        "Value null at 'name' failed to satisfy constraint: Member must not be null"
    )


def test_text_that_is_no_unicode_survives(local: LocalAWS) -> None:
    lone = "\ud800"
    given = {"Name": "db", "Parameters": {"k": lone}}
    ask_glue(local, "CreateDatabase", {"DatabaseInput": given})
    found = json.loads(ask_glue(local, "GetDatabase", {"Name": "db"}).content)["Database"]
    assert found["Parameters"] == {"k": lone}


def test_xml_errors(local: LocalAWS) -> None:
    wrong = ask(local, "s3", "GET", "/bucket/a%20%3C%01")
    assert wrong.status_code == 404
    assert b"<Key>a &lt;&#1;</Key>" in wrong.content
    wrong = ask(local, "s3", "GET", "/bucket/none")
    error = ElementTree.fromstring(wrong.content)
    assert error.tag == "Error"
    assert error.findtext("Code") == "NoSuchKey"
    assert error.findtext("Key") == "none"
    assert error.findtext("RequestId")
    assert wrong.headers["x-amz-request-id"]
    assert ask(local, "s3", "HEAD", "/bucket/none").content == b""
    unreadable = ElementTree.fromstring(ask(local, "s3", "GET", "/bucket/%ff").content)
    assert unreadable.findtext("Code") == "InvalidURI"


@pytest.mark.parametrize(
    ("url", "bucket", "key"),
    [
        ("https://s3.amazonaws.com/", None, None),
        ("https://s3.us-east-1.amazonaws.com/bucket", "bucket", None),
        ("https://s3.us-east-1.amazonaws.com/bucket/", "bucket", None),
        ("https://s3.us-east-1.amazonaws.com/bucket/a//b/", "bucket", "a//b/"),
        ("https://bucket.s3.amazonaws.com/", "bucket", None),
        ("https://bucket.s3.eu-central-1.amazonaws.com/a/../b", "bucket", "a/../b"),
        ("https://bucket.s3.eu-central-1.amazonaws.com//a", "bucket", "/a"),
        ("https://my.s3.bucket.s3.us-east-1.amazonaws.com/k", "my.s3.bucket", "k"),
        ("https://bucket.s3-accelerate.amazonaws.com/k", "bucket", "k"),
        ("https://bucket.s3.cn-north-1.amazonaws.com.cn/k", "bucket", "k"),
        ("http://localhost:9000/bucket/%252e%252e/%E2%82%AC+%3F", "bucket", "%2e%2e/€+?"),
    ],
)
def test_urls_of_s3(url: str, bucket: str | None, key: str | None) -> None:
    assert parse_s3_url(url) == (bucket, key, {})


def test_the_query_of_s3() -> None:
    _, _, query = parse_s3_url("https://s3.amazonaws.com/b?list-type=2&prefix=a%2Bb+c&uploads")
    assert query == {"list-type": "2", "prefix": "a+b c", "uploads": ""}
    with pytest.raises(AwsError, match="InvalidURI"):
        parse_s3_url("https://s3.amazonaws.com/b?prefix=%ff")


class Dribble(io.RawIOBase):
    """A body that arrives a few bytes at a time."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def read(self, size: int = -1) -> bytes:
        return self._content.read(3 if size < 0 else min(3, size))


CHUNKED = {
    "Content-Encoding": "gzip,aws-chunked",
    "X-Amz-Content-Sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    "X-Amz-Decoded-Content-Length": "11",
    "X-Amz-Trailer": "x-amz-checksum-crc32",
}


def chunks(trailer: str) -> bytes:
    parts = ["6;chunk-signature=ab\r\nhello \r\n", "5;chunk-signature=cd\r\nworld\r\n", "0\r\n"]
    return ("".join(parts) + trailer + "\r\n").encode()


@pytest.mark.parametrize("wrap", [bytes, io.BytesIO, Dribble])
def test_a_body_in_signed_chunks(local: LocalAWS, wrap: Any) -> None:
    content = wrap(chunks("x-amz-checksum-crc32:DUoRhQ==\r\nx-amz-trailer-signature:ef\r\n"))
    done = ask(local, "s3", "PUT", "/bucket/k", headers=CHUNKED, body=content)
    assert (done.status_code, done.content) == (200, b"")
    assert local.store.path("bucket", "k").read_bytes() == b"hello world"
    found = ask(local, "s3", "GET", "/bucket/k")
    assert found.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (chunks("x-amz-checksum-crc32:AAAAAA==\r\n"), "BadDigest"),
        (chunks("")[:20], "IncompleteBody"),
        (chunks("")[:30], "IncompleteBody"),
        (chunks("").replace(b"5;", b"4;"), "IncompleteBody"),
        (chunks("").replace(b"5;", b"five;"), "IncompleteBody"),
        (b"6\r\nhello \r\n0\r\n\r\n", "IncompleteBody"),
    ],
)
def test_bodies_that_arrive_damaged(local: LocalAWS, content: bytes, code: str) -> None:
    answer = ask(local, "s3", "PUT", "/bucket/k", headers=CHUNKED, body=content)
    assert ElementTree.fromstring(answer.content).findtext("Code") == code
    assert list(local.store.list("bucket")) == []
    assert list(local.store.staging.iterdir()) == []


def test_a_body_that_is_cut_short(local: LocalAWS) -> None:
    headers = {"Content-Length": "10"}
    answer = ask(local, "s3", "PUT", "/bucket/k", headers=headers, body=b"short")
    assert ElementTree.fromstring(answer.content).findtext("Code") == "IncompleteBody"
    headers = {"X-Amz-Content-Sha256": "0" * 64}
    answer = ask(local, "s3", "PUT", "/bucket/k", headers=headers, body=b"other")
    assert ElementTree.fromstring(answer.content).findtext("Code") == "XAmzContentSHA256Mismatch"
    assert list(local.store.list("bucket")) == []
    assert list(local.store.staging.iterdir()) == []


def test_a_request_of_s3_in_bad_xml(local: LocalAWS) -> None:
    for content in (
        b"",
        b"<Delete>",
        b"<Other/>",
        b'<?xml version="1.0" encoding="nope"?><Delete/>',
    ):
        answer = ask(local, "s3", "POST", "/bucket?delete", body=content)
        assert ElementTree.fromstring(answer.content).findtext("Code") == "MalformedXML"


def test_an_object_that_others_replaced_has_another_etag(local: LocalAWS) -> None:
    headers = {"Content-Type": "text/plain", "x-amz-meta-a": "1"}
    ask(local, "s3", "PUT", "/bucket/k", headers=headers, body=b"one")
    before = ask(local, "s3", "HEAD", "/bucket/k").headers
    assert (before["x-amz-meta-a"], before["content-type"]) == ("1", "text/plain")
    local.store.path("bucket", "k").write_bytes(b"two")
    after = ask(local, "s3", "HEAD", "/bucket/k").headers
    assert after["etag"] not in (before["etag"], "")
    assert after["etag"].endswith('-1"')
    assert "x-amz-meta-a" not in after
    assert after["etag"].encode() in ask(local, "s3", "GET", "/bucket?list-type=2").content
    assert ask(local, "s3", "HEAD", "/bucket/k").headers["etag"] == after["etag"]


def test_a_moved_store_keeps_its_metadata(local: LocalAWS, tmp_path: Path) -> None:
    ask(local, "s3", "PUT", "/bucket/k", headers={"x-amz-meta-a": "1"}, body=b"one")
    etag = ask(local, "s3", "HEAD", "/bucket/k").headers["etag"]
    local.close()
    moved = LocalAWS((tmp_path / "store").rename(tmp_path / "moved"))
    found = ask(moved, "s3", "HEAD", "/bucket/k").headers
    assert (found["etag"], found["x-amz-meta-a"]) == (etag, "1")
