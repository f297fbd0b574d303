"""The flights of 2013 with the weather before them: against pandas, and as a picture."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

import fsql
from fsql.samples import delays, flights

PICTURE = Path(__file__).parents[2] / "docs" / "delay_by_wind.svg"
WEATHER = ["temp", "precip", "pressure", "visib", "wind_speed", "wind_gust"]


@pytest.fixture(scope="module")
def year() -> dict[str, pd.DataFrame]:
    return {group.definition.name.entity: frame for group, frame in flights.frames()}


@pytest.fixture(scope="module")
def training(
    tmp_path_factory: pytest.TempPathFactory, year: dict[str, pd.DataFrame]
) -> Iterator[pd.DataFrame]:
    store = fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('flights')}/store")
    for group in (flights.weather, flights.plane, flights.airport, flights.departure):
        store.create(group)
        store.write(group, year[group.definition.name.entity], progress=False)
    yield delays.training_set(store).to_frame()
    store.engine.dispose()


def test_each_departure_has_the_weather_that_pandas_finds(
    training: pd.DataFrame, year: dict[str, pd.DataFrame]
) -> None:
    expected = merged(year)
    by = ["carrier", "flight", "origin", "tailnum", "sched_dep"]
    found = training.sort_values(by, ignore_index=True)
    expected = expected.sort_values(by, ignore_index=True)
    assert len(found) == len(expected) == 336_776
    assert not found.duplicated(by).any()
    for name in found.columns:
        pd.testing.assert_series_equal(
            found[name], expected[name], check_dtype=name not in ("weather__age", "year", "seats")
        )
    assert found["wind_speed"].notna().mean() > 0.99
    assert found["weather__age"].max() <= pd.Timedelta(delays.TOLERANCE)


def merged(year: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The same by pandas alone."""
    weather, plane, airport = (year[name] for name in ("weather", "plane", "airport"))
    wind = pd.DataFrame(weather["wind"].tolist())[["speed", "gust"]].add_prefix("wind_")
    known = weather[["origin", "time_hour", *WEATHER[:4]]].join(wind.astype(float))
    spine = year["departure"].drop(columns=["distance", "air_time", "arr_delay"])
    at = spine["sched_dep"].dt.tz_convert("UTC")
    asof = pd.merge_asof(
        spine.assign(at=at).sort_values("at", kind="stable"),
        known.sort_values("time_hour", kind="stable"),
        left_on="at",
        right_on="time_hour",
        by="origin",
        tolerance=pd.Timedelta(delays.TOLERANCE),
    )
    asof["weather__age"] = asof["at"] - asof["time_hour"]
    place = pd.DataFrame(airport["location"].tolist())
    zone = pd.DataFrame(place["zone"].tolist())["name"]
    there = airport[["faa", "name"]].set_axis(["dest", "destination"], axis=1)
    there = there.assign(location_lat=place["lat"], location_zone_name=zone)
    planes = plane[["tailnum", "year", "manufacturer", "seats"]]
    return asof.merge(planes, on="tailnum", how="left").merge(there, on="dest", how="left")


def test_the_picture_in_the_docs_is_that_of_the_data(training: pd.DataFrame) -> None:
    found = delays.by_wind(training)
    assert described(PICTURE) == json.loads(delays.numbers(found))
    assert found["departures"].sum() == training.dropna(subset=["wind_speed", "dep_delay"]).shape[0]
    assert PICTURE.stat().st_size < 60_000


def test_delays_by_wind_are_plain_means(training: pd.DataFrame) -> None:
    calm = training[training["wind_speed"] < 5]
    first = delays.by_wind(training).iloc[0]
    assert first["delay"] == pytest.approx(calm["dep_delay"].mean())
    assert first["cancelled"] == pytest.approx(calm["dep_delay"].isna().mean())
    alone = calm["dep_delay"].std() * 1.96 / len(calm) ** 0.5
    assert alone < first["error"] < 10 * alone  # flights of one day are late together


def test_a_picture_shows_its_numbers(tmp_path: Path, training: pd.DataFrame) -> None:
    drawn = tmp_path / "drawn.svg"
    found = delays.by_wind(training).head(3)
    delays.draw(found, drawn)
    assert described(drawn) == json.loads(delays.numbers(found))
    text = drawn.read_text()
    for count in found["departures"]:
        assert f">{count:,}<" in text
    for word in ("mph", "minutes", "95 % interval", "departures"):
        assert word in text
    again = tmp_path / "again.svg"
    delays.draw(found, again)
    assert again.read_bytes() == drawn.read_bytes()


def described(path: Path) -> object:
    (said,) = (e.text for e in ElementTree.parse(path).iter() if re.search("}description$", e.tag))
    assert said is not None
    return json.loads(said)
