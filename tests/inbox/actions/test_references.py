"""Mails overtake each other: the earlier one joins its answer when it comes."""

import pytest

from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.models import AwaitedReference, Message
from tests.inbox.actions.test_messages import INES, Desk, mail

FIRST = "first@norte.test"


@pytest.fixture
async def desk(sqlite_database: Database) -> Desk:
    return await Desk(sqlite_database).open()


async def strands(desk: Desk) -> list[int]:
    return [message.strand_id for message in await desk.all(Message)]


async def test_the_mail_that_an_earlier_one_answers_joins_its_strand(desk: Desk) -> None:
    await desk.receive(mail(INES, "Re: Lamp", "And the shade, too.", references=(FIRST,)))
    await desk.receive(mail(INES, "Chair", "Another question."))
    await desk.receive(mail(INES, "Lamp", "It is cracked.", external_id=FIRST))

    answer, other, question = await strands(desk)
    assert answer == question != other


async def test_so_it_does_in_one_batch(desk: Desk) -> None:
    await desk.receive(
        mail(INES, "Re: Lamp", "And the shade, too.", references=(FIRST,)),
        mail(INES, "Lamp", "It is cracked.", external_id=FIRST),
    )
    assert len(set(await strands(desk))) == 1


async def test_the_mail_of_somebody_else_does_not(desk: Desk) -> None:
    await desk.receive(mail("bob@evil.test", "Re: Lamp", "Let me in.", references=(FIRST,)))
    await desk.receive(mail(INES, "Lamp", "It is cracked.", external_id=FIRST))

    bob, ines = await desk.all(Message)
    assert bob.conversation_id != ines.conversation_id


async def test_what_never_came_is_let_go(desk: Desk, clock: FrozenClock) -> None:
    await desk.receive(mail(INES, "Re: Lamp", "One", references=(FIRST,)))
    clock.advance(days=46)
    await desk.receive(mail(INES, "Re: Chair", "Two", references=("chair@norte.test",)))

    assert [row.external_id for row in await desk.all(AwaitedReference)] == ["chair@norte.test"]
