"""Changes over HTTP, against a Glue and an S3 that nobody here wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pytest

from fsql.definition import Partition
from fsql.migration.model.changes import (
    AddColumn,
    AlterColumn,
    AlterGroup,
    CreateGroup,
    DropColumn,
    DropGroup,
    RenameColumn,
    SetPartitioning,
)
from tests.changing import ICEBERG, Lab, declared
from tests.motos import empty_moto

REGION = "eu-central-1"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A store on moto."""
    with empty_moto() as endpoint:
        session = boto3.Session("KEY", "SECRET", region_name=REGION)
        where: Any = {"LocationConstraint": REGION}
        s3 = session.client("s3", endpoint_url=endpoint)
        s3.create_bucket(Bucket="features", CreateBucketConfiguration=where)
        yield Lab(
            tmp_path,
            f"fsql://KEY:SECRET@{REGION}/feature_store?endpoint_url={endpoint}"
            "&s3_staging_dir=s3://features/athena/&warehouse=s3://features/warehouse/",
        )


def test_changes_on_moto(lab: Lab) -> None:
    lab.create(declared())
    changes = (
        AddColumn(ICEBERG, "wind.gust", pa.field("gust", pa.float64())),
        RenameColumn(ICEBERG, "temp", "temperature"),
        AlterColumn(ICEBERG, "seats", type=pa.int64()),
        DropColumn(ICEBERG, "wind.dir"),
        SetPartitioning(ICEBERG, (Partition.parse("day(time_hour)"),)),
        AlterGroup(ICEBERG, {"owner": "me", "sort_by": ("temperature",)}),
    )
    for change in changes:
        lab.run(change)
        lab.agrees()
    state = lab.state()
    lab.run(DropGroup(ICEBERG))
    assert lab.catalog.find(ICEBERG) is None
    lab.run(CreateGroup(state), direction="down")
    assert lab.state() == state
    assert lab.history()[-1].restored
    lab.agrees()
