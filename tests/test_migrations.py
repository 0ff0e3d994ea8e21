"""The database's history leads to the models, on both databases, and only forward."""

from collections.abc import Sequence

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

import migrations
from inbox.db import driver_url
from inbox.models import Model
from inbox.revisions import sqlite_revision
from web.revisions import known_revisions

SEARCH = ("messages_search", "notes_search", "ix_messages_search", "ix_notes_search")


def differences(connection: Connection) -> Sequence[object]:
    """What a further revision would have to do; the search tables and indexes have no model."""
    context = MigrationContext.configure(connection)
    return [
        one
        for one in compare_metadata(context, Model.metadata)
        if not any(name in str(one) for name in SEARCH)
    ]


async def test_the_models_need_no_further_migration(database_url: str) -> None:
    engine = create_async_engine(driver_url(database_url))
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()

    assert found == []


async def test_migrating_twice_changes_nothing(database_url: str) -> None:
    engine = create_async_engine(driver_url(database_url))
    async with engine.connect() as connection:
        before = (await connection.execute(text("SELECT newest FROM case_numbers"))).all()
    migrations.upgrade(database_url)
    async with engine.connect() as connection:
        after = (await connection.execute(text("SELECT newest FROM case_numbers"))).all()
    await engine.dispose()

    assert before == after == [(1000,)]


def test_there_is_one_head_and_every_revision_is_known() -> None:
    script = ScriptDirectory.from_config(migrations.config("sqlite://"))

    assert script.get_heads() == [migrations.head()] == known_revisions()[-1:]


def test_the_revision_of_a_file_is_told_without_loading_much(sqlite_url: str) -> None:
    assert sqlite_revision(sqlite_url) == migrations.head()
    assert sqlite_revision("sqlite:////nowhere/at/all.db") is None


def test_going_back_is_refused_with_what_to_do_instead(sqlite_url: str) -> None:
    with pytest.raises(RuntimeError, match="restore the backup"):
        command.downgrade(migrations.config(sqlite_url), "0001")
