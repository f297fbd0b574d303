"""Training sets in words: what one is, what became of its tables since, how two differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fsql.catalog import Catalog, Entry
from fsql.migration.making import records
from fsql.training.manifest import Manifest
from fsql.training.pins import Pin, gone, heads, pin

__all__ = ["Difference", "compared", "in_words", "since"]

_BASE = "none"
_VERSION = re.compile(r" FOR VERSION AS OF \d+")


@dataclass(frozen=True)
class Difference:
    """How two training sets differ; printing it gives a line for each difference.

    Attributes:
        before, after: their names.
        lines: in words; empty if they are of the same and have the same rows.
    """

    before: str
    after: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        head = f"from {self.before} to {self.after}:"
        return "\n".join([head, *(f"  {line}" for line in self.lines or ("nothing differs",))])


def compared(before: Manifest, after: Manifest) -> Difference:
    """How two training sets differ: rows, spine, options, features, groups, columns and SQL."""
    lines = [
        *_rows(before, after),
        *_spine(before["spine"], after["spine"]),
        *_mapping("option", before["options"], after["options"]),
        *_features(before, after),
        *_groups(before["groups"], after["groups"]),
        *_columns(before["columns"], after["columns"]),
        *_plain("revision", _revision(before["revision"]), _revision(after["revision"])),
        *_plain("fsql", before["fsql"], after["fsql"]),
        *_sql(before["sql"], after["sql"]),
    ]
    return Difference(before.name or "one", after.name or "another", tuple(lines))


def _rows(before: Manifest, after: Manifest) -> Iterator[str]:
    if before.rows != after.rows:
        yield f"rows: {_count(before.rows)}, then {_count(after.rows)}"
    elif before.hash != after.hash:
        yield f"rows: {_count(after.rows)} in both, and not all values are the same"


def _count(rows: int | None) -> str:
    return "not read" if rows is None else f"{rows:,}"


def _spine(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    yield from _plain("spine", before["of"], after["of"])
    if before["hash"] != after["hash"]:
        what = f"{_count(before['rows'])} rows, then {_count(after['rows'])}"
        yield f"spine: not the same rows ({what})"
    states = [each.get("tables", {}) for each in (before, after)]
    for name in sorted(states[0].keys() & states[1].keys()):
        yield from _state(f"spine's table {name}", states[0][name], states[1][name])


def _mapping(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys([*before, *after]):
        yield from _plain(f"{what} {name}", before.get(name), after.get(name))


def _plain(what: str, before: Any, after: Any) -> Iterator[str]:
    if before != after:
        yield f"{what}: {_said(before)}, then {_said(after)}"


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_said(each)}" for name, each in value.items()) or _BASE
    if isinstance(value, list):
        return ", ".join(map(_said, value)) or _BASE
    return _BASE if value is None else str(value)


def _features(before: Manifest, after: Manifest) -> Iterator[str]:
    one, other = (
        {f["name"]: f"{f['group']}.{'.'.join(f['path'])}" for f in each["features"]}
        for each in (before, after)
    )
    yield from (f"feature {name}: of {other[name]}, added" for name in other if name not in one)
    yield from (f"feature {name}: of {one[name]}, left out" for name in one if name not in other)
    for name in (name for name in one if name in other):
        yield from _plain(f"feature {name}", one[name], other[name])


def _groups(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in (name for name in before if name in after):
        one, other = before[name], after[name]
        yield from _state(name, one, other)
        stones = [each["deletes"] or {} for each in (one, other)]
        yield from _state(f"deletes of {name}", *stones)
        yield from _plain(f"{name}, schema", one.get("schema"), other.get("schema"))
        yield from _plain(f"{name}, revision", one.get("revision"), other.get("revision"))
        yield from _mapping(f"{name}, declared", one["declared"], other["declared"])


def _state(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    one, other = (each.get("snapshot", each.get("version")) for each in (before, after))
    if one != other:
        yield f"{what}: {_snapshot(before)}, then {_snapshot(after)}"


def _snapshot(state: Mapping[str, Any]) -> str:
    if "snapshot" in state:
        return f"snapshot {state['snapshot']} of {_time(state['committed'])}"
    return f"version {state['version'][-12:]}" if "version" in state else "no rows"


def _time(text: str) -> str:
    return text[:19].replace("T", " ")


def _columns(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for name in dict.fromkeys([*before, *after]):
        yield from _plain(f"column {name}", before.get(name), after.get(name))
    if set(before) == set(after) and list(before) != list(after):
        yield "columns: in another order"


def _revision(heads: list[str] | None) -> str:
    return ", ".join(heads or []) or _BASE


def _sql(before: str, after: str) -> Iterator[str]:
    one, other = (_VERSION.sub("", sql) for sql in (before, after))
    if one != other:
        yield f"SQL: another query, of {len(one):,} and then of {len(other):,} characters"


# --- one set --------------------------------------------------------------------------------------


def since(catalog: Catalog, manifest: Manifest) -> list[str]:
    """What became of a training set's tables since, in words; nothing if they are as they were."""
    lines = [line for state in manifest.pins for line in _since(catalog, state)]
    then, now = _revision(manifest["revision"]), _revision(heads(catalog))
    if then != now:
        lines.append(f"the store is at revision {now}; it was at {then}")
    return lines


