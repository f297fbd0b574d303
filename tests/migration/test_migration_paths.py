"""Fields at any depth are found, added, dropped, renamed and moved by their path."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsql.migration.model import paths
from fsql.migration.model.state import State
from tests.migration.strategies import states

LOW = pa.field("low", pa.float32(), metadata={"unit": "m"})
SCHEMA = pa.schema(
    [
        ("a", pa.int8()),
        ("wind", pa.struct([("Dir", pa.int8()), ("at.10m", pa.large_list(pa.int8()))])),
        pa.field("readings", pa.list_(pa.field("item", pa.struct([LOW]), nullable=False))),
        ("limits", pa.map_(pa.string(), pa.struct([LOW]))),
        ("pairs", pa.list_(pa.int8(), 2)),
    ],
    {"note": "kept"},
)


def test_every_path() -> None:
    assert [path for path, _ in paths.walk(SCHEMA)] == [
        "a",
        "wind",
        "wind.Dir",
        'wind."at.10m"',
        'wind."at.10m".element',
        "readings",
        "readings.element",
        "readings.element.low",
        "limits",
        "limits.key",
        "limits.value",
        "limits.value.low",
        "pairs",
        "pairs.element",
    ]


@settings(max_examples=50)
@given(states())
def test_what_walks_by_is_found_whatever_its_case(state: State) -> None:
    for path, field in paths.walk(state.schema):
        assert paths.get(state.schema, path).equals(field, check_metadata=True)
        assert paths.resolved(state.schema, path.upper()) == path
        assert paths.dotted(paths.parts(path)) == path


@settings(max_examples=50)
@given(states(), st.data())
def test_each_edit_can_be_taken_back(state: State, data: st.DataObject) -> None:
    schema = state.schema
    named = [path for path, _ in paths.walk(schema) if paths.split(path)[1] in beside(schema, path)]
    path = data.draw(st.sampled_from(named))
    above, name = paths.split(path)
    names = paths.siblings(schema, path)
    behind = names[names.index(name) - 1] if names.index(name) else None
    other = f"{above}.zz" if above else "zz"

    renamed = paths.rename(schema, path, "zz")
    assert paths.rename(renamed, other, name).equals(schema, check_metadata=True)
    moved = paths.move(schema, path, None)
    assert paths.siblings(moved, path)[0] == name
    assert paths.move(moved, path, behind).equals(schema, check_metadata=True)
    added = paths.add(schema, other, pa.field("zz", pa.int8()))
    assert paths.siblings(added, path)[-1] == "zz"
    assert paths.remove(added, other).equals(schema, check_metadata=True)
    same = paths.replace(schema, path, paths.get(schema, path))
    assert same.equals(schema, check_metadata=True)


def beside(schema: pa.Schema, path: str) -> list[str]:
    """The siblings of a column or of a field of a struct."""
    above, _ = paths.split(path)
    if above and not paths.is_struct(paths.get(schema, above).type):
        return []
    return paths.siblings(schema, path)


def test_what_is_around_stays_as_it_is() -> None:
    wider = LOW.with_type(pa.float64())
    for path in ("readings.element.low", "limits.value.low"):
        made = paths.replace(SCHEMA, path, wider)
        assert paths.get(made, path).equals(wider, check_metadata=True)
        assert paths.replace(made, path, LOW).equals(SCHEMA, check_metadata=True)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("gust", "There is no column 'gust'. Columns: a, wind, readings, limits, pairs."),
        ("wind.gust", "Within 'wind' there are: Dir, at.10m."),
        ("wind.at.10m", "Within 'wind' there are: Dir, at.10m."),
        ("a.b", "'a' is int8, which has no fields."),
        ("readings.low", "Within 'readings' there are: element."),
        ("a.", "is no path"),
        ("", "is no path"),
        (".a", "is no path"),
        ("wind..Dir", "is no path"),
        ('"wind', "is no path"),
        ('"wind"Dir', "is no path"),
    ],
)
def test_a_path_that_leads_nowhere(path: str, said: str) -> None:
    with pytest.raises(paths.PathError) as caught:
        paths.get(SCHEMA, path)
    assert said in str(caught.value)
    assert paths.find(SCHEMA, path) is None


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda: paths.add(SCHEMA, "A", pa.field("A", pa.int8())), "There is 'A' already"),
        (lambda: paths.add(SCHEMA, "a.b", pa.field("b", pa.int8())), "only a struct takes"),
        (lambda: paths.add(SCHEMA, "limits.x", pa.field("x", pa.int8())), "only a struct takes"),
        (lambda: paths.rename(SCHEMA, "wind.dir", "AT.10M"), "'AT.10M' already beside"),
        (lambda: paths.rename(SCHEMA, "limits.key", "k"), "and stays"),
        (lambda: paths.remove(SCHEMA, "readings.element"), "and stays"),
        (lambda: paths.move(SCHEMA, "limits.value", None), "and stays"),
        (lambda: paths.move(SCHEMA, "a", "zz"), "There is no 'zz' beside 'a'. Beside: wind,"),
    ],
)
def test_an_edit_that_cannot_be(edit: Callable[[], pa.Schema], said: str) -> None:
    with pytest.raises(paths.PathError) as caught:
        edit()
    assert said in str(caught.value)


def test_another_case_is_another_spelling() -> None:
    assert paths.rename(SCHEMA, "wind.DIR", "dir").field("wind").type[0].name == "dir"
