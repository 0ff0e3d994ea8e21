"""What each operator of a search (`inbox.operators`) means: a condition on cases, or one on messages."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, String, and_, cast, exists, false, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased

from inbox import clock
from inbox.actors import Actor
from inbox.models import (
    UNFINISHED,
    Agent,
    Attachment,
    Case,
    CaseTag,
    Channel,
    Conversation,
    Customer,
    CustomerTag,
    Direction,
    Draft,
    Identity,
    Message,
    Mute,
    Note,
    Priority,
    Rating,
    ReadMark,
    Star,
    Status,
    Strand,
    Tag,
    Team,
)
from inbox.operators import Operator
from inbox.queries.followers import is_followed_by

Condition = ColumnElement[bool]
LARGEST_NUMBER = 2**62


def named(words: str) -> ColumnElement[bool]:
    """A condition on Conversation.customer_id: the customer's name, or an address, has the words."""
    part = part_of(words)
    by_name = select(Customer.id).where(func.lower(Customer.name).like(part, escape="\\"))
    by_address = select(Identity.customer_id).where(Identity.address.like(part, escape="\\"))
    return Conversation.customer_id.in_(by_name.union(by_address))


def like(column: InstrumentedAttribute[str], words: str) -> Condition:
    """Whether a text has these words anywhere, whatever their case."""
    return func.lower(column).like(part_of(words), escape="\\")


def within(
    column: ColumnElement[datetime]
    | InstrumentedAttribute[datetime]
    | InstrumentedAttribute[datetime | None],
    operator: Operator,
) -> Condition:
    """Whether a moment lies in the days that an operator names."""
    begins, ends = operator.span
    return and_(column >= begins if begins else true(), column < ends if ends else true())


def part_of(words: str) -> str:
    """A pattern for LIKE, with a backslash as escape: these words anywhere in a text of lower case."""
    storable = words.encode("utf-8", "ignore").decode().replace("\0", "")  # lone surrogates are no text
    escaped = storable.strip().lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


# About cases


def _assignee(operator: Operator, actor: Actor) -> Condition:
    if operator.value == "me":
        return Case.assignee_id == actor.id
    if operator.value == "none":
        return Case.assignee_id.is_(None)
    known = or_(like(Agent.name, operator.value), Agent.email == operator.value)
    return and_(Case.assignee_id.is_not(None), Case.assignee_id.in_(select(Agent.id).where(known)))


def _team(operator: Operator, _: Actor) -> Condition:
    if operator.value == "none":
        return Case.team_id.is_(None)
    known = or_(Team.slug == operator.value, func.lower(Team.name) == operator.value)
    return and_(Case.team_id.is_not(None), Case.team_id.in_(select(Team.id).where(known)))


def _tag(operator: Operator, _: Actor) -> Condition:
    tagged = select(CaseTag.case_id).join(Tag, Tag.id == CaseTag.tag_id)
    if operator.value == "none":
        return Case.id.not_in(tagged)
    return Case.id.in_(tagged.where(func.lower(Tag.name) == operator.value))


def _vip() -> Condition:
    """Of a case that bears the tag of that name, or whose customer does."""
    tags = select(Tag.id).where(func.lower(Tag.name) == "vip")
    cases = select(CaseTag.case_id).where(CaseTag.tag_id.in_(tags))
    people = select(CustomerTag.customer_id).where(CustomerTag.tag_id.in_(tags))
    theirs = select(Conversation.id).where(Conversation.customer_id.in_(people))
    return or_(Case.id.in_(cases), Case.conversation_id.in_(theirs))


def _page(operator: Operator, _: Actor) -> Condition:
    return exists().where(Strand.case_id == Case.id, like(Strand.page, operator.value)).correlate(Case)


def _opened(operator: Operator, _: Actor) -> Condition:
    return within(Case.opened_at, operator)


def _replied(operator: Operator, _: Actor) -> Condition:
    return within(Case.first_replied_at, operator)


def _customer(operator: Operator, _: Actor) -> Condition:
    return Case.conversation_id.in_(select(Conversation.id).where(named(operator.value)))


