"""Glue's request members: their limits, and the texts that the service answers with.

The limits are those of the Glue API reference (DatabaseInput, TableInput, PartitionInput,
StorageDescriptor, Column): https://docs.aws.amazon.com/glue/latest/webapi/API_Types.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fsql.local.wire import ACCOUNT, AwsError

_SINGLE_LINE = r"[\u0020-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF\t]*"
_MULTI_LINE = r"[\u0020-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF\r\n\t]*"

Json = dict[str, Any]


@dataclass(frozen=True)
class Text:
    """A string member; lengths in characters."""

    least: int = 0
    most: int = 512_000
    pattern: str | None = None


@dataclass(frozen=True)
class Number:
    """An integer member."""

    least: int
    most: int


@dataclass(frozen=True)
class Many:
    """A list member."""

    item: Any
    most: int = 1_000_000
    least: int = 0


@dataclass(frozen=True)
class Pairs:
    """A map member."""

    key: Text
    value: Text


NAME = Text(1, 255, _SINGLE_LINE)
VALUE = Text(1, 1024)
PARAMETERS = Pairs(NAME, Text())
COLUMN = {
    "Name": NAME,
    "Type": Text(0, 131_072, _SINGLE_LINE),
    "Comment": Text(0, 255, _SINGLE_LINE),
    "Parameters": PARAMETERS,
}
STORAGE = {
    "Columns": Many(COLUMN),
    "Location": Text(0, 2056, _MULTI_LINE),
    "InputFormat": Text(0, 128, _SINGLE_LINE),
    "OutputFormat": Text(0, 128, _SINGLE_LINE),
    "SerdeInfo": {
        "Name": NAME,
        "SerializationLibrary": NAME,
        "Parameters": PARAMETERS,
    },
    "BucketColumns": Many(NAME),
    "SortColumns": Many({"Column": NAME, "SortOrder": Number(0, 1)}),
    "Parameters": PARAMETERS,
}
DATABASE_INPUT = {
    "Name": NAME,
    "Description": Text(0, 2048, _MULTI_LINE),
    "LocationUri": Text(1, 1024, _MULTI_LINE),
    "Parameters": PARAMETERS,
}
TABLE_INPUT = {
    "Name": NAME,
    "Description": Text(0, 2048, _MULTI_LINE),
    "Owner": NAME,
    "Retention": Number(0, 2**31 - 1),
    "StorageDescriptor": STORAGE,
    "PartitionKeys": Many(COLUMN),
    "ViewOriginalText": Text(0, 409_600),
    "ViewExpandedText": Text(0, 409_600),
    "TableType": Text(0, 255),
    "Parameters": PARAMETERS,
}
PARTITION_INPUT = {
    "Values": Many(VALUE),
    "StorageDescriptor": STORAGE,
    "Parameters": PARAMETERS,
}
PARTITION_VALUES = {"Values": Many(VALUE)}
TAGS = Pairs(Text(1, 128), Text(0, 256))
SEGMENT = {"SegmentNumber": Number(0, 9), "TotalSegments": Number(1, 10)}

_COMMON = {
    "CatalogId": NAME,
    "DatabaseName": NAME,
    "TableName": NAME,
    "Name": NAME,
    "VersionId": NAME,
    "Expression": Text(0, 2048, _MULTI_LINE),
}


def check(request: Mapping[str, Any], required: tuple[str, ...], **members: Any) -> None:
    """Refuse a request that the real service's own validation would refuse.

    ``required`` members must be there; ``members`` are further limits than those that hold for
    every request. AwsError ValidationException that lists all violations, or
    EntityNotFoundException for another account's catalog.
    """
    violations = [
        _violation("null", _camel(name), "Member must not be null")
        for name in required
        if request.get(name) is None
    ]
    violations += _violations("", request, {**_COMMON, **members})
    if violations:
        count = f"{len(violations)} validation error{'s' if len(violations) > 1 else ''}"
        raise AwsError("ValidationException", f"{count} detected: {'; '.join(violations)}")
    catalog = request.get("CatalogId") or ACCOUNT
    if catalog != ACCOUNT:
        raise not_found(f"Catalog {catalog} not found.")


def _violations(path: str, value: Any, shape: Any) -> Iterator[str]:
    if value is None:
        return
    if isinstance(shape, dict):
        for name, member in shape.items():
            yield from _violations(f"{path}.{_camel(name)}".lstrip("."), value.get(name), member)
    else:
        yield from _CHECKS[type(shape)](path, value, shape)


def _text_violations(path: str, value: str, shape: Text) -> Iterator[str]:
    yield from _length_violations(path, value, len(value), shape.least, shape.most)
    if shape.pattern and not re.fullmatch(shape.pattern, value):
        rule = f"Member must satisfy regular expression pattern: {shape.pattern}"
        yield _violation(f"'{value}'", path, rule)


def _number_violations(path: str, value: int, shape: Number) -> Iterator[str]:
    if value < shape.least:
        rule = f"Member must have value greater than or equal to {shape.least}"
        yield _violation(f"'{value}'", path, rule)
    if value > shape.most:
        rule = f"Member must have value less than or equal to {shape.most}"
        yield _violation(f"'{value}'", path, rule)


def _list_violations(path: str, value: list[Any], shape: Many) -> Iterator[str]:
    yield from _length_violations(path, value, len(value), shape.least, shape.most)
    for number, item in enumerate(value, 1):
        yield from _violations(f"{path}.{number}.member", item, shape.item)


def _pairs_violations(path: str, value: Mapping[str, str], shape: Pairs) -> Iterator[str]:
    for key, item in value.items():
        yield from _violations(f"{path}.{key}.key", key, shape.key)
        yield from _violations(f"{path}.{key}.value", item, shape.value)


_CHECKS: dict[type, Callable[[str, Any, Any], Iterator[str]]] = {
    Text: _text_violations,
    Number: _number_violations,
    Many: _list_violations,
    Pairs: _pairs_violations,
}


def _length_violations(path: str, value: Any, length: int, least: int, most: int) -> Iterator[str]:
    if length < least:
        rule = f"Member must have length greater than or equal to {least}"
        yield _violation(f"'{value}'", path, rule)
    if length > most:
        rule = f"Member must have length less than or equal to {most}"
        yield _violation(f"'{value}'", path, rule)


def _violation(value: str, path: str, rule: str) -> str:
    shown = value if len(value) <= 300 else f"{value[:300]}..."
    return f"Value {shown} at '{path}' failed to satisfy constraint: {rule}"


def _camel(name: str) -> str:
    return name[0].lower() + name[1:]


def fold(name: str) -> str:
    """A name as the catalog keeps it: Glue folds database, table and key names to lower case."""
    return name.lower()


def pick(source: Mapping[str, Any], names: Mapping[str, Any] | tuple[str, ...]) -> Json:
    """The members of a request that the service keeps, where they are given."""
    return {name: source[name] for name in names if source.get(name) is not None}


def storage(given: Mapping[str, Any] | None) -> Json:
    """A StorageDescriptor with what Glue fills in; {} for none."""
    if given is None:
        return {}
    filled: Json = {
        "Columns": [],
        "Compressed": False,
        "NumberOfBuckets": 0,
        "SortColumns": [],
        "StoredAsSubDirectories": False,
    }
    return {"StorageDescriptor": filled | {k: v for k, v in given.items() if v is not None}}


def not_found(message: str = "Entity Not Found") -> AwsError:
    """The error for a database, table, version or partition that does not exist."""
    return AwsError("EntityNotFoundException", message)


def invalid(message: str) -> AwsError:
    """The error for a request that is well formed and makes no sense."""
    return AwsError("InvalidInputException", message)


def already_exists(what: str) -> AwsError:
    """The error for a second thing of one name; ``what`` is Database, Table or Partition."""
    return AwsError("AlreadyExistsException", f"{what} already exists.")


def error_detail(error: AwsError) -> Json:
    """An error inside a batch operation's answer."""
    return {"ErrorCode": error.code, "ErrorMessage": error.message}
