"""The embedded AWS as a botocore transport."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from .glue import Glue
from .store import Store

if TYPE_CHECKING:
    from .athena import Athena


class LocalAWS:
    """Athena, Glue, S3 and STS of one folder."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.store = Store(root)
        self.glue = Glue(self.store)
        self._athena: Athena | None = None
        self._lock = threading.Lock()

    @property
    def athena(self) -> Athena:
        """Made at the first Athena request: importing DuckDB takes a while."""
        with self._lock:
            if self._athena is None:
                from .athena import Athena

                self._athena = Athena(self.store, self.glue)
            return self._athena
