"""Runs each change of a revision once, in its order, and one process at a time."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from fsql.errors import FsqlError, MigrationConflict, MigrationError
from fsql.migration.model.steps import Step
from fsql.migration.runtime.journal import Journal, fingerprint
from fsql.migration.runtime.revisions import Revisions, Stored
from fsql.migration.runtime.scripts import Script

__all__ = ["Ledger"]

BEAT = dt.timedelta(minutes=3)
"""Between two signs of life; see `fsql.migration.runtime.journal.STALE`."""


class Ledger:
    """What one command of Alembic's does to a store.

    Args:
        revisions: the store's version view.
        takeover: go on with what another process has begun, even if it may still be at it.
    """

    def __init__(self, revisions: Revisions, *, takeover: bool = False) -> None:
        self._revisions = revisions
        self._takeover = takeover
        self._heads: tuple[str, ...] | None = None  # where this process believes the store to be
        self._journal: Journal | None = None
        self._number = 0  # of the running revision's next change
        self._failed = False

    def start(self) -> None:
        """Note where the store stands before anything is changed."""
        self._heads = self._revisions.load().heads

    def begin(self, script: Script, text: str) -> Step | None:
        """Take up a revision's next change; None if it is done already.

        Args:
            text: the change as source, by which it is known again.

        Raises:
            MigrationConflict: another process is at a revision, or has moved the store.
            MigrationError: another revision is half done, or this one's script is not what it was.
        """
        self._check_sound()
        if self._journal is None or self._journal.script != script:
            self._journal = self._claimed(script)
            self._number = 0
        journal, number = self._journal, self._number
        self._number += 1
        if number >= len(journal.done):
            return Step(script.revision, script.direction, number, journal.run)
        if journal.done[number] != fingerprint(text):
            raise _edited(journal, f"Its change {number + 1} is another one now: {text}")
        return None

    def finish(self, text: str) -> None:
        """Note that the change that was begun is done.

        Raises:
            MigrationConflict: another process has taken over meanwhile.
        """
        mine = self._journal
        assert mine is not None, "begin comes first"

        def change(stored: Stored) -> Mapping[str, Any]:
            found = self._mine(stored)
            if len(found.done) > len(mine.done):  # written, and the answer was lost
                return {}
            return {"journal": found.after(fingerprint(text)).plain}

        self._journal = Journal.of(self._revisions.edit(change).journal)

    @contextlib.contextmanager
    def heard(self) -> Iterator[None]:
        """Meanwhile, say now and then that this process lives, for who waits on other machines."""
        ended = threading.Event()
        beat = threading.Thread(target=self._beat, args=(ended,), daemon=True)
        beat.start()
        try:
            yield
        finally:
            ended.set()
            beat.join()

    def _beat(self, ended: threading.Event) -> None:
        while not ended.wait(BEAT.total_seconds()):
            with contextlib.suppress(FsqlError):  # the change that is being made will notice
                self._revisions.edit(lambda stored: {"journal": self._mine(stored).held().plain})

    def fail(self) -> None:
        """Note that the change that was begun failed, so that anybody may go on at once."""
        self._failed = True
        with contextlib.suppress(FsqlError):  # what made it fail may stand in the way of this too
            self._revisions.edit(lambda stored: {"journal": self._mine(stored).stopped().plain})

    def move(self, gone: Collection[str], come: Collection[str]) -> None:
        """Put the store at other revisions, and take the journal away, in one call.

        Args:
            gone, come: the heads that are none any more, and those that have become some.

        Raises:
            MigrationConflict, MigrationError: as `begin`; the store is where it was.
        """
        self._check_sound()

        def change(stored: Stored) -> Mapping[str, Any]:
            if self._journal is None:
                self._check_none(Journal.of(stored.journal))
                self._check_place(stored)
            else:
                self._check_whole(self._mine(stored))
            heads = {*stored.heads} - {*gone} | {*come}
            return {"heads": tuple(sorted(heads)), "journal": None}

        self._heads = self._revisions.edit(change).heads
        self._journal = None

    def clear(self) -> None:
        """Put the store at the base and forget what is half done, as ``stamp --purge`` asks.

        Raises:
            MigrationConflict: another process is at a revision.
        """

        def change(stored: Stored) -> Mapping[str, Any]:
            journal = Journal.of(stored.journal)
            if journal is not None:
                self._check_free(journal)
            return {"heads": (), "journal": None}

        self._heads = self._revisions.edit(change).heads
        self._journal = None

    def _claimed(self, script: Script) -> Journal:
        def change(stored: Stored) -> Mapping[str, Any]:
            journal = Journal.of(stored.journal)
            if journal is not None:
                self._check_free(journal)
                self._check_same(journal, script)
            self._check_place(stored)
            return {"journal": (journal.held() if journal else Journal.begun(script)).plain}

        journal = Journal.of(self._revisions.edit(change).journal)
        assert journal is not None, "it has just been written"
        return journal

    def _mine(self, stored: Stored) -> Journal:
        """The journal as it is stored, if it is still this process's."""
        journal, mine = Journal.of(stored.journal), self._journal
        assert mine is not None, "only called with one"
        if journal is None or (journal.run, journal.holder) != (mine.run, mine.holder):
            raise MigrationConflict(
                f"Another process has taken over {mine.script}"
                f"{'' if journal is None else f': {journal}'}. This one has stopped;"
                " `alembic current` says where the store stands."
            )
        return journal

    def _check_free(self, journal: Journal) -> None:
        if not (journal.is_free or self._takeover):
            raise MigrationConflict(
                f"Another migration of {self._revisions.database} is under way: {journal}."
                " Nothing was changed. Wait for it; if it was killed, `alembic -x takeover …` or"
                " `fsql migrate --takeover …` goes on with it."
            )

    def _check_none(self, journal: Journal | None) -> None:
        if journal is not None:
            self._check_free(journal)
            raise _half_done(journal)

    def _check_same(self, journal: Journal, script: Script) -> None:
        if journal.script != script:
            raise _half_done(journal, " Nothing else can begin before it is whole.")

    def _check_sound(self) -> None:
        if self._failed and self._journal is not None:
            script = self._journal.script
            raise MigrationError(
                f"A change of {script} failed, so nothing after it is done. {script.again}"
            )

    def _check_place(self, stored: Stored) -> None:
        if self._heads is not None and {*stored.heads} != {*self._heads}:
            raise MigrationConflict(
                f"Another migration of {self._revisions.database} came first: it is at"
                f" {_named(stored.heads)} now and was at {_named(self._heads)} when this one began."
                " Nothing was changed. Run the command again."
            )

    def _check_whole(self, journal: Journal) -> None:
        if self._number < len(journal.done):
            raise _edited(journal, f"Of its changes {self._number} are left.")


def _half_done(journal: Journal, why: str = "") -> MigrationError:
    return MigrationError(
        f"A migration is half done: {journal}.{why} {journal.script.again}"
        " `alembic stamp --purge <revision>` forgets it, and says where the store is instead."
    )


def _edited(journal: Journal, how: str) -> MigrationError:
    return MigrationError(
        f"The script has changed since it was begun: {journal}. {how} Put back those"
        f" changes that are done, then {journal.script.again}"
    )


def _named(heads: Collection[str]) -> str:
    return ", ".join(sorted(heads)) or "the base"
