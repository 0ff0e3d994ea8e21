"""Codes that are mailed to an address and typed in the browser that asked."""

import asyncio
import json
import re

import pytest
from sqlalchemy import select

from inbox.actions import automatic_mails
from inbox.actions.automatic_mails import OF_ADDRESS, send
from inbox.actions.codes import MOST_OF_VISITOR, MOST_TRIES, mail_code, try_code
from inbox.clock import FrozenClock
from inbox.db import Database
from inbox.errors import Conflict, Invalid
from inbox.models import AutomaticKind, AutomaticMail, Channel, MailedCode
from tests.builders import KEYS, a_mailbox_channel, a_webchat_channel

ANA = "ana@mail.example"
BROWSER, OTHER = "a" * 26, "b" * 26


@pytest.fixture
async def chat(sqlite_database: Database, clock: FrozenClock) -> Channel:
    async with sqlite_database.transaction() as session:
        await a_mailbox_channel(session)
        return await a_webchat_channel(session)


async def ask(database: Database, chat: Channel, visitor: str = BROWSER, address: str = ANA) -> str:
    """Have a code mailed; answers it as it stands in the mail."""
    async with database.transaction() as session:
        await mail_code(session, channel=chat, visitor_id=visitor, address=address, keys=KEYS)
    async with database.reading() as session:
        mail = (await session.scalars(select(AutomaticMail).order_by(AutomaticMail.id.desc()))).first()
    assert mail is not None and mail.sealed is not None
    _, text = json.loads(KEYS.unseal(mail.sealed))
    found = re.search(r"Your code is (\d{6})\n", text)
    assert found is not None
    return found[1]


async def type_in(database: Database, chat: Channel, typed: str, visitor: str = BROWSER) -> str | None:
    async with database.transaction() as session:
        return await try_code(session, channel=chat, visitor_id=visitor, typed=typed, keys=KEYS)


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


async def test_a_code_proves_its_address_once(sqlite_database: Database, chat: Channel) -> None:
    code = await ask(sqlite_database, chat, address=" Ana@MAIL.example ")

    assert await type_in(sqlite_database, chat, f" {code[:3]} {code[3:]} ") == ANA
    assert await type_in(sqlite_database, chat, code) is None


async def test_only_the_browser_that_asked_can_use_it(sqlite_database: Database, chat: Channel) -> None:
    code = await ask(sqlite_database, chat)

    assert await type_in(sqlite_database, chat, code, visitor=OTHER) is None
    assert await type_in(sqlite_database, chat, code) == ANA


async def test_a_code_of_another_chat_is_none_here(sqlite_database: Database, chat: Channel) -> None:
    code = await ask(sqlite_database, chat)
    async with sqlite_database.transaction() as session:
        other = await a_webchat_channel(session)

    assert await type_in(sqlite_database, other, code) is None


async def test_after_five_wrong_guesses_the_right_one_comes_too_late(
    sqlite_database: Database, chat: Channel
) -> None:
    code = await ask(sqlite_database, chat)
    for _ in range(MOST_TRIES):
        assert await type_in(sqlite_database, chat, other_than(code)) is None

    assert await type_in(sqlite_database, chat, code) is None


async def test_an_old_code_is_void_and_so_is_one_that_a_newer_has_replaced(
    sqlite_database: Database, chat: Channel, clock: FrozenClock
) -> None:
    first = await ask(sqlite_database, chat)
    second = await ask(sqlite_database, chat)
    assert first == second or await type_in(sqlite_database, chat, first) is None
    clock.advance(minutes=16)

    assert await type_in(sqlite_database, chat, second) is None


async def test_the_codes_of_an_address_are_few_whoever_asks(
    sqlite_database: Database, chat: Channel, clock: FrozenClock
) -> None:
    most = OF_ADDRESS[AutomaticKind.CODE][0].most
    for number in range(most):
        await ask(sqlite_database, chat, visitor=f"{number:026}")

    with pytest.raises(Conflict, match="We have sent several codes already"):
        await ask(sqlite_database, chat, visitor=OTHER)
    clock.advance(hours=1, seconds=1)
    assert await ask(sqlite_database, chat, visitor=OTHER)


async def test_the_codes_of_a_browser_are_few_whatever_it_types(
    sqlite_database: Database, chat: Channel
) -> None:
    for number in range(MOST_OF_VISITOR):
        await ask(sqlite_database, chat, address=f"someone{number}@mail.example")

    with pytest.raises(Conflict):
        await ask(sqlite_database, chat, address="one.more@mail.example")


async def test_neither_a_code_nor_its_mail_stands_readable_in_the_database(
    sqlite_database: Database, chat: Channel
) -> None:
    code = await ask(sqlite_database, chat)
    async with sqlite_database.reading() as session:
        mailed = (await session.scalars(select(MailedCode))).one()
        mail = (await session.scalars(select(AutomaticMail))).one()

    assert code not in mailed.digest and len(mailed.digest) == 64
    assert code not in (mail.sealed or "")


async def test_what_is_no_address_and_what_is_ours_gets_no_code(
    sqlite_database: Database, chat: Channel
) -> None:
    async with sqlite_database.reading() as session:
        own = await session.scalar(select(Channel.address).where(Channel.address.is_not(None)))
    with pytest.raises(Invalid):
        await ask(sqlite_database, chat, address="ana@mail")
    with pytest.raises(Conflict):
        await ask(sqlite_database, chat, address=str(own))


async def test_an_address_gets_one_confirmation_a_day(
    sqlite_database: Database, chat: Channel, clock: FrozenClock
) -> None:
    async def confirm() -> AutomaticMail | None:
        async with sqlite_database.transaction() as session:
            mailbox = await session.scalar(select(Channel).where(Channel.address.is_not(None)))
            assert mailbox is not None
            kind = AutomaticKind.CONFIRMATION
            return await send(
                session, kind=kind, mailbox=mailbox, address=ANA, subject="We", text="have it", keys=KEYS
            )

    assert await confirm() is not None
    clock.advance(hours=23)
    assert await confirm() is None
    clock.advance(hours=1, seconds=1)
    assert await confirm() is not None


async def test_what_a_dead_process_was_sending_is_not_sent_again(
    sqlite_database: Database, chat: Channel, clock: FrozenClock
) -> None:
    await ask(sqlite_database, chat)
    async with sqlite_database.transaction() as session:
        (leaving,) = await automatic_mails.claim(session, keys=KEYS, limit=5)
    clock.moment += automatic_mails.LEASE
    async with sqlite_database.transaction() as session:
        again = await automatic_mails.claim(session, keys=KEYS, limit=5)

    assert leaving.address == ANA and again == []
    async with sqlite_database.reading() as session:
        mail = (await session.scalars(select(AutomaticMail))).one()
    assert (mail.state, mail.sealed) == ("unknown", None)


async def test_guesses_at_the_same_moment_count_each(database: Database) -> None:
    async with database.transaction() as session:
        await a_mailbox_channel(session)
        chat = await a_webchat_channel(session)
    code = await ask(database, chat)
    guesses = [other_than(code)] * 12

    answers = await asyncio.gather(*(type_in(database, chat, guess) for guess in guesses))

    assert set(answers) == {None}
    async with database.reading() as session:
        assert await session.scalar(select(MailedCode.tries)) == MOST_TRIES
    assert await type_in(database, chat, code) is None
