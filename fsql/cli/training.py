"""``fsql training-set``: the training sets that were saved."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from fsql.cli.shared import plain_errors, url_option

if TYPE_CHECKING:
    from fsql.store import FeatureStore
    from fsql.training import Manifest

__all__ = ["training_set"]

_SUMMARY = ("name", "saved", "by", "fsql", "revision", "rows", "hash")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def training_set() -> None:
    """Look at the training sets that were saved.

    A NAME is that of a saved set, or the path or s3:// URI of a manifest.
    """


@training_set.command(name="list")
@url_option
@json_option
@plain_errors
def list_(url: str, as_json: bool) -> None:
    """List the training sets by name."""
    found = _store(url).training_sets.all()
    if as_json:
        click.echo(_text([{name: each[name] for name in _SUMMARY} for each in found]))
        return
    for each in found:
        click.echo(_line(each))
    if not found:
        click.echo("No training sets. training_set.save('name') makes one.", err=True)


@training_set.command()
@click.argument("name")
@url_option
@json_option
@click.option("--sql", is_flag=True, help="Print the query and nothing else.")
@plain_errors
def show(name: str, url: str, as_json: bool, sql: bool) -> None:
    """Say what a training set is made of, and what became of that since.

    With --json its whole manifest, from which `store.load_training_set` reads the set again.
    """
    sets = _store(url).training_sets
    found = sets.get(name)
    if sql:
        click.echo(found["sql"])
    else:
        click.echo(str(found) if as_json else sets.shown(found))


@training_set.command()
@click.argument("before", metavar="FROM")
@click.argument("after", metavar="TO")
@url_option
@json_option
@plain_errors
def diff(before: str, after: str, url: str, as_json: bool) -> None:
    """Say how two training sets differ: rows, spine, options, features, snapshots, columns."""
    found = _store(url).training_sets.diff(before, after)
    if as_json:
        plain = {"before": found.before, "after": found.after, "differences": [*found.lines]}
        click.echo(_text(plain))
    else:
        click.echo(str(found))


@training_set.command()
@click.argument("name")
@url_option
@click.option("--yes", "-y", is_flag=True, help="Don't ask.")
@plain_errors
def drop(name: str, url: str, yes: bool) -> None:
    """Delete a training set: its manifest, its spine, and its rows if they were stored."""
    sets = _store(url).training_sets
    found = sets.get_saved(name)
    if not yes:
        click.confirm(f"Delete {_line(found)}?", abort=True)
    sets.drop(name)
    click.echo(f"Deleted the training set {name}.")


def _store(url: str) -> FeatureStore:
    from fsql.store import FeatureStore

    return FeatureStore(url)


def _line(manifest: Manifest) -> str:
    groups = ", ".join(manifest["groups"])
    rows = f"{manifest['rows']:,} rows"
    return f"{manifest['name']}  {manifest['saved']}  {rows}  {groups}"


def _text(plain: Any) -> str:
    return json.dumps(plain, indent=2, ensure_ascii=False)
