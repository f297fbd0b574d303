"""Training sets are saved under names, whole or not at all, and found again."""

from __future__ import annotations

import datetime as dt
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from pandas.testing import assert_frame_equal

import fsql
from fsql.cli import main
from fsql.errors import StorageError, TrainingSetError
from fsql.types import Timestamp
from tests.programs import Program, ran_at_once

NOON = pd.Timestamp("2026-10-25 12:00")
HOUR = pd.Timedelta(hours=1)
weather = fsql.FeatureGroup(
    "acme", "air", "weather", "v0001", sa.MetaData(),
    sa.Column("origin", sa.String), sa.Column("seen", Timestamp("us")),
    sa.Column("made", Timestamp("us")), sa.Column("temp", sa.Double),
    keys="origin", event_time="seen", created_time="made",
)  # fmt: skip
plane = fsql.FeatureGroup(
    "acme", "air", "plane", "v0001", sa.MetaData(),
    sa.Column("tail", sa.String), sa.Column("seats", fsql.types.Arrow(pa.uint16())),
    keys="tail",
)  # fmt: skip
SPINE = pd.DataFrame(
    {
        "i": [0, 1, 2],
        "tail": ["N1", None, "N9"],
        "origin": ["EWR", "EWR", "JFK"],
        "at": [NOON + 1.5 * HOUR, NOON, NOON],
        "cost": pd.to_datetime([1, 2, 3], unit="ns"),
        "share": pd.Series([0.5, None, 1.0]),
        "kind": pd.Categorical(["b", None, "a"], ["b", "c", "a"], ordered=True),
    }
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fsql.FeatureStore]:
    made = fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('stored')}/store")
    made.create(weather)
    made.create(plane)
    rows = {"origin": ["EWR", "EWR"], "seen": [NOON, NOON + HOUR], "made": [NOON, None]}
    made.write(weather, pd.DataFrame({**rows, "temp": [1.5, 2.5]}))
    made.write(plane, pd.DataFrame({"tail": ["N1"], "seats": pd.array([65535], "uint16")}))
    yield made
    left = [entry.name for entry in made.catalog.entries(pattern="fsql_*")]
    made.engine.dispose()
    assert left == []


def asked(store: fsql.FeatureStore, spine: Any = SPINE, **terms: Any) -> Any:
    return store.training_set(spine, [weather, plane], **{"time": "at", **terms})


def stored(store: fsql.FeatureStore, name: str) -> list[str]:
    """The names of a set's files."""
    folder = store.training_sets.folder(name)
    return [found.uri[len(folder) :] for found in store.catalog.storage.list(folder)]


TERMS: dict[str, Any] = {
    "everything": {
        "ttl": {weather: dt.timedelta(microseconds=5_400_000_001)},
        "known_by": "at",
        "as_of": dt.datetime(2026, 10, 25, 15, tzinfo=dt.timezone(dt.timedelta(hours=1))),
        "names": "group__feature",
        "event_times": True,
        "ages": True,
    },
    "no ttl": {"ttl": None, "known_by": "time"},
    "another key": {"keys": {plane: {"tail": "origin"}}, "ttl": dt.timedelta(0)},
}


@pytest.mark.parametrize("name", TERMS)
def test_terms_come_back(store: fsql.FeatureStore, name: str) -> None:
    made = asked(store, **TERMS[name])
    before = made.to_frame()
    manifest = made.save(name.replace(" ", "-"))
    again = store.load_training_set(manifest.name)
    assert_frame_equal(again.to_frame(), before)
    assert again.manifest == manifest


def test_features_come_back(store: fsql.FeatureStore) -> None:
    given = [plane, weather.c.temp.label("warm"), weather.c.made]
    made = store.training_set(SPINE, given, time="at")
    made.save("features")
    assert_frame_equal(store.load_training_set("features").to_frame(), made.to_frame())


