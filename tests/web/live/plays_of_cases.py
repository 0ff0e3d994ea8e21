"""What can happen to cases, notes, handoffs and customers, played one by one.

A play is a generator: what comes before its `yield` prepares the scene, what comes after is what happens.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from inbox import clock as product_clock
from inbox.actions import (
    absences,
    assignments,
    case_moves,
    cases,
    covers,
    customers,
    followers,
    handoffs,
    joins,
    merges,
    moves,
    notes,
    resolutions,
    splits,
    suggestions,
    unmerges,
)
from inbox.actions.events import record
from inbox.actors import SYSTEM, Actor
from inbox.models import (
    Customer,
    EventKind,
    HandoffState,
    Merge,
    Priority,
    Status,
    Strand,
    Suggestion,
    SuggestionKind,
)
from tests.builders import (
    an_inbound_message,
)
from tests.web.live.stage import Stage, play


@play(EventKind.NOTE_ADDED, EventKind.NOTE_EDITED)
async def a_note_is_added_and_edited(stage: Stage) -> AsyncIterator[None]:
    yield
    note = await stage.note()
    async with stage.act() as session:
        await notes.edit_note(
            session,
            await stage.now(session, note),
            by=stage.maya,
            text="@Priya look, see https://a.example",
        )


@play(EventKind.CASE_MOVED, EventKind.NOTE_MOVED)
async def a_note_and_a_case_are_moved(stage: Stage) -> AsyncIterator[None]:
    other = await stage.other_scene()
    note = await stage.note()
    await stage.note("And another")
    yield
    async with stage.act() as session:
        there = await stage.now(session, other.conversation)
        await case_moves.move_note(session, await stage.now(session, note), to=there, by=stage.maya)
        await case_moves.move_case(session, await stage.case(session), to=there, by=stage.maya)
    await stage.undo()


@play(EventKind.CASE_ASSIGNED, EventKind.CASE_UNASSIGNED)
async def a_case_is_assigned_and_left(stage: Stage) -> AsyncIterator[None]:
    yield
    for agent in (stage.priya, None):
        async with stage.act() as session:
            await assignments.assign(session, await stage.case(session), to=agent, by=stage.maya)
    async with stage.act() as session:
        await assignments.assign_team(session, await stage.case(session), team=stage.team, by=SYSTEM)
    async with stage.act() as session:
        await assignments.assign_team(session, await stage.case(session), team=None, by=stage.maya)


@play(EventKind.CASE_ASSIGNED, EventKind.HANDOFF_ACCEPTED, EventKind.HANDOFF_OFFERED)
async def a_handoff_is_offered_and_accepted(stage: Stage) -> AsyncIterator[None]:
    yield
    handoff = await stage.offer()
    async with stage.act() as session:
        await handoffs.accept(session, await stage.now(session, handoff), by=stage.priya, answer="Gladly")


@play(EventKind.HANDOFF_DECLINED, EventKind.HANDOFF_OFFERED, EventKind.HANDOFF_WITHDRAWN)
async def a_handoff_is_declined_and_another_withdrawn(stage: Stage) -> AsyncIterator[None]:
    handoff = await stage.offer()
    yield
    async with stage.act() as session:
        await handoffs.decline(session, await stage.now(session, handoff), by=stage.priya, answer="Off today")
    again = await stage.offer()
    async with stage.act() as session:
        await handoffs.withdraw(session, await stage.now(session, again), by=stage.maya)


@play(EventKind.HANDOFF_EXPIRED)
async def a_handoff_expires(stage: Stage) -> AsyncIterator[None]:
    handoff = await stage.offer()
    yield
    stage.clock.advance(days=3)
    async with stage.act() as session:
        await handoffs.expire_due(session, product_clock.now())
    async with stage.database.reading() as session:
        assert (await stage.now(session, handoff)).state == HandoffState.EXPIRED


@play(EventKind.CASE_ASSIGNED, EventKind.HANDOFF_OFFERED)
async def a_handoff_goes_to_a_team(stage: Stage) -> AsyncIterator[None]:
    yield
    await stage.offer(stage.team)


@play(EventKind.CASE_ASSIGNED)
async def a_case_goes_to_whoever_covers(stage: Stage) -> AsyncIterator[None]:
    async with stage.act() as session:
        await assignments.assign(session, await stage.case(session), to=stage.maya, by=stage.maya)
    async with stage.act() as session:
        until, by = product_clock.now() + timedelta(days=1), Actor.agent(stage.maya)
        await absences.plan_absence(session, stage.maya, ends_at=until, cover=stage.priya, by=by)
    yield
    async with stage.act() as session:
        assert await covers.pass_to_covers(session, product_clock.now()) == 1


@play(EventKind.CASE_ASSIGNED, EventKind.CASE_UNASSIGNED)
async def a_case_is_claimed_by_writing_and_that_is_undone(stage: Stage) -> AsyncIterator[None]:
    yield
    async with stage.act() as session:
        assert await assignments.claim(session, await stage.case(session), by=stage.maya)
    await stage.undo()


@play(EventKind.CASE_FOLLOWED, EventKind.CASE_MUTED, EventKind.CASE_UNFOLLOWED, EventKind.CASE_UNMUTED)
async def a_case_is_followed_and_muted(stage: Stage) -> AsyncIterator[None]:
    yield
    for listen in (followers.follow, followers.mute, followers.unmute):
        async with stage.act() as session:
            await listen(session, await stage.case(session), by=stage.maya)


@play(EventKind.CASE_PENDING, EventKind.CASE_REOPENED, EventKind.CASE_RESOLVED)
async def a_case_is_resolved_reopened_and_set_to_pending(stage: Stage) -> AsyncIterator[None]:
    yield
    for change in (resolutions.resolve, resolutions.reopen, resolutions.set_pending):
        async with stage.act() as session:
            await change(session, await stage.case(session), by=stage.maya)


@play(EventKind.CASE_SNOOZED, EventKind.CASE_WOKEN)
async def a_case_sleeps_and_wakes(stage: Stage) -> AsyncIterator[None]:
    yield
    for until in (None, product_clock.now() + timedelta(hours=2)):
        async with stage.act() as session:
            await resolutions.snooze(session, await stage.case(session), until=until, by=stage.maya)
    stage.clock.advance(hours=3)
    async with stage.act() as session:
        assert await resolutions.wake_due(session, product_clock.now()) == 1


@play(EventKind.CASE_CHANGED)
async def a_case_is_changed(stage: Stage) -> AsyncIterator[None]:
    yield
    changes: tuple[dict[str, Any], ...] = (
        {"subject": "Lamp & co"},
        {"priority": Priority.HIGH},
        {"tags": ["damaged", "b<c"]},
        {"tags": []},
    )
    for facts in changes:
        async with stage.act() as session:
            await cases.change(session, await stage.case(session), by=stage.maya, **facts)


@play(EventKind.CASE_MARKED_SPAM, EventKind.CASE_UNMARKED_SPAM)
async def a_case_is_spam_and_is_not(stage: Stage) -> AsyncIterator[None]:
    yield
    for verdict in (resolutions.mark_spam, resolutions.unmark_spam):
        async with stage.act() as session:
            await verdict(session, await stage.case(session), by=stage.maya)


@play(EventKind.MESSAGE_MARKED_SPAM)
async def a_message_is_spam(stage: Stage) -> AsyncIterator[None]:
    yield
    async with stage.act() as session:
        message = await stage.now(session, stage.scene.messages[1])
        await resolutions.mark_message_spam(session, message, by=stage.maya)


@play(EventKind.MESSAGE_UNMARKED_SPAM)
async def a_message_is_no_spam(stage: Stage) -> AsyncIterator[None]:
    async with stage.act() as session:
        message = await stage.now(session, stage.scene.messages[1])
        await resolutions.mark_message_spam(session, message, by=stage.maya)
    yield
    async with stage.act() as session:
        message = await stage.now(session, stage.scene.messages[1])
        await resolutions.unmark_message_spam(session, message, by=stage.maya)


@play(EventKind.CASE_JOINED, EventKind.CASE_OPENED, EventKind.CASE_SPLIT)
async def a_case_is_split_and_joined_again(stage: Stage) -> AsyncIterator[None]:
    yield
    async with stage.act() as session:
        message = await stage.now(session, stage.scene.messages[1])
        case = await stage.case(session)
        fresh = await splits.split(session, case, by=stage.maya, from_message=message)
    async with stage.act() as session:
        into = await stage.case(session)
        await joins.join(session, await stage.now(session, fresh), into=into, by=stage.maya)


@play(EventKind.CASE_JOINED)
async def a_split_is_undone(stage: Stage) -> AsyncIterator[None]:
    async with stage.act() as session:
        message = await stage.now(session, stage.scene.messages[1])
        await splits.split(session, await stage.case(session), by=stage.maya, from_message=message)
    yield
    await stage.undo()


@play(EventKind.MESSAGE_MOVED)
async def a_message_moves_to_somebody_else_and_back(stage: Stage) -> AsyncIterator[None]:
    other = await stage.other_scene()
    yield
    async with stage.act() as session:
        message = await stage.now(session, stage.scene.messages[1])
        await moves.move_message(
            session, message, to=await stage.now(session, other.conversation), by=stage.maya
        )
    await stage.undo()


@play(EventKind.CASE_RESOLVED, EventKind.STRAND_MOVED)
async def a_strand_moves_here(stage: Stage) -> AsyncIterator[None]:
    other = await stage.other_scene()
    yield
    async with stage.act() as session:
        strand: Strand = await stage.now(session, other.strand)
        await moves.move_strand(session, strand, to=await stage.conversation(session), by=stage.maya)


@play(EventKind.CUSTOMER_MERGED, EventKind.CUSTOMER_UNMERGED)
async def customers_are_merged_and_unmerged(stage: Stage) -> AsyncIterator[None]:
    other = await stage.other_scene()
    yield
    async with stage.act() as session:
        merged: Customer = await stage.now(session, other.customer)
        into = await stage.now(session, stage.scene.customer)
        merge: Merge = await merges.merge(session, merged, into=into, by=stage.maya)
    async with stage.act() as session:
        await unmerges.undo_merge(session, await stage.now(session, merge), by=stage.maya)


@play(EventKind.SUGGESTION_DECIDED)
async def a_suggestion_is_made_and_dismissed(stage: Stage) -> AsyncIterator[None]:
    suggestion = await _suggestion(stage)
    yield
    async with stage.act() as session:
        row = await stage.now(session, suggestion)
        await suggestions.decide(session, row, "someone_else", by=stage.maya)


@play(EventKind.CUSTOMER_MERGED, EventKind.SUGGESTION_DECIDED)
async def a_suggestion_was_right(stage: Stage) -> AsyncIterator[None]:
    suggestion = await _suggestion(stage)
    yield
    async with stage.act() as session:
        await suggestions.decide(session, await stage.now(session, suggestion), "same_person", by=stage.maya)


async def _suggestion(stage: Stage) -> Suggestion:
    other = await stage.other_scene("Ana S.")
    async with stage.act() as session:
        row = Suggestion(
            kind=SuggestionKind.CLAIM,
            customer_id=stage.scene.customer.id,
            other_customer_id=other.customer.id,
            conversation_id=stage.scene.conversation.id,
            address=other.identity.address,
        )
        session.add(row)
        conversation = await stage.conversation(session)
        record(session, EventKind.SUGGESTION_MADE, actor=SYSTEM, conversation=conversation, suggestion=row)
    return row


@play(EventKind.CUSTOMER_CHANGED)
async def a_customer_gets_another_name(stage: Stage) -> AsyncIterator[None]:
    yield
    async with stage.act() as session:
        customer = await stage.now(session, stage.scene.customer)
        await customers.change(session, customer, by=stage.maya, name="Ana Maria Sousa")


@play(EventKind.CASE_ASSIGNED, EventKind.CASE_RESOLVED, EventKind.MESSAGE_RECEIVED)
async def several_things_happen_at_once(stage: Stage) -> AsyncIterator[None]:
    yield
    async with stage.act() as session:
        await an_inbound_message(session, stage.scene, text="one")
        case = await stage.case(session)
        await resolutions.resolve(session, case, by=stage.maya)
        await assignments.assign(session, case, to=stage.priya, by=Actor.agent(stage.maya))
        await an_inbound_message(session, stage.scene, text="two")
        assert case.status in tuple(Status)
