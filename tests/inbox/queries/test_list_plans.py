"""Lists of a million cases open at once: each stretch of each order is read along one index, whatever is in
the tables. Counters stop early, and none of them goes through all cases."""

import itertools
import re
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import event, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.db import Database
from inbox.envelopes import Address, ChannelKind, InboundMessage
from inbox.known_reading import read_known
from inbox.models import Agent, Identity, Status
from inbox.queries import case_counters, case_rows, status_counts
from inbox.queries.case_pages import page_of_ids
from inbox.queries.case_views import ORDERS, CaseFilter, View
from tests.builders import KEYS, a_conversation, a_team, an_agent

OF_FEW = (View.MENTIONS, View.OFFERED, View.FOLLOWING)  # known by their ids; those are sorted
BY_NUMBER = "ORDER BY cases.id"  # the few that have no time at all stand last
BY_HAND = "ANALYZE; SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off"


async def plans_of(
    session: AsyncSession, ask: Callable[[], Awaitable[object]], *, but: str = BY_NUMBER
) -> list[str]:
    """How the database goes about each statement on cases that *ask* makes, *but* those that say this."""
    made: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        made.append((statement, parameters))

    connection = await session.connection()
    event.listen(connection.sync_connection, "before_cursor_execute", note)
    await ask()
    event.remove(connection.sync_connection, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    plans = []
    for statement, parameters in [one for one in made if "FROM cases" in one[0] and but not in one[0]]:
        rows = await connection.exec_driver_sql(explain + statement, parameters)
        plans.append("\n".join(str(row[-1]) for row in rows))
    return plans


def is_in_order(plan: str) -> bool:
    """Whether an index gives the rows as they are wanted, or all but the last column of the order does."""
    return re.search(r"TEMP B-TREE FOR ORDER BY|(?<!Incremental )Sort  \(", plan) is None


def goes_through_all(plan: str) -> bool:
    return re.search(r"SCAN cases\b(?! USING)|Seq Scan on cases", plan) is not None


async def an_inbox(database: Database, *, cases: int = 3) -> Agent:
    async with database.transaction() as session:
        agent = await an_agent(session)
        await a_team(session, agent, name="Returns")
        for _ in range(cases):
            await a_conversation(session, assignee=agent)
    return agent


async def test_each_view_is_read_along_an_index_in_each_order(database: Database) -> None:
    agent = await an_inbox(database)
    statuses = {one: (None, Status.PENDING, Status.RESOLVED) for one in (View.MINE, View.ALL, "team/returns")}
    async with database.reading() as session:
        if not database.is_sqlite:
            for statement in BY_HAND.split("; "):
                await session.execute(text(statement))
        for view, sort in itertools.product((*View, "team/returns"), (None, *ORDERS)):
            for status in statuses.get(view, (None,)):
                wanted = CaseFilter(view=view, status=status)

                async def ask(wanted: CaseFilter = wanted, sort: str | None = sort) -> object:
                    actor = Actor.agent(agent)
                    return await page_of_ids(session, wanted, actor=actor, cursor=None, limit=50, sort=sort)

                for plan in await plans_of(session, ask):
                    assert not goes_through_all(plan), (view, status, sort, plan)
                    nobody = view == View.UNASSIGNED and not database.is_sqlite
                    assert view in OF_FEW or nobody or is_in_order(plan), (view, status, sort, plan)


async def test_no_counter_goes_through_all_cases(sqlite_database: Database) -> None:
    agent = await an_inbox(sqlite_database)
    async with sqlite_database.reading() as session:
        actor = Actor.agent(agent)
        plans = await plans_of(session, lambda: case_counters.counters(session, actor=actor))
        plans += await plans_of(session, lambda: status_counts.of_view(session, View.MINE, actor=actor))

    assert plans and not any(goes_through_all(plan) for plan in plans)


async def test_what_a_list_shows_is_looked_up_by_its_cases_and_never_by_what_all_others_are(
    sqlite_database: Database,
) -> None:
    agent = await an_inbox(sqlite_database, cases=6)  # more than there are unfinished statuses
    async with sqlite_database.reading() as session:
        actor, wanted = Actor.agent(agent), CaseFilter(view=View.MINE)
        ids = await page_of_ids(session, wanted, actor=actor, cursor=None, limit=50, sort=None)
        plans = await plans_of(session, lambda: case_rows.lines_of(session, ids.items, actor), but="nothing")

    assert plans and not any(re.search(r"\(status=|\(state=|SCAN (?!anon)", plan) for plan in plans)


async def test_what_filing_knows_of_a_batch_is_looked_up_by_its_conversations(
    sqlite_database: Database,
) -> None:
    await an_inbox(sqlite_database, cases=6)
    async with sqlite_database.transaction() as session:
        identities = (await session.scalars(select(Identity))).all()
        messages = [
            InboundMessage(
                channel=ChannelKind.EMAIL,
                sender=Address(identity.address),
                content_hash=identity.address,
            )
            for identity in identities
        ]
        tokens = KEYS.strand_tokens()
        plans = await plans_of(session, lambda: read_known(session, messages, tokens), but="nothing")

    assert plans and not any(re.search(r"\(status=|SCAN cases", plan) for plan in plans)
