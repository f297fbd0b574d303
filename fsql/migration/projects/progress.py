"""What a migration does, line by line on standard error, unless logging is set up otherwise."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["is_silent", "shown"]

REVISIONS = "alembic.runtime.migration"  # logs "Running upgrade a -> b, message"
CHANGES = "fsql.migration"
_RUNNING = "Running "


class _Lines(logging.Handler):
    """One line for each revision, and one below it for each change."""

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if record.levelno >= logging.WARNING:
            line = f"{record.levelname.lower()}: {message}"
        elif record.name == REVISIONS:
            line = message.removeprefix(_RUNNING)
            if line == message:  # which dialect, and that DDL is not transactional
                return
        else:
            line = f"  {message}"
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


@contextmanager
def shown() -> Iterator[None]:
    """Show progress meanwhile; where the program has handlers of its own, those alone do."""
    loggers = [logging.getLogger(name) for name in (REVISIONS, CHANGES)]
    silent = [logger for logger in loggers if is_silent(logger)]
    levels, handler = [logger.level for logger in silent], _Lines()
    for logger in silent:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        for logger, level in zip(silent, levels, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)


def is_silent(logger: logging.Logger) -> bool:
    """Whether nothing shows what is logged; a handler that does nothing, as Alembic's, does not."""
    found: logging.Logger | None = logger
    while found is not None:
        if any(not isinstance(handler, logging.NullHandler) for handler in found.handlers):
            return False
        found = found.parent if found.propagate else None
    return True
