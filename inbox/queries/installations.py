"""What an installation has, as a whole."""

from sqlalchemy import inspect, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from inbox.db import Database
from inbox.models import Agent, Channel, Strand


async def holds_data(database: Database) -> bool:
    """Whether something was stored that needs the key it was made with; an empty database does not."""
    async with database.reading() as session:
        connection = await session.connection()
        if "channels" not in await connection.run_sync(_table_names):
            return False
        for model in (Channel, Strand, Agent):
            if await session.scalar(select(model.id).limit(1)) is not None:
                return True
    return False


async def has_agent(session: AsyncSession) -> bool:
    """Whether anybody was added who could sign in one day."""
    return await session.scalar(select(Agent.id).limit(1)) is not None


async def revision(database: Database) -> str | None:
    """The newest revision that the database has been brought to; None for an empty one."""
    async with database.reading() as session:
        connection: AsyncConnection = await session.connection()
        if "alembic_version" not in await connection.run_sync(_table_names):
            return None
        return str(await session.scalar(text("SELECT version_num FROM alembic_version")))


def _table_names(connection: Connection) -> list[str]:
    return inspect(connection).get_table_names()
