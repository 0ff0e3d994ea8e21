"""What is kept is never older than what this process has committed."""

from sqlalchemy import select

from inbox.db import Database
from inbox.kept import LONGEST_SECONDS
from inbox.models import Tag
from inbox.queries.choices import Choices, choices_of
from inbox.queries.recipients import own_addresses
from tests.builders import a_mailbox_channel, a_team, an_agent


async def tags(database: Database) -> list[str]:
    async with database.reading() as session:
        return [tag.name for tag in (await choices_of(session)).tags]


async def test_what_was_committed_is_seen_at_once(database: Database) -> None:
    assert await tags(database) == []
    for name in ("a", "b"):
        async with database.transaction() as session:
            session.add(Tag(name=name))
        assert (await tags(database))[-1] == name


async def test_people_teams_and_addresses_are_seen_at_once_too(sqlite_database: Database) -> None:
    async with sqlite_database.reading() as session:
        before = await choices_of(session), await own_addresses(session)
    async with sqlite_database.transaction() as session:
        await a_team(session, await an_agent(session, name="Priya Shah"), name="Returns")
        await a_mailbox_channel(session, address="support@shop.example")
    async with sqlite_database.reading() as session:
        after = await choices_of(session), await own_addresses(session)

    assert before == (Choices((), (), ()), frozenset())
    assert [person.name for person in after[0].people] == ["Priya Shah"]
    assert [team.name for team in after[0].teams] == ["Returns"]
    assert after[1] == {"support@shop.example"}


async def test_who_looks_at_an_older_snapshot_keeps_nothing_of_it_for_others(
    sqlite_database: Database,
) -> None:
    async with sqlite_database.reading() as session:
        await session.scalar(select(Tag.id))  # from here on everything is as it is now
        async with sqlite_database.transaction() as writing:
            writing.add(Tag(name="later"))
        assert (await choices_of(session)).tags == ()

    assert await tags(sqlite_database) == ["later"]


async def test_who_writes_sees_what_they_wrote(sqlite_database: Database) -> None:
    await tags(sqlite_database)
    async with sqlite_database.transaction() as session:
        session.add(Tag(name="mine"))
        await session.flush()
        seen = [tag.name for tag in (await choices_of(session)).tags]

    assert seen == ["mine"]


async def test_it_is_read_once_while_nothing_changes(sqlite_database: Database) -> None:
    read: list[int] = []

    async def count() -> int:
        read.append(1)
        return len(read)

    values = [await sqlite_database.kept.value("a count", count) for _ in range(3)]

    assert values == [1, 1, 1]


async def test_what_another_process_commits_is_seen_before_long(
    database_url: str, database: Database
) -> None:
    async with Database(database_url) as elsewhere:
        await tags(database)
        async with elsewhere.transaction() as session:
            session.add(Tag(name="from elsewhere"))

        values = database.kept._values
        values.update({name: (version, 0.0, value) for name, (version, _, value) in values.items()})

        assert await tags(database) == ["from elsewhere"]
        assert LONGEST_SECONDS <= 1.0
