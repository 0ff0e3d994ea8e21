"""The demo: its past plays through, and its customers go on writing."""

import random

import aiosmtplib
import pytest
from sqlalchemy import func, select

from channels.email.sink import mail_sink
from inbox.actions import replies
from inbox.actions.queueing import ReplySettings
from inbox.envelopes import AddressKind, ChannelKind
from inbox.models import Case, Channel, Customer, Direction, Handoff, IntakeRecord, Message, Note, Status
from inbox.queries.correspondents import answered_since, correspondence, newest_message_id
from web.demo.company import Company, found_company, known_company
from web.demo.living import Crowd
from web.demo.player import Player, play
from web.demo.steps import Mail
from web.demo.story import story
from web.installation import Installation


@pytest.fixture
async def company(installation: Installation) -> Company:
    return await found_company(installation)


async def test_the_past_of_the_demo_plays_through(installation: Installation, company: Company) -> None:
    await play(installation, company, story().past)

    async with installation.database.reading() as session:
        by_channel = select(Channel.kind).join(Message, Message.channel_id == Channel.id)
        kinds = list(await session.scalars(by_channel))
        states = set(await session.scalars(select(IntakeRecord.state)))
        statuses = set(await session.scalars(select(Case.status)))
        handoffs = set(await session.scalars(select(Handoff.state)))
        notes = (await session.scalars(select(Note.id))).all()
        customers = (await session.scalars(select(Customer).where(Customer.merged_into_id.is_(None)))).all()
    assert set(kinds) == set(ChannelKind)
    assert len(kinds) > 50
    assert len(customers) == len(story().people)
    assert len(notes) > 4
    assert statuses == set(Status)
    assert states == {"filed", "ignored", "quarantined"}
    assert {"offered", "accepted"} <= handoffs


async def test_ines_wrote_in_three_ways_and_has_one_thread(
    installation: Installation, company: Company
) -> None:
    ines = story().people["ines"]
    await play(installation, company, [step for step in story().past if step.who == ines])

    async with installation.database.reading() as session:
        found = await correspondence(session, AddressKind.EMAIL, ines.address)
        assert found is not None
        kinds = select(Channel.kind).join(Message, Message.channel_id == Channel.id)
        of_hers = kinds.where(
            Message.conversation_id == found.conversation.id, Message.direction == Direction.INBOUND
        )
        assert set(await session.scalars(of_hers)) == set(ChannelKind)


async def test_somebody_new_writes_without_end(installation: Installation, company: Company) -> None:
    crowd = Crowd(installation, company, chance=random.Random(4))
    for _ in range(12):
        await crowd.say_something()

    async with installation.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Message)) == 12
        assert await session.scalar(select(func.count()).where(IntakeRecord.state != "filed")) == 0


async def test_a_customer_answers_what_an_agent_wrote(installation: Installation, company: Company) -> None:
    greta = story().people["greta"]
    await Player(installation, company).take(Mail(who=greta, ago=0, subject="Stools", text="45 cm?"))
    async with installation.database.transaction() as session:
        seen = await newest_message_id(session)
        found = await correspondence(session, AddressKind.EMAIL, greta.address)
        assert found is not None
        settings = ReplySettings(tokens=installation.keys.strand_tokens(), undo_seconds=0)
        maya = company.agents["Maya"]
        await replies.reply(session, found.conversation, by=maya, text="Yes.", settings=settings)

    async with installation.database.reading() as session:
        (answered,) = await answered_since(session, seen)
    await Crowd(installation, company).answer(answered)

    async with installation.database.reading() as session:
        newest = (await session.scalars(select(Message).order_by(Message.id.desc()))).first()
    assert newest is not None
    assert newest.subject == "Re: Stools"
    assert newest.strand_id == answered.message.strand_id


async def test_the_second_demo_finds_what_the_first_one_made(
    installation: Installation, company: Company
) -> None:
    again = await known_company(installation)

    assert again.mailbox.id == company.mailbox.id
    assert set(again.agents) == {"Maya", "Tomás", "Priya"}


async def test_the_sink_takes_everything_but_for_a_full_mailbox() -> None:
    async with mail_sink() as url:
        port = int(url.rpartition(":")[2])
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
            refused, _ = await client.sendmail(
                "a@b.example", ["c@d.example", "full.mailbox@d.example"], b"Subject: x\r\n\r\nx\r\n"
            )

    assert set(refused) == {"full.mailbox@d.example"}
    assert refused["full.mailbox@d.example"].code == 550
