"""Telling people out of hours that their mail has come: fixed words, few of them, and never to a machine.

Whoever forges a sender must gain nothing by it: only authenticated mail is acknowledged, an address once a
day, an answer to an acknowledgement never, and nothing of what was written stands in it. It is off until an
admin writes its words.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions import automatic_mails
from inbox.actions.filings import Filed
from inbox.envelopes import AddressKind, ChannelKind, InboundMessage, Verdict
from inbox.errors import Invalid
from inbox.models import AuthorKind, AutomaticKind, Channel, Message, Strand
from inbox.placements import Arrival
from inbox.queries import hours
from inbox.secrets import Keys

SETTING = "acknowledgement"
LONGEST_TEXT = 4_000
NEAREST = 20  # references that are looked at
_NOBODY = ("noreply", "no-reply", "donotreply", "do-not-reply", "mailer-daemon", "postmaster", "bounce")


def checked_acknowledgement(subject: str, text: str) -> dict[str, str]:
    """The words as a channel's settings keep them; empty ones switch it off. Raises Invalid."""
    subject, text = " ".join(subject.split()), text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not text:
        return {}
    if not subject or len(subject) > 200:
        raise Invalid("Write a subject of at most 200 characters.", field="acknowledgement_subject")
    if len(text) > LONGEST_TEXT:
        raise Invalid("Write at most %(most)d characters.", most=LONGEST_TEXT, field="acknowledgement")
    return {"subject": subject, "text": text}


async def acknowledge(
    session: AsyncSession, arrivals: Sequence[Arrival], outcomes: Sequence[Filed], keys: Keys
) -> None:
    """Queue an acknowledgement for each of these arrivals that is to have one."""
    for arrival, outcome in zip(arrivals, outcomes, strict=True):
        if not _may_be_answered(arrival) or outcome.message_id is None or outcome.known:
            continue
        if not await _is_closed(session, arrival.channel):
            continue
        message = await session.get_one(Message, outcome.message_id)
        if message.author_kind != AuthorKind.CUSTOMER or message.is_spam or message.claimed:
            continue
        references = arrival.message.references[:NEAREST]
        if references and await automatic_mails.is_acknowledgement(session, references):
            continue  # they have been told; and a machine that marks nothing would be told for ever
        words = arrival.channel.settings[SETTING]
        await automatic_mails.send(
            session,
            kind=AutomaticKind.ACKNOWLEDGEMENT,
            mailbox=arrival.channel,
            address=arrival.message.sender.value,
            subject=words["subject"],
            text=words["text"],
            keys=keys,
            strand=(await session.scalars(select(Strand).where(Strand.id == message.strand_id))).one(),
        )


def _may_be_answered(arrival: Arrival) -> bool:
    channel, message = arrival.channel, arrival.message
    if channel.kind != ChannelKind.EMAIL or not channel.settings.get(SETTING) or arrival.is_history:
        return False
    return _was_written_by_somebody(message) and message.authentication.dmarc == Verdict.PASS


def _was_written_by_somebody(message: InboundMessage) -> bool:
    local = message.sender.value.partition("@")[0].partition("+")[0]
    return (
        message.sender.kind == AddressKind.EMAIL
        and message.automatic is None
        and not message.forbids_answers
        and not message.spam
        and not local.startswith(_NOBODY)
    )


async def _is_closed(session: AsyncSession, channel: Channel) -> bool:
    """Whether nobody works there now; without any hours nobody can say so."""
    working = await hours.of_team(session, channel.default_team_id)
    return working is not None and not working.is_open(clock.now())
