"""What was looked for (`inbox.operators`), as conditions on cases and on messages.

An operator is about the case (is:open), about a message (from:ana), or about either. Where cases are listed,
the words and the operators about messages must meet in one message.
"""

from sqlalchemy import exists, false, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.models import (
    UNFINISHED,
    Case,
    Conversation,
    Message,
    Note,
    Status,
)
from inbox.operators import Operator, Sought
from inbox.queries.fulltext import has_all
from inbox.queries.operator_rules import ON_CASE, ON_MESSAGE, Condition, named, within

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
        mine = Note.author_id == actor.id if one.moment is None else within(Note.created_at, one)
        found.append(not_(mine) if one.is_excluded else mine)
    found.append(has_all(session, Note, sought.wanted))
    found += [not_(has_all(session, Note, [one.text])) for one in sought.terms if one.is_excluded]
    return found


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
    condition = within(func.coalesce(Case.last_message_at, Case.opened_at), operator)
    return not_(condition) if operator.is_excluded else condition


def _on_case(operator: Operator, actor: Actor) -> Condition:
    condition = ON_CASE[operator.name](operator, actor)
    # What is not known is excluded by neither; an index serves the bare condition only.
    return not_(func.coalesce(condition, false())) if operator.is_excluded else condition


def _on_message(operator: Operator, actor: Actor) -> Condition:
    condition = ON_MESSAGE[operator.name](operator, actor)
    return not_(condition) if operator.is_excluded else condition


def _is_from_me(operator: Operator) -> bool:
    return operator.name == "from" and operator.value == "me"
