"""A visitor proves their mailbox with a mailed code."""

import json
import re

import pytest
from sqlalchemy import select

from inbox.blobs import BlobStore
from inbox.config import Settings
from inbox.db import Database
from inbox.errors import Conflict, Invalid
from inbox.models import AutomaticMail, Channel, Identity, Message, Proof, Suggestion
from inbox.queries import visitor_views
from tests.builders import KEYS, a_conversation, a_customer, a_mailbox_channel, a_webchat_channel, an_identity
from tests.services.visiting import served
from web.rates import Rates
from web.visit_codes import ask_code, type_code
from web.visits import ChatMessage, Visit, admit, write

ANA = "ana@mail.example"
HOST = "192.0.2.7"


@pytest.fixture
async def chat(sqlite_database: Database) -> Channel:
    """A chat; Ana has written by mail before."""
    async with sqlite_database.transaction() as session:
        await a_mailbox_channel(session)
        ana = await a_customer(session)
        known = await an_identity(session, ana, ANA, proof=Proof.AUTHENTICATED)
        await a_conversation(session, customer=ana, identity=known, text="By mail")
        return await a_webchat_channel(session)


@pytest.fixture
async def visit(settings: Settings, sqlite_database: Database, blobs: BlobStore, chat: Channel) -> Visit:
    installation = served(settings, sqlite_database, blobs, KEYS)
    return await admit(installation, chat, None)  # type: ignore[arg-type]


async def code_for(visit: Visit, address: str = ANA) -> str:
    await ask_code(visit, address, rates=Rates(), host=HOST)
    async with visit.installation.database.reading() as session:
        mail = (await session.scalars(select(AutomaticMail).order_by(AutomaticMail.id.desc()))).first()
    assert mail is not None and mail.address == address
    found = re.search(r"\d{6}", json.loads(KEYS.unseal(mail.sealed or ""))[1])
    assert found is not None
    return found[0]


async def says(visit: Visit, text: str) -> Visit:
    message = ChatMessage(client_id="c" * 16, text=text, page=None, files=[])
    return (await write(visit, message, host=HOST))[0]


async def sees(visit: Visit) -> list[str]:
    view = await visit.view()
    async with visit.installation.database.reading() as session:
        return [m.text for m in await visitor_views.newest_messages(session, view, limit=50)]


async def test_a_right_code_shows_what_was_said_by_mail_and_gives_a_new_token(visit: Visit) -> None:
    visit = await says(visit, "Hello?")
    assert await sees(visit) == ["Hello?"]

    proven = await type_code(visit, await code_for(visit), rates=Rates(), host=HOST)

    assert await sees(proven) == ["By mail", "Hello?"]
    assert proven.token != visit.token
    again = await admit(visit.installation, visit.channel, visit.token)
    assert again.visitor_id != visit.visitor_id, "the token from before the proof must be void"


async def test_a_browser_that_has_written_nothing_yet_may_prove_itself_too(visit: Visit) -> None:
    proven = await type_code(visit, await code_for(visit), rates=Rates(), host=HOST)

    assert await sees(proven) == ["By mail"]


async def test_a_mailbox_that_nobody_owns_is_the_visitors_from_their_first_message_on(visit: Visit) -> None:
    address = "new@mail.example"
    proven = await type_code(visit, await code_for(visit, address), rates=Rates(), host=HOST)
    assert await sees(proven) == []

    await says(proven, "Hello?")

    async with visit.installation.database.reading() as session:
        owned = (await session.scalars(select(Identity).where(Identity.address == address))).one()
        written = (await session.scalars(select(Message).where(Message.text == "Hello?"))).one()
        writer = await session.get_one(Identity, written.identity_id)
    assert (owned.proof, owned.customer_id) == (Proof.CODE, writer.customer_id)


async def test_asking_alone_shows_and_joins_nothing_and_asks_no_agent(visit: Visit) -> None:
    visit = await says(visit, "Hello?")
    code = await code_for(visit)
    with pytest.raises(Invalid, match="This is not the code"):
        await type_code(visit, f"{(int(code) + 1) % 1_000_000:06}", rates=Rates(), host=HOST)

    assert await sees(visit) == ["Hello?"]
    async with visit.installation.database.reading() as session:
        assert await session.scalar(select(Suggestion.id)) is None


async def test_one_network_cannot_have_many_codes_mailed(visit: Visit) -> None:
    rates = Rates()
    with pytest.raises(Conflict, match="Please try again in"):
        for number in range(20):
            other = await admit(visit.installation, visit.channel, None)
            await ask_code(other, f"victim{number}@mail.example", rates=rates, host=HOST)
    async with visit.installation.database.reading() as session:
        assert len((await session.scalars(select(AutomaticMail))).all()) == 10


async def test_words_that_are_no_code_prove_nothing(visit: Visit) -> None:
    await code_for(visit)
    nonsense: list[object] = [None, "", 123456, [], "x" * 10_000]
    for typed in nonsense:
        with pytest.raises(Invalid):
            await type_code(visit, typed, rates=Rates(), host=HOST)
