"""Mails of fixed words that the installation sends by itself, and how few of them there may be.

Nothing that a stranger typed stands in one, and there is little to gain by having us write to a victim: an
address gets one confirmation a day and a few codes (SECURITY R8). What is counted are the rows themselves, so
that a restart forgets nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.sending_turns import take_turn
from inbox.envelopes import ChannelKind
from inbox.ids import public_id
from inbox.models import AutomaticKind, AutomaticMail, AutomaticState, Channel, Strand, SuppressedAddress
from inbox.queries.recipients import is_own, own_addresses
from inbox.secrets import Keys
from inbox.tokens import mint_message_id

LEASE = timedelta(minutes=12)  # longer than a server may think about the data (RFC 5321 §4.5.3.2.6)
DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 20))


@dataclass(frozen=True, slots=True)
class Cap:
    """At most *most* mails in *within*."""

    most: int
    within: timedelta


_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
OF_ADDRESS = {
    AutomaticKind.CONFIRMATION: (Cap(1, _DAY),),
    AutomaticKind.ACKNOWLEDGEMENT: (Cap(1, _DAY),),
    AutomaticKind.CODE: (Cap(3, _HOUR), Cap(8, _DAY)),
    AutomaticKind.COPY: (Cap(3, _HOUR), Cap(10, _DAY)),
    AutomaticKind.DIGEST: (Cap(6, _HOUR), Cap(40, _DAY)),
    AutomaticKind.ALARM: (Cap(6, _HOUR), Cap(20, _DAY)),
}
OF_STRAND = Cap(5, _HOUR)
OF_INSTALLATION = {
    AutomaticKind.CONFIRMATION: Cap(200, _HOUR),
    AutomaticKind.ACKNOWLEDGEMENT: Cap(200, _HOUR),
    AutomaticKind.CODE: Cap(300, _HOUR),
    AutomaticKind.COPY: Cap(300, _HOUR),
    AutomaticKind.DIGEST: Cap(1_000, _HOUR),
    AutomaticKind.ALARM: Cap(200, _HOUR),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """A claimed mail, with its words."""

    mail_id: int
    public_id: str
    channel_id: int
    address: str
    external_id: str
    subject: str
    text: str


async def send(
    session: AsyncSession,
    *,
    kind: AutomaticKind,
    mailbox: Channel,
    address: str,
    subject: str,
    text: str,
    keys: Keys,
    strand: Strand | None = None,
) -> AutomaticMail | None:
    """Queue a mail of our own words to a normalised address; None where there have been enough, or where the
    address is one of ours."""
    await session.execute(select(Channel.id).where(Channel.id == mailbox.id).with_for_update())
    if is_own(address, await own_addresses(session)) or await _is_enough(session, kind, address):
        return None
    if await _is_unwanted(session, kind, address, strand):
        return None
    own_id, box = public_id(), mailbox.address or ""
    token = keys.strand_tokens().mint(strand.public_id) if strand else ""
    mail = AutomaticMail(
        public_id=own_id,
        kind=kind,
        channel_id=mailbox.id,
        strand_id=strand.id if strand else None,
        address=address,
        external_id=mint_message_id(own_id, token, box) if token else f"{own_id}@{box.rpartition('@')[2]}",
        sealed=keys.seal(json.dumps([subject, text])),
        due_at=clock.now(),
    )
    session.add(mail)
    await session.flush()
    return mail


async def mailbox_for(session: AsyncSession, channel: Channel) -> Channel | None:
    """The mailbox that a form or a chat answers by, else any that can send; None where there is none."""
    mailboxes = (
        select(Channel)
        .where(Channel.kind == ChannelKind.EMAIL, Channel.deactivated_at.is_(None))
        .order_by((Channel.id == channel.reply_mailbox_id).desc(), Channel.id)
    )
    for mailbox in await session.scalars(mailboxes):
        if mailbox.settings.get("smtp_url") or mailbox.is_sample:
            return mailbox
    return None


async def claim(session: AsyncSession, *, keys: Keys, limit: int) -> list[Leaving]:
    """Take what is due and has a turn in its mailbox. What a process that is gone was sending has perhaps
    arrived: it is not sent again."""
    moment = clock.now()
    lost = update(AutomaticMail).where(
        AutomaticMail.state == AutomaticState.SENDING, AutomaticMail.claimed_until <= moment
    )
    await session.execute(lost.values(state=AutomaticState.UNKNOWN, sealed=None))
    due = (
        select(AutomaticMail)
        .where(AutomaticMail.state == AutomaticState.WAITING, AutomaticMail.due_at <= moment)
        .order_by(AutomaticMail.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    leaving = []
    for mail in sorted(await session.scalars(due), key=lambda mail: mail.channel_id):  # as in departures.py
        wait = await take_turn(session, mail.channel_id, moment)
        if wait is not None:  # no attempt was made: nothing is counted
            mail.due_at = wait.until
        else:
            leaving.append(_leave(mail, keys, moment))
    return leaving


async def is_acknowledgement(session: AsyncSession, external_ids: Sequence[str]) -> bool:
    """Whether one of these Message-IDs is that of an acknowledgement of ours."""
    ours = select(AutomaticMail.id).where(
        AutomaticMail.external_id.in_(external_ids), AutomaticMail.kind == AutomaticKind.ACKNOWLEDGEMENT
    )
    return await session.scalar(ours.limit(1)) is not None


async def next_moment(session: AsyncSession) -> datetime | None:
    """When the next one is due; None where none waits."""
    waiting = select(func.min(AutomaticMail.due_at)).where(AutomaticMail.state == AutomaticState.WAITING)
    return await session.scalar(waiting)


async def settle(session: AsyncSession, mail_id: int, state: AutomaticState, error: str = "") -> None:
    """Note what became of one. WAITING: it is tried again later, a few times; its words are kept until
    then."""
    mail = await session.get_one(AutomaticMail, mail_id, with_for_update=True)
    mail.error, mail.claimed_until = error[:500], None
    if state is AutomaticState.WAITING and mail.attempts <= len(DELAYS):
        mail.state, mail.due_at = state, clock.now() + DELAYS[mail.attempts - 1]
        return
    mail.state = AutomaticState.FAILED if state is AutomaticState.WAITING else state
    mail.sealed = None


def _leave(mail: AutomaticMail, keys: Keys, moment: datetime) -> Leaving:
    mail.state, mail.claimed_until, mail.attempts = AutomaticState.SENDING, moment + LEASE, mail.attempts + 1
    subject, text = json.loads(keys.unseal(mail.sealed or ""))
    return Leaving(
        mail_id=mail.id,
        public_id=mail.public_id,
        channel_id=mail.channel_id,
        address=mail.address,
        external_id=mail.external_id,
        subject=subject,
        text=text,
    )


async def _is_unwanted(
    session: AsyncSession, kind: AutomaticKind, address: str, strand: Strand | None
) -> bool:
    """Whether somebody there has called our mail spam, or a thread has had enough of us for an hour. Codes
    and copies are asked for there and then."""
    if kind in (AutomaticKind.CODE, AutomaticKind.COPY):
        return False
    suppressed = select(SuppressedAddress.id).where(SuppressedAddress.address == address)
    if await session.scalar(suppressed) is not None:
        return True
    if strand is None:
        return False
    sent = select(func.count()).where(
        AutomaticMail.strand_id == strand.id, AutomaticMail.created_at > clock.now() - OF_STRAND.within
    )
    return (await session.scalar(sent) or 0) >= OF_STRAND.most


async def _is_enough(session: AsyncSession, kind: AutomaticKind, address: str) -> bool:
    caps: Sequence[tuple[Cap, bool]] = [
        *((cap, True) for cap in OF_ADDRESS[kind]),
        (OF_INSTALLATION[kind], False),
    ]
    for cap, is_of_address in caps:
        sent = select(func.count()).where(
            AutomaticMail.kind == kind, AutomaticMail.created_at > clock.now() - cap.within
        )
        if is_of_address:
            sent = sent.where(_went_to(address, kind))
        if (await session.scalar(sent) or 0) >= cap.most:
            return True
    return False


def _went_to(address: str, kind: AutomaticKind) -> ColumnElement[bool]:
    """Acknowledgements are asked for by nobody, and machines write under ever new details ("robot+17@…"):
    they count for the mailbox behind them."""
    local, _, domain = address.rpartition("@")
    mailbox = local.partition("+")[0]
    if kind is not AutomaticKind.ACKNOWLEDGEMENT or not mailbox:
        return AutomaticMail.address == address
    detailed = AutomaticMail.address.startswith(f"{mailbox}+", autoescape=True)
    return or_(
        AutomaticMail.address == f"{mailbox}@{domain}",
        detailed & AutomaticMail.address.endswith(f"@{domain}", autoescape=True),
    )
