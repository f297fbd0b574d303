"""Tables whose partitions their properties describe."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pyarrow as pa
import pytest

from tests.local.hive_store import BUCKET, HiveStore


def projected(
    hive: HiveStore, keys: Mapping[str, str], properties: Mapping[str, str], template: str = ""
) -> None:
    where = {"storage.location.template": f"s3://{BUCKET}/{template}"} if template else {}
    named = {f"projection.{key}": value for key, value in properties.items()}
    parameters = {"projection.enabled": "true", **named, **where}
    hive.table("t", {"n": "int"}, "t/", partitioned=keys, parameters=parameters)


def put(hive: HiveStore, folder: str, n: int) -> None:
    hive.put(f"t/{folder}/a.parquet", pa.table({"n": pa.array([n], pa.int32())}))


def test_integers_and_enums(hive: HiveStore) -> None:
    for n, folder in enumerate(("a=x/b=02", "a=y/b=04", "a=z/b=02", "a=x/b=03", "a=x/b=2", "c=1")):
        put(hive, folder, n)
    properties = {
        "a.type": "enum", "a.values": "x, y", "b.type": "integer", "b.range": "0,10",
        "b.interval": "2", "b.digits": "2",
    }  # fmt: skip
    projected(hive, {"a": "string", "b": "int"}, properties)
    assert hive.rows("SELECT n, a, b FROM t ORDER BY n") == [(0, "x", 2), (1, "y", 4)]
    assert hive.rows("SELECT n FROM t WHERE b = 4") == [(1,)]
    put(hive, "a=y/b=10", 6)
    assert hive.rows("SELECT count(*) AS n FROM t") == [(3,)]


def test_dates_in_folders_of_their_own(hive: HiveStore) -> None:
    for n, folder in enumerate(("eu/2024/01/31/x", "us/2024/02/01", "us/2023/12/31", "us/2024/02")):
        put(hive, folder, n)
    properties = {
        "day.type": "date", "day.format": "yyyy/MM/dd", "day.range": "2024/01/01,NOW",
        "place.type": "injected",
    }  # fmt: skip
    keys = {"place": "string", "day": "string"}
    projected(hive, keys, properties, template="t/${place}/${day}")
    expected = [(0, "eu", "2024/01/31"), (1, "us", "2024/02/01")]
    assert hive.rows("SELECT n, place, day FROM t ORDER BY n") == expected
    assert hive.rows("SELECT n FROM t WHERE place = 'us'") == [(1,)]


def test_hours_up_to_now(hive: HiveStore) -> None:
    now = dt.datetime.now(dt.UTC)
    for n, hours in enumerate((-50, -30, -1, 2)):
        put(hive, f"h={now + dt.timedelta(hours=hours):%Y-%m-%dT%H}", n)
    properties = {
        "h.type": "date", "h.format": "yyyy-MM-dd'T'HH", "h.range": "NOW-2DAYS,NOW",
        "h.interval": "1", "h.interval.unit": "HOURS",
    }  # fmt: skip
    projected(hive, {"h": "string"}, properties)
    assert hive.rows("SELECT n FROM t ORDER BY n") == [(1,), (2,)]


def test_months_of_a_date_column(hive: HiveStore) -> None:
    for n, folder in enumerate(("m=2024-01-01", "m=2024-02-01", "m=2024-04-01")):
        put(hive, folder, n)
    properties = {
        "m.type": "date", "m.format": "yyyy-MM-dd", "m.range": "2024-01-01,2024-12-31",
        "m.interval": "3", "m.interval.unit": "MONTHS",
    }  # fmt: skip
    projected(hive, {"m": "date"}, properties)
    assert hive.rows("SELECT n, m FROM t ORDER BY n") == [
        (0, dt.date(2024, 1, 1)),
        (2, dt.date(2024, 4, 1)),
    ]


def test_insert_is_refused(hive: HiveStore) -> None:
    projected(hive, {"a": "string"}, {"a.type": "injected"})
    error = hive.fails("INSERT INTO t SELECT 1 AS n, 'x' AS a")
    assert error == ("NOT_SUPPORTED: INSERT INTO tables with partition projection runs on AWS only")
    assert hive.keys("t/") == []


@pytest.mark.parametrize(
    ("properties", "template", "said"),
    [
        ({}, "", "projection type None; it is one of enum, integer, date, injected"),
        ({"a.type": "integer"}, "", "column a is wrong or incomplete: 'range'"),
        ({"a.type": "date", "a.format": "QQQ", "a.range": "1,2"}, "", "'QQQ', which is not read"),
        ({"a.type": "injected"}, "t/x", "lacks the partition columns"),
        ({"a.type": "injected"}, "t/${a}/${b}", "names 'b', which is no partition column"),
    ],
)
def test_wrong_properties_are_named(
    hive: HiveStore, properties: dict[str, str], template: str, said: str
) -> None:
    projected(hive, {"a": "string"}, properties, template)
    error = hive.fails("SELECT * FROM t")
    assert error.startswith("HIVE_METASTORE_ERROR: Partition projection: ")
    assert said in error
