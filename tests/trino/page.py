"""The page that tells which of Trino's functions work, and how many cases show it."""

from __future__ import annotations

from collections.abc import Iterator

from tests.trino.topics import Entry, Topic, topics

__all__ = ["page"]

HEAD = """\
# Trino's functions and operators

What the embedded Athena understands, by the topics of Trino's documentation. The page is made from
the cases in `tests/trino/cases/` by `python -m tests.trino docs/trino.md`; every case runs through
the translation to DuckDB's SQL and again through the whole embedded Athena. A function that isn't
supported fails with `NOT_SUPPORTED` and its name.

{cases} cases. Of {documented} names {supported} are supported, {partly} partly and {missing} not.
"""


def page() -> str:
    """The page as Markdown."""
    return "\n".join([_head(), *(line for topic in topics() for line in _section(topic))])


def _head() -> str:
    entries = [entry for topic in topics() for entry in topic.entries]
    supported = [entry for entry in entries if entry.is_supported]
    partly = [entry for entry in supported if entry.lacks]
    return HEAD.format(
        cases=sum(len(entry.cases) for entry in entries),
        documented=len(entries),
        supported=len(supported) - len(partly),
        partly=len(partly),
        missing=len(entries) - len(supported),
    )


def _section(topic: Topic) -> Iterator[str]:
    yield f"## {topic.title}\n"
    supported = [entry for entry in topic.entries if entry.is_supported]
    if supported:
        yield "| Function or operator | Status | Cases |"
        yield "|---|---|---:|"
        yield from map(_line, supported)
        yield ""
    missing = [f"`{entry.name}`" for entry in topic.entries if not entry.is_supported]
    if missing:
        yield f"Not supported: {', '.join(missing)}.\n"


def _line(entry: Entry) -> str:
    shown = entry.name.replace("_", " ") if entry.name.isupper() else entry.name
    name = shown.replace("|", "\\|")
    return f"| `{name}` | {entry.status} | {len(entry.cases)} |"
