"""Partition projection: partitions that the table's properties describe, not the catalog.

Athena computes every partition that may be and looks for files in each. Here the files are listed
once, and those count that lie where a projected partition would: the outcome is the same, and a
century of hours costs nothing. One thing is more lenient: Athena wants ``WHERE column = value``
for a column of type injected. Source: "Partition projection" of the Athena user guide.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from fsql.local.objects import Objects
from fsql.local.store import split_uri
from fsql.local.tables.hive_files import Part, table_location
from fsql.local.transpile import TrinoError

__all__ = ["is_projected", "projected_parts"]

Json = dict[str, Any]
_UNITS: dict[str, int | dt.timedelta] = {
    "YEARS": 12, "MONTHS": 1,
    "WEEKS": dt.timedelta(weeks=1), "DAYS": dt.timedelta(days=1), "HOURS": dt.timedelta(hours=1),
    "MINUTES": dt.timedelta(minutes=1), "SECONDS": dt.timedelta(seconds=1),
}  # fmt: skip
# Java's letters: what a value looks like, and Python's directive.
_LETTERS = {
    "yyyy": (r"\d{4}", "%Y"), "uuuu": (r"\d{4}", "%Y"), "yy": (r"\d{2}", "%y"),
    "MM": (r"\d{2}", "%m"), "M": (r"\d{1,2}", "%m"), "dd": (r"\d{2}", "%d"),
    "d": (r"\d{1,2}", "%d"), "HH": (r"\d{2}", "%H"), "H": (r"\d{1,2}", "%H"),
    "mm": (r"\d{2}", "%M"), "ss": (r"\d{2}", "%S"),
}  # fmt: skip
_PIECE = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|.", re.DOTALL)
_RELATIVE = re.compile(r"NOW\s*(?:([+-])\s*(\d+)\s*([A-Z]+))?")
_PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")


@dataclass(frozen=True)
class _Column:
    """What a partition column's values look like, and which of them there are."""

    pattern: str
    holds: Callable[[str], bool]


def is_projected(table: Json) -> bool:
    """Whether a table's partitions are projected; those in the catalog do not count then."""
    return str(table.get("Parameters", {}).get("projection.enabled", "")).lower() == "true"


def projected_parts(objects: Objects, table: Json) -> Iterator[Part]:
    """The projected partitions that have files.

    Raises:
        TrinoError: HIVE_METASTORE_ERROR for properties that are missing or make no sense.
    """
    properties = table.get("Parameters", {})
    keys = [key["Name"].lower() for key in table["PartitionKeys"]]
    template = _template(table, keys)
    columns = {key: _column(key, properties) for key in keys}
    bucket, below = split_uri(template)
    start = _PLACEHOLDER.split(below)[0]
    pattern = _pattern(below, columns)
    escaped = "storage.location.template" not in properties
    seen: set[str] = set()
    for found in objects.list(f"s3://{bucket}/{start}"):
        matched = pattern.match(found.key)
        if matched is None or matched[0] in seen:
            continue
        seen.add(matched[0])
        groups = matched.groupdict()
        texts = [groups[f"k{i}"] for i in range(len(keys))]
        values = tuple(map(unquote, texts)) if escaped else tuple(texts)
        if all(columns[key].holds(value) for key, value in zip(keys, values, strict=True)):
            location = f"s3://{bucket}/{matched[0]}"
            yield Part(location, values, {**table["StorageDescriptor"], "Location": location})


def _template(table: Json, keys: list[str]) -> str:
    """Where a partition lies, ``${column}`` for its values."""
    given = table.get("Parameters", {}).get("storage.location.template")
    if given is None:
        folders = "".join(f"{key}=${{{key}}}/" for key in keys)
        return f"{table_location(table).rstrip('/')}/{folders}"
    named = [name.lower() for name in _PLACEHOLDER.findall(given)]
    missing = [key for key in keys if key not in named]
    if missing:
        raise _wrong(f"storage.location.template lacks the partition columns {missing}")
    return str(given).rstrip("/") + "/"


def _pattern(template: str, columns: Mapping[str, _Column]) -> re.Pattern[str]:
    """What the keys of a partition's files start with."""
    names = list(columns)
    pieces, used = [], set[str]()
    for place, piece in enumerate(_PLACEHOLDER.split(template)):
        name = piece.lower()
        if not place % 2:
            pieces.append(re.escape(piece))
        elif name not in columns:
            raise _wrong(f"storage.location.template names {piece!r}, which is no partition column")
        elif name in used:
            pieces.append(f"(?P=k{names.index(name)})")
        else:
            used.add(name)
            pieces.append(f"(?P<k{names.index(name)}>{columns[name].pattern})")
    return re.compile("".join(pieces), re.DOTALL)


