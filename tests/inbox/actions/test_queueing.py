"""What goes into the outbox: the words, what stands below them, their subject and their size."""

import pytest
from sqlalchemy import select

from inbox.actions.replies import ReplySettings, cancel, reply
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.errors import Invalid
from inbox.models import Attachment, Draft, Message
from inbox.queries.outgoing import outbound_message
from tests.builders import KEYS, a_conversation, an_agent, an_inbound_message

SETTINGS = ReplySettings(tokens=KEYS.strand_tokens(), undo_seconds=10)


async def test_a_signature_stands_below_a_mail_and_is_no_part_of_the_words_taken_back(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    async with sqlite_database.transaction() as session:
        scene, agent = await a_conversation(session), await an_agent(session)
        agent.signature = "**{{ agent.first_name }}**"
        scene.channel.settings = scene.channel.settings | {"signature": "{{ mailbox.address }}"}
        message = await reply(session, scene.conversation, by=agent, text="It left.", settings=SETTINGS)
        mail = await outbound_message(session, message.id, SETTINGS.tokens)
    assert message.text == f"It left.\n\n-- \n**Maya**\n\n{scene.channel.address}"
    assert (mail.text, mail.signature) == ("It left.", f"**Maya**\n\n{scene.channel.address}")
    async with sqlite_database.transaction() as session:
        await cancel(session, await session.get_one(Message, message.id), by=agent)
    async with sqlite_database.reading() as session:
        assert (await session.scalars(select(Draft.text))).one() == "It left."


async def test_a_mailbox_may_quote_nothing(sqlite_database: Database, clock: FrozenClock) -> None:
    async with sqlite_database.transaction() as session:
        scene, agent = await a_conversation(session), await an_agent(session)
        message = await reply(session, scene.conversation, by=agent, text="It left.", settings=SETTINGS)
        assert (await outbound_message(session, message.id, SETTINGS.tokens)).quoted_text
        scene.channel.settings = scene.channel.settings | {"quoting": "none"}
        await session.flush()
        assert (await outbound_message(session, message.id, SETTINGS.tokens)).quoted_text is None


async def test_files_are_no_larger_than_what_the_mailboxs_server_takes(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    async with sqlite_database.transaction() as session:
        scene, agent = await a_conversation(session), await an_agent(session)
        scene.channel.settings = scene.channel.settings | {"largest_mail": 10_000_000}
        file = Attachment(
            digest="a" * 64,
            filename="film.mov",
            content_type="video/quicktime",
            size=8_000_000,
            uploaded_by_agent_id=agent.id,
        )
        session.add(file)
        await session.flush()
        with pytest.raises(Invalid, match="7 MB"):
            await reply(
                session, scene.conversation, by=agent, text="See", attachments=[file], settings=SETTINGS
            )


async def test_the_subject_follows_the_newest_mail_with_one_re(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    async with sqlite_database.transaction() as session:
        scene, agent = await a_conversation(session), await an_agent(session)
        asked = await an_inbound_message(session, scene, text="Another thing")
        asked.subject = "AW: Re: Another lamp"
        message = await reply(session, scene.conversation, by=agent, text="Yes.", settings=SETTINGS)
        assert message.subject == "Re: Another lamp"
        for wrong in ("One\nBcc: all@norte.test", " ", "x" * 501):
            with pytest.raises(Invalid):
                await reply(
                    session, scene.conversation, by=agent, text="Yes.", subject=wrong, settings=SETTINGS
                )
