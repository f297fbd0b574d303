"""A bar that counts rows, or what else work consists of."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["progress_bar"]


@contextmanager
def progress_bar(
    name: str, total: int | None, wanted: bool | None, unit: str = "rows"
) -> Iterator[Callable[[int], None]]:
    """A function to call with each number of rows that is done, from any thread.

    Args:
        total: how many there are; None if that is unknown.
        wanted: None shows the bar where somebody watches: on a terminal, in a notebook.
        unit: what is counted.
    """
    if not (_is_watched() if wanted is None else wanted):
        yield lambda done: None
        return
    from tqdm.auto import tqdm

    lock = threading.Lock()
    # Quick writes need no bar, unless somebody asked for one.
    delay = 0 if wanted else 0.5
    with tqdm(total=total, desc=name, unit=f" {unit}", unit_scale=True, delay=delay) as bar:

        def show(done: int) -> None:
            with lock:
                bar.update(done)

        yield show


def _is_watched() -> bool:
    return sys.stderr.isatty() or "ipykernel" in sys.modules
