"""The command that deletes for good what migrations have dropped and kept."""

from __future__ import annotations

import click

from fsql.cli.shared import plain_errors

__all__ = ["purge"]


@click.command()
@click.argument("name", required=False)
@click.option("--url", help="The store.  [default: the project's]")
@click.option("--yes", is_flag=True, help="Don't ask.")
@plain_errors
def purge(name: str | None, url: str | None, yes: bool) -> None:
    """Delete for good what revisions have dropped; no downgrade brings it back then.

    NAME is a group's, with or without its version; all groups by default.
    """
    from fsql.catalog import Catalog
    from fsql.dialect import catalog_of, create_engine
    from fsql.migration.making import purge as purging
    from fsql.migration.projects.running import url_of_project
    from fsql.migration.runtime.revisions import Revisions
    from fsql.naming import GroupName

    catalog: Catalog = catalog_of(create_engine(url or url_of_project()))
    revisions = Revisions(catalog)
    every = purging.kept(catalog, revisions)
    found = [one for one in every if name in (None, one.table, GroupName.parse(one.table).view)]
    for one in found:
        click.echo(str(one))
    if not found:
        click.echo("Nothing is kept.")
        return
    if not yes:
        click.confirm("Delete this for good?", abort=True)
    for one in found:
        purging.purge(catalog, revisions, one)
    click.echo(f"Deleted {len(found)}.")
