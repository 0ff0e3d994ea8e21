"""The sample that a new installation can be tried with: three channels, and taking all of it away again."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions import channels as ways
from inbox.actors import Actor
from inbox.envelopes import ChannelKind
from inbox.locks import lock_conversations
from inbox.models import (
    Assignment,
    Attachment,
    Block,
    Case,
    CaseTag,
    Channel,
    Claim,
    Conversation,
    Customer,
    DedupeKey,
    Delivery,
    Draft,
    Event,
    Follower,
    Handoff,
    Identity,
    IntakeRecord,
    MailboxPosition,
    Mention,
    Merge,
    Message,
    MessageSource,
    Model,
    Mute,
    Note,
    Notification,
    OutboxEntry,
    PassedOn,
    Rating,
    ReadMark,
    Strand,
    StrandParticipant,
    Submission,
    Suggestion,
    SuppressedAddress,
    Sweep,
    Tie,
    TimelineEntry,
    Undo,
    UnseenReply,
    VisitorToken,
)
from inbox.policies import Action, authorize
from inbox.queries.samples import Samples, sample_channels
from inbox.secrets import Keys

MAILBOX_ADDRESS = "hello@sample.example"  # RFC 2606 §3: nobody's
Doomed = Sequence[tuple[type[Model], ColumnElement[bool]]]
LETTING_GO = (IntakeRecord, SuppressedAddress)  # these stay when the message that they name goes
AT_ONCE = 500  # keys in one statement; SQLite takes 32766 variables


async def add_samples(
    session: AsyncSession, *, by: Actor, keys: Keys, origin: str, thanks_page: str
) -> Samples:
    """The sample's mailbox, chat and form; those that are there already where it was added before.

    *origin* is where its page stands; *thanks_page* is where its form leads to.
    """
    authorize(by, Action.ADMINISTER)
    known = await sample_channels(session)
    if known is not None:
        return known
    mailbox = await ways.add_channel(
        session,
        kind=ChannelKind.EMAIL,
        name="Sample mailbox",
        by=by,
        keys=keys,
        address=MAILBOX_ADDRESS,
    )
    shared: dict[str, Any] = {"by": by, "keys": keys, "reply_mailbox": mailbox}
    chat = await ways.add_channel(
        session, kind=ChannelKind.WEBCHAT, name="Sample chat", settings={"origins": [origin]}, **shared
    )
    form = await ways.add_channel(
        session, kind=ChannelKind.FORM, name="Sample form", settings={"redirects": [thanks_page]}, **shared
    )
    for channel in (mailbox, chat, form):
        channel.is_sample = True
    await session.flush()
    return Samples(mailbox=mailbox, chat=chat, form=form)


async def remove_samples(session: AsyncSession, *, by: Actor) -> int:
    """Delete the sample's channels and everybody who came by them alone; answers how many conversations went.

    A customer whom an agent has joined with somebody who wrote to a real channel stays, with the messages:
    then the sample's channels that those need are switched off instead. Files stay in the blob store.
    """
    authorize(by, Action.ADMINISTER)
    channel_ids = list(await session.scalars(select(Channel.id).where(Channel.is_sample)))
    conversation_ids = await _sample_conversations(session, channel_ids)
    await lock_conversations(session, conversation_ids)
    for some in _portions(conversation_ids):
        await _delete_conversations(session, some)
    await _delete_channels(session, channel_ids, by)
    return len(conversation_ids)


async def _sample_conversations(session: AsyncSession, channel_ids: Sequence[int]) -> list[int]:
    """The conversations that hold nothing but what came or went by these channels; of those that were merged
    all or none."""
    ends = await _merged_into(session)
    found = set[int]()
    for column in (Strand.conversation_id, Strand.origin_conversation_id):
        found |= set(await session.scalars(select(column).where(Strand.channel_id.in_(channel_ids))))
    groups = {ends.get(each, each) for each in found}
    while True:
        ids = groups | {gone for gone, end in ends.items() if end in groups}
        needed = await _needed(session, sorted(ids), channel_ids)
        if not needed:
            return sorted(ids)
        groups -= {ends.get(each, each) for each in needed}


async def _merged_into(session: AsyncSession) -> dict[int, int]:
    """For each conversation that was merged the one that stands in the end."""
    query = select(Conversation.id, Conversation.merged_into_id).where(
        Conversation.merged_into_id.is_not(None)
    )
    into = {gone: kept for gone, kept in await session.execute(query) if kept is not None}
    ends: dict[int, int] = {}
    for gone in into:
        end = gone
        while end in into:
            end = into[end]
        ends[gone] = end
    return ends


async def _needed(session: AsyncSession, ids: Sequence[int], channel_ids: Sequence[int]) -> set[int]:
    """Those of these conversations that somebody wrote to by another channel, or that something which stays
    came from."""
    needed = set[int]()
    for some in _portions(ids):
        for column in (Strand.conversation_id, Strand.origin_conversation_id):
            real = select(column).where(column.in_(some), Strand.channel_id.not_in(channel_ids))
            needed |= set(await session.scalars(real))
        for model in (Strand, Case, Message, Note):
            moved = select(model.origin_conversation_id, model.conversation_id).where(
                model.origin_conversation_id.in_(some), model.conversation_id != model.origin_conversation_id
            )
            rows = (await session.execute(moved)).all()
            needed |= {origin for origin, stands_in in rows if stands_in not in ids}
    return needed


async def _delete_conversations(session: AsyncSession, ids: Sequence[int]) -> None:
    """All rows of these conversations and of their customers."""
    customers = select(Conversation.customer_id).where(Conversation.id.in_(ids))
    customer_ids = list(await session.scalars(customers))
    messages = select(Message.id).where(Message.conversation_id.in_(ids))
    for keeper in LETTING_GO:
        let_go = update(keeper).where(keeper.message_id.in_(messages)).values(message_id=None)
        await session.execute(let_go.execution_options(synchronize_session=False))
    for model, condition in (*_around(ids, customer_ids), *_words(ids), *_people(ids, customer_ids)):
        await session.execute(delete(model).where(condition).execution_options(synchronize_session=False))


def _around(ids: Sequence[int], customer_ids: Sequence[int]) -> Doomed:
    """What points to cases, notes and messages, in an order that leaves no reference to nothing."""
    cases = select(Case.id).where(Case.conversation_id.in_(ids))
    notes = select(Note.id).where(Note.conversation_id.in_(ids))
    suggested = or_(
        Suggestion.conversation_id.in_(ids),
        Suggestion.customer_id.in_(customer_ids),
        Suggestion.other_customer_id.in_(customer_ids),
    )
    suggestions = select(Suggestion.id).where(suggested)
    entries = or_(TimelineEntry.conversation_id.in_(ids), TimelineEntry.suggestion_id.in_(suggestions))
    return (
        (TimelineEntry, entries),
        (Event, or_(Event.conversation_id.in_(ids), Event.suggestion_id.in_(suggestions))),
        (Suggestion, suggested),
        (Mention, Mention.note_id.in_(notes)),
        (PassedOn, PassedOn.note_id.in_(notes)),
        (Note, Note.conversation_id.in_(ids)),
        (Draft, Draft.conversation_id.in_(ids)),
        (ReadMark, ReadMark.conversation_id.in_(ids)),
        (Undo, Undo.case_id.in_(cases)),
        (Assignment, Assignment.case_id.in_(cases)),
        (Handoff, Handoff.case_id.in_(cases)),
        (Follower, Follower.case_id.in_(cases)),
        (Mute, Mute.case_id.in_(cases)),
        (CaseTag, CaseTag.case_id.in_(cases)),
        (Notification, Notification.case_id.in_(cases)),
        (Rating, Rating.case_id.in_(cases)),
    )


def _words(ids: Sequence[int]) -> Doomed:
    """Messages and how they travelled, then the strands and cases that held them."""
    messages = select(Message.id).where(Message.conversation_id.in_(ids))
    strands = select(Strand.id).where(Strand.conversation_id.in_(ids))
    return (
        (StrandParticipant, StrandParticipant.strand_id.in_(strands)),
        (OutboxEntry, OutboxEntry.message_id.in_(messages)),
        (Delivery, Delivery.message_id.in_(messages)),
        (MessageSource, MessageSource.message_id.in_(messages)),
        (DedupeKey, DedupeKey.message_id.in_(messages)),
        (Attachment, Attachment.message_id.in_(messages)),
        (Submission, Submission.message_id.in_(messages)),
        (PassedOn, PassedOn.message_id.in_(messages)),
        (UnseenReply, or_(UnseenReply.message_id.in_(messages), UnseenReply.mail_id.in_(messages))),
        (Message, Message.conversation_id.in_(ids)),
        (Strand, Strand.conversation_id.in_(ids)),
        (Case, Case.conversation_id.in_(ids)),
    )


def _people(ids: Sequence[int], customer_ids: Sequence[int]) -> Doomed:
    """The conversations themselves, and whom they were with."""
    identities = select(Identity.id).where(Identity.customer_id.in_(customer_ids))
    return (
        (Merge, or_(Merge.kept_conversation_id.in_(ids), Merge.merged_conversation_id.in_(ids))),
        (Conversation, Conversation.id.in_(ids)),
        (Claim, Claim.customer_id.in_(customer_ids)),
        (Block, Block.customer_id.in_(customer_ids)),
        (Tie, or_(Tie.identity_id.in_(identities), Tie.other_identity_id.in_(identities))),
        (Attachment, Attachment.uploaded_by_identity_id.in_(identities)),
        (Identity, Identity.customer_id.in_(customer_ids)),
        (Customer, Customer.id.in_(customer_ids)),
    )


async def _delete_channels(session: AsyncSession, ids: Sequence[int], by: Actor) -> None:
    """The channels that nothing needs any more; the others are switched off."""
    stays: set[int] = set()
    # A form is answered by a mailbox: what stays may have gone by another channel than its strand's.
    for column in (Strand.channel_id, Message.channel_id, Case.first_channel_id, OutboxEntry.channel_id):
        stays |= set(await session.scalars(select(column).where(column.in_(ids)).distinct()))
    for channel in await session.scalars(select(Channel).where(Channel.id.in_(stays))):
        await ways.deactivate(session, channel, by=by)
    gone = [key for key in ids if key not in stays]
    for model in (MessageSource, IntakeRecord, MailboxPosition, VisitorToken, Submission, Sweep):
        condition = model.channel_id.in_(gone)
        await session.execute(delete(model).where(condition).execution_options(synchronize_session=False))
    await session.execute(
        update(Channel).where(Channel.reply_mailbox_id.in_(gone)).values(reply_mailbox_id=None)
    )
    await session.execute(delete(Channel).where(Channel.id.in_(gone)))
    await session.flush()


def _portions(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE)]
