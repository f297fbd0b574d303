"""Athena's work groups, named queries, data catalogs and tags."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from tests.behaviours.athena_client import AthenaClient

Refused = Callable[..., tuple[str, str]]

LEAST_CUTOFF = 10_000_000


@pytest.fixture
def athena(aws: boto3.Session, bucket: str) -> AthenaClient:
    """A client without a database."""
    return AthenaClient(aws, None, f"s3://{bucket}/results/")


def group_of(athena: AthenaClient, name: str) -> dict[str, Any]:
    found: dict[str, Any] = athena.client.get_work_group(WorkGroup=name)["WorkGroup"]
    return found


# Work groups


def test_a_new_account_has_the_work_group_primary(athena: AthenaClient) -> None:
    (group,) = athena.client.list_work_groups()["WorkGroups"]
    assert (group["Name"], group["State"]) == ("primary", "ENABLED")
    assert group["EngineVersion"]["SelectedEngineVersion"] == "AUTO"
    configuration = group_of(athena, "primary")["Configuration"]
    assert configuration["EnforceWorkGroupConfiguration"] is False
    assert "BytesScannedCutoffPerQuery" not in configuration


def test_a_work_group_keeps_what_it_was_given(athena: AthenaClient, bucket: str) -> None:
    athena.client.create_work_group(
        Name="team.a_1-x",
        Description="ours",
        Configuration={
            "ResultConfiguration": {"OutputLocation": f"s3://{bucket}/team/"},
            "BytesScannedCutoffPerQuery": LEAST_CUTOFF,
            "EngineVersion": {"SelectedEngineVersion": "Athena engine version 3"},
        },
        Tags=[{"Key": "cost", "Value": "42"}],
    )
    group = group_of(athena, "team.a_1-x")
    assert (group["State"], group["Description"]) == ("ENABLED", "ours")
    configuration = group["Configuration"]
    assert configuration["ResultConfiguration"] == {"OutputLocation": f"s3://{bucket}/team/"}
    assert configuration["BytesScannedCutoffPerQuery"] == LEAST_CUTOFF
    assert configuration["EnforceWorkGroupConfiguration"] is True  # Athena's default
    assert configuration["EngineVersion"] == {
        "SelectedEngineVersion": "Athena engine version 3",
        "EffectiveEngineVersion": "Athena engine version 3",
    }
    names = [g["Name"] for g in athena.client.list_work_groups()["WorkGroups"]]
    assert names == ["primary", "team.a_1-x"]


def test_work_groups_come_in_pages(athena: AthenaClient) -> None:
    for name in ("a", "b", "z"):
        athena.client.create_work_group(Name=name)
    first = athena.client.list_work_groups(MaxResults=3)
    rest = athena.client.list_work_groups(NextToken=first["NextToken"])
    names = [g["Name"] for page in (first, rest) for g in page["WorkGroups"]]
    assert names == ["a", "b", "primary", "z"]
    assert "NextToken" not in rest


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"Name": "primary"}, "already created"),
        ({"Name": "no good"}, "pattern"),
        ({"Name": "x", "Configuration": {"ResultConfiguration": {"OutputLocation": "x"}}}, "S3"),
        (
            {"Name": "x", "Configuration": {"EngineVersion": {"SelectedEngineVersion": "Spark"}}},
            "Athena engine version 3",
        ),
        (
            {"Name": "x", "Configuration": {"AdditionalConfiguration": "x"}},
            "AdditionalConfiguration",
        ),
    ],
)
def test_work_groups_that_can_not_be_are_refused(
    athena: AthenaClient, refused: Refused, arguments: dict[str, Any], said: str
) -> None:
    code, message = refused(athena.client.create_work_group, **arguments)
    assert code == "InvalidRequestException"
    assert said in message
    assert len(athena.client.list_work_groups()["WorkGroups"]) == 1


def test_an_update_changes_what_it_names(athena: AthenaClient, bucket: str) -> None:
    client, there = athena.client, f"s3://{bucket}/a/"
    client.create_work_group(
        Name="g",
        Configuration={
            "ResultConfiguration": {"OutputLocation": there},
            "BytesScannedCutoffPerQuery": LEAST_CUTOFF,
        },
    )
    client.update_work_group(
        WorkGroup="g",
        Description="new",
        State="DISABLED",
        ConfigurationUpdates={
            "EnforceWorkGroupConfiguration": False,
            "RemoveBytesScannedCutoffPerQuery": True,
        },
    )
    group = group_of(athena, "g")
    assert (group["Description"], group["State"]) == ("new", "DISABLED")
    assert "BytesScannedCutoffPerQuery" not in group["Configuration"]
    assert group["Configuration"]["EnforceWorkGroupConfiguration"] is False
    assert group["Configuration"]["ResultConfiguration"] == {"OutputLocation": there}
    updates = {"ResultConfigurationUpdates": {"RemoveOutputLocation": True}}
    client.update_work_group(WorkGroup="g", ConfigurationUpdates=updates)
    assert group_of(athena, "g")["Configuration"]["ResultConfiguration"] == {}


def test_primary_can_be_changed_and_not_deleted(
    athena: AthenaClient, bucket: str, refused: Refused
) -> None:
    updates = {"ResultConfigurationUpdates": {"OutputLocation": f"s3://{bucket}/mine"}}
    athena.client.update_work_group(WorkGroup="primary", ConfigurationUpdates=updates)
    id_ = athena.client.start_query_execution(QueryString="SELECT 1")["QueryExecutionId"]
    output = athena.wait(id_)["ResultConfiguration"]["OutputLocation"]
    assert output == f"s3://{bucket}/mine/{id_}.csv"
    code, message = refused(athena.client.delete_work_group, WorkGroup="primary")
    assert (code, "cannot be deleted" in message) == ("InvalidRequestException", True)


def test_a_work_group_that_is_not_empty_is_deleted_only_recursively(
    athena: AthenaClient, bucket: str, refused: Refused
) -> None:
    client = athena.client
    client.create_work_group(Name="g", Tags=[{"Key": "k", "Value": "v"}])
    client.create_named_query(Name="q", Database="db", QueryString="SELECT 1", WorkGroup="g")
    code, message = refused(client.delete_work_group, WorkGroup="g")
    assert (code, message) == ("InvalidRequestException", "WorkGroup g is not empty")
    client.delete_work_group(WorkGroup="g", RecursiveDeleteOption=True)
    assert "not found" in refused(client.get_work_group, WorkGroup="g")[1]
    client.create_work_group(Name="g")
    assert client.list_named_queries(WorkGroup="g")["NamedQueryIds"] == []
    client.delete_work_group(WorkGroup="g")


def test_an_enforced_configuration_wins_over_the_request(
    athena: AthenaClient, bucket: str, refused: Refused
) -> None:
    results = {"OutputLocation": f"s3://{bucket}/team"}
    athena.client.create_work_group(Name="g", Configuration={"ResultConfiguration": results})
    execution = athena.execute("SELECT 1", WorkGroup="g")
    id_ = execution["QueryExecutionId"]
    assert execution["WorkGroup"] == "g"
    output = execution["ResultConfiguration"]["OutputLocation"]
    assert output == f"s3://{bucket}/team/{id_}.csv"
    athena.client.update_work_group(
        WorkGroup="g", ConfigurationUpdates={"EnforceWorkGroupConfiguration": False}
    )
    output = athena.execute("SELECT 1", WorkGroup="g")["ResultConfiguration"]["OutputLocation"]
    assert output.startswith(athena.output)
    athena.client.create_work_group(Name="nowhere")
    start = athena.client.start_query_execution
    code, message = refused(start, QueryString="SELECT 1", WorkGroup="nowhere")
    assert code == "InvalidRequestException"
    assert "No output location provided" in message


def test_a_disabled_work_group_runs_nothing(athena: AthenaClient, refused: Refused) -> None:
    athena.client.update_work_group(WorkGroup="primary", State="DISABLED")
    code, message = refused(athena.client.start_query_execution, QueryString="SELECT 1")
    assert (code, message) == ("InvalidRequestException", "WorkGroup primary is disabled.")
    athena.client.update_work_group(WorkGroup="primary", State="ENABLED")
    assert athena.rows("SELECT 1") == [("1",)]


def test_a_query_that_reads_more_than_its_work_group_allows_is_cancelled(
    athena: AthenaClient, bucket: str
) -> None:
    athena.run("CREATE DATABASE db")
    athena.run(
        "CREATE TABLE db.wide WITH (table_type = 'ICEBERG', is_external = false,"
        f" location = 's3://{bucket}/wide/') AS SELECT a.x AS x, sha256(CAST("
        " CAST(a.x AS varchar) || '-' || CAST(b.x AS varchar) AS varbinary)) AS hash"
        " FROM UNNEST(sequence(1, 1000)) a(x) CROSS JOIN UNNEST(sequence(1, 400)) b(x)"
    )
    athena.client.create_work_group(
        Name="small",
        Configuration={
            "BytesScannedCutoffPerQuery": LEAST_CUTOFF,
            "EnforceWorkGroupConfiguration": False,
        },
    )
    everything = "SELECT count(DISTINCT hash) FROM db.wide"
    assert athena.rows(everything) == [("400000",)]
    execution = athena.execute(everything, WorkGroup="small")
    assert execution["Status"]["State"] == "CANCELLED"
    assert "Bytes scanned limit was exceeded" in execution["Status"]["StateChangeReason"]
    assert execution["Statistics"]["DataScannedInBytes"] > LEAST_CUTOFF
    assert athena.rows("SELECT count(x) FROM db.wide", WorkGroup="small") == [("400000",)]
    copy = athena.execute("INSERT INTO db.wide SELECT * FROM db.wide", WorkGroup="small")
    assert copy["Status"]["State"] == "CANCELLED"
    assert athena.rows("SELECT count(*) FROM db.wide") == [("400000",)]


def test_executions_and_statements_belong_to_their_work_group(athena: AthenaClient) -> None:
    configuration = {"EnforceWorkGroupConfiguration": False}
    athena.client.create_work_group(Name="g", Configuration=configuration)
    mine = athena.execute("SELECT 1", WorkGroup="g")["QueryExecutionId"]
    other = athena.execute("SELECT 1")["QueryExecutionId"]
    listed = athena.client.list_query_executions
    assert listed(WorkGroup="g")["QueryExecutionIds"] == [mine]
    assert listed()["QueryExecutionIds"] == [other]
    athena.run("PREPARE p FROM SELECT ? AS v", WorkGroup="g")
    assert athena.rows("EXECUTE p USING 7", WorkGroup="g") == [("7",)]
    assert "not found" in athena.reason("EXECUTE p USING 7")


def test_engine_versions(athena: AthenaClient) -> None:
    versions = athena.client.list_engine_versions()["EngineVersions"]
    assert [v["SelectedEngineVersion"] for v in versions] == ["AUTO", "Athena engine version 3"]


# Named queries


def test_named_queries_are_made_changed_and_deleted(athena: AthenaClient, refused: Refused) -> None:
    client = athena.client
    made = {"Name": "daily", "Database": "db", "QueryString": "SELECT 1", "Description": "each day"}
    id_ = client.create_named_query(**made)["NamedQueryId"]
    found = client.get_named_query(NamedQueryId=id_)["NamedQuery"]
    assert found == {**made, "NamedQueryId": id_, "WorkGroup": "primary"}
    client.update_named_query(NamedQueryId=id_, Name="weekly", QueryString="SELECT 7")
    found = client.get_named_query(NamedQueryId=id_)["NamedQuery"]
    assert (found["Name"], found["QueryString"]) == ("weekly", "SELECT 7")
    assert found["Description"] == "each day"
    batch = client.batch_get_named_query(NamedQueryIds=[id_, "nope"])
    assert [query["NamedQueryId"] for query in batch["NamedQueries"]] == [id_]
    assert [query["NamedQueryId"] for query in batch["UnprocessedNamedQueryIds"]] == ["nope"]
    client.delete_named_query(NamedQueryId=id_)
    assert client.list_named_queries()["NamedQueryIds"] == []
    code, message = refused(client.get_named_query, NamedQueryId=id_)
    assert (code, id_ in message) == ("InvalidRequestException", True)


def test_named_queries_come_in_pages(athena: AthenaClient) -> None:
    client = athena.client
    ids = [
        client.create_named_query(Name=name, Database="db", QueryString="SELECT 1")["NamedQueryId"]
        for name in ("a", "b", "b")
    ]
    first = client.list_named_queries(MaxResults=2)
    rest = client.list_named_queries(NextToken=first["NextToken"])
    assert sorted(first["NamedQueryIds"] + rest["NamedQueryIds"]) == sorted(ids)
    assert "NextToken" not in rest


def test_a_named_query_made_twice_with_one_token_is_one(
    athena: AthenaClient, refused: Refused
) -> None:
    token = str(uuid.uuid4())
    made = {"Name": "n", "Database": "db", "QueryString": "SELECT 1", "ClientRequestToken": token}
    first = athena.client.create_named_query(**made)["NamedQueryId"]
    assert athena.client.create_named_query(**made)["NamedQueryId"] == first
    other = {**made, "QueryString": "SELECT 2"}
    code, message = refused(athena.client.create_named_query, **other)
    assert (code, message) == ("InvalidRequestException", "Idempotent parameters do not match")


def test_a_prepared_statement_that_is_not_there_is_not_updated(
    athena: AthenaClient, refused: Refused
) -> None:
    there = {"WorkGroup": "primary", "StatementName": "p"}
    update = athena.client.update_prepared_statement
    assert refused(update, **there, QueryStatement="SELECT 1")[0] == "ResourceNotFoundException"
    athena.client.create_prepared_statement(**there, QueryStatement="SELECT 1")
    update(**there, QueryStatement="SELECT 2")
    assert athena.rows("EXECUTE p") == [("2",)]


# Data catalogs


def test_the_accounts_own_catalog(athena: AthenaClient, refused: Refused) -> None:
    client = athena.client
    summaries = client.list_data_catalogs()["DataCatalogsSummary"]
    assert [c["CatalogName"] for c in summaries] == ["AwsDataCatalog"]
    assert client.get_data_catalog(Name="AwsDataCatalog")["DataCatalog"]["Type"] == "GLUE"
    assert refused(client.delete_data_catalog, Name="AwsDataCatalog")[0] == (
        "InvalidRequestException"
    )


def test_another_name_for_the_accounts_catalog(athena: AthenaClient, refused: Refused) -> None:
    client = athena.client
    athena.run("CREATE DATABASE db")
    client.create_data_catalog(
        Name="Lake", Type="GLUE", Description="ours", Parameters={"catalog-id": "000000000000"}
    )
    assert client.get_data_catalog(Name="lake")["DataCatalog"]["Description"] == "ours"
    names = [c["CatalogName"] for c in client.list_data_catalogs()["DataCatalogsSummary"]]
    assert names == ["AwsDataCatalog", "Lake"]
    listed = client.list_databases(CatalogName="Lake")["DatabaseList"]
    assert [database["Name"] for database in listed] == ["db"]
    assert athena.rows("SELECT 1", QueryExecutionContext={"Catalog": "Lake", "Database": "db"})
    client.update_data_catalog(Name="Lake", Type="GLUE", Description="theirs")
    assert client.get_data_catalog(Name="Lake")["DataCatalog"]["Description"] == "theirs"
    client.delete_data_catalog(Name="Lake")
    code, message = refused(client.list_databases, CatalogName="Lake")
    assert (code, "Lake" in message) == ("InvalidRequestException", True)


@pytest.mark.parametrize("kind", ["LAMBDA", "HIVE", "FEDERATED"])
def test_catalogs_of_other_kinds_are_refused(
    athena: AthenaClient, refused: Refused, kind: str
) -> None:
    code, message = refused(
        athena.client.create_data_catalog, Name="x", Type=kind, Parameters={"function": "arn:x"}
    )
    assert code == "InvalidRequestException"
    assert kind in message
    assert "GLUE" in message


def test_databases_come_in_pages(athena: AthenaClient) -> None:
    for name in ("a", "b", "c"):
        athena.run(f"CREATE DATABASE {name}")
    pages = list(
        athena.client.get_paginator("list_databases").paginate(
            CatalogName="AwsDataCatalog", PaginationConfig={"PageSize": 2}
        )
    )
    assert [[d["Name"] for d in page["DatabaseList"]] for page in pages] == [["a", "b"], ["c"]]


# Tags


def test_tags_of_work_groups_and_catalogs(athena: AthenaClient, refused: Refused) -> None:
    client = athena.client
    client.create_work_group(Name="g", Tags=[{"Key": "a", "Value": "1"}])
    arn = "arn:aws:athena:us-east-1:000000000000:workgroup/g"
    client.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}, {"Key": "a"}])
    tags = client.list_tags_for_resource(ResourceARN=arn)["Tags"]
    assert tags == [{"Key": "a", "Value": ""}, {"Key": "b", "Value": "2"}]
    client.untag_resource(ResourceARN=arn, TagKeys=["a", "never"])
    assert client.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    client.create_data_catalog(Name="c", Type="GLUE", Tags=[{"Key": "k", "Value": "v"}])
    catalog = arn.replace("workgroup/g", "datacatalog/c")
    assert client.list_tags_for_resource(ResourceARN=catalog)["Tags"][0]["Key"] == "k"
    missing = refused(client.list_tags_for_resource, ResourceARN=arn.replace("/g", "/none"))
    assert missing[0] == "ResourceNotFoundException"
    client.delete_work_group(WorkGroup="g")
    client.create_work_group(Name="g")
    assert client.list_tags_for_resource(ResourceARN=arn)["Tags"] == []
