"""Conversations to look at, and the header that scripts of ours send."""

import pytest

from inbox.db import Database
from tests.builders import Scene, a_conversation
from tests.web.conftest import Person

SCRIPT = {"HX-Request": "true"}


@pytest.fixture
async def scene(installation: object, sqlite_database: Database, maya: Person) -> Scene:
    """A customer who asked two things by email, in a case of Maya's."""
    async with sqlite_database.transaction() as session:
        return await a_conversation(session, with_messages=2, assignee=maya.agent)
