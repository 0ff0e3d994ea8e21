"""Words that are removed for good are gone from everywhere."""

import base64
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url

from inbox.actions import notes, redactions
from inbox.actions.redaction_leavings import REMOVED_DIGEST, let_go_of_known
from inbox.actions.redactions import Wish
from inbox.blobs import BlobStore
from inbox.clearing import Clearing
from inbox.db import Database
from inbox.errors import Conflict, Invalid
from inbox.models import (
    Agent,
    Attachment,
    AuditEntry,
    Case,
    Cleanup,
    Conversation,
    Draft,
    Event,
    EventKind,
    IntakeRecord,
    Message,
    MessageSource,
    Note,
    OutboxEntry,
)
from inbox.queries.fulltext import has_all
from tests.builders import Scene, a_conversation, an_agent, an_inbound_message, an_outbound_message

CARD = "4111 1111 1111 1111"
SECRET = "xylophone-marmalade"
TEXT = f"Please charge my card {CARD}, thanks.\nMy password is {SECRET} by the way.\nAna"
HTML = f"<p>Please charge my card <b>4111 1111</b>&nbsp;1111 1111</p><p>password {SECRET}</p>"


def traces(database: Database, *words: str) -> list[str]:
    """The words that the database's files still hold, in whatever case."""
    path = Path(make_url(database.url).database or "")
    content = b"".join(file.read_bytes().lower() for file in (path, Path(f"{path}-wal")) if file.exists())
    return [word for word in words if word.lower().encode() in content]


async def a_leak(database: Database, blobs: BlobStore) -> tuple[Scene, Agent, Message]:
    """A mail with a card's number and a password, which has spread."""
    raw = blobs.put(b"Subject: Lamp\r\n\r\n" + base64.b64encode(TEXT.encode()))
    bill = blobs.put(f"A picture of {CARD}".encode())
    sent = blobs.put(f"> {CARD}".encode())
    async with database.transaction() as session:
        scene = await a_conversation(session, text=TEXT)
        agent = await an_agent(session)
        message = await session.get_one(Message, (await session.scalars(select(Message.id))).one())
        message.html, message.fields = HTML, [["Card", CARD], ["City", "Porto"]]
        record = IntakeRecord(channel_id=scene.channel.id, digest=raw, size=1, source="ingest", state="filed")
        session.add(record)
        await session.flush()
        session.add(
            MessageSource(message_id=message.id, channel_id=scene.channel.id, intake_record_id=record.id)
        )
        file = Attachment(
            message_id=message.id, digest=bill, filename="card.txt", content_type="text/plain", size=1
        )
        session.add(file)
    async with database.transaction() as session:
        answer = await an_outbound_message(session, scene, by=agent, text="Thank you.")
        session.add(
            OutboxEntry(
                message_id=answer.id,
                channel_id=scene.channel.id,
                state="done",
                due_at=answer.created_at,
                raw_digest=sent,
            )
        )
        quote = f"And now?\n\n> Please charge my card 4111 1111\n> 1111 1111, thanks.\n> {SECRET}"
        again = await an_inbound_message(session, scene, text=quote)
        stored = await session.get_one(Message, again.id)
        stored.spans = [[quote.index("> Please"), len(quote), "quote"]]
        here = await session.get_one(Conversation, scene.conversation.id)
        await notes.add_note(session, here, by=agent, text="Her card is 4111-1111-1111-1111")
        session.add(
            Draft(
                agent_id=agent.id,
                conversation_id=here.id,
                kind="reply",
                text=f"Your password {SECRET} works",
                updated_at=answer.created_at,
            )
        )
    return scene, agent, message


