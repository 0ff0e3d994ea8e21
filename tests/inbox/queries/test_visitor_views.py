"""What a panel shows, and what has changed in it."""

from inbox.actions import visitors
from inbox.actions.events import record
from inbox.actors import SYSTEM
from inbox.db import Database
from inbox.models import EventKind
from inbox.queries import visitor_views
from inbox.queries.visitor_views import View
from tests.builders import (
    a_conversation,
    a_webchat_channel,
    an_agent,
    an_inbound_message,
    an_outbound_message,
)


async def test_before_the_first_message_there_is_nothing(database: Database) -> None:
    async with database.reading() as session:
        view = await visitor_views.view_of(session, "key:nobody")
        assert view == View()
        assert await visitor_views.newest_messages(session, view, limit=10) == []
        assert await visitor_views.visible_message(session, view, "x") is None
        changes = await visitor_views.changes_after(session, view, 0)
        assert not changes.messages and not changes.is_reset


async def test_changes_are_the_messages_of_the_events_since_a_position(database: Database) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session, channel=await a_webchat_channel(session), text="First")
        agent = await an_agent(session)
    async with database.reading() as session:
        view = await visitor_views.view_of(session, scene.identity.address)
        position = await visitor_views.newest_position(session)
    async with database.transaction() as session:
        await an_inbound_message(session, scene, text="Second")
        await an_outbound_message(session, scene, by=agent, text="Answer")
    async with database.reading() as session:
        changes = await visitor_views.changes_after(session, view, position)
        assert [message.text for message in changes.messages] == ["Second", "Answer"]
        assert changes.position > position and not changes.is_reset
        touched = await visitor_views.touched_after(session, position, 100)
        assert (touched.newest, touched.moved) == ({scene.conversation.id: changes.position}, {})
        assert touched.reached == changes.position
        everything = await visitor_views.newest_messages(session, view, limit=2)
        assert [message.text for message in everything] == ["Second", "Answer"]
        earlier = await visitor_views.newest_messages(session, view, limit=9, before=everything[0].position)
        assert [message.text for message in earlier] == ["First"]


async def test_what_moves_messages_is_a_reset(database: Database) -> None:
    async with database.transaction() as session:
        scene = await a_conversation(session, channel=await a_webchat_channel(session))
    async with database.reading() as session:
        view = await visitor_views.view_of(session, scene.identity.address)
        position = await visitor_views.newest_position(session)
    async with database.transaction() as session:
        record(session, EventKind.CUSTOMER_MERGED, actor=SYSTEM, conversation=scene.conversation)
    async with database.reading() as session:
        assert (await visitor_views.changes_after(session, view, position)).is_reset


async def test_a_token_is_kept_once_and_its_successor_takes_its_place(database: Database) -> None:
    async with database.transaction() as session:
        channel = await a_webchat_channel(session)
        for _ in range(2):
            kept = await visitors.keep_token(
                session, channel_id=channel.id, digest="ab" * 32, visitor_id="v" * 26
            )
        await visitors.rotate_token(session, kept, digest="cd" * 32, signed={"id": "u"})
    async with database.reading() as session:
        old = await visitor_views.token_by_digest(session, channel.id, "ab" * 32)
        new = await visitor_views.token_by_digest(session, channel.id, "cd" * 32)
        assert old is not None and old.revoked_at is not None
        assert new is not None and new.revoked_at is None
        assert (new.visitor_id, new.signed) == (old.visitor_id, {"id": "u"})
        assert await visitor_views.token_by_digest(session, channel.id + 1, "cd" * 32) is None