def _column(name: str, properties: Mapping[str, str]) -> _Column:
    prefix = f"projection.{name}."
    own = {
        key[len(prefix) :].lower(): value
        for key, value in properties.items()
        if key.lower().startswith(prefix)
    }
    make = _KINDS.get(own.get("type", "").lower())
    if make is None:
        what = f"Column {name} has the projection type {own.get('type')!r}"
        raise _wrong(f"{what}; it is one of {', '.join(_KINDS)}")
    try:
        return make(own)
    except (KeyError, ValueError) as error:
        raise _wrong(f"The projection of column {name} is wrong or incomplete: {error}") from error


def _enum(own: Mapping[str, str]) -> _Column:
    values = {value.strip() for value in own["values"].split(",")}
    return _Column(r"[^/]+", values.__contains__)


def _injected(own: Mapping[str, str]) -> _Column:
    return _Column(r"[^/]+", lambda value: True)


def _integer(own: Mapping[str, str]) -> _Column:
    low, high = (int(text) for text in own["range"].split(","))
    step, digits = int(own.get("interval", "1")), int(own.get("digits", "0"))

    def holds(value: str) -> bool:
        number = int(value)
        sign = "-" if number < 0 else ""
        written = f"{sign}{abs(number):0{digits}d}" == value
        return written and low <= number <= high and (number - low) % step == 0

    return _Column(r"-?\d+", holds)


def _date(own: Mapping[str, str]) -> _Column:
    pattern, directives = _java_format(own["format"])
    low, high = (_moment(text.strip(), directives) for text in own["range"].split(","))
    step, unit = int(own.get("interval", "1")), _UNITS[_unit(own, directives)]

    def holds(value: str) -> bool:
        try:
            moment = dt.datetime.strptime(value, directives)
        except ValueError:
            return False
        return low <= moment <= high and _on_grid(moment - low, moment, low, step, unit)

    return _Column(pattern, holds)


def _unit(own: Mapping[str, str], directives: str) -> str:
    """The unit of the interval: by itself only the day and the month."""
    given = own.get("interval.unit")
    if given is not None:
        unit = given.strip().upper()
        return unit if unit.endswith("S") else f"{unit}S"
    if any(finer in directives for finer in ("%H", "%M", "%S")):
        raise KeyError("interval.unit")
    return "DAYS" if "%d" in directives else "MONTHS" if "%m" in directives else "YEARS"


def _on_grid(
    since: dt.timedelta, moment: dt.datetime, low: dt.datetime, step: int, unit: int | dt.timedelta
) -> bool:
    if isinstance(unit, dt.timedelta):
        # A start in the middle of a unit, such as NOW, does not move the units.
        return since // unit % step == 0 if step > 1 else True
    months = (moment.year - low.year) * 12 + moment.month - low.month
    return months % (step * unit) == 0


def _moment(text: str, directives: str) -> dt.datetime:
    """A bound of a range: a date in the column's format, or NOW and so much more or less."""
    relative = _RELATIVE.fullmatch(text.upper())
    if relative is None:
        return dt.datetime.strptime(text, directives)
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    sign, count, unit = relative.groups()
    if count is not None:
        amount = int(count) * (1 if sign == "+" else -1)
        step = _UNITS[unit if unit.endswith("S") else f"{unit}S"]
        now = _later(now, amount * step) if isinstance(step, int) else now + amount * step
    # As far as the format tells moments apart.
    return dt.datetime.strptime(now.strftime(directives), directives)


def _later(moment: dt.datetime, months: int) -> dt.datetime:
    years, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    return moment.replace(year=years, month=month + 1, day=min(moment.day, 28))


def _java_format(text: str) -> tuple[str, str]:
    """Java's date format as a pattern and as Python's."""
    pattern, directives = "", ""
    for found in _PIECE.finditer(text):
        piece = found[0]
        if found[2] is not None:
            if piece not in _LETTERS:
                raise ValueError(f"format has {piece!r}, which is not read here")
            look, directive = _LETTERS[piece]
            pattern, directives = pattern + look, directives + directive
            continue
        literal = piece if found[1] is None else found[1].replace("''", "'") or "'"
        pattern, directives = pattern + re.escape(literal), directives + literal.replace("%", "%%")
    return pattern, directives


_KINDS: dict[str, Callable[[Mapping[str, str]], _Column]] = {
    "enum": _enum,
    "integer": _integer,
    "date": _date,
    "injected": _injected,
}


def _wrong(message: str) -> TrinoError:
    return TrinoError("HIVE_METASTORE_ERROR", f"Partition projection: {message}")
