"""How often a stranger may do something, and how many of it at once: one number for each counted thing, and
no timers.

The generic cell rate algorithm (ITU-T I.371): a rate allows a burst of its whole limit at once, then so many
in each period, spread evenly. What was refused costs nothing.
"""

import asyncio
import ipaddress
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from weakref import WeakValueDictionary

MOST_KEPT = 100_000


@dataclass(frozen=True, slots=True)
class Rate:
    """At most *limit* (of anything: requests, bytes) in *seconds*."""

    name: str
    limit: int
    seconds: float


class Rates:
    """Counts in this process. `clock` answers seconds that only grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._full_again_at: dict[tuple[str, str], float] = {}

    def take(self, rate: Rate, subject: str, cost: int = 1) -> float:
        """Count *cost* for *subject* and answer 0, or count nothing and answer the seconds to wait."""
        now, key = self._clock(), (rate.name, subject)
        began = max(self._full_again_at.get(key, now), now)
        full_again = began + cost * rate.seconds / rate.limit
        excess = full_again - now - rate.seconds
        if excess > 1e-9:
            return excess
        self._full_again_at[key] = full_again
        if len(self._full_again_at) > MOST_KEPT:
            self._forget(now)
        return 0.0

    def take_all(self, *counted: tuple[Rate, str], cost: int = 1) -> float:
        """Count for several subjects, in this order; answers the first wait that is not 0."""
        for rate, subject in counted:
            if wait := self.take(rate, subject, cost):
                return wait
        return 0.0

    def _forget(self, now: float) -> None:
        """Drop what is full again; under a flood of new subjects, the half that would be so first."""
        self._full_again_at = {key: moment for key, moment in self._full_again_at.items() if moment > now}
        if len(self._full_again_at) > MOST_KEPT:
            latest = sorted(self._full_again_at.items(), key=lambda item: item[1])[MOST_KEPT // 2 :]
            self._full_again_at = dict(latest)


class Places:
    """How many are open at once, by whom: sockets cost memory for as long as they stay."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taken(self, *wanted: tuple[str, int]) -> Iterator[bool]:
        """Take a place for each (subject, most) as long as the block lasts; False, and none, where one has no
        more."""
        if any(self._taken[subject] >= most for subject, most in wanted):
            yield False
            return
        self._taken.update(subject for subject, _ in wanted)
        try:
            yield True
        finally:
            for subject, _ in wanted:
                self._taken[subject] -= 1
                if not self._taken[subject]:
                    del self._taken[subject]


class Turns:
    """So many at once for each subject, the rest in their turn: what one floods us with waits for itself, not
    before others."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._of: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def of(self, subject: str) -> asyncio.Semaphore:
        """`async with turns.of(subject):` waits for one."""
        turn = self._of.get(subject)
        if turn is None:
            turn = self._of[subject] = asyncio.Semaphore(self._at_once)
        return turn


class Delay:
    """Keeps whoever is refused waiting before they hear of it: a flood whose senders ask again as soon as
    they are answered then asks seldom, and what refusing costs is left for others. No more than *most* wait
    at once, since each holds memory; whoever comes then is told at once."""

    def __init__(self, seconds: float, *, most: int) -> None:
        self._seconds = seconds
        self._most = most
        self._waiting = 0

    async def wait(self) -> None:
        if self._waiting >= self._most:
            return
        self._waiting += 1
        try:
            await asyncio.sleep(self._seconds)
        finally:
            self._waiting -= 1


def counted_address(host: str | None) -> str:
    """What requests from one place are counted under: an IPv4 address, or the /64 of an IPv6 one."""
    return _block(host, 32, 64)


def address_block(host: str | None) -> str:
    """The part of an address that is kept with what came from it: it names a network, not a person."""
    return _block(host, 24, 48)


@lru_cache(maxsize=4_096)  # asked for each message, and the same few thousand answer again and again
def _block(host: str | None, bits_of_four: int, bits_of_six: int) -> str:
    try:
        address = ipaddress.ip_address((host or "").partition("%")[0])
    except ValueError:
        return "unknown"  # a Unix socket, or a test
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    bits = bits_of_four if address.version == 4 else bits_of_six
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))
