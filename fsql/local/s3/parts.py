"""Parts of a multipart upload, and what the joined object inherits from them."""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from fsql.local.s3.checksums import new_checksum
from fsql.local.s3.crc import joined
from fsql.local.s3.objects import CHECKSUM
from fsql.local.s3.xml import parse
from fsql.local.wire import AwsError

_MIN_PART_BYTES = 5 << 20  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html


@dataclass(frozen=True)
class Part:
    """A part as it waits: its number, file, size in bytes, MD5 and checksum headers."""

    number: int
    file: str
    size: int
    etag: str
    modified: float
    headers: Mapping[str, str]

    @classmethod
    def all(cls, db: sqlite3.Connection, upload: str) -> dict[int, Part]:
        """The parts of an upload by number."""
        rows = db.execute(
            "SELECT number, file, size, etag, modified, headers FROM s3_part "
            "WHERE upload_id = ? ORDER BY number",
            (upload,),
        )
        return {
            number: cls(number, file, size, etag, modified, json.loads(headers))
            for number, file, size, etag, modified, headers in rows
        }


def declared_checksum(headers: Mapping[str, str]) -> dict[str, str]:
    """The checksum that an upload declares, as headers; CRC64NVME is always of the full object."""
    algorithm = headers.get(f"{CHECKSUM}algorithm")
    if algorithm is None:
        return {}
    new_checksum(algorithm.lower())
    default = "FULL_OBJECT" if algorithm.upper() == "CRC64NVME" else "COMPOSITE"
    kind = headers.get(f"{CHECKSUM}type", default)
    return {f"{CHECKSUM}algorithm": algorithm, f"{CHECKSUM}type": kind}


def wanted_parts(body: bytes) -> list[tuple[int, str]]:
    """Number and ETag of each part that a CompleteMultipartUpload lists; AwsError MalformedXML."""
    root = parse(body, "CompleteMultipartUpload")
    try:
        wanted = [
            (int(each.findtext("PartNumber") or ""), (each.findtext("ETag") or "").strip('"'))
            for each in root.iter("Part")
        ]
    except ValueError:
        wanted = []
    if not wanted:
        raise AwsError(
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published "
            "schema: at least one Part with a PartNumber is needed.",
        )
    return wanted


def chosen_parts(wanted: list[tuple[int, str]], parts: Mapping[int, Part]) -> list[Part]:
    """The parts to join; AwsError InvalidPartOrder, InvalidPart or EntityTooSmall."""
    numbers = [number for number, _ in wanted]
    if numbers != sorted(set(numbers)):
        raise AwsError(
            "InvalidPartOrder",
            "The list of parts was not in ascending order. The parts list must be specified in "
            "order by part number.",
        )
    for number, etag in wanted:
        if number not in parts or parts[number].etag != etag:
            raise AwsError(
                "InvalidPart",
                "One or more of the specified parts could not be found. The part may not have "
                "been uploaded, or the specified entity tag may not match the part's entity tag.",
                400,
                {"PartNumber": str(number)},
            )
    chosen = [parts[number] for number in numbers]
    for part in chosen[:-1]:
        if part.size < _MIN_PART_BYTES:
            raise AwsError(
                "EntityTooSmall",
                "Your proposed upload is smaller than the minimum allowed size",
                400,
                {
                    "ProposedSize": str(part.size),
                    "MinSizeAllowed": str(_MIN_PART_BYTES),
                    "PartNumber": str(part.number),
                },
            )
    return chosen


def joined_etag(etags: list[str]) -> str:
    """The ETag of an object that was uploaded in parts of these; none at all if one is no MD5."""
    try:
        digests = b"".join(bytes.fromhex(etag) for etag in etags)
    except ValueError:
        return ""
    return f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(etags)}"


def composite_checksums(parts: list[Part]) -> dict[str, str]:
    """The checksum of the parts' checksums, if all have the same one."""
    names = set.intersection(*({*part.headers} for part in parts))
    return {name: _composite_of(name, parts) for name in sorted(names)}


def _composite_of(name: str, parts: list[Part]) -> str:
    checksum = new_checksum(name.removeprefix(CHECKSUM))
    for part in parts:
        checksum.update(base64.b64decode(part.headers[name]))
    return f"{base64.b64encode(checksum.digest()).decode()}-{len(parts)}"


def full_checksum(name: str, parts: list[Part]) -> str | None:
    """The checksum of the joined parts, from theirs; None if it takes the bytes themselves."""
    header = f"{CHECKSUM}{name}"
    if not all(header in part.headers for part in parts):
        return None
    whole = joined(name, ((base64.b64decode(p.headers[header]), p.size) for p in parts))
    return None if whole is None else base64.b64encode(whole).decode()


def checksum_of(name: str, file: BinaryIO) -> str:
    """The checksum of a whole file."""
    checksum = new_checksum(name)
    file.seek(0)
    while block := file.read(1 << 20):
        checksum.update(block)
    return base64.b64encode(checksum.digest()).decode()


def checksum_member(header: str) -> str:
    """The XML element that says what a checksum header says."""
    name = header.removeprefix(CHECKSUM)
    return "ChecksumType" if name == "type" else f"Checksum{name.upper()}"
