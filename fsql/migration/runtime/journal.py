"""What a revision that is under way has done, so that a killed one goes on where it stood.

The journal is an entry in the version view's parameters (`fsql.migration.runtime.revisions`):
written when a revision's first change begins, after each change, and taken away in the same call
that moves the store to the revision. Of two processes one writes it first, and the other is told
so.
"""

from __future__ import annotations

import datetime as dt
import getpass
import hashlib
import os
import socket
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from fsql.migration.runtime.scripts import Script

__all__ = ["STALE", "Journal", "fingerprint"]

STALE = dt.timedelta(minutes=15)
"""After which a process that is not on this machine, and said nothing since, counts as killed."""

_START = uuid.uuid4().hex  # of this process, or of the one that it was forked from


@dataclass(frozen=True)
class Journal:
    """A revision under way.

    Attributes:
        revision, direction: which, and "up" or "down".
        target: see `Script`.
        run: names this going over of the revision, however many processes take part.
        done: fingerprints of the changes that are done, in their order.
        holder: names the process that is at it; "" when it has ended with an error.
        pid, host, by: the process's number, machine and user.
        machine: tells two machines, or containers, of one name apart.
        at: when it last said something, in UTC.
    """

    revision: str
    direction: str
    target: str
    run: str
    done: tuple[str, ...] = ()
    holder: str = ""
    pid: int = 0
    host: str = ""
    machine: str = ""
    by: str = ""
    at: str = ""

    @classmethod
    def begun(cls, script: Script) -> Journal:
        """A new one, held by this process."""
        run = uuid.uuid4().hex
        return cls(script.revision, script.direction, script.target, run).held()

    @classmethod
    def of(cls, plain: Mapping[str, Any] | None) -> Journal | None:
        """The inverse of `plain`; what a later fsql has added is left out."""
        if plain is None:
            return None
        known = {name: plain[name] for name in cls.__dataclass_fields__ if name in plain}
        return cls(**{**known, "done": tuple(plain["done"])})

    @property
    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self), "done": list(self.done)}

    @property
    def script(self) -> Script:
        """The revision."""
        return Script(self.revision, self.direction, self.target)

    @property
    def is_ours(self) -> bool:
        """Whether this process holds it."""
        return self.holder == _holder()

    @property
    def is_free(self) -> bool:
        """Whether nobody is at it any more, so that anybody may go on."""
        if not self.holder or self.is_ours:
            return True
        if self.machine == _machine():
            return self.pid == os.getpid() or not _is_alive(self.pid)
        return _now() - dt.datetime.fromisoformat(self.at) > STALE

    def held(self) -> Journal:
        """The same, held by this process from now on."""
        return replace(
            self,
            holder=_holder(),
            pid=os.getpid(),
            host=socket.gethostname(),
            machine=_machine(),
            by=_user(),
            at=_now().isoformat(timespec="seconds"),
        )

    def stopped(self) -> Journal:
        """The same, held by nobody."""
        return replace(self, holder="")

    def after(self, fingerprint: str) -> Journal:
        """The same with one more change done."""
        return replace(self.held(), done=(*self.done, fingerprint))

    def __str__(self) -> str:
        count = len(self.done)
        changes = "no change" if not count else "1 change" if count == 1 else f"{count} changes"
        since = self.at.removesuffix("+00:00").replace("T", " ")
        return (
            f"{self.script}, {changes} done, last heard of {since} UTC, by {self.by} on"
            f" {self.host}, pid {self.pid}"
        )


def fingerprint(words: str) -> str:
    """A short name for a change's text."""
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def _holder() -> str:
    return f"{_START}:{os.getpid()}"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _user() -> str:
    try:
        return getpass.getuser()
    except OSError:  # a container's user that has no name
        return str(os.getuid())


def _machine() -> str:
    """The machine, and on Linux the container: process numbers mean something within it only."""
    parts = [socket.gethostname()]
    boot = Path("/proc/sys/kernel/random/boot_id")
    if boot.exists():
        parts += [boot.read_text().strip(), str(Path("/proc/self/ns/pid").readlink())]
    return " ".join(parts)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
