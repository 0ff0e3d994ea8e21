"""Following a case without being responsible for it, and muting it until mentioned."""

from sqlalchemy import select

from inbox.actions.events import recorded
from inbox.actions.followers import follow, mute, unfollow, unmute
from inbox.actions.handoffs import offer
from inbox.actions.notes import add_note
from inbox.actions.reads import mark_read
from inbox.actions.replies import ReplySettings, reply
from inbox.actors import Actor
from inbox.db import Database
from inbox.models import Agent, Conversation, EventKind, Follower
from inbox.queries import case_rows
from inbox.queries.case_counters import counters
from inbox.queries.case_views import CaseFilter, View
from inbox.queries.followers import Attention, attention_of, followers_of, muted_by
from tests.builders import KEYS, Scene, a_conversation, a_team, an_agent


async def test_who_follows_or_mutes_is_known_to_what_notifies(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        maya, priya = await an_agent(session), await an_agent(session, name="Priya Nair")
        one, other = await a_conversation(session), await a_conversation(session)
        ids = (one.case.id, other.case.id)

        await follow(session, one.case, by=maya)
        await follow(session, one.case, by=maya)
        await follow(session, one.case, by=priya)
        await mute(session, other.case, by=maya)
        followers, muted = await followers_of(session, ids), await muted_by(session, ids)
        kinds = recorded(session)[-3:]

    assert (followers, muted) == ({ids[0]: frozenset({maya.id, priya.id})}, {ids[1]: frozenset({maya.id})})
    assert kinds == [EventKind.CASE_FOLLOWED, EventKind.CASE_FOLLOWED, EventKind.CASE_MUTED]


async def test_muting_ends_following_and_the_other_way_round(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        maya, scene = await an_agent(session), await a_conversation(session)
        states: list[Attention] = []
        for change in (follow, mute, follow, unfollow, mute, unmute):
            await change(session, scene.case, by=maya)
            states.append(await attention_of(session, scene.case.id, maya.id))

    following, muted, nothing = Attention(follows=True), Attention(is_muted=True), Attention()
    assert states == [following, muted, following, nothing, muted, nothing]


async def test_a_muted_case_is_not_unread_until_somebody_mentions_its_agent(database: Database) -> None:
    async with database.transaction() as session:
        maya, priya = await an_agent(session), await an_agent(session, name="Priya Nair")
        scene = await a_conversation(session, assignee=maya)
        await mute(session, scene.case, by=maya)
    while_muted = await is_unread(database, scene, maya)
    async with database.transaction() as session:
        conversation = await session.get_one(Conversation, scene.conversation.id)
        await add_note(session, conversation, by=priya, text="@Maya have a look")
    once_mentioned = await is_unread(database, scene, maya)
    async with database.transaction() as session:
        conversation = await session.get_one(Conversation, scene.conversation.id)
        await mark_read(session, conversation, by=maya, position=1)
    once_seen = await is_unread(database, scene, maya)

    assert (while_muted, once_mentioned, once_seen) == (False, True, False)


async def is_unread(database: Database, scene: Scene, agent: Agent) -> bool:
    async with database.reading() as session:
        page = await case_rows.rows(session, CaseFilter(view=View.MINE), actor=Actor.agent(agent))
    (row,) = page.items
    assert row.case.id == scene.case.id
    return row.is_unread


async def test_following_has_a_view_and_its_counter(database: Database) -> None:
    async with database.transaction() as session:
        maya, priya = await an_agent(session), await an_agent(session, name="Priya Nair")
        scene = await a_conversation(session, assignee=priya)
        await a_conversation(session, assignee=priya)
        await follow(session, scene.case, by=maya)

    async with database.reading() as session:
        actor = Actor.agent(maya)
        page = await case_rows.rows(session, CaseFilter(view=View.FOLLOWING), actor=actor)
        counted = await counters(session, actor=actor)

    assert [row.case.number for row in page.items] == [scene.case.number]
    assert counted.views[View.FOLLOWING] == 1


async def test_whoever_chose_to_follow_goes_on_when_a_team_has_taken_the_case(
    sqlite_database: Database,
) -> None:
    async with sqlite_database.transaction() as session:
        maya, priya = await an_agent(session), await an_agent(session, name="Priya Nair")
        team, scene = await a_team(session, priya), await a_conversation(session, assignee=maya)
        await offer(session, scene.case, to=team, by=maya, reason="Refund", keeps_following=True)
        settings = ReplySettings(tokens=KEYS.strand_tokens())
        await reply(session, scene.conversation, by=priya, text="I have it.", settings=settings)
        followers = (await session.scalars(select(Follower.agent_id))).all()

    assert followers == [maya.id]
