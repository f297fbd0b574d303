"""Glue beyond tables and partitions: search, statistics, functions, indexes, settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

Refused = Callable[..., tuple[str, str]]


@pytest.fixture
def database(glue: Any) -> str:
    glue.create_database(DatabaseInput={"Name": "db"})
    return "db"


@pytest.fixture
def table(glue: Any, database: str) -> dict[str, str]:
    """A partitioned table; the arguments that name it."""
    make(glue, "t", PartitionKeys=[{"Name": "p", "Type": "string"}, {"Name": "q", "Type": "int"}])
    return {"DatabaseName": database, "TableName": "t"}


def make(glue: Any, name: str, /, database: str = "db", **more: Any) -> None:
    columns = [{"Name": "a", "Type": "bigint"}, {"Name": "b", "Type": "string"}]
    storage = {"Columns": columns, "Location": f"s3://some-bucket/{name}/"}
    glue.create_table(
        DatabaseName=database, TableInput={"Name": name, "StorageDescriptor": storage, **more}
    )


def names(answer: dict[str, Any]) -> list[str]:
    return [table["Name"] for table in answer["TableList"]]


# Search


@pytest.fixture
def many(glue: Any, database: str) -> None:
    """Four tables of two databases."""
    glue.create_database(DatabaseInput={"Name": "other"})
    make(glue, "customer-link", Description="Who knows whom", Owner="ann")
    make(glue, "xx-link-yy", Parameters={"classification": "parquet"})
    make(glue, "xxlinkyy", PartitionKeys=[{"Name": "day", "Type": "date", "Comment": "UTC"}])
    make(glue, "flights", "other", Owner="bob")


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["customer-link", "xx-link-yy", "xxlinkyy", "flights"]),
        ({"SearchText": "link"}, ["customer-link", "xx-link-yy", "xxlinkyy"]),
        ({"SearchText": "KNOWS whom"}, ["customer-link"]),
        ({"SearchText": "parquet"}, ["xx-link-yy"]),
        ({"SearchText": "utc"}, ["xxlinkyy"]),
        ({"SearchText": '"flights"'}, ["flights"]),
        ({"SearchText": '"flight"'}, []),
        ({"Filters": [{"Key": "Name", "Value": "link"}]}, ["customer-link", "xx-link-yy"]),
        ({"Filters": [{"Key": "DatabaseName", "Value": "other"}]}, ["flights"]),
        ({"Filters": [{"Key": "classification", "Value": "parquet"}]}, ["xx-link-yy"]),
        (
            {"Filters": [{"Key": "Owner", "Value": "ann"}, {"Key": "Name", "Value": "flights"}]},
            [],
        ),
        (
            {"SortCriteria": [{"FieldName": "Name", "Sort": "DESC"}]},
            ["xxlinkyy", "xx-link-yy", "flights", "customer-link"],
        ),
    ],
)
def test_tables_are_searched(glue: Any, asked: dict[str, Any], found: list[str]) -> None:
    assert names(glue.search_tables(**asked)) == found


@pytest.mark.usefixtures("many")
def test_tables_are_searched_by_time(glue: Any, refused: Refused) -> None:
    def made(comparator: str, moment: str) -> list[str]:
        predicate = {"Key": "CreateTime", "Value": moment, "Comparator": comparator}
        return names(glue.search_tables(Filters=[predicate]))

    assert len(made("GREATER_THAN", "2020-01-01T00:00:00+00:00")) == 4
    assert made("LESS_THAN", "2020-01-01T00:00:00+00:00") == []
    bad = [{"Key": "CreateTime", "Value": "yesterday", "Comparator": "EQUALS"}]
    assert refused(glue.search_tables, Filters=bad)[0] == "InvalidInputException"


@pytest.mark.usefixtures("many")
def test_what_is_found_comes_in_pages(glue: Any) -> None:
    first = glue.search_tables(MaxResults=3)
    rest = glue.search_tables(MaxResults=3, NextToken=first["NextToken"])
    assert (len(names(first)), names(rest)) == (3, ["flights"])
    assert "NextToken" not in rest


# Statistics of columns


def counted(name: str, nulls: int = 1) -> dict[str, Any]:
    data = {"NumberOfNulls": nulls, "NumberOfDistinctValues": 9, "MinimumValue": -5}
    return {
        "ColumnName": name,
        "ColumnType": "bigint",
        "AnalyzedTime": datetime(2024, 1, 2, tzinfo=UTC),
        "StatisticsData": {"Type": "LONG", "LongColumnStatisticsData": data},
    }


def test_statistics_of_a_tables_columns(glue: Any, table: dict[str, str], refused: Refused) -> None:
    done = glue.update_column_statistics_for_table(
        **table, ColumnStatisticsList=[counted("A"), counted("none")]
    )
    assert [e["ColumnStatistics"]["ColumnName"] for e in done["Errors"]] == ["none"]
    found = glue.get_column_statistics_for_table(**table, ColumnNames=["a", "b"])
    assert found["ColumnStatisticsList"] == [counted("a")]
    assert [error["ColumnName"] for error in found["Errors"]] == ["b"]
    assert found["Errors"][0]["Error"]["ErrorCode"] == "EntityNotFoundException"
    glue.update_column_statistics_for_table(**table, ColumnStatisticsList=[counted("a", 7)])
    found = glue.get_column_statistics_for_table(**table, ColumnNames=["a"])
    assert found["ColumnStatisticsList"] == [counted("a", 7)]
    glue.delete_column_statistics_for_table(**table, ColumnName="a")
    found = glue.get_column_statistics_for_table(**table, ColumnNames=["a"])
    assert found["ColumnStatisticsList"] == []
    missing = refused(glue.delete_column_statistics_for_table, **table, ColumnName="a")
    assert missing[0] == "EntityNotFoundException"


def test_statistics_of_a_partitions_columns(
    glue: Any, table: dict[str, str], refused: Refused
) -> None:
    for value in ("x", "y"):
        glue.create_partition(**table, PartitionInput={"Values": [value, "1"]})
    there = {**table, "PartitionValues": ["x", "1"]}
    glue.update_column_statistics_for_partition(**there, ColumnStatisticsList=[counted("a")])
    found = glue.get_column_statistics_for_partition(**there, ColumnNames=["a"])
    assert found["ColumnStatisticsList"] == [counted("a")]
    other = {**table, "PartitionValues": ["y", "1"]}
    found = glue.get_column_statistics_for_partition(**other, ColumnNames=["a"])
    assert found["ColumnStatisticsList"] == []
    assert glue.get_column_statistics_for_table(**table, ColumnNames=["a"])["Errors"]
    glue.delete_column_statistics_for_partition(**there, ColumnName="a")
    nowhere = {**table, "PartitionValues": ["z", "1"]}
    missing = refused(glue.get_column_statistics_for_partition, **nowhere, ColumnNames=["a"])
    assert missing[0] == "EntityNotFoundException"


def test_statistics_go_with_their_table(glue: Any, table: dict[str, str]) -> None:
    glue.update_column_statistics_for_table(**table, ColumnStatisticsList=[counted("a")])
    glue.delete_table(DatabaseName="db", Name="t")
    make(glue, "t")
    assert glue.get_column_statistics_for_table(**table, ColumnNames=["a"])["Errors"]


# Functions


def test_functions_are_kept(glue: Any, database: str, refused: Refused) -> None:
    assert (
        glue.get_user_defined_functions(DatabaseName="db", Pattern=".*")["UserDefinedFunctions"]
        == []
    )
    given = {"FunctionName": "Add", "ClassName": "x.Add", "OwnerName": "ann", "OwnerType": "USER"}
    glue.create_user_defined_function(DatabaseName=database, FunctionInput=given)
    there = {"DatabaseName": database, "FunctionName": "add"}
    found = glue.get_user_defined_function(**there)["UserDefinedFunction"]
    assert (found["FunctionName"], found["ClassName"]) == ("add", "x.Add")
    again = refused(glue.create_user_defined_function, DatabaseName="db", FunctionInput=given)
    assert again[0] == "AlreadyExistsException"
    glue.update_user_defined_function(**there, FunctionInput={**given, "ClassName": "x.Sum"})
    listed = glue.get_user_defined_functions(DatabaseName="db", Pattern="a.*")
    assert [f["ClassName"] for f in listed["UserDefinedFunctions"]] == ["x.Sum"]
    assert not glue.get_user_defined_functions(Pattern="b")["UserDefinedFunctions"]
    glue.delete_user_defined_function(**there)
    assert refused(glue.get_user_defined_function, **there)[0] == "EntityNotFoundException"
    nowhere = refused(glue.get_user_defined_functions, DatabaseName="no", Pattern=".*")
    assert nowhere == ("EntityNotFoundException", "Database no not found.")


# Partition indexes


def test_partition_indexes(glue: Any, table: dict[str, str], refused: Refused) -> None:
    def create(name: str, *keys: str) -> Any:
        index = {"IndexName": name, "Keys": list(keys)}
        return lambda: glue.create_partition_index(**table, PartitionIndex=index)

    create("one", "Q")()
    (index,) = glue.get_partition_indexes(**table)["PartitionIndexDescriptorList"]
    assert index["Keys"] == [{"Name": "q", "Type": "int"}]
    assert (index["IndexName"], index["IndexStatus"]) == ("one", "ACTIVE")
    assert refused(create("one", "p"))[0] == "AlreadyExistsException"
    assert refused(create("two", "a"))[0] == "InvalidInputException"
    create("two", "p")()
    create("three", "p", "q")()
    assert refused(create("four", "q", "p"))[0] == "ResourceNumberLimitExceededException"
    glue.delete_partition_index(**table, IndexName="two")
    missing = refused(glue.delete_partition_index, **table, IndexName="two")
    assert missing[0] == "EntityNotFoundException"
    listed = glue.get_partition_indexes(**table)["PartitionIndexDescriptorList"]
    assert [each["IndexName"] for each in listed] == ["one", "three"]


def test_a_table_is_made_with_its_indexes_or_not_at_all(
    glue: Any, database: str, refused: Refused
) -> None:
    keys = [{"Name": "p", "Type": "string"}]
    definition = {"Name": "t", "PartitionKeys": keys, "StorageDescriptor": {"Columns": []}}
    bad = [{"IndexName": "i", "Keys": ["none"]}]
    arguments = {"DatabaseName": database, "TableInput": definition}
    assert refused(glue.create_table, **arguments, PartitionIndexes=bad)[0] == (
        "InvalidInputException"
    )
    assert glue.get_tables(DatabaseName=database)["TableList"] == []
    glue.create_table(**arguments, PartitionIndexes=[{"IndexName": "i", "Keys": ["p"]}])
    listed = glue.get_partition_indexes(DatabaseName=database, TableName="t")
    assert [each["IndexName"] for each in listed["PartitionIndexDescriptorList"]] == ["i"]


# Settings, and what there is not


def test_what_nobody_configured(glue: Any, refused: Refused) -> None:
    assert glue.get_catalog_import_status()["ImportStatus"]["ImportCompleted"] is True
    settings = glue.get_data_catalog_encryption_settings()["DataCatalogEncryptionSettings"]
    assert settings["EncryptionAtRest"]["CatalogEncryptionMode"] == "DISABLED"
    assert refused(glue.get_resource_policy)[0] == "EntityNotFoundException"


@pytest.mark.parametrize("operation", ["get_connections", "list_crawlers", "list_jobs"])
def test_what_is_not_the_catalogs_is_named(glue: Any, refused: Refused, operation: str) -> None:
    code, message = refused(getattr(glue, operation))
    assert code == "UnknownOperationException"
    assert operation.replace("_", "") in message.lower()
