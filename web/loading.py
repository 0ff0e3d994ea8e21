"""Loading what a server consists of."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def nothing_is_garbage() -> Iterator[None]:
    """While modules are loaded nothing they make is thrown away: to look for garbage among it again and again
    takes a third of the time. What there is in the end stays, so that later collections pass it over."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
