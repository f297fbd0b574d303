"""What Glue's Data Catalog does, asked through boto3."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ParamValidationError
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField

Refused = Callable[..., tuple[str, str]]


@pytest.fixture
def account(aws: boto3.Session) -> str:
    return str(aws.client("sts").get_caller_identity()["Account"])


@pytest.fixture
def database(glue: Any) -> str:
    glue.create_database(DatabaseInput={"Name": "db"})
    return "db"


@pytest.fixture
def table(glue: Any, database: str) -> dict[str, str]:
    """A partitioned table; the arguments that name it in partition calls."""
    keys = [("day", "date"), ("hour", "int"), ("region", "string"), ("price", "decimal(10,2)")]
    glue.create_table(DatabaseName=database, TableInput=definition("t", keys))
    return {"DatabaseName": database, "TableName": "t"}


def definition(
    name: str, keys: list[tuple[str, str]] | None = None, /, **more: Any
) -> dict[str, Any]:
    return {
        "Name": name,
        "StorageDescriptor": {
            "Columns": [{"Name": "a", "Type": "bigint", "Comment": "first"}],
            "Location": f"s3://some-bucket/{name}/",
            "SerdeInfo": {"SerializationLibrary": "lib", "Parameters": {"x": "1"}},
        },
        "PartitionKeys": [{"Name": name, "Type": kind} for name, kind in keys or []],
        "Parameters": {"k": "v"},
        "TableType": "EXTERNAL_TABLE",
    } | more


def partition(*values: str, **more: Any) -> dict[str, Any]:
    location = f"s3://some-bucket/t/{'/'.join(values)}"
    columns = [{"Name": "a", "Type": "bigint"}]
    return {
        "Values": list(values),
        "StorageDescriptor": {"Location": location, "Columns": columns},
    } | more


# Databases


def test_a_new_account_has_no_databases(glue: Any, refused: Refused) -> None:
    assert glue.get_databases()["DatabaseList"] == []
    assert refused(glue.get_database, Name="default") == (
        "EntityNotFoundException",
        "Database default not found.",
    )


def test_a_database_keeps_what_it_was_given(glue: Any, account: str) -> None:
    given = {
        "Description": "two\nlines",
        "LocationUri": "s3://some-bucket/db/",
        "Parameters": {"owner": "me"},
    }
    before = datetime.now(UTC) - timedelta(seconds=2)
    glue.create_database(DatabaseInput={"Name": "Sales", **given})
    found = glue.get_database(Name="SALES")["Database"]
    assert found.items() >= given.items()
    assert (found["Name"], found["CatalogId"]) == ("sales", account)
    assert before <= found["CreateTime"] <= datetime.now(UTC)


def test_updating_a_database_replaces_its_definition(glue: Any, refused: Refused) -> None:
    glue.create_database(
        DatabaseInput={"Name": "db", "Description": "old", "Parameters": {"a": "1"}}
    )
    created = glue.get_database(Name="db")["Database"]["CreateTime"]
    glue.update_database(Name="db", DatabaseInput={"Name": "db", "Parameters": {"b": "2"}})
    found = glue.get_database(Name="db")["Database"]
    assert (found["Parameters"], found["CreateTime"]) == ({"b": "2"}, created)
    assert "Description" not in found
    missing = refused(glue.update_database, Name="no", DatabaseInput={"Name": "no"})
    assert missing == ("EntityNotFoundException", "Database no not found.")
    renamed = refused(glue.update_database, Name="db", DatabaseInput={"Name": "other"})
    assert renamed[0] == "InvalidInputException"


def test_deleting_a_database_takes_its_tables_along(glue: Any, table: dict[str, str]) -> None:
    glue.create_partition(**table, PartitionInput=partition("2013-01-01", "5", "EWR", "1.00"))
    glue.delete_database(Name="db")
    assert glue.get_databases()["DatabaseList"] == []
    glue.create_database(DatabaseInput={"Name": "db"})
    assert glue.get_tables(DatabaseName="db")["TableList"] == []
    glue.create_table(DatabaseName="db", TableInput=definition("t", [("day", "date")]))
    assert glue.get_partitions(**table)["Partitions"] == []


def test_databases_come_in_pages(glue: Any) -> None:
    names = sorted(f"db{number}" for number in range(7))
    for name in reversed(names):
        glue.create_database(DatabaseInput={"Name": name})
    pages = list(glue.get_paginator("get_databases").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["DatabaseList"]) for page in pages] == [3, 3, 1]
    assert [each["Name"] for page in pages for each in page["DatabaseList"]] == names


def test_a_made_up_token_is_refused(glue: Any, refused: Refused) -> None:
    code, message = refused(glue.get_databases, NextToken="made up")
    assert code == "InvalidInputException"
    assert "'made up'" in message


# Tables


def test_a_table_keeps_what_it_was_given(glue: Any, database: str) -> None:
    given = definition("Events", [("day", "date")], Description="d", Owner="me", Retention=3)
    glue.create_table(DatabaseName="DB", TableInput=given)
    found = glue.get_table(DatabaseName="Db", Name="EVENTS")["Table"]
    assert found["Name"] == "events"
    assert found["DatabaseName"] == "db"
    storage = found["StorageDescriptor"]
    assert storage.items() >= given["StorageDescriptor"].items()
    assert (storage["Compressed"], storage["StoredAsSubDirectories"]) == (False, False)
    for name in ("PartitionKeys", "Parameters", "TableType", "Description", "Owner", "Retention"):
        assert found[name] == given[name]
    assert found["VersionId"] == "0"
    assert found["CreateTime"] == found["UpdateTime"]
    assert found["CreatedBy"].startswith("arn:aws:")
    assert found["IsRegisteredWithLakeFormation"] is False


def test_a_view_keeps_its_text(glue: Any, database: str) -> None:
    texts = {"ViewOriginalText": "/* Presto View: eyJ9 */", "ViewExpandedText": "/* Presto View */"}
    given = definition("v", TableType="VIRTUAL_VIEW", **texts)
    glue.create_table(DatabaseName=database, TableInput=given)
    found = glue.get_table(DatabaseName=database, Name="v")["Table"]
    assert found.items() >= texts.items()
    assert found["TableType"] == "VIRTUAL_VIEW"


def test_names_that_are_taken_or_missing(glue: Any, database: str, refused: Refused) -> None:
    glue.create_table(DatabaseName=database, TableInput=definition("t"))
    again = refused(glue.create_table, DatabaseName="db", TableInput=definition("T"))
    assert again == ("AlreadyExistsException", "Table already exists.")
    again = refused(glue.create_database, DatabaseInput={"Name": "DB"})
    assert again == ("AlreadyExistsException", "Database already exists.")
    nowhere = refused(glue.create_table, DatabaseName="no", TableInput=definition("t"))
    assert nowhere == ("EntityNotFoundException", "Database no not found.")
    assert refused(glue.get_table, DatabaseName="db", Name="no") == (
        "EntityNotFoundException",
        "Entity Not Found",
    )
    for method in (glue.get_table, glue.delete_table):
        missing = refused(method, DatabaseName="no", Name="t")
        assert missing == ("EntityNotFoundException", "Database no not found.")
    assert refused(glue.get_tables, DatabaseName="no")[0] == "EntityNotFoundException"
    missing = refused(glue.delete_table, DatabaseName="db", Name="no")
    assert missing == ("EntityNotFoundException", "Table no not found.")


def test_tables_come_in_pages_and_by_pattern(glue: Any, database: str, refused: Refused) -> None:
    names = ["a1", "a2", "b1", "b2", "c"]
    for name in reversed(names):
        glue.create_table(DatabaseName=database, TableInput=definition(name))
    paginate = glue.get_paginator("get_tables").paginate
    pages = list(paginate(DatabaseName=database, PaginationConfig={"PageSize": 2}))
    assert [len(page["TableList"]) for page in pages] == [2, 2, 1]
    assert [each["Name"] for page in pages for each in page["TableList"]] == names

    def matching(expression: str) -> list[str]:
        pages = paginate(
            DatabaseName=database, Expression=expression, PaginationConfig={"PageSize": 1}
        )
        return [each["Name"] for page in pages for each in page["TableList"]]

    assert matching("a.*") == ["a1", "a2"]
    assert matching(".*1") == ["a1", "b1"]
    assert matching("a") == []
    assert matching("a1|c") == ["a1", "c"]
    assert matching(r"\Qb1\E") == ["b1"]
    code, message = refused(glue.get_tables, DatabaseName=database, Expression="(")
    assert code == "InvalidInputException"
    assert "'('" in message


def test_names_only_on_request(glue: Any, database: str) -> None:
    glue.create_table(DatabaseName=database, TableInput=definition("t"))
    found = glue.get_tables(DatabaseName=database, AttributesToGet=["NAME"])["TableList"]
    assert found == [{"Name": "t"}]


def test_an_update_makes_a_version(glue: Any, database: str) -> None:
    glue.create_table(DatabaseName=database, TableInput=definition("t", Description="old"))
    before = glue.get_table(DatabaseName=database, Name="t")["Table"]
    glue.update_table(DatabaseName=database, TableInput=definition("T", Parameters={"n": "1"}))
    found = glue.get_table(DatabaseName=database, Name="t")["Table"]
    assert found["VersionId"] == "1"
    assert found["Parameters"] == {"n": "1"}
    assert "Description" not in found
    assert found["CreateTime"] == before["CreateTime"]
    old = glue.get_table_version(DatabaseName=database, TableName="t", VersionId="0")
    assert old["TableVersion"] == {"Table": before, "VersionId": "0"}
    now = glue.get_table_version(DatabaseName=database, TableName="t")["TableVersion"]
    assert now == {"Table": found, "VersionId": "1"}


@pytest.mark.parametrize("stale", ["0", "2", "01", "one"])
def test_a_stale_version_is_refused(glue: Any, database: str, refused: Refused, stale: str) -> None:
    name = {"DatabaseName": database}
    glue.create_table(**name, TableInput=definition("t"))
    glue.update_table(**name, TableInput=definition("t", Owner="first"), VersionId="0")
    change = definition("t", Owner="second")
    assert refused(glue.update_table, **name, TableInput=change, VersionId=stale) == (
        "ConcurrentModificationException",
        "Update table failed due to concurrent modifications.",
    )
    found = glue.get_table(**name, Name="t")["Table"]
    assert (found["VersionId"], found["Owner"]) == ("1", "first")


def test_archived_versions(glue: Any, database: str, refused: Refused) -> None:
    name = {"DatabaseName": database, "TableName": "t"}
    glue.create_table(DatabaseName=database, TableInput=definition("t", Owner="0"))
    for number in range(1, 6):
        glue.update_table(
            DatabaseName=database,
            TableInput=definition("t", Owner=str(number)),
            SkipArchive=number == 3,
        )
    pages = glue.get_paginator("get_table_versions").paginate(
        **name, PaginationConfig={"PageSize": 2}
    )
    found = [each for page in pages for each in page["TableVersions"]]
    assert [each["VersionId"] for each in found] == ["5", "4", "3", "1", "0"]
    assert [each["Table"]["Owner"] for each in found] == ["5", "4", "3", "1", "0"]

    glue.delete_table_version(**name, VersionId="0")
    errors = glue.batch_delete_table_version(**name, VersionIds=["1", "2"])["Errors"]
    assert [(each["TableName"], each["VersionId"]) for each in errors] == [("t", "2")]
    assert errors[0]["ErrorDetail"]["ErrorCode"] == "EntityNotFoundException"
    left = glue.get_table_versions(**name)["TableVersions"]
    assert [each["VersionId"] for each in left] == ["5", "4", "3"]
    gone = refused(glue.get_table_version, **name, VersionId="0")
    assert gone == ("EntityNotFoundException", "Version not found.")
    current = refused(glue.delete_table_version, **name, VersionId="5")
    assert current[0] == "InvalidInputException"


def test_a_table_made_anew_starts_anew(glue: Any, database: str) -> None:
    glue.create_table(DatabaseName=database, TableInput=definition("t"))
    glue.update_table(DatabaseName=database, TableInput=definition("t"))
    glue.delete_table(DatabaseName=database, Name="T")
    glue.create_table(DatabaseName=database, TableInput=definition("t"))
    versions = glue.get_table_versions(DatabaseName=database, TableName="t")["TableVersions"]
    assert [each["VersionId"] for each in versions] == ["0"]


def test_deleting_several_tables(glue: Any, database: str) -> None:
    glue.create_table(DatabaseName=database, TableInput=definition("t"))
    errors = glue.batch_delete_table(DatabaseName=database, TablesToDelete=["t", "missing"])[
        "Errors"
    ]
    assert errors == [
        {
            "TableName": "missing",
            "ErrorDetail": {
                "ErrorCode": "EntityNotFoundException",
                "ErrorMessage": "Table missing not found",
            },
        }
    ]
    assert glue.get_tables(DatabaseName=database)["TableList"] == []


# Limits


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"Name": "x" * 256}, "tableInput.name"),
        ({"Name": "a\nb"}, "tableInput.name"),
        ({"Description": "x" * 2049}, "tableInput.description"),
        ({"Parameters": {"k": "x" * 512_001}}, "tableInput.parameters.k.value"),
        ({"Parameters": {"k" * 256: "x"}}, f"tableInput.parameters.{'k' * 256}.key"),
        ({"ViewOriginalText": "x" * 409_601}, "tableInput.viewOriginalText"),
        (
            {"StorageDescriptor": {"Columns": [{"Name": "a", "Type": "x" * 131_073}]}},
            "tableInput.storageDescriptor.columns.1.member.type",
        ),
    ],
)
def test_limits_of_a_table(
    glue: Any, database: str, refused: Refused, change: dict[str, Any], member: str
) -> None:
    given = definition("t", **change)
    code, message = refused(glue.create_table, DatabaseName=database, TableInput=given)
    assert code == "ValidationException"
    assert message.startswith("1 validation error detected: Value ")
    assert f"at '{member}' failed to satisfy constraint: Member must" in message
    assert len(message) < 1000
    assert glue.get_tables(DatabaseName=database)["TableList"] == []


def test_values_at_their_limits_are_kept(glue: Any, database: str) -> None:
    change = {"Parameters": {"k": "x" * 512_000}, "Description": "é" * 2048}
    glue.create_table(DatabaseName=database, TableInput=definition("n" * 255, **change))
    found = glue.get_table(DatabaseName=database, Name="n" * 255)["Table"]
    assert {name: found[name] for name in change} == change


def test_page_sizes_are_limited(glue: Any, table: dict[str, str], refused: Refused) -> None:
    name = {"DatabaseName": table["DatabaseName"]}
    assert refused(glue.get_tables, **name, MaxResults=101)[0] == "ValidationException"
    assert refused(glue.get_partitions, **table, MaxResults=1001)[0] == "ValidationException"
    with pytest.raises(ParamValidationError):
        glue.get_tables(**name, MaxResults=0)


def test_the_catalog_of_the_account(
    glue: Any, database: str, account: str, refused: Refused
) -> None:
    assert glue.get_tables(DatabaseName=database, CatalogId=account)["TableList"] == []
    other = refused(glue.get_tables, DatabaseName=database, CatalogId="123456789012")
    assert other == ("EntityNotFoundException", "Catalog 123456789012 not found.")


# Partitions


def test_a_partition_keeps_what_it_was_given(glue: Any, table: dict[str, str]) -> None:
    given = partition("2013-01-01", "5", "New York", "1.50", Parameters={"rows": "842"})
    glue.create_partition(**table, PartitionInput=given)
    found = glue.get_partition(**table, PartitionValues=given["Values"])["Partition"]
    storage, wanted = found["StorageDescriptor"], given["StorageDescriptor"]
    assert storage.items() >= wanted.items()
    assert (found["Values"], found["Parameters"]) == (given["Values"], given["Parameters"])
    assert (found["DatabaseName"], found["TableName"]) == ("db", "t")
    assert found["CreationTime"] <= datetime.now(UTC)


def test_partitions_that_are_taken_or_missing(
    glue: Any, table: dict[str, str], refused: Refused
) -> None:
    values = ["2013-01-01", "5", "EWR", "1.00"]
    assert refused(glue.get_partition, **table, PartitionValues=values) == (
        "EntityNotFoundException",
        "Cannot find partition.",
    )
    missing = refused(glue.delete_partition, **table, PartitionValues=values)
    assert missing == ("EntityNotFoundException", "Cannot find partition.")
    glue.create_partition(**table, PartitionInput=partition(*values))
    again = refused(glue.create_partition, **table, PartitionInput=partition(*values))
    assert again == ("AlreadyExistsException", "Partition already exists.")
    short = refused(glue.create_partition, **table, PartitionInput=partition("2013-01-01"))
    assert short == (
        "InvalidInputException",
        "The number of partition keys do not match the number of partition values",
    )
    nowhere = table | {"TableName": "no"}
    missing = refused(glue.create_partition, **nowhere, PartitionInput=partition(*values))
    assert missing == ("EntityNotFoundException", "Table no not found.")


def test_creating_partitions_in_a_batch(glue: Any, table: dict[str, str], refused: Refused) -> None:
    inputs = [partition("2013-01-01", str(hour), "EWR", "1") for hour in range(101)]
    code, message = refused(glue.batch_create_partition, **table, PartitionInputList=inputs)
    assert code == "ValidationException"
    assert "'partitionInputList' failed to satisfy constraint" in message
    assert "Member must have length less than or equal to 100" in message
    assert glue.get_partitions(**table)["Partitions"] == []

    assert glue.batch_create_partition(**table, PartitionInputList=inputs[:99])["Errors"] == []
    errors = glue.batch_create_partition(**table, PartitionInputList=inputs[98:])["Errors"]
    assert [each["PartitionValues"][1] for each in errors] == ["98"]
    assert errors[0]["ErrorDetail"] == {
        "ErrorCode": "AlreadyExistsException",
        "ErrorMessage": "Partition already exists.",
    }
    assert len(glue.get_partitions(**table)["Partitions"]) == 101

    bad = [partition("2013-01-02", "1", "EWR", "1"), partition("2013-01-02")]
    assert refused(glue.batch_create_partition, **table, PartitionInputList=bad)[0] == (
        "InvalidInputException"
    )
    assert len(glue.get_partitions(**table)["Partitions"]) == 101


def test_partitions_come_in_pages_and_segments(glue: Any, table: dict[str, str]) -> None:
    inputs = [partition("2013-01-01", str(hour), "EWR", "1") for hour in range(24)]
    glue.batch_create_partition(**table, PartitionInputList=inputs)
    everything = {str(hour) for hour in range(24)}
    paginate = glue.get_paginator("get_partitions").paginate
    pages = list(paginate(**table, PaginationConfig={"PageSize": 10}))
    assert [len(page["Partitions"]) for page in pages] == [10, 10, 4]
    hours = [each["Values"][1] for page in pages for each in page["Partitions"]]
    assert (set(hours), len(hours)) == (everything, 24)

    segments = [
        {each["Values"][1] for page in pages for each in page["Partitions"]}
        for number in range(3)
        for pages in (
            paginate(
                **table,
                Segment={"SegmentNumber": number, "TotalSegments": 3},
                PaginationConfig={"PageSize": 4},
            ),
        )
    ]
    assert set.union(*segments) == everything
    assert sum(map(len, segments)) == 24

    bare = glue.get_partitions(**table, ExcludeColumnSchema=True)["Partitions"]
    assert all("Columns" not in each["StorageDescriptor"] for each in bare)


def test_getting_several_partitions(glue: Any, table: dict[str, str]) -> None:
    inputs = [partition("2013-01-01", str(hour), "EWR", "1") for hour in range(3)]
    glue.batch_create_partition(**table, PartitionInputList=inputs)
    wanted = [
        {"Values": ["2013-01-01", "2", "EWR", "1"]},
        {"Values": ["2013-01-01", "9", "EWR", "1"]},
        {"Values": ["2013-01-01", "0", "EWR", "1"]},
    ]
    found = glue.batch_get_partition(**table, PartitionsToGet=wanted)
    assert [each["Values"][1] for each in found["Partitions"]] == ["2", "0"]
    assert found["UnprocessedKeys"] == []


def test_updating_partitions(glue: Any, table: dict[str, str], refused: Refused) -> None:
    one, two = ["2013-01-01", "1", "EWR", "1"], ["2013-01-01", "2", "EWR", "1"]
    inputs = [partition(*one), partition(*two)]
    glue.batch_create_partition(**table, PartitionInputList=inputs)
    created = glue.get_partition(**table, PartitionValues=one)["Partition"]["CreationTime"]
    changed = partition(*one, Parameters={"n": "1"})
    glue.update_partition(**table, PartitionValueList=one, PartitionInput=changed)
    found = glue.get_partition(**table, PartitionValues=one)["Partition"]
    assert (found["Parameters"], found["CreationTime"]) == ({"n": "1"}, created)

    moved = ["2013-01-01", "3", "EWR", "1"]
    glue.update_partition(**table, PartitionValueList=one, PartitionInput=partition(*moved))
    hours = {each["Values"][1] for each in glue.get_partitions(**table)["Partitions"]}
    assert hours == {"2", "3"}
    taken = refused(
        glue.update_partition, **table, PartitionValueList=moved, PartitionInput=partition(*two)
    )
    assert taken == ("AlreadyExistsException", "Partition already exists.")
    missing = refused(
        glue.update_partition, **table, PartitionValueList=one, PartitionInput=partition(*one)
    )
    assert missing == ("EntityNotFoundException", "Partition not found.")

    entries = [
        {"PartitionValueList": values, "PartitionInput": partition(*values, Parameters={"n": "2"})}
        for values in (one, two)
    ]
    errors = glue.batch_update_partition(**table, Entries=entries)["Errors"]
    assert [each["PartitionValueList"] for each in errors] == [one]
    assert errors[0]["ErrorDetail"]["ErrorCode"] == "EntityNotFoundException"
    found = glue.get_partition(**table, PartitionValues=two)["Partition"]
    assert found["Parameters"] == {"n": "2"}


def test_deleting_partitions_in_a_batch(glue: Any, table: dict[str, str], refused: Refused) -> None:
    all_values = [["2013-01-01", str(hour), "EWR", "1"] for hour in range(26)]
    inputs = [partition(*values) for values in all_values]
    glue.batch_create_partition(**table, PartitionInputList=inputs)
    wanted = [{"Values": values} for values in all_values]
    code, message = refused(glue.batch_delete_partition, **table, PartitionsToDelete=wanted)
    assert code == "ValidationException"
    assert "Member must have length less than or equal to 25" in message
    assert glue.batch_delete_partition(**table, PartitionsToDelete=wanted[:25])["Errors"] == []
    errors = glue.batch_delete_partition(**table, PartitionsToDelete=wanted[24:])["Errors"]
    assert [each["PartitionValues"] for each in errors] == [all_values[24]]
    assert glue.get_partitions(**table)["Partitions"] == []


# Partition filters

_PARTITIONS = {
    "a": ("2013-01-01", "1", "EWR", "1.50"),
    "b": ("2013-01-02", "10", "JFK", "2.00"),
    "c": ("2013-02-01", "9", "O'Hare", "10.00"),
    "d": ("2014-01-01", "__HIVE_DEFAULT_PARTITION__", "new york", "-3"),
}


@pytest.fixture
def filtered(glue: Any, table: dict[str, str]) -> Callable[[str], str]:
    """The partitions, by letter, that an Expression finds."""
    inputs = [partition(*values) for values in _PARTITIONS.values()]
    glue.batch_create_partition(**table, PartitionInputList=inputs)
    letters = {values: letter for letter, values in _PARTITIONS.items()}

    def find(expression: str) -> str:
        found = glue.get_partitions(**table, Expression=expression)["Partitions"]
        return "".join(sorted(letters[tuple(each["Values"])] for each in found))

    return find


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("", "abcd"),
        ("hour = 9", "c"),
        ("hour = '9'", "c"),
        ("hour > 9", "b"),
        ("hour >= 9 AND hour<10", "c"),
        ("hour != 9", "ab"),
        ("hour <> 9", "ab"),
        ("NOT hour = 9", "ab"),
        ("NOT (hour = 9 OR hour = 1)", "b"),
        ("hour in (1, '9', 77)", "ac"),
        ("hour not in (1, 9)", "b"),
        ("hour IS NULL", "d"),
        ("hour is not null", "abc"),
        ("hour between 2 and 10", "bc"),
        ("hour not between 2 and 10", "a"),
        ("hour = 1 or region = 'new york' and price < 0", "ad"),
        ("(hour = 1 or region = 'new york') and price < 0", "d"),
        ("hour = 9 or hour is null", "cd"),
        ("((HOUR) = (9))", "c"),
        ("((hour = 9) AND (day = '2013-02-01'))", "c"),
        ('"hour" = 9', "c"),
        ("`hour` = 9", "c"),
        ("region = 'O''Hare'", "c"),
        ("region like 'new%'", "d"),
        ("region LIKE '_FK'", "b"),
        ("region not like '%e%'", "ab"),
        ("region like '%'", "abcd"),
        ("region like 'E.R'", ""),
        ("region > 'K'", "cd"),
        ("day >= '2013-02-01'", "cd"),
        ("day = date '2013-01-02'", "b"),
        ("day between '2013-01-01' and '2013-12-31'", "abc"),
        ("day in ('2013-01-01', '2014-01-01')", "ad"),
        ("price = 1.5", "a"),
        ("price = 2", "b"),
        ("price < -2.5", "d"),
        ("price > 2", "c"),
        ("price <= 1e1 and price > 0", "abc"),
    ],
)
def test_filters_find(filtered: Callable[[str], str], expression: str, found: str) -> None:
    assert filtered(expression) == found


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("nothere = 1", "Unknown column 'nothere'"),
        ("hour = 'x'", 'For input string: "x" is not an integer.'),
        ("hour in (2.5)", 'For input string: "2.5" is not an integer.'),
        ("price = 'x'", "x is not a decimal."),
        ("day = 'x'", "x is not a date."),
        ("hour like '1'", "Integral data type doesn't support operation 'LIKE'"),
        ("day like '1'", "Date data type doesn't support operation 'LIKE'"),
        ("hour", "Unsupported expression 'hour'"),
        ("hour =", "Unsupported expression 'hour ='"),
        ("hour = 1 region", "Unsupported expression 'hour = 1 region'"),
        ("hour = 1)", "Unsupported expression 'hour = 1)'"),
        ("(hour = 1", "Unsupported expression '(hour = 1'"),
        ("hour = 1 and", "Unsupported expression 'hour = 1 and'"),
        ("hour is test'", "Unsupported expression 'hour is test''"),
        ("1 = hour", "Unsupported expression '1 = hour'"),
        ("hour + 1 = 2", "Unsupported expression 'hour + 1 = 2'"),
    ],
)
def test_filters_that_are_refused(
    glue: Any, table: dict[str, str], refused: Refused, expression: str, message: str
) -> None:
    refusal = refused(glue.get_partitions, **table, Expression=expression)
    assert refusal == ("InvalidInputException", message)


def test_timestamps_are_filtered_exactly(glue: Any, database: str, refused: Refused) -> None:
    keys = [("at", "timestamp"), ("ratio", "double")]
    glue.create_table(DatabaseName=database, TableInput=definition("t", keys))
    name = {"DatabaseName": database, "TableName": "t"}
    for value in ("2013-01-01 00:00:00", "2013-01-01 00:00:00.000000001"):
        glue.create_partition(**name, PartitionInput=partition(value, "1.0"))
    later = glue.get_partitions(**name, Expression="at > '2013-01-01 00:00:00.0'")["Partitions"]
    assert [each["Values"][0] for each in later] == ["2013-01-01 00:00:00.000000001"]
    unknown = refused(glue.get_partitions, **name, Expression="ratio = 1.0")
    assert unknown == ("InvalidInputException", "Unknown type : 'double'")


def test_a_stored_value_that_its_type_cannot_hold(
    glue: Any, table: dict[str, str], refused: Refused
) -> None:
    glue.create_partition(**table, PartitionInput=partition("2013-01-01", "noon", "EWR", "1"))
    refusal = refused(glue.get_partitions, **table, Expression="hour = 1")
    assert refusal == ("InvalidStateException", 'For input string: "noon" is not an integer.')


# Tags


def test_tags_of_databases_and_tables(glue: Any, account: str, refused: Refused) -> None:
    glue.create_database(DatabaseInput={"Name": "db"}, Tags={"team": "data"})
    glue.create_table(DatabaseName="db", TableInput=definition("t"))
    arn = f"arn:aws:glue:us-east-1:{account}"
    glue.tag_resource(ResourceArn=f"{arn}:database/db", TagsToAdd={"env": "test", "team": "ml"})
    glue.tag_resource(ResourceArn=f"{arn}:table/db/t", TagsToAdd={"a": "1", "b": "2"})
    glue.untag_resource(ResourceArn=f"{arn}:table/db/t", TagsToRemove=["a", "none"])
    assert glue.get_tags(ResourceArn=f"{arn}:database/db")["Tags"] == {"team": "ml", "env": "test"}
    assert glue.get_tags(ResourceArn=f"{arn}:table/db/t")["Tags"] == {"b": "2"}
    for name in ("database/no", "table/db/no", "table/db", "job/x"):
        code, _ = refused(glue.get_tags, ResourceArn=f"{arn}:{name}")
        assert code == "EntityNotFoundException"
    glue.delete_database(Name="db")
    glue.create_database(DatabaseInput={"Name": "db"})
    glue.create_table(DatabaseName="db", TableInput=definition("t"))
    assert glue.get_tags(ResourceArn=f"{arn}:database/db")["Tags"] == {}
    assert glue.get_tags(ResourceArn=f"{arn}:table/db/t")["Tags"] == {}


# A client that nobody here wrote


@pytest.fixture
def catalog(glue: Any) -> GlueCatalog:
    return GlueCatalog("glue", client=glue)


def test_pyiceberg_commits_tables(catalog: GlueCatalog, glue: Any, tmp_path: Path) -> None:
    catalog.create_namespace("lake", {"comment": "tables", "owner": "me"})
    assert catalog.list_namespaces() == [("lake",)]
    assert catalog.load_namespace_properties("lake") == {"comment": "tables", "owner": "me"}
    schema = Schema(NestedField(1, "id", LongType(), required=True))
    made = catalog.create_table("lake.events", schema, location=f"file://{tmp_path}/events")
    assert catalog.list_tables("lake") == [("lake", "events")]

    table = catalog.load_table("lake.events")
    with table.transaction() as transaction:
        transaction.set_properties(color="blue")
    assert catalog.load_table("lake.events").properties["color"] == "blue"
    found = glue.get_table(DatabaseName="lake", Name="events")["Table"]
    assert found["VersionId"] == "1"
    assert found["Parameters"]["metadata_location"] == table.metadata_location

    late = made.transaction()
    late.update_schema().add_column("late", LongType()).commit()
    with table.update_schema() as update:
        update.add_column("early", LongType())
    with pytest.raises(CommitFailedException):
        late.commit_transaction()
    assert catalog.load_table("lake.events").schema().column_names == ["id", "early"]

    catalog.rename_table("lake.events", "lake.renamed")
    assert catalog.list_tables("lake") == [("lake", "renamed")]
    catalog.drop_table("lake.renamed")
    with pytest.raises(NoSuchTableError):
        catalog.load_table("lake.renamed")
    catalog.drop_namespace("lake")
    assert catalog.list_namespaces() == []
