"""Projects whose revisions a test writes, and Alembic's commands run in them."""

from __future__ import annotations

import io
import textwrap
from argparse import Namespace
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

import fsql
from fsql.dialect import catalog_of
from fsql.migration.runtime.revisions import Revisions, Stored

__all__ = ["GROUP", "Project"]

GROUP = "test_app_thing_v0001"

CREATE = f"""
op.create_feature_group(
    "{GROUP}",
    sa.Column("k", sa.BigInteger(), nullable=False),
    sa.Column("n", sa.Integer()),
    keys=["k"],
)
"""

_ENV = "import fsql.migration\n\nfsql.migration.run({arguments})\n"

_SETTINGS = """
[tool.alembic]
script_location = "%(here)s/migrations"
"""

_SCRIPT = """
import sqlalchemy as sa
from alembic import op
from fsql.types import Array, Map, Struct, Timestamp

revision = {revision!r}
down_revision = {down!r}
branch_labels = {labels!r}
depends_on = {needs!r}


def upgrade() -> None:
{up}


def downgrade() -> None:
{back}
"""


class Project:
    """A folder with an env.py, revisions, and a store of its own."""

    def __init__(self, folder: Path, arguments: str = "") -> None:
        self.folder = folder
        self.url = f"fsql:///{folder}/store"
        self.versions = folder / "migrations" / "versions"
        self.versions.mkdir(parents=True)
        (folder / "pyproject.toml").write_text(_SETTINGS)
        template = files("fsql.migration").joinpath("templates", "script.py.mako").read_text()
        (folder / "migrations" / "script.py.mako").write_text(template)
        self.env(_ENV.format(arguments=arguments))

    def env(self, text: str) -> None:
        """Take another env.py."""
        (self.folder / "migrations" / "env.py").write_text(text)

    def revision(
        self,
        revision: str,
        down: str | tuple[str, ...] | None,
        up: str = "pass",
        back: str = "pass",
        *,
        labels: tuple[str, ...] | None = None,
        needs: str | None = None,
    ) -> None:
        """Write a revision's script, or write it anew."""
        bodies = {"up": _body(up), "back": _body(back)}
        text = _SCRIPT.format(revision=revision, down=down, labels=labels, needs=needs, **bodies)
        (self.versions / f"{revision}.py").write_text(text)

    def run(self, name: str, *arguments: Any, x: Sequence[str] = (), **options: Any) -> str:
        """Run a command of Alembic's in this process; what it says."""
        said = io.StringIO()
        config = Config(
            toml_file=self.folder / "pyproject.toml",
            stdout=said,
            output_buffer=said,
            cmd_opts=Namespace(x=list(x) or None),
        )
        config.set_main_option("sqlalchemy.url", self.url)
        getattr(command, name)(config, *arguments, **options)
        return said.getvalue()

    def up(self, to: str = "head", **options: Any) -> str:
        """Upgrade."""
        return self.run("upgrade", to, **options)

    def down(self, to: str = "-1", **options: Any) -> str:
        """Downgrade."""
        return self.run("downgrade", to, **options)

    @property
    def engine(self) -> sa.Engine:
        """The store's."""
        return fsql.create_engine(self.url)

    @property
    def revisions(self) -> Revisions:
        """The store's version view."""
        return Revisions(catalog_of(self.engine))

    @property
    def stored(self) -> Stored:
        """What the version view says."""
        return self.revisions.load()

    def heads(self) -> list[str]:
        """The revisions it is at."""
        return list(self.stored.heads)

    @property
    def journal(self) -> Mapping[str, Any]:
        """The journal that stands."""
        found = self.stored.journal
        assert found is not None
        return found

    def columns(self, group: str = GROUP) -> list[str]:
        """A group's columns; none if it is not there."""
        entry = catalog_of(self.engine).find(group)
        return [] if entry is None else list(entry.arrow_schema.names)


def _body(text: str) -> str:
    return textwrap.indent(textwrap.dedent(text).strip(), "    ")