def test_groups_of_one_name_in_two_databases(store: fsql.FeatureStore) -> None:
    other = fsql.FeatureGroup(
        "acme", "air", "plane", "v0001", sa.MetaData(),
        sa.Column("tail", sa.String), sa.Column("wings", sa.Integer), keys="tail", database="other",
    )  # fmt: skip
    store.create(other)
    store.write(other, pd.DataFrame({"tail": ["N1"], "wings": pd.array([2], "int32")}))
    made = store.training_set(SPINE, [plane, other], ttl={other: None})
    names = ["feature_store.acme_air_plane_v0001", "other.acme_air_plane_v0001"]
    assert [*made.save("two").get("groups", {})] == names
    again = store.load_training_set("two").to_frame()
    assert_frame_equal(again, made.to_frame())
    assert again[["seats", "wings"]].iloc[0].tolist() == [65535, 2]


@pytest.mark.parametrize("kind", ["polars", "arrow", "table", "select", "text", "empty"])
def test_spines_of_any_kind(store: fsql.FeatureStore, kind: str) -> None:
    spine = _spine(store, kind)
    made = store.training_set(spine, [weather, plane], time="at")
    manifest = made.save(kind)
    assert manifest["spine"]["of"] == {"text": "select", "polars": "arrow", "empty": "pandas"}.get(
        kind, kind
    )
    again = store.load_training_set(kind)
    if kind == "table":
        query = sa.select(sa.func.max(again.select().subquery().c.temp))
        assert store.read(query).iloc[0, 0] == 2.5
    assert again.to_arrow().equals(made.to_arrow())
    if kind == "arrow":
        assert again.to_batches().read_all().equals(made.to_arrow())
    if kind in ("table", "select", "text"):
        state = manifest["spine"]["tables"]["acme_air_spine_v0001"]
        assert f"FOR VERSION AS OF {state['snapshot']}" in manifest["spine"]["sql"]
        assert sorted(made.to_frame()["i"]) == [0, 1, 2]


def _spine(store: fsql.FeatureStore, kind: str) -> Any:
    if kind == "empty":
        return SPINE[:0]
    table = pa.Table.from_pandas(SPINE)
    if kind in ("polars", "arrow"):
        return pl.from_arrow(table) if kind == "polars" else table
    frame = SPINE[["i", "tail", "origin", "at"]]
    group = fsql.FeatureGroup.from_frame("acme", "air", "spine", "v0001", frame=frame, keys="i")
    store.create(group, if_exists="skip")
    store.write(group, frame, mode="overwrite")
    if kind == "table":
        return group
    if kind == "text":
        sql = "WITH s AS (SELECT * FROM acme_air_spine AS x) SELECT *, ':a 5%' AS note FROM s"
        names = [*frame.columns, "note"]
        return sa.text(sql.replace(":", r"\:")).columns(*map(sa.column, names))
    return sa.select(group).where(group.c.i < 3, group.c.origin.like("%"))


def test_a_spine_of_a_table_is_of_one_state(store: fsql.FeatureStore) -> None:
    """Rows that are written after the set was made are not in it; stored ones are kept."""
    for kind in ("table", "select"):
        spine = _spine(store, kind)
        made = store.training_set(spine, [weather], time="at")
        made.save("of-one-state", overwrite=True)
        more = SPINE[["i", "tail", "origin", "at"]].assign(i=[7, 8, 9])
        store.write("acme_air_spine_v0001", more)
        other = store.training_set(spine, [weather], time="at")
        assert (len(made.to_frame()), len(other.to_frame())) == (3, 3 if kind == "select" else 6)
        assert len(store.load_training_set("of-one-state").to_frame()) == 3


def test_the_manifest_before_anything_is_read(store: fsql.FeatureStore) -> None:
    made = asked(store)
    manifest = made.manifest
    assert (manifest.name, manifest.rows, manifest.hash, manifest["query"]) == (None,) * 4
    snapshot = store.catalog.iceberg.load_table("feature_store.acme_air_weather_v0001")
    current = snapshot.current_snapshot()
    assert current is not None
    assert manifest["groups"]["acme_air_weather_v0001"]["snapshot"] == current.snapshot_id
    assert f"acme_air_weather_v0001 FOR VERSION AS OF {current.snapshot_id}" in manifest["sql"]
    with pytest.raises(TrainingSetError, match=r"not saved.*training_set.save\('name'\)"):
        store.load_training_set(manifest)
    made.to_batches().read_all()
    first = made.manifest
    made.to_frame()
    assert (first.rows, first.hash) == (3, made.manifest.hash)
    assert made.manifest["query"]["query_id"]
    assert made.save("read").hash == first.hash


