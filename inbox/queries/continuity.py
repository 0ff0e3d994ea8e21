"""How a chat goes on by mail: where its visitor can be reached, from which mailbox, and the words of such a
mail.

The words are those of our own replies. Nothing that the visitor typed stands in it: nobody has proved that
the address is theirs.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from inbox.envelopes import AddressKind, ChannelKind
from inbox.models import Agent, Channel, Identity, Message, Strand, UnseenReply, VisitorToken
from inbox.phrases import N_
from inbox.queries.visitors import sight_of
from inbox.words import ENGLISH, LANGUAGES, words_in

CONTINUITY = "continuity"  # the rule that a mail of this kind names in `matched_by`
DEFAULT_SECONDS = 120

_CLOSING = N_(
    "You wrote to us in our chat and had left when we answered. Just answer this mail: it goes on in the "
    "same conversation."
)
_SUBJECT = N_("Your chat with %(company)s")


def seconds_of(channel: Channel) -> int:
    """After how many seconds an unseen reply of this chat goes out by mail; 0: never."""
    return int(channel.settings.get("continuity_seconds", DEFAULT_SECONDS))


def company_of(channel: Channel) -> str:
    """Who the visitors of a chat think they talk to."""
    return str(channel.settings.get("company") or channel.name)


async def language_of(session: AsyncSession, identity: Identity) -> str:
    """What the visitor's browser prefers, as far as we speak it; else English."""
    token = await newest_token(session, identity)
    language = ((token.language if token else "") or "").partition("-")[0].lower()
    return language if language in LANGUAGES else ENGLISH


async def address_after(session: AsyncSession, strand: Strand, chat: Channel) -> str:
    """Where a reply on a chat's strand goes by mail unless it is seen; "" where it waits in the chat."""
    identity = await session.get(Identity, strand.identity_id) if strand.identity_id else None
    if identity is None or not seconds_of(chat):
        return ""
    address = await address_of_visitor(session, identity)
    return address if address and await mailbox_of(session, chat) else ""


async def newest_token(session: AsyncSession, identity: Identity) -> VisitorToken | None:
    """The token that a visitor shows now."""
    key, _, visitor_id = identity.address.partition(":")
    query = (
        select(VisitorToken)
        .join(Channel, Channel.id == VisitorToken.channel_id)
        .where(
            Channel.public_key == key,
            VisitorToken.visitor_id == visitor_id,
            VisitorToken.revoked_at.is_(None),
        )
        .order_by(VisitorToken.id.desc())
        .limit(1)
    )
    return (await session.scalars(query)).first()


async def address_of_visitor(session: AsyncSession, identity: Identity) -> str | None:
    """Where a visitor wants answers: the address they left, else one that they have proved."""
    token = await newest_token(session, identity)
    if token is not None and token.claimed_email:
        return token.claimed_email
    if token is not None and token.signed and token.signed.get("email"):
        return str(token.signed["email"])
    if token is not None and token.proved_email:
        return token.proved_email
    return await proved_address(session, identity)


async def proved_address(session: AsyncSession, identity: Identity) -> str | None:
    """The newest address that this browser's user has proved to own."""
    sight = await sight_of(session, identity)
    query = (
        select(Identity.address)
        .where(Identity.id.in_(sight.proven), Identity.kind == AddressKind.EMAIL)
        .order_by(Identity.last_seen_at.desc().nulls_last(), Identity.id.desc())
        .limit(1)
    )
    return (await session.scalars(query)).first()


async def mailbox_of(session: AsyncSession, chat: Channel) -> Channel | None:
    """The mailbox that a chat answers by: its own, else any that can send. A sample keeps to samples."""
    query = (
        select(Channel)
        .where(
            Channel.kind == ChannelKind.EMAIL,
            Channel.deactivated_at.is_(None),
            Channel.is_sample.is_(chat.is_sample),
        )
        .order_by((Channel.id == chat.reply_mailbox_id).desc(), Channel.id)
    )
    can_send = (box for box in await session.scalars(query) if box.is_sample or box.settings.get("smtp_url"))
    return next(can_send, None)


def subject_of(channel: Channel, language: str) -> str:
    """The subject of a mail that goes on with a chat."""
    return words_in(language).say(_SUBJECT, company=company_of(channel))


async def carried_replies(session: AsyncSession, mail: Message) -> Sequence[Message]:
    """The chat replies that a mail carries, oldest first; none where it is no such mail."""
    if mail.matched_by.get("rule") != CONTINUITY:
        return ()
    query = (
        select(Message)
        .join(UnseenReply, UnseenReply.message_id == Message.id)
        .where(UnseenReply.mail_id == mail.id)
        .order_by(Message.id)
        .options(joinedload(Message.author_agent))
    )
    return (await session.scalars(query)).all()


def words_of(replies: Sequence[Message], language: str) -> str:
    """What the mail says, in Markdown: the replies, each under its author's name where there are several."""
    several = len({reply.author_agent_id for reply in replies}) > 1
    words, last = [], None
    for reply in replies:
        if several and reply.author_agent_id != last:
            words.append(f"**{first_name(reply.author_agent)}**")
        last = reply.author_agent_id
        if reply.text:
            words.append(reply.text)
    return "\n\n".join([*words, "---", words_in(language).said(_CLOSING)])


def first_name(agent: Agent | None) -> str:
    """How a visitor knows somebody inside."""
    return (agent.name.split() or [""])[0] if agent else ""