def _company(operator: Operator, _: Actor) -> Condition:
    theirs = select(Conversation.id).join(Customer, Customer.id == Conversation.customer_id)
    return Case.conversation_id.in_(theirs.where(like(Customer.company, operator.value)))


def _priority(operator: Operator, _: Actor) -> Condition:
    return Case.priority == operator.value


def _case(operator: Operator, _: Actor) -> Condition:
    return Case.number == min(int(operator.value), LARGEST_NUMBER)


def _is(operator: Operator, actor: Actor) -> Condition:
    state = operator.value
    if state in set(Status):
        return Case.status == state
    if state == "unread":
        read = select(ReadMark.position).where(
            ReadMark.agent_id == actor.id, ReadMark.conversation_id == Case.conversation_id
        )
        return (
            exists()
            .where(
                Message.case_id == Case.id,
                Message.direction == Direction.INBOUND,
                Message.is_spam.is_(False),
                Message.position > func.coalesce(read.scalar_subquery(), 0),
            )
            .correlate(Case)
        )
    simple = {
        "waiting": Case.waiting_since.is_not(None),
        "due": Case.due_at.is_not(None),
        "late": Case.due_at < clock.now(),
        "unassigned": and_(Case.assignee_id.is_(None), Case.status.in_(UNFINISHED)),
        "mine": Case.assignee_id == actor.id,
        "claimed": Case.claimed.is_(True),
        "private": Case.is_private.is_(True),
        "following": is_followed_by(actor.id),
        "muted": Case.id.in_(select(Mute.case_id).where(Mute.agent_id == actor.id)),
        "starred": exists().where(Star.case_id == Case.id, Star.agent_id == actor.id),
        "urgent": Case.priority.in_((Priority.URGENT, Priority.HIGH)),
        "vip": _vip(),
    }
    return simple.get(state, false())


def _has(operator: Operator, actor: Actor) -> Condition:
    if operator.value == "note":
        return exists().where(Note.case_id == Case.id).correlate(Case)
    if operator.value == "rating":
        return exists().where(Rating.case_id == Case.id).correlate(Case)
    if operator.value == "draft":
        return exists().where(Draft.agent_id == actor.id, Draft.conversation_id == Case.conversation_id)
    file = aliased(Attachment)  # of the message that is looked at, where one is; files are looked for, too
    return exists().where(Message.case_id == Case.id, file.message_id == Message.id)


# About messages


def _from(operator: Operator, actor: Actor) -> Condition:
    if operator.value == "me":
        return Message.author_agent_id == actor.id
    return or_(like(Message.author_name, operator.value), like(Message.author_address, operator.value))


def _to(operator: Operator, _: Actor) -> Condition:
    written = (func.lower(cast(column, String)) for column in (Message.to, Message.cc))
    return or_(*(column.like(part_of(operator.value), escape="\\") for column in written))


def _subject(operator: Operator, _: Actor) -> Condition:
    return like(Message.subject, operator.value)


def _file(operator: Operator, _: Actor) -> Condition:
    named_so = like(Attachment.filename, operator.value)
    return Message.id.in_(select(Attachment.message_id).where(named_so, Attachment.message_id.is_not(None)))


def _channel(operator: Operator, _: Actor) -> Condition:
    kind = {"chat": "webchat", "mail": "email"}.get(operator.value, operator.value)
    known = or_(Channel.kind == kind, func.lower(Channel.name) == operator.value)
    return Message.channel_id.in_(select(Channel.id).where(known))


def _when(operator: Operator, _: Actor) -> Condition:
    return within(Message.created_at, operator)


Rule = Callable[[Operator, Actor], Condition]
ON_CASE: dict[str, Rule] = {
    "assignee": _assignee, "team": _team, "tag": _tag, "customer": _customer, "company": _company,
    "priority": _priority, "case": _case, "opened": _opened, "replied": _replied, "is": _is, "has": _has,
    "page": _page,
}  # fmt: skip
ON_MESSAGE: dict[str, Rule] = {
    "from": _from, "to": _to, "subject": _subject, "file": _file, "channel": _channel,
    "before": _when, "after": _when, "on": _when,
}  # fmt: skip
