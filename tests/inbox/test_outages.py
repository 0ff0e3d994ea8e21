"""A database that is away, or in its own way, told from everything else."""

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, TimeoutError as PoolTimeout

from inbox.outages import is_outage


def of(text: str, kind: type[DBAPIError] = DBAPIError) -> DBAPIError:
    return kind("UPDATE cases", {}, Exception(text))


class FromPostgres(Exception):
    def __init__(self, sqlstate: str, text: str) -> None:
        super().__init__(text)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    "error",
    [
        of("database is locked"),
        of("no such savepoint: sa_savepoint_1"),
        DBAPIError("INSERT", {}, FromPostgres("53100", "No space left on device")),
        FromPostgres("53300", "sorry, too many clients already"),  # as the driver says it to who gets none
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
    [
        FromPostgres("23505", "duplicate key"),
        of("value too long"),
        of("UNIQUE constraint failed", IntegrityError),
        ValueError("deadlock detected"),
    ],
)
def test_what_is_not(error: Exception) -> None:
    assert not is_outage(error)
