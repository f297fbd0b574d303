"""What a training set is asked for, in the words of its caller, made into lookups."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.sql.elements import BinaryExpression, Label
from sqlalchemy.sql.operators import getitem

from fsql import lifecycle
from fsql.catalog import Catalog
from fsql.errors import TrainingSetError
from fsql.model import FeatureGroup
from fsql.training.lookups import AT_TIME, Deleted, Feature, Lookup
from fsql.training.pins import PinnedGroup, pinned_group, rows_at

__all__ = ["Asked", "GroupKey", "Terms", "asked_for"]

GroupKey: TypeAlias = FeatureGroup | str
NAMES = ("feature", "group__feature")


@dataclass(frozen=True)
class Terms:
    """How features are looked up; see `fsql.store.FeatureStore.training_set`."""

    time: str | None = None
    keys: Mapping[GroupKey, Mapping[str, str]] = field(default_factory=dict)
    ttl: Mapping[GroupKey, dt.timedelta | None] | dt.timedelta | None = field(default_factory=dict)
    known_by: str | None = None
    as_of: dt.datetime | int | Mapping[GroupKey, int] | None = None
    names: str = "feature"
    event_times: bool = False
    ages: bool = False


@dataclass(frozen=True)
class Asked:
    """The lookups of a training set, and what they give.

    Attributes:
        lookups: one for each group.
        groups: these, and the states of them that are read.
        fields: the columns that are looked up, in order, with their exact types.
        key_fields: for each column of the spine that holds a key, the exact type of the key.
    """

    lookups: Sequence[Lookup]
    groups: Sequence[PinnedGroup]
    fields: pa.Schema
    key_fields: Mapping[str, pa.Field]


@dataclass
class _Chosen:
    """What is wanted of one group: columns with their paths, and labels that callers gave."""

    group: FeatureGroup
    features: list[tuple[tuple[str, ...], str | None]] = field(default_factory=list)


def asked_for(
    catalog: Catalog,
    features: Any,
    terms: Terms,
    spine: Sequence[str],
    pinned: Iterable[PinnedGroup] = (),
) -> Asked:
    """The lookups for some features.

    The states of all groups are taken here, before anything is read.

    Args:
        features: groups, names of groups, columns of groups, or fields within these.
        spine: the names of the spine's columns.
        pinned: groups whose states were taken earlier.

    Raises:
        TrainingSetError: it contradicts itself, two columns would have one name, or a state is
            gone.
        TableNotFound, NotAFeatureGroup: there is no such group.
    """
    if terms.names not in NAMES:
        raise TrainingSetError(f"names={terms.names!r}. Expected {' or '.join(map(repr, NAMES))}.")
    chosen = _chosen(catalog, features)
    _check_mentioned(terms, chosen)
    known = {each.group.fullname: each for each in pinned}
    groups = [
        known.get(name) or _pinned(catalog, each.group, terms) for name, each in chosen.items()
    ]
    pairs = zip(chosen.values(), groups, strict=True)
    made = [_lookup(catalog, each, state, terms, spine) for each, state in pairs]
    fields = [named for _, each in made for named in each]
    _check_names([each.name for each in fields], spine)
    keys: dict[str, pa.Field] = {}
    for lookup, each in zip((lookup for lookup, _ in made), chosen.values(), strict=True):
        for key, column in lookup.keys.items():
            keys.setdefault(column, each.group.arrow_schema.field(key))
    return Asked([lookup for lookup, _ in made], groups, pa.schema(fields), keys)


# --- which features ------------------------------------------------------------------------------


def _chosen(catalog: Catalog, features: Any) -> dict[str, _Chosen]:
    given = [features] if isinstance(features, str | sa.ClauseElement) else list(features)
    if not given:
        raise TrainingSetError("features is empty. Expected groups or columns of groups.")
    chosen: dict[str, _Chosen] = {}
    for item in given:
        group, path, label = _taken(catalog, item)
        wanted = chosen.setdefault(group.fullname, _Chosen(group))
        if path:
            wanted.features.append((path, label))
        else:
            wanted.features += [((name,), None) for name in _plain_features(group)]
    return chosen


def _plain_features(group: FeatureGroup) -> Iterator[str]:
    """All columns but keys and times."""
    roles = {*group.keys, group.event_time, group.created_time}
    return (name for name in group.arrow_schema.names if name not in roles)


def _taken(catalog: Catalog, item: Any) -> tuple[FeatureGroup, tuple[str, ...], str | None]:
    """The group, the path and the label of one thing that was asked for."""
    if isinstance(item, FeatureGroup):
        return item, (), None
    if isinstance(item, str):
        return _named(catalog, item), (), None
    label = item.name if isinstance(item, Label) else None
    found: Any = item.element if isinstance(item, Label) else item
    path: list[str] = []
    while isinstance(found, BinaryExpression) and found.operator is getitem:
        path.insert(0, str(found.right))
        found = found.left
    table = getattr(found, "table", None)
    if not isinstance(found, sa.Column) or not isinstance(table, FeatureGroup):
        raise TrainingSetError(
            f"features has {str(item)!r}, a {type(item).__name__}. Expected a group, its name, a"
            ' column such as plane.c.seats, or a field within one such as weather.c.wind["speed"].'
        )
    return table, (found.name, *path), label


def _named(catalog: Catalog, name: str) -> FeatureGroup:
    return lifecycle.find(catalog, name).group


# --- on which terms ------------------------------------------------------------------------------


def _check_mentioned(terms: Terms, chosen: Mapping[str, _Chosen]) -> None:
    """Refuse terms for groups of which nothing is asked."""
    groups = [each.group for each in chosen.values()]
    for argument in ("keys", "ttl", "as_of"):
        given = getattr(terms, argument)
        for key in given if isinstance(given, Mapping) else ():
            if not any(_is(key, group) for group in groups):
                known = ", ".join(group.name for group in groups)
                raise TrainingSetError(
                    f"{argument} names {getattr(key, 'name', key)!r}, of which no feature is asked"
                    f" for. Groups in features: {known}."
                )


def _is(key: GroupKey, group: FeatureGroup) -> bool:
    if isinstance(key, FeatureGroup):
        return key.fullname == group.fullname
    return key.lower() in (group.name, group.fullname, group.view_name)


def _of(given: Mapping[GroupKey, Any], group: FeatureGroup, default: Any) -> Any:
    return next((value for key, value in given.items() if _is(key, group)), default)


def _lookup(
    catalog: Catalog, chosen: _Chosen, state: PinnedGroup, terms: Terms, spine: Sequence[str]
) -> tuple[Lookup, list[pa.Field]]:
    group = chosen.group
    prefix = f"{group.definition.name.entity}__"
    own = prefix if terms.names == "group__feature" else ""
    features = [
        Feature(label or own + "_".join(path), path[0], path[1:]) for path, label in chosen.features
    ]
    timed = group.event_time is not None
    at = f"{prefix}event_time" if terms.event_times and timed else None
    age = f"{prefix}age" if terms.ages and timed else None
    fields = [pa.field(f.label, _type(group, f)) for f in features]
    fields += [pa.field(at, group.arrow_schema.field(group.event_time).type)] if at else []
    fields += [pa.field(age, pa.duration("us"))] if age else []
    table, version = rows_at(catalog, group, state.state)
    lookup = Lookup(
        table=table,
        keys=_keys(group, terms, spine),
        features=features,
        event_time=_timed(group, terms),
        created_time=group.created_time,
        ttl=_ttl(group, terms) if timed else None,
        known_by=_known_by(terms, spine),
        as_of=_as_of(terms.as_of),
        version=version,
        deleted=_deleted(catalog, state),
        event_time_label=at,
        age_label=age,
    )
    return lookup, fields


def _type(group: FeatureGroup, feature: Feature) -> pa.DataType:
    type_ = group.arrow_schema.field(feature.column).type
    for name in feature.path:
        type_ = type_.field(name).type
    return type_


def _keys(group: FeatureGroup, terms: Terms, spine: Sequence[str]) -> dict[str, str]:
    given = _of(terms.keys, group, {})
    unknown = sorted(set(given) - set(group.keys))
    keys = {key: given.get(key, key) for key in group.keys}
    missing = [f"{key!r} in {column!r}" for key, column in keys.items() if column not in spine]
    if unknown or missing:
        what = f"no keys {', '.join(unknown)}" if unknown else f"it looks for {', '.join(missing)}"
        raise TrainingSetError(
            f"The keys of {group.name!r} are {', '.join(group.keys)}: {what}. Columns of the spine:"
            f" {', '.join(spine)}. Say which hold them: keys={{group: {{'key': 'spine column'}}}}."
        )
    return keys


def _timed(group: FeatureGroup, terms: Terms) -> str | None:
    if group.event_time is not None and terms.time is None:
        raise TrainingSetError(
            f"{group.name!r} has event times, so that time= is needed: the spine's column that says"
            " when its rows ask."
        )
    return group.event_time


def _ttl(group: FeatureGroup, terms: Terms) -> dt.timedelta | None:
    given = terms.ttl
    ttl = _of(given, group, group.definition.ttl) if isinstance(given, Mapping) else given
    if ttl is not None and ttl < dt.timedelta(0):
        raise TrainingSetError(f"The ttl of {group.name!r} is negative: {ttl}.")
    return ttl


def _known_by(terms: Terms, spine: Sequence[str]) -> str | None:
    known_by = terms.known_by
    if known_by is None or known_by in spine or (known_by == AT_TIME and terms.time is not None):
        return AT_TIME if known_by == terms.time and known_by is not None else known_by
    raise TrainingSetError(
        f"known_by={known_by!r}. Expected 'time', for what was known at time=, or a column of the"
        f" spine: {', '.join(spine)}."
    )


def _as_of(given: Any) -> dt.datetime | None:
    if not isinstance(given, dt.datetime):
        return None
    return given.astimezone(dt.UTC).replace(tzinfo=None) if given.tzinfo else given


def _version(group: FeatureGroup, terms: Terms) -> int | None:
    given = terms.as_of
    if isinstance(given, Mapping):
        found: int | None = _of(given, group, None)
        return found
    return given if isinstance(given, int) else None


def _pinned(catalog: Catalog, group: FeatureGroup, terms: Terms) -> PinnedGroup:
    entry = catalog.get(group.name, group.schema)
    return pinned_group(catalog, entry, group, _version(group, terms))


def _deleted(catalog: Catalog, state: PinnedGroup) -> Deleted | None:
    stones = state.tombstones
    if stones is None or state.deletes is None:
        return None
    table, version = rows_at(catalog, stones.table, state.deletes)
    return Deleted(table, stones.names.time, stones.names.made, version)


def _check_names(names: Iterable[str], spine: Sequence[str]) -> None:
    seen = {name.lower(): "the spine" for name in spine}
    for name in names:
        if name.lower() in seen:
            where = seen[name.lower()]
            raise TrainingSetError(
                f"Two columns would be called {name!r}, one of them of {where}. Pass"
                " names='group__feature', give the feature another name with"
                f" group.c.{name}.label('…'), or rename the spine's column."
            )
        seen[name.lower()] = "another group"
