"""What is said, and what may be deleted, when some partitions could not be switched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from fsql.catalog import Entry
from fsql.errors import CommitConflict, StorageError
from fsql.formats.certainty import is_final
from fsql.formats.hive.folders import Texts
from fsql.formats.hive.layout import Layout
from fsql.formats.hive.manifests import Changed
from fsql.formats.hive.publishing import ATTEMPTS, Failure, Outcome

__all__ = ["explain", "surely_old"]

SHOWN = 5
REMEDY = "Write again; with token= a partition that has the rows already is left alone."


def surely_old(result: Outcome | Failure, uris: Iterable[str]) -> bool:
    """Whether a partition does not name these files, and never will."""
    if isinstance(result, Outcome):
        return not result.has(uris)
    return isinstance(result, Changed) or is_final(result)


def explain(entry: Entry, layout: Layout, results: Mapping[Texts, Outcome | Failure]) -> None:
    """Say which partitions are new and which are old, if not all of them are new.

    Raises:
        CommitConflict: other writers were always quicker in some partitions.
        StorageError: AWS refused, or did not answer.
    """
    failures = [result for result in results.values() if not isinstance(result, Outcome)]
    if not failures:
        return
    state = " ".join(_states(layout, results))
    for failure in failures:
        if not isinstance(failure, Changed):
            raise StorageError(
                f"AWS failed to write to {entry.name!r}: {failure}. {state} {REMEDY}"
            ) from failure
    raise CommitConflict(
        f"Other writers to {entry.name!r} were quicker {ATTEMPTS} times over. {state} {REMEDY}"
    )


def _states(layout: Layout, results: Mapping[Texts, Outcome | Failure]) -> Iterator[str]:
    new = [texts for texts, result in results.items() if isinstance(result, Outcome)]
    unsure = [t for t, result in results.items() if t not in new and not surely_old(result, ())]
    old = [texts for texts in results if texts not in new and texts not in unsure]
    if not new and not unsure:
        yield "Nothing was written."
        return
    if not layout.keys:
        yield "Nobody knows whether it was written."
        return
    yield from _said(layout, new, "has the new rows")
    yield from _said(layout, old, "is as before")
    yield from _said(layout, unsure, "is the one or the other")


def _said(layout: Layout, partitions: Sequence[Texts], what: str) -> Iterator[str]:
    if partitions:
        shown = ", ".join(layout.folder(texts).rstrip("/") for texts in partitions[:SHOWN])
        rest = len(partitions) - SHOWN
        yield f"{what.capitalize()}: {shown}{f' and {rest:,} more' if rest > 0 else ''}."
