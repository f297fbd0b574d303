"""What S3 does, asked through boto3."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Refused = Callable[..., tuple[str, str]]

MB = 1 << 20


def put(s3: Any, bucket: str, *keys: str) -> None:
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())


def body(s3: Any, bucket: str, key: str, **more: Any) -> bytes:
    content: bytes = s3.get_object(Bucket=bucket, Key=key, **more)["Body"].read()
    return content


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def crc32(content: bytes) -> str:
    return base64.b64encode(zlib.crc32(content).to_bytes(4, "big")).decode()


# Buckets


def test_buckets_are_made_listed_and_deleted(s3: Any, refused: Refused) -> None:
    assert s3.list_buckets()["Buckets"] == []
    for name in ("zebra", "b.with-dots.1"):
        s3.create_bucket(Bucket=name)
    found = s3.list_buckets()["Buckets"]
    assert [each["Name"] for each in found] == ["b.with-dots.1", "zebra"]
    assert all(datetime.now(UTC) - each["CreationDate"] < timedelta(hours=1) for each in found)
    put(s3, "b.with-dots.1", "k")
    assert body(s3, "b.with-dots.1", "k") == b"k"
    code, _ = refused(s3.delete_bucket, Bucket="b.with-dots.1")
    assert code == "BucketNotEmpty"
    s3.delete_object(Bucket="b.with-dots.1", Key="k")
    s3.delete_bucket(Bucket="b.with-dots.1")
    assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == ["zebra"]


def test_buckets_come_in_pages(s3: Any) -> None:
    names = [f"bucket-{number}" for number in range(5)]
    for name in names:
        s3.create_bucket(Bucket=name)
    pages = list(s3.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["Buckets"]) for page in pages] == [2, 2, 1]
    assert [each["Name"] for page in pages for each in page["Buckets"]] == names
    assert [each["Name"] for each in s3.list_buckets(Prefix="bucket-3")["Buckets"]] == ["bucket-3"]


def test_a_bucket_that_does_not_exist(s3: Any, refused: Refused) -> None:
    calls: list[tuple[Any, dict[str, Any]]] = [
        (s3.get_object, {"Key": "k"}),
        (s3.put_object, {"Key": "k", "Body": b"x"}),
        (s3.delete_object, {"Key": "k"}),
        (s3.list_objects_v2, {}),
        (s3.list_objects, {}),
        (s3.delete_bucket, {}),
        (s3.get_bucket_location, {}),
        (s3.create_multipart_upload, {"Key": "k"}),
        (s3.delete_objects, {"Delete": {"Objects": [{"Key": "k"}]}}),
    ]
    for method, arguments in calls:
        assert refused(method, Bucket="nowhere", **arguments) == (
            "NoSuchBucket",
            "The specified bucket does not exist",
        )
    assert refused(s3.head_bucket, Bucket="nowhere") == ("404", "Not Found")
    assert s3.list_buckets()["Buckets"] == []


def test_a_bucket_of_ones_own_made_again(aws: boto3.Session, s3: Any, refused: Refused) -> None:
    s3.create_bucket(Bucket="mine-already")
    put(s3, "mine-already", "k")
    s3.create_bucket(Bucket="mine-already")  # us-east-1 allows it
    assert body(s3, "mine-already", "k") == b"k"
    assert s3.get_bucket_location(Bucket="mine-already")["LocationConstraint"] is None

    there: Any = aws.client("s3", region_name="eu-central-1")
    place = {"LocationConstraint": "eu-central-1"}
    there.create_bucket(Bucket="over-there", CreateBucketConfiguration=place)
    assert there.get_bucket_location(Bucket="over-there")["LocationConstraint"] == "eu-central-1"
    assert there.head_bucket(Bucket="over-there")["BucketRegion"] == "eu-central-1"
    code, _ = refused(there.create_bucket, Bucket="over-there", CreateBucketConfiguration=place)
    assert code == "BucketAlreadyOwnedByYou"


@pytest.mark.parametrize("name", ["Upper", "ab", "under_score", "-start", "end-", "a..b"])
def test_bucket_names_that_are_refused(s3: Any, refused: Refused, name: str) -> None:
    code, _ = refused(s3.create_bucket, Bucket=name)
    assert code == "InvalidBucketName"


# Objects


@pytest.mark.parametrize("content", [b"", b"hello", os.urandom(3 * MB + 1)])
@pytest.mark.parametrize("wrap", [bytes, io.BytesIO], ids=["bytes", "file"])
def test_an_object_is_what_was_put(s3: Any, bucket: str, content: bytes, wrap: Any) -> None:
    answer = s3.put_object(Bucket=bucket, Key="some/key", Body=wrap(content))
    assert answer["ETag"] == f'"{md5(content)}"'
    assert answer["ChecksumCRC32"] == crc32(content)
    found = s3.get_object(Bucket=bucket, Key="some/key")
    assert found["Body"].read() == content
    assert found["ContentLength"] == len(content)
    assert found["ETag"] == answer["ETag"]
    assert found["ContentType"] == "binary/octet-stream"
    assert abs(datetime.now(UTC) - found["LastModified"]) < timedelta(minutes=1)
    head = s3.head_object(Bucket=bucket, Key="some/key", ChecksumMode="ENABLED")
    assert (head["ContentLength"], head["ETag"]) == (len(content), answer["ETag"])
    assert (head["ChecksumCRC32"], head["ChecksumType"]) == (crc32(content), "FULL_OBJECT")


def test_headers_and_metadata_are_kept(s3: Any, bucket: str) -> None:
    given = {
        "ContentType": "text/csv; charset=utf-8",
        "ContentEncoding": "gzip",
        "CacheControl": "no-cache",
        "ContentDisposition": 'attachment; filename="a b.csv"',
        "ContentLanguage": "de",
        "Metadata": {"owner": "me", "empty": ""},
    }
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **given)
    for found in (s3.get_object(Bucket=bucket, Key="k"), s3.head_object(Bucket=bucket, Key="k")):
        assert {name: found[name] for name in given} == given
    other = s3.get_object(Bucket=bucket, Key="k", ResponseContentType="text/plain")
    assert other["ContentType"] == "text/plain"
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    found = s3.head_object(Bucket=bucket, Key="k")
    assert (found["ContentType"], found["Metadata"]) == ("binary/octet-stream", {})


def test_too_much_metadata_is_refused(s3: Any, bucket: str, refused: Refused) -> None:
    large = {"k": "x" * 2048}
    code, _ = refused(s3.put_object, Bucket=bucket, Key="k", Body=b"x", Metadata=large)
    assert code == "MetadataTooLarge"
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_an_object_that_does_not_exist(s3: Any, bucket: str, refused: Refused) -> None:
    message = "The specified key does not exist."
    put(s3, bucket, "a/b", "c")
    for key in ("none", "a", "a/", "a/b/c", "c/d", "A/B"):
        assert refused(s3.get_object, Bucket=bucket, Key=key) == ("NoSuchKey", message)
        assert refused(s3.head_object, Bucket=bucket, Key=key) == ("404", "Not Found")
        s3.delete_object(Bucket=bucket, Key=key)
    assert body(s3, bucket, "a/b") + body(s3, bucket, "c") == b"a/bc"


def test_a_key_that_is_too_long(s3: Any, bucket: str, refused: Refused) -> None:
    put(s3, bucket, "k" * 1024, "é" * 512)
    assert refused(s3.put_object, Bucket=bucket, Key="k" * 1025, Body=b"")[0] == "KeyTooLongError"
    assert refused(s3.put_object, Bucket=bucket, Key="é" * 513, Body=b"")[0] == "KeyTooLongError"


@pytest.mark.parametrize(
    ("span", "wanted", "said"),
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=4-", b"456789", "bytes 4-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-99", b"0123456789", "bytes 0-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
    ],
)
def test_ranges(s3: Any, bucket: str, span: str, wanted: bytes, said: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    found = s3.get_object(Bucket=bucket, Key="k", Range=span)
    assert found["Body"].read() == wanted
    assert (found["ContentRange"], found["ContentLength"]) == (said, len(wanted))
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 206


def test_ranges_that_cannot_be(s3: Any, bucket: str, refused: Refused) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    s3.put_object(Bucket=bucket, Key="empty", Body=b"")
    for key, span in (("k", "bytes=10-"), ("k", "bytes=-0"), ("empty", "bytes=0-")):
        code, _ = refused(s3.get_object, Bucket=bucket, Key=key, Range=span)
        assert code == "InvalidRange"
    for odd in ("bytes=3-1", "lines=1-2", "bytes=0-1,4-5"):
        assert body(s3, bucket, "k", Range=odd) == b"0123456789"


def test_a_body_is_read_in_pieces(s3: Any, bucket: str) -> None:
    content = os.urandom(MB)
    s3.put_object(Bucket=bucket, Key="k", Body=content)
    stream = s3.get_object(Bucket=bucket, Key="k")["Body"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"new")
    pieces = [stream.read(10), stream.read(0), *stream.iter_chunks(1000)]
    assert b"".join(pieces) == content
    assert stream.read() == b""
    assert body(s3, bucket, "k") == b"new"
    s3.put_object(Bucket=bucket, Key="lines", Body=b"a\nb\n")
    assert list(s3.get_object(Bucket=bucket, Key="lines")["Body"].iter_lines()) == [b"a", b"b"]


def test_reading_on_conditions(s3: Any, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    hour = timedelta(hours=1)
    past, future = datetime.now(UTC) - hour, datetime.now(UTC) + hour
    get = {"Bucket": bucket, "Key": "k"}
    for fine in (
        {"IfMatch": etag},
        {"IfNoneMatch": '"other"'},
        {"IfModifiedSince": past},
        {"IfUnmodifiedSince": future},
        {"IfMatch": etag, "IfUnmodifiedSince": past},
        {"IfNoneMatch": '"other"', "IfModifiedSince": future},
    ):
        assert s3.get_object(**get, **fine)["Body"].read() == b"x"
    for status, failing in (
        (304, {"IfNoneMatch": etag}),
        (304, {"IfModifiedSince": future}),
        (412, {"IfMatch": '"other"'}),
        (412, {"IfUnmodifiedSince": past}),
    ):
        for method in (s3.get_object, s3.head_object):
            with pytest.raises(ClientError) as caught:
                method(**get, **failing)
            assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_writing_on_conditions(s3: Any, bucket: str, refused: Refused) -> None:
    write = {"Bucket": bucket, "Key": "k"}
    message = "At least one of the pre-conditions you specified did not hold"
    assert refused(s3.put_object, **write, Body=b"0", IfMatch='"x"')[0] == "NoSuchKey"
    etag = s3.put_object(**write, Body=b"1", IfNoneMatch="*")["ETag"]
    failed = refused(s3.put_object, **write, Body=b"2", IfNoneMatch="*")
    assert failed == ("PreconditionFailed", message)
    s3.put_object(**write, Body=b"3", IfMatch=etag)
    failed = refused(s3.put_object, **write, Body=b"4", IfMatch=etag)
    assert failed == ("PreconditionFailed", message)
    assert body(s3, bucket, "k") == b"3"


def test_of_many_conditional_writers_one_wins(s3: Any, bucket: str) -> None:
    def write(number: int) -> str:
        try:
            content = str(number).encode()
            s3.put_object(Bucket=bucket, Key="k", Body=content, IfNoneMatch="*")
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "won"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(write, range(24)))
    assert sorted(outcomes) == ["PreconditionFailed"] * 23 + ["won"]
    assert body(s3, bucket, "k") == str(outcomes.index("won")).encode()


# Integrity


@pytest.mark.parametrize("wrap", [bytes, io.BytesIO], ids=["bytes", "file"])
def test_damage_on_the_way_is_noticed(s3: Any, bucket: str, refused: Refused, wrap: Any) -> None:
    wrong = base64.b64encode(b"\0\0\0\0").decode()
    write = {"Bucket": bucket, "Key": "k"}
    code, _ = refused(s3.put_object, **write, Body=wrap(b"hello"), ChecksumCRC32=wrong)
    assert code == "BadDigest"
    wrong = base64.b64encode(bytes(16)).decode()
    code, _ = refused(s3.put_object, **write, Body=wrap(b"hello"), ContentMD5=wrong)
    assert code == "BadDigest"
    code, _ = refused(s3.put_object, **write, Body=wrap(b"hello"), ContentMD5="short")
    assert code == "InvalidDigest"
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CRC32", "NhCmhg=="),
        ("CRC32C", "mnG7TA=="),
        ("CRC64NVME", "M3eFcAZSQlc="),
        ("SHA1", base64.b64encode(hashlib.sha1(b"hello").digest()).decode()),
        ("SHA256", base64.b64encode(hashlib.sha256(b"hello").digest()).decode()),
    ],
)
def test_checksums_that_the_client_computed(
    s3: Any, bucket: str, refused: Refused, name: str, value: str
) -> None:
    given = {f"Checksum{name}": value}
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello", **given)
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head[f"Checksum{name}"] == value
    code, _ = refused(s3.put_object, Bucket=bucket, Key="k", Body=b"hellO", **given)
    assert code == "BadDigest"


@pytest.mark.parametrize(
    "config",
    [
        Config(request_checksum_calculation="when_required"),
        Config(s3={"addressing_style": "path"}),
        Config(s3={"payload_signing_enabled": True}),
    ],
    ids=["no checksum", "path style", "signed payload"],
)
def test_other_ways_of_sending(aws: boto3.Session, bucket: str, config: Config) -> None:
    s3: Any = aws.client("s3", config=config)
    for content in (b"hello", io.BytesIO(b"hello")):
        s3.put_object(Bucket=bucket, Key="a/ü", Body=content)
        assert body(s3, bucket, "a/ü") == b"hello"
    assert listed(s3.list_objects_v2(Bucket=bucket)) == ["a/ü"]


# Deleting and copying


def test_deleting_many(s3: Any, bucket: str, refused: Refused) -> None:
    keys = ["a", "a/b", "c d", "é", "new\nline", "cr\r", "<&>"]
    put(s3, bucket, *keys, "kept")
    objects = [{"Key": key} for key in [*keys, "none"]]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
    assert sorted(each["Key"] for each in answer["Deleted"]) == sorted([*keys, "none"])
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["kept"]
    quiet = {"Objects": [{"Key": "kept"}], "Quiet": True}
    assert "Deleted" not in s3.delete_objects(Bucket=bucket, Delete=quiet)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    many = {"Objects": [{"Key": str(number)} for number in range(1001)]}
    assert refused(s3.delete_objects, Bucket=bucket, Delete=many)[0] == "MalformedXML"


def test_copying(s3: Any, bucket: str, refused: Refused) -> None:
    s3.create_bucket(Bucket="other-bucket")
    given = {"ContentType": "text/plain", "Metadata": {"a": "1"}}
    etag = s3.put_object(Bucket=bucket, Key="dir/ü ?+", Body=b"hello", **given)["ETag"]
    source = {"Bucket": bucket, "Key": "dir/ü ?+"}
    answer = s3.copy_object(Bucket="other-bucket", Key="copy", CopySource=source)
    assert answer["CopyObjectResult"]["ETag"] == etag
    found = s3.get_object(Bucket="other-bucket", Key="copy")
    assert found["Body"].read() == b"hello"
    assert {name: found[name] for name in given} == given

    replaced = {"MetadataDirective": "REPLACE", "Metadata": {"b": "2"}}
    s3.copy_object(Bucket=bucket, Key="dir/ü ?+", CopySource=source, **replaced)
    assert s3.head_object(**source)["Metadata"] == {"b": "2"}
    itself = refused(s3.copy_object, **source, CopySource=source)
    assert itself[0] == "InvalidRequest"
    gone = {"Bucket": bucket, "Key": "gone"}
    assert refused(s3.copy_object, Bucket=bucket, Key="x", CopySource=gone)[0] == "NoSuchKey"
    stale = refused(
        s3.copy_object, Bucket=bucket, Key="x", CopySource=source, CopySourceIfMatch='"x"'
    )
    assert stale[0] == "PreconditionFailed"


# Listing


KEYS = ["a", "a-b", "a/", "a/b", "a/b/c", "a/d", "a0", "b/x/y", "c", "ä", "€", "😀"]


def listed(answer: Any) -> list[str]:
    return [each["Key"] for each in answer.get("Contents", [])]


def prefixes(answer: Any) -> list[str]:
    return [each["Prefix"] for each in answer.get("CommonPrefixes", [])]


def test_keys_come_in_the_order_of_their_bytes(s3: Any, bucket: str) -> None:
    put(s3, bucket, *reversed(KEYS))
    for method in (s3.list_objects, s3.list_objects_v2):
        answer = method(Bucket=bucket)
        assert listed(answer) == KEYS
        assert answer["IsTruncated"] is False
        assert [each["Size"] for each in answer["Contents"]] == [len(k.encode()) for k in KEYS]
        assert answer["Contents"][0]["ETag"] == f'"{md5(b"a")}"'
        assert answer["Contents"][0]["StorageClass"] == "STANDARD"
        assert answer["Contents"][0]["LastModified"] <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("prefix", "delimiter", "keys", "groups"),
    [
        ("a", "", ["a", "a-b", "a/", "a/b", "a/b/c", "a/d", "a0"], []),
        ("a/", "", ["a/", "a/b", "a/b/c", "a/d"], []),
        ("a/b", "", ["a/b", "a/b/c"], []),
        ("b/x/y", "", ["b/x/y"], []),
        ("b/x/y/", "", [], []),
        ("none", "", [], []),
        ("", "/", ["a", "a-b", "a0", "c", "ä", "€", "😀"], ["a/", "b/"]),
        ("a", "/", ["a", "a-b", "a0"], ["a/"]),
        ("a/", "/", ["a/", "a/b", "a/d"], ["a/b/"]),
        ("b", "/", [], ["b/"]),
        ("b/", "/", [], ["b/x/"]),
        ("", "/b", ["a", "a-b", "a/", "a/d", "a0", "b/x/y", "c", "ä", "€", "😀"], ["a/b"]),
        ("a", "b", ["a", "a/", "a/d", "a0"], ["a-b", "a/b"]),
    ],
)
def test_prefix_and_delimiter(
    s3: Any, bucket: str, prefix: str, delimiter: str, keys: list[str], groups: list[str]
) -> None:
    put(s3, bucket, *KEYS)
    asked = {"Bucket": bucket, "Prefix": prefix} | ({"Delimiter": delimiter} if delimiter else {})
    answer = s3.list_objects_v2(**asked)
    assert (listed(answer), prefixes(answer)) == (keys, groups)
    assert answer["KeyCount"] == len(keys) + len(groups)

    for kind in ("list_objects_v2", "list_objects"):
        for size in (1, 2, 3):
            pages = list(
                s3.get_paginator(kind).paginate(**asked, PaginationConfig={"PageSize": size})
            )
            assert all(len(listed(page)) + len(prefixes(page)) <= size for page in pages)
            assert [key for page in pages for key in listed(page)] == keys
            assert [group for page in pages for group in prefixes(page)] == groups


def test_starting_after_a_key(s3: Any, bucket: str) -> None:
    put(s3, bucket, *KEYS)
    assert listed(s3.list_objects_v2(Bucket=bucket, StartAfter="a/b")) == KEYS[4:]
    assert listed(s3.list_objects_v2(Bucket=bucket, StartAfter="a/c")) == KEYS[5:]
    assert listed(s3.list_objects(Bucket=bucket, Marker="a/b")) == KEYS[4:]
    answer = s3.list_objects_v2(Bucket=bucket, Delimiter="/", StartAfter="a/b")
    assert (prefixes(answer), listed(answer)[0]) == (["a/", "b/"], "a0")
    assert listed(s3.list_objects_v2(Bucket=bucket, StartAfter="😀")) == []


def test_page_sizes(s3: Any, bucket: str, refused: Refused) -> None:
    put(s3, bucket, *KEYS)
    none = s3.list_objects_v2(Bucket=bucket, MaxKeys=0)
    assert (none["KeyCount"], none["IsTruncated"]) == (0, False)
    assert s3.list_objects_v2(Bucket=bucket, MaxKeys=5000)["MaxKeys"] == 1000
    code, _ = refused(s3.list_objects_v2, Bucket=bucket, MaxKeys=-1)
    assert code == "InvalidArgument"
    code, _ = refused(s3.list_objects_v2, Bucket=bucket, ContinuationToken="made up")
    assert code == "InvalidArgument"


def test_a_long_listing(s3: Any, bucket: str) -> None:
    names = [f"dir{number % 7}/{number:04}" for number in range(1030)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: put(s3, bucket, name), names))
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=bucket))
    assert [page["KeyCount"] for page in pages] == [1000, 30]
    assert [key for page in pages for key in listed(page)] == sorted(names)


# Multipart


def test_a_large_file_goes_up_and_down(s3: Any, bucket: str, tmp_path: Path) -> None:
    content = os.urandom(20 * MB + 3)
    (tmp_path / "up").write_bytes(content)
    extra = {"Metadata": {"a": "1"}, "ContentType": "text/plain"}
    s3.upload_file(str(tmp_path / "up"), bucket, "large", ExtraArgs=extra)
    head = s3.head_object(Bucket=bucket, Key="large")
    assert head["ETag"].endswith('-3"')
    assert {name: head[name] for name in extra} == extra
    s3.download_file(bucket, "large", str(tmp_path / "down"))
    assert (tmp_path / "down").read_bytes() == content
    assert (
        body(s3, bucket, "large", Range=f"bytes={8 * MB - 2}-{8 * MB + 1}")
        == (content[8 * MB - 2 : 8 * MB + 2])
    )
    config = TransferConfig(multipart_threshold=8 * MB, multipart_chunksize=8 * MB)
    s3.copy({"Bucket": bucket, "Key": "large"}, bucket, "copied", Config=config)
    assert body(s3, bucket, "copied") == content
    assert s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []


def upload(s3: Any, bucket: str, key: str, **more: Any) -> dict[str, str]:
    answer = s3.create_multipart_upload(Bucket=bucket, Key=key, **more)
    return {"Bucket": bucket, "Key": key, "UploadId": answer["UploadId"]}


def test_parts_become_an_object(s3: Any, bucket: str) -> None:
    which = upload(s3, bucket, "k")
    contents = {1: b"a" * (5 * MB), 3: b"b" * (5 * MB), 10: b"c"}
    parts: list[dict[str, Any]] = []
    for number, content in reversed(contents.items()):
        s3.upload_part(**which, PartNumber=number, Body=b"overwritten")
        answer = s3.upload_part(**which, PartNumber=number, Body=content)
        parts.insert(0, {"PartNumber": number, "ETag": answer["ETag"]})
    s3.upload_part(**which, PartNumber=2, Body=b"left out")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    assert [each["UploadId"] for each in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == [
        which["UploadId"]
    ]
    pages = list(s3.get_paginator("list_parts").paginate(**which, PaginationConfig={"PageSize": 3}))
    found = [(each["PartNumber"], each["Size"]) for page in pages for each in page["Parts"]]
    assert found == [(1, 5 * MB), (2, 8), (3, 5 * MB), (10, 1)]

    answer = s3.complete_multipart_upload(**which, MultipartUpload={"Parts": parts})
    digests = b"".join(hashlib.md5(content).digest() for content in contents.values())
    assert answer["ETag"] == f'"{md5(digests)}-3"'
    assert body(s3, bucket, "k") == b"".join(contents.values())
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_a_checksum_of_the_whole_upload(s3: Any, bucket: str, refused: Refused) -> None:
    first, second = b"a" * (5 * MB), b"b"
    for good in (True, False):
        which = upload(s3, bucket, "k", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
        parts = [
            {
                "PartNumber": number,
                "ETag": s3.upload_part(**which, PartNumber=number, Body=content)["ETag"],
            }
            for number, content in ((1, first), (2, second))
        ]
        done: dict[str, Any] = {**which, "MultipartUpload": {"Parts": parts}}
        done |= {"ChecksumType": "FULL_OBJECT"}
        if good:
            answer = s3.complete_multipart_upload(**done, ChecksumCRC32=crc32(first + second))
            assert answer["ChecksumCRC32"] == crc32(first + second)
            assert answer["ChecksumType"] == "FULL_OBJECT"
        else:
            code, _ = refused(s3.complete_multipart_upload, **done, ChecksumCRC32=crc32(second))
            assert code == "BadDigest"
    assert body(s3, bucket, "k") == first + second


def test_uploads_that_go_wrong(s3: Any, bucket: str, refused: Refused) -> None:
    which = upload(s3, bucket, "k")
    parts = [
        {
            "PartNumber": number,
            "ETag": s3.upload_part(**which, PartNumber=number, Body=b"x")["ETag"],
        }
        for number in (1, 2)
    ]

    def complete(*parts: dict[str, Any]) -> str:
        done = {"Parts": list(parts)}
        return refused(s3.complete_multipart_upload, **which, MultipartUpload=done)[0]

    assert complete(*parts) == "EntityTooSmall"
    assert complete(*reversed(parts)) == "InvalidPartOrder"
    assert complete(parts[0], {"PartNumber": 3, "ETag": parts[0]["ETag"]}) == "InvalidPart"
    assert complete({"PartNumber": 1, "ETag": '"other"'}) == "InvalidPart"
    assert complete() == "MalformedXML"
    code, _ = refused(s3.upload_part, **which, PartNumber=10_001, Body=b"x")
    assert code == "InvalidArgument"
    other = which | {"Key": "other"}
    assert refused(s3.upload_part, **other, PartNumber=1, Body=b"x")[0] == "NoSuchUpload"

    s3.abort_multipart_upload(**which)
    assert complete(*parts) == "NoSuchUpload"
    for method in (s3.abort_multipart_upload, s3.list_parts):
        assert refused(method, **which)[0] == "NoSuchUpload"
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


# Keys

_SEGMENTS = st.one_of(
    st.sampled_from(["", ".", "..", "a", "A", "b.parquet", "~s3~", "~S3~", "me.o", "x" * 255]),
    st.sampled_from(["k=v%2F", "%2e%2e", "a b+c", "c:", "con", "*", "?", "[ab]", "\\..\\", "\0"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
_ANY_KEY = st.lists(_SEGMENTS, min_size=1, max_size=6).map("/".join)
ANY_KEY = _ANY_KEY.filter(lambda key: 0 < len(key.encode()) <= 1024)


@given(keys=st.lists(ANY_KEY, min_size=1, max_size=6, unique=True))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_key_goes_in_and_comes_out(s3: Any, bucket: str, keys: list[str]) -> None:
    put(s3, bucket, *keys)
    in_order = sorted(keys, key=str.encode)
    assert listed(s3.list_objects_v2(Bucket=bucket)) == in_order
    for key in keys:
        assert body(s3, bucket, key) == key.encode()
        assert key in listed(s3.list_objects_v2(Bucket=bucket, Prefix=key))
        assert (
            listed(s3.list_objects_v2(Bucket=bucket, StartAfter=key))
            == (in_order[in_order.index(key) + 1 :])
        )
    for key in keys:
        s3.delete_object(Bucket=bucket, Key=key)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
