"""Codes that are mailed to an address and typed in the browser that asked: what proves a visitor's mailbox.

`mail_code()` writes to the address, whoever owns it, and says the same of every address. `try_code()` counts
a guess and compares. What follows from a right code is for `identities.prove_email()`. An answer *from* the
mailbox proves the mailbox alone, never the browser (DESIGN §6, rule 6).
"""

import hashlib
import hmac
import secrets
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.automatic_mails import mailbox_for, send
from inbox.addresses import normalise_email
from inbox.errors import Conflict
from inbox.models import AutomaticKind, Channel, MailedCode
from inbox.phrases import N_
from inbox.secrets import Keys
from inbox.words import ENGLISH, words_in

DIGITS = 6
LIFE = timedelta(minutes=15)
MOST_TRIES = 5
MOST_OF_VISITOR = 5  # codes for one browser in an hour, whatever addresses it types

WAIT = N_("We have sent several codes already. Look for the newest one, or try again in an hour.")
SUBJECT = N_("Your code")
TEXT = N_(
    """Your code is %(code)s

Type it into the chat where you asked for it, within %(minutes)s minutes. It is good for that chat alone.

If you did not ask for it, somebody has typed your address by mistake. You need not do anything.
"""
)


async def mail_code(
    session: AsyncSession,
    *,
    channel: Channel,
    visitor_id: str,
    address: str,
    keys: Keys,
    language: str = ENGLISH,
) -> str:
    """Mail a code to an address, for one browser, in one of our languages; answers the address as it is
    compared. Its older codes are void.

    Raises Invalid for what is no address, Conflict where no mail can leave or where there were enough.
    """
    email = normalise_email(address)
    mailbox = await mailbox_for(session, channel)
    if mailbox is None:
        raise Conflict("We cannot send mail from here just now.")
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    if await _sent_within_an_hour(session, channel, visitor_id) >= MOST_OF_VISITOR:
        raise Conflict(WAIT)
    words = words_in(language)
    mail = await send(
        session,
        kind=AutomaticKind.CODE,
        mailbox=mailbox,
        address=email,
        subject=words.said(SUBJECT),
        text=words.say(TEXT, code=code, minutes=LIFE // timedelta(minutes=1)),
        keys=keys,
    )
    if mail is None:
        raise Conflict(WAIT)
    await _void(session, channel, visitor_id)
    fresh = MailedCode(
        channel_id=channel.id,
        visitor_id=visitor_id,
        address=email,
        digest=_digest(keys, channel, visitor_id, email, code),
        expires_at=clock.now() + LIFE,
    )
    session.add(fresh)
    await session.flush()
    return email


async def try_code(
    session: AsyncSession, *, channel: Channel, visitor_id: str, typed: str, keys: Keys
) -> str | None:
    """The address that a typed code proves, once; None for a wrong, spent or expired one, or after five
    tries.

    The guess is counted by the same statement that allows it: guesses at the same moment count each. Commit
    whatever the answer is.
    """
    live = (
        update(MailedCode)
        .where(
            MailedCode.channel_id == channel.id,
            MailedCode.visitor_id == visitor_id,
            MailedCode.spent_at.is_(None),
            MailedCode.expires_at > clock.now(),
            MailedCode.tries < MOST_TRIES,
        )
        .values(tries=MailedCode.tries + 1)
        .returning(MailedCode.id, MailedCode.address, MailedCode.digest)
    )
    found = (await session.execute(live)).first()
    if found is None:
        return None
    code_id, address, digest = found
    given = "".join(character for character in typed[:40] if character in "0123456789")
    if not hmac.compare_digest(_digest(keys, channel, visitor_id, address, given), digest):
        return None
    await session.execute(update(MailedCode).where(MailedCode.id == code_id).values(spent_at=clock.now()))
    return str(address)


async def _sent_within_an_hour(session: AsyncSession, channel: Channel, visitor_id: str) -> int:
    sent = select(func.count()).where(
        MailedCode.channel_id == channel.id,
        MailedCode.visitor_id == visitor_id,
        MailedCode.created_at > clock.now() - timedelta(hours=1),
    )
    return await session.scalar(sent) or 0


async def _void(session: AsyncSession, channel: Channel, visitor_id: str) -> None:
    older = update(MailedCode).where(
        MailedCode.channel_id == channel.id,
        MailedCode.visitor_id == visitor_id,
        MailedCode.spent_at.is_(None),
    )
    await session.execute(older.values(spent_at=clock.now()))


def _digest(keys: Keys, channel: Channel, visitor_id: str, address: str, code: str) -> str:
    content = "\n".join((channel.public_key, visitor_id, address, code))
    return hmac.new(keys.derive("mailed codes"), content.encode(), hashlib.sha256).hexdigest()
