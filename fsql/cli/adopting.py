"""The command that takes over what was changed of feature groups by hand."""

from __future__ import annotations

import click

from fsql.cli.shared import plain_errors

__all__ = ["adopt"]


@click.command()
@click.argument("name", required=False)
@click.option("--url", help="The store.  [default: the project's]")
@plain_errors
def adopt(name: str | None, url: str | None) -> None:
    """Take over what was changed by hand of the table NAME, by default of all groups.

    The declared groups are to say the same: `fsql migrate check` tells how they differ then.
    """
    from fsql.dialect import catalog_of, create_engine
    from fsql.migration.making.migrator import Migrator
    from fsql.migration.projects.running import url_of_project

    engine = create_engine(url or url_of_project())
    migrator = Migrator(engine)
    entries = catalog_of(engine).entries(pattern=name)
    found = [(entry.name, words) for entry in entries for words in migrator.adopt(entry.name)]
    for table, words in found:
        click.echo(f"{table}: {words}")
    if not found:
        click.echo("Nothing was changed by hand.")
