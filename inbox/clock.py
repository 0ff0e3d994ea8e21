"""The only place that asks what time it is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta


def _system_time() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system_time


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _source()


class FrozenClock:
    """A clock that moves only when told to; tests and simulations install it with `using()`."""

    def __init__(self, moment: datetime | None = None) -> None:
        self.moment = moment or datetime(2026, 11, 20, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **by: float) -> None:
        """Move on by `timedelta(**by)`, for example `advance(minutes=5)`."""
        self.moment += timedelta(**by)


@contextmanager
def using(clock: Callable[[], datetime]) -> Iterator[None]:
    """Let `now()` answer from *clock* inside the block."""
    global _source
    before, _source = _source, clock
    try:
        yield
    finally:
        _source = before