def _since(catalog: Catalog, state: Pin) -> Iterator[str]:
    entry = catalog.find(state.table, state.database)
    why = gone(catalog, state)
    if why is not None or entry is None:
        yield str(why)
        return
    now = pin(catalog, entry)
    if (now.snapshot, now.version) != (state.snapshot, state.version):
        when = f" at {_time(now.committed)}" if now.committed else ""
        yield f"{state.name} was written to since, last{when}"
    yield from _migrated(entry, state)


def _migrated(entry: Entry, state: Pin) -> Iterator[str]:
    """The changes of migrations since."""
    for record in records.read(entry.parameters):
        if int(record.made) > int(state.glue_version or 0):
            how = f"{record.direction or 'by hand'}, it was at {state.revision or _BASE}"
            revision = record.revision or "-"
            yield f"{state.name} was migrated by revision {revision} ({how}): {record.what}"


def in_words(catalog: Catalog, manifest: Manifest) -> str:
    """A training set in words: what it is of, and what became of that since."""
    spine, query = manifest["spine"], manifest["query"] or {}
    pairs = [
        ("name", manifest.name or "not saved"),
        ("saved", f"{manifest['saved']} by {manifest['by']}, fsql {manifest['fsql']}"),
        ("rows", f"{_count(manifest.rows)}, {manifest.hash}"),
        ("spine", f"{_spine_of(spine)}, {_count(spine['rows'])} rows, {spine['file']}"),
        ("query", f"{query.get('query_id')}, {query.get('scanned_bytes') or 0:,} bytes scanned"),
        ("revision", _revision(manifest["revision"])),
        *((f"{name}", _said(value)) for name, value in manifest["options"].items() if value),
        *(("features", line) for line in _listed(manifest)),
        *(("stored", uri) for uri in [manifest["stored_rows"]] if uri),
    ]
    width = max(len(name) for name, _ in pairs)
    lines = [f"{name:<{width}}  {text}" for name, text in _once(pairs)]
    news = since(catalog, manifest) or ["its tables are as they were"]
    return "\n".join([*lines, "since then:", *(f"  {line}" for line in news)])


def _spine_of(spine: Mapping[str, Any]) -> str:
    tables = ", ".join(spine.get("tables") or ())
    return f"{spine['of']} of {tables}" if tables else str(spine["of"])


def _listed(manifest: Manifest) -> Iterator[str]:
    for name, state in manifest["groups"].items():
        found = (f["name"] for f in manifest["features"] if f["group"] == name)
        yield f"{', '.join(found)} of {name}, {_snapshot(state)}"


def _once(pairs: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """A name that comes again is left out."""
    before = None
    for name, text in pairs:
        yield ("" if name == before else name), text
        before = name
