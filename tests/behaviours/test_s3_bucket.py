"""S3 beyond objects: what an unconfigured bucket answers, tags, versions, attributes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Refused = Callable[..., tuple[str, str]]

PART = 5 << 20


@pytest.fixture
def ours(request: pytest.FixtureRequest) -> None:
    """Leaves moto out, which differs from what AWS documents in what follows."""
    if request.node.callspec.params["aws"] == "moto":
        pytest.skip("moto differs from AWS's documentation")


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("get_bucket_cors", "NoSuchCORSConfiguration"),
        ("get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration"),
        ("get_bucket_policy", "NoSuchBucketPolicy"),
        ("get_bucket_policy_status", "NoSuchBucketPolicy"),
        ("get_bucket_replication", "ReplicationConfigurationNotFoundError"),
        ("get_bucket_tagging", "NoSuchTagSet"),
        ("get_bucket_website", "NoSuchWebsiteConfiguration"),
        ("get_object_lock_configuration", "ObjectLockConfigurationNotFoundError"),
    ],
)
def test_a_new_bucket_has_no_configuration(
    s3: Any, bucket: str, refused: Refused, operation: str, code: str
) -> None:
    assert refused(getattr(s3, operation), Bucket=bucket)[0] == code
    assert refused(getattr(s3, operation), Bucket="there-is-none")[0] == "NoSuchBucket"


@pytest.mark.parametrize(
    "operation",
    [
        "get_bucket_accelerate_configuration",
        "get_bucket_logging",
        "get_bucket_notification_configuration",
        "get_bucket_versioning",
    ],
)
def test_what_is_switched_off_in_a_new_bucket(
    s3: Any, bucket: str, refused: Refused, operation: str
) -> None:
    answer = getattr(s3, operation)(Bucket=bucket)
    assert set(answer) == {"ResponseMetadata"}
    assert refused(getattr(s3, operation), Bucket="there-is-none")[0] == "NoSuchBucket"


@pytest.mark.usefixtures("ours")
def test_the_defaults_of_a_new_bucket(s3: Any, bucket: str) -> None:
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    blocked = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(blocked.values()) == {True}
    (rule,) = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rule == {"ObjectOwnership": "BucketOwnerEnforced"}
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"


def test_the_owner_may_do_everything(s3: Any, bucket: str, refused: Refused) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    for answer in (s3.get_bucket_acl(Bucket=bucket), s3.get_object_acl(Bucket=bucket, Key="k")):
        (grant,) = answer["Grants"]
        assert grant["Permission"] == "FULL_CONTROL"
        assert grant["Grantee"]["Type"] == "CanonicalUser"
        assert grant["Grantee"]["ID"] == answer["Owner"]["ID"]
    assert refused(s3.get_object_acl, Bucket=bucket, Key="none")[0] == "NoSuchKey"


@pytest.mark.usefixtures("ours")
def test_a_configuration_that_would_not_be_kept_is_refused(
    s3: Any, bucket: str, refused: Refused
) -> None:
    enabled = {"Status": "Enabled"}
    code, message = refused(
        s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration=enabled
    )
    assert (code, "versioning" in message) == ("NotImplemented", True)


# Tags


def tags(answer: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}


def test_tags_of_a_bucket(s3: Any, bucket: str, refused: Refused) -> None:
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "b", "Value": "<&>"}]})
    assert tags(s3.get_bucket_tagging(Bucket=bucket)) == {"b": "<&>"}
    s3.delete_bucket_tagging(Bucket=bucket)
    assert refused(s3.get_bucket_tagging, Bucket=bucket)[0] == "NoSuchTagSet"


def test_tags_of_an_object(s3: Any, bucket: str, refused: Refused) -> None:
    there = {"Bucket": bucket, "Key": "k"}
    s3.put_object(**there, Body=b"x", Tagging="a=1&b=x%20y&c=")
    assert tags(s3.get_object_tagging(**there)) == {"a": "1", "b": "x y", "c": ""}
    assert s3.get_object(**there)["TagCount"] == 3
    before = s3.head_object(**there)
    s3.put_object_tagging(**there, Tagging={"TagSet": [{"Key": "d", "Value": "4"}]})
    assert tags(s3.get_object_tagging(**there)) == {"d": "4"}
    after = s3.head_object(**there)
    assert [after[name] for name in ("ETag", "LastModified")] == [
        before[name] for name in ("ETag", "LastModified")
    ]
    s3.delete_object_tagging(**there)
    assert tags(s3.get_object_tagging(**there)) == {}
    assert "TagCount" not in s3.get_object(**there)
    assert refused(s3.get_object_tagging, Bucket=bucket, Key="none")[0] == "NoSuchKey"


def test_an_object_put_anew_has_no_tags(s3: Any, bucket: str) -> None:
    there = {"Bucket": bucket, "Key": "k"}
    s3.put_object(**there, Body=b"x", Tagging="a=1")
    s3.put_object(**there, Body=b"y")
    assert tags(s3.get_object_tagging(**there)) == {}


def test_copies_keep_or_replace_tags(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="a=1")
    source = {"Bucket": bucket, "Key": "k"}
    s3.copy_object(Bucket=bucket, Key="same", CopySource=source)
    s3.copy_object(
        Bucket=bucket, Key="other", CopySource=source, Tagging="b=2", TaggingDirective="REPLACE"
    )
    assert tags(s3.get_object_tagging(Bucket=bucket, Key="same")) == {"a": "1"}
    assert tags(s3.get_object_tagging(Bucket=bucket, Key="other")) == {"b": "2"}


@pytest.mark.usefixtures("ours")
@pytest.mark.parametrize(
    ("given", "code"),
    [
        ([("a", "1"), ("a", "2")], "InvalidTag"),
        ([("k" * 129, "1")], "InvalidTag"),
        ([("k", "v" * 257)], "InvalidTag"),
        ([(f"k{i}", "v") for i in range(11)], "BadRequest"),
    ],
)
def test_tags_that_can_not_be(
    s3: Any, bucket: str, refused: Refused, given: list[tuple[str, str]], code: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    tagging = {"TagSet": [{"Key": key, "Value": value} for key, value in given]}
    found = refused(s3.put_object_tagging, Bucket=bucket, Key="k", Tagging=tagging)
    assert found[0] == code
    assert tags(s3.get_object_tagging(Bucket=bucket, Key="k")) == {}


# Versions


def test_each_object_has_one_version(s3: Any, bucket: str) -> None:
    for key in ("a/1", "a/2", "b"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    s3.put_object(Bucket=bucket, Key="b", Body=b"longer")
    found = s3.list_object_versions(Bucket=bucket)
    assert [(v["Key"], v["VersionId"], v["IsLatest"], v["Size"]) for v in found["Versions"]] == [
        ("a/1", "null", True, 1),
        ("a/2", "null", True, 1),
        ("b", "null", True, 6),
    ]
    assert "DeleteMarkers" not in found
    grouped = s3.list_object_versions(Bucket=bucket, Delimiter="/")
    assert [each["Prefix"] for each in grouped["CommonPrefixes"]] == ["a/"]
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": 2}
    )
    assert [[v["Key"] for v in page["Versions"]] for page in pages] == [["a/1", "a/2"], ["b"]]


def test_emptying_a_bucket_by_its_versions(s3: Any, bucket: str) -> None:
    for key in ("a", "b"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    versions = s3.list_object_versions(Bucket=bucket)["Versions"]
    chosen = [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in versions]
    s3.delete_objects(Bucket=bucket, Delete={"Objects": chosen})
    assert "Versions" not in s3.list_object_versions(Bucket=bucket)
    s3.delete_bucket(Bucket=bucket)


# Attributes


def test_attributes_of_an_object(s3: Any, bucket: str, refused: Refused) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"12345", ChecksumAlgorithm="SHA256")
    found = s3.get_object_attributes(
        Bucket=bucket,
        Key="k",
        ObjectAttributes=["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"],
    )
    assert f'"{found["ETag"]}"' == s3.head_object(Bucket=bucket, Key="k")["ETag"]
    assert (found["ObjectSize"], found["StorageClass"]) == (5, "STANDARD")
    assert found["Checksum"]["ChecksumSHA256"] == "WZRHGrsBESr8wYFZ9sx0tPURuZgG2lmzyvWpwXPKz8U="
    assert "ObjectParts" not in found
    only = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectSize"])
    assert "ETag" not in only
    refusal = refused(
        s3.get_object_attributes, Bucket=bucket, Key="none", ObjectAttributes=["ETag"]
    )
    assert refusal[0] == "NoSuchKey"


@pytest.mark.usefixtures("ours")
def test_attributes_of_an_object_in_parts(s3: Any, bucket: str) -> None:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", Tagging="a=1")
    there = {"Bucket": bucket, "Key": "k", "UploadId": upload["UploadId"]}
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(**there, PartNumber=n, Body=body)["ETag"]}
        for n, body in ((1, b"x" * PART), (2, b"y"))
    ]
    s3.complete_multipart_upload(**there, MultipartUpload={"Parts": parts})
    found = s3.get_object_attributes(
        Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts", "ObjectSize"]
    )
    assert found["ObjectParts"]["TotalPartsCount"] == 2
    assert found["ObjectSize"] == PART + 1
    assert tags(s3.get_object_tagging(Bucket=bucket, Key="k")) == {"a": "1"}