def test_it_is_json_to_be_read(store: fsql.FeatureStore) -> None:
    manifest = asked(store).save("json")
    text = str(manifest)
    assert json.loads(text) == manifest
    assert list(json.loads(text))[:6] == ["format", "name", "saved", "by", "fsql", "revision"]
    assert manifest["fsql"] == fsql.__version__
    assert "arn:aws" in manifest["by"]
    assert manifest["columns"]["seats"] == "uint16"


def test_where_a_manifest_may_lie(store: fsql.FeatureStore, tmp_path: Path) -> None:
    manifest = asked(store).save("lies")
    path = tmp_path / "lies.json"
    path.write_text(str(manifest))
    uri = f"{store.training_sets.folder('lies')}manifest.json"
    for given in ("lies", manifest, json.loads(str(manifest)), path, str(path), uri):
        assert store.load_training_set(given).manifest == manifest
    with pytest.raises(TrainingSetError, match=r"no training set 'lie'. Did you mean 'lies'\?"):
        store.load_training_set("lie")
    with pytest.raises(TrainingSetError, match="There is no manifest at s3://"):
        store.load_training_set(uri + "x")
    with pytest.raises(StorageError, match="cannot be read"):
        store.load_training_set(tmp_path / "none.json")
    with pytest.raises(TypeError, match="int is no training set"):
        store.load_training_set(7)
    path.write_text("{")
    with pytest.raises(TrainingSetError, match="it is no JSON"):
        store.load_training_set(path)
    with pytest.raises(TrainingSetError, match="What is given is no manifest"):
        store.load_training_set({"format": 1})
    with pytest.raises(TrainingSetError, match="has format 2; this fsql reads format 1"):
        store.load_training_set({**manifest, "format": 2})


def test_names(store: fsql.FeatureStore) -> None:
    made = asked(store)
    made.save("2026-11.a_B")
    for name in ("", "a/b", ".a", "a b", "é", "a.json", "x" * 201):
        with pytest.raises(TrainingSetError, match="cannot be the name"):
            made.save(name)


def test_a_name_that_is_taken(store: fsql.FeatureStore) -> None:
    first = asked(store).save("taken")
    smaller = asked(store, SPINE[:1])
    with pytest.raises(TrainingSetError, match=r"'taken' already, saved 20.*overwrite=True"):
        smaller.save("taken")
    assert len(stored(store, "taken")) == 2
    second = smaller.save("taken", overwrite=True, rows=True)
    assert len(stored(store, "taken")) == 3
    assert len(store.load_training_set("taken").to_frame()) == 1
    with pytest.raises(TrainingSetError, match=r"is gone: the training set was dropped or saved"):
        store.load_training_set(first)
    store.training_sets.drop("taken")
    assert stored(store, "taken") == []
    with pytest.raises(TrainingSetError, match="is gone"):
        store.load_training_set(second)
    asked(store).save("taken", overwrite=True)


def test_what_fails_leaves_nothing(store: fsql.FeatureStore) -> None:
    interval = pa.array([(1, 2, 3)] * 3, pa.month_day_nano_interval())
    odd = pa.Table.from_pandas(SPINE).append_column("odd", interval)
    with pytest.raises(TrainingSetError, match="'odd' has the type month_day_nano_interval"):
        asked(store, odd).save("odd")
    unfit = asked(store, SPINE.assign(at=["2026-13-01"] * 3))
    with pytest.raises(fsql.errors.InvalidData):
        unfit.save("odd")
    assert stored(store, "odd") == []


def test_a_spine_that_was_changed(store: fsql.FeatureStore) -> None:
    manifest = asked(store).save("changed")
    other = asked(store, SPINE.assign(share=9.0)).save("other")
    bad = {**manifest, "spine": {**manifest["spine"], "file": other["spine"]["file"]}}
    with pytest.raises(TrainingSetError, match="is not the spine that was saved"):
        store.load_training_set(bad)


