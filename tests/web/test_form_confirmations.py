"""The mail that confirms a form: fixed words, once a day, to nobody's harm."""

import json
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import select

from channels.forms.spam import TRAP
from inbox.actions.confirmations import TEXT
from inbox.clock import FrozenClock
from inbox.models import AutomaticMail, Channel, Identity, Mark, Message, Proof
from tests.builders import KEYS, a_customer, a_form_channel, a_mailbox_channel, an_identity
from web.installation import Installation

ANA = "ana@mail.example"
LURE = "Claim your prize at http://evil.example now"


@pytest.fixture
async def mailbox(installation: Installation, clock: FrozenClock) -> Channel:
    async with installation.database.transaction() as session:
        return await a_mailbox_channel(session, address="support@shop.example")


@pytest.fixture
async def form(installation: Installation, mailbox: Channel) -> Channel:
    async with installation.database.transaction() as session:
        channel = await a_form_channel(session, name="Returns", reply_mailbox=mailbox)
        channel.settings = {"confirmation": True}
        return channel


async def submit(client: httpx2.AsyncClient, form: Channel, address: str = ANA, **more: str) -> None:
    answers = {"email": address, "name": LURE, "subject": LURE, "message": LURE} | more
    answer = await client.post(f"/forms/{form.public_key}", json=answers)
    assert answer.status_code == 202, answer.text


async def mails(installation: Installation) -> list[AutomaticMail]:
    async with installation.database.reading() as session:
        return list(await session.scalars(select(AutomaticMail).order_by(AutomaticMail.id)))


async def test_it_holds_none_of_the_words_that_somebody_typed(
    stranger: httpx2.AsyncClient, installation: Installation, form: Channel, mailbox: Channel
) -> None:
    await submit(stranger, form, address="Ana@MAIL.example", confirm_to="victim@mail.example")

    (mail,) = await mails(installation)
    subject, text = json.loads(KEYS.unseal(mail.sealed or ""))
    assert (mail.address, mail.channel_id) == (ANA, mailbox.id)
    assert text == TEXT and LURE not in subject + text


async def test_it_is_off_until_somebody_turns_it_on(
    stranger: httpx2.AsyncClient, installation: Installation, mailbox: Channel
) -> None:
    async with installation.database.transaction() as session:
        silent = await a_form_channel(session)
    await submit(stranger, silent)

    assert await mails(installation) == []


async def test_a_victim_gets_one_a_day_however_often_their_address_is_typed(
    stranger: httpx2.AsyncClient, installation: Installation, form: Channel, clock: FrozenClock
) -> None:
    async with installation.database.transaction() as session:
        other = await a_form_channel(session)
        other.settings = {"confirmation": True}
    for number in range(30):
        await submit(stranger, other if number % 2 else form, message=str(number))
    assert len(await mails(installation)) == 1

    clock.moment += timedelta(hours=24, seconds=1)
    await submit(stranger, form, message="the next day")
    assert len(await mails(installation)) == 2


@pytest.mark.parametrize(
    ("address", "more"),
    [
        (ANA, {TRAP: "http://spam.example"}),
        ("support@shop.example", {}),
        ("support+anything@shop.example", {}),
        ("alerts@machine.example", {}),
    ],
    ids=["spam", "ourselves", "ourselves with a plus", "a machine"],
)
async def test_spam_our_own_addresses_and_machines_get_none(
    address: str,
    more: dict[str, str],
    stranger: httpx2.AsyncClient,
    installation: Installation,
    form: Channel,
) -> None:
    async with installation.database.transaction() as session:
        machine = await a_customer(session, marks=[Mark.NOTIFICATIONS])
        await an_identity(session, machine, "alerts@machine.example")
    await submit(stranger, form, address, **more)

    assert await mails(installation) == []


async def test_an_answer_to_it_joins_the_submission_and_proves_the_mailbox(
    stranger: httpx2.AsyncClient, installation: Installation, form: Channel, mailbox: Channel
) -> None:
    await submit(stranger, form)
    (mail,) = await mails(installation)
    raw = (
        f"From: {ANA}\r\nTo: support@shop.example\r\nSubject: Re: We have your message\r\n"
        f"Message-ID: <a1@mail.example>\r\nIn-Reply-To: <{mail.external_id}>\r\n\r\nOne thing more.\r\n"
    )
    await installation.intake.submit(mailbox.id, "ingest", raw.encode())

    async with installation.database.reading() as session:
        asked, added = (await session.scalars(select(Message).order_by(Message.id))).all()
        identity = (await session.scalars(select(Identity).where(Identity.address == ANA))).one()
    assert added.strand_id == asked.strand_id
    assert identity.proof == Proof.ANSWERED


async def test_a_press_that_is_repeated_confirms_once(
    stranger: httpx2.AsyncClient, installation: Installation, form: Channel, clock: FrozenClock
) -> None:
    for _ in range(2):
        await stranger.post(
            f"/forms/{form.public_key}",
            json={"email": ANA, "message": "Hello"},
            headers={"Idempotency-Key": "the same"},
        )
        clock.moment += timedelta(days=2)

    assert len(await mails(installation)) == 1
