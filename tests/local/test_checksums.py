"""CRCs against a bit at a time, and the checksums of objects that came in parts."""

from __future__ import annotations

import base64
import os
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from fsql.local import LocalAWS, isolated_session
from fsql.local.s3.crc import Crc, crc32c, crc64nvme, joined

# The check values that catalogues of CRCs give for b"123456789".
KNOWN = {crc32c: "e3069283", crc64nvme: "ae8b14860a799888"}
POLYNOMIALS = {crc32c: (0x82F63B78, 4), crc64nvme: (0x9A6C9329AC4BC9B5, 8)}
MINIMUM = 5 << 20


def bit_by_bit(make: Callable[[], Crc], data: bytes) -> bytes:
    polynomial, size = POLYNOMIALS[make]
    value = ones = (1 << 8 * size) - 1
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (polynomial if value & 1 else 0)
    return (value ^ ones).to_bytes(size, "big")


@pytest.mark.parametrize("make", KNOWN)
def test_check_values(make: Callable[[], Crc]) -> None:
    crc = make()
    crc.update(b"1234")
    crc.update(b"56789")
    assert crc.digest().hex() == KNOWN[make]
    assert make().digest() == bytes(POLYNOMIALS[make][1])


@given(st.lists(st.binary(max_size=700), max_size=6), st.sampled_from([*KNOWN]))
def test_any_bytes_in_any_pieces(pieces: list[bytes], make: Callable[[], Crc]) -> None:
    crc = make()
    for piece in pieces:
        crc.update(piece)
    assert crc.digest() == bit_by_bit(make, b"".join(pieces))


@given(st.lists(st.binary(max_size=5000), min_size=1, max_size=5))
def test_crcs_are_joined_without_the_bytes(pieces: list[bytes]) -> None:
    parts = [(zlib.crc32(piece).to_bytes(4, "big"), len(piece)) for piece in pieces]
    assert joined("crc32", parts) == zlib.crc32(b"".join(pieces)).to_bytes(4, "big")
    assert joined("sha256", parts) is None


def test_large_blocks_are_as_right_as_small_ones() -> None:
    data = os.urandom(3_000_017)
    whole, pieces = crc64nvme(), crc64nvme()
    whole.update(data)
    for start in range(0, len(data), 1000):
        pieces.update(data[start : start + 1000])
    assert whole.digest() == pieces.digest()


@pytest.fixture
def local(tmp_path: Path) -> LocalAWS:
    made = LocalAWS(tmp_path / "store")
    (made.store.buckets / "bucket").mkdir()
    return made


def s3_of(local: LocalAWS) -> Any:
    session = isolated_session()
    local.attach(session)
    return session.client("s3")


def uploaded(s3: Any, contents: list[bytes], **options: str) -> dict[str, Any]:
    """An upload whose parts are all there."""
    key = {"Bucket": "bucket", "Key": "k"}
    upload = s3.create_multipart_upload(**key, **options)["UploadId"]
    algorithm = {"ChecksumAlgorithm": options["ChecksumAlgorithm"]} if options else {}
    parts = []
    for number, content in enumerate(contents, start=1):
        part = {**key, "UploadId": upload, "PartNumber": number}
        done = s3.upload_part(**part, Body=content, **algorithm)
        parts.append({"PartNumber": number, "ETag": done["ETag"]})
    return {**key, "UploadId": upload, "MultipartUpload": {"Parts": parts}}


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA256"])
def test_the_checksum_of_joined_parts(local: LocalAWS, algorithm: str) -> None:
    s3, contents = s3_of(local), [os.urandom(MINIMUM), os.urandom(MINIMUM + 1), b"end"]
    kind = "FULL_OBJECT" if algorithm == "CRC32" else "COMPOSITE"
    upload = uploaded(s3, contents, ChecksumAlgorithm=algorithm, ChecksumType=kind)
    done = s3.complete_multipart_upload(**upload)
    whole = b"".join(contents)
    assert local.store.path("bucket", "k").read_bytes() == whole
    if algorithm == "CRC32":
        expected = base64.b64encode(zlib.crc32(whole).to_bytes(4, "big")).decode()
        assert done["ChecksumCRC32"] == expected
    else:
        assert done["ChecksumSHA256"].endswith("-3")


def test_a_full_checksum_that_is_wrong(local: LocalAWS) -> None:
    s3 = s3_of(local)
    upload = uploaded(s3, [b"x"], ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    with pytest.raises(ClientError, match="BadDigest"):
        s3.complete_multipart_upload(**upload, ChecksumCRC32="AAAAAA==")
    assert local.store.find("bucket", "k") is None
    assert "ChecksumCRC32" in s3.complete_multipart_upload(**upload)


def test_completing_again_is_answered_alike(local: LocalAWS) -> None:
    """A client that waited for too long asks again, and the upload is gone by then."""
    s3 = s3_of(local)
    upload = uploaded(s3, [os.urandom(MINIMUM), b"end"])
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(s3.complete_multipart_upload, **upload) for _ in range(4)]
    assert len({done.result()["ETag"] for done in asked}) == 1
    s3.put_object(Bucket="bucket", Key="k", Body=b"newer")
    with pytest.raises(ClientError, match="NoSuchUpload"):
        s3.complete_multipart_upload(**upload)
    assert local.store.path("bucket", "k").read_bytes() == b"newer"


def test_parts_of_another_process_are_looked_at(local: LocalAWS) -> None:
    """They were not synced, and the machine may have lost what it had not written yet."""
    contents = [os.urandom(MINIMUM), b"end"]
    whole = uploaded(s3_of(local), contents)
    again = LocalAWS(local.store.root)
    (first,) = local.store.multipart.glob("*/1-*")
    first.write_bytes(bytes(MINIMUM))
    with pytest.raises(ClientError, match="Part 1 is damaged"):
        s3_of(again).complete_multipart_upload(**whole)
    assert local.store.find("bucket", "k") is None
    first.write_bytes(contents[0])
    s3_of(again).complete_multipart_upload(**whole)
    assert local.store.path("bucket", "k").read_bytes() == b"".join(contents)
