"""What a log line says, and what it never says."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from sqlalchemy.exc import SQLAlchemyError

from inbox.db import Database
from inbox.models import Agent
from tests.web.conftest import Opened, Person
from web.logs import configure_logs


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Logging belongs to the whole process: leave it as it was."""
    handlers, level = logging.root.handlers[:], logging.root.level
    configured = structlog.get_config()
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.configure(**configured)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_our_lines_and_those_of_libraries_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json")
    structlog.stdlib.get_logger("onethread").info("filed", message="abc")
    logging.getLogger("uvicorn.error").warning("Shutting down")

    ours, theirs = lines(capsys)
    assert (ours["event"], ours["message"], ours["level"]) == ("filed", "abc", "info")
    assert (theirs["event"], theirs["level"]) == ("Shutting down", "warning")
    assert "timestamp" in ours


async def test_an_error_of_the_database_does_not_quote_the_row(
    sqlite_database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs("json")
    try:
        async with sqlite_database.transaction() as session:
            session.add_all(Agent(name="x", email="canary@shop.example") for _ in range(2))
    except SQLAlchemyError:
        structlog.stdlib.get_logger("onethread").exception("not saved")

    said = capsys.readouterr().err
    assert "IntegrityError" in said
    assert "canary@shop.example" not in said


async def test_no_secret_of_a_request_reaches_the_log(
    maya: Person, opened: Opened, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs("json")
    canary = "canary5150"
    await opened().get(f"/join/{canary}")
    await opened().get(f"/search?q={canary}")
    await opened().post("/sign-in", data={"email": f"{canary}@x.example", "password": canary})
    await maya.program.post("/api/v1/conversations", json={"text": canary, "to": f"{canary}@x.example"})
    await maya.post(f"/messages/{canary}/cancel")

    said = capsys.readouterr().err
    for secret in (canary, maya.api_token, maya.session_token, maya.csrf_token):
        assert secret not in said
