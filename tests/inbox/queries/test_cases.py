"""The lists of the inbox: what a view shows, in which order, page by page, and to whom."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions.events import record, write_events
from inbox.actors import SYSTEM, Actor
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.errors import Invalid, NotFound
from inbox.models import (
    Agent,
    Case,
    CaseTag,
    EventKind,
    Mention,
    Note,
    ReadMark,
    Role,
    Status,
    Suggestion,
    SuggestionKind,
    SuggestionState,
    Tag,
    Team,
)
from inbox.queries import case_counters, case_rows, cases
from inbox.queries.case_views import CaseFilter, View
from tests.builders import Scene, a_conversation, a_customer, a_team, an_agent, an_outbound_message


def numbers(found: Sequence[Case]) -> list[int]:
    return [case.number for case in found]


async def waiting_cases(session: AsyncSession, clock: FrozenClock, count: int, **more: object) -> list[Case]:
    """So many cases, each waiting a minute less than the one before."""
    found: list[Case] = []
    for number in range(count):
        customer = await a_customer(session, name=f"Customer {number}")
        scene = await a_conversation(session, customer=customer, **more)  # type: ignore[arg-type]
        found.append(scene.case)
        clock.advance(minutes=1)
    return found


async def test_who_waits_longest_stands_first_and_no_page_repeats_or_skips(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        agent = await an_agent(session)
        made = await waiting_cases(session, clock, 5)
        answered = (await waiting_cases(session, clock, 2))[::-1]  # nobody waits for these: newest first
        for case in answered:
            case.waiting_since = None

    seen: list[int] = []
    cursor = None
    for _ in range(10):
        async with database.reading() as session:
            page = await cases.page(
                session, Actor.agent(agent), CaseFilter(view=View.ALL), limit=2, cursor=cursor
            )
        assert len(page.items) <= 2
        seen += numbers(page.items)
        cursor = page.next
        if cursor is None:
            break

    assert seen == numbers(made) + numbers(answered)


async def test_cases_that_wait_since_the_same_moment_are_all_paged(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        agent = await an_agent(session)
        made = [
            (await a_conversation(session, customer=await a_customer(session, name=f"C{n}"))).case
            for n in range(5)
        ]

    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        async with database.reading() as session:
            page = await cases.page(
                session, Actor.agent(agent), CaseFilter(view="all"), limit=2, cursor=cursor
            )
        seen += numbers(page.items)
        cursor = page.next

    assert seen == numbers(made)


async def test_each_view_holds_what_its_name_says(database: Database, clock: FrozenClock) -> None:
    async with database.transaction() as session:
        maya, priya = await an_agent(session, name="Maya"), await an_agent(session, name="Priya")
        team = await a_team(session, maya)
        mine = await a_conversation(session, assignee=maya)
        hers = await a_conversation(session, customer=await a_customer(session), assignee=priya)
        nobodys = await a_conversation(session, customer=await a_customer(session))
        nobodys.case.team_id = team.id
        resting = {
            status: (
                await a_conversation(
                    session, customer=await a_customer(session), assignee=maya, status=status
                )
            ).case
            for status in (Status.PENDING, Status.SNOOZED, Status.RESOLVED, Status.SPAM)
        }

    expected = {
        "mine": {mine.case.number},
        "unassigned": {nobodys.case.number},
        "all": {mine.case.number, hers.case.number, nobodys.case.number},
        "team/returns": {nobodys.case.number},
        **{str(status): {case.number} for status, case in resting.items()},
    }
    async with database.reading() as session:
        for view, wanted in expected.items():
            page = await cases.page(session, Actor.agent(maya), CaseFilter(view=view))
            assert set(numbers(page.items)) == wanted, view


async def test_a_tab_of_mine_shows_its_own_status_only(database: Database) -> None:
    async with database.transaction() as session:
        maya = await an_agent(session)
        await a_conversation(session, assignee=maya)
        pending = await a_conversation(
            session, customer=await a_customer(session), assignee=maya, status=Status.PENDING
        )

    async with database.reading() as session:
        page = await cases.page(session, Actor.agent(maya), CaseFilter(view="mine", status=Status.PENDING))

    assert numbers(page.items) == [pending.case.number]


async def test_filters_narrow_by_assignee_team_tag_and_words(database: Database) -> None:
    async with database.transaction() as session:
        maya = await an_agent(session)
        team = await a_team(session)
        lamp = await a_conversation(session, assignee=maya, text="The lamp shade is cracked.")
        chair = await a_conversation(
            session, customer=await a_customer(session, name="Björn Ek"), text="A chair, please."
        )
        chair.case.team_id = team.id
        tag = Tag(name="damaged")
        session.add(tag)
        await session.flush()
        session.add(CaseTag(case_id=lamp.case.id, tag_id=tag.id))

    async def found(**wanted: object) -> list[int]:
        async with database.reading() as session:
            page = await cases.page(session, Actor.agent(maya), CaseFilter(**wanted))  # type: ignore[arg-type]
        return numbers(page.items)

    assert await found(assignee_id=maya.id) == [lamp.case.number]
    assert await found(assignee_id=0) == [chair.case.number]
    assert await found(team_id=team.id) == [chair.case.number]
    assert await found(tag="damaged") == [lamp.case.number]
    assert await found(tag="nothing") == []
    assert await found(words="shade cracked") == [lamp.case.number]
    assert await found(words="björn") == [chair.case.number]
    assert await found() == [chair.case.number, lamp.case.number]


async def test_a_private_case_is_in_no_list_and_no_counter_of_others(database: Database) -> None:
    async with database.transaction() as session:
        outsider, member = await an_agent(session), await an_agent(session)
        admin = await an_agent(session, role=Role.ADMIN)
        team = await a_team(session, member)
        scene = await a_conversation(session)
        scene.case.is_private, scene.case.team_id = True, team.id

    async def sees(agent: Agent) -> tuple[list[int], int, int]:
        async with database.reading() as session:
            actor = Actor.agent(agent)
            page = await cases.page(session, actor, CaseFilter(view="all"))
            counted = await case_counters.counters(session, actor=actor)
            changed = await case_rows.changed(
                session, CaseFilter(view="all"), [scene.case.number], actor=actor
            )
        return numbers(page.items), counted.views[View.ALL], len(changed.rows)

    assert await sees(member) == ([scene.case.number], 1, 1)
    assert await sees(admin) == ([scene.case.number], 1, 1)
    assert await sees(outsider) == ([], 0, 0)


async def test_counters_count_what_the_lists_hold(database: Database) -> None:
    async with database.transaction() as session:
        maya = await an_agent(session)
        team = await a_team(session, maya)
        scenes = [await a_conversation(session, customer=await a_customer(session)) for _ in range(3)]
        scenes[0].case.assignee_id = maya.id
        scenes[1].case.team_id = team.id
        scenes[2].case.status = Status.SNOOZED
        await mention(session, scenes[1], maya)

    async with database.reading() as session:
        counted = await case_counters.counters(session, actor=Actor.agent(maya))

    assert counted.views[View.MINE] == 1
    assert counted.views[View.UNASSIGNED] == 1
    assert counted.views[View.ALL] == 2
    assert counted.views[View.SNOOZED] == 1
    assert counted.views[View.MENTIONS] == 1
    assert [(queue.team.name, queue.count) for queue in counted.teams] == [("Returns", 1)]


async def mention(session: AsyncSession, scene: Scene, agent: Agent) -> None:
    note = Note(
        conversation_id=scene.conversation.id,
        origin_conversation_id=scene.conversation.id,
        case_id=scene.case.id,
        author_id=agent.id,
        text=f"@{agent.name} look",
    )
    session.add(note)
    await session.flush()
    session.add(Mention(note_id=note.id, case_id=scene.case.id, agent_id=agent.id))
    await session.flush()


async def test_a_row_says_what_is_unread_and_which_other_cases_there_are(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        maya = await an_agent(session, name="Maya Okafor")
        scene = await a_conversation(session)
        other = Case(
            number=5,
            conversation_id=scene.conversation.id,
            origin_conversation_id=scene.conversation.id,
            subject="Refund",
            assignee_id=maya.id,
            opened_at=clock(),
        )
        session.add(other)

    async def row() -> case_rows.CaseRow:
        async with database.reading() as session:
            wanted = CaseFilter(view="unassigned")
            return (await case_rows.rows(session, wanted, actor=Actor.agent(maya))).items[0]

    unread = await row()
    assert unread.is_unread
    assert unread.others == (case_rows.OtherCase(5, "Refund", "Maya Okafor"),)

    async with database.transaction() as session:
        mark = ReadMark(
            agent_id=maya.id,
            conversation_id=scene.conversation.id,
            position=unread.newest_position,
            at=clock(),
        )
        session.add(mark)
    assert not (await row()).is_unread


async def test_an_open_question_makes_its_case_unread_for_whoever_is_responsible(
    sqlite_database: Database,
) -> None:
    async with sqlite_database.transaction() as session:
        maya = await an_agent(session)
        scene, stranger = await a_conversation(session, assignee=maya), await a_conversation(session)
        await write_events(session)
        read = scene.messages[0].position
        mark = {"agent_id": maya.id, "conversation_id": scene.conversation.id, "at": scene.case.opened_at}
        session.add(ReadMark(position=read, **mark))
        card = Suggestion(
            kind=SuggestionKind.HELD_ANSWER,
            customer_id=scene.customer.id,
            other_customer_id=stranger.customer.id,
            conversation_id=scene.conversation.id,
            strand_id=scene.strand.id,
        )
        session.add(card)
        await session.flush()
        kind = EventKind.SUGGESTION_MADE
        record(session, kind, actor=SYSTEM, conversation=scene.conversation, suggestion=card)

    async def row() -> case_rows.CaseRow:
        async with sqlite_database.reading() as session:
            wanted = CaseFilter(view="mine")
            return (await case_rows.rows(session, wanted, actor=Actor.agent(maya))).items[0]

    assert (await row()).is_unread
    async with sqlite_database.transaction() as session:
        (await session.get_one(Suggestion, card.id)).state = SuggestionState.SOMEONE_ELSE
    assert not (await row()).is_unread


async def test_our_own_answer_makes_nothing_unread(database: Database) -> None:
    async with database.transaction() as session:
        maya, priya = await an_agent(session), await an_agent(session)
        scene = await a_conversation(session, assignee=maya)
    async with database.reading() as session:
        wanted = CaseFilter(view="mine")
        before = (await case_rows.rows(session, wanted, actor=Actor.agent(maya))).items[0]
    async with database.transaction() as session:
        scene.case = await session.get_one(Case, scene.case.id)
        await an_outbound_message(session, scene, by=priya)
    async with database.reading() as session:
        after = (await case_rows.rows(session, wanted, actor=Actor.agent(maya))).items[0]

    assert after.newest_position == before.newest_position


async def test_signalled_cases_that_left_the_view_are_gone(database: Database) -> None:
    async with database.transaction() as session:
        maya = await an_agent(session)
        stays = await a_conversation(session, assignee=maya)
        leaves = await a_conversation(
            session, customer=await a_customer(session), assignee=maya, status=Status.RESOLVED
        )

    async with database.reading() as session:
        asked = [leaves.case.number, stays.case.number, 999_999]
        found = await case_rows.changed(session, CaseFilter(view="mine"), asked, actor=Actor.agent(maya))

    assert [row.case.number for row in found.rows] == [stays.case.number]
    assert found.gone == (leaves.case.number, 999_999)


async def test_snoozed_cases_stand_in_the_order_in_which_they_wake(
    database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        agent = await an_agent(session)
        late, until_reply, soon = await waiting_cases(session, clock, 3, status=Status.SNOOZED)
        late.snoozed_until = clock() + timedelta(days=2)
        soon.snoozed_until = clock() + timedelta(hours=1)

    async with database.reading() as session:
        page = await cases.page(session, Actor.agent(agent), CaseFilter(view="snoozed"))

    assert numbers(page.items) == [soon.number, late.number, until_reply.number]


@pytest.mark.parametrize(
    "cursor", ["x", "W10", "WzAsMSwyXQ", "WzksbnVsbCwxXQ", "ÿ", "WzAsIjIwMjYtMDEtMDEiLDFd"]
)
async def test_a_cursor_that_is_not_ours_is_refused(sqlite_database: Database, cursor: str) -> None:
    async with sqlite_database.transaction() as session:
        agent = await an_agent(session)

    async with sqlite_database.reading() as session:
        with pytest.raises(Invalid):
            await cases.page(session, Actor.agent(agent), CaseFilter(view="all"), cursor=cursor)


async def test_an_unknown_view_is_not_found(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        agent = await an_agent(session)

    async with sqlite_database.reading() as session:
        with pytest.raises(NotFound):
            await cases.page(session, Actor.agent(agent), CaseFilter(view="nobody"))


async def test_a_case_is_found_by_its_number_unless_it_is_private(database: Database) -> None:
    async with database.transaction() as session:
        outsider = await an_agent(session)
        scene = await a_conversation(session)
        hidden = await a_conversation(session, customer=await a_customer(session))
        hidden.case.is_private = True
        hidden.case.team_id = (await a_team(session)).id

    async with database.reading() as session:
        found = await cases.by_number(session, Actor.agent(outsider), scene.case.number)
        assert found.number == scene.case.number
        for number in (hidden.case.number, 10**15):
            with pytest.raises(NotFound):
                await cases.by_number(session, Actor.agent(outsider), number)


async def test_a_team_that_is_not_there_has_no_cases(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        agent = await an_agent(session)
        session.add(Team(name="Orders", slug="orders"))
        await a_conversation(session)

    async with sqlite_database.reading() as session:
        page = await cases.page(session, Actor.agent(agent), CaseFilter(view="team/nobody"))

    assert page.items == []