async def test_words_are_gone_from_everywhere(database: Database, blobs: BlobStore) -> None:
    _, agent, message = await a_leak(database, blobs)
    wish = Wish(phrases=[CARD, SECRET], files=await files_of(database))
    async with database.transaction() as session:
        own = await session.get_one(Message, message.id)
        before = await redactions.extent_of(session, own, wish)
    async with database.transaction() as session:
        own = await session.get_one(Message, message.id)
        extent = await redactions.redact(
            session, own, wish, by=agent, reason=f"She asked us to remove {SECRET}", origin="192.0.2.7"
        )

    assert (extent.messages, extent.quoting, extent.notes, extent.drafts, extent.files) == (2, 1, 1, 1, 1)
    assert (before.messages, before.raws, before.elsewhere) == (2, extent.raws, extent.elsewhere)
    async with database.reading() as session:
        texts = list(await session.scalars(select(Message.text).order_by(Message.id)))
        assert (
            texts[0] == "Please charge my card [removed], thanks.\nMy password is [removed] by the way.\nAna"
        )
        assert texts[2] == "And now?\n\n> Please charge my card [removed], thanks.\n> [removed]"
        first = await session.get_one(Message, message.id)
        assert first.fields == [["Card", "[removed]"], ["City", "Porto"]]
        quoting = (await session.scalars(select(Message).where(Message.spans != []))).all()
        spans = [span for one in quoting for span in one.spans if span]
        assert [texts[2][start:end] for start, end, _ in spans] == [texts[2][10:]]
        assert (await session.scalars(select(Note.text))).one() == "Her card is [removed]"
        assert (await session.scalars(select(Draft.text))).one() == "Your password [removed] works"
        assert not (
            await session.scalars(select(Message.id).where(has_all(session, Message, ["xylophone"])))
        ).all()
        entry = (await session.scalars(select(AuditEntry))).one()
        assert (entry.agent_name, entry.origin, entry.kind) == (agent.name, "192.0.2.7", "message.redacted")
        assert entry.reason == "She asked us to remove [removed]" and SECRET not in str(entry.details)
        kinds = select(Event.message_id).where(Event.kind == EventKind.MESSAGE_REDACTED)
        assert len((await session.scalars(kinds)).all()) == 2
    await Clearing(database, blobs, grace=0).do_what_is_due()
    left = b"".join(path.read_bytes() for path in blobs.root.rglob("*") if path.is_file())
    assert left == b""
    if database.is_sqlite:
        assert traces(database, SECRET, "xylophone", "marmalade", CARD, "1111 1111", "4111-1111") == []
    async with database.reading() as session:
        assert not (await session.scalars(select(Cleanup))).all()


async def files_of(database: Database) -> list[str]:
    async with database.reading() as session:
        return list(await session.scalars(select(Attachment.public_id)))


async def test_a_whole_message_goes_and_whoever_quotes_it_keeps_their_own_words(
    sqlite_database: Database, blobs: BlobStore
) -> None:
    _, agent, message = await a_leak(sqlite_database, blobs)
    async with sqlite_database.transaction() as session:
        own = await session.get_one(Message, message.id)
        await redactions.redact(session, own, Wish(is_whole=True), by=agent, reason="Sent by mistake")

    async with sqlite_database.reading() as session:
        rows = (await session.scalars(select(Message).order_by(Message.id))).all()
        assert (rows[0].text, rows[0].html, rows[0].spans) == ("[removed]", None, [])
        assert rows[2].text.startswith("And now?\n\n> [removed]")
        assert (await session.scalars(select(Case.preview))).one().startswith("And now?")


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        (Wish(phrases=["nowhere to be found"]), "why not"),
        (Wish(phrases=["my"]), "too short"),
        (Wish(phrases=[CARD]), " "),
        (Wish(), "nothing"),
    ],
)
async def test_what_cannot_be_removed_is_refused(
    sqlite_database: Database, blobs: BlobStore, wish: Wish, reason: str
) -> None:
    _, agent, message = await a_leak(sqlite_database, blobs)
    async with sqlite_database.transaction() as session:
        own = await session.get_one(Message, message.id)
        with pytest.raises(Invalid):
            await redactions.redact(session, own, wish, by=agent, reason=reason)


async def test_a_mail_that_is_leaving_is_not_touched(sqlite_database: Database, blobs: BlobStore) -> None:
    _, agent, message = await a_leak(sqlite_database, blobs)
    async with sqlite_database.transaction() as session:
        entry = (await session.scalars(select(OutboxEntry))).one()
        entry.state, entry.claimed_by = "waiting", "a worker"
    with pytest.raises(Conflict):
        async with sqlite_database.transaction() as session:
            own = await session.get_one(Message, message.id)
            await redactions.redact(session, own, Wish(phrases=[CARD]), by=agent, reason="A card")
    async with sqlite_database.reading() as session:
        assert CARD in (await session.get_one(Message, message.id)).text


async def test_the_same_mail_that_comes_again_brings_nothing_back(
    sqlite_database: Database, blobs: BlobStore
) -> None:
    _, agent, message = await a_leak(sqlite_database, blobs)
    async with sqlite_database.transaction() as session:
        own = await session.get_one(Message, message.id)
        await redactions.redact(session, own, Wish(phrases=[CARD]), by=agent, reason="A card")
        again = IntakeRecord(
            channel_id=own.channel_id,
            digest=blobs.put(TEXT.encode()),
            size=1,
            source="imap",
            state="filed",
            message_id=own.id,
        )
        session.add(again)
        await session.flush()

        await let_go_of_known(session, {own.id})

        assert again.digest == REMOVED_DIGEST