# --- several at the same time, and killed ones ---------------------------------------------------

KILLED = """
import os, signal, sys
import pandas as pd
import fsql
from fsql.training.shelf import Shelf

put = Shelf.put
Shelf.put = lambda *given: os.kill(os.getpid(), signal.SIGKILL)
store = fsql.FeatureStore(sys.argv[1])
spine = pd.DataFrame({"tail": ["N1"]})
store.training_set(spine, ["acme_air_plane_v0001"]).save("killed", overwrite=True, rows=True)
"""


def test_whoever_is_killed_leaves_the_old_or_nothing(store: fsql.FeatureStore) -> None:
    url = str(store.engine.url)
    for expected in (None, 3):
        with Program(KILLED, url) as program:
            assert program.stdout.read() == ""
        assert program.wait() == -signal.SIGKILL
        assert [n for n in stored(store, "killed") if n.startswith("spine")]  # it got that far
        if expected is None:
            with pytest.raises(TrainingSetError, match="no training set 'killed'"):
                store.load_training_set("killed")
            asked(store).save("killed")
        else:
            assert len(store.load_training_set("killed").to_frame()) == expected
    store.training_sets.drop("killed")
    assert stored(store, "killed") == []


def save_one(url: str, sink: str, number: int) -> None:
    """Save under one name; whoever may writes that down."""
    store = fsql.FeatureStore(url)
    spine = pd.DataFrame({"tail": ["N1"] * number})
    try:
        store.training_set(spine, ["acme_air_plane_v0001"]).save("contested")
    except TrainingSetError as error:
        if "already" not in str(error):
            raise
    else:
        (Path(sink) / str(number)).touch()


def test_one_of_two_wins(store: fsql.FeatureStore, tmp_path: Path) -> None:
    url = str(store.engine.url)
    ran_at_once((save_one, (url, str(tmp_path), number)) for number in (1, 2))
    (winner,) = [int(path.name) for path in tmp_path.iterdir()]
    assert len(store.load_training_set("contested").to_frame()) == winner
    assert len(stored(store, "contested")) == 2


# --- the command ---------------------------------------------------------------------------------


def run(store: fsql.FeatureStore, *arguments: str, **options: Any) -> Result:
    url = str(store.engine.url)
    return CliRunner().invoke(main, ["training-set", *arguments, "--url", url], **options)


def test_the_command(store: fsql.FeatureStore) -> None:
    asked(store).save("one", rows=True)
    later = asked(store, SPINE[:2], ttl=dt.timedelta(hours=1), ages=True)
    later.save("later")
    listed = run(store, "list").stdout
    assert [line for line in listed.splitlines() if line.startswith("one  20")]
    as_json = json.loads(run(store, "list", "--json").stdout)
    assert {each["name"]: each["rows"] for each in as_json}.items() >= {
        "one": 3,
        "later": 2,
    }.items()
    shown = run(store, "show", "one").stdout
    assert "its tables are as they were" in shown
    assert json.loads(run(store, "show", "one", "--json").stdout)["name"] == "one"
    assert run(store, "show", "one", "--sql").stdout.startswith("SELECT")
    said = run(store, "diff", "one", "later").stdout
    assert "rows: 3, then 2" in said
    assert "option ages: False, then True" in said
    assert "column weather__age: none, then duration[us]" in said
    plain = json.loads(run(store, "diff", "one", "later", "--json").stdout)
    assert plain["before"] == "one"
    assert len(plain["differences"]) == len(said.splitlines()) - 1
    assert "nothing differs" in run(store, "diff", "one", "one").stdout
    refused = run(store, "show", "nobody")
    assert (refused.exit_code, "no training set 'nobody'" in refused.stderr) == (1, True)
    assert run(store, "drop", "one", input="n\n").exit_code == 1
    assert run(store, "drop", "one", input="y\n").exit_code == 0
    assert run(store, "drop", "one", "--yes").exit_code == 1
