"""What wind does to departures: a training set of the flights, and a picture of it.

`fsql.samples.flights` runs it. Of weather counts the newest row whose hour had begun by the
scheduled departure, unless it is more than three hours old.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sqlalchemy import select

from fsql.errors import MissingExtra
from fsql.samples.groups import airport, departure, plane, weather
from fsql.store import FeatureStore
from fsql.training import TrainingSet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["by_wind", "draw", "numbers", "table", "training_set"]

WIDTH = 5  # miles per hour of one bin
STRONGEST = 30  # from here on in one bin
TOLERANCE = dt.timedelta(hours=3)
BAR, INK, GRID = "#2f6f9f", "#24292f", "#d0d7de"


def training_set(store: FeatureStore) -> TrainingSet:
    """All departures with the weather before them, their plane and where they went.

    Args:
        store: with the flights' groups.
    """
    spine = select(
        *(departure.c[name] for name in ("carrier", "flight", "origin", "tailnum", "dest")),
        departure.c.sched_dep,
        departure.c.dep_delay,
    )
    features = [
        *(weather.c[name] for name in ("temp", "precip", "pressure", "visib")),
        weather.c.wind["speed"],
        weather.c.wind["gust"],
        *(plane.c[name] for name in ("year", "manufacturer", "seats")),
        airport.c.name.label("destination"),
        airport.c.location["lat"],
        airport.c.location["zone"]["name"],
    ]
    return store.training_set(
        spine,
        features,
        time="sched_dep",
        keys={airport: {"faa": "dest"}},
        ttl={weather: TOLERANCE},
        ages=True,
    )


def by_wind(training: pd.DataFrame) -> pd.DataFrame:
    """Departures and their mean delay by speed of the wind.

    Flights of one day are late together, so that a mean is as sure as its days are many: its error
    is that of a ratio of sums by day.

    Returns:
        A row for each bin: ``wind`` (mph, from), ``departures``, ``delay`` (mean, minutes) and
        ``error`` (half of the 95 % interval, minutes) of those that departed, and ``cancelled``
        (share of all that were planned).
    """
    wind = (training["wind_speed"] // WIDTH * WIDTH).clip(upper=STRONGEST).rename("wind")
    day = training["sched_dep"].dt.date.rename("day")
    known = training.assign(wind=wind, day=day).dropna(subset="wind")
    days = known.groupby(["wind", "day"])["dep_delay"].agg(["sum", "count", "size"])
    rows = [_bin(speed, days.loc[speed]) for speed in sorted({*known["wind"]})]
    return pd.DataFrame(rows, columns=["wind", "departures", "delay", "error", "cancelled"])


def _bin(speed: float, days: pd.DataFrame) -> tuple[int, int, float, float, float]:
    count, planned = int(days["count"].sum()), int(days["size"].sum())
    mean = days["sum"].sum() / count
    spread = (days["sum"] - mean * days["count"]) ** 2
    error = 1.96 * np.sqrt(spread.sum() * len(days) / max(len(days) - 1, 1)) / count
    return int(speed), count, float(mean), float(error), 1 - count / planned


def table(found: pd.DataFrame) -> pd.DataFrame:
    """What `by_wind` found, for people to read."""
    return pd.DataFrame(
        {
            "wind": found["wind"].map(_label),
            "departures": found["departures"].map("{:,}".format),
            "delay": found["delay"].map("{:.1f}".format) + found["error"].map(" ± {:.1f}".format),
            "cancelled": found["cancelled"].map("{:.1%}".format),
        }
    )


def draw(found: pd.DataFrame, path: Path) -> None:
    """Write the picture of what `by_wind` found as an SVG; its numbers are its description.

    Raises:
        MissingExtra: matplotlib is not installed.
        OSError: the file cannot be written.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtra("matplotlib", "samples") from error
    style: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": "fsql",  # so that the same numbers are the same file
        "font.size": 10,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": GRID,
        "xtick.color": INK,
        "ytick.color": INK,
    }
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(7.2, 4.4), layout="constrained", facecolor="white")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        _delays(upper, found)
        _counts(lower, found)
        upper.set_title("Departures from New York in 2013 are later in wind", loc="left")
        figure.savefig(path, format="svg", metadata={"Date": None, "Description": numbers(found)})


def numbers(found: pd.DataFrame) -> str:
    """What a picture shows, as JSON: a record for each bin."""
    return json.dumps(found.round({"delay": 2, "error": 2, "cancelled": 4}).to_dict("records"))


def _delays(axes: Axes, found: pd.DataFrame) -> None:
    axes.bar(
        [*found["wind"]],
        [*found["delay"]],
        width=WIDTH * 0.9,
        align="edge",
        color=BAR,
        yerr=[*found["error"]],
        error_kw={"ecolor": INK, "capsize": 4},
    )
    axes.set_ylabel("mean delay (minutes)\nwith 95 % interval")
    axes.grid(axis="y", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    _plain(axes)


def _counts(axes: Axes, found: pd.DataFrame) -> None:
    bars = axes.bar(
        [*found["wind"]], [*found["departures"]], width=WIDTH * 0.9, align="edge", color=GRID
    )
    axes.bar_label(bars, [f"{count:,}" for count in found["departures"]], padding=2)
    axes.margins(y=0.45)
    axes.set_yticks([])
    axes.set_ylabel("departures")
    axes.set_xlabel("wind speed at the airport, before scheduled departure (mph)")
    axes.set_xticks([*found["wind"]], [*map(_label, found["wind"])], ha="left")
    _plain(axes)


def _label(speed: int) -> str:
    return f"{speed} and more" if speed >= STRONGEST else f"{speed}-{speed + WIDTH}"


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=0)
