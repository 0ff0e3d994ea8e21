"""Channels are looked after, so that nobody finds out from a customer that one is broken: what is wrong is
mailed to all admins, once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions import automatic_mails
from inbox.channel_troubles import LOOKS_BACK, SHORTEST_SILENCE, WELL, Trouble, is_silent, trouble_of
from inbox.digest_words import harmless
from inbox.envelopes import SPOKEN, ChannelKind
from inbox.models import AutomaticKind, Channel, IntakeRecord
from inbox.phrases import counted, phrase
from inbox.queries import agents
from inbox.secrets import Keys
from inbox.words import Words, words_in

MOST_INPUTS = 5_000  # that are looked through


async def note_silences(session: AsyncSession, moment: datetime) -> int:
    """Note which channels are silent for longer than is usual with them, and which no longer are; answers how
    many that changed."""
    changed = 0
    for channel in await _in_use(session):
        since = await _silent_since(session, channel, moment)
        if since != channel.silent_since:
            channel.silent_since, changed = since, changed + 1
    return changed


async def mail_troubles(
    session: AsyncSession, moment: datetime, keys: Keys, *, base_url: str, language: str
) -> int:
    """Queue a mail to each admin about what is newly wrong; answers how many mails that made. *language*: for
    those who have chosen none."""
    new: list[tuple[Channel, Trouble]] = []
    for channel in await _in_use(session):
        trouble = trouble_of(channel, moment)
        if trouble is None:
            channel.trouble_told_at = None
        elif channel.trouble_told_at is None:
            new.append((channel, trouble))
    mailbox = await _mailbox(session) if new else None
    if mailbox is None:
        return 0
    mails = 0
    for admin in await agents.admins(session):
        words = words_in(admin.language or language)
        subject = counted("A channel needs you", "%(number)d channels need you", len(new))
        mails += bool(
            await automatic_mails.send(
                session,
                kind=AutomaticKind.ALARM,
                mailbox=mailbox,
                address=admin.email,
                subject=words.told(subject),
                text=_text([trouble for _, trouble in new], words, base_url),
                keys=keys,
            )
        )
    for channel, _ in new:
        channel.trouble_told_at = moment
    return mails


def _text(troubles: Sequence[Trouble], words: Words, base_url: str) -> str:
    lines = []
    for trouble in troubles:
        said = words.told(trouble.words)
        lines += [f"* {harmless(trouble.name)}: {harmless(said, 300)}"]
        lines += [f"  {base_url}/settings/channels/{trouble.public_id}"]
    closing = phrase(
        "Each is told once, until it works again. How all of them are: %(address)s",
        address=f"{base_url}/settings/channels",
    )
    return "\n".join([*lines, "", words.told(closing)])


async def _in_use(session: AsyncSession) -> Sequence[Channel]:
    """The channels that work, held so that no other process looks after them at the same time."""
    query = select(Channel).where(Channel.deactivated_at.is_(None), Channel.is_sample.is_(False))
    held = query.where(Channel.kind.not_in(SPOKEN)).order_by(Channel.id).with_for_update()
    return (await session.scalars(held)).all()


async def _silent_since(session: AsyncSession, channel: Channel, moment: datetime) -> datetime | None:
    last = channel.last_message_at
    if last is None or moment - last < SHORTEST_SILENCE:
        return None
    known = (
        select(IntakeRecord.created_at)
        .where(IntakeRecord.channel_id == channel.id, IntakeRecord.is_history.is_(False))
        .where(IntakeRecord.created_at > last - LOOKS_BACK)
        .order_by(IntakeRecord.id.desc())
        .limit(MOST_INPUTS)
    )
    inputs = (await session.scalars(known)).all()
    silent = is_silent(inputs, moment, is_all=len(inputs) < MOST_INPUTS)
    return max(inputs[0], last) if silent else None


async def _mailbox(session: AsyncSession) -> Channel | None:
    """The first mailbox that can send and whose sending is in order; None where there is none."""
    found = await session.scalars(
        select(Channel)
        .where(Channel.kind == ChannelKind.EMAIL, Channel.deactivated_at.is_(None))
        .where(Channel.is_sample.is_(False), Channel.sending_text == "")
        .order_by(Channel.state.not_in(WELL), Channel.id)
    )
    return next((box for box in found if box.settings.get("smtp_url")), None)
