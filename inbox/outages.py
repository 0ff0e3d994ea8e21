"""Telling a database that does not answer from everything else that can go wrong."""

from sqlalchemy.exc import DBAPIError, TimeoutError as PoolTimeout

SIGNS = (
    "database is locked",
    "disk is full",
    "disk I/O error",
    "starting up",
    "shutting down",
    "too many connections",
    "in recovery mode",
    "deadlock detected",  # two processes in each other's way: one of them is to come again
)


def is_outage(error: BaseException) -> bool:
    """Whether the database was away or too busy: worth trying again, and nobody's mistake."""
    if isinstance(error, PoolTimeout | ConnectionError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    text = str(error.orig)
    return error.connection_invalidated or any(sign in text for sign in SIGNS)
