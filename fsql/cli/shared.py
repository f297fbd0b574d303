"""What commands have in common: the URL, and errors without a traceback."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

__all__ = ["plain_errors", "url_option"]

F = TypeVar("F", bound=Callable[..., Any])

url_option = click.option(
    "--url",
    envvar="FSQL_URL",
    default="fsql:///.fsql",
    show_default=True,
    help="The store, as in fsql:///folder or fsql://REGION/DATABASE?work_group=…",
)


def plain_errors(command: F) -> F:
    """Errors of fsql and of the database as one line, without a traceback."""

    @wraps(command)
    def wrapped(*args: Any, **kw: Any) -> Any:
        from pyathena.error import Error
        from sqlalchemy.exc import DBAPIError, NoSuchTableError

        try:
            return command(*args, **kw)
        except DBAPIError as error:
            raise click.ClickException(str(error.orig)) from error
        except NoSuchTableError as error:
            raise click.ClickException(f"Table {error} does not exist.") from error
        except (Error, OSError) as error:
            raise click.ClickException(str(error)) from error

    return wrapped  # type: ignore[return-value]  # the same signature, which mypy can't see
