"""Telling a database that does not answer from everything else that can go wrong."""

from sqlalchemy.exc import DBAPIError, TimeoutError as PoolTimeout

SIGNS = (
    "database is locked",
    "disk is full",
    "disk I/O error",
    "no such savepoint",  # SQLite had no room or no disk, and has undone the whole transaction
    "unable to open database file",
    "starting up",
    "shutting down",
    "too many connections",
    "in recovery mode",
    "deadlock detected",  # two processes in each other's way: one of them is to come again
)
# PostgreSQL's classes and codes (its appendix A): connections, resources such as the disk, an operator who
# intervenes, trouble with files, deadlocks.
STATES = ("08", "53", "57P", "58", "40P01")


def is_outage(error: BaseException) -> bool:
    """Whether the database was away or too busy: worth trying again, and nobody's mistake."""
    if isinstance(error, PoolTimeout | ConnectionError):
        return True
    if not isinstance(error, DBAPIError):
        return _is_state_of_outage(error)  # who finds no connection hears the driver's own words
    text = str(error.orig)
    is_away = error.connection_invalidated or _is_state_of_outage(error.orig)
    return is_away or any(sign in text for sign in SIGNS)


def _is_state_of_outage(error: BaseException | None) -> bool:
    return str(getattr(error, "sqlstate", None) or "").startswith(STATES)
