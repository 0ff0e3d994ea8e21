"""What was said on the phone or face to face, written down: a strand of its own in the thread.

Nothing comes in by such a strand. Whoever answers it later answers by email.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.answers import move_on
from inbox.actions.beginnings import conversation_of
from inbox.actions.cases import open_case
from inbox.actions.events import record
from inbox.actions.previews import show
from inbox.actions.responsibility import take
from inbox.actions.statuses import change_status
from inbox.actors import Actor
from inbox.envelopes import SpokenKind
from inbox.errors import Conflict, Invalid, NotFound
from inbox.holding import hold_conversation
from inbox.ids import public_id
from inbox.models import (
    Agent,
    AuthorKind,
    Case,
    Channel,
    Conversation,
    Customer,
    Direction,
    EventKind,
    Message,
    Status,
    Strand,
)
from inbox.policies import Action, authorize
from inbox.waiting import refresh_waiting

LONGEST_TEXT = 100_000
LONGEST_SUBJECT = 500
LONGEST_NAME = 200
MOST_MINUTES = 24 * 60
SOON = timedelta(minutes=5)  # clocks differ
LABELS = ("With", "Duration", "%(minutes)s min")  # where nobody reads another language
_NAMES = {SpokenKind.PHONE: "Phone", SpokenKind.MEETING: "Meeting"}


async def log_call(
    session: AsyncSession,
    customer: Customer,
    *,
    by: Agent,
    kind: SpokenKind,
    is_inbound: bool,
    text: str,
    at: datetime | None = None,
    minutes: int | None = None,
    subject: str = "",
    spoken_with: str = "",
    case: Case | None = None,
    then: Status | None = None,
    labels: tuple[str, str, str] = LABELS,
) -> Message:
    """Write down a call or a meeting; *is_inbound* says that it was the customer's initiative.

    It stands in *case*, else in a case of its own, which is the writer's. *then* is what becomes of the case:
    OPEN says that we still owe an answer, PENDING and RESOLVED that what was asked is answered; None leaves
    it as it is. Raises Invalid for what cannot be stored, Conflict for a customer who was merged.
    """
    authorize(Actor.agent(by), Action.REPLY)
    text, subject = checked_text(text), line(subject, LONGEST_SUBJECT, "subject")
    spoken_with, at = line(spoken_with, LONGEST_NAME, "with"), _moment(at)
    minutes = checked_minutes(minutes)
    if customer.merged_into_id is not None:
        raise Conflict("This customer was merged into another one. Open that one instead.")
    conversation = await conversation_of(session, customer)
    await hold_conversation(session, conversation)
    channel = await _channel(session, kind)
    case = await _case(session, conversation, case, subject or _beginning(text), by)
    is_answered = is_inbound and then is not Status.OPEN
    strand = _strand(case, channel, subject, at, is_inbound=is_inbound, is_answered=is_answered)
    session.add(strand)
    await session.flush()
    message = _message(strand, customer, by, text, at, is_inbound=is_inbound)
    message.fields = spoken_fields(spoken_with, minutes, labels)
    session.add(message)
    await session.flush()
    actor, facts = Actor.agent(by), {"channel": str(kind), "minutes": minutes, "inbound": is_inbound}
    logged = EventKind.MESSAGE_LOGGED
    record(session, logged, actor=actor, conversation=conversation, case=case, message=message, data=facts)
    conversation.last_message_at = max(conversation.last_message_at or at, at)
    if case.last_message_at is None or case.last_message_at <= at:
        show(case, message, channel.kind)
    await _settle(session, conversation, case, then, by=by, is_inbound=is_inbound)
    return message


def _strand(
    case: Case, channel: Channel, subject: str, at: datetime, *, is_inbound: bool, is_answered: bool
) -> Strand:
    return Strand(
        conversation_id=case.conversation_id,
        origin_conversation_id=case.conversation_id,
        case_id=case.id,
        channel_id=channel.id,
        subject=subject,
        last_message_at=at,
        last_inbound_at=at if is_inbound else None,
        answered_at=clock.now() if is_answered else None,
    )


def _message(
    strand: Strand, customer: Customer, by: Agent, text: str, at: datetime, *, is_inbound: bool
) -> Message:
    """What was said, as words of whoever began the call."""
    return Message(
        conversation_id=strand.conversation_id,
        origin_conversation_id=strand.conversation_id,
        strand_id=strand.id,
        case_id=strand.case_id,
        channel_id=strand.channel_id,
        direction=Direction.INBOUND if is_inbound else Direction.OUTBOUND,
        author_kind=AuthorKind.CUSTOMER if is_inbound else AuthorKind.AGENT,
        author_agent_id=None if is_inbound else by.id,
        author_name=customer.name if is_inbound else by.name,
        subject=strand.subject,
        text=text,
        matched_by={"rule": "logged", "value": by.name},
        created_at=at,
        sent_at=at,
    )


async def _settle(
    session: AsyncSession,
    conversation: Conversation,
    case: Case,
    then: Status | None,
    *,
    by: Agent,
    is_inbound: bool,
) -> None:
    if not is_inbound:
        case.first_replied_at = case.first_replied_at or clock.now()
    waiting = await refresh_waiting(session, case)
    if then in (Status.PENDING, Status.RESOLVED):
        await take(session, conversation, case, by)
        await move_on(session, conversation, case, by=by, then=then)
    elif then is Status.OPEN or (waiting and not case.is_unfinished and case.status != Status.SPAM):
        change_status(session, conversation, case, Status.OPEN, actor=Actor.agent(by))


async def _channel(session: AsyncSession, kind: SpokenKind) -> Channel:
    """The one channel of this kind, made when it is first needed."""
    found = (await session.scalars(select(Channel).where(Channel.kind == kind).order_by(Channel.id))).first()
    if found is not None:
        return found
    name, taken = _NAMES[kind], set(await session.scalars(select(Channel.name)))
    while name in taken:
        name += " "  # it stands in no list: only the column wants it to be different
    channel = Channel(kind=kind, name=name, public_key=public_id(), settings={}, state="ok")
    session.add(channel)
    await session.flush()
    return channel


async def _case(
    session: AsyncSession, conversation: Conversation, case: Case | None, subject: str, by: Agent
) -> Case:
    if case is not None:
        await session.refresh(case)
        if case.conversation_id != conversation.id:
            raise NotFound("There is no such case in this conversation.")
        return case
    fresh = await open_case(session, conversation, subject=subject, by=Actor.agent(by))
    await take(session, conversation, fresh, by)
    return fresh


def spoken_fields(spoken_with: str, minutes: int | None, labels: tuple[str, str, str]) -> list[list[str]]:
    """With whom and how long, as labelled answers."""
    who, duration, counted = labels
    fields = [[who, spoken_with]] if spoken_with else []
    return fields + ([[duration, counted % {"minutes": minutes}]] if minutes else [])


def checked_minutes(minutes: int | None) -> int | None:
    """How long it took. Raises Invalid."""
    if minutes is not None and not 0 < minutes <= MOST_MINUTES:
        raise Invalid("A call takes 1 to %(most)d minutes.", most=MOST_MINUTES, field="minutes")
    return minutes


def checked_text(text: str) -> str:
    """What was said, as it is stored. Raises Invalid."""
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not text:
        raise Invalid("Write what was said.", field="text")
    if len(text) > LONGEST_TEXT:
        raise Invalid("Use at most %(most)d characters.", most=LONGEST_TEXT, field="text")
    return text


def line(text: str, most: int, field: str) -> str:
    """A text of one line. Raises Invalid."""
    one_line = " ".join(text.replace("\x00", " ").split())
    if len(one_line) > most:
        raise Invalid("Use at most %(most)d characters.", most=most, field=field)
    return one_line


def _moment(at: datetime | None) -> datetime:
    if at is not None and at > clock.now() + SOON:
        raise Invalid("This is still to come. Log it when it has been.", field="at")
    return min(at or clock.now(), clock.now())


def _beginning(text: str) -> str:
    line = text.splitlines()[0]
    return line if len(line) <= 80 else f"{line[:79].rstrip()}…"
