"""What every page needs and hardly anybody changes: people, teams, tags, our own addresses.

Read once and kept while none of its tables was written to. What this process commits is seen at once; what
another one commits, within a second.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from sqlalchemy.ext.asyncio import AsyncSession

LONGEST_SECONDS = 1.0
TABLES = frozenset({"agents", "teams", "tags", "channels", "absences", "customer_fields", "team_members"})

T = TypeVar("T")

_NAME = "kept"
_SINCE = "kept since"


class Kept:
    """Values by name. One for each Database; its reading sessions carry it."""

    def __init__(self) -> None:
        self._version = 0
        self._values: dict[str, tuple[int, float, object]] = {}

    async def value(self, name: str, read: Callable[[], Awaitable[T]], *, since: int | None = None) -> T:
        """The value that *read* gave, not long ago and not before anything was written.

        *since* is the version when the session of *read* began: it may look at rows as they were then, and
        what is older than the last commit is kept for nobody.
        """
        version, moment = self._version, time.monotonic()
        known = self._values.get(name)
        if known is not None and known[0] == version and moment < known[1]:
            return cast("T", known[2])
        value = await read()
        if since is None or since == version:
            self._values[name] = version, moment + LONGEST_SECONDS, value
        return value

    def forget(self) -> None:
        """Read everything anew from now on."""
        self._version += 1

    def committed(self, tables: frozenset[str]) -> None:
        """Forget everything where a transaction that has just been committed wrote to one of its tables."""
        if tables & TABLES:
            self.forget()

    @property
    def info(self) -> dict[str, Any]:
        """What a reading session carries; one that writes must see its own changes, and carries nothing."""
        return {_NAME: self, _SINCE: self._version}


async def kept(session: AsyncSession, name: str, read: Callable[[], Awaitable[T]]) -> T:
    """The value of this name: kept for a session that reads, read anew for one that writes."""
    values: Kept | None = session.info.get(_NAME)
    if values is None:
        return await read()
    return await values.value(name, read, since=session.info[_SINCE])
