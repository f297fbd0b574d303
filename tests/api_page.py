"""docs/api.md: which operations of the AWS APIs the embedded store answers, asked one by one.

``python -m tests.api_page`` writes the page; `test_api_page` holds it to what is answered.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from fsql.local import attach, isolated_session

PAGE = Path(__file__).parent.parent / "docs" / "api.md"

TITLES = {"athena": "Athena", "glue": "Glue", "s3": "S3", "sts": "STS"}

_REFUSALS = ("UnknownOperationException", "NotImplemented")

# They share their HTTP request with an operation that is answered.
_ALIASES = {"s3": ("ListDirectoryBuckets",)}

LIMITS: dict[str, dict[str, str]] = {
    "athena": {
        "CreateDataCatalog": "type GLUE of the store's own account: another name for its catalog",
        "CreateWorkGroup": "SQL engine version 3; encryption, metrics and payer are kept and shown"
        " only; no managed results, no Spark",
        "GetQueryResults": "no QueryResultType DATA_MANIFEST",
        "GetQueryRuntimeStatistics": "times, rows and bytes, one stage; no plan",
        "StartQueryExecution": "result reuse by age as documented: what the tables hold by then"
        " plays no part",
        "UpdateWorkGroup": "as CreateWorkGroup; BytesScannedCutoffPerQuery counts what was read"
        " when a part of the query has ended",
    },
    "glue": {
        "CreatePartitionIndex": "kept and shown; ready at once",
        "CreateTable": "no OpenTableFormatInput, federated tables or views of several dialects",
        "CreateUserDefinedFunction": "kept and shown; SQL can't call it",
        "GetCatalogs": "none but the account's own, which is not listed",
        "GetPartitions": "Glue's filter grammar; a time-travelling QueryAsOfTime is not applied",
        "GetTable": "a time-travelling QueryAsOfTime is not applied",
        "GetTags": "of databases and tables",
        "SearchTables": "fuzzy as documented: pieces of a property, words of a text",
        "UpdateTable": "as CreateTable",
    },
    "s3": {
        "CopyObject": "copies have no checksums",
        "DeleteObject": "no versions but `null`",
        "GetBucketVersioning": "never enabled",
        "GetObject": "single ranges; no part numbers; no versions but `null`",
        "GetObjectAttributes": "of parts their number only",
        "ListObjectVersions": "one version of each object, `null`",
        "PutObject": "no object lock, keys of the customer's own or appending; server-side"
        " encryption is accepted and encrypts nothing",
    },
    "sts": {"GetCallerIdentity": "the store's own account, 000000000000"},
}

REFUSED = {
    "athena": "Spark sessions, notebooks and calculations, capacity reservations, system tables.",
    "glue": "connections, crawlers, jobs, triggers, workflows, classifiers, the schema registry,"
    " data quality, machine learning, table optimizers, Lake Formation's GetUnfiltered… calls.",
    "s3": "whatever would configure a bucket (versioning, policies, lifecycle, encryption, …),"
    " object lock, S3 Select, annotations, directory buckets.",
    "sts": "roles, sessions and federation.",
}

_INTRODUCTION = """\
# What the embedded AWS answers

The embedded store and `fsql serve` answer these operations, in the shapes and with the error codes
of AWS. Everything else is refused by name: `UnknownOperationException` (`NotImplemented` from S3),
never a wrong answer.

This page is written by `python -m tests.api_page`, which asks for each operation that botocore
knows; a test fails when the page and the answers differ.
"""


def page() -> str:
    """The page, from what is answered now."""
    parts = [_INTRODUCTION]
    with tempfile.TemporaryDirectory() as folder:
        session = isolated_session()
        local = attach(session, folder)
        try:
            parts += [_section(session, service) for service in TITLES]
        finally:
            local.close()
    return "\n".join(parts)


def _section(session: Any, service: str) -> str:
    answered = sorted(name for name, is_answered in asked(session, service) if is_answered)
    rows = [(name, LIMITS[service].get(name)) for name in answered]
    lines = [
        f"## {TITLES[service]}",
        "",
        "| operation | limits |",
        "|---|---|",
        *(f"| {name} | {limit} |" if limit else f"| {name} | |" for name, limit in rows),
        "",
        f"Refused: {REFUSED[service]}",
        "",
    ]
    return "\n".join(lines)


def asked(session: Any, service: str) -> Iterator[tuple[str, bool]]:
    """Each operation of a service, and whether it is answered."""
    # A name in the path, and no second attempt: what matters is who answers at all.
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    client = session.client(service, config=config)
    for method, name in sorted(client.meta.method_to_api_mapping.items()):
        if name in _ALIASES.get(service, ()):
            yield name, False
            continue
        shape = client.meta.service_model.operation_model(name).input_shape
        arguments = {} if shape is None else _filled(shape)
        try:
            getattr(client, method)(**arguments)
        except ClientError as error:
            yield name, error.response["Error"]["Code"] not in _REFUSALS
        else:
            yield name, True


def _filled(shape: Any) -> Any:
    """A value of a shape that botocore lets pass: what is required and nothing else."""
    match shape.type_name:
        case "structure":
            found = {name: _filled(shape.members[name]) for name in shape.required_members}
            if shape.metadata.get("union") and not found:
                name = next(iter(shape.members))
                found = {name: _filled(shape.members[name])}
            return found
        case "list":
            return [_filled(shape.member)] * shape.metadata.get("min", 1)
        case "map":
            return {}
        case "string":
            return (shape.enum or ["bucket" if shape.name == "BucketName" else _text(shape)])[0]
        case "timestamp":
            return datetime(2024, 1, 1, tzinfo=UTC)
    plain = {"boolean": False, "blob": b"", "double": 1.0, "float": 1.0}
    return plain.get(shape.type_name, shape.metadata.get("min", 1))


def _text(shape: Any) -> str:
    return "x" * max(1, int(shape.metadata.get("min", 1)))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
