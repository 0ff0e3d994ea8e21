"""A database that is away, or in its own way, told from everything else."""

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, TimeoutError as PoolTimeout

from inbox.outages import is_outage


def of(text: str, kind: type[DBAPIError] = DBAPIError) -> DBAPIError:
    return kind("UPDATE cases", {}, Exception(text))


@pytest.mark.parametrize(
    "error",
    [
        of("database is locked"),
        of("the database system is starting up"),
        of("the database system is in recovery mode"),
        of("deadlock detected\nDETAIL: Process 1 waits for ShareLock"),
        PoolTimeout(),
        ConnectionRefusedError(),
    ],
)
def test_what_is_worth_trying_again(error: Exception) -> None:
    assert is_outage(error)


@pytest.mark.parametrize(
    "error",
    [of("value too long"), of("UNIQUE constraint failed", IntegrityError), ValueError("deadlock detected")],
)
def test_what_is_not(error: Exception) -> None:
    assert not is_outage(error)
