"""What was looked for (`inbox.operators`), as conditions on cases and on messages.

An operator is about the case (is:open), about a message (from:ana), or about either. Where cases are listed,
the words and the operators about messages must meet in one message.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, String, and_, cast, exists, false, func, not_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
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
from inbox.operators import Operator, Sought
from inbox.queries.followers import is_followed_by
from inbox.queries.fulltext import has_all

Condition = ColumnElement[bool]
LARGEST_NUMBER = 2**62
_UNFINISHED_ONES = frozenset({*UNFINISHED, "waiting", "due", "late", "unassigned"})


def cases(session: AsyncSession, sought: Sought, actor: Actor) -> list[Condition]:
    """Conditions on Case. Spam is left out unless it is asked for. A customer's name or address counts as
    words of each of their cases. Whether the actor may see a case is asked beside it."""
    found = [_on_case(one, actor) for one in sought.operators if one.name in ON_CASE]
    about = [one for one in sought.operators if one.name in ON_MESSAGE]
    if not any(one.name == "is" and one.value == Status.SPAM for one in sought.operators):
        found.append(Case.status != Status.SPAM)
    if about and not sought.wanted:
        found += [_on_last_message(one) if one.moment else _with_message(one, actor) for one in about]
    elif sought.terms:
        found += _worded(session, sought, about, actor)
    return found


def is_countable(sought: Sought) -> bool:
    """Whether cases can be counted on every page without going through all there ever were: asked of the
    cases alone, and of those of a tag, or of unfinished ones; or by nothing but who is responsible."""
    cheap = (one.name in ON_CASE and one.name != "has" and one.value != "unread" for one in sought.operators)
    if sought.terms or not all(cheap):
        return False
    return any(_is_narrow(one) for one in sought.operators) or all(
        one.name in ("assignee", "team") and not one.is_excluded for one in sought.operators
    )


def _is_narrow(operator: Operator) -> bool:
    if operator.is_excluded or operator.name not in ("is", "tag", "case"):
        return False
    return operator.value in _UNFINISHED_ONES if operator.name == "is" else operator.value != "none"


def messages(session: AsyncSession, sought: Sought, actor: Actor) -> list[Condition]:
    """Conditions on Message, outer-joined with its Case. With operators about cases, a message needs one."""
    found = [_on_case(one, actor) for one in sought.operators if one.name in ON_CASE]
    found += [_on_message(one, actor) for one in sought.operators if one.name in ON_MESSAGE]
    if sought.wanted:
        found.append(has_all(session, Message, sought.wanted))
    found += [not_(has_all(session, Message, [one.text])) for one in sought.terms if one.is_excluded]
    return found


def notes(session: AsyncSession, sought: Sought, actor: Actor) -> list[Condition] | None:
    """Conditions on Note, joined with its Case; None where something is asked that only messages have."""
    about = [one for one in sought.operators if one.name in ON_MESSAGE]
    if any(one.moment is None and not _is_from_me(one) for one in about) or not sought.wanted:
        return None
    found = [_on_case(one, actor) for one in sought.operators if one.name in ON_CASE]
    for one in about:
        mine = Note.author_id == actor.id if one.moment is None else _within(Note.created_at, one)
        found.append(not_(mine) if one.is_excluded else mine)
    found.append(has_all(session, Note, sought.wanted))
    found += [not_(has_all(session, Note, [one.text])) for one in sought.terms if one.is_excluded]
    return found


def named(words: str) -> ColumnElement[bool]:
    """A condition on Conversation.customer_id: the customer's name, or an address, has the words."""
    part = part_of(words)
    by_name = select(Customer.id).where(func.lower(Customer.name).like(part, escape="\\"))
    by_address = select(Identity.customer_id).where(Identity.address.like(part, escape="\\"))
    return Conversation.customer_id.in_(by_name.union(by_address))


def like(column: InstrumentedAttribute[str], words: str) -> Condition:
    """Whether a text has these words anywhere, whatever their case."""
    return func.lower(column).like(part_of(words), escape="\\")


def _worded(session: AsyncSession, sought: Sought, about: list[Operator], actor: Actor) -> list[Condition]:
    found: list[Condition] = []
    if sought.wanted:
        there = select(Message.case_id).where(
            has_all(session, Message, sought.wanted),
            Message.case_id.is_not(None),
            *(_on_message(one, actor) for one in about),
        )
        by_words: Condition = Case.id.in_(there)
        if not about:
            theirs = select(Conversation.id).where(named(sought.plain))
            by_words = or_(by_words, Case.conversation_id.in_(theirs))
        found.append(by_words)
    for term in sought.terms:
        if term.is_excluded:
            there = select(Message.case_id).where(has_all(session, Message, [term.text]))
            found.append(Case.id.not_in(there.where(Message.case_id.is_not(None))))
    return found


def _with_message(operator: Operator, actor: Actor) -> Condition:
    condition = ON_MESSAGE[operator.name](operator, actor)
    there = exists().where(Message.case_id == Case.id, condition)
    return not_(there) if operator.is_excluded else there


def _on_last_message(operator: Operator) -> Condition:
    within = _within(func.coalesce(Case.last_message_at, Case.opened_at), operator)
    return not_(within) if operator.is_excluded else within


def _on_case(operator: Operator, actor: Actor) -> Condition:
    condition = ON_CASE[operator.name](operator, actor)
    # What is not known is excluded by neither; an index serves the bare condition only.
    return not_(func.coalesce(condition, false())) if operator.is_excluded else condition


def _on_message(operator: Operator, actor: Actor) -> Condition:
    condition = ON_MESSAGE[operator.name](operator, actor)
    return not_(condition) if operator.is_excluded else condition


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
    return _within(Case.opened_at, operator)


def _replied(operator: Operator, _: Actor) -> Condition:
    return _within(Case.first_replied_at, operator)


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
    return _within(Message.created_at, operator)


def _within(
    column: ColumnElement[datetime]
    | InstrumentedAttribute[datetime]
    | InstrumentedAttribute[datetime | None],
    operator: Operator,
) -> Condition:
    begins, ends = operator.span
    return and_(column >= begins if begins else true(), column < ends if ends else true())


def _is_from_me(operator: Operator) -> bool:
    return operator.name == "from" and operator.value == "me"


def part_of(words: str) -> str:
    """A pattern for LIKE, with a backslash as escape: these words anywhere in a text of lower case."""
    storable = words.encode("utf-8", "ignore").decode().replace("\0", "")  # lone surrogates are no text
    escaped = storable.strip().lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


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
